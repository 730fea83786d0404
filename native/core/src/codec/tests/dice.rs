//! Values of every type, drawn from all that the type can be: from the same lists that encode it.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::super::Promise;
use crate::fees::FeeMode;
use crate::limits::{PRICE_TICKS_MAX, QUANTITY_LOTS_MAX};
use crate::message::{
    AccountInfo, AmendedOrder, Balance, CanceledOrder, ClientOrderId, Outcome, PlacedOco, PlacedOrder,
    ReplacedOrder, ReplyTo, RequestId,
};
use crate::reject::{Code, Reject};
use crate::spec::{SymbolLimits, SymbolSpec};
use crate::types::{Amount, AssetId, Price, Quantity, SymbolId, Ticket};

/// Bytes that decide, and zeros when they are used up: so that fewer bytes are a smaller value, which is how a case
/// shrinks.
pub(crate) struct Dice<'a> {
    entropy: &'a [u8],
    /// The last number of each type: ids that agree are rare otherwise.
    last: BTreeMap<TypeId, u128>,
}

impl<'a> Dice<'a> {
    pub(crate) fn new(entropy: &'a [u8]) -> Self {
        Self { entropy, last: BTreeMap::new() }
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.entropy.split_first() else { return 0 };
        self.entropy = rest;
        first
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (usize::from(self.byte()) << 8 | usize::from(self.byte())) % bound
    }

    fn word(&mut self) -> u128 {
        u128::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }

    /// Of so many values: often one at an end, often a small one, else any.
    pub(crate) fn offset(&mut self, last: u128) -> u128 {
        match self.below(8) {
            0 => 0,
            1 => last,
            2 => last.min(1),
            3 => last.saturating_sub(1),
            4 | 5 => last.min(u128::from(self.byte())),
            _ => {
                // Of any size, not only of the largest.
                let word = self.word() >> (self.byte() % 128);
                if last == u128::MAX { word } else { word % (last + 1) }
            }
        }
    }

    /// A number of a type, within its range; often the last one again.
    pub(crate) fn number<T: 'static>(&mut self, last: u128) -> u128 {
        let drawn = self.offset(last);
        let again = self.byte().is_multiple_of(3);
        match self.last.get(&TypeId::of::<T>()) {
            Some(&before) if again && before <= last => before,
            _ => {
                self.last.insert(TypeId::of::<T>(), drawn);
                drawn
            }
        }
    }
}

/// What can be drawn.
pub(crate) trait Drawn: Sized {
    fn draw(dice: &mut Dice<'_>) -> Self;
}

/// Draws until the type's promises are kept.
pub(crate) fn kept<T>(dice: &mut Dice<'_>, promises: &[Promise<T>], draw: fn(&mut Dice<'_>) -> T) -> T {
    for _ in 0..100 {
        let value = draw(dice);
        if promises.iter().all(|promise| promise(&value).is_ok()) {
            return value;
        }
    }
    // The dice are used up, or unlucky. What they would have led to is somebody else's case.
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    loop {
        let entropy: Vec<u8> = (0..2_048).map(|_| random(&mut seed).to_le_bytes()[3]).collect();
        let value = draw(&mut Dice::new(&entropy));
        if promises.iter().all(|promise| promise(&value).is_ok()) {
            return value;
        }
    }
}

/// A small xorshift.
pub(crate) fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

macro_rules! numbers {
    ($($type:ty),+) => {$(
        impl Drawn for $type {
            fn draw(dice: &mut Dice<'_>) -> Self {
                in_range(0..=Self::MAX, dice)
            }
        }

        impl Number for $type {
            fn up_from(self, offset: u128) -> Self {
                self + Self::try_from(offset).expect("an offset within the range")
            }

            fn distance(from: Self, to: Self) -> u128 {
                u128::from(to - from)
            }
        }
    )+};
}

/// What a range is of.
pub(crate) trait Number: Copy + 'static {
    fn up_from(self, offset: u128) -> Self;
    fn distance(from: Self, to: Self) -> u128;
}

numbers!(u8, u16, u32, u64, u128);

impl Number for i128 {
    fn up_from(self, offset: u128) -> Self {
        self.wrapping_add(i128::from_le_bytes(offset.to_le_bytes()))
    }

    fn distance(from: Self, to: Self) -> u128 {
        to.abs_diff(from)
    }
}

impl Drawn for i128 {
    fn draw(dice: &mut Dice<'_>) -> Self {
        in_range(Self::MIN..=Self::MAX, dice)
    }
}

impl Drawn for i32 {
    fn draw(dice: &mut Dice<'_>) -> Self {
        // Rates are what is a signed number of this size.
        Self::try_from(dice.offset(2_000_002)).unwrap() - 1_000_001
    }
}

fn in_range<N: Number>(range: RangeInclusive<N>, dice: &mut Dice<'_>) -> N {
    range.start().up_from(dice.offset(N::distance(*range.start(), *range.end())))
}

/// The same of a type of its own.
pub(crate) fn id<T: 'static, N: Number>(range: RangeInclusive<N>, dice: &mut Dice<'_>) -> N {
    range.start().up_from(dice.number::<T>(N::distance(*range.start(), *range.end())))
}

impl Drawn for bool {
    fn draw(dice: &mut Dice<'_>) -> Self {
        dice.byte() % 2 == 1
    }
}

impl Drawn for [u8; 32] {
    fn draw(dice: &mut Dice<'_>) -> Self {
        std::array::from_fn(|_| dice.byte())
    }
}

impl<T: Drawn> Drawn for Option<T> {
    fn draw(dice: &mut Dice<'_>) -> Self {
        if bool::draw(dice) { Some(T::draw(dice)) } else { None }
    }
}

impl<T: Drawn, E: Drawn> Drawn for Result<T, E> {
    fn draw(dice: &mut Dice<'_>) -> Self {
        if bool::draw(dice) { Err(E::draw(dice)) } else { Ok(T::draw(dice)) }
    }
}

impl<T: Drawn> Drawn for Box<T> {
    fn draw(dice: &mut Dice<'_>) -> Self {
        Self::new(T::draw(dice))
    }
}

impl<T: Drawn> Drawn for Vec<T> {
    fn draw(dice: &mut Dice<'_>) -> Self {
        let count = if dice.below(20) == 0 { dice.below(40) } else { dice.below(4) };
        (0..count).map(|_| T::draw(dice)).collect()
    }
}

impl<T: Drawn> Drawn for [T; 2] {
    fn draw(dice: &mut Dice<'_>) -> Self {
        [T::draw(dice), T::draw(dice)]
    }
}

impl<A: Drawn, B: Drawn> Drawn for (A, B) {
    fn draw(dice: &mut Dice<'_>) -> Self {
        (A::draw(dice), B::draw(dice))
    }
}

impl Drawn for ClientOrderId {
    fn draw(dice: &mut Dice<'_>) -> Self {
        const PLAIN: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/-";
        let text: String = (0..=dice.below(36)).map(|_| char::from(PLAIN[dice.below(PLAIN.len())])).collect();
        Self(Arc::from(text))
    }
}

impl Drawn for Code {
    fn draw(dice: &mut Dice<'_>) -> Self {
        Self::ALL[dice.below(Self::ALL.len())]
    }
}

impl Drawn for ReplyTo {
    fn draw(dice: &mut Dice<'_>) -> Self {
        // As it is read back: without a ticket.
        let id: Option<RequestId> = Drawn::draw(dice);
        id.map_or(Self::direct(Ticket(0)), |id| Self::remembered(Ticket(0), &id))
    }
}

impl Drawn for SymbolSpec {
    fn draw(dice: &mut Dice<'_>) -> Self {
        let (id, fee_mode) = (SymbolId::draw(dice), FeeMode::draw(dice));
        let base = AssetId::draw(dice);
        let other = 1 + u32::try_from(dice.below(99_999)).unwrap();
        let quote = AssetId((base.0 + other) % 100_000);
        let bounds = |last: u64, dice: &mut Dice<'_>| {
            let ends = [in_range(1..=last, dice), in_range(1..=last, dice)];
            (ends[0].min(ends[1]), ends[0].max(ends[1]))
        };
        loop {
            let (price_min, price_max) = bounds(PRICE_TICKS_MAX, dice);
            let (quantity_min, quantity_max) = bounds(QUANTITY_LOTS_MAX, dice);
            let limits = SymbolLimits {
                price_min: Price(price_min),
                price_max: Price(price_max),
                quantity_min: Quantity(quantity_min),
                quantity_max: Quantity(quantity_max),
                notional_min: Amount(dice.offset(crate::limits::AMOUNT_MAX)),
            };
            let (lot, tick) = (in_range(1..=u128::MAX, dice), in_range(1..=u128::MAX, dice));
            if let Ok(spec) = Self::new(id, base, quote, lot, tick, limits) {
                return spec.with_fee_mode(fee_mode);
            }
        }
    }
}

impl Drawn for Outcome {
    fn draw(dice: &mut Dice<'_>) -> Self {
        match dice.below(11) {
            0 => Self::Rejected(Reject::draw(dice)),
            1 => Self::Placed(PlacedOrder::draw(dice)),
            2 => Self::OcoPlaced(Box::new(PlacedOco::draw(dice))),
            3 => Self::Canceled(CanceledOrder::draw(dice)),
            4 => Self::Amended(Box::new(AmendedOrder::draw(dice))),
            5 => Self::Replaced(Box::new(ReplacedOrder::draw(dice))),
            6 => Self::CanceledAll(Vec::draw(dice)),
            7 => Self::TimerSet(Option::draw(dice)),
            8 => Self::BalanceChanged { asset: AssetId::draw(dice), balance: Balance::draw(dice) },
            9 => Self::FeesCollected(Vec::draw(dice)),
            _ => Self::Account(AccountInfo::draw(dice)),
        }
    }
}
