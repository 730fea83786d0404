//! Records and state as bytes, and back.
//!
//! Little-endian, fixed widths, fields in the order in which they are listed here: `docs/JOURNAL-RECORDS.md` is the
//! table, and a test compares it with this code. What is written is canonical: equal values are equal bytes, and
//! bytes that decode encode to themselves again.
//!
//! Encoding can't fail. Decoding takes its input for hostile: whatever the bytes are, the answer is a value that
//! keeps the promises of its type (an id within its range, rates within theirs) or [`Malformed`], never a panic, and
//! no count is believed before there are bytes for it.
//!
//! | file | what it tells |
//! |---|---|
//! | `basics`, `macros` | numbers, options, lists; how a type is listed |
//! | `types`, `order`, `rules`, `reject`, `message`, `outcome` | the types of the modules of these names |
//! | `record` | the kinds of records |

#[macro_use]
mod macros;

mod basics;
mod message;
mod order;
mod outcome;
mod record;
mod reject;
mod rules;
mod types;

#[cfg(test)]
pub(crate) mod tests;

use std::fmt;

pub(crate) use self::macros::{wire_enum, wire_struct};
pub use self::record::{DecodeError, VERSION, decode_record, kind_of};

/// Something that can be written down.
pub trait Encode {
    /// Adds its bytes to `out`.
    fn encode(&self, out: &mut Vec<u8>);

    /// Adds the bytes of all of them. For numbers that are bytes already there is a faster way than one by one.
    fn encode_all(all: &[Self], out: &mut Vec<u8>)
    where
        Self: Sized,
    {
        for each in all {
            each.encode(out);
        }
    }
}

/// Something that can be read back.
pub trait Decode: Sized {
    /// Takes its bytes off the input.
    ///
    /// # Errors
    /// [`Malformed`], where they are not what [`Encode`] would have written.
    fn decode(input: &mut Input<'_>) -> Result<Self, Malformed>;

    /// Takes the bytes of so many off the input.
    ///
    /// # Errors
    /// [`Malformed`], where they are not what [`Encode`] would have written.
    fn decode_all(count: usize, input: &mut Input<'_>) -> Result<Vec<Self>, Malformed> {
        // A count is a claim. What is decoded was paid for with bytes, so the list grows with those.
        let mut all = Vec::with_capacity(count.min(256));
        for _ in 0..count {
            all.push(Self::decode(input)?);
        }
        Ok(all)
    }
}

/// Bytes that nobody vouches for, read from the front.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// Bytes that say nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Where, counted from the beginning of the input.
    pub at: usize,
    /// What is wrong there.
    pub what: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed at byte {}: {}", self.at, self.what)
    }
}

impl std::error::Error for Malformed {}

impl<'a> Input<'a> {
    /// All of these bytes.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many were taken.
    #[must_use]
    pub const fn at(&self) -> usize {
        self.at
    }

    /// How many are left.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Takes the next `count` bytes.
    ///
    /// # Errors
    /// [`Malformed`], if there are not so many.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let Some((taken, _)) = self.bytes[self.at..].split_at_checked(count) else {
            return Err(self.malformed("it ends too early"));
        };
        self.at += count;
        Ok(taken)
    }

    /// Nothing may be left.
    ///
    /// # Errors
    /// [`Malformed`], if something is.
    pub fn end(&self) -> Result<(), Malformed> {
        if self.left() == 0 { Ok(()) } else { Err(self.malformed("there is more than there should be")) }
    }

    /// What is wrong with what stands here.
    #[must_use]
    pub const fn malformed(&self, what: &'static str) -> Malformed {
        Malformed { at: self.at, what }
    }
}

/// Writes one value down.
#[must_use]
pub fn encoded<T: Encode + ?Sized>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    value.encode(&mut out);
    out
}

/// Reads one value back, of which there is nothing left then.
///
/// # Errors
/// [`Malformed`], where the bytes are not what [`encoded`] would have returned.
pub fn decoded<T: Decode>(bytes: &[u8]) -> Result<T, Malformed> {
    let mut input = Input::new(bytes);
    let value = T::decode(&mut input)?;
    input.end()?;
    Ok(value)
}

/// A promise of a type, for its `decode`.
pub(crate) type Promise<T> = fn(&T) -> Result<(), &'static str>;

/// `Ok` where a promise is kept.
pub(crate) const fn ensure(is_kept: bool, what: &'static str) -> Result<(), &'static str> {
    if is_kept { Ok(()) } else { Err(what) }
}
