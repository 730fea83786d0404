//! Request ids: each number of an account's lane runs at most once.
//!
//! A lane remembers a window of the [`WINDOW`] numbers up to the highest it has seen, with every outcome in it.
//! A number in the window that was seen answers its first outcome again (or that the words differ); one that
//! was not seen runs; a number below the window is refused, never run and never answered "done": a high-water
//! mark would be wrong here, because outcomes may come in another order than the numbers.

use std::collections::BTreeMap;

use crate::codec::{Decode, Encode, Input, Malformed, ensure, wire_struct};
use crate::message::{Outcome, RequestId};
use crate::reject::Code;
use crate::types::{ID_MAX, Lsn, Ticket, Timestamp};

/// Numbers that a lane remembers.
pub const WINDOW: u64 = 1_024;

/// Lanes that an account may use; a number in one more is refused (`INVALID_REQUEST`).
pub const LANES_MAX: usize = 64;

/// An account's lanes. Few are used, so they stand in a list sorted by lane.
#[derive(Debug, Default)]
pub struct Lanes(Vec<(u32, Window)>);

/// What an earlier command of a request id was answered.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The answer.
    pub outcome: Outcome,
    /// What had to be durable for it.
    pub gate: Lsn,
    /// When it was decided.
    pub at: Timestamp,
}

/// What is known of a request id.
#[derive(Debug)]
pub enum Seen {
    /// Nothing: it may run.
    Never,
    /// Its command runs; whoever asked gets the answer too, when it comes.
    Running,
    /// It has been answered.
    Answered(Box<Answered>),
    /// It can't be told or must not be used: the refusal's code.
    Refused(Code),
}

impl Lanes {
    /// Looks a number up and, if it was never seen, uses it: its command runs now, and
    /// [`Self::answer`] must follow.
    pub fn admit(&mut self, id: &RequestId, ticket: Ticket) -> Seen {
        let at = match self.0.binary_search_by_key(&id.lane, |lane| lane.0) {
            Ok(at) => at,
            Err(_) if self.0.len() == LANES_MAX => return Seen::Refused(Code::InvalidRequest),
            Err(at) => {
                self.0.insert(at, (id.lane, Window::default()));
                at
            }
        };
        let window = &mut self.0[at].1;
        let seen = window.look(id, ticket);
        if matches!(seen, Seen::Never) {
            window.start(id);
        }
        seen
    }

    /// Uses a number of which it is known that it ran: its command is told again. Nothing is looked up. It may be below
    /// the window here: records stand in the order of what was decided, not of what was asked.
    ///
    /// # Panics
    /// The number ran before.
    pub fn begin(&mut self, id: &RequestId) {
        let at = match self.0.binary_search_by_key(&id.lane, |lane| lane.0) {
            Ok(at) => at,
            Err(at) => {
                self.0.insert(at, (id.lane, Window::default()));
                at
            }
        };
        let window = &mut self.0[at].1;
        assert!(!window.seen.contains_key(&id.number), "{id:?} runs a second time");
        window.start(id);
    }

    /// Looks a number up without using it. Who asks for one that is running waits for its answer.
    pub fn recall(&mut self, id: &RequestId, ticket: Ticket) -> Seen {
        match self.0.binary_search_by_key(&id.lane, |lane| lane.0) {
            Ok(at) => self.0[at].1.look(id, ticket),
            Err(_) => Seen::Never,
        }
    }

    /// Remembers the answer of a running number; who waits for it is returned.
    pub fn answer(&mut self, lane: u32, number: u64, answered: Answered) -> Vec<Ticket> {
        self.window(lane).answer(number, answered)
    }

    /// Gives a running number back unused: its command did nothing and may be sent again.
    pub fn give_back(&mut self, lane: u32, number: u64) {
        self.window(lane).seen.remove(&number);
    }

    fn window(&mut self, lane: u32) -> &mut Window {
        match self.0.binary_search_by_key(&lane, |lane| lane.0) {
            Ok(at) => &mut self.0[at].1,
            Err(_) => panic!("an answer in lane {lane}, which was never used"),
        }
    }
}

/// One lane's numbers.
#[derive(Debug, Default)]
struct Window {
    /// The highest number seen; zero for none, which no number is.
    highest: u64,
    /// Those seen within the window.
    seen: BTreeMap<u64, Number>,
    /// Those that still ran when the window left them behind: nobody may repeat them (they are too low), but
    /// their answers are owed to who waits.
    left_behind: Vec<(u64, Number)>,
}

#[derive(Debug)]
struct Number {
    fingerprint: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Those that wait for the answer besides who asked first.
    Running(Vec<Ticket>),
    Answered(Box<Answered>),
}

impl Window {
    fn lowest(&self) -> u64 {
        self.highest.saturating_sub(WINDOW - 1)
    }

    fn look(&mut self, id: &RequestId, ticket: Ticket) -> Seen {
        if id.number < self.lowest() {
            return Seen::Refused(Code::RequestIdTooOld);
        }
        match self.seen.get_mut(&id.number) {
            None => Seen::Never,
            Some(number) if number.fingerprint != id.fingerprint => Seen::Refused(Code::RequestIdConflict),
            Some(Number { state: State::Answered(answered), .. }) => Seen::Answered(answered.clone()),
            Some(Number { state: State::Running(waiting), .. }) => {
                waiting.push(ticket);
                Seen::Running
            }
        }
    }

    fn start(&mut self, id: &RequestId) {
        let number = Number { fingerprint: id.fingerprint, state: State::Running(Vec::new()) };
        self.seen.insert(id.number, number);
        self.highest = self.highest.max(id.number);
        let lowest = self.lowest();
        while let Some(first) = self.seen.first_entry()
            && *first.key() < lowest
        {
            let (number, entry) = first.remove_entry();
            if matches!(entry.state, State::Running(_)) {
                self.left_behind.push((number, entry));
            }
        }
    }

    fn answer(&mut self, number: u64, answered: Answered) -> Vec<Ticket> {
        let state = if let Some(at) = self.left_behind.iter().position(|entry| entry.0 == number) {
            self.left_behind.swap_remove(at).1.state
        } else {
            let entry = self.seen.get_mut(&number).expect("an answer is to a number that runs");
            std::mem::replace(&mut entry.state, State::Answered(Box::new(answered)))
        };
        match state {
            State::Running(waiting) => waiting,
            State::Answered(_) => panic!("number {number} was answered twice"),
        }
    }
}

/// A lane as it is saved: without those who wait. Whoever asked before a restart asks again.
struct SavedLane {
    lane: u32,
    highest: u64,
    /// Ascending.
    seen: Vec<SavedNumber>,
    /// Ascending.
    left_behind: Vec<SavedNumber>,
}

wire_struct!(
    SavedLane { lane: u32, highest: u64, seen: Vec<SavedNumber>, left_behind: Vec<SavedNumber> },
    |lane| {
        let lowest = lane.highest.saturating_sub(WINDOW - 1).max(1);
        let is_in = |number: &SavedNumber| (lowest..=lane.highest).contains(&number.number);
        let is_behind = |number: &SavedNumber| (1..lowest).contains(&number.number) && number.answered.is_none();
        ensure(lane.highest <= ID_MAX && lane.seen.iter().all(is_in), "a request outside of its window")?;
        ensure(lane.left_behind.iter().all(is_behind), "a request is left behind that is not")?;
        let ascends = |numbers: &[SavedNumber]| numbers.is_sorted_by(|a, b| a.number < b.number);
        ensure(ascends(&lane.seen) && ascends(&lane.left_behind), "requests are out of order")
    }
);

struct SavedNumber {
    number: u64,
    fingerprint: u64,
    /// None while it runs.
    answered: Option<Box<Answered>>,
}

wire_struct!(SavedNumber { number: u64, fingerprint: u64, answered: Option<Box<Answered>> });

wire_struct!(Answered { outcome: Outcome, gate: Lsn, at: Timestamp });

impl SavedNumber {
    fn of(number: u64, entry: &Number) -> Self {
        let answered = match &entry.state {
            State::Running(_) => None,
            State::Answered(answered) => Some(answered.clone()),
        };
        Self { number, fingerprint: entry.fingerprint, answered }
    }

    fn load(self) -> (u64, Number) {
        let state = self.answered.map_or(State::Running(Vec::new()), State::Answered);
        (self.number, Number { fingerprint: self.fingerprint, state })
    }
}

impl Encode for Lanes {
    fn encode(&self, out: &mut Vec<u8>) {
        let lanes = self.0.iter().map(|(lane, window)| {
            let behind = window.left_behind.iter();
            let mut left_behind: Vec<_> =
                behind.map(|(number, entry)| SavedNumber::of(*number, entry)).collect();
            left_behind.sort_unstable_by_key(|number| number.number);
            let seen = window.seen.iter().map(|(&number, entry)| SavedNumber::of(number, entry)).collect();
            SavedLane { lane: *lane, highest: window.highest, seen, left_behind }
        });
        lanes.collect::<Vec<_>>().encode(out);
    }
}

impl Decode for Lanes {
    fn decode(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let malformed = input.malformed("lanes are out of order, or too many");
        let lanes: Vec<SavedLane> = Vec::decode(input)?;
        if lanes.len() > LANES_MAX || !lanes.is_sorted_by(|a, b| a.lane < b.lane) {
            return Err(malformed);
        }
        let load = |lane: SavedLane| {
            let SavedLane { lane, highest, seen, left_behind } = lane;
            let seen = seen.into_iter().map(SavedNumber::load).collect();
            let left_behind = left_behind.into_iter().map(SavedNumber::load).collect();
            (lane, Window { highest, seen, left_behind })
        };
        Ok(Self(lanes.into_iter().map(load).collect()))
    }
}

impl Lanes {
    /// The lanes and numbers whose commands run.
    pub(crate) fn running_numbers(&self) -> impl Iterator<Item = (u32, u64)> {
        self.0.iter().flat_map(|(lane, window)| {
            let seen = window.seen.iter().filter(|(_, entry)| matches!(entry.state, State::Running(_)));
            let numbers = seen.map(|(&number, _)| number);
            numbers.chain(window.left_behind.iter().map(|entry| entry.0)).map(|number| (*lane, number))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(number: u64) -> RequestId {
        RequestId { lane: 0, number, fingerprint: number * 3 }
    }

    fn answered(gate: u64) -> Answered {
        Answered { outcome: Outcome::NotSeen, gate: Lsn(gate), at: Timestamp(1) }
    }

    fn gate(seen: &Seen) -> Option<u64> {
        match seen {
            Seen::Answered(answered) => Some(answered.gate.0),
            _ => None,
        }
    }

    #[test]
    fn a_number_runs_once_and_answers_for_ever_after() {
        let mut lanes = Lanes::default();
        assert!(matches!(lanes.recall(&id(7), Ticket(1)), Seen::Never));
        assert!(matches!(lanes.admit(&id(7), Ticket(1)), Seen::Never));
        assert!(matches!(lanes.admit(&id(7), Ticket(2)), Seen::Running));
        assert!(matches!(lanes.recall(&id(7), Ticket(3)), Seen::Running));
        assert_eq!(lanes.answer(0, 7, answered(5)), [Ticket(2), Ticket(3)]);
        assert_eq!(gate(&lanes.admit(&id(7), Ticket(4))), Some(5));
        let other = RequestId { fingerprint: 0, ..id(7) };
        assert!(matches!(lanes.admit(&other, Ticket(5)), Seen::Refused(Code::RequestIdConflict)));
        // Lanes are independent.
        assert!(matches!(lanes.admit(&RequestId { lane: 1, ..other }, Ticket(6)), Seen::Never));
    }

    #[test]
    fn a_number_that_was_given_back_runs_again() {
        let mut lanes = Lanes::default();
        lanes.admit(&id(7), Ticket(1));
        lanes.give_back(0, 7);
        assert!(matches!(lanes.admit(&id(7), Ticket(2)), Seen::Never));
    }

    #[test]
    fn a_lane_too_many_is_refused_and_uses_nothing_up() {
        let mut lanes = Lanes::default();
        for lane in 0..64 {
            assert!(matches!(lanes.admit(&RequestId { lane, ..id(1) }, Ticket(1)), Seen::Never));
        }
        let more = RequestId { lane: 64, ..id(1) };
        assert!(matches!(lanes.admit(&more, Ticket(1)), Seen::Refused(Code::InvalidRequest)));
        assert!(matches!(lanes.recall(&more, Ticket(1)), Seen::Never));
        assert!(matches!(lanes.admit(&RequestId { lane: 63, ..id(2) }, Ticket(1)), Seen::Never));
    }

    #[test]
    fn the_window_moves_on_but_owes_what_it_left_behind() {
        let mut lanes = Lanes::default();
        lanes.admit(&id(1), Ticket(1));
        lanes.admit(&id(1), Ticket(2));
        lanes.admit(&id(WINDOW), Ticket(3));
        assert!(matches!(lanes.admit(&id(1), Ticket(4)), Seen::Running), "1 is the window's lowest");
        lanes.admit(&id(WINDOW + 1), Ticket(5));
        assert!(matches!(lanes.admit(&id(1), Ticket(6)), Seen::Refused(Code::RequestIdTooOld)));
        assert!(matches!(lanes.recall(&id(1), Ticket(6)), Seen::Refused(Code::RequestIdTooOld)));
        assert!(matches!(lanes.admit(&id(2), Ticket(7)), Seen::Never));
        assert_eq!(lanes.answer(0, 1, answered(1)), [Ticket(2), Ticket(4)]);
    }

    /// The definition, in as few words: all numbers ever, and the highest.
    #[derive(Default)]
    struct Naive {
        highest: u64,
        ran: BTreeMap<u64, Option<u64>>,
    }

    #[derive(Clone, Debug)]
    enum Step {
        Admit(u64, bool),
        Recall(u64),
        Answer(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        // Mostly around the window's edges, with a jump now and then.
        let number = prop_oneof![1_u64..40, 1_010_u64..1_060, 1_u64..5_000];
        let step = prop_oneof![
            6 => (number.clone(), prop::bool::weighted(0.9)).prop_map(|(n, same)| Step::Admit(n, same)),
            1 => number.prop_map(Step::Recall),
            4 => (0_usize..8).prop_map(Step::Answer),
        ];
        prop::collection::vec(step, 1..60)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]
        #[test]
        fn a_window_is_exact(steps in steps()) {
            let (mut lanes, mut naive) = (Lanes::default(), Naive::default());
            let mut running: Vec<u64> = Vec::new();
            for (n, step) in steps.into_iter().enumerate() {
                let (number, same, uses) = match step {
                    Step::Admit(number, same) => (number, same, true),
                    Step::Recall(number) => (number, true, false),
                    Step::Answer(at) => {
                        if at < running.len() {
                            let number = running.remove(at);
                            naive.ran.insert(number, Some(n as u64));
                            lanes.answer(0, number, answered(n as u64));
                        }
                        continue;
                    }
                };
                let fingerprint = if same { number * 3 } else { 1 };
                let request = RequestId { lane: 0, number, fingerprint };
                let seen = if uses {
                    lanes.admit(&request, Ticket(n as u64))
                } else {
                    lanes.recall(&request, Ticket(n as u64))
                };
                if number + WINDOW <= naive.highest {
                    prop_assert!(matches!(seen, Seen::Refused(Code::RequestIdTooOld)));
                    continue;
                }
                match naive.ran.get(&number) {
                    None => {
                        prop_assert!(matches!(seen, Seen::Never));
                        // A first use with other words is just a use; only one fingerprint is played here.
                        if uses && !same {
                            lanes.give_back(0, number);
                            naive.highest = naive.highest.max(number);
                        } else if uses {
                            naive.ran.insert(number, None);
                            naive.highest = naive.highest.max(number);
                            running.push(number);
                        }
                    }
                    Some(_) if !same => {
                        prop_assert!(matches!(seen, Seen::Refused(Code::RequestIdConflict)));
                    }
                    Some(None) => prop_assert!(matches!(seen, Seen::Running)),
                    Some(Some(at)) => prop_assert_eq!(gate(&seen), Some(*at)),
                }
            }
        }
    }
}
