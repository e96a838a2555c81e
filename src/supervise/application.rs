//! A command of the user, such as an application that is observed, with everything that it starts.
//!
//! All of it ends with redis-doctor, also if redis-doctor is killed, and so do processes that have left the group of the
//! command. redis-doctor starts itself again as a *guard*, which adopts them, waits for the end of the command or of
//! redis-doctor, and then ends whatever is left. The guard and the command have separate process groups, so a Ctrl-C
//! in the terminal is for redis-doctor alone.

use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
    fs::{self, File},
    io::{self, Read as _, Write as _},
    net::SocketAddr,
    os::{
        fd::OwnedFd,
        unix::{
            fs::PermissionsExt as _,
            process::{CommandExt as _, ExitStatusExt as _},
        },
    },
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitCode, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::{io::AsyncReadExt as _, net::unix::pipe::Receiver};

use super::{GUARDED, own_program};
use crate::plan::{Launch, Trust};

/// First argument of a guard.
pub(super) const GUARD: &str = "__guard-until-parent-ends";

/// Pauses between two checks of what is left, and the number of them after SIGTERM and after SIGKILL.
const PAUSE: Duration = Duration::from_millis(20);
const PATIENCE: [usize; 2] = [20, 50];

/// A command and all processes that it starts; they end when this is dropped.
#[derive(Debug)]
pub(crate) struct Application {
    guard: Child,
    /// The guard ends everything when this is closed.
    lifeline: Option<ChildStdin>,
    reports: Receiver,
    /// The report so far: the status of the command as a number.
    report: Vec<u8>,
}

impl Application {
    /// Starts a command that is to connect to the proxy at this address, which `url` names with a login.
    ///
    /// # Errors
    /// If there is no such program, its log cannot be written, or no process can be started.
    pub(crate) fn start(launch: &Launch, proxy: SocketAddr, url: &str) -> io::Result<Self> {
        let (program, arguments) = launch.command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        find(program)?;
        let mut guard = Command::new(own_program());
        guard.arg(GUARD).arg(program).args(arguments.iter().map(|argument| match argument.to_str() {
            Some(text) => OsString::from(filled(text, url, launch.trust.as_ref())),
            None => argument.clone(),
        }));
        guard.env("REDIS_HOST", proxy.ip().to_string()).env("REDIS_PORT", proxy.port().to_string());
        guard.env("REDIS_URL", url).envs(launch.url_names.iter().map(|name| (name, url)));
        if let Some(Trust { authority, roots }) = &launch.trust {
            guard.env("REDIS_CA_CERT", authority).env("NODE_EXTRA_CA_CERTS", authority).env("SSL_CERT_FILE", roots);
        }
        guard.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        if let Some(log) = &launch.log {
            guard.stderr(File::options().create(true).append(true).open(log)?);
        }
        let mut guard = guard.spawn()?;
        let lifeline = guard.stdin.take();
        let reports = guard.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let reports = Receiver::from_owned_fd(OwnedFd::from(reports))?;
        Ok(Self { guard, lifeline, reports, report: Vec::new() })
    }

    /// Waits for the end of the command; the wait may be dropped and repeated.
    ///
    /// # Errors
    /// If the guard was killed.
    pub(crate) async fn ended(&mut self) -> io::Result<ExitStatus> {
        while self.reports.read_buf(&mut self.report).await? > 0 {}
        let status = String::from_utf8_lossy(&self.report).trim().parse();
        status.map(ExitStatus::from_raw).map_err(|_| io::Error::other("its guard was killed"))
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        let _ = self.guard.wait();
    }
}

/// Replaces the names in braces in a word of a command.
fn filled(text: &str, url: &str, trust: Option<&Trust>) -> String {
    let text = text.replace("{url}", url);
    trust.map_or(text.clone(), |trust| text.replace("{ca}", &trust.authority.display().to_string()))
}

/// Checks that there is such a program: the guard could only report it in the log.
fn find(program: &OsStr) -> io::Result<()> {
    let is_program = |path: &Path| -> io::Result<()> {
        let metadata = fs::metadata(path)?;
        let runs = metadata.is_file() && metadata.permissions().mode() & 0o111 != 0;
        if runs { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
    };
    if Path::new(program).components().count() > 1 {
        return is_program(Path::new(program));
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let mut missing = io::ErrorKind::NotFound.into();
    for folder in std::env::split_paths(&folders) {
        match is_program(&folder.join(program)) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => missing = error,
            Err(_) => {}
        }
    }
    Err(missing)
}

/// Runs a command as its guard.
pub(super) fn guard(program: &OsStr, arguments: &[OsString]) -> ExitCode {
    adopt();
    let mut command = Command::new(own_program());
    let own = std::process::id().to_string();
    command.args([OsStr::new(GUARDED), OsStr::new(&own), program]).args(arguments);
    // Its output is not part of a result.
    command.process_group(0).stdin(Stdio::null()).stdout(io::stderr());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            return ExitCode::FAILURE;
        }
    };
    let group = Pid::from_child(&child);
    let (ended, end) = mpsc::channel();
    let parent = ended.clone();
    let started = thread::Builder::new().spawn(move || {
        // Nothing is ever sent; the end of the stream is that of redis-doctor.
        let _ = io::stdin().read_to_end(&mut Vec::new());
        let _ = parent.send(None);
    });
    let started = started.and_then(|_| thread::Builder::new().spawn(move || _ = ended.send(child.wait().ok())));
    if started.is_ok()
        && let Ok(Some(status)) = end.recv()
    {
        let _ = writeln!(io::stdout(), "{}", status.into_raw());
    }
    end_all(group);
    ExitCode::SUCCESS
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn adopt() {
    // Without it, only the group is ended.
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn adopt() {}

/// Ends the group, and all processes that descend from this one.
fn end_all(group: Pid) {
    for (signal, patience) in [Signal::TERM, Signal::KILL].into_iter().zip(PATIENCE) {
        for round in 0..patience {
            let left = descendants();
            if left.is_empty() && (!Path::new("/proc/self").exists() || !exists(group)) {
                return;
            }
            // A process may have been started since the last round. SIGTERM is sent once: it may take its time.
            if round == 0 || signal == Signal::KILL {
                let _ = kill_process_group(group, signal);
                left.iter().for_each(|pid| _ = kill_process(*pid, signal));
            }
            thread::sleep(PAUSE);
        }
    }
}

/// Returns true if the group has a process that has not ended.
fn exists(group: Pid) -> bool {
    processes().any(|process| process.group == group.as_raw_nonzero().get())
}

/// Returns the processes that descend from this one and have not ended.
fn descendants() -> Vec<Pid> {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    processes().for_each(|process| children.entry(process.parent).or_default().push(process.pid));
    let mut found = Vec::new();
    let mut next = vec![rustix::process::getpid().as_raw_nonzero().get()];
    while let Some(pid) = next.pop() {
        let below = children.remove(&pid).unwrap_or_default();
        found.extend(below.iter().filter_map(|pid| Pid::from_raw(*pid)));
        next.extend(below);
    }
    found
}

/// A process of this machine.
struct Process {
    pid: i32,
    parent: i32,
    group: i32,
}

/// Returns the processes that have not ended, from proc(5).
fn processes() -> impl Iterator<Item = Process> {
    let stats = fs::read_dir("/proc").into_iter().flatten().flatten();
    stats.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let stat: PathBuf = entry.path().join("stat");
        let stat = String::from_utf8_lossy(&fs::read(stat).ok()?).into_owned();
        // The name of the program, in parentheses, may have any characters.
        let (_, fields) = stat.rsplit_once(')')?;
        let mut fields = fields.split_whitespace();
        let state = fields.next()?;
        let (parent, group) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        (!matches!(state, "Z" | "X")).then_some(Process { pid, parent, group })
    })
}
