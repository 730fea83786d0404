//! Reading memory that others write to, without Node: `cargo +nightly miri test -p lightning-node --test shared`.

#![expect(unreachable_pub, reason = "the file is part of another crate")]

#[path = "../src/shared.rs"]
mod shared;

use std::sync::atomic::{AtomicU8, Ordering};

use shared::{RECORD, SharedBytes};

fn view(bytes: &[AtomicU8]) -> SharedBytes {
    // SAFETY: they outlive the test that uses the view, and are atomics.
    unsafe { SharedBytes::new(bytes.as_ptr().cast(), bytes.len(), true) }
}

/// As of memory that nobody else has.
fn own(bytes: &[AtomicU8]) -> SharedBytes {
    // SAFETY: they outlive the test that uses the view, and it is the only one that has them.
    unsafe { SharedBytes::new(bytes.as_ptr().cast(), bytes.len(), false) }
}

fn counted(length: usize) -> Vec<AtomicU8> {
    (0..length).map(|at| AtomicU8::new(u8::try_from(at % 251).unwrap())).collect()
}

#[test]
fn a_record_is_copied_whole_wherever_it_begins() {
    let bytes = counted(3 * RECORD + 8);
    for offset in 0..8 {
        for view in [view(&bytes[offset..]), own(&bytes[offset..])] {
            assert_eq!(view.records(), 3);
            for index in 0..3 {
                let expected: Vec<u8> = bytes[offset + index * RECORD..][..RECORD]
                    .iter()
                    .map(|byte| byte.load(Ordering::Relaxed))
                    .collect();
                assert_eq!(view.record(index)[..], expected);
            }
        }
    }
}

#[test]
fn what_is_no_whole_record_is_none() {
    let bytes = counted(2 * RECORD - 1);
    assert_eq!(view(&bytes).records(), 1);
    assert_eq!(view(&bytes[..RECORD - 1]).records(), 0);
    // SAFETY: nothing is promised of no bytes.
    assert_eq!(unsafe { SharedBytes::new(std::ptr::null(), 4_096, true) }.records(), 0);
}

#[test]
#[should_panic(expected = "record 1 of 1")]
fn a_record_beyond_the_end_is_never_read() {
    let bytes = counted(RECORD + 5);
    let _ = view(&bytes).record(1);
}

#[test]
#[should_panic(expected = "record 1 of 1")]
fn nor_where_nobody_else_writes() {
    let bytes = counted(RECORD + 5);
    let _ = own(&bytes).record(1);
}

#[test]
fn somebody_may_write_meanwhile() {
    let bytes = counted(4 * RECORD + 1);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..50_u8 {
                bytes.iter().for_each(|byte| byte.store(round, Ordering::Relaxed));
            }
        });
        for offset in [0, 1] {
            let shared = view(&bytes[offset..]);
            for index in (0..shared.records()).cycle().take(100) {
                assert!(shared.record(index).iter().all(|&byte| byte < 251));
            }
        }
    });
}
