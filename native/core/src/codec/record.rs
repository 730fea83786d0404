//! The kinds of records: a number each, which stays its number for ever, and what its body is.

use std::fmt;

use super::{Decode, Encode, Input, Malformed};
use crate::log::{OperatorKey, Record, Recorded};
use crate::message::{
    AdmittedOrder, Amend, CancelMany, MassCancelOrder, Replace, ReplyTo, Request, TransferOffer,
};
use crate::reject::Code;
use crate::rules::SymbolRules;
use crate::spec::SymbolSpec;
use crate::types::{AccountId, ListId, OrderId, SymbolId};

/// Of the layout of every kind's body. A kind that gets another layout gets another number, and keeps the old one
/// for what was written before.
pub const VERSION: u8 = 1;

/// Why a record can't be read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// Somebody newer wrote it.
    UnknownKind {
        /// Its kind.
        kind: u8,
    },
    /// Somebody newer wrote it.
    UnknownVersion {
        /// Its kind.
        kind: u8,
        /// The version of its body.
        version: u8,
    },
    /// Nobody wrote this.
    Malformed(Malformed),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKind { kind } => write!(f, "a record of the unknown kind {kind}"),
            Self::UnknownVersion { kind, version } => {
                write!(f, "a record of kind {kind} in the unknown version {version}")
            }
            Self::Malformed(malformed) => write!(f, "a record that is {malformed}"),
        }
    }
}

impl std::error::Error for DecodeError {}

impl From<Malformed> for DecodeError {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

macro_rules! kinds {
    (
        $($kind:literal = $name:ident
            $({ $($field:ident: $type:ty),+ $(,)? })?
            $(( $($item:ident: $item_type:ty),+ $(,)? ))?
        ;)+
    ) => {
        /// The number of a record's kind; zero is none's.
        #[must_use]
        pub const fn kind_of(record: &Record<'_>) -> u8 {
            match record {
                $(kinds!(@any $name $({ $($field),+ })? $(( $($item),+ ))?) => $kind,)+
            }
        }

        /// The body.
        impl Encode for Record<'_> {
            #[inline]
            fn encode(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$name $({ $($field),+ })? $(( $($item),+ ))? => {
                        $($(Encode::encode($field, out);)+)?
                        $($(Encode::encode($item, out);)+)?
                    })+
                }
            }
        }

        fn decode_body(kind: u8, input: &mut Input<'_>) -> Result<Recorded, DecodeError> {
            Ok(match kind {
                $($kind => Recorded::$name
                    $({ $($field: <$type>::decode(input)?),+ })?
                    $(( $(<$item_type>::decode(input)?),+ ))?,
                )+
                _ => return Err(DecodeError::UnknownKind { kind }),
            })
        }

        /// Every kind by number, its name, and what its body is.
        #[cfg(test)]
        pub(super) const KINDS: &[(u8, &str, &[(&str, &str)])] = &[$(
            ($kind, stringify!($name), &[
                $($((stringify!($field), stringify!($type)),)+)?
                $($((stringify!($item), stringify!($item_type)),)+)?
            ]),
        )+];

        /// A record of the kind that stands there in the list.
        #[cfg(test)]
        pub(super) fn draw(kind: usize, dice: &mut super::tests::dice::Dice<'_>) -> Recorded {
            use super::tests::dice::Drawn;
            let kinds: &[fn(&mut super::tests::dice::Dice<'_>) -> Recorded] = &[
                $(|dice| Recorded::$name
                    $({ $($field: <$type as Drawn>::draw(dice)),+ })?
                    $(( $(<$item_type as Drawn>::draw(dice)),+ ))?
                ),+
            ];
            kinds[kind](dice)
        }
    };
    (@any $name:ident { $($field:ident),+ }) => { Record::$name { .. } };
    (@any $name:ident ( $($item:ident),+ )) => { Record::$name(..) };
}

kinds! {
    1 = Account(to: ReplyTo, request: Request);
    2 = TransferOffered(offer: TransferOffer);
    3 = TransferAccepted(offer: TransferOffer);
    4 = TransferRefused(offer: TransferOffer, code: Code);
    5 = MassCancel(order: MassCancelOrder);
    6 = Place(admitted: AdmittedOrder);
    7 = PlaceOco(list: ListId, legs: Box::<[AdmittedOrder; 2]>);
    8 = Cancel { to: ReplyTo, account: AccountId, symbol: SymbolId, order: OrderId };
    9 = Amend(amend: Box::<Amend>);
    10 = Replace(replace: Box::<Replace>);
    11 = CancelMany(many: Box::<CancelMany>);
    12 = CancelBook(symbol: SymbolId);
    13 = Expire { symbol: SymbolId, order: OrderId };
    14 = CollectFees { to: ReplyTo, account: AccountId, symbol: SymbolId };
    15 = AddSymbol(spec: SymbolSpec, rules: Box::<SymbolRules>);
    16 = SetRules(spec: SymbolSpec, rules: Box::<SymbolRules>);
    17 = RemoveSymbol(symbol: SymbolId);
    18 = OrderIds { up_to: u64 };
    19 = Operator(key: OperatorKey, body: Vec::<u8>);
    20 = Genesis { logic_version: u32 };
    21 = CleanShutdown { state_hash: [u8; 32] };
}

wire_enum!(OperatorKey { 1 = Asset(number: u32), 2 = Symbol(number: u32), 3 = Once(request: u64) });

/// Reads a record's body back.
///
/// # Errors
/// [`DecodeError`], where this version of Lightning would not have written it.
pub fn decode_record(kind: u8, version: u8, body: &[u8]) -> Result<Recorded, DecodeError> {
    let mut input = Input::new(body);
    if version != VERSION {
        // Of a kind that is unknown nobody knows the version.
        let known = matches!(decode_body(kind, &mut Input::new(&[])), Err(DecodeError::Malformed(_)));
        return Err(if known {
            DecodeError::UnknownVersion { kind, version }
        } else {
            DecodeError::UnknownKind { kind }
        });
    }
    let recorded = decode_body(kind, &mut input)?;
    input.end()?;
    Ok(recorded)
}

impl Recorded {
    /// The same, borrowed: what it was when it was written.
    #[must_use]
    pub fn as_record(&self) -> Record<'_> {
        match self {
            Self::Account(to, request) => Record::Account(*to, request),
            Self::TransferOffered(offer) => Record::TransferOffered(offer),
            Self::TransferAccepted(offer) => Record::TransferAccepted(offer),
            Self::TransferRefused(offer, code) => Record::TransferRefused(offer, *code),
            Self::MassCancel(order) => Record::MassCancel(order),
            Self::Place(admitted) => Record::Place(admitted),
            Self::PlaceOco(list, legs) => Record::PlaceOco(*list, legs),
            Self::Cancel { to, account, symbol, order } => {
                Record::Cancel { to: *to, account: *account, symbol: *symbol, order: *order }
            }
            Self::Amend(amend) => Record::Amend(amend),
            Self::Replace(replace) => Record::Replace(replace),
            Self::CancelMany(many) => Record::CancelMany(many),
            Self::CancelBook(symbol) => Record::CancelBook(*symbol),
            Self::Expire { symbol, order } => Record::Expire { symbol: *symbol, order: *order },
            Self::CollectFees { to, account, symbol } => {
                Record::CollectFees { to: *to, account: *account, symbol: *symbol }
            }
            Self::AddSymbol(spec, rules) => Record::AddSymbol(spec, rules),
            Self::SetRules(spec, rules) => Record::SetRules(spec, rules),
            Self::RemoveSymbol(symbol) => Record::RemoveSymbol(*symbol),
            Self::OrderIds { up_to } => Record::OrderIds { up_to: *up_to },
            Self::Operator(key, body) => Record::Operator(*key, body),
            Self::Genesis { logic_version } => Record::Genesis { logic_version: *logic_version },
            Self::CleanShutdown { state_hash } => Record::CleanShutdown { state_hash: *state_hash },
        }
    }
}
