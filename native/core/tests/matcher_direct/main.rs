//! The matcher, driven with orders that nobody but the test has admitted: the rules of docs/SEMANTICS.md, one by
//! one, and random flow through two books that must never differ.

mod batches;
mod desk;
mod fees;
mod flow;
mod lifecycle;
mod matching;
mod triggers;

use lightning_core::book::PriceTimeBook;
use lightning_core::fees::FeeMode;
use lightning_core::rules::SymbolRules;

fn desk() -> desk::Desk<PriceTimeBook> {
    desk::Desk::with(FeeMode::Received, SymbolRules::default())
}
