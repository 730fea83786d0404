//! The engine's own state, and what the operator does with symbols.

use super::subscription::{Table, Take, Told};
use crate::Room;
use crate::streams::hub::Hub;
use crate::streams::status::State;
use crate::streams::{StatusUpdate, Update};

/// What a subscription was told last.
pub(super) struct StatusView {
    told: Option<(State, Room)>,
    /// The number of the next word about a symbol.
    next: u64,
}

impl StatusView {
    pub(super) fn new(hub: &Hub) -> Self {
        Self { told: None, next: hub.status.end() }
    }

    pub(super) fn tell(&mut self, table: &mut Table, take: Take<'_>) -> Told {
        let hub = table.hub.clone();
        // One word at a time.
        table.has_more = true;
        let now = hub.status.now();
        // Symbols first, but for the first word of all and the last one of a halted engine.
        if self.told.is_some() && now.0 != State::Halted {
            match hub.status.symbol(self.next) {
                Ok(Some((symbol, status))) => {
                    let told = table.told(1, take(Update::Status(&StatusUpdate::Symbol { symbol, status })));
                    if told == Told::Taken {
                        self.next += 1;
                    }
                    return told;
                }
                Ok(None) => {}
                Err(first) => {
                    let told = table.gap(self.next, first - 1, take);
                    if told == Told::Taken {
                        self.next = first;
                    }
                    return told;
                }
            }
        }
        if self.told == Some(now) {
            return Told::Nothing;
        }
        let update = StatusUpdate::Engine { state: now.0.as_str(), room: now.1 };
        let told = table.told(1, take(Update::Status(&update)));
        if told == Told::Taken {
            self.told = Some(now);
        }
        told
    }
}
