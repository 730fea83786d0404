//! The rules of the exchange, one test each, and random operations against the simplest thing that works.
//!
//! Sessions a trader would understand, in the language of [`script`], a file for each topic of
//! docs/SEMANTICS.md: how orders trade ([`priority`], [`sweep`], [`market_by_quantity`], [`market_by_quote`],
//! [`time_in_force`], [`post_only`], [`protection_and_budget`], [`iceberg`], [`stp`], [`fees`]), what they wait
//! for ([`stops`], [`trailing`], [`trigger_cascades`], [`oco`], [`expiry`]), what is done to them ([`cancel`],
//! [`amend`], [`cancel_replace`], [`mass_cancel`], [`dead_man`], [`test_order`], [`history`]), what forbids them
//! ([`statuses`], [`bands_and_limits`], [`open_order_cap`], [`order_of_checks`], [`refusals`]), and money
//! ([`funds`], [`accounts`], [`transfers_and_holds`], [`request_ids`], [`ledger`]). [`random_sessions`] plays
//! thousands that nobody thought of. [`book_properties`], [`ledger_properties`] and [`spec_properties`] take
//! the parts by themselves. One crate, because the runner is shared and linking it a dozen times is slow.

#[path = "../fold/journal.rs"]
mod journal;
mod random;
#[path = "../fold/same.rs"]
mod same;
mod script;
mod script_language;

mod accounts;
mod amend;
mod bands_and_limits;
mod cancel;
mod cancel_replace;
mod dead_man;
mod expiry;
mod fees;
mod funds;
mod history;
mod iceberg;
mod ledger;
mod market_by_quantity;
mod market_by_quote;
mod mass_cancel;
mod oco;
mod open_order_cap;
mod order_of_checks;
mod post_only;
mod priority;
mod protection_and_budget;
mod refusals;
mod request_ids;
mod statuses;
mod stops;
mod stp;
mod sweep;
mod test_order;
mod time_in_force;
mod trailing;
mod transfers_and_holds;
mod trigger_cascades;

mod book_properties;
mod ledger_properties;
mod random_sessions;
mod spec_properties;
