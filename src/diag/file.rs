//! Reading files that somebody else wrote.

use std::fs::{File, metadata};
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// The largest file of a repository that is read, in bytes: hundreds of times what the longest published
/// content has. A larger one would fill the memory of whoever checks a pull request.
pub const LARGEST_FILE: u64 = 16 << 20;

/// Reads a whole file of at most `most` bytes.
///
/// # Errors
/// Also when it is larger, and when it is no regular file: a pipe or a device might never end.
pub fn read_file(path: &Path, most: u64) -> Result<Vec<u8>> {
    let too_large = || {
        let most = most >> 20;
        Error::new(ErrorKind::FileTooLarge, format!("it is larger than {most} MiB"))
    };
    let there = metadata(path)?;
    if !there.is_file() {
        return Err(Error::new(ErrorKind::InvalidInput, "it is no regular file"));
    }
    if there.len() > most {
        return Err(too_large());
    }
    // It may grow while it is read.
    let mut bytes = Vec::with_capacity(usize::try_from(there.len()).unwrap_or(0));
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(too_large()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        std::fs::write(&path, "id: x").unwrap();
        assert_eq!(read_file(&path, 5).unwrap(), b"id: x");
        assert_eq!(read_file(&path, 4).unwrap_err().kind(), ErrorKind::FileTooLarge);
        assert_eq!(read_file(folder.path(), 5).unwrap_err().kind(), ErrorKind::InvalidInput);
        let missing = read_file(&folder.path().join("b.yaml"), 5).unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound);
    }
}
