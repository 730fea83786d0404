//! The engine through its public handle, the way every front end uses it.

mod concurrency;
mod everything;
mod halt;
mod support;
