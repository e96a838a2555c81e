//! `--listen-metrics` and `--otlp`: the metrics of a run while it continues, its outages as spans, and checks of servers on
//! request (`/probe`).

use std::{net::SocketAddr, time::Duration};

use super::{Problem, check::check, say, spans::Spans};
use crate::{
    cli::{commands::check::CheckRequest, run::MetricsRequest},
    clock::Clock,
    event::{Event, EventSink},
    exporter::{Exporter, Pages, Probe},
    output::{ColorChoice, Format},
    plan::{Plan, Target},
    record::{Meter, Records},
    render,
    report::{OutageRow, RunReport},
};

/// Time limit of a check: below the ten seconds after which Prometheus gives up.
const DEADLINE: Duration = Duration::from_secs(9);

/// A certificate that is renewed automatically has more time left than this.
const CERTIFICATE_WARNING: Duration = Duration::from_secs(14 * 86_400);

/// The metrics of a run, served and sent until this is dropped.
pub(super) struct LiveMetrics {
    meter: Meter,
    _exporter: Option<Exporter>,
    spans: Option<Spans>,
}

impl LiveMetrics {
    /// Begins to serve and to send.
    pub(super) fn start(request: MetricsRequest, plan: &Plan, clock: Clock, quiet: bool) -> Result<Self, Problem> {
        let MetricsRequest { listen, allowed, collector, .. } = request;
        let meter = Meter::default();
        let exporter = listen.map(|listen| {
            let read = meter.clone();
            let metrics = move |exposition| render::metrics(&read.read(), clock.now(), exposition);
            let pages = Pages { metrics: Box::new(metrics), probe: probe(plan, allowed) };
            Exporter::start(listen, pages).map_err(|source| Problem::ListenMetrics { listen, source })
        });
        let exporter = exporter.transpose()?;
        if let Some(exporter) = exporter.as_ref().filter(|_| !quiet) {
            say(&greeting(exporter.address()));
        }
        let spans = collector.map(|collector| Spans::start(collector, meter.clone(), clock, plan.evidence));
        Ok(Self { meter, _exporter: exporter, spans: spans.transpose()? })
    }

    /// Counts an event, which the recorder has taken already.
    pub(super) fn on_event(&mut self, event: &Event, recorder: &Records) {
        self.meter.on_event(event);
        if let Some(spans) = &mut self.spans {
            spans.on_event(event, recorder);
        }
    }

    /// Counts the cause of an outage that is over.
    pub(super) fn diagnosed(&mut self, event: &Event, row: &OutageRow) {
        let (outage, diagnosis) = (&row.outage, &row.diagnosis);
        self.meter.diagnosed(event, outage, diagnosis.cause.name(), &diagnosis.confidence.to_string());
        if let Some(spans) = &mut self.spans {
            spans.over(event.target.as_deref(), outage, Some(diagnosis));
        }
    }

    /// Takes note of an outage that is over and was not diagnosed.
    pub(super) fn undiagnosed(&mut self, event: &Event, recorder: &Records) {
        if let Some(spans) = &mut self.spans {
            spans.latest(event, recorder);
        }
    }

    /// Sends what is left of a run that is over.
    pub(super) fn conclude(self, report: &RunReport) {
        if let Some(warning) = self.spans.and_then(|spans| spans.conclude(report)) {
            say(&warning);
        }
    }
}

fn greeting(address: SocketAddr) -> String {
    format!("metrics at http://{address}/metrics")
}

/// Returns the check of a server of the run, or of one that is allowed, by its label or URL.
fn probe(plan: &Plan, allowed: Vec<Target>) -> Probe {
    let of_run = match (&plan.scope, &plan.trace) {
        (Some(scope), _) => &scope.targets[..],
        // It examines connections of others, and connects to no server.
        (None, Some(_)) => &[],
        (None, None) => std::slice::from_ref(&plan.target),
    };
    let known: Vec<Target> = of_run.iter().cloned().chain(allowed).collect();
    let plan = plan.clone();
    Box::new(move |name, exposition| {
        let is_meant = |target: &&Target| target.label() == name || target.to_string() == name;
        let request = request(known.iter().find(is_meant)?.clone(), &plan);
        Some(Box::pin(async move {
            let checkup = check(&request, &request.target, std::future::pending()).await;
            // A checkup has metrics.
            render::page(&checkup, exposition).unwrap_or_default()
        }))
    })
}

fn request(target: Target, plan: &Plan) -> CheckRequest {
    CheckRequest {
        target,
        scope: None,
        server: None,
        protocol: plan.protocol,
        policy: plan.policy.clone(),
        deadline: DEADLINE,
        warning: None,
        critical: None,
        certificate_warning: CERTIFICATE_WARNING,
        channel: format!("redis-doctor:probe:{:x}", plan.seed),
        exit_zero: true,
        format: Format::Openmetrics,
        output: None,
        quiet: true,
        color: ColorChoice::Never,
        warnings: Vec::new(),
    }
}
