//! Cancel-replace: one order goes and another comes, in one command.
//!
//! Both halves are judged before either happens, the new order as if the old one were gone already: from its
//! book, and with what it frees.

use super::cancel::{Heir, Open};
use super::judge::reserves_everything;
use super::market::Market;
use super::place::void;
use super::run::Run;
use super::walk::Expected;
use crate::book::OrderBook;
use crate::log::Record;
use crate::message::{
    AdmittedOrder, CancelReason, OrderStatus, Outcome, Replace, ReplaceMode, ReplacedOrder,
};
use crate::reject::{Code, Reject};
use crate::types::{Amount, OrderId, Timestamp};

impl<B: OrderBook> Market<B> {
    /// A cancel-replace.
    pub(super) fn replace(&mut self, replace: &mut Replace, run: &mut Run<'_>) {
        let (to, account, mode) = (replace.to, replace.account, replace.mode);
        if let Err(reject) = self.check_changeable() {
            refuse(replace, run);
            return run.answer(to, account, Outcome::Rejected(reject));
        }
        let mut old = self.judge_old(replace);
        let gone = old.as_ref().ok();
        let inherited = match (gone, &replace.new) {
            (Some(open), Ok(_)) => replace.from_old.min(self.reserved_of(open)),
            _ => Amount::ZERO,
        };
        let mut new = match (&replace.new, mode) {
            // Not attempted.
            (_, ReplaceMode::StopOnFailure | ReplaceMode::Atomic) if gone.is_none() => None,
            (Err(reject), _) => Some(Err(*reject)),
            (Ok(new), _) => Some(self.judge_new(new, replace.from_old, inherited, gone, run.at)),
        };
        if let (ReplaceMode::Atomic, Some(Err(_))) = (mode, &new) {
            // The old one stays, for no fault of its own.
            old = Err(Reject::new(Code::ReplaceFailed));
        }
        let places = matches!(new, Some(Ok(_)));
        if old.is_err() && !places {
            refuse(replace, run);
            let placed = new.and_then(Result::err).map(Err);
            let replaced = ReplacedOrder { canceled: old.map(|_| unreachable!("it failed")), placed };
            return run.answer(to, account, Outcome::Replaced(Box::new(replaced)));
        }

        self.record(&Record::Replace(replace), run);
        let new_id = replace.new.as_ref().ok().map(|new| new.id);
        let heir = new_id.filter(|_| places).map(|order| Heir { order, amount: inherited });
        let reason = if places { CancelReason::Replaced } else { CancelReason::User };
        let mut canceled = old.map(|open| self.close(&open, OrderStatus::Canceled(reason), heir, run));
        if !places {
            refuse(replace, run);
        }
        let placed = new.take().map(|judged| {
            let walked = judged?;
            let admitted = replace.new.as_mut().expect("what is placed was admitted");
            admitted.reserved += inherited;
            Ok(self.enter(admitted, walked, run))
        });
        self.cascade(run);
        self.check_command();
        if let Ok(canceled) = &mut canceled {
            canceled.book_seq = self.seq;
        }
        run.answer(to, account, Outcome::Replaced(Box::new(ReplacedOrder { canceled, placed })));
    }

    /// May the old order go? If it is closed, its sequencer will hear how; here nobody knows.
    fn judge_old(&self, replace: &Replace) -> Result<Open, Reject> {
        let open = self.find(replace.old?).ok_or(Reject::new(Code::OrderAlreadyClosed))?;
        self.check_cancel(replace.account, &open, replace.only_if)?;
        Ok(open)
    }

    /// May the new order come, once the old one is gone?
    fn judge_new(
        &self,
        new: &AdmittedOrder,
        from_old: Amount,
        inherited: Amount,
        gone: Option<&Open>,
        at: Timestamp,
    ) -> Result<Option<Expected>, Reject> {
        let reserved = new.reserved + inherited;
        let walked = self.judge(new, reserved, gone.and_then(|open| self.leaves_the_book(open)), at)?;
        if inherited < from_old && !reserves_everything(&new.order) {
            return Err(self.too_little(new.order.side, new.reserved + from_old, reserved));
        }
        Ok(walked)
    }

    /// Which order is not in the book any more when this one has been canceled.
    fn leaves_the_book(&self, open: &Open) -> Option<OrderId> {
        match open {
            Open::Resting(order) => Some(order.id),
            Open::Waiting(id) => self.pending.known(*id).sibling,
        }
    }
}

/// The new order does not come: its sequencer forgets it, if it let it in.
pub(super) fn refuse(replace: &Replace, run: &mut Run<'_>) {
    if let Ok(new) = &replace.new
        && !new.is_refused()
    {
        void(new, run);
    }
}
