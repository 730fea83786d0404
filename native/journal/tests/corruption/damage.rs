//! What can happen to a journal at rest.

use std::ops::Range;

use lightning_journal::storage::memory::{BLOCK, FakeDisk, SECTOR};

use crate::base::{Base, Ending, index, used};
use crate::harness::{Dice, sweep};

/// One damage.
#[derive(Clone, Debug)]
pub(crate) enum Damage {
    Xor {
        file: String,
        at: u64,
        mask: u8,
    },
    Fill {
        file: String,
        bytes: Range<u64>,
        with: u8,
    },
    Swap {
        file: String,
        at: u64,
        other: String,
        other_at: u64,
        len: u64,
    },
    /// A write went to `to` instead of where it belongs; with `lost`, its own place kept the zeros it had.
    Misdirect {
        file: String,
        at: u64,
        to: String,
        to_at: u64,
        len: u64,
        lost: bool,
    },
    SetLen {
        file: String,
        len: u64,
    },
    Delete {
        file: String,
    },
    Rename {
        file: String,
        to: String,
    },
    CopyFile {
        file: String,
        to: String,
    },
    SwapFiles {
        file: String,
        other: String,
    },
    /// The file as it was at an earlier time.
    Older {
        file: String,
        then: usize,
    },
    /// Both copies of the manifest as they were at an earlier time.
    OlderManifests {
        then: usize,
    },
}

impl Damage {
    pub(crate) fn apply(&self, base: &Base, disk: &FakeDisk) {
        match self {
            Self::Xor { file, at, mask } => disk.flip(file, *at, *mask),
            Self::Fill { file, bytes, with } => {
                let len = index(bytes.end - bytes.start);
                disk.poke(file, bytes.start, &vec![*with; len]);
            }
            Self::Swap { file, at, other, other_at, len } => {
                disk.swap_ranges((file, *at), (other, *other_at), *len);
            }
            Self::Misdirect { file, at, to, to_at, len, lost } => {
                disk.copy_range((file, *at), (to, *to_at), *len);
                if *lost {
                    disk.poke(file, *at, &vec![0; index(*len)]);
                }
            }
            Self::SetLen { file, len } => disk.set_len_of(file, *len),
            Self::Delete { file } => disk.delete(file),
            Self::Rename { file, to } => disk.rename_file(file, to),
            Self::CopyFile { file, to } => disk.put(to, &disk.read(file)),
            Self::SwapFiles { file, other } => disk.swap_files(file, other),
            Self::Older { file, then } => disk.put(file, &base.history[*then].read(file)),
            Self::OlderManifests { then } => {
                for file in ["MANIFEST-a", "MANIFEST-b"] {
                    disk.put(file, &base.history[*then].read(file));
                }
            }
        }
    }

    /// Is there still what it damages?
    pub(crate) fn is_possible(&self, disk: &FakeDisk) -> bool {
        let files = disk.files();
        let there = |name: &String| files.contains(name);
        match self {
            Self::Xor { file, at, .. } => there(file) && *at < disk.len_of(file),
            Self::Swap { file, other, .. } | Self::SwapFiles { file, other } => there(file) && there(other),
            Self::Misdirect { file, to, .. } => there(file) && there(to),
            Self::Older { .. } | Self::OlderManifests { .. } => true,
            Self::Fill { file, .. }
            | Self::SetLen { file, .. }
            | Self::Delete { file }
            | Self::Rename { file, .. }
            | Self::CopyFile { file, .. } => there(file),
        }
    }
}

/// A damage to one of the bases, by its number.
type Case = (usize, Damage);

/// The bases, and all there is to do to them in an order that never changes: files first, then pieces and bytes in
/// turn.
pub(crate) struct Cases {
    pub(crate) bases: Vec<Base>,
    files: Vec<Case>,
    /// Sectors and blocks.
    pieces: Vec<Case>,
    bytes: Bytes,
}

impl Cases {
    pub(crate) fn new() -> Self {
        let log_bytes = sweep::number("CORRUPTION_LOG_BYTES").unwrap_or(64 << 10);
        let bases: Vec<Base> = Ending::ALL.into_iter().map(|ending| Base::build(ending, log_bytes)).collect();
        let mut dice = Dice::new(1);
        let (mut files, mut pieces, mut bytes) = (Vec::new(), Vec::new(), Bytes::default());
        for (number, base) in bases.iter().enumerate() {
            let (mut wholes, mut parts) = (Vec::new(), Vec::new());
            damages(base, &mut dice, &mut wholes, &mut parts, |file, len| bytes.add(number, file, len));
            files.extend(wholes.into_iter().map(|damage| (number, damage)));
            pieces.extend(parts.into_iter().map(|damage| (number, damage)));
        }
        for at in (1..pieces.len()).rev() {
            pieces.swap(at, dice.index(at + 1));
        }
        Self { bases, files, pieces, bytes }
    }

    pub(crate) fn len(&self) -> u64 {
        (self.files.len() + self.pieces.len()) as u64 + self.bytes.count
    }

    pub(crate) fn get(&self, number: u64) -> Case {
        let Some(number) = number.checked_sub(self.files.len() as u64) else {
            return self.files[index(number)].clone();
        };
        let (turn, pieces) = (number / 2, self.pieces.len() as u64);
        if turn >= pieces {
            self.bytes.get(&self.bases, number - pieces)
        } else if number.is_multiple_of(2) {
            self.pieces[index(turn)].clone()
        } else {
            self.bytes.get(&self.bases, turn)
        }
    }
}

/// Every byte in use, three times: a bit flipped, zeroed, all ones. There are too many of them to write them down.
#[derive(Default)]
struct Bytes {
    /// Of which base and file, and the number of the first case of it.
    spans: Vec<(usize, String, u64)>,
    count: u64,
}

impl Bytes {
    fn add(&mut self, base: usize, file: &str, len: u64) {
        self.spans.push((base, file.to_owned(), self.count));
        self.count += 3 * len;
    }

    fn get(&self, bases: &[Base], number: u64) -> Case {
        // A prime step visits each once, and jumps about.
        const STEP: u64 = 4_294_967_291;
        assert!(!self.count.is_multiple_of(STEP), "the step must have no factor in common with the count");
        let place = u128::from(number) * u128::from(STEP) % u128::from(self.count);
        let place = u64::try_from(place).expect("below a u64");
        let span = self.spans.partition_point(|(.., first)| *first <= place) - 1;
        let (base, file, first) = &self.spans[span];
        let at = (place - first) / 3;
        let byte = bases[*base].disk.byte_at(file, at);
        let flip = 1 << (number % 8);
        let mask = match (place - first) % 3 {
            1 if byte != 0 => byte,
            2 if byte != 0xff => !byte,
            _ => flip,
        };
        (*base, Damage::Xor { file: file.clone(), at, mask })
    }
}

/// Everything that can happen to a journal, but for its single bytes, of which `bytes` is told how many are in use.
fn damages(
    base: &Base,
    dice: &mut Dice,
    wholes: &mut Vec<Damage>,
    pieces: &mut Vec<Damage>,
    mut bytes: impl FnMut(&str, u64),
) {
    let files = base.disk.files();
    for then in 0..base.history.len() {
        wholes.push(Damage::OlderManifests { then });
        for file in base.history[then].files() {
            if !files.contains(&file) {
                wholes.push(Damage::Older { file, then });
            }
        }
    }
    for file in &files {
        files_as_wholes(base, file, &files, wholes);
        // Two blocks of what is still zero, too.
        let used = used(&base.disk, file).next_multiple_of(BLOCK as u64);
        let len = base.disk.len_of(file);
        let interesting = len.min(used + 2 * BLOCK as u64);
        for grain in [SECTOR as u64, BLOCK as u64] {
            let places: Vec<u64> = (0..interesting.div_ceil(grain)).map(|piece| piece * grain).collect();
            for &at in &places {
                let size = grain.min(len - at);
                pieces_of(file, at..at + size, &places, &files, base, dice, pieces);
            }
        }
        bytes(file, interesting);
    }
}

/// A sector or a block that is lost, or is where another one belongs.
fn pieces_of(
    file: &str,
    bytes: Range<u64>,
    places: &[u64],
    files: &[String],
    base: &Base,
    dice: &mut Dice,
    into: &mut Vec<Damage>,
) {
    let (at, len) = (bytes.start, bytes.end - bytes.start);
    let name = file.to_owned();
    into.push(Damage::Fill { file: name.clone(), bytes: bytes.clone(), with: 0 });
    into.push(Damage::Fill { file: name.clone(), bytes, with: 0xff });
    let there = dice.pick(places);
    for other_at in [at + len, there] {
        if other_at != at && other_at + len <= base.disk.len_of(file) {
            into.push(Damage::Swap { file: name.clone(), at, other: name.clone(), other_at, len });
            for lost in [false, true] {
                into.push(Damage::Misdirect {
                    file: name.clone(),
                    at,
                    to: name.clone(),
                    to_at: other_at,
                    len,
                    lost,
                });
            }
        }
    }
    let other = &files[dice.index(files.len())];
    let room = base.disk.len_of(other) / len;
    if room > 0 && other != file {
        let other_at = dice.below(room.min(places.len() as u64)) * len;
        into.push(Damage::Swap { file: name.clone(), at, other: other.clone(), other_at, len });
        for lost in [false, true] {
            into.push(Damage::Misdirect {
                file: name.clone(),
                at,
                to: other.clone(),
                to_at: other_at,
                len,
                lost,
            });
        }
    }
}

fn files_as_wholes(base: &Base, file: &str, files: &[String], into: &mut Vec<Damage>) {
    let name = file.to_owned();
    into.push(Damage::Delete { file: name.clone() });
    let number = |lsn: u64| format!("{lsn:020}");
    let last = base.truth.last();
    let mut names = vec!["junk".to_owned(), "emergency.log".to_owned(), "prepared-7.log".to_owned()];
    for lsn in [0, 1, 2, last / 2, last, last + 1, u64::MAX] {
        names.push(format!("segment-{}.log", number(lsn)));
        names.push(format!("snapshot-{}.snap", number(lsn)));
    }
    for to in names {
        if to != *file {
            into.push(Damage::Rename { file: name.clone(), to: to.clone() });
            into.push(Damage::CopyFile { file: name.clone(), to });
        }
    }
    for other in files {
        if *other > name {
            into.push(Damage::SwapFiles { file: name.clone(), other: other.clone() });
        }
        if *other != name {
            into.push(Damage::Rename { file: name.clone(), to: other.clone() });
            into.push(Damage::CopyFile { file: name.clone(), to: other.clone() });
        }
    }
    let len = base.disk.len_of(file);
    for at in (0..len).step_by(SECTOR) {
        into.push(Damage::SetLen { file: name.clone(), len: at });
        into.push(Damage::SetLen { file: name.clone(), len: at + 1 });
    }
    for more in [1, SECTOR as u64, BLOCK as u64, 1 << 20] {
        into.push(Damage::SetLen { file: name.clone(), len: len + more });
    }
    let mut contents = base.disk.read(file);
    for then in (0..base.history.len()).rev() {
        if base.history[then].files().contains(&name) {
            let older = base.history[then].read(file);
            if older != contents {
                into.push(Damage::Older { file: name.clone(), then });
                contents = older;
            }
        }
    }
}
