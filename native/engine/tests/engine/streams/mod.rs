//! Streams: whoever follows them has what a read says, at every sequence number that they claim.

mod follow;
mod gates;
mod replica;
mod rounds;
mod slow;
