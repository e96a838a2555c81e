//! The program under test: started with a clean environment, under a time limit, and asserted on in a chain.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use serde_json::Value as Json;
use tempfile::TempDir;

use super::{Hosts, Namespace, Target};

/// How long a run may take unless the test says otherwise.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// A run of `redis-doctor` to be. The environment holds nothing but PATH (where `redis-doctor` comes first), an empty
/// HOME, and what the test adds.
pub(crate) struct Doctor {
    program: OsString,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    stdin: Vec<u8>,
    stdin_from: Option<Stdio>,
    stdout: Option<Stdio>,
    stderr: Option<Stdio>,
    limit: Duration,
}

impl Doctor {
    /// A run with these arguments.
    pub(crate) fn new<A: Into<OsString>>(arguments: impl IntoIterator<Item = A>) -> Self {
        Self::script(env!("CARGO_BIN_EXE_redis-doctor"), arguments)
    }

    /// A run of another program in the same surroundings: a shell script that calls `redis-doctor`, for instance.
    pub(crate) fn script<A: Into<OsString>>(
        program: impl Into<OsString>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        Self {
            program: program.into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
            environment: Vec::new(),
            stdin: Vec::new(),
            stdin_from: None,
            stdout: None,
            stderr: None,
            limit: TIME_LIMIT,
        }
    }

    /// One more argument at the end.
    pub(crate) fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// More arguments at the end.
    pub(crate) fn args<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Adds `-u URL` at the end of the arguments.
    pub(crate) fn target(self, target: &(impl Target + ?Sized)) -> Self {
        self.arg("-u").arg(target.url())
    }

    /// Runs the program in a network namespace; its process id is that of the program all the same.
    pub(crate) fn inside(mut self, namespace: &Namespace) -> Self {
        let program = std::mem::replace(&mut self.program, "ip".into());
        let before = ["netns", "exec", namespace.name()].map(OsString::from).into_iter().chain([program]);
        self.arguments.splice(0..0, before);
        self
    }

    /// Runs the program with this file in the place of `/etc/hosts`; its process id is that of the program all the same.
    pub(crate) fn reading(mut self, hosts: &Hosts) -> Self {
        let program = std::mem::take(&mut self.program);
        let mut command = hosts.command([program].into_iter().chain(self.arguments)).into_iter();
        self.program = command.next().unwrap();
        self.arguments = command.collect();
        self
    }

    /// Sets an environment variable.
    pub(crate) fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        let pair = (name.as_ref().to_owned(), value.as_ref().to_owned());
        self.environment.push(pair);
        self
    }

    /// What the program reads; nothing unless set.
    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Lets the program read from elsewhere.
    pub(crate) fn stdin_from(mut self, source: impl Into<Stdio>) -> Self {
        self.stdin_from = Some(source.into());
        self
    }

    /// Sends standard output elsewhere (`/dev/full`, a closed pipe); the [`Output`] then has none.
    pub(crate) fn stdout_to(mut self, destination: impl Into<Stdio>) -> Self {
        self.stdout = Some(destination.into());
        self
    }

    /// Sends standard error elsewhere (to a terminal); the [`Output`] then has none.
    pub(crate) fn stderr_to(mut self, destination: impl Into<Stdio>) -> Self {
        self.stderr = Some(destination.into());
        self
    }

    /// Changes the time limit, after which the program is killed and the test fails.
    pub(crate) fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs the program to its end.
    #[track_caller]
    pub(crate) fn run(self) -> Output {
        self.spawn().finish()
    }

    /// Starts the program; the time limit counts from here.
    #[track_caller]
    pub(crate) fn spawn(self) -> RunningDoctor {
        let home = TempDir::with_prefix("redis-doctor-home-").unwrap();
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .env("PATH", path_with_doctor())
            .env("HOME", home.path())
            .envs(self.environment)
            .stdin(self.stdin_from.unwrap_or_else(Stdio::piped))
            .stdout(self.stdout.unwrap_or_else(Stdio::piped))
            .stderr(self.stderr.unwrap_or_else(Stdio::piped));
        let started = Instant::now();
        let mut child = command.spawn().unwrap();
        // The parent's copy of the standard output goes here, or a pipe given by the test would never end.
        drop(command);
        let pid = Pid::from_child(&child);
        let shared = Arc::new(Shared::default());
        let line = [&[self.program], self.arguments.as_slice()].concat();
        let line = line.join(OsStr::new(" "));
        if let Some(mut input) = child.stdin.take() {
            // A program that ends without reading its input is no failure.
            thread::spawn(move || drop(input.write_all(&self.stdin)));
        }
        let readers = [
            child.stdout.take().map(|out| shared.read(out, |s| &mut s.stdout)),
            child.stderr.take().map(|err| shared.read(err, |s| &mut s.stderr)),
        ];
        shared.wait_for_exit(child, pid, readers.into_iter().flatten().collect());
        RunningDoctor {
            line: line.display().to_string(),
            pid,
            shared,
            started,
            deadline: started + self.limit,
            limit: self.limit,
            seen: Mutex::default(),
            _home: home,
        }
    }
}

/// Returns the `PATH` in which `redis-doctor` is the program under test.
pub(crate) fn path_with_doctor() -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let own = Path::new(env!("CARGO_BIN_EXE_redis-doctor")).parent().unwrap();
    let directories = [own.to_owned()].into_iter().chain(std::env::split_paths(&path));
    std::env::join_paths(directories).unwrap()
}

/// What the program has printed, and how it ended.
#[derive(Default)]
struct Transcript {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    ended: Option<(ExitStatus, Instant)>,
    /// The process is reaped: its number may belong to another by now.
    reaped: bool,
}

#[derive(Default)]
struct Shared {
    transcript: Mutex<Transcript>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Transcript> {
        self.transcript.lock().unwrap()
    }

    fn read(
        self: &Arc<Self>,
        mut from: impl Read + Send + 'static,
        into: fn(&mut Transcript) -> &mut Vec<u8>,
    ) -> thread::JoinHandle<()> {
        let shared = Arc::clone(self);
        thread::spawn(move || {
            let mut chunk = [0; 16 * 1024];
            while let Ok(count @ 1..) = from.read(&mut chunk) {
                into(&mut shared.lock()).extend(&chunk[..count]);
                shared.changed.notify_all();
            }
        })
    }

    /// The program has ended once its output has been read to the end, too.
    fn wait_for_exit(self: &Arc<Self>, mut child: Child, pid: Pid, readers: Vec<thread::JoinHandle<()>>) {
        let shared = Arc::clone(self);
        thread::spawn(move || {
            // Waits without reaping, so that until `reaped` is set a signal can only reach this child.
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while waitid(WaitId::Pid(pid), options).is_err_and(|e| e == rustix::io::Errno::INTR) {}
            let at = Instant::now();
            let status = {
                let mut transcript = shared.lock();
                transcript.reaped = true;
                child.wait().unwrap()
            };
            for reader in readers {
                drop(reader.join());
            }
            shared.lock().ended = Some((status, at));
            shared.changed.notify_all();
        });
    }

    fn signal(&self, pid: Pid, signal: Signal) {
        if !self.lock().reaped {
            kill_process(pid, signal).unwrap();
        }
    }
}

/// How far a test has followed each stream, in bytes.
#[derive(Default)]
struct Seen {
    stdout: usize,
    stderr: usize,
}

/// The program while it runs. Dropping it kills it.
pub(crate) struct RunningDoctor {
    line: String,
    pid: Pid,
    shared: Arc<Shared>,
    started: Instant,
    deadline: Instant,
    limit: Duration,
    seen: Mutex<Seen>,
    _home: TempDir,
}

impl RunningDoctor {
    /// The next whole line of standard error, after the one last waited for, that contains `pattern`. Fails the test
    /// when there is none in time, or when the program ends without it.
    #[track_caller]
    pub(crate) fn wait_for_stderr(&self, pattern: &str, within: Duration) -> String {
        self.wait_for_line("stderr", pattern, within, |t, s| (&t.stderr, &mut s.stderr))
    }

    /// The same for standard output.
    #[track_caller]
    pub(crate) fn wait_for_stdout(&self, pattern: &str, within: Duration) -> String {
        self.wait_for_line("stdout", pattern, within, |t, s| (&t.stdout, &mut s.stdout))
    }

    /// Waits until `condition` holds for all of (standard output, standard error) so far.
    #[track_caller]
    pub(crate) fn wait_until(&self, what: &str, within: Duration, condition: impl Fn(&str, &str) -> bool) {
        self.wait(what, within, |transcript| {
            let out = String::from_utf8_lossy(&transcript.stdout);
            let err = String::from_utf8_lossy(&transcript.stderr);
            condition(&out, &err).then_some(())
        });
    }

    /// Waits until the cluster is described and as many of its nodes are connected.
    #[track_caller]
    pub(crate) fn wait_for_cluster(&self, connected: usize, within: Duration) {
        let what = format!("{connected} connected nodes of a cluster");
        self.wait_until(&what, within, |_, lines| {
            lines.contains("slots served") && lines.matches("the connections go to").count() >= connected
        });
    }

    #[track_caller]
    fn wait_for_line(
        &self,
        name: &str,
        pattern: &str,
        within: Duration,
        stream: impl for<'a> Fn(&'a Transcript, &'a mut Seen) -> (&'a Vec<u8>, &'a mut usize),
    ) -> String {
        let what = format!("a line with {pattern:?} on {name}");
        self.wait(&what, within, |transcript| {
            let mut seen = self.seen.lock().unwrap();
            let (bytes, position) = stream(transcript, &mut seen);
            while let Some(length) = bytes[*position..].iter().position(|b| *b == b'\n') {
                let line = String::from_utf8_lossy(&bytes[*position..*position + length]);
                *position += length + 1;
                if line.contains(pattern) {
                    return Some(line.into_owned());
                }
            }
            None
        })
    }

    #[track_caller]
    fn wait<T>(&self, what: &str, within: Duration, mut look: impl FnMut(&Transcript) -> Option<T>) -> T {
        let deadline = (Instant::now() + within).min(self.deadline);
        let mut transcript = self.shared.lock();
        loop {
            if let Some(found) = look(&transcript) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let failure = match transcript.ended {
                Some((status, _)) => format!("the program ended ({status}) without {what}"),
                None if left.is_zero() => format!("not within {within:?}: {what}"),
                None => {
                    transcript = self.shared.changed.wait_timeout(transcript, left).unwrap().0;
                    continue;
                }
            };
            let shown = printed(&self.line, &transcript.stdout, &transcript.stderr);
            drop(transcript); // A panic with the lock held would poison it for the threads that still read.
            panic!("{failure}\n{shown}");
        }
    }

    /// Sends a signal; nothing happens when the program has ended.
    pub(crate) fn signal(&self, signal: Signal) {
        self.shared.signal(self.pid, signal);
    }

    /// The process id, for reading /proc.
    pub(crate) fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Whether the program has ended and all its output has been read.
    pub(crate) fn has_ended(&self) -> bool {
        self.shared.lock().ended.is_some()
    }

    /// Waits for the end of the program; past the time limit it is killed, and the test fails with what it printed.
    #[track_caller]
    pub(crate) fn finish(self) -> Output {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let what = format!("the end of the program (its time limit is {:?})", self.limit);
        let (status, at) = self.wait(&what, left, |transcript| transcript.ended);
        let mut transcript = self.shared.lock();
        Output {
            line: self.line.clone(),
            status,
            stdout: std::mem::take(&mut transcript.stdout),
            stderr: std::mem::take(&mut transcript.stderr),
            elapsed: at - self.started,
        }
    }
}

impl Drop for RunningDoctor {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// True if a report is of a run that the machine had paused for most of its time: it has observed too little to be healthy.
pub(crate) fn was_paused(report: &str) -> bool {
    let words: Vec<_> = report.split_whitespace().collect();
    words.join(" ").contains("observed too little: redis-doctor itself was paused or busy for")
}

/// A finished run. Each check returns the output, so that checks chain; a failed one shows all that was printed.
pub(crate) struct Output {
    line: String,
    status: ExitStatus,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    elapsed: Duration,
}

impl Output {
    /// The exit code is this one; or that of a degraded run in place of a healthy one, if the machine had paused the program
    /// for most of its time.
    #[track_caller]
    pub(crate) fn code(&self, expected: i32) -> &Self {
        let paused = || [&self.stdout, &self.stderr].iter().any(|text| was_paused(&String::from_utf8_lossy(text)));
        let code = self.status.code();
        self.check(code == Some(expected) || (expected, code) == (0, Some(1)) && paused(), || {
            format!("expected exit code {expected}, got {}", self.status)
        })
    }

    /// The exit code, unless a signal ended the program.
    pub(crate) fn exit_code(&self) -> Option<i32> {
        self.status.code()
    }

    /// The program was ended by this signal.
    #[track_caller]
    pub(crate) fn killed_by(&self, signal: Signal) -> &Self {
        self.check(self.status.signal() == Some(signal.as_raw()), || {
            format!("expected an end by {signal:?}, got {}", self.status)
        })
    }

    /// Whether the program was killed.
    pub(crate) fn was_killed(&self) -> bool {
        self.status.signal() == Some(Signal::KILL.as_raw())
    }

    /// Standard output contains the text.
    #[track_caller]
    pub(crate) fn stdout_contains(&self, text: &str) -> &Self {
        self.check(self.stdout().contains(text), || format!("stdout lacks {text:?}"))
    }

    /// Standard error contains the text.
    #[track_caller]
    pub(crate) fn stderr_contains(&self, text: &str) -> &Self {
        self.check(self.stderr().contains(text), || format!("stderr lacks {text:?}"))
    }

    /// Neither stream contains the text, a password for instance.
    #[track_caller]
    pub(crate) fn lacks(&self, text: &str) -> &Self {
        let found = self.stdout().contains(text) || self.stderr().contains(text);
        self.check(!found, || format!("the output contains {text:?}"))
    }

    /// Standard output is empty.
    #[track_caller]
    pub(crate) fn stdout_is_empty(&self) -> &Self {
        self.check(self.stdout.is_empty(), || "stdout is not empty".to_owned())
    }

    /// Standard error is empty.
    #[track_caller]
    pub(crate) fn stderr_is_empty(&self) -> &Self {
        self.check(self.stderr.is_empty(), || "stderr is not empty".to_owned())
    }

    /// The run took no longer than this.
    #[track_caller]
    pub(crate) fn took_at_most(&self, limit: Duration) -> &Self {
        self.check(self.elapsed <= limit, || format!("took {:?}, more than {limit:?}", self.elapsed))
    }

    /// Standard output as one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Json {
        let parsed = serde_json::from_slice(&self.stdout);
        self.check(parsed.is_ok(), || format!("stdout is not JSON: {parsed:?}"));
        parsed.unwrap()
    }

    /// Standard output as one JSON document per line.
    #[track_caller]
    pub(crate) fn ndjson(&self) -> Vec<Json> {
        let text = self.stdout();
        let lines = text.lines().map(|line| {
            let parsed = serde_json::from_str(line);
            self.check(parsed.is_ok(), || format!("not JSON: {line:?}: {parsed:?}"));
            parsed.unwrap()
        });
        lines.collect()
    }

    /// Standard output as text.
    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard output as it came.
    pub(crate) fn stdout_bytes(&self) -> &[u8] {
        &self.stdout
    }

    /// Standard error as text.
    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// From the start to the end of the process.
    pub(crate) fn elapsed(&self) -> Duration {
        self.elapsed
    }

    #[track_caller]
    fn check(&self, holds: bool, failure: impl FnOnce() -> String) -> &Self {
        assert!(holds, "{}\n{}", failure(), printed(&self.line, &self.stdout, &self.stderr));
        self
    }
}

fn printed(line: &str, stdout: &[u8], stderr: &[u8]) -> String {
    format!(
        "--- {line}\n--- stdout\n{}\n--- stderr\n{}",
        String::from_utf8_lossy(stdout),
        String::from_utf8_lossy(stderr)
    )
}
