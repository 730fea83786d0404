//! Clients: what they ask, and how each of them behaves.

use std::collections::{BTreeMap, VecDeque};

use lightning_core::message::{Command, Request, RequestId};
use lightning_core::types::{AccountId, SymbolId, Ticket, Timestamp};

use super::World;
use super::promises::Known;
use super::shards::ToHome;
use crate::laws::Notebook;
use crate::rng::{Dice, Rng};
use crate::workload::{Action, Workload};

pub(super) struct Client {
    pub(super) account: AccountId,
    pub(super) todo: VecDeque<Action>,
    /// Questions and repeats, and what was not answered before the machine died.
    pub(super) again: VecDeque<Again>,
    /// How many commands it has under way at most.
    pub(super) window: usize,
    pub(super) under_way: usize,
    /// For one that waits for each answer and checks its balances by them.
    pub(super) notebook: Option<Notebook>,
    /// Asks about once in so many answers whether the effects are there; never for 0.
    pub(super) doubts: u64,
    /// Gives once in so many commands a request id; never for 0.
    pub(super) numbers: u64,
    pub(super) last_number: u64,
}

/// What a client sends besides what it has to do.
#[derive(Clone)]
pub(super) struct Again {
    pub(super) request: Request,
    pub(super) id: Option<RequestId>,
    /// A question or a repeat, which is not counted.
    pub(super) aside: bool,
}

impl Again {
    /// A question.
    pub(super) fn ask(request: Request) -> Self {
        Self { request, id: None, aside: true }
    }

    /// A repeat.
    pub(super) fn repeat(request: Request, id: RequestId) -> Self {
        Self { request, id: Some(id), aside: true }
    }
}

/// A command that is to be answered.
pub(super) struct Asked {
    pub(super) client: usize,
    pub(super) request: Request,
    pub(super) id: Option<RequestId>,
    pub(super) issued: u64,
    pub(super) fate: Fate,
    /// A question or a repeat, which is not counted.
    pub(super) aside: bool,
    /// For a question about an order: what was known of it when it was asked.
    pub(super) known: Option<Known>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Waits,
    Answered,
    /// The machine died before it was answered, or before anybody could see the answer.
    Lost,
}

impl World<'_, '_> {
    pub(super) fn issue_next(&mut self, at: usize) {
        let client = &mut self.clients[at];
        if let Some(again) = client.again.pop_front() {
            client.under_way += usize::from(!again.aside);
            return self.issue(at, again.request, again.id, again.aside);
        }
        let action = client.todo.pop_front().expect("something to do");
        self.issued += 1;
        self.say(|| format!("client {at}: {action:?}"));
        let request = action.request(&self.ids, Timestamp(self.now)).expect("not the operator's");
        let client = &mut self.clients[at];
        if symbol_of(&request).is_some_and(|symbol| self.notes.removed.contains(&symbol)) {
            return; // The edge does not know it any more.
        }
        client.under_way += 1;
        let id =
            (client.numbers > 0 && self.rng.one_in(client.numbers)).then(|| draw_id(client, &mut self.rng));
        if let Some(id) = id
            && client.notebook.is_none()
            && self.rng.one_in(2)
        {
            // Once more, or for something else, or only to ask: at once, or after others.
            let again = match self.rng.below(8) {
                0 => (request.clone(), RequestId { fingerprint: id.fingerprint + 1, ..id }),
                1 => (Request::Recall { account: client.account }, id),
                2 => (Request::Recall { account: client.account }, RequestId { number: id.number + 7, ..id }),
                _ => (request.clone(), id),
            };
            client.again.push_back(Again::repeat(again.0, again.1));
        }
        self.issue(at, request, id, false);
    }

    pub(super) fn issue(&mut self, client: usize, request: Request, id: Option<RequestId>, aside: bool) {
        let ticket = Ticket(self.tickets.len() as u64);
        let known = match request {
            Request::Order { order } => Some(self.promises.known.get(&order).copied().unwrap_or_default()),
            _ => None,
        };
        let account = self.clients[client].account;
        let (issued, fate) = (self.step, Fate::Waits);
        self.tickets.push(Asked { client, request: request.clone(), id, issued, fate, aside, known });
        let home = self.shards.home(account);
        let command = Command { ticket, request_id: id.map(Box::new), request };
        self.shards.sequencers[home].commands.push_back(ToHome::Command(command));
    }

    pub(super) fn asked(&self, ticket: Ticket) -> &Asked {
        &self.tickets[usize::try_from(ticket.0).expect("a ticket of ours")]
    }
}

/// One client per account that gives commands, each with its own manners; and what the operator does.
/// `keeps_count`: machines may die, and whoever checks its balances by the answers must know what was done.
pub(super) fn clients(
    workload: &Workload,
    keeps_count: bool,
    rng: &mut Rng,
) -> (Vec<Client>, VecDeque<(u64, Action)>) {
    let mut todo: BTreeMap<AccountId, VecDeque<Action>> = BTreeMap::new();
    let mut operator = VecDeque::new();
    let mut place = 0;
    for action in &workload.actions {
        let spoils = match action {
            // Whose balances must add up to their answers, nobody sends anything, and no order of theirs rests.
            Action::Transfer(_, to, ..) => workload.solo.contains(to),
            Action::Place(order) => workload.solo.contains(&order.account) && !order.is_immediate(),
            _ => false,
        };
        if spoils {
            continue;
        }
        match action.account() {
            Some(account) => todo.entry(account).or_default().push_back(action.clone()),
            None => operator.push_back((place, action.clone())),
        }
        place += 1;
    }
    let doubts = *rng.pick(&[0, 1, 3]);
    let clients = todo
        .into_iter()
        .map(|(account, todo)| {
            let is_solo = workload.solo.contains(&account);
            Client {
                account,
                todo,
                again: VecDeque::new(),
                window: if is_solo { 1 } else { *rng.pick(&[1, 2, 8, usize::MAX]) },
                under_way: 0,
                notebook: is_solo.then(Notebook::default),
                doubts,
                numbers: if is_solo && keeps_count { 1 } else { *rng.pick(&[0, 1, 2, 4]) },
                last_number: 0,
            }
        })
        .collect();
    (clients, operator)
}

/// A request id: mostly the next one, sometimes one that was left out, or one far ahead.
pub(super) fn draw_id(client: &mut Client, rng: &mut Rng) -> RequestId {
    let step = match rng.below(40) {
        0 => 1_020,
        1..=4 => 3,
        _ => 1,
    };
    client.last_number += step;
    let lane = u32::try_from(rng.below(2)).expect("small");
    RequestId { lane, number: client.last_number, fingerprint: rng.below(1 << 40) }
}

/// The symbol that the edge has to know for a request.
pub(super) fn symbol_of(request: &Request) -> Option<SymbolId> {
    match request {
        Request::Place(order) | Request::Test(order) => Some(order.symbol),
        Request::PlaceOco(legs) => Some(legs[0].symbol),
        Request::Replace(replace) => Some(replace.new.symbol),
        Request::Amend { symbol, .. } | Request::CollectFees { symbol, .. } => Some(*symbol),
        Request::Cancel { symbol, .. } => *symbol,
        Request::CancelAll { filter, .. } => filter.symbol,
        _ => None,
    }
}
