//! A peer: a writer with redis-py's Sentinel client.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use super::harness::{Running, SentinelSet, eventually, python_libraries, skipped};

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/applications/redis_py_sentinel.py");
const START_LIMIT: Duration = Duration::from_secs(20);

/// Retries of a writer.
#[derive(Clone, Copy)]
pub(crate) enum Retry {
    /// The default of redis-py.
    Default,
    /// At once, for as long as it takes.
    Eager,
}

/// A running writer; it ends with this value.
pub(crate) struct Writer {
    _process: Running,
    written: Arc<Mutex<Vec<(SystemTime, u16)>>>,
}

/// True if redis-py is installed; says so if not.
pub(crate) fn has_redis_py() -> bool {
    let has = python().args(["-c", "import redis.sentinel"]).output().is_ok_and(|output| output.status.success());
    if !has {
        skipped("the comparison with redis-py", "it is not installed (tests/applications/install does it)");
    }
    has
}

fn python() -> Command {
    let mut command = Command::new("python3");
    command.env("PYTHONPATH", python_libraries()).stdin(Stdio::null());
    command
}

impl Writer {
    /// Starts a writer, and returns when it has written.
    pub(crate) fn start(set: &SentinelSet, retry: Retry) -> Self {
        let how = match retry {
            Retry::Default => "default",
            Retry::Eager => "eager",
        };
        let mut command = python();
        command.args([PROGRAM, how, "mymaster"]).stdout(Stdio::piped());
        command.args(set.sentinels.iter().map(|sentinel| sentinel.address().to_string()));
        let mut process = command.spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let writer = Self { _process: Running(process), written: Arc::default() };
        let written = Arc::clone(&writer.written);
        std::thread::spawn(move || {
            let mut line = String::new();
            // The last line of a process that is killed may be cut off.
            while output.read_line(&mut line).is_ok() && line.ends_with('\n') {
                let (time, port) = line.trim_end().split_once(' ').unwrap();
                let time = SystemTime::UNIX_EPOCH + Duration::from_secs_f64(time.parse().unwrap());
                written.lock().unwrap().push((time, port.parse().unwrap()));
                line.clear();
            }
        });
        eventually("redis-py to write", START_LIMIT, || !writer.written.lock().unwrap().is_empty());
        writer
    }

    /// The time of the first good write to the server at a port, once there is one.
    pub(crate) fn first_to(&self, port: u16) -> Option<SystemTime> {
        let written = self.written.lock().unwrap();
        written.iter().find(|(_, to)| *to == port).map(|(time, _)| *time)
    }
}
