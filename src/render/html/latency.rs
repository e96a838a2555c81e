//! The distribution of the latency: the curve of percentiles, the heat map, and a table.

use std::fmt::Write as _;

use super::{
    banner::percentile,
    markup::{count, percent, section, table, text, time},
    timeline::curves::{Decades, range},
};
use crate::{
    render::units::{duration, percent as share_of},
    report::{Latency, Point, Report},
};

/// Columns of the heat map.
const COLUMNS: usize = 120;

/// Shades of the heat map, and the smallest share of a column that has each.
const SHADES: [f64; 6] = [0.0, 0.005, 0.02, 0.08, 0.25, 0.5];

/// Marks of the axis of percentiles.
const MARKS: [f64; 7] = [0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999];

pub(super) fn write(report: &Report) -> String {
    let panels = format!("{}{}", curve(report), heat(report));
    let panels = if panels.is_empty() { String::new() } else { format!("<div class=\"panels\">{panels}</div>\n") };
    section(
        "latency",
        "Latency",
        "From the intended start of each command to its reply; both axes show latency on a logarithmic scale.",
        &format!("{panels}{}", figures(report)),
    )
}

/// The place of a percentile: a decade of rarity has the same width everywhere.
fn rarity(quantile: f64) -> f64 {
    -(1.0 - quantile).max(1e-12).log10()
}

fn curve(report: &Report) -> String {
    let (probes, messages) = (report.latency_curve(), report.end_to_end_curve());
    let all = || probes.iter().chain(&messages);
    let (low, high) = range(all().map(|point| point.seconds).filter(|value| *value > 0.0));
    let Some(scale) = Decades::of(low, high) else { return String::new() };
    let end = all().map(|point| rarity(point.quantile)).fold(1.0, f64::max);
    let path = |points: &[Point]| {
        let mut path = String::new();
        for (index, point) in points.iter().enumerate() {
            let (x, y) = (rarity(point.quantile) / end * 1e4, 1e3 - scale.share(point.seconds) * 1e3);
            let _ = write!(path, "{}{x:.0} {y:.0}", if index == 0 { 'M' } else { 'L' });
        }
        path
    };
    let mut html = format!(
        "<figure class=\"plot\"><figcaption>Percentiles</figcaption><div class=\"y\" aria-hidden=\"true\">{}</div>\
         <div class=\"field\" role=\"img\" aria-label=\"{}\">{}",
        scale.labels(),
        text(&spoken(report)),
        scale.lines(),
    );
    let _ = write!(
        html,
        "<svg viewBox=\"0 0 10000 1000\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
         <path class=\"p50\" d=\"{}\"/><path class=\"e2e\" d=\"{}\"/></svg></div><div class=\"x\" aria-hidden=\"true\">",
        path(&probes),
        path(&messages)
    );
    for mark in MARKS.iter().filter(|mark| rarity(**mark) <= end) {
        let _ = write!(
            html,
            "<span style=\"left:{}\">{}</span>",
            percent(rarity(*mark) / end),
            text(&share_of(*mark).replace(" %", ""))
        );
    }
    html.push_str("</div><p class=\"legend\">");
    for (points, class, name) in
        [(&probes, "k-p50", "commands"), (&messages, "k-e2e", "messages, from PUBLISH to receipt")]
    {
        if !points.is_empty() {
            let _ = write!(html, "<span class=\"key {class}\"><i></i>{name}</span>");
        }
    }
    html.push_str("</p></figure>\n");
    html
}

fn spoken(report: &Report) -> String {
    let figures = report.latency.as_ref().map(|latency| {
        let named = [("p50", latency.p50), ("p90", latency.p90), ("p99", latency.p99), ("maximum", latency.max)];
        named.iter().map(|(name, value)| format!("{name} {}", duration(*value))).collect::<Vec<_>>().join(", ")
    });
    format!("Percentiles of latency: {}", figures.unwrap_or_default())
}

fn heat(report: &Report) -> String {
    let Some(heat) = report.heat(COLUMNS) else { return String::new() };
    let mut paths = vec![String::new(); SHADES.len()];
    for cell in &heat.cells {
        let shade = SHADES.iter().rposition(|least| cell.share >= *least).unwrap_or_default();
        let y = heat.rows - 1 - (cell.row - heat.bottom);
        let _ = write!(paths[shade], "M{} {y}h1v1h-1z", cell.column);
    }
    let paths: String = paths
        .iter()
        .enumerate()
        .filter(|(_, path)| !path.is_empty())
        .map(|(shade, path)| format!("<path class=\"h{shade}\" d=\"{path}\"/>"))
        .collect();
    let mut labels = String::new();
    for row in heat.bottom..=heat.bottom + heat.rows {
        if row.rem_euclid(8) == 0 {
            let height = f64::from(row - heat.bottom) / f64::from(heat.rows);
            let label = text(&duration(10f64.powi(row / 8)));
            let _ = write!(labels, "<span style=\"bottom:{}\">{label}</span>", percent(height));
        }
    }
    let shades: String = (0..SHADES.len()).map(|shade| format!("<i class=\"h{shade}\"></i>")).collect();
    format!(
        "<figure class=\"plot\"><figcaption>Heat map over the run</figcaption><div class=\"y\" aria-hidden=\"true\">{labels}</div>\
         <div class=\"field\" role=\"img\" aria-label=\"Heat map of latency over the run\"><svg viewBox=\"0 0 {} {}\" \
         preserveAspectRatio=\"none\" shape-rendering=\"crispEdges\" aria-hidden=\"true\">{paths}</svg></div>\
         <div class=\"x\" aria-hidden=\"true\"><span style=\"left:0\">start</span><span style=\"left:100%\">end</span></div>\
         <p class=\"legend shades\">share of the replies of a column: few {shades} most</p></figure>\n",
        heat.columns, heat.rows,
    )
}

fn figures(report: &Report) -> String {
    let named = [
        ("latency", "from the intended start", &report.latency),
        ("service", "round trip", &report.service),
        ("failed_latency", "failed commands", &report.failed_latency),
        ("waited", "wait for a connection", &report.waited),
        ("end_to_end", "messages, end to end", &report.end_to_end),
    ];
    let row = |path: &str, name: &str, latency: &Latency| {
        let of = |field: &str| format!("{path}.{field}");
        let mut row = vec![name.to_owned(), count(&of("count"), latency.count)];
        row.push(time(&of("min"), latency.min));
        row.push(time(&of("mean"), latency.mean));
        row.extend(["p50", "p90", "p99", "p999"].map(|name| percentile(path, name, latency)));
        row.push(time(&of("max"), latency.max));
        row
    };
    let rows: Vec<_> = named
        .into_iter()
        .filter_map(|(path, name, latency)| latency.as_ref().map(|latency| row(path, name, latency)))
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let header = ["", "Count", "Min", "Mean", "p50", "p90", "p99", "p99.9", "Max"];
    table("Latency", &header, &[1, 2, 3, 4, 5, 6, 7, 8], &rows)
}
