//! The reason why a unix socket cannot be opened, from the file system: the kernel's error does not name the directory,
//! the mode or the owner that are in the way.

use std::{
    fs::Metadata,
    io,
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::Path,
};

use crate::classify::{Failure, Stage};

/// Users and groups by number.
const NAMES: [&str; 2] = ["/etc/passwd", "/etc/group"];

/// Returns the failure to connect to the socket at `path`, with its reason.
pub(super) fn failure(path: &Path, error: &io::Error) -> Failure {
    let mut failure = Failure::io(Stage::Unix, error);
    if let Some(why) = reason(path, error.kind()) {
        failure.text = format!("{}: {why}", failure.text).into();
    }
    failure
}

fn reason(path: &Path, kind: io::ErrorKind) -> Option<String> {
    let shown = path.display();
    match (std::fs::metadata(path), kind) {
        (Ok(file), _) if !file.file_type().is_socket() => Some(format!("{shown} is not a socket")),
        (Ok(file), io::ErrorKind::PermissionDenied) => Some(format!("{shown} has {}; {}", access(&file), process())),
        (Ok(_), io::ErrorKind::ConnectionRefused) => {
            Some(format!("{shown} exists, but no process listens on it: it is left over from one that ended"))
        }
        (Err(_), io::ErrorKind::PermissionDenied) => {
            let (directory, metadata) = reachable(path)?;
            Some(format!("the directory {} has {}; {}", directory.display(), access(&metadata), process()))
        }
        (Err(_), io::ErrorKind::NotFound) => {
            let (directory, _) = reachable(path)?;
            let missing = path.strip_prefix(directory).ok()?.iter().next()?;
            Some(format!("{} has no {}", directory.display(), missing.display()))
        }
        _ => None,
    }
}

/// Returns the nearest directory above `path` that this process can look at.
fn reachable(path: &Path) -> Option<(&Path, Metadata)> {
    path.ancestors().skip(1).find_map(|directory| Some((directory, std::fs::metadata(directory).ok()?)))
}

/// Formats `mode 0700, owner redis (999), group redis (999)`.
fn access(file: &Metadata) -> String {
    let [owner, group] = [(file.uid(), NAMES[0]), (file.gid(), NAMES[1])].map(|(id, names)| named(id, names));
    format!("mode {:04o}, owner {owner}, group {group}", file.mode() & 0o7777)
}

/// Formats the user and the groups that this process runs as.
fn process() -> String {
    use rustix::process::{getegid, geteuid, getgroups};
    let user = named(geteuid().as_raw(), NAMES[0]);
    let own = getegid();
    let mut groups = vec![own];
    groups.extend(getgroups().unwrap_or_default().into_iter().filter(|group| *group != own));
    let groups: Vec<_> = groups.into_iter().map(|group| named(group.as_raw(), NAMES[1])).collect();
    format!("this process runs as user {user}, group {}", groups.join(", "))
}

/// Formats a number with its name in a file of lines `name:x:number:…`.
fn named(id: u32, file: &str) -> String {
    let lines = std::fs::read_to_string(file).unwrap_or_default();
    let name = lines.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then_some(name)
    });
    name.map_or_else(|| id.to_string(), |name| format!("{name} ({id})"))
}

#[cfg(test)]
mod tests {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt};

    use super::*;

    fn because(path: &Path, errno: i32) -> String {
        failure(path, &io::Error::from_raw_os_error(errno)).to_string()
    }

    #[test]
    fn the_file_or_directory_in_the_way_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("redis.sock");
        let missing = directory.path().join("run/redis.sock");
        assert!(because(&missing, 2).ends_with(&format!("{} has no run", directory.path().display())));
        let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        std::fs::set_permissions(&socket, Permissions::from_mode(0o640)).unwrap();
        let denied = because(&socket, 13);
        assert!(denied.contains("redis.sock has mode 0640, owner "), "{denied}");
        assert!(denied.contains("; this process runs as user "), "{denied}");
        drop(listener);
        assert!(because(&socket, 111).contains("no process listens on it"));
        let file = directory.path().join("redis.conf");
        std::fs::write(&file, "").unwrap();
        assert!(because(&file, 111).ends_with("redis.conf is not a socket"));
    }

    #[test]
    fn a_number_without_a_name_stands_alone() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("passwd");
        std::fs::write(&file, "root:x:0:0::/root:/bin/sh\nredis:x:999:999::/:/bin/false\n").unwrap();
        let file = file.to_str().unwrap();
        assert_eq!((named(999, file), named(7, file)), ("redis (999)".to_owned(), "7".to_owned()));
    }
}
