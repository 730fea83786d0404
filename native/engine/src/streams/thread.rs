//! The market-data thread of an engine with threads: takes news when it is rung for, and wakes sessions.

use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};
use std::time::{Duration, Instant};

use crate::streams::bell::Rung;
use crate::streams::hub::Hub;

/// Between two looks while there is something: shards need not wake it then, and it does not take their time.
const NAP: Duration = Duration::from_micros(100);
/// The same where nobody may be woken before.
const NAP_MAX: Duration = Duration::from_millis(1);
/// The same where nobody has polled who was woken.
const INATTENTION_MAX: Duration = Duration::from_micros(400);

/// Runs until the hub is stopped.
pub(crate) fn run_market_data(hub: &Arc<Hub>) {
    hub.bell.attend();
    let mut inattention = NAP;
    loop {
        let rung = hub.bell.take();
        let is_stopped = hub.is_stopped();
        if rung.has(Rung::WORDS) {
            hub.turn();
        }
        if rung.has(Rung::LATE) {
            hub.make_candles();
        }
        let next = hub.wake_sessions(rung, Instant::now());
        if is_stopped {
            return;
        }
        if rung == Rung::NOTHING {
            hub.bell.wait(next.map(|next| next.saturating_duration_since(Instant::now())));
        } else {
            std::thread::sleep(hub.nap(&mut inattention, Instant::now()));
        }
    }
}

impl Hub {
    /// Wakes those who wait for what was rung for; says when to look again for those who are not to be woken yet.
    fn wake_sessions(&self, rung: Rung, now: Instant) -> Option<Instant> {
        // What is new was there before; a session says what it wants, and then looks: one of the two sees the other.
        fence(Ordering::SeqCst);
        let mut next: Option<Instant> = None;
        for outlet in self.outlets().iter().filter_map(std::sync::Weak::upgrade) {
            if let Some(due) = outlet.hear(rung, now) {
                next = Some(next.map_or(due, |next| next.min(due)));
            }
        }
        next
    }

    /// How long it need not look: until somebody may be woken, within bounds. Where nobody is to be woken, because those
    /// who were have not polled yet, twice as long each time: they look for themselves when they do.
    fn nap(&self, inattention: &mut Duration, now: Instant) -> Duration {
        let outlets = self.outlets();
        let earliest = outlets.iter().filter_map(|outlet| outlet.upgrade()?.earliest()).min();
        if let Some(earliest) = earliest {
            *inattention = NAP;
            return earliest.saturating_duration_since(now).clamp(NAP, NAP_MAX);
        }
        std::mem::replace(inattention, (2 * *inattention).min(INATTENTION_MAX))
    }
}
