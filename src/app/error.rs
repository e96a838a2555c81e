//! Errors that keep a command from doing its work.

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use thiserror::Error;

use super::descriptors::FEWEST;
use crate::{
    compare::Unreadable,
    engine::{ApplicationError, ClusterError, SentinelError},
    journal::{JournalError, OpenError},
    kernel::ProcessError,
    supervise::SpawnError,
    trace::TraceError,
};

const RAISE_THE_LIMIT: &str = "raise it with ulimit -n, LimitNOFILE of systemd, or --ulimit nofile of Docker";

/// The reason for a missing result: the cause, and where it helps, the remedy.
#[derive(Debug, Error)]
pub(super) enum Problem {
    #[error("{flag}: cannot write {}: {source}", .path.display())]
    File { flag: &'static str, path: PathBuf, source: io::Error },
    #[error("--journal: cannot write {}: {source}", .path.display())]
    OpenJournal { path: PathBuf, source: OpenError },
    #[error(
        "the journal was cut off {after:.1} s after the start of its run, before the first connection: the state of the \
         server is unknown"
    )]
    CutOff { after: f64 },
    #[error("a report has no place for traces and other runs together: report on the journals of trace alone")]
    MixedJournals,
    #[error("--output: cannot write {}: {source}; the report is shown instead", .path.display())]
    ReportShown { path: PathBuf, source: io::Error },
    #[error("cannot read {}: {source}", .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot compare {}: {source}", .path.display())]
    Uncomparable { path: PathBuf, source: Unreadable },
    #[error(
        "the workloads differ ({name}: {before} and {after}), so the figures do not compare; repeat one of the runs, or use \
         --force"
    )]
    Incomparable { name: String, before: String, after: String },
    #[error("--baseline {}: {problem}", .path.display())]
    Baseline { path: PathBuf, problem: Box<Problem> },
    #[error(
        "--baseline {}: its workload differs ({name}: {before}, and {after} now); name a run with the same workload, or change \
         the flags",
        .path.display()
    )]
    OtherWorkload { path: PathBuf, name: String, before: String, after: String },
    #[error("cannot write to stdout: {0}")]
    Stdout(#[source] io::Error),
    #[error("cannot write the report: {0}")]
    Report(#[source] io::Error),
    #[error("cannot write the report to stderr: {0}")]
    Stderr(#[source] io::Error),
    #[error("cannot read stdin: {0}")]
    Stdin(#[source] io::Error),
    #[error("cannot handle signals: {0}")]
    Signals(#[source] io::Error),
    #[error("--otlp: cannot start a thread: {0}")]
    Otlp(#[source] io::Error),
    #[error("cannot start the runtime: {0}")]
    Runtime(#[source] io::Error),
    #[error(
        "the limit of {limit} file descriptors is too low; expected at least {FEWEST}, plus three per connection \
         ({RAISE_THE_LIMIT})"
    )]
    Descriptors { limit: u64 },
    #[error(
        "--targets: {targets} targets need about {needed} file descriptors, and the limit is {limit}; divide the list, or \
         {RAISE_THE_LIMIT}"
    )]
    ManyTargets { targets: usize, needed: u64, limit: u64 },
    #[error(
        "--connections: {connections} connections need {needed} file descriptors ({each} each), and the limit is \
         {limit}; use at most {room}, or {RAISE_THE_LIMIT}"
    )]
    TooManyConnections { connections: u64, needed: u64, each: u64, limit: u64, room: u64 },
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    #[error(transparent)]
    Sentinels(#[from] SentinelError),
    #[error("--sandbox: cannot start the server: {0}")]
    Sandbox(#[source] io::Error),
    #[error("--spawn: {0}")]
    Spawn(#[source] SpawnError),
    #[error(transparent)]
    Application(#[from] ApplicationError),
    #[error("--listen: cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("--listen-metrics: cannot listen on {listen}: {source}; choose another port, for example 0")]
    ListenMetrics { listen: SocketAddr, source: io::Error },
    #[error("cannot start the fault proxy: {0}")]
    FaultProxy(#[source] io::Error),
    #[error(transparent)]
    Trace(#[from] TraceError),
    #[error("--pid: {0}")]
    Process(#[from] ProcessError),
    #[error("HOST:PORT: cannot resolve {host}: {why}")]
    Unresolved { host: String, why: String },
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("explain: stdin is empty; pipe the lines of a log into it")]
    Unread,
    /// The query itself is not repeated: a pasted line may hold a password.
    #[error("explain: no entry matches these words{}\n'redis-doctor explain --list' lists all entries", guess(.nearest))]
    Unexplained { nearest: Vec<String> },
}

impl Problem {
    /// A file cannot be read.
    pub(super) fn reading(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Read { path: path.to_owned(), source }
    }

    /// The file that a flag names cannot be written.
    pub(super) fn file<'a>(flag: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> Self + 'a {
        move |source| Self::File { flag, path: path.to_owned(), source }
    }
}

fn guess(nearest: &[String]) -> String {
    if nearest.is_empty() { String::new() } else { format!("; did you mean {}?", nearest.join(" or ")) }
}
