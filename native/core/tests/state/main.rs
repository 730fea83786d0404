//! The state as bytes: what is saved is loaded again, on whatever shards, and goes on as if nothing had been.
//!
//! [`saved`] saves and loads what records lead to, after any of them; [`going_on`] lets a live exchange and its copy
//! on other shards go on with the same commands; [`hostile`] loads what nobody saved; [`golden`] knows what the bytes
//! have always been; [`measure`] says what it costs.

#[path = "../fold/journal.rs"]
#[expect(dead_code, reason = "other tests describe what a journal names")]
mod journal;
#[path = "../rules/random.rs"]
mod random;
#[path = "../fold/world.rs"]
#[expect(dead_code, reason = "other tests look at what each record led to")]
mod world;

mod bytes;
mod going_on;
mod hostile;
mod measure;
mod saved;
mod serial;
