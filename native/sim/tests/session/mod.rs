//! Random sessions that shrink: every command is made of its own few numbers, independent of every other, so
//! that proptest may drop commands and lower numbers one by one, and what is left is a story of a few lines.

use std::fmt;

use lightning_sim::check;
use lightning_sim::coverage::Coverage;
use lightning_sim::duel::Duel;
use lightning_sim::inline::Effects;
use lightning_sim::rng::Words;
use lightning_sim::workload::{Action, Setup, admissible, draw_action, draw_setup, draw_swarm, opening};
use proptest::array::uniform32;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

/// Another seed than the usual one: `SIM_SESSIONS=2 cargo test -p lightning-sim`.
const SEED_VARIABLE: &str = "SIM_SESSIONS";

/// Most commands of a session.
const LENGTH: usize = 120;

/// A market and what happens in it, as raw numbers.
#[derive(Clone)]
pub(crate) struct Session {
    /// What the market is like.
    market: Vec<u16>,
    /// What kind of trouble it is.
    mood: Vec<u16>,
    /// Who starts with what.
    funds: Vec<u16>,
    commands: Vec<[u16; 32]>,
}

impl Session {
    /// The commands. What the edge would not let through is not among them.
    pub(crate) fn actions(&self) -> (Setup, Vec<Action>) {
        let setup = draw_setup(&mut Words(&self.market));
        let swarm = draw_swarm(&mut Words(&self.mood));
        let mut actions = opening(&setup, &swarm, &mut Words(&self.funds));
        let drawn = self.commands.iter().map(|words| draw_action(&setup, &swarm, &[], &mut Words(words)));
        actions.extend(drawn.filter(|action| admissible(&setup, action)));
        (setup, actions)
    }

    /// Plays it. Says which command broke what, if one did; `watch` sees each command and what the core said,
    /// and may panic as well.
    pub(crate) fn play(&self, mut watch: impl FnMut(&mut Duel, &Effects)) -> Result<Coverage, String> {
        let (setup, actions) = self.actions();
        let mut duel = Duel::new(&setup);
        for (at, action) in actions.iter().enumerate() {
            check::catch(|| {
                let effects = duel.step(action);
                watch(&mut duel, &effects);
            })
            .map_err(|message| format!("at command {}, `{action:?}`: {message}", at + 1))?;
        }
        check::catch(|| duel.finish())?;
        Ok(duel.coverage)
    }
}

/// The session as it is read by people.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (setup, actions) = self.actions();
        write!(f, "{setup}")?;
        for (at, action) in actions.iter().enumerate() {
            writeln!(f, "  {:>3}. {action:?}", at + 1)?;
        }
        Ok(())
    }
}

fn session() -> impl Strategy<Value = Session> {
    let words = |length| vec(any::<u16>(), length);
    // The commands first: a market is easier to read when little happens in it.
    (vec(uniform32(any::<u16>()), 1..LENGTH), words(128), words(64), words(256))
        .prop_map(|(commands, market, mood, funds)| Session { market, mood, funds, commands })
}

/// A claim about sessions that was found to be wrong.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The shortest session that shows it.
    pub(crate) session: Session,
    /// What it shows.
    pub(crate) reason: String,
    seed: u8,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { session, reason, seed } = self;
        write!(
            f,
            "{reason}\nshortest session:\n{session:?}reproduce: {SEED_VARIABLE}={seed} cargo test -p lightning-sim"
        )
    }
}

/// Holds a claim against so many random sessions: always the same ones, unless another seed is asked for.
pub(crate) fn run(
    cases: u32,
    claim: impl Fn(&Session) -> Result<(), TestCaseError>,
) -> Result<(), Box<Failure>> {
    let seed = std::env::var(SEED_VARIABLE).map_or(1, |text| text.parse().expect("a seed from 0 to 255"));
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 50_000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]));
    match runner.run(&session(), |session| claim(&session)) {
        Ok(()) => Ok(()),
        Err(TestError::Fail(reason, session)) => {
            Err(Box::new(Failure { session, reason: reason.to_string(), seed }))
        }
        Err(TestError::Abort(reason)) => panic!("no sessions to be had: {reason}"),
    }
}
