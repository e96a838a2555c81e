//! Processes that redis-doctor starts: a real server on a free loopback port, which ends with the run, and an application
//! that is observed.
//!
//! The server also ends if redis-doctor is killed. The kernel delivers a signal for that, which a process can only ask
//! for itself; so redis-doctor starts itself again in a hidden mode, which asks for it and then becomes the server.

mod application;

use std::{
    collections::VecDeque,
    ffi::{OsStr, OsString},
    fmt,
    io::{self, BufRead as _, BufReader, Read, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, getppid, kill_process};
use thiserror::Error;

pub(crate) use self::application::Application;
use crate::foreign::Foreign;

/// First argument of the hidden mode.
const GUARDED: &str = "__serve-until-parent-ends";

/// Programs that are tried if none is named.
const PROGRAMS: [&str; 2] = ["redis-server", "valkey-server"];

/// Ports to choose from, below the kernel's range of source ports for outgoing connections.
const PORTS: std::ops::Range<u16> = 10_000..30_000;

/// The same for a node of a cluster, whose bus has a second port.
const NODE_PORTS: std::ops::Range<u16> = 10_000..22_000;

/// Distance of the port of the cluster bus (CLUSTER_PORT_INCR in cluster.h).
const BUS: u16 = 10_000;

/// Attempts with another port, in case another process takes the port first.
const ATTEMPTS: usize = 3;

/// Time from the start of a server until it accepts connections.
const START_LIMIT: Duration = Duration::from_secs(15);

/// Lines of a server's log that are kept for an error.
const LAST_LINES: usize = 3;

/// A server that was started for a run; dropping it ends the process.
#[derive(Debug)]
pub(crate) struct SpawnedServer {
    address: SocketAddr,
    release: String,
    process: Child,
}

/// The reason why a server could not be started.
#[derive(Debug, Error)]
pub(crate) enum SpawnError {
    #[error("neither redis-server nor valkey-server is in the PATH; install one, name its path, or use --sandbox")]
    NotFound,
    #[error("cannot run {}: {source}; expected the path of redis-server or valkey-server", .program.display())]
    Program { program: PathBuf, source: io::Error },
    #[error("{} is not a Redis or Valkey server: --version prints '{said}'", .program.display())]
    NoServer { program: PathBuf, said: Foreign },
    #[error("{} ended before it accepted connections: {said}", .program.display())]
    Ended { program: PathBuf, said: Foreign },
    #[error("{} accepts no connections after {} s", .program.display(), START_LIMIT.as_secs())]
    Late { program: PathBuf },
    #[error("no free port on 127.0.0.1")]
    NoPort,
}

impl SpawnedServer {
    /// Starts a server without persistence on a free port of 127.0.0.1: the program at this path, or the first in the
    /// PATH.
    ///
    /// # Errors
    /// If there is no such program, or it does not accept connections in time.
    pub(crate) fn start(program: Option<&Path>) -> Result<Self, SpawnError> {
        Self::start_as(program, &Role::Alone)
    }

    /// Starts a server in a role.
    ///
    /// # Errors
    /// If there is no such program, or it does not accept connections in time.
    pub(crate) fn start_as(program: Option<&Path>, role: &Role<'_>) -> Result<Self, SpawnError> {
        let (program, release) = match program {
            Some(program) => (program.to_owned(), release(program)?),
            None => in_path()?,
        };
        let mut last = SpawnError::NoPort;
        for _ in 0..ATTEMPTS {
            let Some(port) = free_port(role) else { return Err(SpawnError::NoPort) };
            match serve(&program, port, role) {
                Ok(process) => {
                    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                    return Ok(Self { address, release, process });
                }
                Err(error @ SpawnError::Ended { .. }) => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }

    /// Returns the address that it listens on.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Kills the process.
    pub(crate) fn kill(&mut self) {
        // One that has ended cannot be killed, and need not be.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Stops the process, which keeps its connections (SIGSTOP).
    pub(crate) fn freeze(&self) {
        if let Some(process) = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw) {
            // One that has ended cannot be stopped.
            let _ = kill_process(process, Signal::STOP);
        }
    }
}

/// The role of a server that is started.
pub(crate) enum Role<'a> {
    /// A server on its own.
    Alone,
    /// A replica of another one.
    ReplicaOf(SocketAddr),
    /// A Sentinel with this configuration file.
    Sentinel(&'a Path),
    /// A node of a cluster that replaces a failed primary after this time, with its state in this directory.
    Node(Duration, &'a Path),
}

impl Role<'_> {
    /// Returns the arguments of the program for this role.
    fn arguments(&self, port: u16) -> Vec<OsString> {
        match self {
            Self::Alone => Vec::new(),
            // Without a pause in which further replicas may ask for the same snapshot.
            Self::ReplicaOf(primary) => {
                let (host, port) = (primary.ip().to_string(), primary.port().to_string());
                ["--replicaof", &host, &port, "--repl-diskless-sync-delay", "0"].map(OsString::from).to_vec()
            }
            Self::Sentinel(_) => vec!["--sentinel".into()],
            Self::Node(timeout, directory) => {
                let timeout = timeout.as_millis().to_string();
                let file = format!("nodes-{port}.conf");
                let words = [
                    "--cluster-enabled",
                    "yes",
                    "--cluster-node-timeout",
                    &timeout,
                    "--repl-diskless-sync-delay",
                    "0",
                    "--cluster-config-file",
                    &file,
                    "--dir",
                ];
                words.map(OsString::from).into_iter().chain([directory.as_os_str().to_owned()]).collect()
            }
        }
    }
}

/// Name and version, `redis-server 7.0.15`.
impl fmt::Display for SpawnedServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.release)
    }
}

impl Drop for SpawnedServer {
    fn drop(&mut self) {
        // It has nothing to save.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Becomes the server, the application or its guard if these are the arguments of a hidden mode; returns only if they are
/// not, if that fails, or at the end of a guard.
pub(crate) fn become_other(arguments: &[OsString]) -> Option<ExitCode> {
    if let [_, mode, program, rest @ ..] = arguments
        && mode == application::GUARD
    {
        return Some(application::guard(program, rest));
    }
    let [_, mode, parent, program, rest @ ..] = arguments else { return None };
    if mode != GUARDED {
        return None;
    }
    end_with_parent();
    // The parent may have ended before that took effect.
    let parent: Option<i32> = parent.to_str().and_then(|parent| parent.parse().ok());
    if parent.is_some() && getppid().map(|pid| pid.as_raw_nonzero().get()) == parent {
        let failed = Command::new(program).args(rest).exec();
        // The parent reads it.
        let _ = writeln!(io::stdout(), "{failed}");
    }
    Some(ExitCode::FAILURE)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn end_with_parent() {
    // Without it, the server would only survive a SIGKILL of its parent.
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn end_with_parent() {}

/// Returns the path of the running program, also after the file was replaced.
fn own_program() -> PathBuf {
    match cfg!(target_os = "linux") {
        true => PathBuf::from("/proc/self/exe"),
        false => std::env::current_exe().unwrap_or_default(),
    }
}

/// Finds the first server in the PATH, with its name and version.
fn in_path() -> Result<(PathBuf, String), SpawnError> {
    for program in PROGRAMS.map(Path::new) {
        match release(program) {
            Ok(release) => return Ok((program.to_owned(), release)),
            Err(SpawnError::Program { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Err(SpawnError::NotFound)
}

/// Asks a program for its name and version: `Redis server v=7.0.15 sha=…` becomes `redis-server 7.0.15`.
fn release(program: &Path) -> Result<String, SpawnError> {
    let mut command = Command::new(program);
    let output = command.arg("--version").stdin(Stdio::null()).stderr(Stdio::null()).output();
    let output = output.map_err(|source| SpawnError::Program { program: program.to_owned(), source })?;
    let said = String::from_utf8_lossy(&output.stdout);
    let mut words = said.split_whitespace();
    let name = match (words.next(), words.next()) {
        (Some("Redis"), Some("server")) => "redis-server",
        (Some("Valkey"), Some("server")) => "valkey-server",
        _ => return Err(SpawnError::NoServer { program: program.to_owned(), said: Foreign::new(said.trim()) }),
    };
    let version = words.find_map(|word| word.strip_prefix("v=")).map(Foreign::new);
    Ok(version.map_or_else(|| name.to_owned(), |version| format!("{name} {version}")))
}

/// Finds a free port. Concurrent processes begin their search at different ones.
fn free_port(role: &Role<'_>) -> Option<u16> {
    let is_node = matches!(role, Role::Node(..));
    let range = if is_node { NODE_PORTS } else { PORTS };
    let count = u32::from(range.end - range.start);
    let start = std::process::id().wrapping_mul(6_131);
    let mut ports = (0..count).map(|offset| range.start + (start.wrapping_add(offset) % count) as u16);
    let is_free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    ports.find(|port| is_free(*port) && (!is_node || is_free(port + BUS)))
}

/// Starts the program and waits until it accepts connections.
fn serve(program: &Path, port: u16, role: &Role<'_>) -> Result<Child, SpawnError> {
    let parent = std::process::id().to_string();
    let mut command = Command::new(own_program());
    command.args([OsStr::new(GUARDED), OsStr::new(&parent), program.as_os_str()]);
    if let Role::Sentinel(configuration) = role {
        command.arg(configuration);
    }
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
    command.args(["--daemonize", "no", "--logfile", "", "--dbfilename", &format!("redis-doctor-{parent}.rdb")]);
    command.arg("--dir").arg(std::env::temp_dir()).args(role.arguments(port));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    // A Ctrl-C is for redis-doctor, which ends the server after the run.
    command.process_group(0);
    let failed = |source| SpawnError::Program { program: program.to_owned(), source };
    let mut process = command.spawn().map_err(failed)?;
    let problem = match process.stdout.take().map(await_start).transpose() {
        Ok(Some(Start::Ready) | None) => return Ok(process),
        Ok(Some(Start::Ended(said))) => SpawnError::Ended { program: program.to_owned(), said },
        Ok(Some(Start::Late)) => SpawnError::Late { program: program.to_owned() },
        Err(source) => failed(source),
    };
    let _ = process.kill();
    let _ = process.wait();
    Err(problem)
}

/// The start of a server, as its log shows it.
enum Start {
    /// It accepts connections.
    Ready,
    /// It has ended; its last lines.
    Ended(Foreign),
    Late,
}

/// Waits for the start of a server, and from then on reads its log so that it can go on writing.
fn await_start(log: impl Read + Send + 'static) -> io::Result<Start> {
    let (sender, start) = mpsc::channel();
    let read = move || {
        let mut last: VecDeque<String> = VecDeque::new();
        for line in BufReader::new(log).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            // A Sentinel logs its id instead.
            if line.contains("eady to accept connections") || line.contains("Sentinel ID is") {
                let _ = sender.send(Start::Ready);
            }
            if last.len() == LAST_LINES {
                last.pop_front();
            }
            last.push_back(line);
        }
        let last: Vec<_> = last.iter().map(|line| line.trim()).collect();
        let _ = sender.send(Start::Ended(Foreign::new(&last.join("; "))));
    };
    thread::Builder::new().name("server log".to_owned()).spawn(read)?;
    Ok(start.recv_timeout(START_LIMIT).unwrap_or(Start::Late))
}
