//! A real HAProxy in front of servers, where it is installed.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::program::installed;
use super::{Running, Target, eventually, free_port, skipped};

/// A running HAProxy. Dropping it ends it.
pub(crate) struct Haproxy {
    program: PathBuf,
    address: SocketAddr,
    process: Running,
    directory: TempDir,
}

impl Haproxy {
    /// Starts one that relays bytes to the server, with these lines of configuration beside the usual ones; tells that
    /// `what` is skipped where it is not installed.
    #[track_caller]
    pub(crate) fn before(server: SocketAddr, lines: &[&str], what: &str) -> Option<Self> {
        let Some(program) = installed("haproxy") else {
            skipped(what, "there is no haproxy here");
            return None;
        };
        let directory = TempDir::with_prefix("redis-doctor-test-").unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let lines: String = lines.iter().map(|line| format!("  {line}\n")).collect();
        let config = format!(
            "defaults\n  mode tcp\n  timeout connect 2s\n  timeout client 1h\n  timeout server 1h\n\
             listen redis\n  bind {address}\n{lines}  server redis {server}\n"
        );
        std::fs::write(directory.path().join("haproxy.cfg"), config).unwrap();
        let process = launch(&program, directory.path());
        let haproxy = Self { program, address, process, directory };
        haproxy.wait_until_it_listens();
        Some(haproxy)
    }

    /// Ends it (SIGTERM closes its connections, SIGKILL leaves that to the kernel) and starts it again.
    #[track_caller]
    pub(crate) fn restart(&mut self, signal: Signal) {
        kill_process(Pid::from_child(&self.process.0), signal).unwrap();
        self.process.0.wait().unwrap();
        self.process = launch(&self.program, self.directory.path());
        self.wait_until_it_listens();
    }

    fn wait_until_it_listens(&self) {
        let listens = || std::net::TcpStream::connect(self.address).is_ok();
        eventually("haproxy listens", Duration::from_secs(15), listens);
    }
}

fn launch(program: &Path, directory: &Path) -> Running {
    let process = Command::new(program)
        .args(["-db", "-q", "-f"])
        .arg(directory.join("haproxy.cfg"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    Running(process)
}

impl Target for Haproxy {
    fn url(&self) -> String {
        self.address.url()
    }
}
