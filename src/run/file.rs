//! Files that only their owner may read and that are on the disk when they are said to be.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Writes a new file whole: a reader, and whoever comes after a crash, finds all of it or nothing.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&part)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    drop(file);
    std::fs::rename(&part, path)?;
    path.parent().map_or(Ok(()), sync)
}

/// Makes a folder and those above it; one that is there is left as it is.
pub(super) fn folders(path: &Path) -> io::Result<()> {
    builder().recursive(true).create(path)
}

/// Makes a folder that must not be there.
pub(super) fn new_folder(path: &Path) -> io::Result<()> {
    builder().create(path)?;
    path.parent().map_or(Ok(()), sync)
}

fn builder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// A name in a folder is on the disk when the folder is.
#[cfg(unix)]
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Windows opens no folder as a file, and writes names through by itself.
#[cfg(not(unix))]
pub(super) fn sync(_folder: &Path) -> io::Result<()> {
    Ok(())
}
