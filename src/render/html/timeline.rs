//! The timeline: lanes on one axis of time, with latency on a logarithmic scale.
//!
//! All places are percentages of the plane, so that the page is fluid without a script and a script can zoom by widening
//! the plane. Curves are in an SVG that is stretched; their lines keep their width.

mod axis;
pub(super) mod curves;
mod lanes;

use std::{collections::BTreeSet, fmt::Write as _};

use super::{
    family::Family,
    incidents::anchor,
    markup::{percent, section, text},
};
use crate::{
    render::{
        Times,
        units::{self, duration},
    },
    report::{Axis, Report},
};

/// Maximum number of connections with a lane each; more share one.
const LANES: u32 = 12;

/// Smallest distance of two numbers, as a share of the axis.
const APART: f64 = 0.028;

/// A lane: its label, its class, which sets its height, and its content as HTML.
struct Lane {
    label: String,
    class: &'static str,
    content: String,
}

impl Lane {
    fn new(label: impl Into<String>, class: &'static str, content: String) -> Self {
        Self { label: label.into(), class, content }
    }
}

pub(super) fn write(report: &Report, times: Times) -> String {
    let axis = report.axis();
    if report.intervals.len() < 2 || axis.length <= 0.0 {
        return String::new();
    }
    let mut lanes = Vec::new();
    if !report.incidents.rows.is_empty() {
        lanes.push(Lane::new("incidents", "l-num", numbers(report, &axis)));
    }
    lanes.extend(curves::latency(report, &axis));
    lanes.extend(lanes::connections(report, &axis));
    lanes.extend(curves::answers(report, &axis));
    lanes.extend(curves::lost(report, &axis));
    lanes.extend(lanes::servers(report, &axis));
    lanes.extend(lanes::faults(report, &axis));
    lanes.push(Lane::new("UTC", "l-axis", axis::ticks(report, &axis)));

    let (mut gutter, mut plane) = (String::new(), String::new());
    for Lane { label, class, content } in &lanes {
        let _ = write!(gutter, "<div class=\"{class}\">{label}</div>");
        let _ = writeln!(plane, "<div class=\"lane {class}\">{content}</div>");
    }
    let grid = axis::grid(report, &axis);
    let steps = if report.incidents.rows.is_empty() {
        "<span class=\"hint\">Keys: + − 0 to zoom, ← → to move"
    } else {
        "<button type=\"button\" data-step=\"-1\">Previous incident</button>\
         <button type=\"button\" data-step=\"1\">Next incident</button>\
         <span class=\"hint\">Keys: + − 0 to zoom, ← → to move, n p for the next and the previous incident"
    };
    let html = format!(
        "{}<div class=\"tools js\" hidden><button type=\"button\" data-zoom=\"0\">Whole run</button>\
         <button type=\"button\" data-zoom=\"2\" aria-label=\"Zoom in\">+</button>\
         <button type=\"button\" data-zoom=\"0.5\" aria-label=\"Zoom out\">−</button>\
         {steps}</span></div>\n\
         <output id=\"readout\" class=\"js\" hidden>Point at the chart to read it.</output>\n\
         <div class=\"chart\"><div class=\"gutter\" aria-hidden=\"true\">{gutter}</div>\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Timeline: {}\"><div class=\"plane\">\n{grid}{plane}</div></div></div>\n\
         <script type=\"application/json\" id=\"view\">{}</script>\n",
        legend(report),
        text(&summary(report)),
        view(report, &axis),
    );
    section("timeline", "Timeline", &lead(report, times), &html)
}

fn lead(report: &Report, _: Times) -> String {
    let steps = report.intervals.iter().map(|row| row.span).fold(0.0, f64::max);
    let mut lead = format!(
        "Color and pattern show where the cause lies. Latency is on a logarithmic scale, in steps of at most {}.",
        text(&duration(steps.round().max(1.0)))
    );
    if report.outages.omitted > 0 {
        let _ = write!(lead, " {} are not drawn as bars.", text(&units::count(report.outages.omitted, "outage")));
    }
    if report.runs.len() > 1 {
        lead.push_str(" The runs follow each other without the time between them.");
    }
    lead
}

/// The description of the drawing for a screen reader.
fn summary(report: &Report) -> String {
    let mut parts = vec![units::count(report.incidents.count, "incident")];
    parts.extend(
        report.latency.as_ref().map(|latency| {
            format!("median latency {}, 99th percentile {}", duration(latency.p50), duration(latency.p99))
        }),
    );
    parts.push(format!("over {}", duration(report.duration)));
    parts.join(", ")
}

fn legend(report: &Report) -> String {
    let mut html = String::from(
        "<p class=\"legend\"><span class=\"key k-p50\"><i></i>p50</span><span class=\"key k-band\"><i></i>p50 to p99.9</span>\
         <span class=\"key k-max\"><i></i>maximum</span>",
    );
    let incidents = report.incidents.rows.iter().map(|row| row.cause.as_ref().map(|cause| cause.cause));
    let outages = report.outages.rows.iter().map(|row| Some(row.diagnosis.cause));
    let families: BTreeSet<_> = incidents.chain(outages).map(Family::of).collect();
    for family in families {
        let _ = write!(html, "<span class=\"key {}\"><i></i>{}</span>", family.class(), family.words());
    }
    html.push_str("</p>\n");
    html
}

/// The numbers of the incidents; those too close to each other share a mark.
fn numbers(report: &Report, axis: &Axis) -> String {
    let mut html = String::new();
    let placed: Vec<_> =
        report.incidents.rows.iter().map(|row| (axis.place(row.incident.run, row.incident.time), row)).collect();
    let mut rest = placed.as_slice();
    while let Some((place, row)) = rest.first() {
        let close = rest.iter().take_while(|(other, _)| other - place < APART).count().max(1);
        let last = rest[close - 1].0;
        rest = &rest[close..];
        let (class, label, name) = if close == 1 {
            let family = Family::of(row.cause.as_ref().map(|cause| cause.cause));
            let number = row.incident.id.number();
            (family.class(), number.to_string(), format!("incident {number}"))
        } else {
            ("many", format!("{close}×"), format!("{close} incidents"))
        };
        let _ = write!(
            html,
            "<a class=\"num {class}\" href=\"#{}\" style=\"left:clamp(15px,{},100% - 15px)\" aria-label=\"{name}\">{label}</a>",
            anchor(report, row),
            percent((place + last) / 2.0),
        );
    }
    html
}

/// The data with which the script draws numbers and ticks again after a zoom.
fn view(report: &Report, axis: &Axis) -> String {
    let incidents: Vec<_> = report
        .incidents
        .rows
        .iter()
        .map(|row| {
            let family = Family::of(row.cause.as_ref().map(|cause| cause.cause)).class();
            let place = (axis.place(row.incident.run, row.incident.time) * 1e7).round() / 1e7;
            format!("[{place},{},\"{}\",\"{family}\"]", row.incident.id.number(), anchor(report, row))
        })
        .collect();
    let runs: Vec<_> = axis
        .runs
        .iter()
        .map(|(start, offset, length)| format!("[{},{offset},{length}]", *start as f64 / 1e9))
        .collect();
    format!("{{\"length\":{},\"runs\":[{}],\"incidents\":[{}]}}", axis.length, runs.join(","), incidents.join(","))
}
