//! The attempts of a client to reconnect, drawn on the schedule of its policy.

use std::fmt::Write as _;

use super::card;
use crate::{
    event::Attempt,
    render::{
        html::markup::{percent, text},
        units::duration,
    },
    report::{OutageRow, Report},
};

/// Attempts drawn; the first ones and the last.
const DRAWN: usize = 60;

pub(super) fn write(report: &Report, row: &OutageRow) -> String {
    let Some(evidence) = row.outage.circumstances.evidence.as_ref().filter(|evidence| !evidence.attempts.is_empty())
    else {
        return String::new();
    };
    let lasted = row.duration.max(f64::MIN_POSITIVE);
    let place = |seconds: f64| percent((seconds / lasted).clamp(0.0, 1.0));
    let run = report.runs.get(row.outage.run.saturating_sub(1) as usize);
    let mut planned = String::new();
    for start in run.map(|run| run.started.schedule.as_slice()).unwrap_or_default() {
        let start = start.as_secs_f64();
        // The policy counts from the moment at which the connection was dropped.
        let start = start + evidence.lost.since(row.outage.lost).as_secs_f64();
        if start > lasted {
            break;
        }
        let _ = write!(planned, "<i class=\"due\" style=\"left:{}\"></i>", place(start));
    }
    let mut drawn = String::new();
    let (mut failed, mut words) = (0_u64, Vec::new());
    for (index, attempt) in evidence.attempts.iter().enumerate() {
        let at = attempt.at.since(row.outage.lost).as_secs_f64();
        let start = attempt.started.map_or(at, |start| start.since(row.outage.lost).as_secs_f64());
        let (class, name) = outcome(attempt);
        failed += u64::from(class != "ok");
        if index < DRAWN || index + 1 == evidence.attempts.len() {
            let about = format!("{name} at +{}", duration(at));
            let _ = write!(
                drawn,
                "<i class=\"way\" style=\"left:{};width:{}\"></i><i class=\"try t-{class}\" style=\"left:{}\" title=\"{}\"></i>",
                place(start),
                percent(((at - start) / lasted).clamp(0.0, 1.0)),
                place(at),
                text(&about),
            );
        }
        if !words.contains(&(class, name)) {
            words.push((class, name));
        }
    }
    let failed = evidence.tried.map_or(failed, |tried| tried.all().max(failed));
    let ends: Vec<_> = words
        .iter()
        .map(|(class, name)| format!("<span class=\"key\"><i class=\"try t-{class}\"></i>{}</span>", text(name)))
        .collect();
    let due = if planned.is_empty() { "" } else { "<span class=\"key\"><i class=\"due\"></i>due by the policy</span>" };
    format!(
        "<h4>Reconnect attempts: {}</h4>\n<div class=\"tries\" role=\"img\" aria-label=\"{}\"><div class=\"plan\">{planned}</div>\
         <div class=\"real\">{drawn}</div></div>\n<p class=\"scale\"><span>loss</span><span>+{}</span></p>\n<p class=\"legend\">{due}{}</p>\n",
        text(&if failed > 0 { format!("{failed} failed") } else { "the first succeeded".to_owned() }),
        text(&crate::render::attempts::line(row).unwrap_or_else(|| "answered at the first attempt".into())),
        text(&duration(row.duration)),
        ends.join(""),
    )
}

fn outcome(attempt: &Attempt) -> (&'static str, &'static str) {
    use crate::event::AttemptEnd;
    match (attempt.end, &attempt.failure) {
        (Some(end), _) => {
            let class = match end {
                AttemptEnd::Refused => "refused",
                AttemptEnd::Unanswered => "unanswered",
                AttemptEnd::Dropped => "dropped",
            };
            (class, card::ended(end))
        }
        (None, None) => ("ok", "answered"),
        (None, Some(_)) => ("refused", "failed"),
    }
}
