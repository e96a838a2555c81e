//! A real twemproxy (nutcracker) in front of a server, where it is installed.

use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::program::installed;
use super::{Running, Target, eventually, free_port, skipped};

/// A running twemproxy. Dropping it ends it.
pub(crate) struct Twemproxy {
    address: SocketAddr,
    _process: Running,
    _directory: TempDir,
}

impl Twemproxy {
    /// Starts one in front of a server; reports `what` as skipped where it is not installed.
    #[track_caller]
    pub(crate) fn before(server: SocketAddr, password: Option<&str>, what: &str) -> Option<Self> {
        let Some(program) = installed("nutcracker") else {
            skipped(what, "there is no nutcracker (twemproxy) here");
            return None;
        };
        let directory = TempDir::with_prefix("redis-doctor-test-").unwrap();
        let (address, statistics) = (SocketAddr::from(([127, 0, 0, 1], free_port())), free_port());
        let login = password.map(|password| format!("  redis_auth: {password}\n")).unwrap_or_default();
        let config = format!(
            "pool:\n  listen: {address}\n  redis: true\n{login}  hash: fnv1a_64\n  distribution: ketama\n  timeout: 400\n  \
             servers:\n   - {server}:1 server\n"
        );
        let file = directory.path().join("nutcracker.yml");
        std::fs::write(&file, config).unwrap();
        let log = directory.path().join("log");
        let process = Command::new(program)
            .arg("-c")
            .arg(file)
            .arg("-o")
            .arg(log)
            .args(["-s", &statistics.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let twemproxy = Self { address, _process: Running(process), _directory: directory };
        eventually("twemproxy listens", Duration::from_secs(15), || std::net::TcpStream::connect(address).is_ok());
        Some(twemproxy)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Target for Twemproxy {
    fn url(&self) -> String {
        self.address.url()
    }
}
