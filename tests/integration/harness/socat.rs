//! A real socat in front of a server, where it is installed: a relay that is one process a connection, and nothing more.

use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use super::program::installed;
use super::{Target, eventually, free_port, skipped};

/// A running socat with a child for each connection. Dropping it ends them all.
pub(crate) struct Socat {
    program: PathBuf,
    address: SocketAddr,
    server: SocketAddr,
    process: Child,
}

impl Socat {
    /// Starts one in front of a server; reports `what` as skipped where it is not installed.
    #[track_caller]
    pub(crate) fn before(server: SocketAddr, what: &str) -> Option<Self> {
        let Some(program) = installed("socat") else {
            skipped(what, "there is no socat here");
            return None;
        };
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let process = launch(&program, address, server);
        let socat = Self { program, address, server, process };
        socat.wait_until_it_listens();
        Some(socat)
    }

    /// Ends it and its children with a signal, and starts it again.
    #[track_caller]
    pub(crate) fn restart(&mut self, signal: Signal) {
        self.end(signal);
        self.process = launch(&self.program, self.address, self.server);
        self.wait_until_it_listens();
    }

    fn end(&mut self, signal: Signal) {
        // The group is its own, so no other process is hit.
        let _ = kill_process_group(Pid::from_child(&self.process), signal);
        let _ = self.process.wait();
    }

    fn wait_until_it_listens(&self) {
        let listens = || std::net::TcpStream::connect(self.address).is_ok();
        eventually("socat listens", Duration::from_secs(15), listens);
    }
}

fn launch(program: &Path, address: SocketAddr, server: SocketAddr) -> Child {
    Command::new(program)
        .arg(format!("TCP-LISTEN:{},bind={},reuseaddr,fork", address.port(), address.ip()))
        .arg(format!("TCP:{server}"))
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

impl Target for Socat {
    fn url(&self) -> String {
        self.address.url()
    }
}

impl Drop for Socat {
    fn drop(&mut self) {
        self.end(Signal::KILL);
    }
}
