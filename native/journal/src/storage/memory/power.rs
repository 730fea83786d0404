//! What power loss leaves of writes that no sync has covered.
//!
//! Write-back happens whenever the kernel likes and in any order, so each sector holds what it held at the last
//! sync or after any write since. A sector that was being written when the power went may be anything. New blocks
//! of a grown file may show what a deleted file left there. Lengths and names are metadata with a fate of their own:
//! in the order of the operations on a journaling file system, each directory entry for itself on another one.

use std::ops::Range;

use super::contents::{Contents, index};
use super::{BLOCK, Dirty, FakeDisk, Inode, SECTOR, State, set_names};

/// Answers with a number below the one it is given: a seeded generator, or a list of choices to replay.
type Choose<'a> = &'a mut dyn FnMut(u64) -> u64;

const SECTORS_PER_BLOCK: u64 = (BLOCK / SECTOR) as u64;

/// Scatters a number over all 64 bits (the finalizer of splitmix64).
pub(super) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Puts those sectors of a write where it wanted them, and extends the file as far as it did itself.
pub(super) fn apply(to: &mut Contents, write: &Dirty, sectors: Range<u64>) {
    let mut at = sectors.start;
    while at < sectors.end {
        let block = &write.blocks[index(at / SECTORS_PER_BLOCK - write.first_block)];
        let next = ((at / SECTORS_PER_BLOCK + 1) * SECTORS_PER_BLOCK).min(sectors.end);
        let offset = at * SECTOR as u64;
        let end = (next * SECTOR as u64).min(write.len);
        if offset >= end {
            break;
        }
        let within = index(offset % BLOCK as u64);
        to.write(offset, &block[within..within + index(end - offset)]);
        at = next;
    }
}

/// What has become of a sector that had not been synced.
#[derive(Clone, Copy)]
enum Fate {
    /// As it was at the last sync.
    Lost,
    /// As it was after this one of the writes.
    After(usize),
    Damaged(Damage),
}

#[derive(Clone, Copy)]
enum Damage {
    Zeros,
    Ones,
    Noise,
    /// The first bytes of the last write, the last bytes of what was there before.
    Torn(usize),
}

fn damage(choose: Choose<'_>) -> Fate {
    Fate::Damaged(match choose(4) {
        0 => Damage::Zeros,
        1 => Damage::Ones,
        2 => Damage::Noise,
        _ => Damage::Torn(8 * index(choose(SECTOR as u64 / 8))),
    })
}

impl Inode {
    /// The device after power loss.
    fn after_power_loss(&self, stale: Option<&Contents>, choose: Choose<'_>) -> Contents {
        let writes = self.dirty.len() as u64;
        if writes == 0 {
            return self.device.clone();
        }
        // First which whole writes made it, at the coarse grain at which most disks fail.
        let (kept, torn): (Range<usize>, bool) = match choose(8) {
            0 => (0..0, false),
            1 => (0..self.dirty.len(), false),
            // In their order, the last of them torn.
            2 | 3 => (0..index(choose(writes)) + 1, true),
            // Late ones overtook early ones.
            4 => (index(choose(writes))..self.dirty.len(), choose(2) == 0),
            _ => return self.each_sector_for_itself(stale, choose),
        };
        let mut after = self.device.clone();
        let len = kept.clone().last().map_or(after.len(), |last| self.dirty[last].len);
        let len = len.max(after.len());
        grow(&mut after, len, stale);
        let last = kept.end.saturating_sub(1);
        for number in kept {
            let write = &self.dirty[number];
            let mut sectors = write.sectors.clone();
            if torn && number == last {
                let cut = sectors.start + choose(sectors.end - sectors.start + 1);
                sectors = if choose(4) == 0 { cut..sectors.end } else { sectors.start..cut };
            }
            apply(&mut after, write, sectors);
        }
        after
    }

    fn each_sector_for_itself(&self, stale: Option<&Contents>, choose: Choose<'_>) -> Contents {
        let writes = self.dirty.len() as u64;
        let mut after = self.device.clone();
        let len = match choose(writes + 1) {
            0 => after.len(),
            n => self.dirty[index(n) - 1].len.max(after.len()),
        };
        grow(&mut after, len, stale);
        // One sector in so many is damaged (0: none), by single sectors or by whole physical blocks.
        let damaged_one_in = [0, 0, 16, 4, 1][index(choose(5))];
        let grain = if choose(2) == 0 { 1 } else { SECTORS_PER_BLOCK };
        let mut groups: Vec<u64> = self
            .dirty
            .iter()
            .flat_map(|write| write.sectors.start / grain..write.sectors.end.div_ceil(grain))
            .collect();
        groups.sort_unstable();
        groups.dedup();
        for group in groups {
            let sectors = group * grain..(group + 1) * grain;
            let touching =
                |write: &&Dirty| write.sectors.start < sectors.end && sectors.start < write.sectors.end;
            let versions: Vec<&Dirty> = self.dirty.iter().filter(touching).collect();
            let fate = if damaged_one_in > 0 && choose(damaged_one_in) == 0 {
                damage(choose)
            } else {
                match index(choose(versions.len() as u64 + 1)) {
                    0 => Fate::Lost,
                    n => Fate::After(n - 1),
                }
            };
            settle(&mut after, &versions, sectors, fate, len);
        }
        after.set_len(len);
        after
    }

    /// A write-back that failed without consequence: the pages count as clean, and the device took some of them.
    pub(super) fn forget_dirty(&mut self, choose: Choose<'_>) {
        if !self.dirty.is_empty() {
            self.device = self.after_power_loss(None, choose);
            self.dirty.clear();
            self.diverged = true;
        }
    }
}

/// Blocks that a file grew by without their data: zeros, or what a deleted file left in them.
fn grow(after: &mut Contents, len: u64, stale: Option<&Contents>) {
    let from = after.len().next_multiple_of(BLOCK as u64);
    after.set_len(len);
    if let (true, Some(stale)) = (from < len, stale) {
        let mut bytes = vec![0; index(len - from)];
        let known = stale.read(from, &mut bytes);
        after.write(from, &bytes[..known]);
    }
}

/// Gives a group of sectors, all of which have the same writes, their fate. `len`: nothing is written behind it.
fn settle(after: &mut Contents, versions: &[&Dirty], sectors: Range<u64>, fate: Fate, len: u64) {
    let offset = sectors.start * SECTOR as u64;
    let end = (sectors.end * SECTOR as u64).min(len);
    if offset >= end {
        return;
    }
    let within = |write: &Dirty| sectors.start.max(write.sectors.start)..sectors.end.min(write.sectors.end);
    match fate {
        Fate::Lost => {}
        Fate::After(number) => {
            // What the cache held after that write holds the earlier ones, too, where they touch the same sectors.
            for write in &versions[..=number] {
                apply(after, write, within(write));
            }
        }
        Fate::Damaged(damage) => {
            let mut bytes = vec![0; index(end - offset)];
            match damage {
                Damage::Zeros => {}
                Damage::Ones => bytes.fill(0xff),
                Damage::Noise => {
                    for (number, byte) in (offset..).zip(&mut bytes) {
                        *byte = mix(number).to_le_bytes()[0];
                    }
                }
                Damage::Torn(at) => {
                    let old = after.clone();
                    for write in versions {
                        apply(after, write, within(write));
                    }
                    let at = at.min(bytes.len());
                    after.read(offset, &mut bytes[..at]);
                    old.read(offset + at as u64, &mut bytes[at..]);
                }
            }
            after.write(offset, &bytes);
        }
    }
}

impl FakeDisk {
    /// A disk that the machine may find after losing power at this moment; this one stays as it is. `choose` answers
    /// each question with a number below the one it is given.
    #[must_use]
    pub fn crash(&self, choose: &mut dyn FnMut(u64) -> u64) -> Self {
        let state = self.state();
        let mut after = State { settings: state.settings, space: state.space, ..State::default() };
        after.names = state.names_after_power_loss(choose);
        after.durable_names = after.names.clone();
        after.next_inode = state.next_inode;
        after.freed = state.freed.clone();
        for number in after.names.values() {
            let inode = &state.inodes[number];
            if after.inodes.contains_key(number) {
                continue;
            }
            let stale = match (inode.dirty.is_empty(), state.freed.len() as u64) {
                (true, _) | (_, 0) => None,
                (false, files) => state.freed.get(index(choose(2 * files))),
            };
            let device = inode.after_power_loss(stale, choose);
            after.inodes.insert(*number, Inode { cached: device.clone(), device, ..Inode::default() });
        }
        Self::from_state(after)
    }

    /// Write-back fails behind everybody's back: each dirty page counts as clean from now on, and the device took
    /// whichever of them `choose` says. Reads go on to serve all of them, until power fails.
    pub fn lose_writeback(&self, choose: &mut dyn FnMut(u64) -> u64) {
        for inode in self.state().inodes.values_mut() {
            inode.forget_dirty(choose);
        }
    }
}

impl State {
    fn names_after_power_loss(&self, choose: Choose<'_>) -> std::collections::BTreeMap<String, u64> {
        let changes = &self.name_changes;
        if changes.is_empty() {
            return self.durable_names.clone();
        }
        let mut names = self.durable_names.clone();
        match choose(4) {
            0 => {}
            1 => names = self.names.clone(),
            // A journaling file system keeps the order.
            2 => {
                let kept = index(choose(changes.len() as u64 + 1));
                changes[..kept].iter().for_each(|change| set_names(&mut names, change));
            }
            // Another one writes each entry when it likes: a renamed file may have both names, or none.
            _ => {
                let mut entries: Vec<&String> = changes.iter().flatten().map(|(name, _)| name).collect();
                entries.sort_unstable();
                entries.dedup();
                for entry in entries {
                    let history: Vec<Option<u64>> = changes
                        .iter()
                        .flatten()
                        .filter(|(name, _)| name == entry)
                        .map(|(_, inode)| *inode)
                        .collect();
                    match index(choose(history.len() as u64 + 1)) {
                        0 => {}
                        n => set_names(&mut names, &vec![(entry.clone(), history[n - 1])]),
                    }
                }
            }
        }
        names
    }
}
