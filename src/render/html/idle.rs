//! The page of a search for the idle limit: the verdict, and a ladder of the silences.

use std::fmt::Write as _;

use super::{
    Page,
    markup::{figure, percent, section, text},
    verdict,
};
use crate::{
    idle::{Ending, IdleReport, Silence},
    render::{Style, Times, units::span},
};

/// Rungs that are drawn; the JSON has all silences.
const RUNGS: usize = 300;

/// Returns the page. The headline and the answers are plain text.
pub(in crate::render) fn of_idle(report: &IdleReport, headline: &str, answers: &[(&'static str, String)]) -> Page {
    let answers: Vec<_> = answers.iter().map(|(question, answer)| (*question, text(answer))).collect();
    let notes: Vec<_> = report.notes.iter().map(|note| format!("<li class=\"info\">{}</li>", text(note))).collect();
    let identity = report.server.identity.as_ref().map(|identity| format!("<span>{}</span>", text(identity)));
    let body = format!(
        "<a class=\"skip\" href=\"#verdict\">Skip to the verdict</a>\n<header><b>redis-doctor idle</b>\
         <span><code>{}</code></span>{}<span>{}</span><span>{}</span></header>\n<main>\n{}{}</main>\n",
        text(&report.target),
        identity.unwrap_or_default(),
        text(&Times::moments(Style::default()).in_full(report.started)),
        figure("lasted", report.lasted.as_secs_f64(), &span(report.lasted)),
        verdict::frame(report.verdict, report.interrupted, &text(headline), &answers, &notes),
        section("silences", "Silences", LEAD, &ladder(report)),
    );
    Page { title: format!("{} · redis-doctor idle {}", verdict::named(report.verdict), report.target), body }
}

const LEAD: &str =
    "Each connection was left silent for a time, then sent a PING. The length of a bar is the time it was silent.";

fn ladder(report: &IdleReport) -> String {
    let mut rungs: Vec<(usize, &Silence)> = report.silences.iter().enumerate().collect();
    rungs.sort_by_key(|(_, silence)| (silence.planned, silence.round));
    let longest = rungs.last().map(|(_, silence)| silence.planned.as_secs_f64()).unwrap_or_default();
    if rungs.is_empty() || longest <= 0.0 {
        return String::new();
    }
    let mut html = String::from("<ol class=\"rungs\">\n");
    for (index, silence) in rungs.iter().take(RUNGS) {
        let (class, words) = match silence.ending {
            Ending::Answered => ("yes", "answered"),
            Ending::Reset => ("no", "reset (RST)"),
            Ending::Closed => ("no", "closed (FIN)"),
            Ending::Unanswered => ("no", "no reply"),
            Ending::Interrupted => ("later", "interrupted"),
        };
        let lasted = silence.lasted.as_secs_f64();
        let when = if silence.dated { format!(" after {}", span(silence.lasted)) } else { String::new() };
        let _ = writeln!(
            html,
            "<li class=\"{class}\"><b>{}</b><i class=\"track\"><i style=\"width:{}\"></i></i><span>{words}{}</span></li>",
            figure(&format!("silences.{index}.planned"), silence.planned.as_secs_f64(), &span(silence.planned)),
            percent((lasted / longest).clamp(0.0, 1.0)),
            text(&when),
        );
    }
    html.push_str("</ol>\n");
    if rungs.len() > RUNGS {
        let _ = writeln!(html, "<p>… and {} more, in the JSON.</p>", rungs.len() - RUNGS);
    }
    html
}
