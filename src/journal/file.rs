//! The file of a journal: locked, private, and still the right one after rotation, truncation or removal.

use std::{
    fmt,
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{FlockOperation, OFlags, flock},
    io::Errno,
};

use super::sync::Syncer;

/// Permission of others to write into a folder.
const WORLD_WRITABLE: u32 = 0o002;

/// A reason why a journal cannot be opened.
#[derive(Debug)]
pub(crate) enum OpenError {
    /// The file cannot be opened.
    Io(io::Error),
    /// Another process writes it.
    Locked {
        /// That process; `None` if the system does not report it.
        pid: Option<u32>,
    },
    /// It is a symbolic link in a world-writable folder.
    Link,
}

impl OpenError {
    /// Returns true if a pipe has no reader any more.
    pub(crate) fn is_closed_reader(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "{error}"),
            Self::Locked { pid } => {
                match pid {
                    Some(pid) => write!(f, "process {pid} writes to it")?,
                    None => f.write_str("another process writes to it")?,
                }
                f.write_str("; use another file, or end that process first")
            }
            Self::Link => f.write_str(
                "it is a symbolic link in a world-writable folder; use another folder, or name the link's target",
            ),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// An open journal file.
pub(super) struct JournalFile {
    path: PathBuf,
    file: File,
    /// `None` for a pipe or a device, which is neither locked, rotated nor replaced.
    regular: Option<Regular>,
}

struct Regular {
    /// Device and inode.
    id: (u64, u64),
    /// Size after the last write.
    size: u64,
    /// Size of the copies at its beginning.
    beginning: u64,
    /// Size at which it is rotated.
    max_size: Option<u64>,
    syncer: Syncer,
}

impl JournalFile {
    /// Opens or creates a file for appending, and locks it. A last line that a crash cut off is ended first.
    pub(super) fn open(path: &Path, max_size: Option<u64>) -> Result<Self, OpenError> {
        let file = open(path)?;
        let metadata = file.metadata()?;
        let regular = if metadata.is_file() { Some(Regular::new(&metadata, max_size)?) } else { None };
        let mut journal = Self { path: path.to_owned(), file, regular };
        if journal.regular.is_some() && ends_within_a_line(path) {
            journal.write_all(b"\n")?;
        }
        Ok(journal)
    }

    /// Makes sure that what is written next can be found under the path, with room for `more` bytes. Returns true if
    /// the file is another one than before, or empty again.
    pub(super) fn renew(&mut self, more: usize) -> Result<bool, OpenError> {
        let Some(regular) = &mut self.regular else { return Ok(false) };
        let there = fs::metadata(&self.path).ok();
        if there.is_none_or(|there| id(&there) != regular.id) {
            return self.reopen().map(|()| true);
        }
        let size = self.file.metadata()?.len();
        // Truncated in place (copytruncate).
        let cut = size < regular.size;
        regular.size = size;
        // A file that holds little more than its copies is not full, or each write would begin another.
        let used = size > regular.beginning.saturating_mul(2);
        let full = regular.max_size.is_some_and(|max| used && size.saturating_add(more as u64) > max);
        if full {
            fs::rename(&self.path, previous(&self.path))?;
            return self.reopen().map(|()| true);
        }
        Ok(cut)
    }

    /// Notes the size of the copies that are written next.
    pub(super) fn begins_with(&mut self, bytes: usize) {
        if let Some(regular) = &mut self.regular {
            regular.beginning = bytes as u64;
        }
    }

    /// Returns true if the open file was removed, so that what is written to it is lost.
    pub(super) fn is_gone(&self) -> bool {
        self.regular.is_some() && self.file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
    }

    /// Writes the file through to the disk, in the background.
    pub(super) fn sync(&self) {
        if let Some(regular) = &self.regular {
            regular.syncer.request(&self.file);
        }
    }

    /// Waits a moment for the disk.
    pub(super) fn close(self) {
        self.sync();
        if let Some(regular) = self.regular {
            regular.syncer.finish();
        }
    }

    fn reopen(&mut self) -> Result<(), OpenError> {
        let file = open(&self.path)?;
        let metadata = file.metadata()?;
        self.sync();
        let Some(regular) = &mut self.regular else { return Ok(()) };
        (regular.id, regular.size) = (id(&metadata), metadata.len());
        self.file = file;
        if regular.size > 0 && ends_within_a_line(&self.path) {
            self.write_all(b"\n")?;
        }
        Ok(())
    }
}

impl Write for JournalFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        if let Some(regular) = &mut self.regular {
            regular.size += written as u64;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Regular {
    fn new(metadata: &Metadata, max_size: Option<u64>) -> io::Result<Self> {
        Ok(Self { id: id(metadata), size: metadata.len(), beginning: 0, max_size, syncer: Syncer::start()? })
    }
}

fn id(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// Returns the name of the older file that rotation keeps.
fn previous(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".1");
    name.into()
}

/// Opens a file for appending, readable by its owner only if it is new, and locks a regular one. The lock ends with the
/// process, however that ends.
fn open(path: &Path) -> Result<File, OpenError> {
    let shared = is_world_writable(path.parent());
    let flags = if shared { OFlags::NOFOLLOW } else { OFlags::empty() };
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(0o600).custom_flags(flags.bits().cast_signed());
    let file = options.open(path).map_err(|error| match Errno::from_io_error(&error) {
        Some(Errno::LOOP) if shared && path.is_symlink() => OpenError::Link,
        _ => OpenError::Io(error),
    })?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(file);
    }
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => Err(OpenError::Locked { pid: owner_of_lock(metadata.ino()) }),
        // Some network file systems have no locks.
        Ok(()) | Err(_) => Ok(file),
    }
}

fn is_world_writable(folder: Option<&Path>) -> bool {
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    fs::metadata(folder).is_ok_and(|folder| folder.mode() & WORLD_WRITABLE != 0)
}

/// Returns the process that holds the lock on a file, from proc_locks(5): `1: FLOCK ADVISORY WRITE PID MAJOR:MINOR:INODE …`.
fn owner_of_lock(inode: u64) -> Option<u32> {
    let locks = fs::read_to_string("/proc/locks").ok()?;
    owner_in(&locks, inode)
}

fn owner_in(locks: &str, inode: u64) -> Option<u32> {
    locks.lines().find_map(|line| {
        let mut fields = line.split_whitespace().skip(1);
        if fields.next()? != "FLOCK" {
            return None;
        }
        let pid = fields.nth(2)?;
        let of = fields.next()?.rsplit(':').next()?;
        // A process of another namespace is 0.
        (of.parse() == Ok(inode)).then(|| pid.parse().ok().filter(|pid| *pid != 0))?
    })
}

/// Returns true if the last byte of a regular file is not a line feed.
fn ends_within_a_line(path: &Path) -> bool {
    let last_byte = || -> io::Result<u8> {
        let mut byte = [b'\n'];
        // Opening a pipe for reading would wait for its other end.
        if !fs::metadata(path)?.file_type().is_fifo() {
            let mut file = File::open(path)?;
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut byte)?;
        }
        Ok(byte[0])
    };
    last_byte().is_ok_and(|byte| byte != b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_that_holds_a_lock_is_found_by_inode() {
        let locks = "1: POSIX  ADVISORY  READ  7 00:1d:55 128 128\n2: FLOCK  ADVISORY  WRITE 4711 fe:01:55 0 EOF\n\
                     3: FLOCK  ADVISORY  WRITE 0 fe:01:56 0 EOF\n3: -> FLOCK  ADVISORY  WRITE 9 fe:01:56 0 EOF\n";
        assert_eq!(owner_in(locks, 55), Some(4711));
        assert_eq!(owner_in(locks, 56), None);
        assert_eq!(owner_in("", 55), None);
    }

    #[test]
    fn a_file_is_locked_private_and_no_link_in_a_shared_folder() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let first = JournalFile::open(&path, None).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let second = JournalFile::open(&path, None).err().unwrap();
        let found = matches!(second, OpenError::Locked { pid } if pid.is_none_or(|pid| pid == std::process::id()));
        assert!(found, "{second:?}");
        first.close();
        JournalFile::open(&path, None).unwrap().close();
        let link = dir.path().join("link");
        symlink(&path, &link).unwrap();
        JournalFile::open(&link, None).unwrap().close();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o1777)).unwrap();
        assert!(matches!(JournalFile::open(&link, None), Err(OpenError::Link)));
        assert!(!fs::read_link(&link).unwrap().as_os_str().is_empty());
    }
}
