//! The report of several targets: the verdict, a row for each, worst first, and details of the worst.

use std::io::{self, Write};

use serde::Serialize;

use super::{cluster, incidents, metrics, overview, plugin, rows, tables, text, vantage};
use crate::{
    foreign::Foreign,
    output::Rows,
    render::{
        Style, Times,
        document::Document,
        fit, header,
        html::{self, Page},
        table,
        units::{clean, count, duration, percent},
        views::{Family, Figure, Overview, PluginLine, Records, Table, escaped, of_all_targets},
    },
    report::{Log, Percentiles, Report, RunReport, ScopeReport, TargetFinding, TargetReport, lost_together},
    verdict::Verdict,
};

/// Columns of the table of targets.
const COLUMNS: [&str; 11] =
    ["target", "verdict", "availability", "p50", "p99", "max", "failed", "drops", "stalls", "worst outage", "cause"];

/// Rows of the table of targets; `--format json` has all of them.
const ROWS: usize = 20;

/// Targets whose details are shown.
const DETAILED: usize = 5;

/// Targets that the headline names.
const NAMED: usize = 3;

impl Document for RunReport {
    fn root(&self) -> impl Serialize {
        self
    }

    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Lone(report) => report.text(style, out),
            Self::Several(report) => report.text(style, out),
            Self::Traced(report) => report.text(style, out),
        }
    }

    fn records(&self, records: &mut Records<'_>) -> io::Result<()> {
        match self {
            Self::Lone(report) => report.records(records),
            Self::Several(report) => report.records(records),
            Self::Traced(report) => report.records(records),
        }
    }

    fn rows(&self, of: Rows) -> io::Result<Table> {
        match self {
            Self::Lone(report) => report.rows(of),
            Self::Several(report) => report.rows(of),
            Self::Traced(report) => report.rows(of),
        }
    }

    fn overview(&self, style: Style) -> io::Result<Overview> {
        match self {
            Self::Lone(report) => report.overview(style),
            Self::Several(report) => report.overview(style),
            Self::Traced(report) => report.overview(style),
        }
    }

    fn plugin_line(&self) -> io::Result<PluginLine> {
        match self {
            Self::Lone(report) => report.plugin_line(),
            Self::Several(report) => report.plugin_line(),
            Self::Traced(report) => report.plugin_line(),
        }
    }

    fn page(&self) -> io::Result<Page> {
        match self {
            Self::Lone(report) => report.page(),
            Self::Several(report) => report.page(),
            Self::Traced(report) => report.page(),
        }
    }

    fn percentiles(&self) -> io::Result<Percentiles> {
        match self {
            Self::Lone(report) => Document::percentiles(&**report),
            Self::Several(report) => Document::percentiles(&**report),
            Self::Traced(report) => Document::percentiles(&**report),
        }
    }

    fn log(&self) -> io::Result<Log> {
        match self {
            Self::Lone(report) => Document::log(&**report),
            Self::Several(report) => Document::log(&**report),
            Self::Traced(report) => Document::log(&**report),
        }
    }

    fn metrics(&self) -> io::Result<Vec<Family<'_>>> {
        match self {
            Self::Lone(report) => report.metrics(),
            Self::Several(report) => report.metrics(),
            Self::Traced(report) => report.metrics(),
        }
    }
}

impl Document for ScopeReport {
    fn root(&self) -> impl Serialize {
        self
    }

    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        fit::write_fitted(style.columns, out, |text| unbroken(self, style, text))
    }

    /// The report without its lists as `summary`, then each target as a `target` without its lists and each entry of those
    /// lists with its target, then each entry of the other lists.
    fn records(&self, records: &mut Records<'_>) -> io::Result<()> {
        records.summary(self)?;
        for TargetReport { target, report } in &self.targets {
            records.without_lists("target", &Of { target, entry: report })?;
            each(records, "run", target, &report.runs)?;
            each(records, "incident", target, &report.incidents.rows)?;
            let vantage = report.vantage.as_ref().map_or(&[][..], |vantage| &vantage.rows);
            each(records, "vantage_incident", target, vantage)?;
            each(records, "fault", target, &report.faults)?;
            each(records, "outage", target, &report.outages.rows)?;
            each(records, "connection", target, &report.connections)?;
            each(records, "interval", target, &report.intervals)?;
            each(records, "regularity", target, &report.regularities)?;
            each(records, "slow_stretch", target, &report.slow.rows)?;
            each(records, "refusal", target, &report.refusals.rows)?;
            each(records, "error", target, &report.errors)?;
            each(records, "state", target, &report.states)?;
            each(records, "gate", target, &report.gates)?;
            each(records, "note", target, &report.notes)?;
        }
        records.each("simultaneous_loss", &self.simultaneous_losses)?;
        records.each("rejected", &self.rejected)?;
        records.each("finding", &self.findings)?;
        records.each("note", &self.notes)
    }

    /// The rows of each target, in lines with their target.
    fn rows(&self, of: Rows) -> io::Result<Table> {
        let mut all = Table { header: rows::header(of), rows: Vec::new() };
        all.header.insert(0, "target");
        for TargetReport { target, report } in &self.targets {
            let rows = rows::table(report, of)?.rows.into_iter();
            all.rows.extend(rows.map(|row| std::iter::once(target.to_string()).chain(row).collect()));
        }
        Ok(all)
    }

    /// The table of all targets.
    fn overview(&self, _: Style) -> io::Result<Overview> {
        let finding = |found: &TargetFinding| {
            let target = found.target.as_ref().map(|target| format!("{}: ", escaped(target))).unwrap_or_default();
            format!("{target}{}", overview::finding(&found.finding))
        };
        Ok(Overview {
            above: vec![overview::verdict(self.verdict, &headline(self))],
            table: Table { header: COLUMNS.to_vec(), rows: self.targets.iter().map(row).collect() },
            below: self.findings.iter().map(finding).collect(),
        })
    }

    fn plugin_line(&self) -> io::Result<PluginLine> {
        let number = |label, value: usize| Figure::new(label, Some(value as f64), "");
        let mut figures = vec![
            number("targets", self.targets.len()),
            number("healthy", self.verdicts.healthy),
            number("degraded", self.verdicts.degraded),
            number("critical", self.verdicts.critical),
        ];
        // The worst target has the figures that a gate is about.
        figures.extend(plugin::figures_of_the_worst(self.targets.iter().map(|target| &target.report)));
        Ok(PluginLine { verdict: Some(self.verdict), text: headline(self), figures })
    }

    fn page(&self) -> io::Result<Page> {
        let table = Table { header: COLUMNS.to_vec(), rows: self.targets.iter().map(row).collect() };
        Ok(html::of_scope(self, &headline(self), &cluster::lines(self), &table))
    }

    fn percentiles(&self) -> io::Result<Percentiles> {
        Ok(self.percentiles())
    }

    fn log(&self) -> io::Result<Log> {
        Ok(self.log())
    }

    /// The families of each target, every sample with its label.
    fn metrics(&self) -> io::Result<Vec<Family<'_>>> {
        let of_each = self.targets.iter().map(|of| (of.target.to_string(), metrics::families(&of.report)));
        let mut all = of_all_targets(of_each);
        let mut verdicts = Family::new("targets", "gauge", "Targets by verdict.");
        for (verdict, number) in [
            (Verdict::Healthy, self.verdicts.healthy),
            (Verdict::Degraded, self.verdicts.degraded),
            (Verdict::Critical, self.verdicts.critical),
        ] {
            verdicts.push("", vec![("verdict", verdict.to_string())], number as f64);
        }
        let losses = self.simultaneous_losses.len() as f64;
        all.extend(cluster::families(self));
        all.extend([
            verdicts,
            Family::counter("simultaneous_losses", "Losses of several targets within a second.", losses),
            Family::gauge("rejected_targets", "Lines of the list that could not be read.", self.rejected.len() as f64),
        ]);
        Ok(all)
    }
}

/// An entry of a list, with its target.
#[derive(Serialize)]
struct Of<'a, T> {
    target: &'a Foreign,
    #[serde(flatten)]
    entry: &'a T,
}

fn each<T: Serialize>(records: &mut Records<'_>, kind: &str, target: &Foreign, entries: &[T]) -> io::Result<()> {
    entries.iter().try_for_each(|entry| records.line(kind, &Of { target, entry }))
}

fn unbroken(report: &ScopeReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let columns = style.columns;
    text::verdict(report.verdict, report.interim, &headline(report), style, out)?;
    let run = report.targets.iter().find_map(|target| target.report.runs.last());
    if let Some(run) = run {
        writeln!(out)?;
        if !style.below_header {
            let started = &run.started;
            let name = format!("redis-doctor {} · {}", report.version, started.plan.command);
            writeln!(out, "{name} · {} · run {}", count(report.targets.len() as u64, "target"), started.run_id)?;
            header::policy_line(started).iter().try_for_each(|policy| writeln!(out, "{}", clean(policy)))?;
        }
        writeln!(out, "{} for {}\n", Times::moments(style).in_full(run.time), duration(report.duration))?;
    }
    totals(report, out)?;
    for (name, line) in cluster::lines(report) {
        writeln!(out, "{name:<10}{line}")?;
    }
    let rows: Vec<_> = report.targets.iter().take(ROWS).map(row).collect();
    writeln!(out)?;
    table::lines(&COLUMNS, 2..10, &rows, columns).iter().try_for_each(|line| writeln!(out, "{line}"))?;
    if report.targets.len() > ROWS {
        let (others, unhealthy) = (&report.targets[ROWS..], report.unhealthy().len().saturating_sub(ROWS));
        let rest = if unhealthy > 0 { format!("{unhealthy} of them not healthy") } else { "all healthy".to_owned() };
        writeln!(out, "… and {} more, {rest}", others.len())?;
    }
    for TargetReport { target, report } in report.unhealthy().iter().take(DETAILED) {
        let word = report.verdict.to_string().to_uppercase();
        writeln!(out, "\n--- {} · {word} · {}", clean(target), text::headline(report))?;
        let times = Times::of_report(report, style);
        incidents::write(report, times, out)?;
        vantage::write(report, times, fit::readable(columns), out)?;
        text::details(report, times, style, out)?;
    }
    let hidden = report.unhealthy().len().saturating_sub(DETAILED);
    if hidden > 0 {
        writeln!(out, "\n… and details of {} more with --format json", count(hidden as u64, "target"))?;
    }
    remarks(report, out)
}

fn totals(report: &ScopeReport, out: &mut dyn Write) -> io::Result<()> {
    let verdicts = report.verdicts;
    let parts = [(verdicts.critical, "critical"), (verdicts.degraded, "degraded"), (verdicts.healthy, "healthy")];
    let parts: Vec<_> =
        parts.into_iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}")).collect();
    writeln!(out, "targets   {}", parts.join(" · "))?;
    if let Some(probes) = &report.probes {
        let mut parts = vec![format!("{} sent", probes.launched), format!("{} answered", probes.ok)];
        parts.extend((probes.failed > 0).then(|| format!("{} failed", probes.failed)));
        parts.extend((probes.timed_out > 0).then(|| format!("{} timed out", probes.timed_out)));
        if let Some(latency) = &report.latency {
            let [p50, p99, max] = [latency.p50, latency.p99, latency.max].map(duration);
            parts.push(format!("p50 {p50}, p99 {p99}, max {max}"));
        }
        writeln!(out, "probes    {}", parts.join(" · "))?;
    }
    let outages = &report.outages;
    let mut parts = vec![count(outages.drops, "drop"), count(outages.stalls, "stall")];
    if outages.drops + outages.stalls > 0 {
        parts.push(format!("longest {}", duration(outages.longest)));
    }
    parts.extend((outages.unresolved > 0).then(|| format!("{} not over", outages.unresolved)));
    parts.extend(outages.worst_availability.map(|share| format!("lowest availability {}", percent(share))));
    writeln!(out, "outages   {}", parts.join(" · "))
}

fn row(TargetReport { target, report }: &TargetReport) -> Vec<String> {
    let Report { outages, latency, probes, .. } = report;
    let time = |value: Option<f64>| value.map_or("–".into(), duration);
    let failed = probes.as_ref().map_or("–".into(), |probes| (probes.failed + probes.timed_out).to_string());
    let worst = outages.rows.iter().max_by(|one, other| one.duration.total_cmp(&other.duration));
    vec![
        cluster::followed(target, report),
        report.verdict.to_string(),
        outages.availability.map_or("–".into(), percent),
        time(latency.map(|latency| latency.p50)),
        time(latency.map(|latency| latency.p99)),
        time(latency.map(|latency| latency.max)),
        failed,
        outages.drops.to_string(),
        outages.stalls.to_string(),
        time(worst.map(|row| row.duration)),
        worst.map_or(String::new(), tables::cause),
    ]
}

/// The findings that concern no target alone, and the notes.
fn remarks(report: &ScopeReport, out: &mut dyn Write) -> io::Result<()> {
    let common: Vec<_> = report.findings.iter().filter(|found| found.target.is_none()).collect();
    if !common.is_empty() || !report.notes.is_empty() {
        writeln!(out)?;
    }
    for found in common {
        let code = found.finding.code.map(|code| format!("{code} · ")).unwrap_or_default();
        writeln!(out, "{:<8}  {code}{}", found.finding.severity, clean(&found.finding.text))?;
    }
    report.notes.iter().try_for_each(|note| writeln!(out, "note      {}", clean(&note.text)))
}

/// Returns the verdict in a few words.
fn headline(report: &ScopeReport) -> String {
    let all = report.targets.len();
    let mut parts = Vec::new();
    for (verdict, number) in
        [(Verdict::Critical, report.verdicts.critical), (Verdict::Degraded, report.verdicts.degraded)]
    {
        if number > 0 {
            let of_it = report.targets.iter().filter(|target| target.report.verdict == verdict);
            let mut names: Vec<_> = of_it.take(NAMED).map(|target| clean(&target.target)).collect();
            names.extend((number > NAMED).then(|| "…".to_owned()));
            parts.push(format!("{number} of {all} targets {verdict}: {}", names.join(", ")));
        }
    }
    if parts.is_empty() {
        parts.push(format!("all {all} targets healthy"));
    }
    parts.extend(report.simultaneous_losses.first().map(|loss| clean(&lost_together(loss))));
    if !report.rejected.is_empty() {
        parts.push(format!("{} of the list skipped", count(report.rejected.len() as u64, "line")));
    }
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{Event, EventSink},
        output::{Content, Format},
        plan::{RejectedLine, Scope, Target},
        record::{
            Records,
            fixture::{at, connected, disconnected, finished, good, interval, plan, reconnected, started},
        },
        render,
    };

    /// A run of `count` targets that are all connected; those in `lost` are lost for half a second at the same time.
    fn report(count: usize, lost: std::ops::Range<usize>) -> RunReport {
        let target = |number| Target { name: Some(format!("t{number}")), ..plan().target };
        let rejected = vec![RejectedLine { line: 7, why: "not valid UTF-8".into() }];
        let scope = Scope { targets: (0..count).map(target).collect(), rejected, ..Scope::default() };
        let mut records = Records::default();
        let mut plan = plan();
        plan.scope = Some(scope);
        plan.subscription = None;
        records.on_event(&started(plan));
        let mut of = |number: usize, event: Event| {
            records.on_event(&Event { target: Some(format!("t{number}").into()), ..event });
        };
        for number in 0..count {
            of(number, at(0.1, connected(1)));
            of(number, at(1.0, interval(good(10), &[100])));
        }
        for number in lost.clone() {
            of(number, at(5.0, disconnected(1, None)));
        }
        for number in lost {
            of(number, at(5.5, reconnected(2, 0.5)));
        }
        records.on_event(&finished(60.0));
        RunReport::new(&records.figures())
    }

    fn written(report: &RunReport, format: Format) -> String {
        let mut out = Vec::new();
        render::write(report, format, Style::default(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_format_names_the_target() {
        let report = report(4, 1..4);
        for format in Format::all_of(Content::Report) {
            let text = written(&report, format);
            let part = match format {
                Format::Text => "3 of 4 targets degraded: t1, t2, t3",
                Format::Json => "\"target\": \"t3\"",
                Format::Ndjson => "{\"type\":\"outage\",\"target\":\"t1\",",
                Format::Csv => "\r\nt0,verdict,healthy\r\n",
                Format::Openmetrics | Format::Prometheus => {
                    "redis_doctor_outages_total{target=\"t2\",kind=\"drop\"} 1\n"
                }
                Format::Nagios => "REDIS-DOCTOR WARNING - 3 of 4 targets degraded: t1, t2, t3",
                Format::Markdown => "\n| t0 | healthy |",
                Format::Html => "<td>t0</td><td>healthy</td>",
                // The sum of all targets.
                Format::Hgrm => "Total count    =            4]",
                Format::Hlog => "\nTag=t3,0.000,1.000,0.1",
                Format::Junit => unreachable!("it is for drills"),
            };
            assert!(text.contains(part), "{format:?}: no {part:?} in {text}");
        }
        let mut out = Vec::new();
        let style = Style { rows: Rows::Outages, ..Style::default() };
        render::write(&report, Format::Csv, style, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("target,run,id,incident,") && text.contains("\r\nt2,1,"), "{text}");
        let metrics = written(&report, Format::Openmetrics);
        let heads = metrics.lines().filter(|line| line.starts_with("# TYPE redis_doctor_verdict "));
        assert_eq!(heads.count(), 1, "a family is written once: {metrics}");
    }

    #[test]
    fn of_many_targets_the_worst_are_shown_and_the_others_counted() {
        let text = written(&report(200, 100..130), Format::Text);
        assert!(text.contains("targets   30 degraded · 170 healthy"), "{text}");
        assert_eq!(
            text.lines().filter(|line| line.starts_with("t1") && line.contains("degraded")).count(),
            ROWS,
            "{text}"
        );
        assert!(text.contains("… and 180 more, 10 of them not healthy"), "{text}");
        assert_eq!(text.matches("\n--- t").count(), DETAILED, "{text}");
        assert!(text.contains("30 of 200 targets were lost within 0.1 s, all on 127.0.0.1"), "{text}");
        assert!(text.contains("RD225 · line 7 of the list was skipped: not valid UTF-8"), "{text}");
    }

    #[test]
    fn all_healthy_is_said_once() {
        let text = written(&report(200, 0..0), Format::Text);
        assert!(text.contains("verdict  HEALTHY  all 200 targets healthy"), "{text}");
        assert!(text.contains("… and 180 more, all healthy") && !text.contains("\n--- "), "{text}");
    }
}
