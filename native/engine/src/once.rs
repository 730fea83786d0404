//! Administrative calls with a request id are done at most once.
//!
//! They have no account whose sequencer would remember them, so the engine does, by the same rule: a window of
//! numbers up to the highest seen, each with its answer. (Accounts' requests: `lightning_core::window`.)

use std::collections::BTreeMap;

use lightning_core::log::OperatorKey;
use lightning_core::reject::Code;
use lightning_core::window::WINDOW;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::operator::Fact;
use crate::refusal::Refusal;

/// The administrative calls that are remembered.
#[derive(Debug, Default)]
pub(crate) struct Once {
    highest: u64,
    answers: BTreeMap<u64, (u64, Result<Value, Refusal>)>,
}

/// An answer as it is kept in the journal.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    fingerprint: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ok: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
}

/// An answer, to be kept in the journal.
pub(crate) fn to_fact(number: u64, fingerprint: u64, answer: &Result<Value, Refusal>) -> Fact {
    let (ok, error) = match answer {
        Ok(value) => (Some(value.clone()), None),
        Err(refusal) => (None, Some(refusal.to_json())),
    };
    let body = serde_json::to_vec(&Kept { fingerprint, ok, error }).expect("plain data");
    Fact { key: OperatorKey::Once(number), body }
}

fn from_fact(body: &[u8]) -> Result<(u64, Result<Value, Refusal>), String> {
    let Kept { fingerprint, ok, error } = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    match (ok, error) {
        // Null is an answer, too.
        (ok, None) => Ok((fingerprint, Ok(ok.unwrap_or_default()))),
        (None, Some(error)) => Ok((fingerprint, Err(Refusal::from_json(&error)?))),
        (Some(_), Some(_)) => Err("it is both a yes and a no".to_owned()),
    }
}

impl Once {
    /// What an earlier engine answered.
    ///
    /// # Errors
    /// What is kept is no answer.
    pub(crate) fn from_facts(facts: &BTreeMap<OperatorKey, Vec<u8>>) -> Result<Self, String> {
        let mut once = Self::default();
        for (key, body) in facts {
            if let OperatorKey::Once(number) = *key {
                let (fingerprint, answer) = from_fact(body).map_err(|why| format!("{key:?}: {why}"))?;
                once.remember(number, fingerprint, answer);
            }
        }
        Ok(once)
    }

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

    #[test]
    fn what_is_kept_is_answered_again() {
        let refusal = Refusal::field(Code::SymbolExists, "name", "symbol X exists").with("id", 7);
        let answers = [Ok(Value::from("done")), Ok(Value::Null), Err(refusal)];
        let facts = answers.iter().enumerate().map(|(number, answer)| {
            let Fact { key, body } = to_fact(1 + number as u64, u64::MAX, answer);
            (key, body)
        });
        let once = Once::from_facts(&facts.collect()).unwrap();
        for (number, answer) in answers.into_iter().enumerate() {
            assert_eq!(once.recall(1 + number as u64, u64::MAX), answer.map(Some));
        }
        let conflict = once.recall(1, 0).unwrap_err();
        assert_eq!(conflict.code, Code::RequestIdConflict);
        for bad in
            ["", "{}", r#"{"fingerprint":1,"ok":1,"error":{}}"#, r#"{"fingerprint":1,"error":{"code":"?"}}"#]
        {
            let facts = BTreeMap::from([(OperatorKey::Once(1), bad.as_bytes().to_vec())]);
            assert!(Once::from_facts(&facts).is_err(), "{bad}");
        }
    }
}
