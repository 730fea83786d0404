//! Where candles begin: seconds to months of UTC, in whole numbers.
//!
//! Every interval cuts all of time into candles that are numbered from 1970-01-01T00:00:00Z on. Weeks begin on Monday,
//! months on their first day; three days are counted from 1970-01-01. 1970 began on a Thursday: the week that it
//! began in is candle 0 of the weeks, and begins at 1970-01-01, since time does.

use super::Interval;
use crate::types::Timestamp;

/// Nanoseconds.
pub(super) const SECOND: u64 = 1_000_000_000;
pub(super) const MINUTE: u64 = 60 * SECOND;
pub(super) const HOUR: u64 = 60 * MINUTE;
pub(super) const DAY: u64 = 24 * HOUR;

/// Days from the Monday before 1970-01-01 to it.
const DAYS_BEFORE: u64 = 3;
/// Days of a year before each of its months, and of all of it; a leap year has one more from March on.
const DAYS_BEFORE_MONTH: [u64; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];

impl Interval {
    /// All of them, the shortest first.
    pub const ALL: [Self; 16] = [
        Self::Second1,
        Self::Minute1,
        Self::Minute3,
        Self::Minute5,
        Self::Minute15,
        Self::Minute30,
        Self::Hour1,
        Self::Hour2,
        Self::Hour4,
        Self::Hour6,
        Self::Hour8,
        Self::Hour12,
        Self::Day1,
        Self::Day3,
        Self::Week1,
        Self::Month1,
    ];

    /// The stable string, for instance `15m`; `1M` is a month.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Second1 => "1s",
            Self::Minute1 => "1m",
            Self::Minute3 => "3m",
            Self::Minute5 => "5m",
            Self::Minute15 => "15m",
            Self::Minute30 => "30m",
            Self::Hour1 => "1h",
            Self::Hour2 => "2h",
            Self::Hour4 => "4h",
            Self::Hour6 => "6h",
            Self::Hour8 => "8h",
            Self::Hour12 => "12h",
            Self::Day1 => "1d",
            Self::Day3 => "3d",
            Self::Week1 => "1w",
            Self::Month1 => "1M",
        }
    }

    /// The interval of that string.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|interval| interval.as_str() == name)
    }

    /// When the candle begins that a time is in.
    #[must_use]
    pub fn open_of(self, at: Timestamp) -> Timestamp {
        self.start(self.number(at))
    }

    /// The first nanosecond behind the candle that a time is in. (The candle in which time ends is cut there.)
    #[must_use]
    pub fn end_of(self, at: Timestamp) -> Timestamp {
        self.start(self.number(at) + 1)
    }

    /// The number of the candle that a time is in.
    pub(super) fn number(self, at: Timestamp) -> u64 {
        match self.length() {
            Some(length) => at.0 / length,
            None if self == Self::Week1 => (at.0 / DAY + DAYS_BEFORE) / 7,
            None => month_of(at.0 / DAY),
        }
    }

    /// When the candle of that number begins.
    pub(super) fn start(self, number: u64) -> Timestamp {
        Timestamp(match self.length() {
            Some(length) => number.saturating_mul(length),
            None if self == Self::Week1 => {
                number.saturating_mul(7).saturating_sub(DAYS_BEFORE).saturating_mul(DAY)
            }
            None => first_day_of(number).saturating_mul(DAY),
        })
    }

    /// The number of the first candle that does not begin before a time.
    pub(super) fn number_from(self, at: Timestamp) -> u64 {
        let number = self.number(at);
        if self.start(number) < at { number + 1 } else { number }
    }

    /// Of those that are all of one length from 1970 on.
    const fn length(self) -> Option<u64> {
        Some(match self {
            Self::Second1 => SECOND,
            Self::Minute1 => MINUTE,
            Self::Minute3 => 3 * MINUTE,
            Self::Minute5 => 5 * MINUTE,
            Self::Minute15 => 15 * MINUTE,
            Self::Minute30 => 30 * MINUTE,
            Self::Hour1 => HOUR,
            Self::Hour2 => 2 * HOUR,
            Self::Hour4 => 4 * HOUR,
            Self::Hour6 => 6 * HOUR,
            Self::Hour8 => 8 * HOUR,
            Self::Hour12 => 12 * HOUR,
            Self::Day1 => DAY,
            Self::Day3 => 3 * DAY,
            Self::Week1 | Self::Month1 => return None,
        })
    }
}

/// Leap days of all years before this one, by the Gregorian rule, since year 1.
const fn leap_days_before(year: u64) -> u64 {
    let past = year - 1;
    past / 4 - past / 100 + past / 400
}

const fn is_leap(year: u64) -> bool {
    leap_days_before(year + 1) > leap_days_before(year)
}

/// Days from 1970-01-01 to January 1st of a year from 1970 on.
const fn days_before(year: u64) -> u64 {
    (year - 1970) * 365 + leap_days_before(year) - leap_days_before(1970)
}

/// Months from January 1970 to the one that a day is in; the day counted from 1970-01-01.
fn month_of(day: u64) -> u64 {
    // No year is longer than this, so the guess is never late; and within all of time it is two years early at most.
    let mut year = 1970 + day / 366;
    while days_before(year + 1) <= day {
        year += 1;
    }
    let in_year = day - days_before(year);
    let is_past = |&month: &u64| month_begins(year, month) <= in_year;
    (year - 1970) * 12 + (1..12).take_while(is_past).count() as u64
}

/// Days from 1970-01-01 to the first of a month; months counted from January 1970.
fn first_day_of(month: u64) -> u64 {
    let year = 1970 + month / 12;
    days_before(year) + month_begins(year, month % 12)
}

/// Days of a year before its month, 0 to 11.
#[expect(clippy::cast_possible_truncation, reason = "a month of a year")]
fn month_begins(year: u64, month: u64) -> u64 {
    DAYS_BEFORE_MONTH[month as usize] + u64::from(month >= 2 && is_leap(year))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (year, month 1 to 12, day) of every day from 1970 to 2555, counted one by one.
    fn days() -> impl Iterator<Item = (u64, u64, u64)> {
        (1970..2556_u64).flat_map(|year| {
            let is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
            (1..=12_u64).flat_map(move |month| {
                let days = match month {
                    2 if is_leap => 29,
                    2 => 28,
                    4 | 6 | 9 | 11 => 30,
                    _ => 31,
                };
                (1..=days).map(move |day| (year, month, day))
            })
        })
    }

    #[test]
    fn months_are_those_of_the_calendar() {
        let mut first = 0;
        for (number, (year, month, day)) in (0_u64..).zip(days()) {
            if day == 1 {
                first = number;
            }
            let expected = (year - 1970) * 12 + month - 1;
            assert_eq!(month_of(number), expected, "{year}-{month}-{day}");
            assert_eq!(first_day_of(expected), first, "{year}-{month}");
        }
    }

    #[test]
    fn weeks_begin_on_monday() {
        // 2026-11-23 was a Monday.
        let monday = days().position(|date| date == (2026, 11, 23)).unwrap() as u64 * DAY;
        let at = |time| Interval::Week1.open_of(Timestamp(time)).0;
        assert_eq!(
            (at(monday - 1), at(monday), at(monday + 7 * DAY - 1)),
            (monday - 7 * DAY, monday, monday)
        );
        assert_eq!((at(0), at(4 * DAY - 1), at(4 * DAY)), (0, 0, 4 * DAY), "1970 began on a Thursday");
    }

    #[test]
    fn a_time_is_in_the_candle_of_its_number() {
        let times = [0, 1, SECOND - 1, DAY, 59 * DAY, 1_733_000_000 * SECOND + 7, u64::MAX - 1];
        for interval in Interval::ALL {
            assert_eq!(Interval::named(interval.as_str()), Some(interval));
            for at in times.map(Timestamp) {
                let (open, end) = (interval.open_of(at), interval.end_of(at));
                assert!(open <= at && at < end, "{interval:?} {at:?}: {open:?} to {end:?}");
                assert_eq!(interval.number(open), interval.number(at));
                assert_eq!(interval.number_from(open), interval.number(at));
                assert_eq!(interval.number_from(Timestamp(open.0 + 1)), interval.number(at) + 1);
            }
        }
        assert_eq!(Interval::named("1H"), None);
    }
}
