//! The outages of a run as spans, for the collector of `--otlp`: each once, when it is over and, as far as there is
//! evidence, diagnosed.

use std::collections::{BTreeMap, BTreeSet};

use super::Problem;
use crate::{
    clock::{Clock, Stamp},
    event::{Event, EventKind},
    exporter::{Delivery, Pusher, Telemetry},
    plan::Collector,
    record::{Meter, Outage, OutageKind, Records},
    render::{self, Export},
    report::{Diagnosis, OutageRow, RunReport},
};

/// Numbers of sent outages that are remembered of each target; earlier ones are taken for sent.
const REMEMBERED: usize = 1000;

/// The client of the collector, and the outages that it has got.
pub(super) struct Spans {
    pusher: Pusher,
    collector: String,
    clock: Clock,
    run_id: String,
    /// True if evidence about each outage follows its end.
    evidence: bool,
    /// The outages of each target that are sent, without a label if there is a single one.
    sent: BTreeMap<Option<String>, Sent>,
}

#[derive(Default)]
struct Sent {
    all_up_to: u32,
    later: BTreeSet<u32>,
}

impl Sent {
    /// Adds an outage; returns false if it is known.
    fn insert(&mut self, number: u32) -> bool {
        if number <= self.all_up_to || !self.later.insert(number) {
            return false;
        }
        if self.later.len() > REMEMBERED {
            self.all_up_to = self.later.pop_first().unwrap_or_default();
        }
        true
    }
}

impl Spans {
    /// Begins to send.
    pub(super) fn start(collector: Collector, meter: Meter, clock: Clock, evidence: bool) -> Result<Self, Problem> {
        let shown = collector.to_string();
        let read = meter.clone();
        let telemetry = Telemetry {
            metrics: Box::new(move || render::otlp_metrics(&read.read(), export(clock))),
            traces: Box::new(move |spans| render::otlp_traces(meter.read().run_id(), spans)),
        };
        let pusher = Pusher::start(collector, telemetry).map_err(Problem::Otlp)?;
        Ok(Self { pusher, collector: shown, clock, run_id: String::new(), evidence, sent: BTreeMap::new() })
    }

    pub(super) fn on_event(&mut self, event: &Event, recorder: &Records) {
        match &event.kind {
            EventKind::RunStarted(started) => self.run_id = started.run_id.to_string(),
            // Otherwise it is sent with its cause.
            EventKind::Resumed { .. } | EventKind::Reconnected(_) if !self.evidence => self.latest(event, recorder),
            _ => {}
        }
    }

    /// Sends the latest outage of the connection of an event, without a cause.
    pub(super) fn latest(&mut self, event: &Event, recorder: &Records) {
        if let Some(outage) = recorder.of(event).latest_outage(event.connection.unwrap_or_default()) {
            self.over(event.target.as_deref(), outage, None);
        }
    }

    /// Sends an outage that is over.
    pub(super) fn over(&mut self, target: Option<&str>, outage: &Outage, diagnosis: Option<&Diagnosis>) {
        if outage.kind != OutageKind::Slow && outage.restored.is_some() {
            self.send(target, outage, diagnosis);
        }
    }

    fn send(&mut self, target: Option<&str>, outage: &Outage, diagnosis: Option<&Diagnosis>) {
        if self.sent.entry(target.map(str::to_owned)).or_default().insert(outage.id.number()) {
            let span = render::otlp_span(&self.run_id, export(self.clock), target, outage, diagnosis);
            self.pusher.offer(span);
        }
    }

    /// Sends the outages of the report that were not sent, and what else is left. Returns a warning if something was not
    /// delivered.
    pub(super) fn conclude(mut self, report: &RunReport) -> Option<String> {
        match report {
            RunReport::Lone(report) => report.outages.rows.iter().for_each(|row| self.rest(None, row)),
            RunReport::Several(report) => {
                let rows =
                    report.targets.iter().flat_map(|of| of.report.outages.rows.iter().map(|row| (&of.target, row)));
                rows.for_each(|(target, row)| self.rest(Some(target), row));
            }
            // It has no outages, only connections that ended.
            RunReport::Traced(_) => {}
        }
        let delivery = self.pusher.finish();
        (!delivery.is_complete()).then(|| warning(&self.collector, &delivery))
    }

    fn rest(&mut self, target: Option<&str>, row: &OutageRow) {
        self.send(target, &row.outage, Some(&row.diagnosis));
    }
}

fn export(clock: Clock) -> Export {
    let now = clock.now();
    Export { started: clock.wall(Stamp::START), now, time: clock.wall(now) }
}

fn warning(collector: &str, delivery: &Delivery) -> String {
    let Delivery { spans, exports: (failed, all), why } = delivery;
    let outages = (*spans > 0).then(|| if *spans == 1 { "1 outage".to_owned() } else { format!("{spans} outages") });
    let metrics = (*failed > 0).then(|| format!("{failed} of {all} exports of metrics"));
    let what = [outages, metrics].into_iter().flatten().collect::<Vec<_>>().join(" and ");
    let why = why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    format!("warning: --otlp: not delivered to {collector}: {what}{why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_sent_once_and_few_are_remembered() {
        let mut sent = Sent::default();
        assert!(sent.insert(2) && sent.insert(1) && !sent.insert(2) && !sent.insert(1));
        (3..10_000).for_each(|number| assert!(sent.insert(number)));
        assert!(sent.later.len() <= REMEMBERED && !sent.insert(5), "an early one is taken for sent");
    }

    #[test]
    fn what_is_missing_is_counted() {
        let delivery = Delivery { spans: 12, exports: (1, 8), why: Some("Connection refused".into()) };
        let expected = "warning: --otlp: not delivered to http://c:1: 12 outages and 1 of 8 exports of metrics: \
                        Connection refused";
        assert_eq!(warning("http://c:1", &delivery), expected);
        let spans = Delivery { spans: 1, ..Delivery::default() };
        assert_eq!(warning("http://c:1", &spans), "warning: --otlp: not delivered to http://c:1: 1 outage");
    }
}
