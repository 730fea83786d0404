//! What saving and loading cost. Not a test:
//! `cargo test --release -p lightning-core --test state -- --ignored --nocapture a_million`.

#![expect(clippy::disallowed_macros, reason = "it measures, and says what it measured")]

use lightning_core::fees::FeeRates;
use lightning_core::fold::{Fold, Told};
use lightning_core::log::Recorded;
use lightning_core::message::{AdmittedOrder, ClientOrderId, Extras, NewOrder, ReplyTo, Request, RequestId};
use lightning_core::sequencer::SequencerLimits;
use lightning_core::spec::{SymbolLimits, SymbolSpec};
use lightning_core::types::{
    AccountId, Amount, AssetId, Lsn, OrderId, Price, Quantity, Side, SymbolId, Ticket, Timestamp,
};

use crate::bytes::save;
use crate::journal::SHARDS;

const MANY: u64 = 1_000_000;

const LIMITS: SequencerLimits = SequencerLimits {
    open_orders_per_account_max: 10_000,
    closed_orders_max: 100_000,
    ledger_entries_max: 100_000,
};

fn spec(symbol: u32) -> SymbolSpec {
    let limits = SymbolLimits {
        price_min: Price(1),
        price_max: Price(1_000_000),
        quantity_min: Quantity(1),
        quantity_max: Quantity(1_000_000),
        notional_min: Amount(0),
    };
    SymbolSpec::new(SymbolId(symbol), AssetId(symbol + 1), AssetId(0), 1, 1, limits).unwrap()
}

/// How long this thread has been running, whoever else wanted the machine, in milliseconds.
fn on_cpu() -> u64 {
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("a Linux machine");
    schedstat.split(' ').next().and_then(|nanos| nanos.parse::<u64>().ok()).expect("a number") / 1_000_000
}

/// A million accounts, each with an order; every tenth with a name and a request id.
fn records() -> impl Iterator<Item = (u64, Recorded)> {
    let symbols = (0..10).map(|symbol| (u64::MAX, Recorded::AddSymbol(spec(symbol), Box::default())));
    let deposits = (1..=MANY).map(|account| {
        let (account, asset) = (AccountId(account), AssetId(0));
        let deposit = Request::Deposit { account, asset, amount: Amount(1_000_000) };
        (u64::MAX, Recorded::Account(ReplyTo::direct(Ticket(0)), deposit))
    });
    let places = (1..=MANY).map(|id| {
        // Scattered over accounts, prices and symbols.
        let account = AccountId(id.wrapping_mul(7_919) % MANY + 1);
        let (symbol, price) =
            (SymbolId(u32::try_from(id % 10).unwrap()), Price(1 + id.wrapping_mul(104_729) % 5_000));
        let mut order = NewOrder::limit(account, symbol, Side::Buy, price, Quantity(10));
        let mut to = ReplyTo::direct(Ticket(0));
        if id % 10 == 0 {
            let client_id = Some(ClientOrderId(format!("order-{id}").as_str().into()));
            order.extras = Some(Box::new(Extras { client_id, ..Extras::default() }));
            to = ReplyTo::remembered(Ticket(0), &RequestId { lane: 0, number: id, fingerprint: id });
        }
        let admitted = AdmittedOrder {
            to,
            id: OrderId(id),
            order,
            reserved: Amount(u128::from(price.0) * 10),
            fees: FeeRates::default(),
            stp_group: None,
            accepted_at: Timestamp(id),
            late: None,
        };
        (u64::from(symbol.0), Recorded::Place(admitted))
    });
    symbols.chain(deposits).chain(places)
}

#[test]
#[ignore = "a measurement"]
fn a_million_accounts_and_orders() {
    let mut fold = Fold::new(SHARDS[0], LIMITS, 1_000);
    let mut told = Told::default();
    let mut digests = [0; 10];
    let begun = on_cpu();
    for (lsn, (symbol, record)) in (1..).zip(records()) {
        let digest = digests.get(usize::try_from(symbol).unwrap()).copied().unwrap_or(0);
        let place = matches!(record, Recorded::Place(_));
        if let Err(lightning_core::fold::Divergence::Digest { found, .. }) =
            fold.apply(Lsn(lsn), Timestamp(lsn), digest, record.clone(), &mut told)
        {
            // What a journal would have said.
            digests[usize::try_from(symbol).unwrap()] = found;
            fold.apply(Lsn(lsn), Timestamp(lsn), found, record, &mut told).unwrap();
        }
        assert!(!place || !told.to_sequencers.is_empty());
        told.clear();
    }
    println!("folded in {} ms (each place twice)", on_cpu() - begun);

    let begun = on_cpu();
    let (mut parts, mut bytes) = (0_usize, 0_usize);
    fold.parts(&mut |_, _, part| {
        parts += 1;
        bytes += part.len();
    });
    println!("{parts} parts of {bytes} bytes in {} ms", on_cpu() - begun);
    let begun = on_cpu();
    let saved = save(&fold);
    println!("saved in {} ms", on_cpu() - begun);
    for (name, section) in &saved {
        println!("  {name}: {} bytes", section.len());
    }
    for counts in SHARDS {
        let begun = on_cpu();
        let loaded = Fold::load(&saved, counts, LIMITS, 1_000).unwrap();
        println!("loaded onto {counts:?} in {} ms", on_cpu() - begun);
        assert_eq!(save(&loaded), saved);
    }
}
