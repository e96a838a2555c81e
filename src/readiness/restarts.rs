//! Restarts of a server before it has loaded its dataset: a supervisor that does not wait long enough, or a crash.

use std::time::Duration;

use super::Process;
use crate::{
    clock::Stamp,
    foreign::Foreign,
    period::{Period, of_times},
    units::{seconds, span},
};

/// Maximum number of ends that are kept.
const KEPT: usize = 64;

/// The ends of processes that were loading their dataset.
#[derive(Clone, Debug)]
pub(crate) struct Restarts {
    /// Time between checks: the precision of the times.
    interval: Duration,
    /// The `run_id` of the process that was loading at the last check, if it is known.
    loading: Option<Option<Foreign>>,
    ends: Vec<Stamp>,
    count: u64,
}

impl Restarts {
    /// Creates the record of checks that are this far apart.
    pub(crate) fn new(interval: Duration) -> Self {
        Self { interval, loading: None, ends: Vec::new(), count: 0 }
    }

    /// Takes the result of a check, and returns a sentence if a process that was loading is gone.
    pub(crate) fn saw(&mut self, at: Stamp, process: &Process) -> Option<String> {
        let ended = match (&self.loading, process) {
            (Some(_), Process::Absent) => true,
            (Some(Some(before)), Process::Loading(Some(now))) => before != now,
            _ => false,
        };
        match process {
            Process::Loading(run_id) => self.loading = Some(run_id.clone()),
            Process::Absent => self.loading = None,
            // A check that could not see it says nothing.
            Process::Other => {}
        }
        if !ended {
            return None;
        }
        self.count += 1;
        if self.ends.len() == KEPT {
            self.ends.remove(0);
        }
        self.ends.push(at);
        self.sentence()
    }

    /// Returns the restarts so far as one sentence; `None` if there was none.
    pub(crate) fn sentence(&self) -> Option<String> {
        if self.count == 0 {
            return None;
        }
        let stopped = "the server process ended while it was loading its dataset";
        let remedy = "raise the start timeout of its supervisor (systemd: TimeoutStartSec, 90 s by default; Kubernetes: a \
                      startupProbe) above the time to load; see `redis-doctor explain RD192`";
        let period = of_times(&self.ends, self.interval).filter(Period::is_confirmed);
        Some(match (self.count, period, self.ends.as_slice()) {
            (1, ..) => format!("{stopped}: it crashed, or its supervisor did not wait long enough"),
            (count, Some(period), _) => {
                let Period { length, spread, .. } = period;
                let spread = span(spread.max(self.interval));
                format!("{stopped}, {count} times, every {} (± {spread}): {remedy}", seconds(length))
            }
            (count, None, ends) => {
                let last = ends.windows(2).last().map(|pair| pair[1].since(pair[0]));
                let last = last.map(|last| format!(", the last time after {}", seconds(last))).unwrap_or_default();
                format!("{stopped}, {count} times{last}: it crashes (out of memory?), or {remedy}")
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Stamp {
        Stamp::START.after(Duration::from_secs_f64(seconds))
    }

    fn loading(run_id: &'static str) -> Process {
        Process::Loading(Some(run_id.into()))
    }

    #[test]
    fn a_process_that_is_replaced_while_it_loads_was_restarted() {
        let mut restarts = Restarts::new(Duration::from_millis(500));
        assert_eq!(restarts.saw(at(0.0), &Process::Absent), None, "not started yet");
        assert_eq!(restarts.saw(at(0.5), &loading("a")), None);
        assert_eq!(restarts.saw(at(1.0), &Process::Other), None, "one slow check");
        assert_eq!(restarts.saw(at(1.5), &loading("a")), None);
        let first = restarts.saw(at(12.5), &loading("b")).unwrap();
        assert!(first.contains("ended while it was loading") && !first.contains("times"), "{first}");
        assert!(restarts.saw(at(24.5), &Process::Absent).unwrap().contains("2 times, the last time after 12.0 s"));
        assert_eq!(restarts.saw(at(25.0), &Process::Absent), None, "reported once");
        restarts.saw(at(25.5), &loading("c"));
        restarts.saw(at(36.5), &loading("d"));
        let regular = restarts.saw(at(48.5), &loading("e")).unwrap();
        assert!(regular.contains("4 times, every 12.0 s (± 500 ms): raise the start timeout"), "{regular}");
        assert_eq!(restarts.sentence(), Some(regular));
    }

    #[test]
    fn a_server_that_finishes_loading_or_cannot_be_asked_was_not_restarted() {
        let mut restarts = Restarts::new(Duration::from_millis(500));
        for (second, process) in
            [Process::Loading(None), Process::Loading(None), Process::Other, Process::Other].iter().enumerate()
        {
            assert_eq!(restarts.saw(at(second as f64), process), None);
        }
        assert_eq!(restarts.sentence(), None);
    }
}
