//! What encoding costs. Not a test: `cargo test --release -p lightning-core --test codec_measure -- --ignored --nocapture`.

#![expect(
    clippy::disallowed_types,
    clippy::disallowed_macros,
    reason = "it measures, and says what it measured"
)]

use std::hint::black_box;
use std::time::Instant;

use lightning_core::codec::{Encode, VERSION, decode_record, kind_of};
use lightning_core::fees::FeeRates;
use lightning_core::log::Record;
use lightning_core::message::{AdmittedOrder, NewOrder, ReplyTo, RequestId};
use lightning_core::types::{AccountId, Amount, OrderId, Price, Quantity, Side, SymbolId, Ticket, Timestamp};

fn place(to: ReplyTo) -> AdmittedOrder {
    AdmittedOrder {
        to,
        id: OrderId(1_234_567),
        order: NewOrder::limit(AccountId(77), SymbolId(3), Side::Buy, Price(2_500_000), Quantity(1_000)),
        reserved: Amount(2_500_000_000),
        fees: FeeRates { maker_ppm: -10, taker_ppm: 75 },
        stp_group: None,
        accepted_at: Timestamp(1_700_000_000_000_000_000),
        late: None,
    }
}

fn nanos_per(rounds: u32, mut work: impl FnMut()) -> u128 {
    let mut best = u128::MAX;
    for _ in 0..5 {
        let begun = Instant::now();
        for _ in 0..rounds {
            work();
        }
        best = best.min(begun.elapsed().as_nanos() * 10 / u128::from(rounds));
    }
    best
}

#[test]
#[ignore = "a measurement"]
fn a_place() {
    let id = RequestId { lane: 0, number: 9, fingerprint: 7 };
    for to in [ReplyTo::direct(Ticket(1)), ReplyTo::remembered(Ticket(1), &id)] {
        let admitted = place(to);
        let record = Record::Place(&admitted);
        let mut out = Vec::new();
        record.encode(&mut out);
        let bytes = out.len();
        out.reserve(1 << 20);
        let encode = nanos_per(2_000_000, || {
            if out.len() > 1 << 20 {
                out.clear();
            }
            black_box(&record).encode(black_box(&mut out));
        });
        let mut body = Vec::new();
        record.encode(&mut body);
        let decode = nanos_per(1_000_000, || {
            black_box(decode_record(kind_of(&record), VERSION, black_box(&body)).unwrap());
        });
        println!(
            "a Place of {bytes} bytes: encode {}.{} ns, decode {}.{} ns",
            encode / 10,
            encode % 10,
            decode / 10,
            decode % 10
        );
    }
}
