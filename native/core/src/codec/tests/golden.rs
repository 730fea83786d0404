//! The bytes of every example, as they have always been. Journals are kept for years: what was written once can be
//! read for ever.

use std::collections::BTreeSet;

use super::dice::{Dice, Drawn, random};
use super::examples::examples;
use super::layout::all_variants;
use crate::codec::record::{KINDS, draw};
use crate::codec::{VERSION, decode_record, encoded, kind_of};
use crate::message::Outcome;

/// Kind, version, bytes and name, one example a line.
const GOLDEN: &str = include_str!("golden.txt");

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("ASCII"));
    digits.map(|pair| u8::from_str_radix(pair, 16).expect("hex digits")).collect()
}

#[test]
fn the_bytes_of_every_example_are_what_they_were() {
    let mut known: Vec<&str> = GOLDEN.lines().collect();
    let mut missing = Vec::new();
    for (name, recorded) in examples() {
        let record = recorded.as_record();
        let (kind, body) = (kind_of(&record), encoded(&record));
        let line = format!("{kind} {VERSION} {} {name}", hex(&body));
        let named = |line: &&str| {
            let mut words = line.splitn(4, ' ');
            words.next() == Some(&kind.to_string()) && words.nth(2) == Some(name)
        };
        let Some(at) = known.iter().position(named) else {
            missing.push(line);
            continue;
        };
        let golden = known.remove(at);
        assert_eq!(
            golden, line,
            "\nthe bytes of {name:?} (kind {kind}) have changed: journals that were written before can't be read any \
             more. What is written must not change; another layout is another kind, and the old one stays. (golden.txt \
             is append-only.)"
        );
        let mut words = golden.split(' ').skip(1);
        let version: u8 = words.next().and_then(|word| word.parse().ok()).expect("a version");
        let back =
            decode_record(kind, version, &from_hex(words.next().expect("bytes"))).expect("it was written");
        assert_eq!(format!("{back:?}"), format!("{recorded:?}"), "{name:?} is read as something else");
    }
    assert!(missing.is_empty(), "add to the end of golden.txt:\n{}", missing.join("\n"));
    assert!(known.is_empty(), "examples that were there have gone: {known:#?}");
}

/// The words of a value as it is shown.
fn words_of(text: &str, words: &mut BTreeSet<String>) {
    let word =
        |text: &str| text.chars().all(|c| c.is_ascii_alphabetic()) && text.starts_with(char::is_uppercase);
    words.extend(
        text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|text| word(text)).map(str::to_owned),
    );
}

#[test]
fn every_kind_and_every_variant_has_an_example() {
    let mut words = BTreeSet::new();
    let mut kinds = BTreeSet::new();
    for (_, recorded) in examples() {
        kinds.insert(kind_of(&recorded.as_record()));
        words_of(&format!("{recorded:?}"), &mut words);
    }
    assert_eq!(kinds, KINDS.iter().map(|kind| kind.0).collect(), "kinds without an example");
    let variants = all_variants();
    let missing: Vec<_> = variants.iter().filter(|variant| !words.contains(*variant)).collect();
    assert!(variants.len() > 60 && missing.is_empty(), "variants without an example: {missing:?}");
}

#[test]
fn the_dice_reach_every_variant() {
    let mut state = 0x0dd0_15ea_5eed_1e55_u64;
    let (mut words, mut rounds) = (BTreeSet::new(), 0);
    while rounds < 3_000 {
        let entropy: Vec<u8> = (0..1_000).map(|_| random(&mut state).to_le_bytes()[4]).collect();
        let mut dice = Dice::new(&entropy);
        words_of(&format!("{:?}", draw(rounds % KINDS.len(), &mut dice)), &mut words);
        words_of(&format!("{:?}", Outcome::draw(&mut dice)), &mut words);
        rounds += 1;
    }
    let variants = all_variants();
    let missing: Vec<_> = variants.iter().filter(|variant| !words.contains(*variant)).collect();
    assert!(missing.is_empty(), "never drawn: {missing:?}");
}
