//! The rules of the exchange, one test each, and random operations against the simplest thing that works.
//!
//! Sessions a trader would understand, in the language of [`script`]: [`priority`], [`sweep`], [`cancel`],
//! [`market_by_quantity`], [`market_by_quote`], [`funds`], [`open_order_cap`]; [`random_sessions`] plays
//! thousands that nobody thought of. [`book_properties`], [`ledger_properties`] and [`spec_properties`] take
//! the parts by themselves. One crate, because the runner is shared and linking it a dozen times is slow.

mod random;
mod script;

mod cancel;
mod funds;
mod market_by_quantity;
mod market_by_quote;
mod open_order_cap;
mod priority;
mod script_language;
mod sweep;

mod book_properties;
mod ledger_properties;
mod random_sessions;
mod spec_properties;
