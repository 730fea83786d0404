//! Decimal strings to integers and back, exactly: the only place that knows them.
//!
//! `rust_decimal` reads; what it reads is taken apart into digits and scale and compared with the unit's grid
//! in checked integer arithmetic. Nothing is rounded: what is not on the grid is refused.

use lightning_core::reject::Code;
use rust_decimal::Decimal;

use crate::refusal::Refusal;

/// Digits and scale of a non-negative decimal: `digits / 10^scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scaled {
    /// All digits as one integer, below 2^96.
    pub digits: u128,
    /// How many of them stand behind the point, 0 to 28.
    pub scale: u32,
}

/// Reads a plain positive decimal: digits, at most one point with digits on both sides, nothing else.
///
/// # Errors
/// `INVALID_DECIMAL` for any other shape and for zero, `NUMBER_OVERFLOW` beyond 96 bits of digits,
/// `BAD_PRECISION` beyond 28 decimals.
pub fn parse(field: &'static str, text: &str) -> Result<Scaled, Refusal> {
    let invalid = || {
        Refusal::field(
            Code::InvalidDecimal,
            field,
            format!("{field} is {text:?}, not a plain positive decimal"),
        )
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) {
        return Err(invalid());
    }
    let value = Decimal::from_str_exact(text).map_err(|error| match error {
        rust_decimal::Error::Underflow | rust_decimal::Error::ScaleExceedsMaximumPrecision(_) => {
            Refusal::field(Code::BadPrecision, field, format!("{field} has more decimals than any asset"))
        }
        _ => Refusal::field(
            Code::NumberOverflow,
            field,
            format!("{field} has more digits than the engine counts"),
        ),
    })?;
    if value.is_zero() {
        return Err(invalid());
    }
    Ok(Scaled { digits: value.mantissa().unsigned_abs(), scale: value.scale() })
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
        let message = format!("{field} is {text}, with more than {scale} decimals");
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
    let value = parse(field, text)?.within(field, text, scale)?;
    value.in_units_of(scale).ok_or_else(|| {
        Refusal::field(Code::NumberOverflow, field, format!("{field} is {text}, more than the engine counts"))
    })
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
        assert_eq!(code(&"9".repeat(40)), Some(Code::NumberOverflow));
        assert_eq!(code("79228162514264337593543950336"), Some(Code::NumberOverflow));
        assert!(matches!(
            code(&format!("0.{}1", "0".repeat(40))),
            Some(Code::BadPrecision | Code::NumberOverflow)
        ));
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
