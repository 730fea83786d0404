//! The exchange told again: what its records lead to, whatever the shards and wherever they end.
//!
//! [`world`] is a live exchange of which nothing is in time: its shards run ahead of each other as a random session
//! has them. [`told_again`] compares it with what its records lead to, record by record and at rest; [`prefixes`] lets
//! the records end anywhere, and goes on from there; [`planted`] changes them and wants to be told. (What scripts
//! write down is told again where they are played: `tests/rules/script/told_again.rs`.)

mod journal;
#[path = "../rules/random.rs"]
mod random;
mod same;
mod world;

mod front_end;
mod planted;
mod prefixes;
mod resume;
mod told_again;
