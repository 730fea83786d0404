//! What a crash leaves of a session, and what must be found in it.

use lightning_journal::storage::memory::{FakeDisk, Moment};
use lightning_journal::{Batch, Mode, RecoverError, Recovered, recover, verify};

use crate::harness::planted::storage;
use crate::session::{Bounds, By, IMAGES, Outcome, Session};

impl Session {
    /// What was recovered is what may be found.
    pub(crate) fn check(&self, recovered: &Recovered, bounds: Bounds, least: u64) -> Outcome {
        let head = recovered.head();
        if head.lsn < least {
            return Err(format!(
                "{} of {least} acknowledged records are left; torn: {:?}",
                head.lsn,
                recovered.torn()
            ));
        }
        self.truth.check_records(recovered)?;
        let snapshots = self.truth.check_snapshots(recovered)?;
        // A newer one may have been found by recovery although it was never noted, and have retired this one.
        let newer = bounds.retired && snapshots.iter().any(|lsn| *lsn > bounds.noted);
        if bounds.noted > 0 && !snapshots.contains(&bounds.noted) && !newer {
            return Err(format!("snapshot {} was noted and is not there: {snapshots:?}", bounds.noted));
        }
        let first = recovered.first_lsn();
        if first > 1 && (!bounds.retired || snapshots.iter().all(|lsn| lsn + 1 < first)) {
            return Err(format!("records begin at {first}, snapshots are {snapshots:?}"));
        }
        Ok(())
    }

    pub(crate) fn images(&mut self, film: &[Moment], before: Bounds, what: &str) -> Outcome {
        for Moment { what: moment, disk } in film {
            if self.dice.one_in(12) {
                self.image(disk, Bounds { retired: self.bounds.retired, ..before }, moment)
                    .map_err(|why| format!("crash in {what}, at {moment}: {why}"))?;
            }
        }
        Ok(())
    }

    /// One disk that may be found after that moment.
    pub(crate) fn image(&mut self, disk: &FakeDisk, bounds: Bounds, what: &str) -> Outcome {
        let (after, found_by) = if self.dice.one_in(6) {
            self.found.mark("killed");
            (disk.kill(), By::Kill { sound: !self.lied && !self.faulty })
        } else {
            (disk.crash(&mut |bound| self.dice.below(bound)), By::PowerLoss)
        };
        after.set_space(None);
        let depth = self.dice.pick(&[0, 0, 0, 1, 1, 2]);
        self.examine(&after, bounds, found_by, depth).map_err(|why| format!("{what}: {why}"))
    }

    /// Opens it, looks at everything, goes on, and crashes again, so many times.
    fn examine(&mut self, disk: &FakeDisk, bounds: Bounds, by: By, depth: u64) -> Outcome {
        let least = match by {
            By::Kill { sound: true } => bounds.written,
            _ => bounds.durable,
        };
        self.found.mark(IMAGES);
        let refused = |error: RecoverError| format!("refused: {error}");
        let mut options = self.options.clone();
        if self.dice.one_in(8) {
            options.mode = self.dice.pick(&[Mode::Sync, Mode::Written]);
            options.segment_bytes = self.dice.pick(&[16 << 10, 64 << 10]);
        }
        let recovered = recover(storage(disk, self.bug), options.clone(), &mut |_| {}).map_err(refused)?;
        self.check(&recovered, bounds, least)?;
        let head = recovered.head();
        if !recovered.is_new() && self.dice.one_in(8) {
            let verified = verify(storage(disk, self.bug), &mut |_| {}).map_err(refused)?;
            if verified.head != head || verified.torn.as_ref() != recovered.torn() {
                return Err(format!(
                    "{verified:?} is verified, {head} is recovered, torn {:?}",
                    recovered.torn()
                ));
            }
        }
        self.found.mark(if head.lsn == self.truth.last() { "all there" } else { "the end lost" });
        if recovered.torn().is_some() {
            self.found.mark("torn");
        }
        if recovered.is_new() {
            self.found.mark("new");
        }
        if !recovered.warnings().is_empty() {
            self.found.mark("warnings");
        }
        if depth == 0 {
            return Ok(());
        }
        // After a kill the page cache may hold something else than what recovery read past it.
        let torn = recovered.torn().filter(|_| by == By::PowerLoss).map(|torn| {
            let at = usize::try_from(torn.offset).expect("in memory");
            let bytes = usize::try_from(torn.bytes).expect("in memory");
            (format!("torn-{}.bin", torn.lsn), disk.read(&torn.segment)[at..at + bytes].to_vec())
        });
        let incarnation = recovered.incarnation();
        disk.film();
        let (mut writer, preparer) = recovered.start().map_err(refused)?;
        let film = disk.cut();
        if writer.incarnation() != incarnation + 1 {
            return Err(format!("incarnation {} follows {incarnation}", writer.incarnation()));
        }
        if let Some((file, bytes)) = torn
            && disk.read_device(&file) != bytes
        {
            return Err(format!("{file} is not what was dropped"));
        }
        // Recovery itself dies. Nothing is found then that it did not see; and all that it saw, unless the page cache
        // had some of it.
        let in_recovery = match by {
            By::Kill { .. } => bounds,
            By::PowerLoss => Bounds { durable: head.lsn, ..bounds },
        };
        let whole = std::mem::take(&mut self.truth);
        self.truth = whole.clone();
        self.truth.cut(head.lsn);
        let done = (|| {
            for Moment { what, disk } in film {
                if self.dice.one_in(20) {
                    let again = disk.crash(&mut |bound| self.dice.below(bound));
                    self.found.mark("crashes in recovery");
                    self.examine(&again, in_recovery, By::PowerLoss, depth - 1)
                        .map_err(|why| format!("crash in recovery, at {what}: {why}"))?;
                }
            }
            let mut batch = Batch::new(head.lsn + 1);
            for _ in 0..1 + self.dice.below(4) {
                let body = self.dice.index(200);
                self.truth.append(&mut batch, body, &mut self.dice);
                if self.dice.one_in(4) {
                    preparer.prepare().map_err(|error| format!("prepare: {error}"))?;
                }
                writer.commit(&mut batch).map_err(|error| format!("going on: {error}"))?;
                self.truth.told(writer.head())?;
            }
            let durable = writer.durable();
            if durable < head.lsn {
                return Err(format!("{head} is recovered, {durable} durable"));
            }
            let bounds = Bounds { durable, written: writer.written(), ..bounds };
            let after = disk.crash(&mut |bound| self.dice.below(bound));
            drop((writer, preparer));
            self.examine(&after, bounds, By::PowerLoss, depth - 1)
                .map_err(|why| format!("having gone on: {why}"))
        })();
        self.truth = whole;
        done
    }
}
