//! Symbols and their rules, rates, and an account's terms.

use super::{Decode, Encode, Input, Malformed, ensure};
use crate::fees::{FeeMode, FeeRates};
use crate::limits::ICEBERG_PARTS_MAX;
use crate::order::StpMode;
use crate::rules::{AccountChange, AccountStatus, PriceBand, RateLimit, SymbolRules, SymbolStatus};
use crate::spec::{SymbolLimits, SymbolSpec};
use crate::types::{Amount, AssetId, Price, Quantity, StpGroup, SymbolId};

/// What a day has.
const DAY_NANOS: u64 = 24 * 60 * 60 * 1_000_000_000;

wire_struct!(FeeRates { maker_ppm: i32, taker_ppm: u32 }, |rates| ensure(
    rates.is_sound(),
    "a rate beyond its bounds"
));

wire_enum!(FeeMode { 1 = Received, 2 = Quote });

wire_struct!(SymbolLimits {
    price_min: Price,
    price_max: Price,
    quantity_min: Quantity,
    quantity_max: Quantity,
    notional_min: Amount,
});

/// What [`SymbolSpec::new`] makes a symbol of: the only way to one.
struct SpecParts {
    id: SymbolId,
    base: AssetId,
    quote: AssetId,
    lot_atoms: u128,
    tick_lot_atoms: u128,
    fee_mode: FeeMode,
    limits: SymbolLimits,
}

wire_struct!(SpecParts {
    id: SymbolId,
    base: AssetId,
    quote: AssetId,
    lot_atoms: u128,
    tick_lot_atoms: u128,
    fee_mode: FeeMode,
    limits: SymbolLimits,
});

impl Encode for SymbolSpec {
    fn encode(&self, out: &mut Vec<u8>) {
        let parts = SpecParts {
            id: self.id(),
            base: self.base(),
            quote: self.quote(),
            lot_atoms: self.lot_atoms(),
            tick_lot_atoms: self.tick_lot_atoms(),
            fee_mode: self.fee_mode(),
            limits: *self.limits(),
        };
        parts.encode(out);
    }
}

impl Decode for SymbolSpec {
    fn decode(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let at = input.at();
        let SpecParts { id, base, quote, lot_atoms, tick_lot_atoms, fee_mode, limits } =
            SpecParts::decode(input)?;
        let spec = Self::new(id, base, quote, lot_atoms, tick_lot_atoms, limits);
        let spec = spec.map_err(|_| Malformed { at, what: "a symbol that could round or overflow" })?;
        Ok(spec.with_fee_mode(fee_mode))
    }
}

wire_struct!(
    SymbolRules {
        status: SymbolStatus,
        fees: FeeRates,
        allow_net_rebate: bool,
        notional_max: Option<Amount>,
        notional_applies_to_market: bool,
        market_quantity_max: Option<Quantity>,
        band: Option<PriceBand>,
        price_floor: Option<Price>,
        price_cap: Option<Price>,
        reference_price: Option<Price>,
        reference_minutes: u32,
        market_protection_bps: Option<u32>,
        open_orders_max: Option<u32>,
        conditional_max: Option<u32>,
        icebergs_max: Option<u32>,
        lists_max: Option<u32>,
        position_max: Option<Quantity>,
        trail_bps: (u32, u32),
        iceberg_parts_max: u32,
        amends_max: Option<u32>,
        allowed_stp: u8,
        default_stp: StpMode,
        order_types: u16,
        session_end_nanos: u64,
    },
    |rules| {
        let sound = rules.session_end_nanos < DAY_NANOS && rules.iceberg_parts_max <= ICEBERG_PARTS_MAX;
        ensure(sound, "rules beyond their bounds")
    }
);

wire_enum!(SymbolStatus { 1 = Trading, 2 = PostOnly, 3 = LimitOnly, 4 = CancelOnly, 5 = Halt, 6 = Closed });

wire_struct!(PriceBand { bid_up_bps: u32, bid_down_bps: u32, ask_up_bps: u32, ask_down_bps: u32 });

wire_enum!(AccountStatus { 1 = Active, 2 = CancelOnly, 3 = Suspended, 4 = Closed });

wire_enum!(AccountChange {
    1 = Status(status: AccountStatus),
    2 = Fees { symbol: Option<SymbolId>, rates: Option<FeeRates> },
    3 = Permissions { trade: bool, withdraw: bool },
    4 = StpGroup(group: Option<StpGroup>),
    5 = RateLimit(limit: Option<RateLimit>),
});

wire_struct!(RateLimit { per_second: u32, burst: u32 }, |limit| ensure(
    limit.per_second > 0 && limit.burst > 0,
    "a rate limit of nothing"
));

#[cfg(test)]
impl super::tests::layout::Layout for SymbolSpec {
    const BYTES: Option<usize> = SpecParts::BYTES;

    fn table(out: &mut String) {
        let mut parts = String::new();
        SpecParts::table(&mut parts);
        out.push_str(&parts.replace("SpecParts", "SymbolSpec"));
    }
}
