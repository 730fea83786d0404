//! Money that moves between accounts, and money that is held.

use crate::script::play;

const TWO: &str = "
    symbol BTC-USD lot 1 tick 1
    fund A USD 100   fund B USD 50   fund D USD 10
";

#[test]
fn a_transfer_moves_what_is_available() {
    // With three sequencers D is on A's, and B on another.
    play(&format!(
        "{TWO}
        A transfer USD 30 to B     -> A USD 70 available; B USD 80 available
        A transfer USD 30 to D     -> A USD 40 available; D USD 40 available
        A transfer USD 40 to B     -> A USD 0 available; B USD 120 available
        B transfer USD 120 to A    -> A USD 120 available; B USD 0 available
        "
    ));
}

#[test]
fn the_receiver_can_use_it_at_once() {
    play(&format!(
        "{TWO}
        A transfer USD 30 to B & B withdraw USD 51    -> 3010 INSUFFICIENT_BALANCE (needs 51 USD, has 50)    # not before it is there
        B withdraw USD 80                             -> B USD 0 available
        "
    ));
}

#[test]
fn frozen_and_held_money_is_not_transferred() {
    play(&format!(
        "{TWO}
        A buy 10 @ 5               -> NEW o1
        A hold USD 20              -> A USD 30 available 70 frozen 20 held
        A transfer USD 31 to B     -> 3010 INSUFFICIENT_BALANCE (needs 31 USD, has 30)
        A transfer USD 30 to B     -> A USD 0 available 70 frozen 20 held; B USD 80 available
        "
    ));
}

#[test]
fn the_receiver_must_exist() {
    play(&format!(
        "{TWO}
        A transfer USD 30 to Z     -> 3000 UNKNOWN_ACCOUNT
        Z transfer USD 30 to A     -> 3000 UNKNOWN_ACCOUNT
        check                      -> A USD 100 available
        "
    ));
}

#[test]
fn an_asset_that_the_sender_never_had_is_not_there() {
    play(&format!(
        "{TWO}
        A transfer BTC 1 to B      -> 3010 INSUFFICIENT_BALANCE (needs 1 BTC, has 0)
        "
    ));
}

#[test]
fn an_asset_that_the_receiver_never_had_is_welcome() {
    play(&format!(
        "{TWO}
        fund A GBP 5
        A transfer GBP 5 to B      -> B GBP 5 available; A GBP 0 available
        "
    ));
}

#[test]
fn a_transfer_does_not_raise_a_balance_beyond_what_a_deposit_may() {
    play(&format!(
        "{TWO}
        fund C USD 79_228_162_514_264_337_593_543_950_335
        A transfer USD 1 to C      -> 3012 BALANCE_OVERFLOW
        check                      -> A USD 100 available
        "
    ));
}

#[test]
fn a_hold_freezes_and_a_release_gives_back() {
    play(&format!(
        "{TWO}
        A hold USD 30              -> A USD 70 available 30 frozen 30 held
        A hold USD 20              -> A USD 50 available 50 frozen 50 held
        A release USD 10           -> A USD 60 available 40 frozen 40 held
        A release USD 40           -> A USD 100 available
        "
    ));
}

#[test]
fn more_than_is_available_can_not_be_held() {
    play(&format!(
        "{TWO}
        A buy 10 @ 5               -> NEW o1
        A hold USD 51              -> 3010 INSUFFICIENT_BALANCE (needs 51 USD, has 50)
        A hold USD 50              -> A USD 0 available 100 frozen 50 held
        Z hold USD 1               -> 3000 UNKNOWN_ACCOUNT
        "
    ));
}

#[test]
fn more_than_is_held_can_not_be_released() {
    // What is frozen for an order is not held.
    play(&format!(
        "{TWO}
        A buy 10 @ 5               -> NEW o1
        A release USD 1            -> 3010 INSUFFICIENT_BALANCE (needs 1 USD, has 0)
        A hold USD 20
        A release USD 21           -> 3010 INSUFFICIENT_BALANCE (needs 21 USD, has 20)
        A release USD 20           -> A USD 50 available 50 frozen
        "
    ));
}

#[test]
fn held_money_can_neither_be_withdrawn_nor_spent() {
    // Edge case 11: available only.
    play(&format!(
        "{TWO}
        A hold USD 60              -> A USD 40 available 60 frozen 60 held
        A withdraw USD 41          -> 3010 INSUFFICIENT_BALANCE (needs 41 USD, has 40)
        A buy 41 @ 1               -> 3010 INSUFFICIENT_BALANCE (needs 41 USD, has 40)
        A buy 40 @ 1               -> NEW o1; A USD 0 available 100 frozen 60 held
        A cancel o1                -> CANCELED o1 (40 left, 40 USD back); A USD 40 available 60 frozen 60 held
        "
    ));
}
