//! A command's record, taken apart.

use lightning_core::message::StpMode;
use lightning_core::types::Side;

use super::RECORD;
use crate::edge::{AmendUnits, Call, FundsUnits, KindName, Named, PlaceUnits, TifName};

/// Where the fields of a command are.
pub mod at {
    /// What is asked, u8: see [`super::op`].
    pub const OP: usize = 0;
    /// 1 buys, 2 sells, u8.
    pub const SIDE: usize = 1;
    /// 1 limit, 2 market, u8.
    pub const TYPE: usize = 2;
    /// 0 the type's default, 1 GTC, 2 IOC, 3 FOK, u8.
    pub const TIME_IN_FORCE: usize = 3;
    /// Flags, u32.
    pub const FLAGS: usize = 4;
    /// The caller's, u32.
    pub const TAG: usize = 8;
    /// The number of a symbol, or of an asset, u32.
    pub const SYMBOL: usize = 12;
    /// The account, u64.
    pub const ACCOUNT: usize = 16;
    /// The order, u64.
    pub const ORDER: usize = 24;
    /// Ticks, u64.
    pub const PRICE: usize = 32;
    /// Lots, u64.
    pub const QUANTITY: usize = 40;
    /// Atoms, u128.
    pub const AMOUNT: usize = 48;
}

/// What can be asked.
pub mod op {
    /// A deposit of `amount` to `account`.
    pub const DEPOSIT: u8 = 1;
    /// A withdrawal of `amount` from `account`.
    pub const WITHDRAW: u8 = 2;
    /// An order: `quantity` at `price`, or `quantity` or `amount` at market.
    pub const PLACE: u8 = 3;
    /// A cancel of `order`.
    pub const CANCEL: u8 = 4;
    /// A change of `order`: its price, its quantity or both.
    pub const AMEND: u8 = 5;
}

const POST_ONLY: u32 = 1;
const REDUCTION: u32 = 2;
const STP_SHIFT: u32 = 8;
const KNOWN_FLAGS: u32 = POST_ONLY | REDUCTION | 0xff << STP_SHIFT;

/// Answered like a malformed call.
const NO_CALL: Call<'static> = Call::Order { order: 0 };

/// One command: a copy of its bytes, which nobody else writes to any more.
#[derive(Clone, Copy, Debug)]
pub struct Command(pub [u8; RECORD]);

impl Command {
    /// The caller's number for it.
    #[must_use]
    pub fn tag(&self) -> u32 {
        self.u32_at(at::TAG)
    }

    /// The call that it makes.
    #[must_use]
    pub fn call(&self) -> Call<'static> {
        let flags = self.u32_at(at::FLAGS);
        if flags & !KNOWN_FLAGS != 0 {
            return NO_CALL;
        }
        let account = self.u64_at(at::ACCOUNT);
        let funds =
            || FundsUnits { account, asset: self.u32_at(at::SYMBOL), amount: self.u128_at(at::AMOUNT) };
        match self.0[at::OP] {
            op::DEPOSIT => Call::DepositUnits(funds()),
            op::WITHDRAW => Call::WithdrawUnits(funds()),
            op::PLACE => Call::PlaceUnits(PlaceUnits {
                account,
                symbol: self.u32_at(at::SYMBOL),
                side: match self.0[at::SIDE] {
                    0 => Named::Missing,
                    1 => Named::Known(Side::Buy),
                    2 => Named::Known(Side::Sell),
                    _ => Named::Unknown,
                },
                kind: match self.0[at::TYPE] {
                    0 => Named::Missing,
                    1 => Named::Known(KindName::Limit),
                    2 => Named::Known(KindName::Market),
                    _ => Named::Unknown,
                },
                tif: match self.0[at::TIME_IN_FORCE] {
                    0 => TifName::Default,
                    1 => TifName::Gtc,
                    2 => TifName::Ioc,
                    3 => TifName::Fok,
                    _ => TifName::Unknown,
                },
                price: self.u64_at(at::PRICE),
                quantity: self.u64_at(at::QUANTITY),
                quote_quantity: self.u128_at(at::AMOUNT),
                post_only: flags & POST_ONLY != 0,
                stp: match flags >> STP_SHIFT & 0xff {
                    0 => Named::Missing,
                    byte => {
                        StpMode::ALL.get(byte as usize - 1).map_or(Named::Unknown, |&mode| Named::Known(mode))
                    }
                },
            }),
            op::CANCEL => Call::Cancel { account, order: self.u64_at(at::ORDER) },
            op::AMEND => Call::AmendUnits(AmendUnits {
                account,
                symbol: self.u32_at(at::SYMBOL),
                order: self.u64_at(at::ORDER),
                price: self.u64_at(at::PRICE),
                quantity: self.u64_at(at::QUANTITY),
                is_reduction: flags & REDUCTION != 0,
            }),
            _ => NO_CALL,
        }
    }

    fn u32_at(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.0[at..at + 4].try_into().expect("four bytes"))
    }

    fn u64_at(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.0[at..at + 8].try_into().expect("eight bytes"))
    }

    fn u128_at(&self, at: usize) -> u128 {
        u128::from_le_bytes(self.0[at..at + 16].try_into().expect("sixteen bytes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(fields: &[(usize, &[u8])]) -> Command {
        let mut bytes = [0; RECORD];
        for &(at, field) in fields {
            bytes[at..at + field.len()].copy_from_slice(field);
        }
        Command(bytes)
    }

    #[test]
    fn a_record_says_what_its_fields_say() {
        let place = record(&[
            (at::OP, &[op::PLACE, 2, 1, 3]),
            (at::FLAGS, &[1, 2]),
            (at::TAG, &9_u32.to_le_bytes()),
            (at::SYMBOL, &3_u32.to_le_bytes()),
            (at::ACCOUNT, &7_u64.to_le_bytes()),
            (at::PRICE, &100_u64.to_le_bytes()),
            (at::QUANTITY, &5_u64.to_le_bytes()),
            (at::AMOUNT, &(1_u128 << 90).to_le_bytes()),
        ]);
        assert_eq!(place.tag(), 9);
        let Call::PlaceUnits(place) = place.call() else { panic!("{place:?}") };
        let expected = PlaceUnits {
            account: 7,
            symbol: 3,
            side: Named::Known(Side::Sell),
            kind: Named::Known(KindName::Limit),
            tif: TifName::Fok,
            price: 100,
            quantity: 5,
            quote_quantity: 1 << 90,
            post_only: true,
            stp: Named::Known(StpMode::ALL[1]),
        };
        assert_eq!(place, expected);
    }

    #[test]
    fn what_means_nothing_is_no_call() {
        let is_none = |command: Command| matches!(command.call(), Call::Order { order: 0 });
        assert!(is_none(record(&[])));
        assert!(is_none(record(&[(at::OP, &[6])])));
        assert!(is_none(record(&[(at::OP, &[op::CANCEL]), (at::FLAGS, &[4])])));
        assert!(!is_none(record(&[(at::OP, &[op::CANCEL]), (at::FLAGS, &[3, 0xff])])));
    }

    /// Few under Miri, which runs this for what it does with memory; many otherwise.
    #[test]
    fn random_bytes_are_some_call() {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let rounds = if cfg!(miri) { 300 } else { 200_000 };
        for round in 0..rounds {
            let mut bytes = [0; RECORD];
            for chunk in bytes.chunks_exact_mut(8) {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                chunk.copy_from_slice(&state.to_le_bytes());
            }
            bytes[at::OP] = u8::try_from(round % 7).expect("below 7");
            let command = Command(bytes);
            let again = Command(command.0);
            assert_eq!(format!("{:?}", command.call()), format!("{:?}", again.call()));
        }
    }
}
