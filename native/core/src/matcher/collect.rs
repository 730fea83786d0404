//! How accrued fees leave a symbol: to an account, asset by asset, as far as they are more than rebates.

use super::accrual::Accrued;
use super::market::Market;
use super::run::Run;
use crate::book::OrderBook;
use crate::log::Record;
use crate::message::{Outcome, ReplyTo, ToSequencer};
use crate::types::{AccountId, Amount, AssetId};

impl<B: OrderBook> Market<B> {
    /// The operator moves what has accrued.
    pub(super) fn collect_fees(&mut self, to: ReplyTo, account: AccountId, run: &mut Run<'_>) {
        let collected = self.accrued.collectable(&self.spec);
        if is_written_down(&collected, to) {
            self.record(&Record::CollectFees { to, account, symbol: self.spec.id() }, run);
        }
        collect(&mut self.accrued, collected, to, account, run);
    }
}

/// Where nothing has accrued, nothing is written down, unless the answer has to be remembered: sent again after a
/// restart, the call must not collect what has accrued since.
pub(super) fn is_written_down(collected: &[(AssetId, Amount)], to: ReplyTo) -> bool {
    !collected.is_empty() || to.request_id().is_some()
}

/// Credits what was collected, and answers.
pub(super) fn collect(
    accrued: &mut Accrued,
    collected: Vec<(AssetId, Amount)>,
    to: ReplyTo,
    account: AccountId,
    run: &mut Run<'_>,
) {
    accrued.collect();
    let (cause, at) = (run.cause, run.at);
    for &(asset, amount) in &collected {
        run.out.to_sequencer.push(ToSequencer::Credit { cause, at, account, asset, amount });
    }
    run.answer(to, account, Outcome::FeesCollected(collected));
}
