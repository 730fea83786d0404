//! The engine with a journal: what was answered is there again, whatever happened in between.

mod again;
mod directories;
mod failures;
mod gates;
mod held;
mod rig;
mod snapshots;
