//! The seeded simulator: proof, over many seeds, that the core behaves as an exchange must.
//!
//! Three ways to look at one command list. [`duel`] gives it to the core and to the [`oracle`] command by
//! command and compares everything either of them says. [`inline`] runs it with any number of shards in one
//! thread; the number must not matter. [`world`] runs it as the threaded engine does, only that a seed decides
//! who runs next and which message arrives when; [`laws`] hold after every step, and in the end the recorded
//! log, folded once more ([`fold`]), must have led to the very state that the shards are in.
//!
//! It depends on the core alone and sees only what the core shows to its drivers.

pub mod check;
pub mod coverage;
pub mod crash;
pub mod duel;
pub mod fold;
pub mod inline;
pub mod laws;
pub mod news;
pub mod oracle;
pub mod plain;
pub mod recorder;
pub mod rng;
pub mod workload;
pub mod world;
