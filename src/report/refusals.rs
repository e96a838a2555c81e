//! Refusals in the report: the section, and the findings.

use schemars::JsonSchema;
use serde::Serialize;

use super::finding::List;
use crate::{
    classify::{ErrorClass, FailureKey},
    clock::{Seconds, Stamp},
    diagnose::{on_cluster_reply, on_error_reply},
    event::ClientState,
    record::{Figures, Refusal, RefusalTotals},
    verdict::Severity,
};

/// The refusals of a report: times in which the server answered commands with an error.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Refusals {
    /// Number of refusals.
    pub count: u64,
    /// Refusals that lasted to the end of the run.
    pub unresolved: u64,
    /// Refused commands.
    pub commands: u64,
    /// Total duration in seconds, all connections and classes together.
    #[schemars(with = "Seconds")]
    pub total: f64,
    /// Longest refusal in seconds.
    #[schemars(with = "Seconds")]
    pub longest: f64,
    /// Refusals in order of their end: the first and the last hundred.
    pub rows: Vec<RefusalRow>,
    /// Number of refusals missing from that list.
    pub omitted: u64,
}

/// One refusal of a report.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct RefusalRow {
    /// Recorded facts.
    #[serde(flatten)]
    pub refusal: Refusal,
    /// Duration to its end or to the end of the run, in seconds.
    #[schemars(with = "Seconds")]
    pub duration: f64,
    /// Remedy; null for an error without a specific one.
    pub remedy: Option<&'static str>,
}

impl Refusals {
    pub(super) fn new(figures: &Figures) -> Self {
        let row = |refusal: &Refusal| {
            let run = figures.runs.get(refusal.run.saturating_sub(1) as usize);
            let end = run.map_or(Stamp::START, |run| Stamp::START.after(run.elapsed));
            RefusalRow {
                duration: refusal.duration(end).as_secs_f64(),
                remedy: remedy(figures, refusal.key),
                refusal: refusal.clone(),
            }
        };
        let totals = &figures.refusal_totals;
        Self {
            count: totals.iter().map(|totals| totals.lasting + totals.over).sum(),
            unresolved: totals.iter().map(|totals| totals.lasting).sum(),
            commands: totals.iter().map(|totals| totals.commands).fold(0, u64::saturating_add),
            total: totals.iter().map(|totals| totals.total.as_secs_f64()).sum(),
            longest: totals.iter().map(|totals| totals.longest.as_secs_f64()).fold(0.0, f64::max),
            rows: figures.refusals.kept.iter().map(row).collect(),
            omitted: figures.refusals.omitted(),
        }
    }
}

/// Returns the remedy for an error reply in these runs.
fn remedy(figures: &Figures, key: FailureKey) -> Option<&'static str> {
    let in_cluster = figures.runs.last().is_some_and(|run| run.started.plan.cluster.is_some());
    if in_cluster { on_cluster_reply(key) } else { on_error_reply(key) }
}

impl List {
    /// Adds the refusals of each class: critical while they last, a warning once they are over.
    pub(super) fn about_refusals(&mut self, figures: &Figures) {
        for totals in &figures.refusal_totals {
            let RefusalTotals { key, command, text, lasting, over, commands, longest, .. } = totals;
            // The state has a finding, with the same rule.
            let pinned = match *lasting {
                0 => figures.tally.states.contains_key(&ClientState::Pinned),
                _ => figures.tally.pinned > 0,
            };
            let is_pinned = key.class == ErrorClass::ReadOnly && pinned;
            let longest = seconds(longest.as_secs_f64());
            let times = |number: u64| if number == 1 { String::new() } else { format!(", {number} times") };
            let commands = (*commands).max(counted(figures, *key));
            let count = if commands == 1 { "1 command".to_owned() } else { format!("{commands} commands") };
            let (severity, finding) = if *lasting > 0 {
                let course = match figures.interim {
                    true => format!("is refused (for {longest} so far, {count})"),
                    false => format!("was refused to the end (for {longest}, {count})"),
                };
                (Severity::Critical, format!("{command} {course}: {text}"))
            } else {
                let course = format!("was refused for {longest}{} ({count}), but not at the end", times(*over));
                (Severity::Warning, format!("{command} {course}: {text}"))
            };
            if !is_pinned {
                self.push_coded(severity, Some(key.code()), finding);
            }
            if let Some(remedy) = remedy(figures, *key) {
                let code = key.code();
                let text = format!("{}: {remedy}; see `redis-doctor explain {code}`", key.class);
                self.push_coded(Severity::Info, Some(code), text);
            }
        }
    }

    /// Adds the times in which redis-doctor itself was paused.
    pub(super) fn about_own_pauses(&mut self, figures: &Figures) {
        let pauses = figures.own_pauses;
        if pauses.count > 0 {
            let total = seconds(pauses.total.as_secs_f64());
            let windows = if pauses.count == 1 { "1 window".to_owned() } else { format!("{} windows", pauses.count) };
            let text = format!(
                "redis-doctor itself was paused for {total} in {windows} (no CPU time, stopped, or the machine was \
                 suspended); left out of latency, availability, service and gates"
            );
            self.push_coded(Severity::Info, Some("RD016"), text);
        }
        if !pauses.busy.is_zero() {
            let total = seconds(pauses.busy.as_secs_f64());
            let text = format!(
                "redis-doctor itself was busy for {total}, with enormous replies or too many connections, and read nothing \
                 else; left out of latency only"
            );
            self.push_coded(Severity::Info, Some("RD016"), text);
        }
        self.about_unobserved(figures);
    }

    /// Adds the runs that observed too little to call anything healthy.
    fn about_unobserved(&mut self, figures: &Figures) {
        for run in figures.runs.iter().filter(|run| run.is_mostly_unobserved()) {
            let (unobserved, elapsed) = (seconds(run.unobserved.as_secs_f64()), seconds(run.elapsed.as_secs_f64()));
            let text = format!(
                "observed too little: redis-doctor itself was paused or busy for {unobserved} of {elapsed}; repeat the \
                 run on a machine with more CPU time"
            );
            self.push_coded(Severity::Warning, Some("RD016"), text);
        }
        let counters = figures.counters;
        // Each was given its time twice.
        if counters.paused.saturating_mul(20) > counters.launched {
            let text = format!(
                "observed too little: {} of {} probes were not answered while redis-doctor itself was paused",
                counters.paused, counters.launched
            );
            self.push_coded(Severity::Warning, Some("RD016"), text);
        }
    }
}

/// Returns the number of errors of the same kind: an open refusal does not know its commands yet.
fn counted(figures: &Figures, key: FailureKey) -> u64 {
    let alike = figures.errors.iter().filter(|row| (row.key.class, row.key.stage) == (key.class, key.stage));
    alike.map(|row| row.count).fold(0, u64::saturating_add)
}

/// Seconds to three digits after the point at most.
fn seconds(seconds: f64) -> String {
    let digits = if seconds >= 1.0 { 1 } else { 3 };
    format!("{seconds:.digits$} s")
}
