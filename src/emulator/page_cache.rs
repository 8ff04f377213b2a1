//! The file below the store: written through the page cache, synced to the disk only at the end.
//!
//! redb calls `sync_data` for every commit that must last. One costs about 0.5 ms on a virtual disk
//! and several on a laptop, which is more than everything else in a request together. So a commit
//! here ends with the bytes in the operating system's page cache: they survive the end of the
//! process in any way, `kill -9` among them, but not a power cut, after which the file may have to
//! be deleted. A clean close syncs.

use std::fs::File;
use std::io;
use std::ops::Bound;

use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};

/// redb's own file backend without the sync on each commit.
#[derive(Debug)]
pub(super) struct PageCache {
    file: FileBackend,
}

impl PageCache {
    pub(super) fn new(file: File) -> Result<Self, redb::DatabaseError> {
        Ok(Self { file: FileBackend::new(file)? })
    }
}

impl StorageBackend for PageCache {
    fn len(&self) -> Result<u64, io::Error> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        self.file.write(offset, data)
    }

    fn close(&self) -> Result<(), io::Error> {
        let synced = self.file.sync_data();
        self.file.close()?;
        synced
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(
        &self,
        start: Bound<u64>,
        end: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}
