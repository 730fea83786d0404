//! The engine's own state, and what the operator does with symbols.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use lightning_core::rules::SymbolStatus;
use lightning_core::types::SymbolId;

use crate::Room;
use crate::halt::Halted;

/// Words about symbols that are remembered.
const SYMBOLS_MAX: usize = 1_024;

/// How the engine is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum State {
    #[default]
    Open,
    Closing,
    Closed,
    Halted,
}

impl State {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closing => "closing",
            Self::Closed => "closed",
            Self::Halted => "halted",
        }
    }
}

/// What is told of it.
#[derive(Debug, Default)]
pub(crate) struct Status {
    inner: Mutex<Inner>,
    halted: OnceLock<Halted>,
}

#[derive(Debug, Default)]
struct Inner {
    state: State,
    room: Room,
    symbols: VecDeque<(SymbolId, Option<SymbolStatus>)>,
    /// The number of the first of them.
    first: u64,
}

impl Status {
    /// How it is, and how much may be written.
    pub(crate) fn now(&self) -> (State, Room) {
        let inner = self.lock();
        let state = if self.halted.get().is_some() { State::Halted } else { inner.state };
        (state, inner.room)
    }

    /// Why nothing leaves any more.
    pub(crate) fn halted(&self) -> Option<&Halted> {
        self.halted.get()
    }

    /// A later state. True if that is one.
    pub(crate) fn set_state(&self, state: State) -> bool {
        let mut inner = self.lock();
        let is_later = match inner.state {
            State::Open => state != State::Open,
            State::Closing => matches!(state, State::Closed | State::Halted),
            State::Closed | State::Halted => false,
        };
        if is_later {
            inner.state = state;
        }
        is_later
    }

    /// It has halted; the first reason stands.
    pub(crate) fn halt(&self, halted: &Halted) -> bool {
        self.halted.get_or_init(|| halted.clone());
        self.set_state(State::Halted)
    }

    /// So much may be written. True if that was different.
    pub(crate) fn set_room(&self, room: Room) -> bool {
        let mut inner = self.lock();
        std::mem::replace(&mut inner.room, room) != room
    }

    /// A symbol was added, changed or removed.
    pub(crate) fn tell(&self, symbol: SymbolId, status: Option<SymbolStatus>) {
        let mut inner = self.lock();
        if inner.symbols.len() == SYMBOLS_MAX {
            inner.symbols.pop_front();
            inner.first += 1;
        }
        inner.symbols.push_back((symbol, status));
    }

    /// The number of the next word about a symbol.
    pub(crate) fn end(&self) -> u64 {
        let inner = self.lock();
        inner.first + inner.symbols.len() as u64
    }

    /// A word about a symbol; none if there is none of that number yet.
    ///
    /// # Errors
    /// It is forgotten: the number of the first that is not.
    pub(crate) fn symbol(&self, number: u64) -> Result<Option<(SymbolId, Option<SymbolStatus>)>, u64> {
        let inner = self.lock();
        let at = number.checked_sub(inner.first).ok_or(inner.first)?;
        Ok(usize::try_from(at).ok().and_then(|at| inner.symbols.get(at)).copied())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
