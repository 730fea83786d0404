//! The sequencer by itself: commands go in, and hand-made messages where matchers and other sequencers would be.
//!
//! Every step ends with the sequencer's own check of itself (see [`rig`]).

mod rig;

mod amends;
mod history;
mod oco;
mod refusals;
mod replaces;
mod request_ids;
mod sweeps;
mod transfers;
