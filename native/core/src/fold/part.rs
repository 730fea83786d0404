//! What the hash of a state is made of.

/// A part of the state, by what it is of. The numbers are part of what is hashed: they never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Part {
    /// An account: balances, terms, open orders. By account number.
    Account = 1,
    /// A symbol as its matcher knows it. By symbol number.
    Market = 2,
    /// A symbol as every sequencer knows it. By symbol number.
    Listing = 3,
    /// What all accounts add up to. By asset number.
    Totals = 4,
    /// What the operator's front end keeps. In the order of the keys.
    Operator = 5,
    /// The order ids that may be in use. One, number 0.
    OrderIds = 6,
}
