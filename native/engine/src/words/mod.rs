//! Calls as JSON words them: one variant of [`Words`] per operation, its fields named as in TypeScript.
//!
//! Nothing is judged here. Ids and other numbers are whatever arrived ([`Id`], [`Int`]), decimals and names are
//! text, and fields that nobody knows are ignored. The edge says what is wrong with them, in its fixed order.

mod values;

use std::hash::Hasher;

use lightning_core::message::RequestId;
use lightning_core::reject::Code;
use lightning_core::types::{AccountId, ID_MAX};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::refusal::Refusal;
pub(crate) use crate::words::values::Fnv;
use crate::words::values::is_absent;
pub use crate::words::values::{Given, Id, Int};

/// Declares the words of an operation: every field may be missing, and what is missing is not written either, so
/// that a field more in a later version leaves every fingerprint as it was.
macro_rules! words {
    ($($(#[doc = $doc:literal])+ $name:ident {
        $($(#[$meta:meta])+ $field:ident: $type:ty,)+
    })+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
        #[serde(default, rename_all = "camelCase")]
        pub struct $name {
            $($(#[$meta])+ #[serde(skip_serializing_if = "is_absent")] pub $field: $type,)+
        }
    )+};
}

words! {
    /// An order, of any type: to be placed, to be tested, or to take another's place.
    OrderWords {
        /// Whose; in a cancel-replace the account that asks.
        account_id: Id,
        /// The symbol's name.
        symbol: Option<String>,
        /// `buy` or `sell`.
        side: Option<String>,
        /// `limit`, `market`, `stop` ...
        #[serde(rename = "type")]
        kind: Option<String>,
        /// `GTC`, `IOC`, `FOK`, `GTD` or `DAY`.
        time_in_force: Option<String>,
        /// Limit price.
        price: Option<String>,
        /// Base quantity.
        quantity: Option<String>,
        /// Quote amount, at market.
        quote_quantity: Option<String>,
        /// The most quote that a market buy by quantity may spend.
        max_quote: Option<String>,
        /// Only as a maker.
        post_only: Option<bool>,
        /// The slice that an iceberg shows.
        display_quantity: Option<String>,
        /// Waits for this price.
        trigger_price: Option<String>,
        /// A trailing stop's distance in basis points ...
        trail_bps: Option<Int>,
        /// ... or as a difference of prices.
        trail_amount: Option<String>,
        /// A trailing stop starts to follow here.
        activation_price: Option<String>,
        /// How far a market order may trade from the first price.
        protection_bps: Option<Int>,
        /// Self-trade prevention, for instance `EXPIRE_TAKER`.
        stp: Option<String>,
        /// The client's name for it.
        client_order_id: Option<String>,
        /// When a GTD order expires, in milliseconds since 1970.
        expire_at: Option<Int>,
        /// Refused if it is sequenced later than this, in milliseconds since 1970.
        valid_until: Option<Int>,
        /// Its own fee rates.
        fees: Option<FeeWords>,
        /// Makes it happen at most once.
        request_id: Option<Id>,
        /// Which series of request ids.
        request_lane: Option<Int>,
    }

    /// Fee rates in parts per million.
    FeeWords {
        /// When it rests; negative is a rebate.
        maker_ppm: Option<Int>,
        /// When it takes.
        taker_ppm: Option<Int>,
    }

    /// Two orders of which one cancels the other.
    OcoWords {
        /// Whose.
        account_id: Id,
        /// The symbol's name.
        symbol: Option<String>,
        /// `buy` or `sell`.
        side: Option<String>,
        /// Base quantity of each.
        quantity: Option<String>,
        /// The limit leg.
        limit: Option<LimitLegWords>,
        /// The stop leg.
        stop: Option<StopLegWords>,
        /// `GTC`, `GTD` or `DAY`.
        time_in_force: Option<String>,
        /// When they expire, with GTD.
        expire_at: Option<Int>,
        /// Self-trade prevention.
        stp: Option<String>,
        /// Their own fee rates.
        fees: Option<FeeWords>,
        /// Refused if they are sequenced later than this.
        valid_until: Option<Int>,
        /// Makes it happen at most once.
        request_id: Option<Id>,
        /// Which series of request ids.
        request_lane: Option<Int>,
    }

    /// An OCO's limit leg.
    LimitLegWords {
        /// Limit price.
        price: Option<String>,
        /// Only as a maker.
        post_only: Option<bool>,
        /// The client's name for it.
        client_order_id: Option<String>,
    }

    /// An OCO's stop leg.
    StopLegWords {
        /// Waits for this price.
        trigger_price: Option<String>,
        /// Limit price; at market without.
        price: Option<String>,
        /// The most quote that it may spend, at market.
        max_quote: Option<String>,
        /// The client's name for it.
        client_order_id: Option<String>,
    }

    /// A cancel by order id or by client order id.
    CancelWords {
        /// The owner; in a cancel-replace nobody.
        account_id: Id,
        /// The engine's id ...
        order_id: Option<Id>,
        /// ... or the client's.
        client_order_id: Option<String>,
        /// Only if it is on this symbol.
        symbol: Option<String>,
        /// Only if it is `NEW` or `PARTIALLY_FILLED`.
        only_if: Option<String>,
        /// Makes it happen at most once.
        request_id: Option<Id>,
        /// Which series of request ids.
        request_lane: Option<Int>,
    }

    /// A change of an order.
    AmendWords {
        /// The owner.
        account_id: Id,
        /// The symbol's name.
        symbol: Option<String>,
        /// The engine's id ...
        order_id: Option<Id>,
        /// ... or the client's.
        client_order_id: Option<String>,
        /// The new whole quantity ...
        quantity: Option<String>,
        /// ... or so much less.
        reduce_by: Option<String>,
        /// The new limit price.
        price: Option<String>,
        /// Makes it happen at most once.
        request_id: Option<Id>,
        /// Which series of request ids.
        request_lane: Option<Int>,
    }

    /// A cancel and an order in one.
    ReplaceWords {
        /// The owner.
        account_id: Id,
        /// What goes.
        cancel: Option<CancelWords>,
        /// What comes.
        place: Option<Box<OrderWords>>,
        /// `STOP_ON_FAILURE`, `ALLOW_FAILURE` or `ATOMIC`.
        mode: Option<String>,
        /// Makes it happen at most once.
        request_id: Option<Id>,
        /// Which series of request ids.
        request_lane: Option<Int>,
    }

    /// A cancel of many.
    CancelAllWords {
        /// Whose.
        account_id: Id,
        /// Only on this symbol.
        symbol: Option<String>,
        /// Only of this side.
        side: Option<String>,
        /// Only those whose client order id begins like this.
        client_order_id_prefix: Option<String>,
        /// Makes it happen at most once.
        request_id: Option<Id>,
        /// Which series of request ids.
        request_lane: Option<Int>,
    }

    /// A dead-man timer.
    CancelAllAfterWords {
        /// Whose.
        account_id: Id,
        /// In so many milliseconds; zero disarms.
        timeout_ms: Option<Int>,
        /// Makes it happen at most once.
        request_id: Option<Id>,
        /// Which series of request ids.
        request_lane: Option<Int>,
    }

    /// A deposit, withdrawal, hold or release.
    FundsWords {
        /// Whose.
        account_id: Id,
        /// The asset's code.
        asset: Option<String>,
        /// How much.
        amount: Option<String>,
        /// Makes it happen at most once.
        request_id: Option<Id>,
        /// Which series of request ids.
        request_lane: Option<Int>,
    }

    /// A transfer between two accounts.
    TransferWords {
        /// From whom.
        from: Id,
        /// To whom.
        to: Id,
        /// The asset's code.
        asset: Option<String>,
        /// How much.
        amount: Option<String>,
        /// Makes it happen at most once.
        request_id: Option<Id>,
        /// Which series of request ids, of the account that pays.
        request_lane: Option<Int>,
    }

    /// A collection of fees.
    CollectFeesWords {
        /// To whom.
        account_id: Id,
        /// From which symbol.
        symbol: Option<String>,
        /// Makes it happen at most once.
        request_id: Option<Id>,
        /// Which series of request ids.
        request_lane: Option<Int>,
    }

    /// A new status of an account.
    AccountStatusWords {
        /// Whose.
        account_id: Id,
        /// For instance `SUSPENDED`.
        status: Option<String>,
        /// Makes it happen at most once.
        request_id: Option<Id>,
        /// Which series of request ids.
        request_lane: Option<Int>,
    }

    /// New fee rates of an account.
    AccountFeesWords {
        /// Whose.
        account_id: Id,
        /// On which symbol; on all without.
        symbol: Option<String>,
        /// The rates; null for the symbol's.
        fees: Given<FeeWords>,
        /// Makes it happen at most once.
        request_id: Option<Id>,
        /// Which series of request ids.
        request_lane: Option<Int>,
    }

    /// What an account may do.
    PermissionsWords {
        /// Whose.
        account_id: Id,
        /// May it place orders?
        trade: Option<bool>,
        /// May it withdraw?
        withdraw: Option<bool>,
        /// Makes it happen at most once.
        request_id: Option<Id>,
        /// Which series of request ids.
        request_lane: Option<Int>,
    }

    /// Whom an account must not trade with.
    StpGroupWords {
        /// Whose.
        account_id: Id,
        /// Which group; null for none.
        group: Given<Int>,
        /// Makes it happen at most once.
        request_id: Option<Id>,
        /// Which series of request ids.
        request_lane: Option<Int>,
    }

    /// How fast an account may place orders.
    RateLimitWords {
        /// Whose.
        account_id: Id,
        /// The bucket; null for none.
        rate_limit: Given<BucketWords>,
        /// Makes it happen at most once.
        request_id: Option<Id>,
        /// Which series of request ids.
        request_lane: Option<Int>,
    }

    /// A token bucket.
    BucketWords {
        /// Tokens that come back per second.
        per_second: Option<Int>,
        /// Tokens there may be at once.
        burst: Option<Int>,
    }

    /// A question about an account.
    AccountWords {
        /// Whose.
        account_id: Id,
    }

    /// A question for one live order.
    ClientIdWords {
        /// Whose.
        account_id: Id,
        /// The client's name for it.
        client_order_id: Option<String>,
    }

    /// A question for open orders.
    OpenOrdersWords {
        /// Whose; everybody's without.
        account_id: Option<Id>,
        /// Of which symbol; of all without.
        symbol: Option<String>,
        /// Only those with ids after this.
        after_id: Option<Int>,
        /// At most so many.
        limit: Option<Int>,
    }

    /// A question for closed orders.
    OrdersWords {
        /// Whose.
        account_id: Id,
        /// Of which symbol; of all without.
        symbol: Option<String>,
        /// Where the page before ended.
        cursor: Option<Int>,
        /// At most so many.
        limit: Option<Int>,
    }

    /// A question for closed orders in the order in which they closed.
    OrderHistoryWords {
        /// Whose.
        account_id: Id,
        /// Of which symbol; of all without.
        symbol: Option<String>,
        /// Only those that this record or a later one has closed.
        from_seq: Option<Int>,
        /// Only those that this record or an earlier one has closed.
        to_seq: Option<Int>,
        /// Where the page before ended.
        cursor: Option<Int>,
        /// At most so many.
        limit: Option<Int>,
    }

    /// A question for ledger entries.
    LedgerWords {
        /// Whose.
        account_id: Id,
        /// Of which asset; of all without.
        asset: Option<String>,
        /// Where the page before ended.
        cursor: Option<Int>,
        /// At most so many.
        limit: Option<Int>,
    }
}

/// Declares [`Words`], and what is the same for every operation that writes.
macro_rules! operations {
    (
        writes: $($(#[doc = $doc:literal])+ $name:ident($type:ty), $account:ident;)+
        reads: $($(#[doc = $read_doc:literal])+ $read:ident($read_type:ty);)+
    ) => {
        /// A call in words.
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
        #[serde(tag = "op", rename_all = "camelCase")]
        pub enum Words {
            $($(#[doc = $doc])+ $name($type),)+
            $($(#[doc = $read_doc])+ $read($read_type),)+
        }

        impl Words {
            /// Whose sequencer decides, the request id and its lane; none of what only reads.
            fn write(&self) -> Option<(Id, Option<Id>, Option<Int>)> {
                match self {
                    $(Self::$name(words) => Some((words.$account, words.request_id, words.request_lane)),)+
                    $(Self::$read(_) => None,)+
                }
            }
        }
    };
}

operations! {
    writes:
        /// Places an order.
        PlaceOrder(Box<OrderWords>), account_id;
        /// Places two orders of which one cancels the other.
        PlaceOco(Box<OcoWords>), account_id;
        /// Cancels an order.
        CancelOrder(CancelWords), account_id;
        /// Changes an order.
        AmendOrder(AmendWords), account_id;
        /// Cancels an order and places another.
        CancelReplace(ReplaceWords), account_id;
        /// Cancels many orders.
        CancelAll(CancelAllWords), account_id;
        /// Sets the dead-man timer.
        CancelAllAfter(CancelAllAfterWords), account_id;
        /// Adds to a balance.
        Deposit(FundsWords), account_id;
        /// Takes from a balance.
        Withdraw(FundsWords), account_id;
        /// Freezes some of a balance.
        Hold(FundsWords), account_id;
        /// Gives back what was held.
        Release(FundsWords), account_id;
        /// Moves money from one account to another.
        Transfer(TransferWords), from;
        /// Moves accrued fees to an account.
        CollectFees(CollectFeesWords), account_id;
        /// Sets an account's status.
        SetAccountStatus(AccountStatusWords), account_id;
        /// Sets an account's fee rates.
        SetAccountFees(AccountFeesWords), account_id;
        /// Sets what an account may do.
        SetAccountPermissions(PermissionsWords), account_id;
        /// Sets an account's group of self-trade prevention.
        SetStpGroup(StpGroupWords), account_id;
        /// Sets an account's rate limit.
        SetRateLimit(RateLimitWords), account_id;
    reads:
        /// Says what an order would do.
        TestOrder(Box<OrderWords>);
        /// An account's terms.
        Account(AccountWords);
        /// One live order by its client order id.
        OrderByClientId(ClientIdWords);
        /// Open orders.
        OpenOrders(OpenOrdersWords);
        /// Closed orders.
        Orders(OrdersWords);
        /// Closed orders in the order in which they closed.
        OrderHistory(OrderHistoryWords);
        /// Ledger entries.
        Ledger(LedgerWords);
}

impl Words {
    /// The request id with a hash of these words, and whose it is; none if there is none.
    ///
    /// # Errors
    /// `INVALID_REQUEST` for an id that is no whole number from 1 to 2^53 - 1, or a lane that is none up to
    /// 2^32 - 1.
    pub(crate) fn request_id(&self) -> Result<Option<(AccountId, Box<RequestId>)>, Refusal> {
        let Some((Id(account), Some(Id(number)), lane)) = self.write() else {
            return Ok(None);
        };
        let invalid = |field, most| {
            let message = format!("{field} is not a whole number {most}");
            Refusal::field(Code::InvalidRequest, field, message)
        };
        if !(1..=ID_MAX).contains(&number) {
            return Err(invalid("requestId", "from 1 to 2^53 - 1"));
        }
        let lane = match lane {
            None => 0,
            Some(lane) => lane.to().ok_or_else(|| invalid("requestLane", "from 0 to 2^32 - 1"))?,
        };
        let id = RequestId { lane, number, fingerprint: self.fingerprint() };
        Ok(Some((AccountId(account), Box::new(id))))
    }

    /// A hash of all that was said: other words have, in all likelihood, another one.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut hash = Fnv::new();
        serde_json::to_writer(&mut hash, self).expect("plain data, and a hash takes every byte");
        hash.finish()
    }
}

/// The same kind of hash for an administrative call, of whatever its caller says identifies it.
#[must_use]
pub fn fingerprint(parts: &[&str]) -> u64 {
    let mut hash = Fnv::new();
    for part in parts {
        hash.add(part.as_bytes());
        // Ends a part: no text has it.
        hash.add(&[0xff]);
    }
    hash.finish()
}

/// Reads a JSON array of calls. One that is malformed does not spoil the others.
///
/// # Errors
/// `INVALID_REQUEST` if the text is no JSON array at all.
pub fn parse(text: &str) -> Result<Vec<Result<Words, Refusal>>, Refusal> {
    if let Ok(all) = serde_json::from_str::<Vec<Words>>(text) {
        return Ok(all.into_iter().map(Ok).collect());
    }
    let malformed = |error: serde_json::Error| Refusal::new(Code::InvalidRequest, error.to_string());
    let items: Vec<Value> = serde_json::from_str(text).map_err(malformed)?;
    Ok(items.into_iter().map(|item| Words::deserialize(item).map_err(malformed)).collect())
}

#[cfg(test)]
mod tests;
