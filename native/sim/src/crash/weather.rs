//! What one seed's machines go through: most kinds of trouble are off in any one seed, and the rest comes often.

use lightning_journal::storage::memory::{Fault, Operation, Settings};
use lightning_journal::{Mode, Retention};

use super::journal::Habits;
use crate::rng::{Dice, Rng};

/// How a machine dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Death {
    /// The power fails between two steps.
    Power,
    /// The power fails at the n-th moment of the disk from now on.
    PowerSoon(u64),
    /// The process is killed.
    Kill,
    /// And what it had written fails to reach the device, behind everybody's back.
    KillAndForget,
    /// The disk fails, which ends the process.
    Fault(Operation, u64, Fault),
    /// The disk fails, and before anybody has noticed the power does.
    FaultAndPower(Operation, u64, Fault),
    /// Nothing finds room any more.
    Full,
    /// The engine is closed.
    Close,
}

/// The weather of a seed.
#[derive(Debug)]
pub(super) struct Weather {
    pub(super) disk: Settings,
    pub(super) habits: Habits,
    pub(super) segment_bytes: u64,
    /// How many lives there are.
    pub(super) lives: u64,
    /// How many shards of a kind machines have, each as likely.
    crowds: &'static [usize],
    /// How many steps lives take, each as likely.
    spans: &'static [(u64, u64)],
    deaths: [u64; 8],
    /// Once in so many recoveries something happens while it runs; never for 0.
    pub(super) disturbs: u64,
    /// Order ids that a sequencer takes at a time.
    pub(super) block: u64,
    /// Clocks may go back while nobody looks.
    pub(super) clocks_jump: bool,
    /// Once in so many deaths files rot; never for 0.
    pub(super) rots: u64,
}

const CROWDS: [&[usize]; 5] = [&[1, 2, 3], &[1, 1, 2, 5], &[1, 20], &[2, 3, 5, 10], &[1, 2, 3, 5, 10, 20]];

const SPANS: [&[(u64, u64)]; 5] = [
    &[(1, 40), (40, 400)],
    &[(100, 1_000)],
    &[(1, 10), (500, 1_500)],
    &[(300, 600)],
    &[(1, 1_000), (1_000, 3_000)],
];

impl Weather {
    pub(super) fn draw(rng: &mut Rng) -> Self {
        let mode = if rng.one_in(5) { Mode::Written } else { Mode::Sync };
        let disk = Settings { synced_writes: rng.one_in(2), direct_reads: rng.one_in(2) };
        let snapshot_every = *rng.pick(&[0, 1, 20, 100, 300]);
        let habits = Habits {
            mode,
            prepares: rng.one_in(2),
            beats: rng.one_in(2),
            snapshot_every,
            retention: *rng.pick(&[Retention::KeepAll, Retention::Remove, Retention::Archive]),
            snapshots_kept: *rng.pick(&[2, 3]),
        };
        let mut deaths = [0; 8];
        for weight in &mut deaths {
            if !rng.one_in(2) {
                *weight = *rng.pick(&[1, 1, 4]);
            }
        }
        if deaths.iter().all(|weight| *weight == 0) {
            deaths[0] = 1;
        }
        Self {
            disk,
            habits,
            segment_bytes: *rng.pick(&[16 << 10, 64 << 10, 256 << 10]),
            lives: *rng.pick(&[2, 3, 3, 4, 6]),
            crowds: CROWDS[rng.index(CROWDS.len())],
            spans: SPANS[rng.index(SPANS.len())],
            deaths,
            disturbs: *rng.pick(&[0, 0, 1, 2, 4]),
            block: *rng.pick(&[3, 8, 64]),
            clocks_jump: rng.one_in(3),
            rots: *rng.pick(&[0, 0, 1, 2]),
        }
    }

    /// How many shards of a kind the next machine has.
    pub(super) fn crowd(&self, rng: &mut Rng) -> usize {
        *rng.pick(self.crowds)
    }

    /// How many steps the next life takes.
    pub(super) fn span(&self, rng: &mut Rng) -> u64 {
        let (low, high) = *rng.pick(self.spans);
        rng.between(low, high)
    }

    /// How the next machine dies.
    pub(super) fn death(&self, rng: &mut Rng) -> Death {
        match rng.weighted(self.deaths.iter().copied()).expect("some way to die") {
            0 => Death::Power,
            1 => Death::PowerSoon(rng.below(12)),
            2 => Death::Kill,
            3 => Death::KillAndForget,
            4 => {
                let (operation, after, fault) = draw_fault(rng);
                Death::Fault(operation, after, fault)
            }
            5 => {
                let (operation, after, fault) = draw_fault(rng);
                Death::FaultAndPower(operation, after, fault)
            }
            6 => Death::Full,
            _ => Death::Close,
        }
    }
}

/// A fault, and how many operations of its kind go well before.
pub(super) fn draw_fault(rng: &mut Rng) -> (Operation, u64, Fault) {
    let after = *rng.pick(&[0, 0, 1, 2, 5, 20]);
    let (operation, fault) = match rng.below(10) {
        0..=2 => (Operation::Sync, Fault::SyncLies { seed: rng.next_u64() }),
        3 | 4 => (Operation::Sync, Fault::Io),
        5 | 6 => (Operation::Write, Fault::Io),
        7 => (Operation::Any, Fault::Dead),
        8 => (Operation::Write, Fault::Short(usize::try_from(rng.below(9_000)).expect("small"))),
        _ => {
            let kinds = [Operation::Rename, Operation::SyncDir, Operation::Create, Operation::Any];
            (*rng.pick(&kinds), Fault::Io)
        }
    };
    (operation, after, fault)
}
