//! A process whose connections are examined, from Linux' `/proc`.

use std::{
    collections::HashSet,
    fs::{self, File},
    io,
};

use thiserror::Error;

use super::socket_owner::{program, sockets_of};

/// A process of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    /// Name of its program.
    pub(crate) program: String,
}

/// The reason why the connections of a process cannot be examined.
#[derive(Debug, Error)]
pub(crate) enum ProcessError {
    #[error("there is no process {0}; list processes with ps -e")]
    Absent(u32),
    #[error("process {0} belongs to another user; run redis-doctor as that user or as root, or use --port")]
    Hidden(u32),
    /// Its sockets are not in the tables that this process reads.
    #[error(
        "process {0} is in another network namespace, whose connections are not visible here; as root, run nsenter -t {0} -n \
         redis-doctor trace --port 6379"
    )]
    OtherNamespace(u32),
    #[error("cannot read the descriptors of process {0}: {1}")]
    Unreadable(u32, #[source] io::Error),
}

impl Process {
    /// Finds a process.
    ///
    /// # Errors
    /// It does not exist, or its sockets are not visible.
    pub(crate) fn open(pid: u32) -> Result<Self, ProcessError> {
        match File::open(format!("/proc/{pid}/fd")).map(|_| fs::read_link(format!("/proc/{pid}/ns/net"))) {
            // Unreadable, it may be that of this process.
            Ok(Ok(namespace)) if fs::read_link("/proc/self/ns/net").is_ok_and(|own| own != namespace) => {
                Err(ProcessError::OtherNamespace(pid))
            }
            Ok(_) => Ok(Self { pid, program: program(pid) }),
            Err(error) => Err(match error.kind() {
                io::ErrorKind::NotFound => ProcessError::Absent(pid),
                io::ErrorKind::PermissionDenied => ProcessError::Hidden(pid),
                _ => ProcessError::Unreadable(pid, error),
            }),
        }
    }

    /// Returns true if it still runs.
    pub(crate) fn is_there(&self) -> bool {
        File::open(format!("/proc/{}/fd", self.pid)).is_ok()
    }

    /// Returns the inodes of its sockets.
    pub(crate) fn sockets(&self) -> HashSet<u32> {
        sockets_of(self.pid).collect()
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;
    use crate::kernel::link_of;

    #[test]
    fn the_sockets_of_a_process_are_found() {
        use std::os::fd::AsRawFd;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let process = Process::open(std::process::id()).unwrap();
        assert!(process.is_there() && !process.program.is_empty());
        assert!(process.sockets().contains(&link_of(client.as_raw_fd()).unwrap()));
    }

    #[test]
    fn an_absent_process_is_named() {
        // The largest PID is below this number (PID_MAX_LIMIT).
        let error = Process::open(1 << 23).unwrap_err();
        assert!(matches!(error, ProcessError::Absent(_)), "{error}");
    }
}
