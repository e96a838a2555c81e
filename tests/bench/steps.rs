//! The steps of a failover: as a server's log dates them, and as a report does.

use std::time::{Duration, SystemTime};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value as Json;

use super::doctor::binary;
use super::harness::{Doctor, RedisServer, RunningDoctor, Signal, installed, skipped};

/// A reason for which another node takes the place of a primary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Killed,
    Frozen,
    /// Another node is told to take its place: by a Sentinel, or itself in a cluster.
    Ordered,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Killed => "killed",
            Self::Frozen => "frozen",
            Self::Ordered => "ordered",
        }
    }
}

/// Time limit of each step.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// Length of a run on servers that nobody disturbs.
pub(crate) const HEALTHY: Duration = Duration::from_secs(3);

/// True if there is a server to start; says so if not.
pub(crate) fn has_server() -> bool {
    let has = ["redis-server", "valkey-server"].into_iter().any(|name| installed(name).is_some());
    if !has {
        skipped("failovers and clusters", "there is no redis-server (tests/run installs it)");
    }
    has
}

/// Failovers of a kind: as many as the bars ask for, or enough to see that they work.
pub(crate) fn failovers(long: bool) -> usize {
    if long { 20 } else { 2 }
}

/// A run that lasts until it is interrupted.
pub(crate) fn run(arguments: &str) -> Doctor {
    let arguments = format!("soak -d 1h --format json {arguments}");
    let arguments: Vec<_> = arguments.split_ascii_whitespace().map(str::to_owned).collect();
    Doctor::script(binary(), arguments).within(Duration::from_secs(3600))
}

/// Ends a run; returns its report.
pub(crate) fn report(run: RunningDoctor) -> Json {
    run.signal(Signal::INT);
    run.finish().json()
}

/// Waits until the connections have followed so many failovers in all, and are up again.
pub(crate) fn wait_for_followed(run: &RunningDoctor, count: usize) {
    run.wait_until(&format!("failover {count} followed"), SOON, |_, lines| {
        let last = lines.split("no longer to").nth(count);
        last.is_some_and(|after| after.contains("reconnected"))
    });
}

/// The time of the last line in the log of a server that contains `words`.
pub(crate) fn logged(server: &RedisServer, words: &str) -> Option<SystemTime> {
    let log = server.log();
    let line = log.lines().rfind(|line| line.contains(words))?;
    // `12345:M 29 Nov 2026 12:00:00.123 * …`
    let fields: Vec<_> = line.split(' ').skip(1).take(4).collect();
    let time = DateTime::strptime("%d %b %Y %H:%M:%S%.f", fields.join(" ")).unwrap();
    Some(TimeZone::system().to_timestamp(time).unwrap().try_into().unwrap())
}

/// The time of a step in a report, if the step occurred.
pub(crate) fn step(failover: &Json, name: &str) -> Option<SystemTime> {
    failover[name].as_str().map(|time| humantime::parse_rfc3339(time).unwrap())
}

/// Milliseconds from one time to another, negative where that was before.
pub(crate) fn milliseconds(from: SystemTime, to: SystemTime) -> f64 {
    match to.duration_since(from) {
        Ok(after) => after.as_secs_f64() * 1e3,
        Err(before) => -before.duration().as_secs_f64() * 1e3,
    }
}

/// Number of the expected failovers (old and new primary) that a report lists in their place; none if it lists others, too.
pub(crate) fn named(failovers: &Json, expected: &[(String, String)]) -> u64 {
    let listed = failovers.as_array().unwrap();
    if listed.len() > expected.len() {
        return 0;
    }
    let right = |(listed, (from, to)): &(&Json, &(String, String))| listed["from"] == **from && listed["to"] == **to;
    listed.iter().zip(expected).filter(right).count() as u64
}
