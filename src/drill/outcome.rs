//! The outcome for a client, from the figures of its soak.

use schemars::JsonSchema;
use serde::Serialize;
use strum::{Display, VariantArray};

use super::Cell;
use crate::{
    diagnose,
    event::ClientState,
    plan::PolicyName,
    record::{Figures, OutageKind},
};

/// Maximum number of diagnoses of a cell: it is short, and its outages are similar.
pub(super) const DIAGNOSES: usize = 20;

/// The outcome for a client under a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Outcome {
    /// The client noticed nothing.
    Unaffected,
    /// Commands failed, but the connection stayed up.
    Errors,
    /// The client lost the connection, or got no replies for a while, and recovered on its own.
    Recovered,
    /// The client had not come back when the drill ended.
    Down,
    /// The cell could not run.
    NotRun,
    /// The client entered a state that it did not leave on its own; the name is that of the state.
    #[serde(untagged)]
    #[strum(transparent)]
    Stuck(Stuck),
}

/// A state that a client does not leave on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, VariantArray, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Stuck {
    /// The connection was lost and the client never reconnects.
    Dead,
    /// The last reconnect attempt failed with an error after which the library never tries again.
    Wedged,
    /// The retries are exhausted.
    Exhausted,
    /// Connected, but without its subscription.
    SubscriptionLost,
    /// Replies go to the wrong commands.
    Desync,
    /// The connection is dead and nothing has noticed.
    HalfOpen,
    /// Connected to a demoted server until the end.
    Pinned,
}

impl From<Stuck> for ClientState {
    fn from(stuck: Stuck) -> Self {
        match stuck {
            Stuck::Dead => Self::Dead,
            Stuck::Wedged => Self::Wedged,
            Stuck::Exhausted => Self::Exhausted,
            Stuck::SubscriptionLost => Self::SubscriptionLost,
            Stuck::Desync => Self::Desync,
            Stuck::HalfOpen => Self::HalfOpen,
            Stuck::Pinned => Self::Pinned,
        }
    }
}

impl Outcome {
    /// Returns true if the application continued without help and with the right replies.
    pub(crate) fn survived(self) -> bool {
        matches!(self, Self::Unaffected | Self::Errors | Self::Recovered)
    }
}

/// Derives a cell from the figures of its run.
pub(super) fn judge(case: &str, policy: PolicyName, figures: &Figures) -> Cell {
    let counters = &figures.counters;
    let outcome = outcome(figures);
    let over = figures.outages.kept.iter().filter(|outage| outage.restored.is_some());
    let recovery = over.map(|outage| outage.duration(outage.lost)).max();
    let obstacle = figures.runs.last().and_then(|run| run.obstacle.as_ref()).map(ToString::to_string);
    let mut diagnoses = diagnose::all(&figures.outages());
    diagnoses.truncate(DIAGNOSES);
    let first = diagnoses.first();
    // A demotion is a failover, although no connection is closed.
    let of_state = || figures.tally.states.keys().find_map(|state| diagnose::of_state(*state));
    let stuck_in = |state| matches!(outcome, Outcome::Stuck(stuck) if ClientState::from(stuck) == state);
    let evidence = figures.states.kept.iter().rev().find(|row| stuck_in(row.state));
    Cell {
        case: case.to_owned(),
        policy,
        outcome,
        survived: outcome.survived(),
        cause: first.map(|diagnosis| diagnosis.cause).or_else(of_state),
        confidence: first.map(|diagnosis| diagnosis.confidence),
        recovery: recovery.filter(|_| outcome.survived()),
        failed: counters.failed + counters.timed_out,
        ambiguous: counters.ambiguous,
        lost: figures.tally.lost,
        wrong: figures.tally.desynced,
        error: figures.errors.first().map(|row| row.example.clone()),
        why: evidence.map(|row| row.why.clone()).or(obstacle.filter(|_| outcome == Outcome::NotRun)),
        diagnoses,
    }
}

fn outcome(figures: &Figures) -> Outcome {
    let entered = |stuck| figures.tally.states.contains_key(&ClientState::from(stuck));
    let Some(connected) = figures.runs.last().map(|run| run.connected.is_some()) else {
        return Outcome::NotRun;
    };
    if !connected {
        return Outcome::NotRun;
    }
    // An unrecoverable state explains everything after it; the worst comes first.
    use Stuck::*;
    let replaced = figures.tally.replaced_terminal > 0;
    let unsubscribed = figures.tally.subscriptions_confirmed < figures.tally.subscriptions_wanted;
    for (state, stayed) in
        [(Dead, replaced), (Wedged, replaced), (Exhausted, replaced), (SubscriptionLost, replaced || unsubscribed)]
    {
        if stayed && entered(state) {
            return Outcome::Stuck(state);
        }
    }
    if figures.tally.desynced > 0 {
        return Outcome::Stuck(Desync);
    }
    let open = figures.outages.kept.iter().rev().find(|outage| outage.restored.is_none());
    match open.map(|outage| outage.kind) {
        Some(OutageKind::Stall) if entered(HalfOpen) => return Outcome::Stuck(HalfOpen),
        Some(_) if entered(Exhausted) => return Outcome::Stuck(Exhausted),
        Some(_) => return Outcome::Down,
        None => {}
    }
    // As in a report: a client that has left the state, or does not write, is not stuck.
    if figures.tally.pinned > 0 {
        return Outcome::Stuck(Pinned);
    }
    let counters = &figures.counters;
    match (figures.outages.total, counters.failed + counters.timed_out) {
        (0, 0) => Outcome::Unaffected,
        (0, _) => Outcome::Errors,
        _ => Outcome::Recovered,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{Event, EventKind, EventSink},
        record::{Recorder, fixture::*},
        report::Report,
        verdict::Verdict,
    };

    #[test]
    fn a_pinned_client_is_stuck_as_long_as_a_report_calls_it_critical() {
        let entered = || at(20.0, EventKind::StateEntered { state: ClientState::Pinned, why: "".into() });
        let left = || at(22.0, EventKind::StateLeft { state: ClientState::Pinned });
        let seen = Event { connection: None, ..entered() };
        let lost = [entered(), at(30.0, disconnected(1, None)), at(30.5, reconnected(2, 0.5))];
        for (name, events, critical) in [
            ("to the end", vec![entered()], true),
            ("until the server was promoted again", vec![entered(), left()], false),
            ("again", vec![entered(), left(), entered()], true),
            ("until the connection was lost", lost.to_vec(), false),
            ("but no client wrote", vec![seen], false),
        ] {
            let mut recorder = Recorder::default();
            let subscribed = at(0.0, EventKind::Subscribed(confirmations(1, 0.1)));
            let answers = at(1.0, interval(good(100), &[100, 200, 300]));
            let before = [started(plan()), at(0.0, connected(1)), subscribed, answers];
            for event in before.into_iter().chain(events).chain([finished(100.0)]) {
                recorder.on_event(&event);
            }
            let figures = recorder.figures();
            let verdict = Report::new(&figures).verdict;
            assert_eq!(verdict, if critical { Verdict::Critical } else { Verdict::Degraded }, "{name}");
            let stuck = outcome(&figures) == Outcome::Stuck(Stuck::Pinned);
            assert_eq!((stuck, outcome(&figures).survived()), (critical, !critical), "{name}");
        }
    }
}
