//! Request ids: a command is done at most once, and its first answer is the answer.

use crate::script::play;

const OPENING: &str = "
    symbol BTC-USD lot 1 tick 1
    fund A USD 100   fund A BTC 10   fund B USD 100   fund B BTC 10
";

#[test]
fn the_same_again_gets_the_first_answer_and_nothing_runs() {
    // Edge case 9.
    play(&format!(
        "{OPENING}
        A buy 5 @ 4 id 1          -> NEW o1
        A buy 5 @ 4 id 1          -> again NEW o1
        orders A                  -> o1 buy 5 @ 4 NEW 0 for 0
        B sell 5 @ 4              -> trade 5 @ 4 with o1; FILLED o2
        A buy 5 @ 4 id 1          -> again NEW o1    # what it was then
        "
    ));
}

#[test]
fn the_same_number_with_other_words_is_a_conflict() {
    play(&format!(
        "{OPENING}
        A buy 5 @ 4 id 1          -> NEW o1
        A buy 5 @ 3 id 1          -> 5000 REQUEST_ID_CONFLICT
        A cancel o1 id 1          -> 5000 REQUEST_ID_CONFLICT
        A buy 5 @ 4 id 1          -> again NEW o1
        "
    ));
}

#[test]
fn every_write_can_have_one() {
    play(&format!(
        "{OPENING}
        A deposit USD 5 id 1                  -> A USD 105 available
        A deposit USD 5 id 1                  -> again 105 USD; A USD 105 available
        A withdraw USD 5 id 2                 -> A USD 100 available
        A withdraw USD 5 id 2                 -> again 100 USD; A USD 100 available
        A transfer USD 5 to B id 3            -> B USD 105 available
        A transfer USD 5 to B id 3            -> again 95 USD; B USD 105 available
        A hold USD 5 id 4                     -> A USD 90 available 5 frozen 5 held
        A hold USD 5 id 4                     -> again 90 USD
        A release USD 5 id 5                  -> A USD 95 available
        A release USD 5 id 5                  -> again 95 USD
        A buy 5 @ 4 id 6                      -> NEW o1
        A amend o1 to 4 id 7                  -> AMENDED o1 NEW
        A amend o1 to 4 id 7                  -> again AMENDED o1 NEW
        A replace o1 with buy 3 @ 4 id 8      -> CANCELED o1; NEW o2
        A replace o1 with buy 3 @ 4 id 8      -> again CANCELED o1; again NEW o2
        A cancel o2 id 9                      -> CANCELED o2 (3 left, 12 USD back)
        A cancel o2 id 9                      -> again CANCELED o2 (3 left, 12 USD back)
        A buy 2 @ 4 id 10                     -> NEW o3
        A cancel-all id 11                    -> CANCELED o3
        A cancel-all id 11                    -> again CANCELED o3
        A cancel-all after 5s id 12           -> timer 10:00:05.000000023
        A cancel-all after 5s id 12           -> again timer 10:00:05.000000023
        A collect id 13                       -> no fees
        A collect id 13                       -> again no fees
        A group 7 id 14
        A group 7 id 14                       -> again ACTIVE, may trade, may withdraw, group 7, timer 10:00:05.000000023, 0 open
        check                                 -> A USD 95 available; B USD 105 available
        "
    ));
}

#[test]
fn an_oco_can_have_one() {
    play(&format!(
        "{OPENING}
        prints 6
        A oco sell 5 @ 9 / stop 4 id 1        -> NEW o4; PENDING_TRIGGER o5
        A oco sell 5 @ 9 / stop 4 id 1        -> again NEW o4; again PENDING_TRIGGER o5
        check                                 -> A BTC 5 available 5 frozen
        "
    ));
}

#[test]
fn refusals_are_answers_too() {
    // By the account and by the book; that it would work now does not matter.
    play(&format!(
        "{OPENING}
        A buy 50 @ 4 id 1             -> 3010 INSUFFICIENT_BALANCE (needs 200 USD, has 100)
        fund A USD 100
        A buy 50 @ 4 id 1             -> again 3010 INSUFFICIENT_BALANCE (needs 200 USD, has 100)
        B sell 5 @ 4                  -> NEW o1
        A buy 1 @ 4 post-only id 2    -> 4010 POST_ONLY_WOULD_CROSS
        B cancel o1
        A buy 1 @ 4 post-only id 2    -> again 4010 POST_ONLY_WOULD_CROSS
        A buy 1 @ 4 post-only id 3    -> NEW o3
        "
    ));
}

#[test]
fn numbers_are_each_accounts_own() {
    play(&format!(
        "{OPENING}
        A buy 5 @ 4 id 1          -> NEW o1
        B buy 5 @ 3 id 1          -> NEW o2
        "
    ));
}

#[test]
fn lanes_are_independent() {
    play(&format!(
        "{OPENING}
        A buy 1 @ 4 id 1          -> NEW o1
        A buy 1 @ 4 id 7:1        -> NEW o2
        A buy 1 @ 4 id 0:1        -> again NEW o1    # zero is the lane of those that name none
        A buy 1 @ 4 id 7:5000     -> NEW o3
        A buy 1 @ 4 id 7:1        -> 5001 REQUEST_ID_TOO_OLD
        A buy 1 @ 4 id 2          -> NEW o4
        "
    ));
}

#[test]
fn a_lane_remembers_the_last_1024_numbers() {
    play(&format!(
        "{OPENING}
        A buy 1 @ 1 id 1              -> NEW o1
        A buy 1 @ 2 id 1024           -> NEW o2
        A buy 1 @ 1 id 1              -> again NEW o1    # 1024 - 1023
        A buy 1 @ 3 id 1025           -> NEW o3
        A buy 1 @ 1 id 1              -> 5001 REQUEST_ID_TOO_OLD
        A buy 1 @ 2 id 2              -> NEW o4    # not seen, and in the window
        A buy 1 @ 2 id 1024           -> again NEW o2
        A buy 1 @ 4 id 9007199254740991    -> NEW o5
        A buy 1 @ 3 id 1025           -> 5001 REQUEST_ID_TOO_OLD
        "
    ));
}

#[test]
fn numbers_may_come_in_any_order_within_the_window() {
    play(&format!(
        "{OPENING}
        A buy 1 @ 1 id 100        -> NEW o1
        A buy 1 @ 1 id 99         -> NEW o2
        A buy 1 @ 1 id 101        -> NEW o3
        A buy 1 @ 1 id 99         -> again NEW o2
        "
    ));
}

#[test]
fn two_of_the_same_under_way_are_done_once() {
    play(&format!(
        "{OPENING}
        A buy 5 @ 4 id 1 & A buy 5 @ 4 id 1     -> NEW o1; again NEW o1
        A buy 5 @ 4 id 2 & A buy 5 @ 3 id 2     -> 5000 REQUEST_ID_CONFLICT; NEW o2
        "
    ));
}

#[test]
fn a_deposit_that_makes_the_account_is_its_first_request() {
    play(&format!(
        "{OPENING}
        C deposit USD 5 id 1      -> C USD 5 available
        C deposit USD 5 id 1      -> again 5 USD; C USD 5 available
        "
    ));
}

#[test]
fn nobody_remembers_what_an_unknown_account_asked() {
    play(&format!(
        "{OPENING}
        C withdraw USD 5 id 1     -> 3000 UNKNOWN_ACCOUNT
        C deposit USD 5 id 1      -> C USD 5 available
        "
    ));
}

#[test]
fn recall_tells_what_became_of_it_and_does_nothing() {
    play(&format!(
        "{OPENING}
        A recall id 1             -> not seen
        A buy 5 @ 4 id 1          -> NEW o1
        A cancel o1 id 2          -> CANCELED o1
        Z recall id 1             -> 3000 UNKNOWN_ACCOUNT
        A recall id 3             -> not seen
        A buy 5 @ 4 id 3          -> NEW o2    # asking has not used it up
        "
    ));
}

#[test]
fn a_test_uses_no_number_up() {
    play(&format!(
        "{OPENING}
        A test buy 5 @ 4 id 1     -> would be NEW
        A buy 5 @ 4 id 1          -> NEW o1
        "
    ));
}
