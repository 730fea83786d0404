//! What records are made of.

use super::{Decode, Encode, Input, Malformed, ensure};
use crate::fees::FeeRates;
use crate::message::{
    AdmittedOrder, Amend, AmendChange, CancelMany, CancelReason, ClientOrderId, LateChecks, MassCancelOrder,
    MassId, NewOrder, NewQuantity, OnlyIf, OrderFilter, Replace, ReplaceMode, ReplyTo, Request, RequestId,
    TransferOffer,
};
use crate::reject::Reject;
use crate::rules::AccountChange;
use crate::types::{
    AccountId, Amount, AssetId, ID_MAX, Lsn, OrderId, Price, Quantity, Side, StpGroup, SymbolId, Ticket,
    Timestamp,
};

wire_struct!(RequestId { lane: u32, number: u64, fingerprint: u64 }, |id| ensure(
    (1..=ID_MAX).contains(&id.number),
    "no request has this number"
));

/// Its request id, if it has one. Who waits for the answer is nobody's business when it is read back.
impl Encode for ReplyTo {
    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        self.request_id().encode(out);
    }
}

impl Decode for ReplyTo {
    fn decode(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let id: Option<RequestId> = Option::decode(input)?;
        Ok(id.map_or(Self::direct(Ticket(0)), |id| Self::remembered(Ticket(0), &id)))
    }
}

/// What [`crate::log::Record::Account`] is about: the requests that an account's sequencer decides alone.
impl Encode for Request {
    fn encode(&self, out: &mut Vec<u8>) {
        AccountRequest::from(self).encode(out);
    }
}

impl Decode for Request {
    fn decode(input: &mut Input<'_>) -> Result<Self, Malformed> {
        AccountRequest::decode(input).map(Self::from)
    }
}

/// The requests that are written down as they came.
#[derive(Clone, Copy)]
enum AccountRequest {
    Deposit { account: AccountId, asset: AssetId, amount: Amount },
    Withdraw { account: AccountId, asset: AssetId, amount: Amount },
    Hold { account: AccountId, asset: AssetId, amount: Amount },
    Release { account: AccountId, asset: AssetId, amount: Amount },
    CancelAllAfter { account: AccountId, after_nanos: u64 },
    Configure { account: AccountId, change: AccountChange },
}

wire_enum!(
    AccountRequest {
        1 = Deposit { account: AccountId, asset: AssetId, amount: Amount },
        2 = Withdraw { account: AccountId, asset: AssetId, amount: Amount },
        3 = Hold { account: AccountId, asset: AssetId, amount: Amount },
        4 = Release { account: AccountId, asset: AssetId, amount: Amount },
        5 = CancelAllAfter { account: AccountId, after_nanos: u64 },
        6 = Configure { account: AccountId, change: AccountChange },
    },
    |request| match request {
        AccountRequest::Deposit { amount, .. }
        | AccountRequest::Withdraw { amount, .. }
        | AccountRequest::Hold { amount, .. }
        | AccountRequest::Release { amount, .. } => ensure(!amount.is_zero(), "nothing is moved"),
        AccountRequest::CancelAllAfter { .. } | AccountRequest::Configure { .. } => Ok(()),
    }
);

impl From<&Request> for AccountRequest {
    fn from(request: &Request) -> Self {
        match *request {
            Request::Deposit { account, asset, amount } => Self::Deposit { account, asset, amount },
            Request::Withdraw { account, asset, amount } => Self::Withdraw { account, asset, amount },
            Request::Hold { account, asset, amount } => Self::Hold { account, asset, amount },
            Request::Release { account, asset, amount } => Self::Release { account, asset, amount },
            Request::CancelAllAfter { account, after_nanos } => Self::CancelAllAfter { account, after_nanos },
            Request::Configure { account, change } => Self::Configure { account, change },
            ref other => panic!("no record is made of {other:?}"),
        }
    }
}

impl From<AccountRequest> for Request {
    fn from(request: AccountRequest) -> Self {
        match request {
            AccountRequest::Deposit { account, asset, amount } => Self::Deposit { account, asset, amount },
            AccountRequest::Withdraw { account, asset, amount } => Self::Withdraw { account, asset, amount },
            AccountRequest::Hold { account, asset, amount } => Self::Hold { account, asset, amount },
            AccountRequest::Release { account, asset, amount } => Self::Release { account, asset, amount },
            AccountRequest::CancelAllAfter { account, after_nanos } => {
                Self::CancelAllAfter { account, after_nanos }
            }
            AccountRequest::Configure { account, change } => Self::Configure { account, change },
        }
    }
}

wire_struct!(AdmittedOrder {
    to: ReplyTo,
    id: OrderId,
    order: NewOrder,
    reserved: Amount,
    fees: FeeRates,
    stp_group: Option<StpGroup>,
    accepted_at: Timestamp,
    late: Option<Box<LateChecks>>,
});

wire_struct!(LateChecks { refusal: Option<Reject>, position_room: Option<Quantity> });

wire_struct!(Amend {
    to: ReplyTo,
    account: AccountId,
    symbol: SymbolId,
    order: OrderId,
    change: AmendChange,
    extra: Amount,
    refusal: Option<Reject>,
});

wire_struct!(
    AmendChange { quantity: Option<NewQuantity>, price: Option<Price> },
    |change| ensure(change.quantity.is_some() || change.price.is_some(), "an amend of nothing")
);

wire_enum!(NewQuantity { 1 = Total(total: Quantity), 2 = ReduceBy(less: Quantity) });

wire_struct!(
    Replace {
        to: ReplyTo,
        account: AccountId,
        symbol: SymbolId,
        mode: ReplaceMode,
        old: Result<OrderId, Reject>,
        only_if: Option<OnlyIf>,
        new: Result<Box<AdmittedOrder>, Reject>,
        from_old: Amount,
    },
    |replace| {
        let same = |new: &AdmittedOrder| {
            new.order.account == replace.account && new.order.symbol == replace.symbol
        };
        ensure(replace.new.as_ref().is_ok_and(|new| same(new)) || replace.new.is_err(), "another's new order")
    }
);

wire_enum!(ReplaceMode { 1 = StopOnFailure, 2 = AllowFailure, 3 = Atomic });

wire_enum!(OnlyIf { 1 = New, 2 = PartiallyFilled });

wire_struct!(
    MassCancelOrder {
        to: Option<ReplyTo>,
        account: AccountId,
        filter: OrderFilter,
        reason: CancelReason,
        symbols: Vec<SymbolId>,
    },
    |order| {
        ensure(order.symbols.is_sorted_by(|a, b| a < b), "symbols out of order")?;
        ensure(is_mass(order.reason), "a mass cancel for no reason of its own")
    }
);

wire_struct!(OrderFilter {
    symbol: Option<SymbolId>,
    side: Option<Side>,
    client_id_prefix: Option<ClientOrderId>,
});

wire_struct!(
    CancelMany {
        mass: MassId,
        account: AccountId,
        symbol: SymbolId,
        orders: Vec<OrderId>,
        reason: CancelReason,
    },
    |many| {
        ensure(many.orders.is_sorted_by(|a, b| a < b), "orders out of order")?;
        ensure(is_mass(many.reason), "a mass cancel for no reason of its own")
    }
);

const fn is_mass(reason: CancelReason) -> bool {
    matches!(reason, CancelReason::Mass | CancelReason::Deadman)
}

wire_struct!(
    TransferOffer {
        to_reply: ReplyTo,
        offered: Lsn,
        from: AccountId,
        to: AccountId,
        asset: AssetId,
        amount: Amount,
    },
    |offer| {
        ensure(offer.from != offer.to, "a transfer to oneself")?;
        ensure(!offer.amount.is_zero(), "nothing is moved")
    }
);

#[cfg(test)]
mod layout {
    use super::AccountRequest;
    use crate::codec::tests::dice::{Dice, Drawn};
    use crate::codec::tests::layout::{Layout, fields};
    use crate::message::{ReplyTo, Request};

    impl Layout for ReplyTo {
        const BYTES: Option<usize> = None;

        fn table(out: &mut String) {
            fields("ReplyTo", &[("request_id", "Option<RequestId>", None)], out);
        }
    }

    impl Drawn for Request {
        fn draw(dice: &mut Dice<'_>) -> Self {
            AccountRequest::draw(dice).into()
        }
    }

    impl Layout for Request {
        const BYTES: Option<usize> = None;

        fn table(out: &mut String) {
            let mut requests = String::new();
            AccountRequest::table(&mut requests);
            out.push_str(&requests.replace("AccountRequest", "Request"));
        }
    }
}
