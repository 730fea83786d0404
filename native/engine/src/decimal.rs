//! Decimal strings to integers and back, exactly: the only place that knows them.
//!
//! `rust_decimal` reads (short numbers, which is nearly all of them, are read right here); what is read is taken
//! apart into digits and scale and compared with the unit's grid in checked integer arithmetic. Nothing is
//! rounded: what is not on the grid is refused.

use std::borrow::Cow;

use lightning_core::limits::AMOUNT_MAX;
use lightning_core::reject::Code;
use rust_decimal::Decimal;

use crate::refusal::{Refusal, clipped, shown};

/// Digits and scale of a non-negative decimal: `digits / 10^scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scaled {
    /// All digits as one integer, below 2^96.
    pub digits: u128,
    /// How many of them stand behind the point, 0 to 28.
    pub scale: u32,
}

/// Does a plain positive decimal fit into our numbers?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    /// Yes.
    Fits,
    /// It has more than 96 bits of digits.
    Overflows,
    /// It has more than 28 decimals.
    TooFine,
    /// It is no decimal but a count of its field's own units.
    Counted,
}

/// A number as a call gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given<'a> {
    /// Text, whatever it says.
    Text(&'a str),
    /// A count of ticks, lots or atoms: whichever its field is in.
    Units(u128),
}

/// A plain positive decimal that was read. Whether it fits shows when somebody wants its value. (It stands in
/// the way of every order, so it is kept small.)
#[derive(Clone, Copy, Debug)]
pub struct Number<'a> {
    /// The request's field.
    pub field: &'static str,
    /// What stood there; nothing, if it came as a count.
    text: &'a str,
    /// Its value, if it fits.
    value: Scaled,
    fit: Fit,
}

impl<'a> Number<'a> {
    /// Reads digits, at most one point with digits on both sides, nothing else.
    ///
    /// # Errors
    /// `INVALID_DECIMAL` for any other shape and for zero.
    #[inline]
    pub fn read(field: &'static str, text: &'a str) -> Result<Self, Refusal> {
        match Self::parse(text) {
            Some((value, fit)) => Ok(Self { field, text, value, fit }),
            None => Err(invalid(field, text)),
        }
    }

    /// Reads a number in either form.
    ///
    /// # Errors
    /// `INVALID_DECIMAL` as [`Self::read`], and for a count of zero.
    #[inline]
    pub fn of(field: &'static str, given: Given<'a>) -> Result<Self, Refusal> {
        match given {
            Given::Text(text) => Self::read(field, text),
            Given::Units(0) => Err(invalid(field, "0")),
            Given::Units(units) => {
                let value = Scaled { digits: units, scale: 0 };
                Ok(Self { field, text: "", value, fit: Fit::Counted })
            }
        }
    }

    /// The count that it came as; none if it came as a decimal.
    pub(crate) fn units(&self) -> Option<u128> {
        (self.fit == Fit::Counted).then_some(self.value.digits)
    }

    /// The beginning of what stood there, for a message.
    pub(crate) fn clipped(&self) -> Cow<'a, str> {
        match self.units() {
            None => Cow::Borrowed(clipped(self.text)),
            Some(units) => Cow::Owned(units.to_string()),
        }
    }

    fn parse(text: &str) -> Option<(Scaled, Fit)> {
        if let Some(value) = parse_short(text) {
            return Some((value, Fit::Fits));
        }
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let unknown = Scaled { digits: 0, scale: 0 };
        match Decimal::from_str_exact(text) {
            Ok(value) if value.is_zero() => None,
            Ok(value) => {
                Some((Scaled { digits: value.mantissa().unsigned_abs(), scale: value.scale() }, Fit::Fits))
            }
            // Too many zeros to read, but nothing else.
            Err(_) if text.bytes().all(|byte| matches!(byte, b'0' | b'.')) => None,
            Err(rust_decimal::Error::Underflow | rust_decimal::Error::ScaleExceedsMaximumPrecision(_)) => {
                Some((unknown, Fit::TooFine))
            }
            Err(_) => Some((unknown, Fit::Overflows)),
        }
    }

    /// Its value.
    ///
    /// # Errors
    /// `NUMBER_OVERFLOW` beyond 96 bits of digits, `BAD_PRECISION` beyond 28 decimals.
    pub fn value(&self) -> Result<Scaled, Refusal> {
        let (code, what) = match self.fit {
            Fit::Fits => return Ok(self.value),
            Fit::TooFine => (Code::BadPrecision, "decimals than any asset"),
            Fit::Overflows => (Code::NumberOverflow, "digits than the engine counts"),
            Fit::Counted => panic!("{} came in units, and has no decimals to look at", self.field),
        };
        Err(Refusal::field(code, self.field, format!("{} has more {what}", self.field)))
    }

    /// Its value, with at most `scale` decimals.
    ///
    /// # Errors
    /// As [`Self::value`], and `BAD_PRECISION` if it has more that are not zero.
    pub fn within(&self, scale: u32) -> Result<Scaled, Refusal> {
        self.value()?.within(self.field, self.text, scale)
    }

    /// An amount of an asset with `scale` decimals, in its atoms.
    ///
    /// # Errors
    /// As [`Self::within`], and `NUMBER_OVERFLOW` for more atoms than the engine counts.
    pub fn atoms(&self, scale: u32) -> Result<u128, Refusal> {
        if let Some(atoms) = self.units() {
            return if atoms <= AMOUNT_MAX { Ok(atoms) } else { Err(self.overflow()) };
        }
        self.within(scale)?.in_units_of(scale).ok_or_else(|| self.overflow())
    }

    pub(crate) fn overflow(&self) -> Refusal {
        let (field, text) = (self.field, self.clipped());
        Refusal::field(Code::NumberOverflow, field, format!("{field} is {text}, more than the engine counts"))
    }
}

/// Reads at most 19 digits, as nearly every number has, in one pass. None for whatever is not that simple.
fn parse_short(text: &str) -> Option<Scaled> {
    let (mut digits, mut count, mut point) = (0_u64, 0, None);
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' if count < SHORT_DIGITS => {
                digits = digits * 10 + u64::from(byte - b'0');
                count += 1;
            }
            b'.' if count > 0 && point.is_none() => point = Some(count),
            _ => return None,
        }
    }
    let decimals = point.map_or(Some(0), |point| Some(count - point).filter(|&decimals| decimals > 0))?;
    (digits > 0).then(|| Scaled { digits: u128::from(digits), scale: decimals })
}

/// How many of a step a short decimal is, if it is a whole number of them and that is plain to see. None for whatever
/// else it says, on the grid or not.
#[inline]
pub(crate) fn whole_steps(text: &str, step: Scaled) -> Option<u64> {
    let value = parse_short(text)?;
    let places = step.scale.checked_sub(value.scale)?;
    let power = *POWERS.get(usize::try_from(places).ok()?)?;
    let digits = u64::try_from(value.digits).ok()?.checked_mul(power)?;
    match u64::try_from(step.digits).ok()? {
        1 => Some(digits),
        step => digits.is_multiple_of(step).then(|| digits / step),
    }
}

/// Those of ten that fit in 64 bits.
const POWERS: [u64; 20] = {
    let mut powers = [1; 20];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// Digits that always fit in 64 bits.
const SHORT_DIGITS: u32 = 19;
const _: () = assert!(10_u64.checked_pow(SHORT_DIGITS).is_some());

fn invalid(field: &'static str, text: &str) -> Refusal {
    let message = format!("{field} is {}, not a plain positive decimal", shown(text));
    Refusal::field(Code::InvalidDecimal, field, message)
}

/// Reads a plain positive decimal: digits, at most one point with digits on both sides, nothing else.
///
/// # Errors
/// `INVALID_DECIMAL` for any other shape and for zero, `NUMBER_OVERFLOW` beyond 96 bits of digits,
/// `BAD_PRECISION` beyond 28 decimals.
pub fn parse(field: &'static str, text: &str) -> Result<Scaled, Refusal> {
    Number::read(field, text)?.value()
}

impl Scaled {
    /// Without the zeros at the end of its decimals.
    #[must_use]
    pub fn normalized(mut self) -> Self {
        while self.scale > 0 && self.digits.is_multiple_of(10) {
            self.digits /= 10;
            self.scale -= 1;
        }
        self
    }

    /// The same value with at most `scale` decimals.
    ///
    /// # Errors
    /// `BAD_PRECISION` if it has more that are not zero.
    pub fn within(self, field: &'static str, text: &str, scale: u32) -> Result<Self, Refusal> {
        if self.scale <= scale {
            return Ok(self);
        }
        let value = self.normalized();
        if value.scale <= scale {
            return Ok(value);
        }
        let message = format!("{field} is {}, with more than {scale} decimals", clipped(text));
        Err(Refusal::field(Code::BadPrecision, field, message).with("decimals", scale))
    }

    /// Without the zeros beyond `scale` decimals; it must have nothing but zeros there.
    #[must_use]
    pub fn shortened(mut self, scale: u32) -> Self {
        while self.scale > scale {
            assert!(self.digits.is_multiple_of(10), "only zeros are cut off");
            self.digits /= 10;
            self.scale -= 1;
        }
        self
    }

    /// The integer that it is in units of 10^-`scale`, or `None` if it is none or does not fit.
    #[must_use]
    pub fn in_units_of(self, scale: u32) -> Option<u128> {
        if self.scale == scale {
            return Some(self.digits);
        }
        // Zeros at the end are rare, and taking them off costs a wide division each.
        let this = if self.scale <= scale { self } else { self.normalized() };
        let places = scale.checked_sub(this.scale)?;
        this.digits.checked_mul(10_u128.checked_pow(places)?)
    }
}

/// Reads an amount of an asset with `scale` decimals, in its atoms.
///
/// # Errors
/// As [`parse`], and `BAD_PRECISION` for more decimals than the asset has.
pub fn parse_atoms(field: &'static str, text: &str, scale: u32) -> Result<u128, Refusal> {
    Number::read(field, text)?.atoms(scale)
}

/// A quotient rounded half to even: for figures that people look at, never for money.
#[must_use]
pub fn divide_half_even(numerator: u128, denominator: u128) -> u128 {
    let (quotient, remainder) = (numerator / denominator, numerator % denominator);
    let up = match (remainder * 2).cmp(&denominator) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => !quotient.is_multiple_of(2),
        std::cmp::Ordering::Less => false,
    };
    quotient + u128::from(up)
}

/// Writes `digits / 10^scale` with exactly `scale` decimals. (Wider than `rust_decimal`: any 128-bit amount.)
#[must_use]
pub fn format(digits: u128, scale: u32) -> String {
    if scale == 0 {
        return digits.to_string();
    }
    let unit = 10_u128.pow(scale);
    format!("{}.{:0width$}", digits / unit, digits % unit, width = scale as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Option<Code> {
        parse("price", text).err().map(|refusal| refusal.code)
    }

    #[test]
    fn takes_plain_positive_decimals_and_nothing_else() {
        for text in ["1", "0.1", "007.50", "79228162514264337593543950335", "0.0000000000000000000000000001"]
        {
            assert_eq!(code(text), None, "{text}");
        }
        let invalid = [
            "", "0", "0.0", "-1", "-0", "+1", "1e3", "1E3", " 1", "1 ", "NaN", "Infinity", ".5", "5.",
            "1.2.3", "0x1", "1_000", "١", "1,5",
        ];
        for text in invalid {
            assert_eq!(code(text), Some(Code::InvalidDecimal), "{text:?}");
        }
        assert_eq!(code(&"0".repeat(60)), Some(Code::InvalidDecimal));
        assert_eq!(code(&format!("0.{}", "0".repeat(60))), Some(Code::InvalidDecimal));
        assert_eq!(code(&"9".repeat(40)), Some(Code::NumberOverflow));
        assert_eq!(code("79228162514264337593543950336"), Some(Code::NumberOverflow));
        assert!(matches!(
            code(&format!("0.{}1", "0".repeat(40))),
            Some(Code::BadPrecision | Code::NumberOverflow)
        ));
    }

    #[test]
    fn short_numbers_are_read_as_long_ones_are() {
        let texts = [
            "1",
            "0.1",
            "007.50",
            "9999999999999999999",
            "10000000000000000000",
            "0.000000000000000001",
            "0.9999999999999999999",
            "1.0",
            "",
            ".",
            "1.",
            ".1",
            "1..2",
            "1.2.3",
            "-1",
            "1e5",
            "0",
            "0.0",
            "00000000000000000000.1",
        ];
        for text in texts {
            let long = Decimal::from_str_exact(text).ok().filter(|value| {
                let plain = !text.starts_with(['.', '-']) && !text.ends_with('.');
                plain && !value.is_zero()
            });
            let long = long.map(|value| (value.mantissa().unsigned_abs(), value.scale()));
            let read = parse("price", text).ok().map(|value| (value.digits, value.scale));
            assert_eq!(read, long, "{text:?}");
            if let Some(short) = parse_short(text) {
                assert_eq!(Some((short.digits, short.scale)), long, "{text:?}");
            }
        }
    }

    #[test]
    fn a_number_that_does_not_fit_is_well_formed_all_the_same() {
        let nines = "9".repeat(40);
        let number = Number::read("price", &nines).unwrap();
        assert_eq!(number.value().unwrap_err().code, Code::NumberOverflow);
        assert_eq!(Number::read("price", "1.5").unwrap().atoms(0).unwrap_err().code, Code::BadPrecision);
    }

    #[test]
    fn a_count_is_what_it_says_and_zero_is_none() {
        let count = |units| Number::of("amount", Given::Units(units));
        assert_eq!(count(0).unwrap_err().code, Code::InvalidDecimal);
        assert_eq!(count(1).unwrap().atoms(8).unwrap(), 1, "whatever the scale");
        assert_eq!(count(AMOUNT_MAX).unwrap().atoms(8).unwrap(), AMOUNT_MAX);
        assert_eq!(count(AMOUNT_MAX + 1).unwrap().atoms(8).unwrap_err().code, Code::NumberOverflow);
        assert_eq!(Number::of("amount", Given::Text("1")).unwrap().atoms(8).unwrap(), 100_000_000);
    }

    #[test]
    fn amounts_are_exact_or_refused() {
        assert_eq!(parse_atoms("amount", "1.50", 8).unwrap(), 150_000_000);
        assert_eq!(parse_atoms("amount", "1.5000000000", 8).unwrap(), 150_000_000);
        assert_eq!(parse_atoms("amount", "0.30000000000000004", 8).unwrap_err().code, Code::BadPrecision);
        assert_eq!(
            parse_atoms("amount", "79228162514264337593543950335", 18).unwrap_err().code,
            Code::NumberOverflow
        );
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        let rounded = [(10, 4), (14, 4), (15, 4), (18, 4), (0, 7), (7, 7)];
        assert_eq!(rounded.map(|(n, d)| divide_half_even(n, d)), [2, 4, 4, 4, 0, 1]);
    }

    #[test]
    fn writes_a_fixed_number_of_decimals() {
        assert_eq!(format(0, 2), "0.00");
        assert_eq!(format(5, 0), "5");
        assert_eq!(format(123_456, 5), "1.23456");
        assert_eq!(format(u128::MAX, 18), "340282366920938463463.374607431768211455");
    }
}
