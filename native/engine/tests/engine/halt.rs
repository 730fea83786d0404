//! A broken invariant: the engine halts, says where, answers nothing more, and takes nothing new.

use std::time::{Duration, Instant};

use lightning_core::reject::Code;
use lightning_core::types::{Side, Ticket};
use lightning_engine::config::Options;
use lightning_engine::registry::NewAsset;
use lightning_engine::{Engine, Mischief};

use crate::support::{Client, code, deposit, limit};

/// Calls until the planted break is reached; the engine, and what it said.
fn halted(options: Options) -> (Engine, String) {
    let mischief = Mischief { panic_after: Some(60), ..Mischief::default() };
    let engine = Client::with_market(options, mischief, 1).engine;
    let start = Instant::now();
    loop {
        for account in 1..=8 {
            engine.submit([
                (Ticket(1), deposit(account, "BASE", "1")),
                (Ticket(2), limit(account, "S0", Side::Sell, "1", "5")),
            ]);
        }
        if let Some(halted) = engine.drain().halted {
            return (engine, halted.why);
        }
        assert!(start.elapsed() < Duration::from_secs(20), "no halt: {:?}", engine.stats());
    }
}

#[test]
fn a_broken_invariant_halts_the_engine_and_says_where() {
    let threaded = Options { sequencers: Some(2), matchers: Some(2), ..Options::default() };
    let inline = Options { inline: true, ..Options::default() };
    for (options, place) in [(threaded, "sequencer-0"), (inline, "inline")] {
        let (engine, why) = halted(options);
        assert_eq!(why, format!("{place}: a planted broken invariant"));
        assert!(engine.stats().halted);

        // Nothing new is taken, reads included, and whoever asks is told.
        engine.submit([(Ticket(3), deposit(1, "BASE", "1"))]);
        let last = engine.drain().answers.pop().unwrap();
        assert_eq!((last.ticket, code(&last.result)), (Ticket(3), Some(Code::Internal)));
        assert_eq!(engine.create_asset(&NewAsset::new("X", 0)).unwrap_err().code, Code::Internal);
        assert_eq!(engine.book("S0", 20).unwrap_err().code, Code::Internal);

        // Closing ends the other threads, and does not wait for what will never come.
        let start = Instant::now();
        engine.close().unwrap();
        assert!(start.elapsed() < Duration::from_secs(10));
        assert_eq!(engine.create_asset(&NewAsset::new("X", 0)).unwrap_err().code, Code::EngineClosed);
    }
}
