//! The destinations of a result: stdout, or the file of `--output`, which is replaced in one step by a complete result.

use std::{
    ffi::OsString,
    fs::{self, File, Metadata, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{Access, access},
    io::Errno,
    process::geteuid,
};

use super::{Problem, divider, forgive_closed, signals};
use crate::render::{self, BufferedStdout, StdoutWriter};

/// The permission of others to write into a folder.
const WORLD_WRITABLE: u32 = 0o002;

/// The permissions of a new file, before the umask.
const MODE: u32 = 0o666;

/// Checks before the work, not after two weeks, that the file of `--output` can be written.
pub(super) fn check_writable(path: Option<&Path>) -> Result<(), Problem> {
    let Some(path) = path.filter(|path| !crate::output::is_stdout(path)) else { return Ok(()) };
    let checked = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(Errno::ISDIR.into()),
        // To open a pipe would wait for its reader.
        Ok(metadata) if metadata.file_type().is_fifo() => access(path, Access::WRITE_OK).map_err(io::Error::from),
        Ok(_) => File::options().write(true).open(path).map(drop),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Temporary::beside(path, MODE).map(|temporary| drop(temporary.remove()))
        }
        Err(error) => Err(error),
    };
    checked.map_err(Problem::file("--output", path))
}

/// Writes a result to the file of `--output`, replacing its content, or to stdout. `write` gets the columns of the
/// terminal, if it is one. If the file cannot be written, the result goes to stdout.
pub(super) fn deliver(
    path: Option<&Path>,
    write: impl Fn(&mut dyn Write, Option<usize>) -> io::Result<()>,
) -> Result<(), Problem> {
    let show = || forgive_closed(write(&mut io::stdout().lock(), render::stdout_columns())).map_err(Problem::Report);
    let Some(path) = path else { return show() };
    let mut text = Vec::new();
    write(&mut text, None).map_err(Problem::Report)?;
    replace(path, &text).map_err(|source| {
        // If this fails, too, there is no other place.
        let _ = show();
        Problem::ReportShown { path: path.to_owned(), source }
    })
}

/// The same below the lines of a command's progress on stderr, divided from them if `divided`.
pub(super) fn deliver_below(
    path: Option<&Path>,
    divided: bool,
    write: impl Fn(&mut dyn Write, Option<usize>) -> io::Result<()>,
) -> Result<(), Problem> {
    deliver(path, |out, columns| {
        out.write_all(divider(divided && path.is_none()))?;
        write(out, columns)
    })
}

/// Ends a stream of lines on stdout with those of `write`.
pub(super) fn end_stream(
    stdout: BufferedStdout,
    writer: StdoutWriter,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Problem> {
    let mut lines = Vec::new();
    write(&mut lines).map_err(Problem::Report)?;
    stdout.append_all(&lines);
    forgive_closed(stdout.finish(writer)).map_err(Problem::Stdout)
}

/// Replaces the content of a file in one step, or writes to a pipe or a device.
pub(super) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => {
            // A pipe without a reader, or with a slow one, must not outlast SIGTERM.
            signals::guard();
            OpenOptions::new().write(true).open(path)?.write_all(content)
        }
        // A descriptor that was opened by another process, in its own way.
        Ok(_) if path.starts_with("/dev") || path.starts_with("/proc") => {
            OpenOptions::new().append(true).open(path)?.write_all(content)
        }
        Ok(metadata) => replace_file(path, &metadata, content),
        Err(error) if error.kind() == io::ErrorKind::NotFound => exchange(path, MODE, None, content),
        Err(error) => Err(error),
    }
}

fn replace_file(path: &Path, metadata: &Metadata, content: &[u8]) -> io::Result<()> {
    // In a world-writable folder, a link may be a trap: the link is replaced, not its target.
    let target = if is_world_writable(path.parent()) { path.to_owned() } else { fs::canonicalize(path)? };
    let in_place = || OpenOptions::new().write(true).truncate(true).open(path)?.write_all(content);
    // A new file would have another owner, or leave the other names of this one behind.
    if metadata.nlink() > 1 || metadata.uid() != geteuid().as_raw() {
        return in_place();
    }
    exchange(&target, metadata.mode(), Some(metadata.permissions()), content).or_else(|error| {
        match Errno::from_io_error(&error) {
            // The folder is read-only, or the file a mount point.
            Some(Errno::ACCESS | Errno::PERM | Errno::ROFS | Errno::BUSY | Errno::XDEV) => in_place(),
            _ => Err(error),
        }
    })
}

/// Writes a temporary file beside the path, and renames it.
fn exchange(path: &Path, mode: u32, permissions: Option<Permissions>, content: &[u8]) -> io::Result<()> {
    let temporary = Temporary::beside(path, mode)?;
    let fill = || -> io::Result<()> {
        (&temporary.file).write_all(content)?;
        if let Some(permissions) = permissions {
            temporary.file.set_permissions(permissions)?;
        }
        temporary.file.sync_all()?;
        fs::rename(&temporary.path, path)
    };
    let filled = fill();
    if filled.is_err() {
        // The first error is the one that matters.
        let _ = temporary.remove();
    }
    filled
}

/// A file that does not have its final name yet.
struct Temporary {
    path: PathBuf,
    file: File,
}

impl Temporary {
    fn beside(path: &Path, mode: u32) -> io::Result<Self> {
        let Some(name) = path.file_name() else { return Err(Errno::ISDIR.into()) };
        let mut temporary = OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".{}.tmp", std::process::id()));
        let path = path.with_file_name(temporary);
        let file = OpenOptions::new().write(true).create_new(true).mode(mode & 0o777).open(&path)?;
        Ok(Self { path, file })
    }

    fn remove(self) -> io::Result<()> {
        fs::remove_file(self.path)
    }
}

fn is_world_writable(folder: Option<&Path>) -> bool {
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    fs::metadata(folder).is_ok_and(|folder| folder.mode() & WORLD_WRITABLE != 0)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn names(folder: &Path) -> Vec<OsString> {
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_with_its_permissions_and_nothing_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let (path, link) = (dir.path().join("report"), dir.path().join("link"));
        check_writable(Some(&path)).unwrap();
        assert!(!path.exists());
        fs::write(&path, "a long old report").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        symlink(&path, &link).unwrap();
        // Open, so that its number is not given to another file.
        let old = File::open(&path).unwrap();
        for target in [&path, &link] {
            check_writable(Some(target)).unwrap();
            replace(target, b"new").unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"new");
            assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o640);
        }
        assert_ne!(fs::metadata(&path).unwrap().ino(), old.metadata().unwrap().ino());
        assert!(link.is_symlink());
        // Another name of the file stays its name.
        fs::hard_link(&path, dir.path().join("other")).unwrap();
        replace(&path, b"newer").unwrap();
        assert_eq!(fs::read(dir.path().join("other")).unwrap(), b"newer");
        assert_eq!(names(dir.path()), ["link", "other", "report"]);
    }

    #[test]
    fn a_failure_keeps_the_old_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report");
        fs::write(&path, "old").unwrap();
        // The temporary name is taken.
        let taken = dir.path().join(format!(".report.{}.tmp", std::process::id()));
        fs::create_dir(taken).unwrap();
        assert!(replace(&path, b"new").is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }
}
