//! The incidents: a card for each, or, of many, a row for each cause, a card for the longest of each, and a list.

mod attempts;
mod card;

use std::fmt::Write as _;

pub(super) use card::capitalized;

use super::{
    causes,
    family::Family,
    markup::{grouped, section, table, text},
};
use crate::{
    record::Id,
    render::{diagnosis, report::Times, units::duration},
    report::{IncidentRow, OutageRow, Report},
};

/// Incidents that have a card each; of more, only the longest of each cause has one.
const CARDS: usize = 12;

/// Returns the id of an incident in the page.
pub(super) fn anchor(report: &Report, row: &IncidentRow) -> String {
    anchor_of(report, row.incident.run, row.incident.id)
}

/// Returns the id in the page of the incident with this id.
pub(super) fn anchor_of(report: &Report, run: u32, id: Id) -> String {
    if report.runs.len() > 1 { format!("r{run}-{id}") } else { id.to_string() }
}

/// Returns the outage that has the evidence for the cause of an incident.
pub(super) fn example<'a>(report: &'a Report, row: &IncidentRow) -> Option<&'a OutageRow> {
    let cause = row.cause.as_ref()?;
    let rows = &report.outages.rows;
    rows.iter().find(|outage| outage.outage.run == row.incident.run && outage.outage.id == cause.outage)
}

pub(super) fn write(report: &Report, times: Times) -> String {
    let rows = &report.incidents.rows;
    if rows.is_empty() {
        let sentence = if report.ever_connected() {
            format!("<p>No connection was lost, and none fell silent, in {}.</p>\n", text(&duration(report.duration)))
        } else {
            String::new()
        };
        return section("incidents", "Incidents", "", &sentence);
    }
    let mut html = String::new();
    let few = rows.len() <= CARDS;
    if few {
        for row in rows {
            html.push_str(&card::write(report, row, times, &anchor(report, row)));
        }
    } else {
        let groups = causes::groups(report);
        html.push_str(&causes::write(report, &groups));
        html.push_str("<h3>The longest of each cause</h3>\n");
        // Where no outage of an incident is listed, there is nothing to show.
        for group in groups.iter().filter(|group| group.cause.is_some()) {
            let id = format!("longest-{}", group.name);
            html.push_str(&card::write(report, group.longest, times, &id));
        }
        html.push_str(&list(report, times));
    }
    let mut lead = "Connections that were lost together are one incident.".to_owned();
    if report.incidents.omitted > 0 {
        let _ = write!(
            lead,
            " Of {}, {} are listed: the first, the last and the longest.",
            grouped(report.incidents.count),
            rows.len()
        );
    }
    section("incidents", "Incidents", &lead, &html)
}

/// All listed incidents, folded.
fn list(report: &Report, times: Times) -> String {
    let row = |row: &IncidentRow| {
        let incident = &row.incident;
        let cause = row.cause.as_ref().map(|cause| cause.cause);
        let words = example(report, row).map(|row| diagnosis::named_in_words(&row.diagnosis)).unwrap_or_default();
        let end = if incident.unresolved > 0 { ", not over" } else { "" };
        vec![
            format!("<a id=\"{}\">{}</a>", anchor(report, row), incident.id),
            text(&times.of(incident.time)),
            format!("<span class=\"key {}\"><i></i>{}</span>", Family::of(cause).class(), text(&words)),
            text(&format!("{}{end}", duration(row.duration))),
            format!("{} of {}", incident.connections, incident.of),
            grouped(incident.messages_lost),
            grouped(incident.failed),
            incident
                .injected
                .as_ref()
                .map(|fault| format!("<code>{}</code>", text(&fault.to_string())))
                .unwrap_or_default(),
        ]
    };
    let rows: Vec<_> = report.incidents.rows.iter().map(row).collect();
    let header = ["", "Time (UTC)", "Cause", "Duration", "Connections", "Lost", "Failed", "Injected"];
    format!(
        "<details id=\"all\"><summary>All {} listed incidents</summary>\n\
         <p class=\"js\" hidden><label>Filter <input type=\"search\" id=\"filter\" placeholder=\"cause, time or fault\"></label> \
         <span id=\"filtered\" role=\"status\"></span></p>\n{}</details>\n",
        rows.len(),
        table("Incidents", &header, &[3, 4, 5, 6], &rows),
    )
}
