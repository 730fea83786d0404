//! Ten thousand random sessions, command by command on the core and on the oracle. A failing one is shrunk to
//! the shortest that still fails, and printed as a trader would tell it.

mod session;

use proptest::test_runner::TestCaseError;
use session::Session;

#[test]
fn core_and_oracle_agree_on_everything_they_say() {
    session::run(10_000, |session: &Session| session.play(|_, _| {}).map_err(TestCaseError::fail))
        .unwrap_or_else(|failure| panic!("{failure}"));
}
