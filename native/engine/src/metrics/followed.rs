//! Commands that are followed from their admission to their answer.
//!
//! One of sixteen is. Which one does not depend on how long others take, so that a pause is seen by as many of them as
//! were under way; and there is room for all that can be, in general: where two tickets want the same place, the second
//! one is not followed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use lightning_core::types::Ticket;

use crate::metrics::Histogram;

const PLACES: usize = 1024;
/// In the place of a ticket; whose ticket it is, is never followed.
const NOBODY: u64 = u64::MAX;

/// Who is followed, and since when.
#[derive(Debug)]
pub(crate) struct Followed {
    began: Instant,
    /// Beside their times, so that those who are not followed look at little memory.
    tickets: Box<[AtomicU64; PLACES]>,
    since_nanos: Box<[AtomicU64; PLACES]>,
    /// From admission to the answer.
    pub(crate) whole: Histogram,
}

impl Default for Followed {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            tickets: Box::new([const { AtomicU64::new(NOBODY) }; PLACES]),
            since_nanos: Box::new([const { AtomicU64::new(0) }; PLACES]),
            whole: Histogram::default(),
        }
    }
}

impl Followed {
    /// A command is about to be sent on its way.
    pub(crate) fn begin(&self, ticket: Ticket, now: Instant) {
        let at = place_of(ticket);
        let taken = self.tickets[at].compare_exchange(NOBODY, ticket.0, Ordering::Relaxed, Ordering::Relaxed);
        if taken.is_ok() {
            // Whoever answers has the command from who writes this, and so finds it written.
            let since = nanos(now.saturating_duration_since(self.began));
            self.since_nanos[at].store(since, Ordering::Relaxed);
        }
    }

    /// A call is answered; `now` is asked for if it was followed. Called by one thread at a time.
    #[inline]
    pub(crate) fn end(&self, ticket: Ticket, now: impl FnOnce() -> Instant) {
        if self.tickets[place_of(ticket)].load(Ordering::Relaxed) == ticket.0 {
            self.record(ticket, now);
        }
    }

    #[cold]
    fn record(&self, ticket: Ticket, now: impl FnOnce() -> Instant) {
        if ticket.0 == NOBODY {
            return;
        }
        let (at, now) = (place_of(ticket), now());
        let since = Duration::from_nanos(self.since_nanos[at].load(Ordering::Relaxed));
        self.tickets[at].store(NOBODY, Ordering::Relaxed);
        self.whole.add(now.saturating_duration_since(self.began).saturating_sub(since));
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the low bits are what is wanted")]
const fn place_of(ticket: Ticket) -> usize {
    ticket.0 as usize % PLACES
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_followed_from_beginning_to_end_and_once() {
        let followed = Followed::default();
        let start = Instant::now();
        let later = || start + Duration::from_micros(100);
        followed.begin(Ticket(7), start);
        followed.end(Ticket(8), || unreachable!("nobody follows it"));
        followed.end(Ticket(7 + PLACES as u64), || unreachable!("it is not the one that is followed"));
        followed.end(Ticket(7), later);
        followed.end(Ticket(7), || unreachable!("it has ended"));
        let read = followed.whole.read();
        assert_eq!((read.count(), read.max_nanos()), (1, 100_000));
    }

    #[test]
    fn who_finds_the_place_taken_is_not_followed() {
        let followed = Followed::default();
        let start = Instant::now();
        followed.begin(Ticket(1), start);
        followed.begin(Ticket(1 + PLACES as u64), start);
        followed.end(Ticket(1 + PLACES as u64), || unreachable!("nobody follows it"));
        followed.end(Ticket(1), || start);
        followed.begin(Ticket(1 + PLACES as u64), start);
        followed.end(Ticket(1 + PLACES as u64), || start);
        assert_eq!(followed.whole.read().count(), 2);
    }

    /// It stands for nobody.
    #[test]
    fn the_last_ticket_is_never_followed() {
        let followed = Followed::default();
        followed.begin(Ticket(NOBODY), Instant::now());
        followed.end(Ticket(NOBODY), || unreachable!("nobody follows it"));
        assert_eq!(followed.whole.read().count(), 0);
    }
}
