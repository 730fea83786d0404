//! Lightning's core: balances, order books, matching and settlement as deterministic state machines.
//!
//! Sans-IO: no thread, clock, file, channel or random source. A shard is built, fed one message at a time, and
//! its outbox read; time, order ids and the journal come in with the message ([`log::Context`]). The threaded
//! engine, the inline engine, the simulator and recovery ([`fold`]) all drive this same code.
//!
//! Read in this order: [`message`] (all that can be said), [`matcher`] (how orders trade), [`sequencer`] (how
//! funds are guarded), [`ledger`] and [`book`] (what they stand on), [`types`], [`spec`] and [`limits`].

mod accounts;
pub mod archive;
pub mod book;
pub mod codec;
mod digest;
pub mod events;
pub mod fees;
pub mod fold;
mod history;
pub mod index;
pub mod ledger;
pub mod limits;
pub mod log;
pub mod matcher;
pub mod message;
pub mod order;
mod orders;
pub mod outbox;
pub mod reject;
pub mod rules;
pub mod sequencer;
pub mod shards;
pub mod spec;
pub mod state;
pub mod types;
pub mod window;
