//! The operator's calls.

use lightning_core::log::{Context, OperatorKey, Record};
use lightning_core::message::Outcome;
use lightning_core::outbox::MatcherOutbox;
use lightning_core::rules::{SymbolRules, SymbolStatus};
use lightning_core::spec::SymbolSpec;
use lightning_core::types::{Lsn, SymbolId, Timestamp};

use super::World;
use super::shards::{ToBook, ToHome};
use crate::rng::Dice;
use crate::workload::Action;

/// A call of the operator, and how far it is.
pub(super) struct Control {
    pub(super) task: Task,
    pub(super) stage: Stage,
}

pub(super) enum Task {
    SetRules(Box<(SymbolSpec, SymbolRules)>, bool),
    CancelBook(SymbolId),
    RemoveSymbol(SymbolId, bool),
}

impl Task {
    pub(super) fn symbol(&self) -> SymbolId {
        match self {
            Self::SetRules(change, _) => change.0.id(),
            Self::CancelBook(symbol) | Self::RemoveSymbol(symbol, _) => *symbol,
        }
    }
}

pub(super) enum Stage {
    /// On its way to the matcher.
    AtMatcher,
    /// The matcher has decided, for these sequencers to be told or not; these effects are on their way.
    Decided { after: Vec<u64>, tells: Option<Lsn> },
    /// Every sequencer is to have handled the effects.
    Applying { waiting: usize, tells: Option<Lsn> },
    /// Every sequencer is being told.
    Telling { waiting: usize, gate: Lsn },
    /// It is done, and answered when this is durable.
    Done { gate: Lsn },
}

impl World<'_, '_> {
    pub(super) fn may_go_on(&self, control: &Control) -> bool {
        let shard = self.shards.book(control.task.symbol());
        match &control.stage {
            Stage::AtMatcher => false,
            Stage::Decided { after, .. } => self.shards.has_arrived(self.shards.sender(shard), Some(after)),
            Stage::Applying { waiting, .. } | Stage::Telling { waiting, .. } => *waiting == 0,
            Stage::Done { gate } => *gate <= self.gate(),
        }
    }

    pub(super) fn operate(&mut self) {
        let (_, action) = self.operator.pop_front().expect("something to do");
        self.issued += 1;
        self.say(|| format!("operator: {action:?}"));
        let task = match action {
            Action::Wait(nanos) => {
                self.now = self.now.saturating_add(nanos);
                return;
            }
            Action::SetRules(change, cancel_open) => Task::SetRules(change, cancel_open),
            Action::CancelBook(symbol) if self.rng.one_in(4) => {
                Task::RemoveSymbol(symbol, self.rng.one_in(2))
            }
            Action::CancelBook(symbol) => Task::CancelBook(symbol),
            action => panic!("a client's: {action:?}"),
        };
        if self.notes.removed.contains(&task.symbol()) {
            return;
        }
        self.write_down(task.symbol());
        let shard = self.shards.book(task.symbol());
        self.shards.matchers[shard].inbox.push_back(ToBook::Control);
        self.control = Some(Control { task, stage: Stage::AtMatcher });
    }

    /// The front end keeps what it was asked, by its number, and what it knows of the symbol.
    fn write_down(&mut self, symbol: SymbolId) {
        if self.journal.is_none() {
            return;
        }
        let number = self.notes.highest_once + *self.rng.pick(&[1, 1, 3, 1_020]);
        let body = self.step.to_le_bytes();
        for key in [OperatorKey::Once(number), OperatorKey::Symbol(symbol.0), OperatorKey::Asset(symbol.0)] {
            if self.rng.one_in(2) {
                self.append(&Record::Operator(key, &body));
                self.notes.keep(key, &body);
            }
        }
    }

    /// The operator's call, at its symbol's matcher: says what the operator will hear.
    pub(super) fn control_matcher(
        &mut self,
        at: usize,
        ctx_now: Timestamp,
        out: &mut MatcherOutbox,
    ) -> Option<Outcome> {
        let control = self.control.as_ref().expect("a call under way");
        let mut ctx = Context { now: ctx_now, log: &mut self.recorder };
        let core = &mut self.shards.matchers[at].core;
        let decided = match &control.task {
            Task::SetRules(change, cancel_open) => {
                core.set_rules(change.0, change.1, *cancel_open, &mut ctx, out)
            }
            Task::CancelBook(symbol) => Ok(core.cancel_book(*symbol, &mut ctx, out)),
            Task::RemoveSymbol(symbol, force) => core.remove_symbol(*symbol, *force, &mut ctx, out),
        };
        match decided {
            Ok(canceled) => {
                match &control.task {
                    Task::SetRules(change, _) => self.coverage.hit(match change.1.status {
                        SymbolStatus::Closed => "a symbol closed",
                        SymbolStatus::Trading => "rules changed",
                        _ => "a symbol restricted",
                    }),
                    Task::CancelBook(_) => self.coverage.hit("a whole book canceled"),
                    Task::RemoveSymbol(symbol, _) => {
                        self.coverage.hit("a symbol removed");
                        self.notes.removed.insert(*symbol);
                    }
                }
                Some(Outcome::CanceledAll(canceled))
            }
            Err(reject) => {
                self.coverage.hit(reject.code.as_str());
                None
            }
        }
    }

    pub(super) fn go_on_with_control(&mut self) {
        let Control { task, stage } = self.control.take().expect("a call under way");
        let all = self.shards.sequencers.len();
        let stage = match stage {
            Stage::AtMatcher => unreachable!("its matcher goes on with it"),
            Stage::Decided { tells, .. } => {
                for shard in &mut self.shards.sequencers {
                    shard.commands.push_back(ToHome::Wait);
                }
                Some(Stage::Applying { waiting: all, tells })
            }
            Stage::Applying { tells: Some(cause), .. } => match &task {
                Task::SetRules(change, _) => {
                    for shard in &mut self.shards.sequencers {
                        shard.commands.push_back(ToHome::SetRules(change.clone(), cause));
                    }
                    Some(Stage::Telling { waiting: all, gate: cause })
                }
                _ => Some(Stage::Done { gate: cause }),
            },
            Stage::Telling { gate, .. } => Some(Stage::Done { gate }),
            // It was refused.
            Stage::Applying { tells: None, .. } => None,
            Stage::Done { gate } => {
                self.promises.depend_on(gate);
                None
            }
        };
        self.say(|| "operator: goes on".to_owned());
        self.control = stage.map(|stage| Control { task, stage });
    }

    pub(super) fn control_passed(&mut self) {
        match self.control.as_mut().map(|control| &mut control.stage) {
            Some(Stage::Applying { waiting, .. } | Stage::Telling { waiting, .. }) => *waiting -= 1,
            _ => panic!("nobody waits for this sequencer"),
        }
    }
}
