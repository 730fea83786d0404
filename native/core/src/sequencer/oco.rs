//! OCO: two orders of which one cancels the other, with one reservation. The limit leg holds what the dearer of
//! the two needs, the stop leg nothing.

use crate::accounts::Counters;
use crate::ledger::AccountSlot;
use crate::log::{Context, OrderIds};
use crate::message::{AdmittedOrder, NewOrder, ReplyTo, ToMatcher};
use crate::orders::Entry;
use crate::outbox::SequencerOutbox;
use crate::reject::{Code, Reject};
use crate::sequencer::admission::{Judged, admitted, next_id, order_of, refused_late};
use crate::sequencer::listing::{Listing, check_fresh, listed};
use crate::sequencer::reservation::{Funding, funding};
use crate::sequencer::{Sequencer, Verdict};
use crate::types::{Amount, ListId};

impl Sequencer {
    pub(super) fn place_oco(
        &mut self,
        to: ReplyTo,
        mut legs: [NewOrder; 2],
        ctx: &mut Context<'_>,
        order_ids: &mut dyn OrderIds,
        out: &mut SequencerOutbox,
    ) -> Verdict {
        check_shape(&legs);
        for leg in &legs {
            check_fresh(leg, ctx.now)?;
        }
        let listing = listed(&self.symbols, legs[0].symbol)?;
        for leg in &legs {
            listing.check_status(leg)?;
        }
        let slot = self.who_trades(legs[0].account)?;
        self.accounts.take_tokens(slot, 2, ctx.now)?;
        let mut judged = self.judge_legs(slot, listing, &mut legs, ctx)?;

        let checked = self.check_both(slot, listing, &legs, &judged);
        let refused = checked.is_err();
        if let Err(reject) = checked {
            // The book always has something to say of a trigger first, so the refusal waits for its turn.
            judged[0].reserved = Amount::ZERO;
            judged[0].late = Some(refused_late(reject));
        }
        let list = ListId(next_id(order_ids).0);
        let ids = [next_id(order_ids), next_id(order_ids)];
        let ([limit, stop], [judged_limit, judged_stop]) = (legs, judged);
        let legs = [
            admitted(to, ids[0], limit, judged_limit, ctx.now),
            admitted(to, ids[1], stop, judged_stop, ctx.now),
        ];
        if !refused {
            self.let_legs_in(slot, list, &legs);
        }
        out.to_matcher.push(ToMatcher::AdmitOco { list, legs: Box::new(legs) });
        Ok(None)
    }

    /// Freezes and remembers: here for the first time, or told again.
    pub(super) fn let_legs_in(&mut self, slot: AccountSlot, list: ListId, legs: &[AdmittedOrder; 2]) {
        let NewOrder { symbol, side, .. } = legs[0].order;
        let gives = self.known(symbol).spec.gives(side);
        self.ledger.freeze_checked(slot, gives, legs[0].reserved);
        self.accounts.counters_mut(slot, symbol).lists += 1;
        for (at, leg) in legs.iter().enumerate() {
            let mut entry = Entry::new(slot, order_of(leg));
            entry.order.list = Some((list, legs[1 - at].id));
            entry.shadow = at == 1;
            self.remember(entry);
        }
    }

    /// What is checked of each leg by itself; the first one gets the reservation of both.
    fn judge_legs(
        &self,
        slot: AccountSlot,
        listing: &Listing,
        legs: &mut [NewOrder; 2],
        ctx: &Context<'_>,
    ) -> Result<[Judged; 2], Reject> {
        let [limit, stop] = &*legs;
        if limit.client_id().is_some() && limit.client_id() == stop.client_id() {
            return Err(Reject::new(Code::DuplicateClientOrderId));
        }
        for leg in &*legs {
            self.check_name(slot, leg, None)?;
        }
        for leg in &mut *legs {
            listing.check_expiry(leg, ctx.now)?;
            listing.check_bounds(leg)?;
        }
        let stp_group = self.accounts.terms(slot).and_then(|terms| terms.stp_group);
        let mut judged = legs.each_ref().map(|leg| Judged {
            fees: self.fees(slot, leg, listing),
            stp_group,
            reserved: Amount::ZERO,
            from_old: Amount::ZERO,
            late: None,
        });
        for at in 0..2 {
            match funding(&listing.spec, &legs[at], judged[at].fees)? {
                Funding::Exactly(needs) => judged[0].reserved = judged[0].reserved.max(needs),
                Funding::Everything { .. } => panic!("the edge lets no OCO with an immediate leg in"),
            }
        }
        Ok(judged)
    }

    /// Limits and funds. Only one of the legs will buy.
    fn check_both(
        &self,
        slot: AccountSlot,
        listing: &Listing,
        [limit, _]: &[NewOrder; 2],
        [judged, _]: &[Judged; 2],
    ) -> Result<(), Reject> {
        let adds = Counters { open: 2, conditional: 1, lists: 1, ..Counters::default() };
        self.check_caps(slot, listing, adds, None)?;
        self.check_position(slot, listing, limit, None)?;
        self.ledger.check_available(slot, listing.spec.gives(limit.side), judged.reserved)
    }
}

fn check_shape([limit, stop]: &[NewOrder; 2]) {
    let same = limit.account == stop.account
        && limit.symbol == stop.symbol
        && limit.side == stop.side
        && limit.kind.quantity() == stop.kind.quantity();
    let shape = limit.kind.price().is_some() && limit.trigger().is_none() && stop.trigger().is_some();
    assert!(same && shape, "the edge lets no such OCO in");
}
