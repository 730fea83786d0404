//! The journal from outside, over a disk in memory that fails and crashes, over real files, and over old ones.

mod basics;
mod directory;
mod faults;
mod golden;
mod reading;
mod refusals;
mod snapshots;
mod starting;
mod support;
