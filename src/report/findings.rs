//! The rules of the verdict: each adds findings with a severity, and the worst severity is the verdict.
//!
//! Messages lost in an outage are a warning, not critical: pub/sub is at-most-once, so with any client, messages published
//! before the resubscription are lost. Messages lost while the connection was up are critical. A user who cannot afford a
//! gap sets `--fail-on 'lost>0'`.

use std::{collections::BTreeMap, time::Duration};

use super::{
    GateResult, application,
    finding::{Finding, List},
    herd, messages, on_connecting,
    regularity::RegularityRow,
    sections,
};
use crate::{
    classify::{Failure, Stage},
    diagnose::{self, Diagnosis},
    event::{ClientState, StopReason},
    record::{ErrorRow, Figures, RunFigures},
    units::span,
    verdict::Severity,
};

/// Time after which an unanswered first attempt is significant: a lost SYN has been repeated by then.
const TELLING: Duration = Duration::from_secs(1);

/// Returns all findings, worst first.
pub(super) fn all(
    figures: &Figures,
    diagnoses: &[Diagnosis],
    slow: &[Diagnosis],
    regularities: &[RegularityRow],
    gates: &[GateResult],
) -> Vec<Finding> {
    let mut list = List(Vec::new());
    if figures.runs.is_empty() {
        list.critical("there is no run to report");
    }
    for run in &figures.runs {
        list.about_run(run, figures);
    }
    list.about_ends(figures);
    figures.application.iter().for_each(|application| list.about_application(application));
    list.about_refusals(figures);
    list.about_outages(figures, diagnoses);
    list.about_regularity(regularities);
    let together = herd::finding(figures);
    together.into_iter().for_each(|text| list.push_coded(Severity::Warning, Some("RD043"), text));
    list.about_servers(figures);
    list.about_sentinels(figures);
    list.about_ledger(figures);
    list.about_states(figures);
    list.about_messages(figures);
    list.about_probes(figures);
    list.about_ghosts(figures);
    list.about_slowness(figures, slow);
    list.about_causes(&[diagnoses, slow].concat());
    list.about_obstacles(figures, diagnoses);
    list.about_own_pauses(figures);
    gates.iter().filter_map(GateResult::finding).for_each(|(severity, text)| list.push(severity, text));
    list.0.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    list.0
}

impl List {
    /// Adds a number of failures and their most frequent error.
    fn count_with(&mut self, count: u64, words: (&str, &str), rows: &[&ErrorRow]) {
        let most = dominant(count, rows).unwrap_or_default();
        let (one, many) = (format!("{}{most}", words.0), format!("{}{most}", words.1));
        self.count(Severity::Warning, count, &one, &many);
    }

    fn about_run(&mut self, run: &RunFigures, figures: &Figures) {
        let plan = &run.started.plan;
        // What had not happened yet may have happened a moment later.
        let cut_early = run.stopped.is_none() && !figures.interim && run.elapsed < TELLING;
        let interrupted = matches!(run.stopped, Some(StopReason::Signal | StopReason::Key | StopReason::OutputClosed))
            && run.elapsed < TELLING
            && figures.errors.is_empty();
        if run.is_undecided() && !figures.interim {
            let after = run.elapsed.as_secs_f64();
            self.info(format!(
                "a run was cut off {after:.1} s after its start, before its first connection: not judged"
            ));
        } else if plan.application.is_some() {
            return self.about_observed_run(run, figures);
        } else if run.stopped == Some(StopReason::Unreachable) || run.connected.is_none() && run.answered == 0 {
            self.about_the_obstacle(run, figures);
        } else if plan.probes.is_some() && run.answered == 0 && interrupted {
            self.warning(format!("interrupted after {}, before the first reply", span(run.elapsed)));
        } else if plan.probes.is_some() && run.answered == 0 && !cut_early {
            self.critical("no command was ever answered");
        }
        if run.connected.is_some() && plan.subscription.is_some() && !run.subscribed && !cut_early && !interrupted {
            self.critical("the subscription was never confirmed");
        }
        if let (true, Some(retries)) = (plan.policy.managed, plan.policy.retries) {
            let text = "the client does not reconnect until the next command";
            let text = format!("the retry budget is finite: after {retries} retries, {text}");
            self.push_coded(Severity::Info, Some("RD040"), text);
        }
    }

    /// Adds the obstacle that kept the run from connecting, and advice.
    pub(super) fn about_the_obstacle(&mut self, run: &RunFigures, figures: &Figures) {
        let Some(obstacle) = &run.obstacle else {
            // A reachable server that refuses what the client needs is described in a note, just after the failure.
            let told = figures.notes.kept.iter().rfind(|note| note.time >= run.time && run.stopped.is_some());
            let Some(told) = told else { return self.critical("no connection was ever made") };
            let failure = figures.errors.iter().max_by_key(|row| row.last).map(|row| (row.key, row.example.clone()));
            self.push_coded(Severity::Critical, failure.as_ref().map(|(key, _)| key.code()), &told.text);
            let failure = failure.map(|(key, text)| Failure { key, text: text.into() });
            let advice = failure.and_then(|failure| on_connecting(&failure, &run.started.plan.target));
            return advice.into_iter().for_each(|advice| self.info(advice));
        };
        let ended_before = run.stopped.is_some_and(|reason| reason != StopReason::Unreachable);
        let text = if ended_before {
            let stage = obstacle.key.stage;
            format!("interrupted before the first connection was up (stage {stage}): {obstacle}")
        } else {
            format!("no connection: {obstacle}")
        };
        self.push_coded(Severity::Critical, Some(obstacle.key.code()), text);
        // A short wait without an answer proves nothing.
        let advice = on_connecting(obstacle, &run.started.plan.target);
        if let Some(advice) = advice.filter(|_| !ended_before || run.elapsed >= TELLING) {
            self.info(advice);
        }
    }

    fn about_ends(&mut self, figures: &Figures) {
        let open = figures.runs.iter().filter(|run| run.stopped.is_none()).count();
        self.count(
            Severity::Warning,
            open as u64 - u64::from(figures.interim && open > 0),
            "run has no end: its journal was cut off, or it is still running",
            "runs have no end: their journals were cut off, or they are still running",
        );
        let continued = figures.runs.iter().filter(|run| run.started.continued).count();
        self.count(
            Severity::Info,
            continued as u64,
            "run has no beginning: its figures cover only the part in this journal",
            "runs have no beginning: their figures cover only the parts in these journals",
        );
        self.count(
            Severity::Warning,
            figures.tally.unwritten,
            "event could not be written to the journal and is missing",
            "events could not be written to the journal and are missing",
        );
    }

    fn about_outages(&mut self, figures: &Figures, diagnoses: &[Diagnosis]) {
        let down = figures.downtime;
        let dropped = down.drops + down.stalls;
        let recovered = dropped - down.unresolved - down.not_by_itself.min(dropped - down.unresolved);
        self.about_open(down.unresolved - application::unproven(figures).min(down.unresolved), figures);
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
                "outage ended only with a new session",
                "outages ended only with a new session",
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
            figures.tally.replaced_readonly,
            "session was replaced because a demoted server refused writes",
            "sessions were replaced because a demoted server refused writes",
        );
        self.count(
            Severity::Warning,
            figures.tally.replaced_desync,
            "session was replaced because replies went to the wrong commands",
            "sessions were replaced because replies went to the wrong commands",
        );
    }

    fn about_states(&mut self, figures: &Figures) {
        for &state in figures.tally.states.keys() {
            let (severity, text) = match state {
                // Part of any drop.
                ClientState::Retrying => continue,
                ClientState::Desync => {
                    let text = format!(
                        "the client entered the state {state}: replies went to the wrong commands, as on a connection \
                         that two processes share after fork() (RD143)"
                    );
                    (Severity::Critical, text)
                }
                ClientState::Dead | ClientState::SubscriptionLost | ClientState::Wedged => {
                    (Severity::Critical, format!("the client entered the unrecoverable state {state}"))
                }
                ClientState::Flooded => {
                    let text = "a reply passed the limit of its size (--max-reply), and the connection was ended";
                    (Severity::Warning, format!("the client entered the state {state}: {text}"))
                }
                // Not recovered while it lasts: every write fails.
                ClientState::Pinned if figures.tally.pinned > 0 => {
                    let text = format!(
                        "the client entered the state {state} and stayed in it: writes were refused to the end"
                    );
                    (Severity::Critical, text)
                }
                ClientState::Exhausted
                | ClientState::HalfOpen
                | ClientState::Masked
                | ClientState::Pinned
                | ClientState::StaleError => {
                    let cause = diagnose::of_state(state).map(|cause| format!(": a {cause} without an outage"));
                    (Severity::Warning, format!("the client entered the state {state}{}", cause.unwrap_or_default()))
                }
            };
            self.push_coded(severity, Some(state.code()), text);
        }
    }

    fn about_messages(&mut self, figures: &Figures) {
        let (tally, counters) = (&figures.tally, figures.counters);
        let outside = tally.lost - tally.lost_in_outages;
        let words = ("message lost while the connection was up", "messages lost while the connection was up");
        self.count_coded(Severity::Critical, Some("RD042"), outside, words);
        let words = ("message lost in an outage", "messages lost in outages");
        self.count_coded(Severity::Warning, Some("RD041"), tally.lost_in_outages, words);
        // In a short run, one outage may have lost all of them.
        if messages::verifies(figures) && counters.published > tally.lost_in_outages && counters.received == 0 {
            self.critical("none of the published messages arrived");
        }
        let missing = tally.subscriptions_wanted.saturating_sub(tally.subscriptions_confirmed);
        let words = ("subscription is missing at the end", "subscriptions are missing at the end");
        self.count_coded(Severity::Critical, Some(ClientState::SubscriptionLost.code()), missing, words);
        self.count(
            Severity::Critical,
            tally.silences,
            "silence longer than --expect-every allows",
            "silences longer than --expect-every allows",
        );
        let words = ("message arrived twice", "messages arrived twice");
        self.count_coded(Severity::Warning, Some("RD063"), tally.duplicated, words);
        let words = ("message arrived out of order", "messages arrived out of order");
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
        if figures.application.is_some() {
            let rows = application::telling(figures);
            let refused = rows.iter().map(|row| row.count).fold(0, u64::saturating_add);
            return self.count_with(refused, ("command was refused", "commands were refused"), &rows);
        }
        let counters = figures.counters;
        let words = ("reply to another command", "replies to other commands");
        self.count_coded(Severity::Critical, Some(ClientState::Desync.code()), figures.tally.desynced, words);
        let of_probes = |row: &&ErrorRow| matches!(row.key.stage, Stage::Command | Stage::WaitingForReconnect);
        let timed_out = |row: &&ErrorRow| row.key.class.is_timeout();
        let failed: Vec<_> = figures.errors.iter().filter(of_probes).collect();
        let (late, failed): (Vec<_>, Vec<_>) = failed.into_iter().partition(timed_out);
        self.count_with(counters.failed, ("probe failed", "probes failed"), &failed);
        self.count_with(counters.timed_out, ("probe timed out", "probes timed out"), &late);
        // The obstacle of a run that never connected is a separate finding.
        let never = figures.runs.iter().any(|run| run.obstacle.is_some());
        let only_errors = counters.failed + counters.timed_out + counters.publish_failed == 0 && !never;
        let errors = figures.errors.iter().map(|row| row.count).fold(0, u64::saturating_add);
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

/// `, 11 of them reset (104)`: the most frequent error, in any stage.
fn dominant(count: u64, rows: &[&ErrorRow]) -> Option<String> {
    let mut kinds = BTreeMap::new();
    for row in rows {
        let count = kinds.entry((row.key.class, row.key.errno)).or_insert(0_u64);
        *count = count.saturating_add(row.count);
    }
    // Of two equally frequent errors, the first by name; counts that are out of step (interim report) are left out.
    let ((class, errno), most) = kinds.into_iter().rev().max_by_key(|(_, errors)| *errors)?;
    let errno = errno.map(|errno| format!(" ({errno})")).unwrap_or_default();
    match most {
        _ if most > count => None,
        1 if count == 1 => Some(format!(": {class}{errno}")),
        _ if most == count => Some(format!(", all of them {class}{errno}")),
        _ => Some(format!(", {most} of them {class}{errno}")),
    }
}
