//! Every value comes back; whatever else the bytes are, they are refused, or are what their value is written as.

use std::fmt::Debug;

use proptest::prelude::*;

use super::dice::{Dice, Drawn, random};
use crate::codec::record::{KINDS, draw};
use crate::codec::{
    Decode, DecodeError, Encode, Malformed, VERSION, decode_record, decoded, encoded, kind_of,
};
use crate::log::Recorded;
use crate::message::{Outcome, Trade, TransferOffer};
use crate::order::Order;

fn entropy() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..1_200)
}

/// A record comes back as it was, and nothing but the whole of it is one.
fn comes_back(recorded: &Recorded) -> Result<Vec<u8>, TestCaseError> {
    let record = recorded.as_record();
    let (kind, body) = (kind_of(&record), encoded(&record));
    let back = decode_record(kind, VERSION, &body);
    prop_assert!(back.is_ok(), "{:?} of {:?}", back, recorded);
    let back = back.unwrap();
    prop_assert_eq!(format!("{:?}", &back), format!("{:?}", recorded));
    prop_assert_eq!(kind_of(&back.as_record()), kind);
    prop_assert_eq!(&encoded(&back.as_record()), &body);
    Ok(body)
}

fn value_comes_back<T: Drawn + Encode + Decode + Debug>(dice: &mut Dice<'_>) -> Result<(), TestCaseError> {
    let value = T::draw(dice);
    let bytes = encoded(&value);
    let back: Result<T, _> = decoded(&bytes);
    prop_assert!(back.is_ok(), "{:?} of {:?}", back, value);
    prop_assert_eq!(format!("{:?}", back.unwrap()), format!("{:?}", &value));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn every_record_comes_back(kind in 0..KINDS.len(), entropy in entropy()) {
        let recorded = draw(kind, &mut Dice::new(&entropy));
        comes_back(&recorded)?;
        // What is owned and what is borrowed say the same.
        prop_assert_eq!(format!("{:?}", Recorded::from(&recorded.as_record())), format!("{:?}", recorded));
    }

    #[test]
    fn every_part_of_the_state_comes_back(entropy in entropy()) {
        let mut dice = Dice::new(&entropy);
        value_comes_back::<Outcome>(&mut dice)?;
        value_comes_back::<Order>(&mut dice)?;
        value_comes_back::<Trade>(&mut dice)?;
        value_comes_back::<TransferOffer>(&mut dice)?;
    }
}

/// Bytes that somebody else wrote: refused, or the very bytes that their record is written as.
fn survives(kind: u8, body: &[u8]) -> bool {
    match decode_record(kind, VERSION, body) {
        Ok(recorded) => {
            let record = recorded.as_record();
            assert_eq!((kind_of(&record), &*encoded(&record)), (kind, body), "{recorded:?}");
            true
        }
        Err(DecodeError::Malformed(Malformed { at, .. })) => {
            assert!(at <= body.len());
            false
        }
        Err(other) => panic!("kind {kind}: {other}"),
    }
}

/// Changes a record's bytes here and there.
fn spoil(body: &mut Vec<u8>, other: &[u8], state: &mut u64) {
    for _ in 0..=random(state) % 3 {
        let at = if body.is_empty() { 0 } else { below(state, body.len()) };
        match random(state) % 7 {
            0 if !body.is_empty() => body[at] = random(state).to_le_bytes()[0],
            1 if !body.is_empty() => body[at] ^= 1 << (random(state) % 8),
            2 if !body.is_empty() => body[at] = if body[at] == 0 { u8::MAX } else { 0 },
            3 => body.insert(at, random(state).to_le_bytes()[0]),
            4 if !body.is_empty() => drop(body.remove(at)),
            // A count, or a number, as large as can be.
            5 if body.len() >= at + 4 => body[at..at + 4].fill(u8::MAX),
            _ => {
                // A piece of another record in its place.
                let from = below(state, other.len().max(1)).min(other.len());
                let length = below(state, 24).min(other.len() - from);
                let until = (at + length).min(body.len());
                body.splice(at..until, other[from..from + length].iter().copied());
            }
        }
    }
}

fn below(state: &mut u64, bound: usize) -> usize {
    usize::try_from(random(state) % bound as u64).expect("below a usize")
}

#[test]
fn no_bytes_are_taken_for_what_they_are_not() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let (mut cases, mut taken, mut refused) = (0_u32, 0_u32, 0_u32);
    let mut before = Vec::new();
    while cases < 200_000 {
        let entropy: Vec<u8> =
            (0..below(&mut state, 1_200)).map(|_| random(&mut state).to_le_bytes()[2]).collect();
        let recorded = draw(below(&mut state, KINDS.len()), &mut Dice::new(&entropy));
        let record = recorded.as_record();
        let (kind, body) = (kind_of(&record), encoded(&record));
        for length in 0..body.len() {
            assert!(!survives(kind, &body[..length]), "{length} bytes of {recorded:?}");
            cases += 1;
        }
        let mut longer = body.clone();
        longer.push(random(&mut state).to_le_bytes()[0]);
        assert!(!survives(kind, &longer), "a byte behind {recorded:?}");
        for _ in 0..40 {
            let mut spoiled = body.clone();
            spoil(&mut spoiled, &before, &mut state);
            let kind = if random(&mut state).is_multiple_of(10) {
                KINDS[below(&mut state, KINDS.len())].0
            } else {
                kind
            };
            if survives(kind, &spoiled) {
                taken += 1
            } else {
                refused += 1
            }
            cases += 1;
        }
        before = body;
    }
    assert!(taken > 1_000 && refused > 10_000, "{taken} taken, {refused} refused: nothing is proven");
}

#[test]
fn noise_is_survived() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..100_000 {
        let noise: Vec<u8> = (0..below(&mut state, 200))
            .map(|_| random(&mut state).to_le_bytes()[1] & if state.is_multiple_of(3) { 1 } else { u8::MAX })
            .collect();
        survives(KINDS[below(&mut state, KINDS.len())].0, &noise);
        let outcome: Result<Outcome, _> = decoded(&noise);
        if let Ok(outcome) = outcome {
            assert_eq!(encoded(&outcome), noise);
        }
    }
}

#[test]
fn what_is_newer_is_said_to_be() {
    for kind in 0..=u8::MAX {
        let known = KINDS.iter().any(|each| each.0 == kind);
        for version in [0, VERSION, VERSION + 1, u8::MAX] {
            let error = decode_record(kind, version, &[]).map(drop);
            match (known, version == VERSION) {
                (false, _) => assert_eq!(error, Err(DecodeError::UnknownKind { kind })),
                (true, false) => assert_eq!(error, Err(DecodeError::UnknownVersion { kind, version })),
                (true, true) => {
                    assert!(matches!(error, Err(DecodeError::Malformed(_))), "kind {kind} of nothing")
                }
            }
        }
    }
    assert!(!KINDS.iter().any(|each| each.0 == 0), "zero is no kind");
}

#[test]
fn a_count_is_not_believed() {
    // An Operator record that says it is 4 GiB long.
    let operator = KINDS.iter().find(|each| each.1 == "Operator").unwrap().0;
    let mut body = vec![1, 7, 0, 0, 0];
    body.extend([u8::MAX; 4]);
    let malformed = Malformed { at: 5, what: "a list longer than its bytes" };
    let error = decode_record(operator, VERSION, &body).unwrap_err();
    assert_eq!(error, DecodeError::Malformed(malformed));
    assert_eq!(error.to_string(), "a record that is malformed at byte 5: a list longer than its bytes");
}
