//! What becomes of orders, and balances that change: of one account, or of all.

use std::sync::Arc;

use lightning_core::types::{AccountId, Lsn};

use super::subscription::{Scratch, Table, Take, Told};
use crate::streams::accounts::{Entry, Ring};
use crate::streams::hub::Hub;
use crate::streams::tap::Lost;
use crate::streams::{AccountStart, Behind, Ended, Update};

/// What is wanted of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Executions,
    Balances,
}

/// What a subscription was told last.
pub(super) struct AccountView {
    pub(super) account: Option<AccountId>,
    of: Of,
    behind: Behind,
    place: Place,
}

/// Where it is in what has happened.
enum Place {
    /// The next entry's number.
    At(u64),
    /// It waits for a start, which is not ahead of this entry. What it has missed until then begins with a record, if
    /// that is known.
    BeforeStart { number: u64, missed_from: Option<Lsn> },
    /// It waits until every sequencer tells of all accounts: what was before that is missed, from a record on.
    BeforeAll { missed_from: Lsn },
}

/// What comes next.
enum Next {
    Nothing,
    Start(Arc<AccountStart>, u64),
    Reports {
        end: u64,
        is_all: bool,
    },
    Gap(Lost, Place),
    /// The start that it waited for is forgotten: another one, not ahead of this entry.
    AskAgain(u64),
    /// Behind what is remembered: the same, and the account has to be asked for anew.
    Behind(Lost, Place),
}

impl AccountView {
    pub(super) fn begin(
        hub: &Arc<Hub>,
        account: Option<AccountId>,
        of: Of,
        from: Option<Lsn>,
        behind: Behind,
    ) -> Self {
        hub.accounts.begin(hub);
        let mut plane = hub.plane();
        let is_first = plane.accounts_mut().watch(account);
        let ring = plane.accounts().ring(account).expect("it is watched");
        let begun = match account {
            Some(_) => ring.since(),
            None => hub.accounts.all_begun(),
        };
        let place = match (from, account) {
            // All that has happened since is still there.
            (Some(from), _)
                if begun.is_some_and(|begun| begun < from) && ring.forgotten_since(from).is_none() =>
            {
                Place::At(ring.number_of(from))
            }
            (_, Some(_)) => Place::BeforeStart { number: ring.end(), missed_from: from },
            (Some(missed_from), None) => Place::BeforeAll { missed_from },
            (None, None) => Place::At(ring.end()),
        };
        if is_first || matches!(place, Place::BeforeStart { .. }) {
            hub.accounts.ask(hub, account, true);
        }
        Self { account, of, behind, place }
    }

    pub(super) fn tell(&mut self, table: &mut Table, take: Take<'_>) -> Told {
        loop {
            let next = self.look(table);
            let told = match next {
                Next::Nothing => Told::Nothing,
                Next::Start(start, number) => {
                    if let Place::BeforeStart { missed_from: Some(from), .. } = self.place
                        && from <= start.seq
                    {
                        // Before it began: no reason to end.
                        let told = table.gap(from.0, start.seq.0, take);
                        if told == Told::Taken {
                            self.place = Place::BeforeStart { number, missed_from: None };
                        }
                        return told;
                    }
                    let part = match self.of {
                        Of::Executions => {
                            AccountStart { balances: Vec::new(), ..AccountStart::clone(&start) }
                        }
                        Of::Balances => AccountStart { orders: Vec::new(), ..AccountStart::clone(&start) },
                    };
                    let items = part.balances.len() + part.orders.len();
                    let told = table.told(items, take(Update::AccountStart(&part)));
                    if told == Told::Taken {
                        self.place = Place::At(number + 1);
                        table.has_more = true;
                    }
                    told
                }
                Next::Reports { end, is_all } => {
                    table.has_more |= !is_all;
                    let (reports, balances) = (&table.scratch.reports, &table.scratch.balances);
                    let (items, update) = match self.of {
                        Of::Executions => (reports.len(), Update::Executions(reports)),
                        Of::Balances => (balances.len(), Update::Balances(balances)),
                    };
                    if items == 0 {
                        // Nothing of that was for this one; there may be more behind it.
                        self.place = Place::At(end);
                        continue;
                    }
                    let is_taken = take(update);
                    let told = table.told(items, is_taken);
                    if told == Told::Taken {
                        self.place = Place::At(end);
                    }
                    told
                }
                Next::Behind(lost, _) | Next::Gap(lost, _)
                    if self.behind == Behind::End && matches!(self.place, Place::At(_)) =>
                {
                    table.end(Ended::Slow { from: lost.from.0 }, take)
                }
                Next::Behind(lost, place) => {
                    let told = table.gap(lost.from.0, lost.to.0, take);
                    if told == Told::Taken {
                        self.place = place;
                        if matches!(self.place, Place::BeforeStart { .. }) {
                            ask(table, self.account);
                        }
                    }
                    told
                }
                Next::AskAgain(end) => {
                    ask(table, self.account);
                    let Place::BeforeStart { number, .. } = &mut self.place else {
                        unreachable!("only a start is asked for again")
                    };
                    *number = end;
                    Told::Nothing
                }
                Next::Gap(lost, place) => {
                    let told = table.gap(lost.from.0, lost.to.0, take);
                    if told == Told::Taken {
                        self.place = place;
                    }
                    told
                }
            };
            return told;
        }
    }

    fn look(&self, table: &mut Table) -> Next {
        let most = table.items_max();
        let Table { hub, scratch, .. } = table;
        let plane = hub.plane();
        let Some(ring) = plane.accounts().ring(self.account) else { return Next::Nothing };
        match self.place {
            Place::BeforeAll { missed_from } => match hub.accounts.all_begun() {
                None => Next::Nothing,
                // Nothing was missed: there is no such record yet.
                Some(begun) if begun < missed_from => self.collect(ring, 0, most, scratch),
                Some(begun) => Next::Gap(Lost { from: missed_from, to: begun }, Place::At(0)),
            },
            Place::BeforeStart { number, .. } => {
                let first = ring.from(number).map_or_else(|(_, first)| first, |_| number);
                let entries = ring.from(first).expect("it is remembered");
                let is_forgotten = first != number;
                let start = entries.zip(first..).find_map(|(entry, number)| match entry {
                    Entry::Start(start) => Some(Next::Start(start.clone(), number)),
                    _ => None,
                });
                start.unwrap_or(if is_forgotten { Next::AskAgain(ring.end()) } else { Next::Nothing })
            }
            Place::At(number) => self.collect(ring, number, most, scratch),
        }
    }

    /// Copies what is next, up to a bound.
    fn collect(&self, ring: &Ring, number: u64, most: usize, scratch: &mut Scratch) -> Next {
        let (reports, balances) = (&mut scratch.reports, &mut scratch.balances);
        reports.clear();
        balances.clear();
        let entries = match ring.from(number) {
            Ok(entries) => entries,
            Err((lost, first)) => return Next::Behind(lost, self.behind_gap(first, ring.end())),
        };
        let mut end = number;
        for entry in entries {
            match (entry, self.of) {
                (&Entry::Lost(lost), _) if end == number => {
                    return Next::Gap(lost, self.behind_gap(end + 1, end + 1));
                }
                (Entry::Lost(_), _) => break,
                (Entry::Execution(report), Of::Executions) => reports.push(report.clone()),
                (Entry::Balance(balance), Of::Balances) => balances.push(*balance),
                _ => {}
            }
            end += 1;
            if reports.len() + balances.len() == most {
                break;
            }
        }
        let is_all = end == ring.end();
        if end == number { Next::Nothing } else { Next::Reports { end, is_all } }
    }

    /// Where it goes on behind a gap: executions with what is remembered, an account's balances with all of them.
    fn behind_gap(&self, next: u64, end: u64) -> Place {
        match (self.account, self.of) {
            (Some(_), Of::Balances) => Place::BeforeStart { number: end, missed_from: None },
            _ => Place::At(next),
        }
    }
}

/// Has its sequencer tell what an account is.
fn ask(table: &Table, account: Option<AccountId>) {
    table.hub.accounts.ask(&table.hub, account, true);
}
