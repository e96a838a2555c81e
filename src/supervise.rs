//! Processes that redis-doctor starts: a real server on a free loopback port, which ends with the run, and an application
//! that is observed.
//!
//! The server also ends if redis-doctor is killed. The kernel delivers a signal for that, which a process can only ask
//! for itself; so redis-doctor starts itself again in a hidden mode, which asks for it and then becomes the server.

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

use rustix::process::{Signal, getppid};
use thiserror::Error;

use crate::foreign::Foreign;

/// First argument of the hidden mode.
const GUARDED: &str = "__serve-until-parent-ends";

/// Programs that are tried if none is named.
const PROGRAMS: [&str; 2] = ["redis-server", "valkey-server"];

/// Ports to choose from, below the kernel's range of source ports for outgoing connections.
const PORTS: std::ops::Range<u16> = 10_000..30_000;

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
        let (program, release) = match program {
            Some(program) => (program.to_owned(), release(program)?),
            None => in_path()?,
        };
        let mut last = SpawnError::NoPort;
        for _ in 0..ATTEMPTS {
            let Some(port) = free_port() else { return Err(SpawnError::NoPort) };
            match serve(&program, port) {
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

/// Prepares an application that connects to redis-doctor's proxy; `None` without a program. It ends when the process is
/// dropped.
pub(crate) fn application(command: &[OsString], proxy: SocketAddr) -> Option<tokio::process::Command> {
    let (program, arguments) = command.split_first()?;
    let url = format!("redis://{proxy}");
    let mut command = tokio::process::Command::new(program);
    command.args(arguments.iter().map(|argument| match argument.to_str() {
        Some(text) => OsString::from(text.replace("{url}", &url)),
        None => argument.clone(),
    }));
    command.env("REDIS_URL", &url).env("REDIS_HOST", proxy.ip().to_string());
    command.env("REDIS_PORT", proxy.port().to_string()).kill_on_drop(true).stdin(Stdio::null());
    // Its output is not part of the report.
    command.stdout(io::stderr());
    Some(command)
}

/// Becomes the server if these are the arguments of the hidden mode; returns only if they are not, or if that fails.
pub(crate) fn become_server(arguments: &[OsString]) -> Option<ExitCode> {
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
fn free_port() -> Option<u16> {
    let count = u32::from(PORTS.end - PORTS.start);
    let start = std::process::id().wrapping_mul(6_131);
    let ports = (0..count).map(|offset| PORTS.start + (start.wrapping_add(offset) % count) as u16);
    ports.into_iter().find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
}

/// Starts the program and waits until it accepts connections.
fn serve(program: &Path, port: u16) -> Result<Child, SpawnError> {
    let parent = std::process::id().to_string();
    // Also after the file was replaced.
    let own = match cfg!(target_os = "linux") {
        true => PathBuf::from("/proc/self/exe"),
        false => std::env::current_exe().unwrap_or_default(),
    };
    let mut command = Command::new(own);
    command.args([OsStr::new(GUARDED), OsStr::new(&parent), program.as_os_str()]);
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
    command.args(["--daemonize", "no", "--logfile", "", "--dbfilename", &format!("redis-doctor-{parent}.rdb")]);
    command.arg("--dir").arg(std::env::temp_dir());
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
            if line.contains("eady to accept connections") {
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
