//! A world whose machine dies and comes back: what is lost with it, and what must not be.

use std::collections::BTreeMap;

use lightning_core::archive::Archive;
use lightning_core::codec::encoded;
use lightning_core::fold::{self as fold_core, Fold, Part, Told};
use lightning_core::log::{Context, Log, OperatorKey, Record, Recorded};
use lightning_core::matcher::Matcher;
use lightning_core::message::{Command, Request, RequestId, ToSequencer};
use lightning_core::outbox::SequencerOutbox;
use lightning_core::sequencer::Sequencer;
use lightning_core::state::{Totals, operator_parts};
use lightning_core::types::{AccountId, Lsn, SymbolId, Ticket, Timestamp};

use super::clients::{Again, Fate, clients};
use super::notes::Notes;
use super::operator;
use super::shards::Shards;
use super::{Trace, World, draw_pace};
use crate::crash::{self, Journal, State, TASKS, Task};
use crate::fold::{self, Canonical, Said};
use crate::recorder::{Front, IdsFor, Recorder, Written};
use crate::rng::{Dice, Rng};
use crate::workload::{Action, Workload};

/// Before any timer: who is asked at this time does nothing else.
pub(super) const LONG_AGO: Timestamp = Timestamp(0);

/// Why a life paused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pause {
    /// Nobody has anything left to do.
    Rest,
    /// So many steps were done.
    Time,
    /// The disk failed.
    Stopped(String),
}

impl<'w, 't> World<'w, 't> {
    /// A world without a machine, yet: nobody has given a command.
    pub(crate) fn unborn(workload: &'w Workload, seed: u64, trace: Trace<'t>) -> Self {
        let mut rng = Rng::new(seed, 2);
        let (clients, operator) = clients(workload, true, &mut rng);
        Self::blank(workload, trace, clients, operator, rng)
    }

    /// A machine comes to life with the shards of an exchange at rest. `block`: how many order ids a sequencer takes
    /// at a time.
    /// `recovered`: the last record that was there before recovery added its own.
    pub(crate) fn begin(
        &mut self,
        recovered: Lsn,
        (sequencers, matchers): (Vec<Sequencer>, Vec<Matcher>),
        order_ids_up_to: u64,
        block: u64,
        journal: Journal,
    ) {
        self.say(|| format!("alive with {} sequencers, {} matchers", sequencers.len(), matchers.len()));
        self.shards = Shards::new(sequencers, matchers, self.now);
        for lsn in recovered.0 + 1..=self.recorder.last().0 {
            let lsn = Lsn(lsn);
            let messages = self.history.said.get(&lsn).into_iter().flat_map(|said| &said.messages);
            let mut concerned: Vec<AccountId> = messages.map(ToSequencer::account).collect();
            if let Recorded::TransferAccepted(offer) | Recorded::TransferRefused(offer, _) =
                self.recorder.get(lsn)
            {
                concerned.extend([offer.from, offer.to]);
            }
            for account in concerned {
                let home = self.shards.home(account);
                self.shards.sequencers[home].shown = lsn;
            }
        }
        self.leased = order_ids_up_to;
        self.block = block;
        self.burst = *self.rng.pick(&[1, 1, 2, 8]);
        let actors = self.clients.len() + 2 + self.shards.actors() + self.shards.matchers.len() + TASKS.len();
        self.pace = draw_pace(actors, &mut self.rng);
        self.journal = Some(journal);
    }

    /// Lives on for at most so many steps.
    pub(crate) fn live(&mut self, steps: u64) -> Pause {
        for _ in 0..steps {
            if !self.advance() {
                return Pause::Rest;
            }
            if let Some(why) = self.stopped.take() {
                return Pause::Stopped(why);
            }
        }
        Pause::Time
    }

    /// The machine is dead: what was on its way is gone, and whoever was not answered does not know.
    pub(crate) fn die(&mut self) {
        self.say(|| "dead".to_owned());
        self.note_heard();
        self.journal = None;
        self.recorder.front = None;
        self.shards = Shards::new(Vec::new(), Vec::new(), 0);
        let mut lost: Vec<Vec<Again>> = self.clients.iter().map(|_| Vec::new()).collect();
        for asked in self.tickets.iter_mut().filter(|asked| asked.fate == Fate::Waits) {
            asked.fate = Fate::Lost;
            let client = &mut self.clients[asked.client];
            if !asked.aside {
                client.under_way -= 1;
            }
            let (request, id, aside) = (asked.request.clone(), asked.id, asked.aside);
            let asks_again = match (id, aside) {
                // Without an id nobody may send a command twice; what is only asked may be asked for ever.
                (None, false) => false,
                (None, true) => client.notebook.is_some() || self.rng.one_in(2),
                (Some(_), true) => self.rng.one_in(2),
                (Some(_), false) => true,
            };
            if asks_again {
                lost[asked.client].push(Again { request, id, aside });
            }
        }
        for (client, mut lost) in self.clients.iter_mut().zip(lost) {
            if client.notebook.is_none() && self.rng.one_in(2) {
                // In any order, and the repeats perhaps behind other commands.
                for at in (1..lost.len()).rev() {
                    lost.swap(at, self.rng.index(at + 1));
                }
            }
            if client.notebook.is_some() || self.rng.one_in(2) {
                lost.reverse();
                lost.into_iter().for_each(|again| client.again.push_front(again));
            } else {
                client.again.extend(lost);
            }
        }
        // The operator does it once more, whether it was done or not.
        if let Some(control) = self.control.take() {
            let action = match control.task {
                operator::Task::SetRules(change, cancel_open) => Action::SetRules(change, cancel_open),
                operator::Task::CancelBook(symbol) | operator::Task::RemoveSymbol(symbol, _) => {
                    Action::CancelBook(symbol)
                }
            };
            self.operator.push_front((0, action));
        }
    }

    /// The log ends at `last`: all that is known follows from it. What was told must still be true; where it need
    /// not be (`forgives`), it is forgotten.
    pub(crate) fn survive(&mut self, last: Lsn, forgives: bool) {
        if forgives {
            self.promises.forgive(last);
        }
        self.promises.check_end(last);
        let length = usize::try_from(last.0).expect("it is in memory");
        self.recorder.records.truncate(length);
        self.history.said.split_off(&Lsn(last.0 + 1));
    }

    /// Keeps the books anew, from the log that is left and what recovery added to it, and looks whether that is
    /// what everybody was told. `forgives`: it need not be what the notebooks say.
    pub(crate) fn take_stock(&mut self, forgives: bool) -> Canonical {
        let commands = fold::commands(&self.recorder.records, &self.history);
        self.notes = Notes::told_again(&self.recorder.records, &self.history, &commands);
        let canonical = fold::fold(&self.workload.setup, &self.recorder, &self.history);
        self.promises.check(&commands, &canonical, &self.history);
        for (gate, heard) in self.promises.take_heard() {
            let books = self.books_at(gate);
            heard.check(gate, &self.history, &canonical, &books);
            self.coverage.hit("what was heard is still true");
        }
        if forgives {
            for client in &mut self.clients {
                if let Some(notebook) = &mut client.notebook {
                    notebook.copy(canonical.balances(client.account));
                    // What it would do again is in there, if it was done.
                    client.again.clear();
                    client.under_way = 0;
                }
            }
        }
        canonical
    }

    /// The books as the records up to this one make them.
    fn books_at(&self, gate: Lsn) -> Vec<Matcher> {
        let shards = fold_core::Shards { sequencers: 1, matchers: 1 };
        let mut fold = Fold::new(shards, self.workload.setup.limits, 0);
        let mut told = Told::default();
        for (number, written) in (1..=gate.0).zip(&self.recorder.records) {
            let Written { at, digest, record } = written;
            told.clear();
            let applied = fold.apply(Lsn(number), *at, *digest, record.clone(), &mut told);
            applied.unwrap_or_else(|divergence| panic!("told again, {number} differs: {divergence:?}"));
        }
        assert_eq!(fold.last().0, gate, "what was heard is of records that are there");
        fold.into_shards().matchers
    }

    /// The shards are what the log says, and remember the request ids that it names.
    pub(crate) fn inspect(&mut self, canonical: &Canonical) {
        self.compare(canonical);
        let seen: Vec<(AccountId, RequestId)> = self.notes.requests.seen().collect();
        for (number, (account, id)) in (0..).zip(seen) {
            let ticket = Ticket(u64::MAX - number);
            let home = self.shards.home(account);
            self.notes.requests.taken(ticket, account, &id, true);
            let command =
                Command { ticket, request_id: Some(Box::new(id)), request: Request::Recall { account } };
            let before = self.recorder.last();
            let mut out = SequencerOutbox::default();
            let mut ctx = Context { now: LONG_AGO, log: &mut self.recorder };
            let mut ids = IdsFor { ids: &mut self.ids, owner: account, lease: None };
            self.shards.sequencers[home].core.handle(command, &mut ctx, &mut ids, &mut out);
            let quiet = out.to_matcher.is_empty() && out.to_sequencer.is_empty();
            assert!(quiet && out.replies.len() == 1 && self.recorder.last() == before, "{out:?}");
            self.notes.requests.answered(&out.replies[0]);
        }
    }

    // For whoever kills the machines.

    /// The last record that was let out, and the last that no power loss takes; none without a machine.
    pub(crate) fn journal_ends(&self) -> Option<(Lsn, Lsn)> {
        self.journal.as_ref().map(|journal| (journal.gate(), journal.durable()))
    }

    /// Lets nobody in, and ends what is under way.
    pub(crate) fn drain(&mut self) -> Pause {
        self.closing = true;
        let pause = self.live(u64::MAX);
        self.closing = false;
        pause
    }

    /// The journal writes what there is, and nobody does anything else meanwhile. False if the disk fails.
    pub(crate) fn flush(&mut self) -> bool {
        while self.stopped.is_none() {
            let journal = self.journal.as_ref().expect("it is open");
            let front = self.recorder.front.as_ref().expect("it is open");
            let task = [Task::Swap, Task::Commit].into_iter().find(|task| journal.can(*task, front));
            let Some(task) = task else { return true };
            self.run_journal(task);
        }
        self.stopped = None;
        false
    }

    /// The journal, to be closed.
    pub(crate) fn take_journal(&mut self) -> Journal {
        self.journal.take().expect("it is open")
    }

    /// From here on records go to a journal.
    pub(crate) fn open_log(&mut self, front: Front) {
        self.recorder.front = Some(front);
    }

    /// A driver writes something down.
    pub(crate) fn append(&mut self, record: &Record<'_>) -> Lsn {
        self.recorder.append(Timestamp(self.now), 0, record)
    }

    pub(crate) fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    pub(crate) fn recorder_mut(&mut self) -> &mut Recorder {
        &mut self.recorder
    }

    /// Ends of the journal that were reported.
    pub(crate) fn heads(&self) -> impl Iterator<Item = (u64, [u8; 32])> {
        self.promises.heads()
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp(self.now)
    }

    /// A new machine reads the time, which is later than that of any record; a clock may have been set back as far
    /// as that, which is said.
    pub(crate) fn set_clock(&mut self, last: Timestamp, jumps: bool) -> bool {
        let earliest = last.0.saturating_add(1).max(self.workload.setup.start.0);
        let goes_back = jumps && earliest < self.now;
        self.now = if goes_back { earliest } else { self.now.max(earliest) };
        goes_back
    }

    /// Tells the rest of the log again, to a fold that is somewhere in it. What is told must be what was said; what
    /// nobody noted, because a recovery said it, is noted.
    pub(crate) fn retell(&mut self, mut fold: Fold) -> Fold {
        let mut told = Told::default();
        let known = usize::try_from(fold.last().0.0).expect("it is in memory");
        for (number, written) in (1..).zip(&self.recorder.records).skip(known) {
            let Written { at, digest, record } = written;
            let lsn = Lsn(number);
            told.clear();
            let applied = fold.apply(lsn, *at, *digest, record.clone(), &mut told);
            applied.unwrap_or_else(|divergence| panic!("told again, {lsn:?} differs: {divergence:?}"));
            if fold::symbol_of(record).is_some() && !self.history.said.contains_key(&lsn) {
                let said =
                    Said { trades: told.trades.clone(), messages: told.to_sequencers.clone(), outcome: None };
                self.history.said.insert(lsn, said);
            }
            crash::same_was_said(lsn, &told, &self.history);
        }
        fold
    }

    /// The trades and candles that a recovery brings back are those of all trades of each symbol that is still there.
    pub(crate) fn check_published(&self, archives: &BTreeMap<SymbolId, Archive>, kept: usize) {
        let mut expected: BTreeMap<SymbolId, Archive> = BTreeMap::new();
        let all = self.history.said.values().flat_map(|said| &said.trades);
        for trade in all.filter(|trade| !self.notes.removed.contains(&trade.symbol)) {
            expected.entry(trade.symbol).or_insert_with(|| Archive::new(kept.into())).push(trade);
        }
        assert!(archives.keys().eq(expected.keys()), "symbols that have traded, recovered, and as they were");
        for (symbol, archive) in archives {
            let is_same = *archive == expected[symbol];
            assert!(is_same, "trades and candles of {symbol:?}, recovered, and as they were");
            archive.check();
        }
    }

    /// The state of the live shards, and of their driver.
    pub(crate) fn state(&self) -> State {
        let mut state = State::default();
        let mut totals = Totals::default();
        for shard in &self.shards.sequencers {
            shard.core.account_parts(&mut |account, bytes| state.add(Part::Account, account.0, bytes));
            shard.core.listing_parts(&mut |symbol, bytes| state.add(Part::Listing, symbol.0.into(), bytes));
            shard.core.add_totals(&mut totals);
        }
        for shard in &self.shards.matchers {
            shard.core.market_parts(&mut |symbol, bytes| state.add(Part::Market, symbol.0.into(), bytes));
        }
        totals.parts(&mut |asset, bytes| state.add(Part::Totals, asset.0.into(), bytes));
        operator_parts(&self.notes.operator, &mut |place, bytes| state.add(Part::Operator, place, bytes));
        state.add(Part::OrderIds, 0, &encoded(&self.leased));
        state
    }

    /// What the operator's front end wrote down is what a recovery brings back.
    pub(crate) fn check_operator(&self, recovered: &BTreeMap<OperatorKey, Vec<u8>>, order_ids_up_to: u64) {
        assert_eq!(*recovered, self.notes.operator, "what the operator keeps, recovered, and as it was");
        let blocks = self.recorder.records.iter().filter_map(|written| match written.record {
            Recorded::OrderIds { up_to } => Some(up_to),
            _ => None,
        });
        assert_eq!(Some(order_ids_up_to), blocks.max().or(Some(0)), "order ids that may be in use");
    }
}
