//! What a sequencer must make of each command that has a request id.

use std::collections::BTreeMap;

use lightning_core::message::{Outcome, Reply, RequestId};
use lightning_core::reject::Code;
use lightning_core::types::{AccountId, Ticket, Timestamp};
use lightning_core::window::WINDOW;

/// Request ids by their definition (docs/SEMANTICS.md, section 10): all numbers ever, and the highest of each lane.
#[derive(Debug, Default)]
pub struct Requests {
    lanes: BTreeMap<(AccountId, u32), Lane>,
    expected: BTreeMap<Ticket, Expected>,
    /// The answers to those that ran.
    answers: BTreeMap<Ticket, Answer>,
}

#[derive(Debug, Default)]
struct Lane {
    highest: u64,
    /// What words each number was first used for, and by whom.
    seen: BTreeMap<u64, (u64, Ticket)>,
}

#[derive(Clone, Copy, Debug)]
enum Expected {
    /// It runs.
    First(AccountId, RequestId),
    /// It is answered like that one.
    Repeat(Ticket),
    /// It is refused.
    Refused(Code),
    /// There is nothing to recall.
    NotSeen,
}

/// What a repeat must say.
#[derive(Debug)]
enum Answer {
    /// The same to the last word.
    Given(String),
    /// The same, as far as the log tells.
    Told(Said),
}

/// What an answer says, without the figures that depend on what had happened elsewhere by then: a balance, a number
/// of open orders.
#[derive(Clone, Debug)]
pub struct Said {
    what: String,
    /// What not every source of it knows.
    detail: Option<String>,
    /// When it was decided, where that is known: a repetition says it, too, so it must follow from the log alone.
    at: Option<Timestamp>,
}

impl Said {
    /// What an outcome says.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Self {
        let (what, detail) = match outcome {
            Outcome::BalanceChanged { asset, .. } => (format!("a balance of {asset:?} changed"), None),
            Outcome::Account(info) => {
                let mut info = info.clone();
                info.open_orders = 0;
                (format!("terms of {:?}", info.account), Some(format!("{info:?}")))
            }
            Outcome::Rejected(reject) => {
                (format!("refused: {:?}", reject.code), Some(format!("{:?}", reject.detail)))
            }
            outcome => (format!("{outcome:?}"), None),
        };
        Self { what, detail, at: None }
    }

    /// A refusal of which only the code is known.
    #[must_use]
    pub fn refused(code: Code) -> Self {
        Self { what: format!("refused: {code:?}"), detail: None, at: None }
    }

    /// Terms of which only the account is known.
    #[must_use]
    pub fn terms(account: AccountId) -> Self {
        Self { what: format!("terms of {account:?}"), detail: None, at: None }
    }

    /// The same, decided at this time.
    #[must_use]
    pub fn at(self, at: Timestamp) -> Self {
        Self { at: Some(at), ..self }
    }

    /// Do they say the same, as far as both know?
    #[must_use]
    pub fn agrees(&self, other: &Self) -> bool {
        let same_detail = match (&self.detail, &other.detail) {
            (Some(detail), Some(other)) => detail == other,
            _ => true,
        };
        let same_time = self.at.is_none() || other.at.is_none() || self.at == other.at;
        self.what == other.what && same_detail && same_time
    }
}

impl Requests {
    /// What must be known of request ids when the log says that these ran, each with whom to answer and what.
    #[must_use]
    pub fn told_again(ran: impl IntoIterator<Item = (AccountId, RequestId, Ticket, Said)>) -> Self {
        let mut requests = Self::default();
        for (account, id, ticket, said) in ran {
            let lane = requests.lanes.entry((account, id.lane)).or_default();
            lane.highest = lane.highest.max(id.number);
            let first = lane.seen.insert(id.number, (id.fingerprint, ticket));
            assert!(first.is_none(), "{account:?} ran {id:?} twice: {ticket:?} and {first:?}");
            requests.answers.insert(ticket, Answer::Told(said));
        }
        requests
    }

    /// Every number that was seen, with whose it is.
    pub fn seen(&self) -> impl Iterator<Item = (AccountId, RequestId)> {
        self.lanes.iter().flat_map(|(&(account, lane), window)| {
            let id = move |(&number, &(fingerprint, _)): (&u64, &_)| RequestId { lane, number, fingerprint };
            window.seen.iter().map(move |seen| (account, id(seen)))
        })
    }

    /// A sequencer takes a command of an existing account; `recalls`: only to ask what became of it.
    pub fn taken(&mut self, ticket: Ticket, account: AccountId, id: &RequestId, recalls: bool) {
        let lane = self.lanes.entry((account, id.lane)).or_default();
        let expected = if id.number + WINDOW <= lane.highest {
            Expected::Refused(Code::RequestIdTooOld)
        } else {
            match lane.seen.get(&id.number) {
                Some((fingerprint, _)) if *fingerprint != id.fingerprint => {
                    Expected::Refused(Code::RequestIdConflict)
                }
                Some((_, first)) => Expected::Repeat(*first),
                None if recalls => Expected::NotSeen,
                None => {
                    lane.highest = lane.highest.max(id.number);
                    lane.seen.insert(id.number, (id.fingerprint, ticket));
                    Expected::First(account, *id)
                }
            }
        };
        self.expected.insert(ticket, expected);
    }

    /// Its account does not exist, before it and after it: nobody remembers it.
    pub fn forget(&mut self, ticket: Ticket, account: AccountId) {
        self.expected.remove(&ticket);
        self.lanes.retain(|lane, _| lane.0 != account);
    }

    /// A command was answered. Panics unless it is the answer that was to be expected. Says whether it was a
    /// repeat.
    pub fn answered(&mut self, reply: &Reply) -> bool {
        let Some(expected) = self.expected.get(&reply.ticket).copied() else {
            assert!(!reply.duplicate, "nobody asked this twice: {reply:?}");
            return false;
        };
        let code = match &reply.outcome {
            Outcome::Rejected(reject) => Some(reject.code),
            _ => None,
        };
        let words = || format!("{:?} {:?} {:?}", reply.outcome, reply.gate, reply.at);
        match expected {
            Expected::First(account, id) => {
                let is_new = !reply.duplicate
                    && !matches!(code, Some(Code::RequestIdTooOld | Code::RequestIdConflict))
                    && !matches!(reply.outcome, Outcome::NotSeen);
                assert!(is_new, "the first of its number was not run: {reply:?}");
                if code == Some(Code::Busy) {
                    // Not used up.
                    let lane = self.lanes.get_mut(&(account, id.lane)).expect("it was used");
                    lane.seen.remove(&id.number);
                } else {
                    self.answers.insert(reply.ticket, Answer::Given(words()));
                }
            }
            Expected::Repeat(first) => {
                assert!(reply.duplicate, "the same request ran twice: {reply:?}");
                let same = match self.answers.get(&first) {
                    Some(Answer::Given(given)) => *given == words(),
                    Some(Answer::Told(said)) => said.agrees(&Said::of(&reply.outcome).at(reply.at)),
                    None => false,
                };
                assert!(same, "a repeat of {first:?} is answered otherwise: {reply:?}");
            }
            Expected::Refused(expected) => {
                assert!(
                    code == Some(expected) && !reply.duplicate,
                    "{expected:?} was to be expected: {reply:?}"
                );
            }
            Expected::NotSeen => {
                assert!(matches!(reply.outcome, Outcome::NotSeen), "there was nothing to recall: {reply:?}");
            }
        }
        matches!(expected, Expected::Repeat(_))
    }

    /// Does a command whose answer is expected repeat one that ran before the last crash?
    #[must_use]
    pub fn repeats_history(&self, ticket: Ticket) -> bool {
        let first = match self.expected.get(&ticket) {
            Some(Expected::Repeat(first)) => first,
            _ => return false,
        };
        matches!(self.answers.get(first), Some(Answer::Told(_)))
    }
}
