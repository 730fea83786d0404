//! Small things done with files: written whole, read whole, replaced.

use std::io;

use crate::aligned::AlignedBuffer;
use crate::layout::{in_file, in_memory};
use crate::storage::{File, Storage, Use};

/// Nothing is written in larger pieces, so that a commit that comes in between does not wait long.
pub(crate) const PIECE_BYTES: usize = 1 << 20;

/// Writes all of it. The rest of a short write is tried once; then it is an error.
pub(crate) fn write_all(file: &dyn File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    let written = file.write_at(offset, bytes)?;
    if written >= bytes.len() {
        return Ok(());
    }
    let rest = &bytes[written..];
    if file.write_at(offset + in_file(written), rest)? >= rest.len() {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::WriteZero, "a write was short, and so was the second try"))
}

/// Reads until the buffer is full or the file over, and says how many bytes.
pub(crate) fn read_full(file: &dyn File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(offset + in_file(filled), &mut buffer[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

/// The whole file; `None` if it is longer than `bytes_max`.
pub(crate) fn read_whole(storage: &dyn Storage, name: &str, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
    let file = storage.open(name, Use::Read)?;
    let len = file.len()?;
    if len > bytes_max {
        return Ok(None);
    }
    let mut bytes = vec![0; in_memory(len)];
    let filled = read_full(&*file, 0, &mut bytes)?;
    bytes.truncate(filled);
    Ok(Some(bytes))
}

/// Removes a file if it is there.
pub(crate) fn remove_if_there(storage: &dyn Storage, name: &str) -> io::Result<()> {
    match storage.remove(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Makes `bytes` the content of the file `name`, wholly or not at all.
pub(crate) fn replace(storage: &dyn Storage, temp: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
    remove_if_there(storage, temp)?;
    let file = storage.create(temp, Use::Write)?;
    let mut offset = 0;
    for piece in bytes.chunks(PIECE_BYTES) {
        write_all(&*file, offset, piece)?;
        offset += in_file(piece.len());
    }
    file.sync()?;
    drop(file);
    storage.rename(temp, name)?;
    storage.sync_dir()
}

/// Copies `bytes` bytes from `offset` on to the beginning of a new file, which is not synced.
pub(crate) fn copy(from: &dyn File, offset: u64, into: &dyn File, bytes: u64) -> io::Result<()> {
    let mut buffer = AlignedBuffer::zeroed(PIECE_BYTES);
    let mut done = 0;
    while done < bytes {
        let piece = in_memory((bytes - done).min(in_file(PIECE_BYTES)));
        let piece = &mut buffer.bytes_mut()[..piece];
        if read_full(from, offset + done, piece)? < piece.len() {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "a file became shorter while it was read",
            ));
        }
        write_all(into, done, piece)?;
        done += in_file(piece.len());
    }
    Ok(())
}
