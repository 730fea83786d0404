//! Damage at rest: what rot, misdirected writes, backups put back wrongly and people do to files that nobody has
//! open. All of it is on the device at once.

use super::contents::{Contents, index};
use super::{FakeDisk, Inode};

impl FakeDisk {
    /// The names of all files, archived ones with `archive/` in front.
    #[must_use]
    pub fn files(&self) -> Vec<String> {
        self.state().names.keys().cloned().collect()
    }

    /// What a process reads from a file.
    ///
    /// # Panics
    /// If there is no such file, like everything here.
    #[must_use]
    pub fn read(&self, name: &str) -> Vec<u8> {
        self.with_file(name, |inode| inode.cached.to_vec())
    }

    /// What the device holds of a file, and what will be left of it at the worst power loss.
    #[must_use]
    pub fn read_device(&self, name: &str) -> Vec<u8> {
        self.with_file(name, |inode| inode.device.to_vec())
    }

    /// One byte of a file.
    #[must_use]
    pub fn byte_at(&self, name: &str, offset: u64) -> u8 {
        let mut byte = [0];
        let read = self.with_file(name, |inode| inode.cached.read(offset, &mut byte));
        assert_eq!(read, 1, "{offset} is within {name}");
        byte[0]
    }

    /// Length of a file, bytes.
    #[must_use]
    pub fn len_of(&self, name: &str) -> u64 {
        self.with_file(name, |inode| inode.cached.len())
    }

    /// Puts a file there, in the place of one that has its name.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        let contents = Contents::from_bytes(bytes);
        let mut state = self.state();
        let inode = state.next_inode;
        state.next_inode += 1;
        state.inodes.insert(inode, Inode { cached: contents.clone(), device: contents, ..Inode::default() });
        state.names.insert(name.to_owned(), inode);
        state.settle_names();
    }

    /// Overwrites part of a file.
    pub fn poke(&self, name: &str, offset: u64, bytes: &[u8]) {
        self.edit(name, |contents| contents.write(offset, bytes));
    }

    /// Inverts the bits of the mask in one byte.
    pub fn flip(&self, name: &str, offset: u64, mask: u8) {
        self.edit(name, |contents| {
            let mut byte = [0];
            assert_eq!(contents.read(offset, &mut byte), 1, "{offset} is within the file");
            contents.write(offset, &[byte[0] ^ mask]);
        });
    }

    /// Cuts a file, or extends it with zeros.
    pub fn set_len_of(&self, name: &str, len: u64) {
        self.edit(name, |contents| contents.set_len(len));
    }

    /// Copies bytes from one place to another: what a misdirected or duplicated write leaves.
    pub fn copy_range(&self, from: (&str, u64), to: (&str, u64), len: u64) {
        let mut bytes = vec![0; index(len)];
        let known = self.with_file(from.0, |inode| inode.cached.read(from.1, &mut bytes));
        self.poke(to.0, to.1, &bytes[..known]);
    }

    /// Exchanges two ranges of the same length.
    pub fn swap_ranges(&self, a: (&str, u64), b: (&str, u64), len: u64) {
        let mut bytes = vec![0; index(len)];
        let known = self.with_file(a.0, |inode| inode.cached.read(a.1, &mut bytes));
        self.copy_range(b, a, len);
        self.poke(b.0, b.1, &bytes[..known]);
    }

    /// Deletes a file.
    pub fn delete(&self, name: &str) {
        let mut state = self.state();
        assert!(state.names.remove(name).is_some(), "there is no {name}");
        state.settle_names();
    }

    /// Gives a file another name, and replaces the one that had it.
    pub fn rename_file(&self, from: &str, to: &str) {
        let mut state = self.state();
        let inode = state.names.remove(from).unwrap_or_else(|| panic!("there is no {from}"));
        state.names.insert(to.to_owned(), inode);
        state.settle_names();
    }

    /// Exchanges the names of two files.
    pub fn swap_files(&self, a: &str, b: &str) {
        let mut state = self.state();
        let (first, second) = (state.names[a], state.names[b]);
        state.names.insert(a.to_owned(), second);
        state.names.insert(b.to_owned(), first);
        state.settle_names();
    }

    fn with_file<T>(&self, name: &str, look: impl FnOnce(&Inode) -> T) -> T {
        let state = self.state();
        let inode = state.names.get(name).unwrap_or_else(|| panic!("there is no {name}"));
        look(&state.inodes[inode])
    }

    /// What was dirty in the file is on the device, and then both are changed.
    fn edit(&self, name: &str, change: impl FnOnce(&mut Contents)) {
        let mut state = self.state();
        let inode = *state.names.get(name).unwrap_or_else(|| panic!("there is no {name}"));
        let inode = state.inode(inode);
        inode.flush();
        change(&mut inode.cached);
        inode.device = inode.cached.clone();
    }
}

impl super::State {
    fn settle_names(&mut self) {
        self.durable_names = self.names.clone();
        self.name_changes.clear();
        self.collect();
    }
}
