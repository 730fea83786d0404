//! The engine with a journal: what was answered is there again, whatever happened in between.

mod again;
mod directories;
mod failures;
mod gates;
pub(crate) mod held;
mod histories;
pub(crate) mod rig;
mod snapshots;
