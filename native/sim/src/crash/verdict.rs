//! What must be so after a crash, as far as the journal and the core's fold are concerned. (What clients were told
//! is the world's business: `world/promises.rs`.)

use lightning_core::codec::{Encode, decode_record};
use lightning_core::codec::{VERSION, kind_of};
use lightning_core::fold::Told;
use lightning_core::log::Recorded;
use lightning_core::types::Lsn;
use lightning_journal::{Head, Record};

use crate::fold::History;
use crate::laws::Said;
use crate::recorder::Written;

/// Panics unless a record, told again, led to the very trades and messages that it led to when it was decided.
pub(crate) fn same_was_said(lsn: Lsn, told: &Told, history: &History) {
    let Some(said) = history.said.get(&lsn) else {
        assert!(told.trades.is_empty(), "{lsn:?} trades only when it is told again: {:?}", told.trades);
        return;
    };
    assert_eq!(said.trades, told.trades, "trades of {lsn:?}, live, then told again");
    assert_eq!(
        format!("{:?}", said.messages),
        format!("{:?}", told.to_sequencers),
        "what sequencers were told of {lsn:?}, live, then told again"
    );
    if let (Some(outcome), Some(again)) = (&said.outcome, &told.outcome) {
        let same = Said::of(outcome).agrees(&Said::of(again));
        assert!(same, "{lsn:?} was answered {outcome:?} and, told again, {again:?}");
    }
}

/// Panics unless what was read from the disk is what was written down, as far as it goes. `first`: the first record
/// that is still in a segment. Says what the records are.
pub(crate) fn same_log(records: &[Record], first: u64, head: Head, written: &[Written]) -> Vec<Recorded> {
    assert_eq!(records.len() as u64 + first - 1, head.lsn, "the records go to the head");
    assert!(head.lsn <= written.len() as u64, "{head:?} is of a record that nobody wrote");
    let mut body = Vec::new();
    let mut decoded = Vec::with_capacity(records.len());
    for (lsn, record) in (first..).zip(records) {
        let written = &written[usize::try_from(lsn - 1).expect("it is in memory")];
        let original = written.record.as_record();
        body.clear();
        original.encode(&mut body);
        assert_eq!(
            (record.lsn, record.at, record.kind, record.version, record.digest, &*record.body),
            (lsn, written.at.0, kind_of(&original), VERSION, written.digest, &body[..]),
            "a record as it was read, and as it was written: {original:?}"
        );
        let recorded = decode_record(record.kind, record.version, &record.body);
        decoded.push(recorded.unwrap_or_else(|error| panic!("record {lsn} can't be read: {error}")));
    }
    decoded
}

/// Panics unless each end of the journal that was reported is still what it was.
pub(crate) fn same_heads(
    reported: impl Iterator<Item = (u64, [u8; 32])>,
    records: &[Record],
    first: u64,
    head: Head,
) {
    for (lsn, hash) in reported {
        assert!(lsn <= head.lsn, "record {lsn} was reported to be the end, and is lost: {head:?}");
        if lsn == head.lsn {
            assert_eq!(hash, head.hash, "the hash of {head:?} changed");
        }
        if let Some(at) = lsn.checked_sub(first) {
            let record = &records[usize::try_from(at).expect("it is in memory")];
            assert_eq!(hash, record.frame_hash, "the chain at record {lsn} changed");
        }
    }
}
