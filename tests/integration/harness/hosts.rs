//! A host name that only the program under test knows, and that can be made to stand for another address while the
//! program runs, as the name of a managed server does after a failover.
//!
//! The program runs in a mount namespace of its own, where `/etc/hosts` is a file of the test; nothing of the host's
//! is touched. It needs root, and `unshare` and `mount` (util-linux).

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

use super::skipped;

/// A name that no name server knows: `.test` is kept free (RFC 6761).
const NAME: &str = "cache.redis-doctor.test";

/// Lays the file $1 over /etc/hosts and becomes the program that follows.
const ENTER: &str = r#"mount --bind "$1" /etc/hosts && shift && exec "$@""#;

/// A hosts file with one name in it.
pub(crate) struct Hosts {
    directory: TempDir,
}

impl Hosts {
    /// The name stands for this address; `None` where there can be no such file, which the first caller reports.
    pub(crate) fn naming(address: Ipv4Addr) -> Option<Self> {
        static MISSING: OnceLock<Option<String>> = OnceLock::new();
        let missing = MISSING
            .get_or_init(|| Self::find_missing().inspect(|why| skipped("all tests with a name that moves", why)));
        missing.is_none().then(|| Self::create(address))
    }

    fn find_missing() -> Option<String> {
        if !rustix::process::geteuid().is_root() {
            return Some("a mount namespace needs root".to_owned());
        }
        let address = Ipv4Addr::new(127, 0, 0, 2);
        let hosts = Self::create(address);
        let command = hosts.command(["getent".into(), "hosts".into(), NAME.into()]);
        not_found(address, Command::new(&command[0]).args(&command[1..]).stdin(Stdio::null()).output())
    }

    fn create(address: Ipv4Addr) -> Self {
        let directory = TempDir::with_prefix("redis-doctor-hosts-").unwrap();
        let hosts = Self { directory };
        fs::write(hosts.file(), line(address)).unwrap();
        hosts
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("hosts")
    }

    /// The URL of a server on this port of whatever the name stands for.
    pub(crate) fn url(&self, port: u16) -> String {
        format!("redis://{NAME}:{port}")
    }

    /// From now on the name stands for nothing.
    #[track_caller]
    pub(crate) fn forget(&self) {
        self.write(&format!("#{:<1$}\n", "", line(Ipv4Addr::LOCALHOST).len() - 2));
    }

    /// From now on the name stands for this address.
    #[track_caller]
    pub(crate) fn point_to(&self, address: Ipv4Addr) {
        self.write(&line(address));
    }

    /// A reader finds the old line or the new one, never half of one:
    /// the file stays the same one (it is bound), is never empty, and is changed in one write of the same length.
    #[track_caller]
    fn write(&self, line: &str) {
        let mut file = OpenOptions::new().write(true).open(self.file()).unwrap();
        assert_eq!(file.write(line.as_bytes()).unwrap(), line.len());
    }

    /// The program and its arguments, to be run where this file is `/etc/hosts`: the process is the program itself,
    /// not a wrapper.
    pub(super) fn command(&self, program: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
        let before = ["unshare", "--mount", "--propagation", "private", "sh", "-c", ENTER, "sh"];
        let file = self.file().into_os_string();
        before.into_iter().map(OsString::from).chain([file]).chain(program).collect()
    }
}

/// Why a look-up in the namespace did not give the address; `None` when it did.
fn not_found(address: Ipv4Addr, looked_up: io::Result<Output>) -> Option<String> {
    match looked_up {
        Err(error) => Some(format!("unshare: {error}")),
        Ok(found) if String::from_utf8_lossy(&found.stdout).contains(&address.to_string()) => None,
        Ok(found) => {
            let said = String::from_utf8_lossy(&found.stderr);
            Some(format!("a name in a bound /etc/hosts is not found ({}) {}", found.status, said.trim()))
        }
    }
}

/// As long for one address as for another.
fn line(address: Ipv4Addr) -> String {
    format!("{:<15} {NAME}\n", address.to_string())
}

#[test]
fn the_reason_why_a_name_is_not_found_is_reported() {
    let address = Ipv4Addr::new(127, 0, 0, 2);
    let look_up = |script: &str| not_found(address, Command::new("sh").args(["-c", script]).output());
    assert_eq!(look_up("echo 127.0.0.2 cache"), None);
    let denied = look_up("echo unshare: Operation not permitted >&2; exit 1").unwrap();
    assert!(denied.contains("exit status: 1") && denied.ends_with("Operation not permitted"), "{denied}");
    assert!(look_up("echo 127.0.0.3 cache").is_some(), "the host's own file was read");
    let absent = not_found(address, Command::new("/nonexistent/unshare").output()).unwrap();
    assert!(absent.contains("No such file"), "{absent}");
}
