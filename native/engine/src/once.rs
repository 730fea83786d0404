//! Administrative calls with a request id are done at most once.
//!
//! They have no account whose sequencer would remember them, so the engine does, by the same rule: a window of
//! numbers up to the highest seen, each with its answer. (Accounts' requests: `lightning_core::window`.)

use std::collections::BTreeMap;

use lightning_core::reject::Code;
use lightning_core::window::WINDOW;
use serde_json::Value;

use crate::refusal::Refusal;

/// The administrative calls that are remembered.
#[derive(Debug, Default)]
pub(crate) struct Once {
    highest: u64,
    answers: BTreeMap<u64, (u64, Result<Value, Refusal>)>,
}

impl Once {
    /// The answer to a number that was used before, or none if it is new.
    ///
    /// # Errors
    /// The original refusal; `REQUEST_ID_CONFLICT` if the words differ; `REQUEST_ID_TOO_OLD` below the window.
    pub(crate) fn recall(&self, number: u64, fingerprint: u64) -> Result<Option<Value>, Refusal> {
        if let Some((first, answer)) = self.answers.get(&number) {
            if *first != fingerprint {
                return Err(Refusal::field(
                    Code::RequestIdConflict,
                    "requestId",
                    format!("request id {number} was used for a different request"),
                ));
            }
            return answer.clone().map(Some);
        }
        if number + WINDOW <= self.highest {
            let message = format!("request id {number} is below the last {WINDOW}");
            return Err(Refusal::field(Code::RequestIdTooOld, "requestId", message));
        }
        Ok(None)
    }

    /// Remembers an answer.
    pub(crate) fn remember(&mut self, number: u64, fingerprint: u64, answer: Result<Value, Refusal>) {
        self.highest = self.highest.max(number);
        self.answers.insert(number, (fingerprint, answer));
        let base = (self.highest + 1).saturating_sub(WINDOW);
        self.answers = self.answers.split_off(&base);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_answered_once_and_the_same_for_ever() {
        let mut once = Once::default();
        assert_eq!(once.recall(5, 1), Ok(None));
        once.remember(5, 1, Ok(Value::from("done")));
        assert_eq!(once.recall(5, 1), Ok(Some(Value::from("done"))));
        assert_eq!(once.recall(5, 2).unwrap_err().code, Code::RequestIdConflict);
        once.remember(5 + WINDOW, 1, Ok(Value::Null));
        assert_eq!(once.recall(5, 1).unwrap_err().code, Code::RequestIdTooOld);
        assert_eq!(once.recall(6, 1), Ok(None));
    }
}
