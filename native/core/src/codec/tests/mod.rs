//! Proofs about bytes.

pub(crate) mod dice;
mod document;
mod examples;
mod golden;
pub(crate) mod layout;
mod round_trip;
