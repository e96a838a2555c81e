//! The directory in which the servers of a lab keep their state.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

/// A directory for this user alone, which goes with this value.
#[derive(Debug)]
pub(super) struct Directory(PathBuf);

impl Directory {
    /// Creates a directory with a name that is not taken.
    pub(super) fn create() -> io::Result<Self> {
        let process = std::process::id();
        let mut number = 0;
        loop {
            let path = std::env::temp_dir().join(format!("redis-doctor-lab-{process}-{number}"));
            match fs::DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(taken) if taken.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // What cannot be removed is in the directory for temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}
