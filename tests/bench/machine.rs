//! Cores and processes: pinning, and what a process has cost.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The core of the server, and of the processes that share it.
pub(crate) const SERVER_CORE: usize = 0;

/// Kernel ticks a second in /proc (USER_HZ, which is 100 on every Linux that Rust runs on).
const TICKS: f64 = 100.0;

/// The core of a client that has one to itself: the second, where there is one.
pub(crate) fn client_core() -> usize {
    usize::from(thread::available_parallelism().is_ok_and(|cores| cores.get() > 1))
}

/// Runs `work` with this thread on one core; processes and threads that it starts inherit that.
pub(crate) fn on_core<T>(core: usize, work: impl FnOnce() -> T) -> T {
    let before = sched_getaffinity(None).unwrap();
    let mut one = CpuSet::new();
    one.set(core);
    sched_setaffinity(None, &one).unwrap();
    let result = work();
    sched_setaffinity(None, &before).unwrap();
    result
}

/// Starts a process on a core, with its output thrown away unless the command says otherwise.
pub(crate) fn spawn_on(core: usize, command: &mut Command) -> Child {
    on_core(core, || command.stdin(Stdio::null()).spawn().unwrap())
}

/// What a process has cost by now.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    /// Time on a core, of all its threads.
    pub(crate) cpu: Duration,
    /// The most memory it has held at once, in bytes; 0 when it has ended.
    pub(crate) peak: u64,
    /// The memory it holds, in bytes; 0 when it has ended.
    pub(crate) resident: u64,
}

/// Reads what a child has cost; a child that has ended can be asked until it is waited for.
pub(crate) fn cost(child: &Child) -> Cost {
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    // The name in parentheses may hold anything; the fields after it are counted from the third.
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let ticks: f64 = fields[11..13].iter().map(|field| field.parse::<f64>().unwrap()).sum();
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let bytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kilobytes.unwrap_or(0) * 1024
    };
    Cost { cpu: Duration::from_secs_f64(ticks / TICKS), peak: bytes("VmHWM:"), resident: bytes("VmRSS:") }
}

/// Waits until the child has ended, kills it after `limit`, and returns what it cost. `watch` is called with the cost so
/// far, as often as `every` says.
pub(crate) fn finish(child: &mut Child, limit: Duration, every: Duration, mut watch: impl FnMut(&Cost)) -> Cost {
    let deadline = Instant::now() + limit;
    let pid = Pid::from_child(child);
    let mut peak = 0;
    loop {
        let seen = cost(child);
        peak = peak.max(seen.peak);
        watch(&seen);
        // Left to be waited for, so that its cost can still be read.
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        if waitid(WaitId::Pid(pid), ended).unwrap().is_some() {
            break;
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("a process did not end within {limit:?}");
        }
        if every.is_zero() {
            thread::yield_now();
        } else {
            thread::sleep(every);
        }
    }
    let total = cost(child);
    child.wait().unwrap();
    Cost { peak, ..total }
}

/// Waits until `ready`, which is asked again and again.
pub(crate) fn until(what: &str, limit: Duration, mut ready: impl FnMut() -> bool) {
    let deadline = Instant::now() + limit;
    while !ready() {
        assert!(Instant::now() < deadline, "not within {limit:?}: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}
