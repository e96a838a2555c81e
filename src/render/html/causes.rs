//! Many incidents: a row for each cause, with its times, and its hours of the day.

use std::fmt::Write as _;

use super::{
    family::Family,
    incidents,
    markup::{grouped, percent, table, text},
};
use crate::{
    render::units::duration,
    report::{Axis, Cause, IncidentRow, Report},
};

/// Hours of a day.
const HOURS: usize = 24;

/// The incidents of one cause.
pub(super) struct Group<'a> {
    pub(super) name: &'static str,
    pub(super) cause: Option<Cause>,
    rows: Vec<&'a IncidentRow>,
    pub(super) longest: &'a IncidentRow,
    total: f64,
}

/// Returns the incidents by cause, the costliest first.
pub(super) fn groups(report: &Report) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for row in &report.incidents.rows {
        let cause = row.cause.as_ref().map(|cause| cause.cause);
        match groups.iter_mut().find(|group| group.cause == cause) {
            Some(group) => {
                group.rows.push(row);
                group.total += row.duration;
                if row.duration > group.longest.duration {
                    group.longest = row;
                }
            }
            None => {
                let name = cause.map_or("not_listed", Cause::name);
                groups.push(Group { name, cause, rows: vec![row], longest: row, total: row.duration });
            }
        }
    }
    groups.sort_by(|one, other| other.total.total_cmp(&one.total));
    groups
}

pub(super) fn write(report: &Report, groups: &[Group<'_>]) -> String {
    let axis = report.axis();
    let row = |group: &Group<'_>| {
        let words = group.cause.map_or("not listed".to_owned(), Cause::words);
        let family = Family::of(group.cause);
        let lost: u64 = group.rows.iter().map(|row| row.incident.messages_lost).sum();
        vec![
            match group.cause {
                Some(_) => format!(
                    "<a class=\"key {}\" href=\"#longest-{}\"><i></i>{}</a>{}",
                    family.class(),
                    group.name,
                    text(&words),
                    cluster(group),
                ),
                None => format!("<span class=\"key {}\"><i></i>{words}</span>", family.class()),
            },
            grouped(group.rows.len() as u64),
            text(&duration(group.total)),
            text(&duration(group.longest.duration)),
            grouped(lost),
            moments(report, group, &axis),
            hours(group),
        ]
    };
    let rows: Vec<_> = groups.iter().map(row).collect();
    let header = ["Cause", "Incidents", "Total", "Longest", "Lost", "When", "Hour of day (UTC), 0 to 24"];
    table("Incidents by cause", &header, &[1, 2, 3, 4], &rows).replacen("<table>", "<table class=\"causes\">", 1)
}

/// A line for each incident: the longer, the taller.
fn moments(report: &Report, group: &Group<'_>, axis: &Axis) -> String {
    let longest = report.incidents.rows.iter().map(|row| row.duration).fold(1e-6, f64::max);
    let mut html = format!("<span class=\"when {}\" aria-hidden=\"true\">", Family::of(group.cause).class());
    for row in &group.rows {
        // Six decades of duration.
        let height = 1.0 + (row.duration.max(1e-9) / longest).log10() / 6.0;
        let _ = write!(
            html,
            "<a href=\"#{}\" tabindex=\"-1\" style=\"left:{};height:{}\"></a>",
            incidents::anchor(report, row),
            percent(axis.place(row.incident.run, row.incident.time)),
            percent(height.clamp(0.15, 1.0)),
        );
    }
    html.push_str("</span>");
    html
}

fn counted(group: &Group<'_>) -> [u64; HOURS] {
    let mut hours = [0; HOURS];
    for row in &group.rows {
        let hour = row.incident.time.unix_nanos() / 1_000_000_000 / 3_600 % HOURS as u64;
        hours[hour as usize] += 1;
    }
    hours
}

fn hours(group: &Group<'_>) -> String {
    let hours = counted(group);
    let most = hours.iter().max().copied().unwrap_or(1).max(1);
    let mut html = format!("<span class=\"hours {}\" aria-hidden=\"true\">", Family::of(group.cause).class());
    for (hour, count) in hours.iter().enumerate() {
        let share = *count as f64 / most as f64;
        let _ = write!(html, "<i title=\"{hour}:00, {count}\" style=\"height:{}\"></i>", percent(share));
    }
    html.push_str("</span>");
    html
}

/// A remark if most incidents begin in the same hour of the day.
fn cluster(group: &Group<'_>) -> String {
    let hours = counted(group);
    let (all, most) = (group.rows.len() as u64, hours.iter().max().copied().unwrap_or_default());
    let days = group
        .rows
        .iter()
        .map(|row| row.incident.time.unix_nanos() / 86_400_000_000_000)
        .collect::<std::collections::BTreeSet<_>>();
    let hour = hours.iter().position(|count| *count == most).unwrap_or_default();
    // Three quarters of them, on several days, is no chance.
    if all < 4 || most * 4 < all * 3 || days.len() < 3 {
        return String::new();
    }
    format!("<small>{most} of {all} between {hour:02}:00 and {:02}:00</small>", (hour + 1) % HOURS)
}
