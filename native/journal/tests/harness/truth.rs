//! What was appended, and what may be found of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use lightning_journal::{Batch, Head, Record, Recovered, Snapshot};

use super::Dice;

/// A record as it was appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) at: u64,
    pub(crate) kind: u8,
    pub(crate) version: u8,
    pub(crate) digest: u64,
    pub(crate) body: Arc<[u8]>,
}

/// A history: record n is `entries[n - 1]`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Truth {
    pub(crate) entries: Vec<Entry>,
    /// Heads that somebody has been told.
    pub(crate) heads: BTreeMap<u64, [u8; 32]>,
}

impl Truth {
    pub(crate) fn last(&self) -> u64 {
        self.entries.len() as u64
    }

    /// Records behind that one were lost: they never happened.
    pub(crate) fn cut(&mut self, last: u64) {
        self.entries.truncate(usize::try_from(last).expect("a count"));
        self.heads.split_off(&(last + 1));
    }

    /// Appends a random record with a body of that many bytes to both.
    pub(crate) fn append(&mut self, batch: &mut Batch, body_bytes: usize, dice: &mut Dice) {
        let entry = Entry {
            at: dice.any(),
            kind: u8::try_from(1 + dice.below(255)).expect("a byte"),
            version: u8::try_from(dice.below(256)).expect("a byte"),
            digest: dice.any(),
            body: dice.bytes(body_bytes).into(),
        };
        self.entries.push(entry);
        let entry = &self.entries[self.entries.len() - 1];
        let Entry { at, kind, version, digest, body } = entry;
        let lsn = batch.append(*kind, *version, *at, *digest, |bytes| bytes.extend_from_slice(body));
        assert_eq!(lsn, self.last(), "lsns are dense");
    }

    /// Remembers a head that was reported, and whether it is the one reported before.
    pub(crate) fn told(&mut self, head: Head) -> Result<(), String> {
        if head.lsn == 0 {
            return if head == Head::default() { Ok(()) } else { Err(format!("a head of nothing: {head}")) };
        }
        match self.heads.insert(head.lsn, head.hash) {
            Some(before) if before != head.hash => {
                Err(format!("the head of {} was {}, now {head}", head.lsn, Head { hash: before, ..head }))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn check_head(&self, head: Head) -> Result<(), String> {
        match self.heads.get(&head.lsn) {
            Some(told) if *told != head.hash => {
                Err(format!("head {head}, but {} was told", Head { hash: *told, ..head }))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn check_record(&self, record: &Record) -> Result<(), String> {
        let index = usize::try_from(record.lsn).expect("a count").wrapping_sub(1);
        let Some(entry) = self.entries.get(index) else {
            return Err(format!("record {} was never appended", record.lsn));
        };
        let same = (record.at, record.kind, record.version, record.digest)
            == (entry.at, entry.kind, entry.version, entry.digest)
            && *record.body == *entry.body;
        if !same {
            return Err(format!("record {} is not what was appended: {record:?}", record.lsn));
        }
        match self.heads.get(&record.lsn) {
            // A head is told for the last record of a frame, and is the hash of that frame.
            Some(told) if *told != record.frame_hash => Err(format!(
                "the frame of record {} has head {}, but {} was told",
                record.lsn,
                Head { lsn: record.lsn, hash: record.frame_hash },
                Head { lsn: record.lsn, hash: *told }
            )),
            _ => Ok(()),
        }
    }

    /// Every record there is, against the truth: dense from the first to the head.
    pub(crate) fn check_records(&self, recovered: &Recovered) -> Result<(), String> {
        let head = recovered.head();
        self.check_head(head)?;
        let mut expected = recovered.first_lsn();
        let mut last_hash = None;
        for record in recovered.records(expected.saturating_sub(1)) {
            let record = record.map_err(|error| format!("records: {error}"))?;
            if expected == 0 {
                expected = record.lsn;
            }
            if record.lsn != expected {
                return Err(format!("record {} where {expected} belongs", record.lsn));
            }
            self.check_record(&record)?;
            last_hash = Some(record.frame_hash);
            expected += 1;
        }
        if expected.max(1) != head.lsn + 1 {
            return Err(format!("records end before {expected}, the head is {head}"));
        }
        if last_hash.is_some_and(|hash| hash != head.hash) {
            return Err(format!("the head {head} is not that of the last record"));
        }
        Ok(())
    }

    /// The snapshot of a state that is nothing but its LSN.
    pub(crate) fn snapshot(&self, head: Head, logic_version: u32) -> Snapshot {
        let mut dice = Dice::new(head.lsn);
        let sections = (0..dice.below(4))
            .map(|number| {
                let len = dice.pick(&[0, 1, 100, 3000]);
                (format!("section-{number}"), dice.bytes(len))
            })
            .collect();
        let mut state_hash = [0; 32];
        state_hash.copy_from_slice(&dice.bytes(32));
        Snapshot { lsn: head.lsn, at: dice.any(), head, logic_version, state_hash, sections }
    }

    /// Every snapshot that is listed must be whole and true.
    pub(crate) fn check_snapshots(&self, recovered: &Recovered) -> Result<Vec<u64>, String> {
        let listed = recovered.snapshots();
        for lsn in &listed {
            let snapshot = recovered
                .read_snapshot(*lsn)
                .map_err(|error| format!("snapshot {lsn} is listed: {error}"))?;
            self.check_snapshot(*lsn, &snapshot)?;
        }
        Ok(listed)
    }

    pub(crate) fn check_snapshot(&self, lsn: u64, snapshot: &Snapshot) -> Result<(), String> {
        self.check_head(snapshot.head)?;
        if snapshot.head.lsn != lsn || *snapshot != self.snapshot(snapshot.head, snapshot.logic_version) {
            return Err(format!("snapshot {lsn} is not what was written"));
        }
        Ok(())
    }
}
