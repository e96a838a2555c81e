//! The rules of the verdict: each is a finding with a severity, and the worst severity is the verdict.
//!
//! Messages lost while the connection was down are a warning, not critical: pub/sub is at-most-once, so whatever is
//! published before the resubscription reaches nobody, with any client. Lost without a drop around they are critical.
//! Who cannot afford a gap says `--fail-on 'lost>0'`.

use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::Serialize;

use super::{GateLevel, GateResult, Verdict, advice, herd, messages, sections};
use crate::{
    classify::{Failure, Stage},
    diagnose::{self, Diagnosis},
    event::{ClientState, StopReason},
    order,
    record::{ErrorRow, Figures, RunFigures},
};

/// A first attempt without an answer tells something after this long: a SYN that was lost has been repeated.
const TELLING: Duration = Duration::from_secs(1);

/// A problem of the connection, or a remark for the reader.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Finding {
    /// Severity of the finding.
    pub severity: Severity,
    /// Code for `redis-doctor explain`; null if there is no entry.
    #[schemars(regex(pattern = r"^RD[0-9]{3}$"))]
    pub code: Option<&'static str>,
    /// Text of the finding, one sentence.
    pub text: String,
}

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// A remark that does not affect the verdict.
    Info,
    /// The verdict is at least degraded.
    Warning,
    /// The verdict is critical.
    Critical,
}

/// The verdict that findings amount to.
pub(super) fn verdict(findings: &[Finding]) -> Verdict {
    match findings.iter().map(|finding| finding.severity).max() {
        Some(Severity::Critical) => Verdict::Critical,
        Some(Severity::Warning) => Verdict::Degraded,
        Some(Severity::Info) | None => Verdict::Healthy,
    }
}

/// Everything there is to say, worst first.
pub(super) fn all(figures: &Figures, diagnoses: &[Diagnosis], gates: &[GateResult]) -> Vec<Finding> {
    let mut list = List(Vec::new());
    if figures.runs.is_empty() {
        list.critical("there is no run to report");
    }
    for run in &figures.runs {
        list.about_run(run, figures);
    }
    list.about_ends(figures);
    list.about_outages(figures, diagnoses);
    let together = herd::finding(figures);
    together.into_iter().for_each(|text| list.push_coded(Severity::Warning, Some("RD043"), text));
    list.about_states(figures);
    list.about_messages(figures);
    list.about_probes(figures);
    list.about_ghosts(figures);
    list.about_causes(diagnoses);
    for gate in gates.iter().filter(|gate| gate.tripped) {
        let why = if gate.value.is_none() { " (no data)" } else { "" };
        match gate.level {
            GateLevel::Fail => list.critical(format!("--fail-on {}{why}", gate.gate)),
            GateLevel::Warn => list.warning(format!("--warn-on {}{why}", gate.gate)),
        }
    }
    order::sort_by_key(&mut list.0, |finding| std::cmp::Reverse(finding.severity));
    list.0
}

/// Findings as they are made.
pub(super) struct List(Vec<Finding>);

impl List {
    fn push(&mut self, severity: Severity, text: impl Into<String>) {
        self.push_coded(severity, None, text);
    }

    pub(super) fn push_coded(&mut self, severity: Severity, code: Option<&'static str>, text: impl Into<String>) {
        self.0.push(Finding { severity, code, text: text.into() });
    }

    fn critical(&mut self, text: impl Into<String>) {
        self.push(Severity::Critical, text);
    }

    fn warning(&mut self, text: impl Into<String>) {
        self.push(Severity::Warning, text);
    }

    fn info(&mut self, text: impl Into<String>) {
        self.push(Severity::Info, text);
    }

    /// Adds a finding about a number of things, unless there are none.
    fn count(&mut self, severity: Severity, count: u64, one: &str, many: &str) {
        self.count_coded(severity, None, count, (one, many));
    }

    /// The same, with a code.
    fn count_coded(&mut self, severity: Severity, code: Option<&'static str>, count: u64, words: (&str, &str)) {
        match count {
            0 => {}
            1 => self.push_coded(severity, code, format!("1 {}", words.0)),
            _ => self.push_coded(severity, code, format!("{count} {}", words.1)),
        }
    }

    /// A number of failures, and which error most of them were.
    fn count_with(&mut self, count: u64, words: (&str, &str), rows: &[&ErrorRow]) {
        let most = dominant(count, rows).unwrap_or_default();
        let (one, many) = (format!("{}{most}", words.0), format!("{}{most}", words.1));
        self.count(Severity::Warning, count, &one, &many);
    }

    fn about_run(&mut self, run: &RunFigures, figures: &Figures) {
        let plan = &run.started.plan;
        if run.stopped == Some(StopReason::Unreachable) || run.connected.is_none() && run.answered == 0 {
            self.about_the_obstacle(run, figures);
        } else if plan.probes.is_some() && run.answered == 0 {
            self.critical("nothing was ever answered");
        }
        if run.connected.is_some() && plan.subscription.is_some() && !run.subscribed {
            self.critical("the subscription was never confirmed");
        }
        if let (true, Some(retries)) = (plan.policy.managed, plan.policy.retries) {
            let text = "nothing tries to reconnect until the next command";
            let text = format!("the retry budget is finite: after {retries} retries {text}");
            self.push_coded(Severity::Info, Some("RD040"), text);
        }
    }

    /// Why there was never a connection, and what can be done.
    fn about_the_obstacle(&mut self, run: &RunFigures, figures: &Figures) {
        let Some(obstacle) = &run.obstacle else {
            // A server that can be reached, but refuses what the client needs, is told in a note, and the failure itself
            // just before.
            let told = figures.notes.kept.iter().rfind(|note| note.time >= run.time && run.stopped.is_some());
            let Some(told) = told else { return self.critical("there was never a connection") };
            let failure = figures.errors.iter().max_by_key(|row| row.last).map(|row| (row.key, row.example.clone()));
            self.push_coded(Severity::Critical, failure.as_ref().map(|(key, _)| key.code()), &told.text);
            let failure = failure.map(|(key, text)| Failure { key, text });
            let advice = failure.and_then(|failure| advice::on_connecting(&failure, &run.started.plan.target));
            return advice.into_iter().for_each(|advice| self.info(advice));
        };
        let ended_before = run.stopped.is_some_and(|reason| reason != StopReason::Unreachable);
        let text = if ended_before {
            let stage = obstacle.key.stage;
            format!("interrupted while the first connection was still being attempted (stage {stage}): {obstacle}")
        } else {
            format!("no connection: {obstacle}")
        };
        self.push_coded(Severity::Critical, Some(obstacle.key.code()), text);
        // A moment without an answer means nothing yet.
        let advice = advice::on_connecting(obstacle, &run.started.plan.target);
        if let Some(advice) = advice.filter(|_| !ended_before || run.elapsed >= TELLING) {
            self.info(advice);
        }
    }

    fn about_ends(&mut self, figures: &Figures) {
        let open = figures.runs.iter().filter(|run| run.stopped.is_none()).count();
        self.count(
            Severity::Warning,
            open as u64 - u64::from(figures.interim && open > 0),
            "run has no end: its journal was cut off, or it goes on",
            "runs have no end: their journals were cut off, or they go on",
        );
    }

    fn about_outages(&mut self, figures: &Figures, diagnoses: &[Diagnosis]) {
        let down = figures.downtime;
        let dropped = down.drops + down.stalls;
        let recovered = dropped - down.unresolved - down.not_by_itself.min(dropped - down.unresolved);
        self.about_open(down.unresolved, figures);
        self.count(
            Severity::Critical,
            figures.tally.replaced_terminal,
            "session could not recover and was replaced",
            "sessions could not recover and were replaced",
        );
        if figures.tally.replaced_terminal == 0 {
            self.count(
                Severity::Critical,
                down.not_by_itself,
                "outage ended only with a fresh session",
                "outages ended only with a fresh session",
            );
        }
        self.about_recovered(recovered, figures, diagnoses);
        self.count(
            Severity::Warning,
            figures.tally.replaced_by_watchdog,
            "session was replaced by the watchdog",
            "sessions were replaced by the watchdog",
        );
        self.count(
            Severity::Warning,
            figures.tally.replaced_desync,
            "session was replaced because replies went to the wrong questions",
            "sessions were replaced because replies went to the wrong questions",
        );
    }

    fn about_states(&mut self, figures: &Figures) {
        for &state in figures.tally.states.keys() {
            let code = Some(code_of(state));
            match state {
                // Part of any drop.
                ClientState::Retrying => {}
                ClientState::Desync => {
                    self.push_coded(Severity::Critical, code, "the client got into the state desync");
                }
                _ if state.is_terminal() => {
                    let text = format!("the client got into the state {state}, which it cannot leave");
                    self.push_coded(Severity::Critical, code, text);
                }
                // As long as it lasts, it is not recovered: every write fails.
                ClientState::Pinned if figures.tally.pinned > 0 => {
                    let text = format!(
                        "the client got into the state {state} and did not leave it: writes were refused to the end"
                    );
                    self.push_coded(Severity::Critical, code, text);
                }
                _ => {
                    let cause = diagnose::of_state(state).map(|cause| format!(": a {cause} without an outage"));
                    let text = format!("the client got into the state {state}{}", cause.unwrap_or_default());
                    self.push_coded(Severity::Warning, code, text);
                }
            }
        }
    }

    fn about_messages(&mut self, figures: &Figures) {
        let (tally, counters) = (&figures.tally, figures.counters);
        let outside = tally.lost - tally.lost_in_outages;
        let words = ("message lost while the connection was up", "messages lost while the connection was up");
        self.count_coded(Severity::Critical, Some("RD042"), outside, words);
        let words = ("message lost in an outage", "messages lost in outages");
        self.count_coded(Severity::Warning, Some("RD041"), tally.lost_in_outages, words);
        // Of a short run, an outage may have taken all.
        if messages::verifies(figures) && counters.published > tally.lost_in_outages && counters.received == 0 {
            self.critical("none of the published messages came");
        }
        let missing = tally.subscriptions_wanted.saturating_sub(tally.subscriptions_confirmed);
        let words = ("subscription is missing at the end", "subscriptions are missing at the end");
        self.count_coded(Severity::Critical, Some(code_of(ClientState::SubscriptionLost)), missing, words);
        self.count(
            Severity::Critical,
            tally.silences,
            "silence longer than --expect-every allows",
            "silences longer than --expect-every allows",
        );
        let words = ("message came twice", "messages came twice");
        self.count_coded(Severity::Warning, Some("RD063"), tally.duplicated, words);
        let words = ("message came out of order", "messages came out of order");
        self.count_coded(Severity::Warning, Some("RD063"), tally.reordered, words);
        self.count(
            Severity::Warning,
            counters.publish_failed,
            "message could not be published",
            "messages could not be published",
        );
        self.count(
            Severity::Info,
            counters.messages_not_shown,
            "message was received but not shown: the output was too slow",
            "messages were received but not shown: the output was too slow",
        );
    }

    fn about_probes(&mut self, figures: &Figures) {
        let counters = figures.counters;
        let words = ("reply to somebody else's question", "replies to somebody else's question");
        self.count_coded(Severity::Critical, Some(code_of(ClientState::Desync)), figures.tally.desynced, words);
        let of_probes = |row: &&ErrorRow| matches!(row.key.stage, Stage::Command | Stage::WaitingForReconnect);
        let timed_out = |row: &&ErrorRow| row.key.class.is_timeout();
        let failed: Vec<_> = figures.errors.iter().filter(of_probes).collect();
        let (late, failed): (Vec<_>, Vec<_>) = failed.into_iter().partition(timed_out);
        self.count_with(counters.failed, ("probe failed", "probes failed"), &failed);
        self.count_with(counters.timed_out, ("probe timed out", "probes timed out"), &late);
        // What kept a run from connecting is a finding of its own.
        let never = figures.runs.iter().any(|run| run.obstacle.is_some());
        let only_errors = counters.failed + counters.timed_out + counters.publish_failed == 0 && !never;
        let errors: u64 = figures.errors.iter().map(|row| row.count).sum();
        if only_errors {
            self.count_with(errors, ("error", "errors"), &figures.errors.iter().collect::<Vec<_>>());
        }
        if figures.runs.iter().all(|run| run.stopped.is_some()) {
            self.count(
                Severity::Info,
                sections::unfinished(figures),
                "probe is not accounted for",
                "probes are not accounted for",
            );
        }
    }
}

/// `, 11 of them reset (104)`: the most frequent error, whatever it interrupted.
fn dominant(count: u64, rows: &[&ErrorRow]) -> Option<String> {
    let mut kinds = BTreeMap::new();
    for row in rows {
        *kinds.entry((row.key.class, row.key.errno)).or_insert(0) += row.count;
    }
    // Of two that are as frequent, the first by name; what is out of step (an interim report) is left out.
    let ((class, errno), most) = kinds.into_iter().rev().max_by_key(|(_, errors)| *errors)?;
    let errno = errno.map(|errno| format!(" ({errno})")).unwrap_or_default();
    match most {
        _ if most > count => None,
        1 if count == 1 => Some(format!(": {class}{errno}")),
        _ if most == count => Some(format!(", all of them {class}{errno}")),
        _ => Some(format!(", {most} of them {class}{errno}")),
    }
}

/// The code of a state's entry in the knowledge base.
fn code_of(state: ClientState) -> &'static str {
    match state {
        ClientState::Exhausted => "RD021",
        ClientState::Wedged => "RD022",
        ClientState::HalfOpen => "RD023",
        ClientState::SubscriptionLost => "RD024",
        ClientState::Desync => "RD025",
        ClientState::Dead => "RD026",
        ClientState::Pinned => "RD027",
        ClientState::Masked => "RD028",
        ClientState::StaleError => "RD029",
        ClientState::Retrying => "RD030",
    }
}
