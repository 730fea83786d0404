//! The journal alone: one producer at a fixed rate, a thread that commits what there is. The engine's way in
//! miniature: two batches that take turns behind a mutex.

use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use lightning_journal::storage::directory::Directory;
use lightning_journal::{Batch, Mode, Options, recover};
use serde_json::{Value, json};

use super::Scratch;
use crate::Plan;
use crate::compare::per_second;
use crate::latency::{Latencies, Schedule};

/// A body that makes records of 128 bytes.
const BODY: [u8; 92] = [7; 92];

pub(crate) fn run(plan: &Plan) -> Vec<Value> {
    let rates: &[u64] = if plan.quick {
        &[20_000, 1_000_000]
    } else {
        &[2_000, 20_000, 100_000, 300_000, 1_000_000, 2_000_000]
    };
    let mut lines = Vec::new();
    for &rate in rates {
        for mode in [Mode::Sync, Mode::Written] {
            lines.push(at_rate(plan, mode, rate));
        }
    }
    lines
}

struct Front {
    batch: Mutex<(Batch, bool)>,
    appended: Condvar,
    committed: Mutex<u64>,
}

fn at_rate(plan: &Plan, mode: Mode, rate: u64) -> Value {
    let scratch = Scratch::new(plan, "journal");
    let storage = Arc::new(Directory::open(&scratch.0).expect("a scratch directory"));
    let options = Options { mode, segment_bytes: 64 << 20, ..Options::default() };
    let recovered = recover(storage, options, &mut |_| ()).expect("an empty directory");
    let (mut writer, preparer) = recovered.start().expect("it starts");
    preparer.prepare().expect("there is room");
    let front = Arc::new(Front {
        batch: Mutex::new((Batch::new(writer.head().lsn + 1), false)),
        appended: Condvar::new(),
        committed: Mutex::new(0),
    });
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let preparing = {
        let stop = stop.clone();
        std::thread::spawn(move || {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                if let Err(error) = preparer.prepare() {
                    eprintln!("no segment is prepared: {error}");
                }
                std::thread::sleep(Duration::from_millis(2));
            }
        })
    };
    let committer = {
        let front = front.clone();
        std::thread::spawn(move || {
            let mut spare = Batch::new(0);
            let mut frames = 0_u64;
            loop {
                {
                    let mut shared = front.batch.lock().expect("nobody panics with it");
                    while shared.0.is_empty() && !shared.1 {
                        shared = front.appended.wait(shared).expect("nobody panics with it");
                    }
                    if shared.0.is_empty() {
                        break;
                    }
                    shared.0.swap_with(&mut spare);
                }
                writer.commit(&mut spare).expect("the disk takes it");
                frames += 1;
                let safe = if mode == Mode::Sync { writer.durable() } else { writer.written() };
                *front.committed.lock().expect("nobody panics with it") = safe;
            }
            writer.close().expect("it closes");
            frames
        })
    };
    let mut latencies = Latencies::new();
    let mut schedule = Schedule::new(rate);
    let mut seen = 0;
    let mut appending = Duration::ZERO;
    loop {
        let over = schedule.elapsed() >= plan.span;
        let due = if over { 0 } else { schedule.take_due(4_096) };
        if due > 0 {
            let begun = Instant::now();
            for _ in 0..due {
                let mut shared = front.batch.lock().expect("nobody panics with it");
                shared.0.append(20, 1, 1, 0, |body| body.extend_from_slice(&BODY));
                let first = shared.0.len() == 1;
                drop(shared);
                if first {
                    front.appended.notify_one();
                }
            }
            appending += begun.elapsed();
        }
        let safe = *front.committed.lock().expect("nobody panics with it");
        let now = Instant::now();
        for number in seen..safe {
            latencies.add(now.saturating_duration_since(schedule.due(number)));
        }
        seen = safe;
        if over && seen == schedule.sent() {
            break;
        }
        let pause = if over {
            Duration::from_micros(50)
        } else {
            schedule.until_next().min(Duration::from_micros(20))
        };
        if !pause.is_zero() {
            std::thread::sleep(pause);
        }
    }
    let achieved = per_second(schedule.sent(), schedule.elapsed());
    let nanos = appending.as_nanos() / u128::from(schedule.sent().max(1));
    front.batch.lock().expect("nobody panics with it").1 = true;
    front.appended.notify_one();
    let frames = committer.join().expect("the committer ends");
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    preparing.join().expect("the preparer ends");
    json!({
        "mode": if mode == Mode::Sync { "sync" } else { "written" },
        "recordBytes": 128,
        "offeredPerSecond": rate,
        "achievedPerSecond": achieved,
        "recordsPerCommit": schedule.sent() / frames.max(1),
        "appendNanoseconds": u64::try_from(nanos).expect("few"),
        "microseconds": latencies.report(),
    })
}
