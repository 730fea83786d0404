//! The engine through its public handle, the way every front end uses it.

mod concurrency;
mod durability;
mod everything;
mod halt;
mod metrics;
mod streams;
mod support;
