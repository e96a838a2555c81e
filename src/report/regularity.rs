//! The judgment on what repeats: the plan of the run itself, a product that has this period, or neither.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::finding::List;
use crate::{
    middlebox::{AGES, IDLE_LIMITS, JOBS, RESTARTS, Timer},
    plan::Plan,
    record::{Figures, Measure, Recurrence, Regularity},
    units::{seconds, span},
    verdict::Severity,
};

/// Maximum time that a supervisor takes to stop and start a server, on top of its timer.
const STOP_AND_START: Duration = Duration::from_secs(5);

/// A period up to this length is written in seconds, as vendors do.
const IN_SECONDS: Duration = Duration::from_secs(1000);

/// Something that repeats in a run, and what has such a period.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct RegularityRow {
    /// Length that repeats.
    #[serde(flatten)]
    pub regularity: Regularity,
    /// Part of the run's own plan that has this period; null if none has.
    pub own: Option<String>,
    /// Products and settings that have this period by default or by common configuration.
    pub suspects: Vec<TimerOwner>,
}

/// A product or setting with a certain period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct TimerOwner {
    /// Id for `redis-doctor explain`.
    pub id: &'static str,
    /// Name of the product, with the setting.
    pub name: &'static str,
}

impl RegularityRow {
    /// Judges a regularity; `None` if too few lengths agree and nothing else confirms them.
    pub(crate) fn new(regularity: Regularity, plan: &Plan) -> Option<Self> {
        let row = Self { own: own(&regularity, plan), suspects: suspects(&regularity), regularity };
        (regularity.is_confirmed() || !row.suspects.is_empty()).then_some(row)
    }

    /// Returns what repeats, one sentence without what may be behind it.
    pub(crate) fn fact(&self) -> String {
        let Regularity { of, by, period, spread, count, class, .. } = self.regularity;
        let length = if period <= IN_SECONDS { seconds(period) } else { span(period) };
        let spread = span(spread);
        let what = match of {
            Recurrence::Drops => "drops".to_owned(),
            Recurrence::Restarts => "restarts of the server".to_owned(),
            Recurrence::Stalls => "stalls".to_owned(),
            Recurrence::Outages => "outages".to_owned(),
            Recurrence::Refusals => class.map_or("refusals".into(), |class| format!("refusals ({class})")),
        };
        match by {
            Measure::Interval => format!("{what} every {length} (± {spread}), {count} times"),
            Measure::Age => {
                format!("{count} connections were lost {length} after they were made (± {spread}), whatever they did")
            }
            Measure::Silence => format!("{count} connections were lost after {length} of silence (± {spread})"),
            Measure::AgeOrSilence => {
                format!("{count} connections were lost after {length} (± {spread}), silent since they were made")
            }
        }
    }

    /// Returns the fact and what may be behind it.
    pub(crate) fn text(&self) -> String {
        format!("{}: {}", self.fact(), self.behind())
    }

    fn behind(&self) -> String {
        if let Some(own) = &self.own {
            return format!("{own} of this run has this period");
        }
        let Regularity { of, by, .. } = self.regularity;
        let general = match (by, of) {
            (Measure::Silence, _) => "a device on the path, or the server, closes connections that are idle this long",
            (Measure::AgeOrSilence, _) => {
                "a limit on silence, or on the age of connections; a run with more frequent commands distinguishes them"
            }
            (Measure::Age, _) => {
                "a limit on the age of connections: a proxy's maximum duration, or a token that expires"
            }
            (Measure::Interval, Recurrence::Restarts) => {
                "a supervisor restarts it (a start timeout, a failing health check), or a scheduled job does"
            }
            (Measure::Interval, Recurrence::Stalls) => {
                "a job on the server or its host: a snapshot, a backup, a slow command in a loop"
            }
            (Measure::Interval, Recurrence::Refusals) => "a job on the server, or a supervisor that restarts it",
            (Measure::Interval, Recurrence::Drops | Recurrence::Outages) => {
                "something acts on a schedule, whatever this client does: a job, a health check, a reload of a proxy"
            }
        };
        if self.suspects.is_empty() {
            return general.to_owned();
        }
        let names: Vec<_> = self.suspects.iter().map(|owner| owner.name).collect();
        let word = if by == Measure::Interval { "period" } else { "limit" };
        format!("the {word} of {}; {general}", names.join(", or of "))
    }

    /// Returns the code of the entry with the remedy.
    fn code(&self) -> &'static str {
        match (self.regularity.by, self.regularity.of) {
            (Measure::Silence | Measure::AgeOrSilence, _) => "RD012",
            (Measure::Age, _) => "RD191",
            (Measure::Interval, Recurrence::Restarts) => "RD192",
            (Measure::Interval, _) => "RD190",
        }
    }
}

/// Returns the part of the plan that has this period.
fn own(regularity: &Regularity, plan: &Plan) -> Option<String> {
    let period = regularity.as_period();
    let fault = plan.faults.iter().find(|fault| fault.period().is_some_and(|own| period.agrees_with(own)));
    if let Some(fault) = fault {
        return Some(format!("the fault {fault}"));
    }
    let pace = plan.probes.as_ref().and_then(|probes| probes.pace.due(1))?;
    period.agrees_with(pace).then(|| format!("the pace of the commands (one every {})", span(pace)))
}

/// Returns the products and settings that have this period.
fn suspects(regularity: &Regularity) -> Vec<TimerOwner> {
    let period = regularity.period;
    let timers = |table: &'static [Timer], work: Duration| {
        let fitting = table.iter().filter(move |timer| timer.has(period, work));
        fitting.map(|timer| TimerOwner { id: timer.id, name: timer.name })
    };
    let limits = || {
        let fitting = IDLE_LIMITS.iter().filter(|limit| limit.ends(period));
        fitting.map(|limit| TimerOwner { id: limit.id, name: limit.name })
    };
    match (regularity.by, regularity.of) {
        (Measure::Silence, _) => limits().collect(),
        (Measure::AgeOrSilence, _) => limits().chain(timers(AGES, Duration::ZERO)).collect(),
        (Measure::Age, _) => timers(AGES, Duration::ZERO).collect(),
        (Measure::Interval, Recurrence::Restarts) => timers(RESTARTS, STOP_AND_START).collect(),
        (Measure::Interval, _) => timers(JOBS, Duration::ZERO).collect(),
    }
}

/// Returns the rows of all runs.
pub(super) fn rows(figures: &Figures) -> Vec<RegularityRow> {
    let row = |regularity: &Regularity| {
        let run = figures.runs.get((regularity.run as usize).checked_sub(1)?)?;
        RegularityRow::new(*regularity, &run.started.plan)
    };
    figures.regularities.iter().filter_map(row).collect()
}

impl List {
    /// Adds what repeats.
    pub(super) fn about_regularity(&mut self, rows: &[RegularityRow]) {
        for row in rows {
            let severity = if row.own.is_some() { Severity::Info } else { Severity::Warning };
            self.push_coded(severity, Some(row.code()), row.text());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fixture::{plan, secs};

    fn found(of: Recurrence, by: Measure, period: f64, count: u64) -> Regularity {
        Regularity { run: 1, of, by, period: secs(period), spread: secs(0.012), count, class: None }
    }

    fn text(regularity: Regularity, plan: &Plan) -> String {
        RegularityRow::new(regularity, plan).map_or("nothing".into(), |row| format!("{} · {}", row.code(), row.text()))
    }

    #[test]
    fn a_period_is_named_with_what_has_it() {
        let plan = plan();
        for (of, by, period, parts) in [
            (
                Recurrence::Restarts,
                Measure::Interval,
                12.2,
                &["RD192", "restarts of the server every 12.2 s (± 12 ms), 3 times", "start timeout"][..],
            ),
            (Recurrence::Restarts, Measure::Interval, 90.2, &["systemd's start timeout"]),
            (Recurrence::Drops, Measure::Interval, 60.0, &["RD190", "every 60.0 s", "a job that runs every minute"]),
            (Recurrence::Drops, Measure::Interval, 41.0, &["acts on a schedule, whatever this client does"]),
            (Recurrence::Drops, Measure::Age, 43_200.5, &["RD191", "12 h after they were made", "IAM"]),
            (Recurrence::Drops, Measure::Silence, 350.4, &["RD012", "350 s of silence", "AWS NAT gateway"]),
            (Recurrence::Drops, Measure::AgeOrSilence, 30.02, &["silent since they were made", "HAProxy"]),
            (Recurrence::Stalls, Measure::Interval, 300.0, &["stalls every 300 s", "save 300 100"]),
        ] {
            let text = text(found(of, by, period, 3), &plan);
            assert!(parts.iter().all(|part| text.contains(part)), "{text}");
        }
    }

    #[test]
    fn two_lengths_need_a_product_that_has_them() {
        let plan = plan();
        assert!(text(found(Recurrence::Drops, Measure::AgeOrSilence, 30.0, 2), &plan).contains("HAProxy"));
        assert_eq!(text(found(Recurrence::Drops, Measure::AgeOrSilence, 27.0, 2), &plan), "nothing");
    }

    #[test]
    fn the_plan_of_the_run_is_not_blamed_on_the_network() {
        let mut plan = plan();
        plan.faults = vec!["reset_peer@every:30s".parse().unwrap()];
        let row = RegularityRow::new(found(Recurrence::Drops, Measure::Interval, 30.01, 3), &plan).unwrap();
        assert!(row.text().contains("the fault reset_peer@every:30s of this run has this period"), "{}", row.text());
        let mut list = List(Vec::new());
        list.about_regularity(&[row]);
        assert_eq!(list.0[0].severity, Severity::Info);
        plan.faults.clear();
        plan.probes.as_mut().unwrap().pace = crate::plan::Pace::every(secs(10.0));
        let text = text(found(Recurrence::Drops, Measure::Interval, 10.0, 3), &plan);
        assert!(text.contains("the pace of the commands (one every 10 s) of this run has this period"), "{text}");
    }
}
