//! Batches of raw commands: in through memory that may be shared, out through a buffer of TypeScript's.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use lightning_core::message::Reply;
use lightning_core::reject::Code;
use lightning_core::types::Ticket;
use lightning_engine::Answer;
use lightning_engine::raw::{BATCH_MAX, Batch, Command, RECORD};
use napi::bindgen_prelude::{FromNapiValue, TypeName, ValidateNapiValue, check_status};
use napi::{Error, Result, Status, ValueType, sys};

use crate::shared::{self, SharedBytes};

/// Commands whose results nobody has taken yet, at most: 64 MiB of results, and their fills.
const UNTAKEN_MAX: usize = 1 << 20;
/// Batches whose memory is kept for the next ones.
const SPARE_MAX: usize = 8;
/// Each of them up to so many bytes.
const SPARE_BYTES_MAX: usize = 8 << 20;

const _: () = assert!(shared::RECORD == RECORD);

/// Bits of a ticket that say what it is of; a plain call's ticket is 32 bits wide.
const RAW: u64 = 1 << 62;
const NOW: u64 = 1 << 61;
const INDEX_BITS: u32 = 20;
const _: () = assert!(BATCH_MAX <= 1 << INDEX_BITS && INDEX_BITS + 32 < 61);

/// Who waits for an answer.
pub(crate) enum Waiter {
    /// A call, which gets it through `drain`.
    Call,
    /// A call of which the caller waits for the answer right now.
    Now,
    /// A command of a raw batch.
    Raw { batch: u64, index: usize },
}

/// The ticket of a command of a batch.
pub(crate) const fn raw_ticket(batch: u32, index: usize) -> Ticket {
    Ticket(RAW | (batch as u64) << INDEX_BITS | index as u64)
}

/// The ticket of a call that is answered at once.
pub(crate) const fn now_ticket(ticket: Ticket) -> Ticket {
    Ticket(NOW | ticket.0)
}

/// Whose ticket it is.
pub(crate) const fn waiter(ticket: Ticket) -> Waiter {
    if ticket.0 & RAW != 0 {
        let batch = (ticket.0 & !RAW) >> INDEX_BITS;
        Waiter::Raw { batch, index: (ticket.0 & ((1 << INDEX_BITS) - 1)) as usize }
    } else if ticket.0 & NOW != 0 {
        Waiter::Now
    } else {
        Waiter::Call
    }
}

/// The ticket that a call who waits right now was made with.
pub(crate) const fn without_now(ticket: Ticket) -> Ticket {
    Ticket(ticket.0 & !NOW)
}

/// Puts an answer that has just been made into its place. What can't be written is our bug, and must not take the others
/// with it: it stays unknown.
///
/// # Panics
/// If it is no answer to a command of a batch: then it would be lost.
pub(crate) fn put(results: &mut Batch, reply: &Reply) {
    let Waiter::Raw { index, .. } = waiter(reply.ticket) else {
        panic!("{:?} is answered while a batch runs", reply.ticket);
    };
    let _ = catch_unwind(AssertUnwindSafe(|| results.put_reply(index, reply)));
}

/// Batches whose results nobody has taken yet.
#[derive(Default)]
pub(crate) struct Batches {
    waiting: HashMap<u64, Batch>,
    spare: Vec<Batch>,
    untaken: usize,
}

impl Batches {
    /// Begins a batch: gives its commands, copies, which nobody can change any more, and room for their results, which
    /// is to be kept ([`Self::keep`]).
    pub(crate) fn begin(
        &mut self,
        batch: u32,
        bytes: SharedBytes,
        count: u32,
    ) -> std::result::Result<(Vec<Command>, Batch), Code> {
        let count = count as usize;
        if bytes.records() < count {
            return Err(Code::InvalidRequest);
        }
        if count > BATCH_MAX {
            return Err(Code::BatchTooLarge);
        }
        if self.waiting.contains_key(&u64::from(batch)) {
            return Err(Code::Internal);
        }
        if self.untaken + count > UNTAKEN_MAX {
            return Err(Code::Busy);
        }
        let commands: Vec<_> = (0..count).map(|index| Command(bytes.record(index))).collect();
        let mut results = self.spare.pop().unwrap_or_default();
        results.begin(commands.iter().map(Command::tag));
        Ok((commands, results))
    }

    /// Keeps the results of a batch until they are taken, those included that are still to come.
    pub(crate) fn keep(&mut self, batch: u32, results: Batch) {
        self.untaken += results.commands();
        self.waiting.insert(u64::from(batch), results);
    }

    /// Puts an answer into its place.
    pub(crate) fn put(&mut self, batch: u64, index: usize, answer: &Answer) {
        let batch = self.waiting.get_mut(&batch).expect("a batch is waiting until it is taken");
        batch.put(index, answer);
    }

    /// Has every command of a batch its result?
    pub(crate) fn is_complete(&self, batch: u64) -> bool {
        self.waiting.get(&batch).is_some_and(Batch::is_complete)
    }

    /// Nobody takes the results of a batch any more.
    pub(crate) fn forget(&mut self, number: u32) {
        if let Some(batch) = self.waiting.remove(&u64::from(number)) {
            self.untaken -= batch.commands();
        }
    }

    /// Those that wait for an answer.
    pub(crate) fn incomplete(&self) -> impl Iterator<Item = u64> {
        self.waiting.iter().filter(|(_, batch)| !batch.is_complete()).map(|(&number, _)| number)
    }

    /// Copies the results of a batch into a buffer and forgets it. The bytes that it needs, if they are not there.
    pub(crate) fn take(&mut self, number: u32, buffer: &mut [u8]) -> std::result::Result<usize, usize> {
        let Some(batch) = self.waiting.get(&u64::from(number)) else { return Ok(0) };
        let [results, fills] = batch.parts();
        let end = results.len() + fills.len();
        if buffer.len() < end {
            return Err(end);
        }
        buffer[..results.len()].copy_from_slice(results);
        buffer[results.len()..end].copy_from_slice(fills);
        self.untaken -= batch.commands();
        let batch = self.waiting.remove(&u64::from(number)).expect("it was just looked at");
        if self.spare.len() < SPARE_MAX && batch.memory() <= SPARE_BYTES_MAX {
            self.spare.push(batch);
        }
        Ok(end)
    }
}

impl TypeName for SharedBytes {
    fn type_name() -> &'static str {
        "Uint8Array"
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl ValidateNapiValue for SharedBytes {}

impl FromNapiValue for SharedBytes {
    /// The bytes of a `Uint8Array`, whatever it is a view of: detached, resized or shared.
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        let (mut kind, mut length, mut data) = (0, 0, std::ptr::null_mut());
        let (mut memory, mut is_own) = (std::ptr::null_mut(), false);
        // SAFETY: `env` and `value` are those of the call that is being made; the other pointers are to locals, or
        // null for what is not asked for. Anything but a typed array is a status that is no success.
        let status = unsafe {
            sys::napi_get_typedarray_info(
                env,
                value,
                &raw mut kind,
                &raw mut length,
                &raw mut data,
                &raw mut memory,
                std::ptr::null_mut(),
            )
        };
        check_status!(status, "commands are no Uint8Array")?;
        if kind != sys::TypedarrayType::uint8_array {
            return Err(Error::new(Status::InvalidArg, "commands are no Uint8Array"));
        }
        // SAFETY: `memory` was just given for this call; `is_own` is a local. A SharedArrayBuffer is no ArrayBuffer.
        let status = unsafe { sys::napi_is_arraybuffer(env, memory, &raw mut is_own) };
        check_status!(status, "commands are in no memory")?;
        // SAFETY: as long as this call lasts the view is alive and its thread is in here: nobody detaches, transfers
        // or shrinks what is behind it. Other threads may write to it if it is shared, which is what this type is for;
        // an ArrayBuffer belongs to one thread.
        Ok(unsafe { Self::new(data.cast(), length, !is_own) })
    }
}
