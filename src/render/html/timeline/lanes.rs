//! The lanes of bars and marks: outages of each connection, servers and injected faults.

use std::fmt::Write as _;

use super::{LANES, Lane};
use crate::{
    clock::WallTime,
    record::OutageKind,
    render::{
        diagnosis,
        html::{
            family::Family,
            markup::{percent, text},
        },
        units::duration,
    },
    report::{Axis, OutageRow, Report},
};

/// Marks with a label are at least this far apart, as a share of the axis.
const LABEL: f64 = 0.12;

/// Returns a lane for each connection; one lane for many.
pub(super) fn connections(report: &Report, axis: &Axis) -> Vec<Lane> {
    let number = report.runs.iter().map(|run| run.started.plan.connections).max().unwrap_or(1).max(1);
    let bars = |connection: Option<u32>| {
        let rows = report.outages.rows.iter();
        let rows = rows.filter(|row| connection.is_none_or(|number| row.outage.connection == number));
        rows.map(|row| bar(report, row, axis)).collect::<String>()
    };
    if number > LANES {
        return vec![Lane::new(format!("{number} conn."), "l-all", bars(None))];
    }
    let name = |connection: u32| if number == 1 { "outages".to_owned() } else { format!("#{connection}") };
    (0..number).map(|connection| Lane::new(name(connection), "l-conn", bars(Some(connection)))).collect()
}

fn bar(report: &Report, row: &OutageRow, axis: &Axis) -> String {
    let from = axis.place(row.outage.run, row.outage.time);
    let kind = match row.outage.kind {
        OutageKind::Drop => "drop",
        OutageKind::Stall => "stall",
        OutageKind::Slow => "slow stretch",
    };
    let about =
        format!("{kind} {}, {}, {}", row.outage.id, duration(row.duration), diagnosis::named_in_words(&row.diagnosis));
    let open = if row.outage.restored.is_none() { " open" } else { "" };
    format!(
        "<a class=\"bar {}{open}\" href=\"#{}\" tabindex=\"-1\" aria-hidden=\"true\" title=\"{}\" style=\"left:{};width:{}\"></a>",
        Family::of(Some(row.diagnosis.cause)).class(),
        super::super::incidents::anchor_of(report, row.outage.run, row.outage.incident),
        text(&about),
        percent(from),
        percent(axis.share(row.duration).min(1.0 - from)),
    )
}

/// Returns the lane of the changes of the server; none without one.
pub(super) fn servers(report: &Report, axis: &Axis) -> Option<Lane> {
    let servers = &report.servers;
    let mut marks: Vec<(WallTime, String)> = Vec::new();
    marks.extend(servers.processes.iter().map(|row| (row.time, "new process".to_owned())));
    marks.extend(servers.role_changes.iter().map(|row| (row.time, row.change.to_string())));
    marks.extend(servers.moves.iter().map(|row| (row.time, format!("address moved to the {}", row.moved.to))));
    marks.sort_by_key(|(time, _)| *time);
    if marks.is_empty() {
        return None;
    }
    let mut content = String::new();
    let mut labeled = f64::NEG_INFINITY;
    for (time, words) in marks {
        let place = axis.place_of(time);
        let label = if place - labeled > LABEL && place < 1.0 - LABEL {
            labeled = place;
            format!("<span>{}</span>", text(&words))
        } else {
            String::new()
        };
        let _ = write!(
            content,
            "<i class=\"mark\" title=\"{}\" style=\"left:{}\">{label}</i>",
            text(&words),
            percent(place)
        );
    }
    Some(Lane::new("server", "l-mark", content))
}

/// Returns the lane of the faults that redis-doctor injected; none without one.
pub(super) fn faults(report: &Report, axis: &Axis) -> Option<Lane> {
    let mut content = String::new();
    let mut labeled = f64::NEG_INFINITY;
    for row in &report.faults {
        let place = axis.place(row.run, row.time);
        let words = match row.duration {
            Some(lasted) => format!("{} for {}", row.fault, duration(lasted.as_secs_f64())),
            None => row.fault.to_string(),
        };
        let label = if place - labeled > LABEL && place < 1.0 - LABEL {
            labeled = place;
            format!("<span>{}</span>", text(&row.fault.to_string()))
        } else {
            String::new()
        };
        let width = row.duration.map_or(0.0, |lasted| axis.share(lasted.as_secs_f64())).min(1.0 - place);
        let _ = write!(
            content,
            "<i class=\"fault\" title=\"{}\" style=\"left:{};width:{}\">{label}</i>",
            text(&words),
            percent(place),
            percent(width),
        );
    }
    (!content.is_empty()).then(|| Lane::new("faults", "l-mark", content))
}
