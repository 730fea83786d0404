//! How fast it is here: `cargo run --release -p lightning-journal --example speed [directory]`.
//!
//! Prints records per second of 100 byte records: appended to a batch, committed to real files, recovered, read. The
//! directory (default: a new one under the system's folder for temporary files) is removed afterwards.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use lightning_journal::storage::Storage;
use lightning_journal::storage::directory::Directory;
use lightning_journal::{Batch, Mode, Options, Reader, recover};

const RECORDS: u64 = 2_000_000;
const BODY: [u8; 64] = [7; 64];

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).map_or_else(
        || std::env::temp_dir().join(format!("lightning-journal-speed-{}", std::process::id())),
        PathBuf::from,
    );
    if path.exists() {
        return Err("the directory exists already".into());
    }
    let result = run(&path);
    std::fs::remove_dir_all(&path)?;
    result
}

fn run(path: &PathBuf) -> Result<(), Box<dyn Error>> {
    let storage: Arc<dyn Storage> = Arc::new(Directory::open(path)?);
    let mut batch = Batch::new(1);
    timed("append, no disk", || {
        for at in 1..=RECORDS {
            append(&mut batch, at);
            if batch.len() == 4096 {
                batch = Batch::new(batch.next_lsn());
            }
        }
        Ok(RECORDS)
    })?;
    for mode in [Mode::Sync, Mode::Written] {
        let options = Options { mode, ..Options::default() };
        let (mut writer, preparer) = recover(Arc::clone(&storage), options, &mut |_| {})?.start()?;
        preparer.prepare()?;
        for (group, groups) in [(1, 2_000), (16, 2_000), (256, 2_000), (4096, 400)] {
            timed(&format!("commit, {mode:?}, {group} per frame"), || {
                let mut batch = Batch::new(writer.written() + 1);
                for _ in 0..groups {
                    (0..group).for_each(|at| append(&mut batch, at));
                    writer.commit(&mut batch)?;
                }
                writer.sync()?;
                Ok(group * groups)
            })?;
        }
        writer.close()?;
    }
    let mut recovered = None;
    timed("recover: check everything", || {
        let done = recover(Arc::clone(&storage), Options::default(), &mut |_| {})?;
        let records = done.head().lsn;
        recovered = Some(done);
        Ok(records)
    })?;
    let recovered = recovered.ok_or("recovered above")?;
    let last = recovered.head().lsn;
    timed("recover: iterate records", || {
        let mut bytes = 0;
        for record in recovered.records(0) {
            bytes += record?.body.len();
        }
        assert!(bytes > 0, "records have bodies");
        Ok(last)
    })?;
    timed("start: write the last segment anew", || {
        let (_writer, _preparer) = recovered.start()?;
        Ok(last)
    })?;
    let mut reader = Reader::open(Arc::clone(&storage), 0)?;
    timed("reader", || {
        while reader.next(last)?.is_some() {}
        Ok(last)
    })
}

fn append(batch: &mut Batch, at: u64) {
    batch.append(1, 1, at, at, |body| body.extend_from_slice(&BODY));
}

fn timed(what: &str, work: impl FnOnce() -> Result<u64, Box<dyn Error>>) -> Result<(), Box<dyn Error>> {
    let begin = Instant::now();
    let records = work()?;
    let seconds = begin.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
    let rate = records as f64 / seconds;
    println!("{what:40} {rate:>12.0} records/s  {seconds:>7.3} s");
    Ok(())
}
