//! Values as JSON words them: read leniently, because a wrong number is a refusal of its own and must not spoil
//! the words around it.

use std::fmt;
use std::hash::Hasher;

use lightning_core::types::ID_MAX;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value that a request may leave out.
pub(crate) trait Absent {
    /// Was it left out?
    fn is_absent(&self) -> bool;
}

pub(crate) fn is_absent<T: Absent>(value: &T) -> bool {
    value.is_absent()
}

impl<T> Absent for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

/// A whole number of JavaScript's, between -(2^53 - 1) and 2^53 - 1; or something that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Int(Option<i64>);

impl Int {
    /// What is no whole number.
    pub const INVALID: Self = Self(None);

    /// The number, if it is one and within bounds.
    #[must_use]
    pub fn within(self, bounds: std::ops::RangeInclusive<i64>) -> Option<i64> {
        self.0.filter(|number| bounds.contains(number))
    }

    /// The number, if it is one and fits.
    #[must_use]
    pub fn to<T: TryFrom<i64>>(self) -> Option<T> {
        self.0.and_then(|number| T::try_from(number).ok())
    }
}

impl From<i64> for Int {
    fn from(number: i64) -> Self {
        Self(Some(number).filter(|number| number.unsigned_abs() <= ID_MAX))
    }
}

impl From<u64> for Int {
    fn from(number: u64) -> Self {
        i64::try_from(number).map_or(Self::INVALID, Self::from)
    }
}

impl From<f64> for Int {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "checked: whole, exactly representable"
    )]
    fn from(number: f64) -> Self {
        if number.fract() == 0.0 && number.abs() <= ID_MAX as f64 {
            Self(Some(number as i64))
        } else {
            Self::INVALID
        }
    }
}

impl fmt::Display for Int {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(number) => number.fmt(f),
            None => f.write_str("no whole number"),
        }
    }
}

impl Serialize for Int {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Int {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IntVisitor)
    }
}

struct IntVisitor;

impl<'de> Visitor<'de> for IntVisitor {
    type Value = Int;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_i64<E>(self, number: i64) -> Result<Int, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Int, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Int, E> {
        Ok(number.into())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Int, E> {
        Ok(Int::INVALID)
    }

    fn visit_str<E>(self, _: &str) -> Result<Int, E> {
        Ok(Int::INVALID)
    }

    fn visit_unit<E>(self) -> Result<Int, E> {
        Ok(Int::INVALID)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Int, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Int::INVALID)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Int, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Int::INVALID)
    }
}

/// An id: 1 to 2^53 - 1; zero, which is none, for anything else that arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Id(pub u64);

impl Absent for Id {
    fn is_absent(&self) -> bool {
        self.0 == 0
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Int::deserialize(deserializer)?.to().unwrap_or(0)))
    }
}

/// A field for which null says something else than its absence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Given<T> {
    /// Not there.
    #[default]
    Absent,
    /// Null.
    Null,
    /// This.
    Value(T),
}

impl<T> Given<T> {
    /// The value, or none for null; nothing at all if the field was not there.
    #[must_use]
    pub fn get(&self) -> Option<Option<&T>> {
        match self {
            Self::Absent => None,
            Self::Null => Some(None),
            Self::Value(value) => Some(Some(value)),
        }
    }
}

impl<T> Absent for Given<T> {
    fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

impl<T> From<Option<T>> for Given<T> {
    /// Null for none.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Value)
    }
}

impl<T: Serialize> Serialize for Given<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent | Self::Null => serializer.serialize_unit(),
            Self::Value(value) => value.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::from)
    }
}

/// A 64-bit FNV-1a hash: the same for the same bytes, on every machine and in every version.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fnv(u64);

impl Fnv {
    pub(crate) const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub(crate) fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

impl Default for Fnv {
    fn default() -> Self {
        Self::new()
    }
}

/// As a map's hasher, for keys that only the operator chooses: nobody can make them collide.
impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        self.add(bytes);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl std::io::Write for Fnv {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.add(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
