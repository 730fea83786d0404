//! The last so many of something, each with a number; they are added up late.

use std::collections::VecDeque;

/// What is remembered, at most.
pub(super) const LOG_MAX: usize = 16_384;
/// So many are added up at once where nobody has asked for it before they are forgotten.
const FOLD: u64 = 1_024;

/// Things in one piece of memory. Nothing is moved when there come to be more, and what is forgotten makes room for them.
const CHUNK: usize = 256;

/// Things that happened, one behind the other. Adding them up into what they lead to is put off until somebody asks for
/// that, or they are to be forgotten: many of one book at once take a fraction of the time that each takes when it comes,
/// because what they change is in the cache then.
#[derive(Debug)]
pub(super) struct Log<T> {
    /// All but the last are full.
    chunks: VecDeque<Vec<T>>,
    /// The number of the first thing that is remembered.
    first: u64,
    /// So many are ahead of it in its chunk, and forgotten.
    forgotten: usize,
    len: usize,
    /// Memory of what is forgotten.
    spare: Option<Vec<T>>,
}

impl<T> Log<T> {
    /// Empty; the first one gets this number.
    pub(super) const fn starting_at(first: u64) -> Self {
        Self { chunks: VecDeque::new(), first, forgotten: 0, len: 0, spare: None }
    }

    /// One more. Where it is full, the oldest is forgotten: see [`Self::fold_oldest`].
    pub(super) fn push(&mut self, item: T) {
        if self.is_full() {
            self.first += 1;
            self.forgotten += 1;
            self.len -= 1;
            if self.forgotten == CHUNK {
                self.forgotten = 0;
                self.spare = self.chunks.pop_front();
            }
        }
        if self.chunks.back().is_none_or(|last| last.len() == CHUNK) {
            let mut chunk = self.spare.take().unwrap_or_else(|| Vec::with_capacity(CHUNK));
            chunk.clear();
            self.chunks.push_back(chunk);
        }
        self.chunks.back_mut().expect("it was just looked at").push(item);
        self.len += 1;
    }

    /// Adds up some of the oldest if the next push would forget one that was not. Everything ahead of `folded` was.
    ///
    /// # Errors
    /// What `each` says: then they count as added up.
    pub(super) fn fold_oldest<E>(
        &self,
        folded: &mut u64,
        each: impl FnMut(&T) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.is_full() && *folded == self.first { self.fold(folded, FOLD, each) } else { Ok(()) }
    }

    /// Adds up all that was not.
    ///
    /// # Errors
    /// What `each` says: then they count as added up.
    pub(super) fn fold_all<E>(
        &self,
        folded: &mut u64,
        each: impl FnMut(&T) -> Result<(), E>,
    ) -> Result<(), E> {
        self.fold(folded, u64::MAX, each)
    }

    fn fold<E>(&self, folded: &mut u64, most: u64, each: impl FnMut(&T) -> Result<(), E>) -> Result<(), E> {
        let items = self.since(*folded).expect("what is not added up is not forgotten");
        let to = folded.saturating_add(most).min(self.end());
        let count = usize::try_from(to - *folded).expect("no more than are remembered");
        *folded = to;
        items.take(count).try_for_each(each)
    }

    /// The same as something else.
    pub(super) fn map<U>(&self, of: impl FnMut(&T) -> U) -> Log<U> {
        let mut log = Log::starting_at(self.first);
        self.since(self.first).into_iter().flatten().map(of).for_each(|item| log.push(item));
        log
    }

    /// Does the next one make it forget another?
    pub(super) fn is_full(&self) -> bool {
        self.len == LOG_MAX
    }

    /// The number of the first one.
    pub(super) const fn first(&self) -> u64 {
        self.first
    }

    /// The number of the next one.
    pub(super) fn end(&self) -> u64 {
        self.first + self.len as u64
    }

    /// From a number on. None if that is too long ago.
    pub(super) fn since(&self, since: u64) -> Option<impl Iterator<Item = &T>> {
        let at = usize::try_from(since.checked_sub(self.first)?).ok().filter(|&at| at <= self.len)?;
        let at = self.forgotten + at;
        let chunk = (at / CHUNK).min(self.chunks.len());
        let mut chunks = self.chunks.range(chunk..);
        let first = chunks.next().map_or([].as_slice(), |first| &first[at % CHUNK..]);
        Some(first.iter().chain(chunks.flatten()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(sum: &mut u64) -> impl FnMut(&u64) -> Result<(), ()> {
        |item| {
            *sum += item;
            Ok(())
        }
    }

    /// Each is added up once, however often somebody asks, and before it is forgotten.
    #[test]
    fn each_is_added_up_once() {
        let (mut log, mut folded, mut sum, mut pushed) = (Log::starting_at(7), 7, 0, 0);
        for item in 1..=3 * LOG_MAX as u64 {
            log.fold_oldest(&mut folded, add(&mut sum)).unwrap();
            log.push(item);
            pushed += item;
            if item % 5_000 == 0 {
                log.fold_all(&mut folded, add(&mut sum)).unwrap();
                assert_eq!(sum, pushed);
            }
        }
        log.fold_all(&mut folded, add(&mut sum)).unwrap();
        log.fold_all(&mut folded, add(&mut sum)).unwrap();
        assert_eq!((sum, log.end(), folded), (pushed, 7 + 3 * LOG_MAX as u64, log.end()));
    }

    #[test]
    fn exactly_so_many_are_remembered() {
        let (mut log, mut folded, mut sum) = (Log::starting_at(0), 0, 0);
        for item in 0..LOG_MAX as u64 + 10 {
            log.fold_oldest(&mut folded, add(&mut sum)).unwrap();
            log.push(item);
        }
        assert!(log.since(9).is_none());
        assert_eq!(log.since(10).unwrap().next(), Some(&10));
        assert_eq!(log.since(log.end()).unwrap().next(), None);
        assert!(log.since(log.end() + 1).is_none());
        assert_eq!((sum, folded), ((0..FOLD).sum(), FOLD), "some at once");
    }

    #[test]
    fn what_cannot_be_added_up_is_said() {
        let (mut log, mut folded) = (Log::starting_at(0), 0);
        log.push(1);
        assert_eq!(log.fold_all(&mut folded, |_| Err("no")), Err("no"));
        assert_eq!(log.fold_all(&mut folded, |_| Err("no")), Ok(()), "once");
    }
}
