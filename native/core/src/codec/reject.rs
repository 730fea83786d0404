//! Refusals. A code is written as its number.

use super::{Decode, Encode, Input, Malformed};
use crate::order::OrderStatus;
use crate::reject::{Code, Detail, Reject};
use crate::types::{Amount, AssetId, OrderId, Price, SymbolId};

impl Encode for Code {
    fn encode(&self, out: &mut Vec<u8>) {
        self.number().encode(out);
    }
}

impl Decode for Code {
    fn decode(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let at = input.at();
        let number = u16::decode(input)?;
        let found = Self::ALL.binary_search_by_key(&number, |code| code.number());
        found.map(|code| Self::ALL[code]).map_err(|_| Malformed { at, what: "no refusal has this code" })
    }
}

wire_struct!(Reject { code: Code, detail: Detail });

wire_enum!(Detail {
    1 = None,
    2 = Funds { asset: AssetId, required: Amount, available: Amount },
    3 = Closed { order: OrderId, status: OrderStatus },
    4 = Bound { max: u32 },
    5 = Band { symbol: SymbolId, min: Price, max: Price },
    6 = Last { symbol: SymbolId, price: Price },
    7 = Wait { nanos: u64 },
});
