//! Assets and symbols as they are asked for: words, every decimal a string.

use serde::Deserialize;
use serde_json::Value;

use crate::words::{Given, Int};

/// An asset as it is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct NewAsset {
    /// Its code, for instance `BTC`.
    pub code: String,
    /// Decimals of an amount, 0 to 18.
    pub scale: Option<Int>,
    /// A name for people, for instance `Bitcoin`.
    pub name: Option<String>,
}

impl NewAsset {
    /// An asset without a name.
    #[must_use]
    pub fn new(code: &str, scale: u32) -> Self {
        Self { code: code.to_owned(), scale: Some(i64::from(scale).into()), name: None }
    }
}

/// A change of an asset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct AssetPatch {
    /// A name for people; null for none.
    pub name: Given<String>,
    /// May it be moved and traded?
    pub enabled: Option<bool>,
}

/// How far a limit price may be from the reference price, in basis points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BandWords {
    /// A buy above it.
    pub bid_up: Int,
    /// A buy below it.
    pub bid_down: Int,
    /// A sell above it.
    pub ask_up: Int,
    /// A sell below it.
    pub ask_down: Int,
}

/// Bounds, inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoundsWords {
    /// Lowest.
    pub min: Int,
    /// Highest.
    pub max: Int,
}

/// A symbol's fee rates in parts per million.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RateWords {
    /// When an order rests; negative is a rebate.
    pub maker_ppm: Int,
    /// When it takes.
    pub taker_ppm: Int,
}

/// Declares a new symbol and a symbol's patch: the rules are the same, and null in a patch removes one.
macro_rules! symbol_words {
    ($($(#[doc = $doc:literal])+ $field:ident: $type:ty,)+) => {
        /// A symbol as it is asked for.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct NewSymbol {
            /// Its name.
            pub name: String,
            /// The base asset's code.
            pub base: String,
            /// The quote asset's code.
            pub quote: String,
            /// Price grid, in quote per base.
            pub tick_size: String,
            /// Quantity grid, in base.
            pub lot_size: String,
            /// `received`, as without, or `quote`.
            pub fee_mode: Option<String>,
            $($(#[doc = $doc])+ pub $field: Option<$type>,)+
        }

        /// A change of a symbol's rules.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
        #[serde(default, rename_all = "camelCase", deny_unknown_fields)]
        pub struct SymbolPatch {
            /// Can't be changed.
            pub name: Given<Value>,
            /// Can't be changed.
            pub base: Given<Value>,
            /// Can't be changed.
            pub quote: Given<Value>,
            /// Can't be changed.
            pub tick_size: Given<Value>,
            /// Can't be changed.
            pub lot_size: Given<Value>,
            /// Can't be changed.
            pub fee_mode: Given<Value>,
            $($(#[doc = $doc])+ pub $field: Given<$type>,)+
        }

        impl NewSymbol {
            /// The rules it asks for.
            pub(super) fn rules(&self) -> SymbolPatch {
                SymbolPatch {
                    $($field: self.$field.clone().map_or(Given::Absent, Given::Value),)+
                    ..SymbolPatch::default()
                }
            }
        }
    };
}

symbol_words! {
    /// Lowest price; one tick without.
    min_price: String,
    /// Highest price.
    max_price: String,
    /// Smallest order; one lot without.
    min_quantity: String,
    /// Largest order.
    max_quantity: String,
    /// Smallest price x quantity; none without.
    min_notional: String,
    /// Largest price x quantity; none without.
    max_notional: String,
    /// Do the notional bounds apply to market orders by quantity, at the reference price?
    apply_to_market: bool,
    /// Largest market order by quantity.
    market_max_quantity: String,
    /// Fee rates; none without.
    fees: RateWords,
    /// May a rebate exceed what the taker pays?
    allow_net_rebate: bool,
    /// How far a limit price may be from the reference price.
    band_bps: BandWords,
    /// No limit price below.
    price_floor: String,
    /// No limit price above.
    price_cap: String,
    /// The reference price, set by the operator.
    reference_price: String,
    /// Minutes of trades that the reference price averages, 0 to 1,440; zero, as without: the last trade.
    reference_minutes: Int,
    /// How far a market order may trade from the first price, in basis points.
    market_protection_bps: Int,
    /// Open and pending orders per account.
    max_open_orders: Int,
    /// Pending conditional orders per account.
    max_open_conditional: Int,
    /// Open icebergs per account.
    max_iceberg: Int,
    /// Open lists per account.
    max_open_lists: Int,
    /// Most base that an account may own and be buying.
    max_position: String,
    /// Bounds of a trailing stop's distance, in basis points; 1 to 9,999 without.
    trail_bps: BoundsWords,
    /// Most slices of an iceberg.
    max_iceberg_parts: Int,
    /// How often an order may be amended.
    max_amends: Int,
    /// Which order types are taken; all without.
    order_types: Vec<String>,
    /// Which modes of self-trade prevention an order may name; all without.
    allowed_stp: Vec<String>,
    /// The mode of an order that names none; `EXPIRE_TAKER` without.
    default_stp: String,
    /// End of the session of DAY orders, `HH:MM` UTC; `00:00` without.
    session_end: String,
}
