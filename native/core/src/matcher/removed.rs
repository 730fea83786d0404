//! What is left of a symbol that was removed: the fees that accrued at it, and a word for whatever was still on
//! its way to it.

use super::accrual::Accrued;
use super::collect::{collect, is_written_down};
use super::place::void;
use super::run::Run;
use super::{amend, replace};
use crate::log::Record;
use crate::message::{CancelMany, Outcome, ToMatcher, ToSequencer};
use crate::reject::{Code, Reject};
use crate::spec::SymbolSpec;
use crate::types::{Amount, Lsn};

/// A symbol that was.
#[derive(Debug)]
pub(super) struct Removed {
    pub(super) spec: SymbolSpec,
    pub(super) accrued: Accrued,
    pub(super) horizon: Lsn,
    /// Goes on from the market's.
    pub(super) digest: u64,
}

impl Removed {
    /// Handles what comes too late. All its orders are closed; their sequencers have heard, or will before this.
    pub(super) fn handle(&mut self, message: &ToMatcher, run: &mut Run<'_>) {
        let unknown = Outcome::Rejected(Reject::new(Code::UnknownSymbol));
        match message {
            ToMatcher::Admit(admitted) => {
                if !admitted.is_refused() {
                    self.horizon = run.append(&Record::Place(admitted));
                    void(admitted, run);
                }
                run.answer(admitted.to, admitted.order.account, unknown);
            }
            ToMatcher::Test(tested) => run.answer(tested.to, tested.order.account, unknown),
            ToMatcher::AdmitOco { list, legs } => {
                if !legs[0].is_refused() {
                    self.horizon = run.append(&Record::PlaceOco(*list, legs));
                    legs.iter().for_each(|leg| void(leg, run));
                }
                run.answer(legs[0].to, legs[0].order.account, unknown);
            }
            &ToMatcher::Cancel { to, account, order, .. } => {
                run.out.to_sequencer.push(ToSequencer::OrderMissed { to, account, order });
            }
            ToMatcher::Amend(amend) => {
                amend::refuse(amend, run);
                run.answer(amend.to, amend.account, unknown);
            }
            ToMatcher::Replace(replace) => {
                replace::refuse(replace, run);
                run.answer(replace.to, replace.account, unknown);
            }
            ToMatcher::CancelMany(many) => {
                self.horizon = run.append(&Record::CancelMany(many));
                let CancelMany { mass, account, symbol, .. } = **many;
                let (cause, at, orders) = (run.cause, run.at, Vec::new());
                let done = ToSequencer::CanceledMany { cause, at, mass, account, symbol, orders };
                run.out.to_sequencer.push(done);
            }
            &ToMatcher::CollectFees { to, account, .. } => {
                let collected: Vec<(_, Amount)> = self.accrued.collectable(&self.spec);
                if is_written_down(&collected, to) {
                    let symbol = self.spec.id();
                    self.horizon = run.append(&Record::CollectFees { to, account, symbol });
                }
                collect(&mut self.accrued, collected, to, account, run);
            }
        }
    }
}
