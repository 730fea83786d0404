//! A disk that fails where a test wants it to.
//!
//! Loaded with `LD_PRELOAD`, it stands between a process and its C library: calls that touch files below one
//! directory are counted, and chosen ones fail, are cut short, are slow, are lied about, or are the last thing that
//! the process does. Everything else goes through as if this were not there.
//!
//! | variable | what it says |
//! | --- | --- |
//! | `LIGHTNING_FAULTS_DIR` | the directory, absolute and without symbolic links; without it nothing is touched |
//! | `LIGHTNING_FAULTS_CALLS` | which calls are counted, of `open,write,sync,rename,truncate,unlink,read`; default: all but `read` |
//! | `LIGHTNING_FAULTS_FILES` | only calls on files whose path below the directory contains this |
//! | `LIGHTNING_FAULTS_ARMED_BY` | a file: nothing is counted, nothing fails unless it exists |
//! | `LIGHTNING_FAULTS_AT` | the number of the first call that is hit, from 1; default 0: none |
//! | `LIGHTNING_FAULTS_FOR` | how many calls are hit from there on; default 1; `ever` |
//! | `LIGHTNING_FAULTS_HOW` | what happens to them: see [`plan::How`]; default `eio` |
//! | `LIGHTNING_FAULTS_TRACE` | a file that gets a line per counted call; not below the directory |
//!
//! `write` is `write`, `pwrite`; `sync` is `fsync`, `fdatasync`; `open` is `open`, `openat`, `creat`; and so on with
//! their 64-bit names. Linux only, on processors that pass optional arguments like others (x86-64, aarch64): elsewhere
//! the library is empty.

#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]

pub mod calls;
pub mod plan;
mod raw;
mod trace;
