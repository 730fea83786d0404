//! What is left of a symbol that was removed: the fees that accrued at it, and a word for whatever was still on
//! its way to it.

use super::accrual::Accrued;
use super::collect::collect;
use super::place::{is_refused, void};
use super::run::Run;
use super::{amend, replace};
use crate::log::Record;
use crate::message::{Outcome, ToMatcher, ToSequencer};
use crate::reject::{Code, Reject};
use crate::spec::SymbolSpec;
use crate::types::{Amount, Lsn};

/// A symbol that was.
#[derive(Debug)]
pub(super) struct Removed {
    pub(super) spec: SymbolSpec,
    pub(super) accrued: Accrued,
    pub(super) horizon: Lsn,
}

impl Removed {
    /// Handles what comes too late. All its orders are closed; their sequencers have heard, or will before this.
    pub(super) fn handle(&mut self, message: ToMatcher, run: &mut Run<'_>) {
        let unknown = Outcome::Rejected(Reject::new(Code::UnknownSymbol));
        match message {
            ToMatcher::Admit(admitted) => {
                if !is_refused(&admitted) {
                    self.horizon = run.append(&Record::Place(&admitted));
                    void(&admitted, run);
                }
                run.answer(admitted.to, admitted.order.account, unknown);
            }
            ToMatcher::Test(tested) => run.answer(tested.to, tested.order.account, unknown),
            ToMatcher::AdmitOco { list, legs } => {
                if !is_refused(&legs[0]) {
                    self.horizon = run.append(&Record::PlaceOco(list, &legs));
                    legs.iter().for_each(|leg| void(leg, run));
                }
                run.answer(legs[0].to, legs[0].order.account, unknown);
            }
            ToMatcher::Cancel { to, account, order, .. } => {
                run.out.to_sequencer.push(ToSequencer::OrderMissed { to, account, order });
            }
            ToMatcher::Amend(amend) => {
                amend::refuse(&amend, run);
                run.answer(amend.to, amend.account, unknown);
            }
            ToMatcher::Replace(replace) => {
                replace::refuse(&replace, run);
                run.answer(replace.to, replace.account, unknown);
            }
            ToMatcher::CancelMany(many) => {
                let (mass, account) = (many.mass, many.account);
                let nothing = ToSequencer::CanceledMany { cause: None, mass, account, orders: Vec::new() };
                run.out.to_sequencer.push(nothing);
            }
            ToMatcher::CollectFees { to, account, .. } => {
                let collected: Vec<(_, Amount)> = self.accrued.collectable(&self.spec);
                if !collected.is_empty() {
                    let symbol = self.spec.id();
                    self.horizon = run.append(&Record::CollectFees { account, symbol });
                }
                collect(&mut self.accrued, collected, to, account, run);
            }
        }
    }
}
