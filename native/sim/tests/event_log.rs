//! The dumped event log of 1,000 seeds, byte for byte what it was: a change for speed must not show here. Nor must it
//! show whether anybody watches.
//!
//! Each line of `golden/event-log.txt` is the hash of what ten seeds wrote down and published: every record with its
//! time and digest (which covers settlements), every trade, every refusal's code. A change of the rules, of the
//! records' bytes or of the workload's dice is a reason for a new file, and says so in its commit:
//!
//! ```text
//! UPDATE_EVENT_LOG=1 cargo test -p lightning-sim --test event_log
//! ```
//!
//! To see where two versions part, dump both and compare the texts: `DUMP_EVENT_LOG=/some/folder` writes a file
//! for every seed.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use lightning_core::book::PriceTimeBook;
use lightning_core::codec::{Encode, kind_of};
use lightning_core::message::Outcome;
use lightning_core::types::Ticket;
use lightning_sim::inline::Inline;
use lightning_sim::workload;

const SEEDS: u64 = 1_000;
const SEEDS_A_LINE: u64 = 10;

#[test]
fn the_event_log_is_byte_for_byte_what_it_was() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/event-log.txt");
    let dump = std::env::var_os("DUMP_EVENT_LOG").map(PathBuf::from);
    let mut lines = String::new();
    if let Some(dump) = &dump {
        std::fs::create_dir_all(dump).unwrap();
    }
    for first in (0..SEEDS).step_by(usize::try_from(SEEDS_A_LINE).unwrap()) {
        let mut hasher = blake3::Hasher::new();
        for seed in first..first + SEEDS_A_LINE {
            let log = event_log(seed, false);
            assert_eq!(log, event_log(seed, true), "seed {seed}: watched, it is another event log");
            if let Some(dump) = &dump {
                std::fs::write(dump.join(format!("{seed}.txt")), &log).unwrap();
            }
            hasher.update(log.as_bytes());
        }
        writeln!(lines, "{first:4} {}", hasher.finalize().to_hex()).unwrap();
    }
    if std::env::var_os("UPDATE_EVENT_LOG").is_some() {
        std::fs::create_dir_all(golden.parent().unwrap()).unwrap();
        std::fs::write(&golden, &lines).unwrap();
    }
    let expected = std::fs::read_to_string(&golden).unwrap();
    for (line, expected) in lines.lines().zip(expected.lines()) {
        assert_eq!(line, expected, "the event log of these ten seeds (from the number) is another");
    }
    assert_eq!(lines.len(), expected.len());
}

/// All that a seed writes down and publishes, a line each. `watched`: every book and every account is.
fn event_log(seed: u64, watched: bool) -> String {
    let workload = workload::generate(seed);
    // Several shards of both kinds, so that settlements and transfers travel.
    let (sequencers, matchers) = [(1, 1), (3, 2)][usize::try_from(seed % 2).unwrap()];
    let mut world = Inline::<PriceTimeBook>::new(&workload.setup, sequencers, matchers);
    if watched {
        world.watch_accounts(None, true);
        workload.setup.symbols.iter().for_each(|spec| _ = world.watch_book(spec.id(), true));
    }
    let (mut log, mut news) = (String::new(), 0);
    let mut written = 0;
    for (number, action) in workload.actions.iter().enumerate() {
        let effects = world.perform(Ticket(number as u64 + 1), action);
        for record in &world.recorder.records[written..] {
            let (at, digest) = (record.at.0, record.digest);
            let decided = record.record.as_record();
            let (kind, body) = (kind_of(&decided), bytes_of(&decided));
            writeln!(log, "{number} {at} {digest:016x} {kind} {body}").unwrap();
        }
        written = world.recorder.records.len();
        news += effects.book_news.len() + effects.account_news.len();
        for trade in &effects.trades {
            writeln!(log, "{number} trade {}", bytes_of(trade)).unwrap();
        }
        if let Some(Outcome::Rejected(reject)) = effects.reply.as_ref().map(|reply| &reply.outcome) {
            writeln!(log, "{number} refused {:?}", reject.code).unwrap();
        }
    }
    assert!(written > 0, "a seed that does nothing proves nothing");
    assert_eq!(watched, news > 0, "{news} news");
    log
}

fn bytes_of(value: &impl Encode) -> String {
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
