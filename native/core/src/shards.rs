//! Which shard owns what. Shard counts are a matter of running, never of state: no record and no snapshot names a
//! shard, so every reader of them deals accounts and symbols out anew.

use crate::types::{AccountId, SymbolId};

/// Which of `shards` owns an account. Callers choose account ids, so they are mixed before they are divided.
#[must_use]
#[inline]
pub fn shard_of_account(account: AccountId, shards: usize) -> usize {
    if shards == 1 {
        return 0; // A division is not free.
    }
    let mixed = account.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    usize::try_from(mixed % shards as u64).expect("below the number of shards")
}

/// Which of `shards` owns a symbol. Symbols are numbered densely: dealt out in turn.
#[must_use]
#[inline]
pub fn shard_of_symbol(symbol: SymbolId, shards: usize) -> usize {
    if shards == 1 { 0 } else { symbol.0 as usize % shards }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_that_are_multiples_of_the_shard_count_spread_all_the_same() {
        let mut counts = [0_usize; 10];
        for account in (1..=10_000).map(|n| AccountId(n * 10)) {
            counts[shard_of_account(account, 10)] += 1;
        }
        assert!(counts.iter().all(|&count| (800..1_200).contains(&count)), "{counts:?}");
    }
}
