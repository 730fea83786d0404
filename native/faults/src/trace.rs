//! Lines of text without memory of their own: this library runs in the middle of somebody else's system call.

use std::fmt;

use crate::raw::PATH_BYTES;

/// A line of bounded length; what does not fit is cut off.
pub(crate) struct Line {
    bytes: [u8; PATH_BYTES],
    length: usize,
}

impl Default for Line {
    fn default() -> Self {
        Self { bytes: [0; PATH_BYTES], length: 0 }
    }
}

impl Line {
    /// Adds text.
    pub(crate) fn say(&mut self, text: fmt::Arguments<'_>) {
        // Writing here can't fail: what is too long is cut off.
        let _ = fmt::write(self, text);
    }

    /// Adds bytes.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        let fitting = bytes.len().min(self.bytes.len() - self.length);
        self.bytes[self.length..self.length + fitting].copy_from_slice(&bytes[..fitting]);
        self.length += fitting;
    }

    /// What was said so far.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.add(text.as_bytes());
        Ok(())
    }
}
