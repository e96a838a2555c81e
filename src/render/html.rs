//! Pages for a browser: self-contained files, complete without a script, with the JSON document inside.
//!
//! Every text passes through [`markup::text`]. The policy of the page forbids the browser to load anything and to run any
//! script but the one in this folder, whose hash it contains.

mod banner;
mod causes;
mod drill;
mod family;
mod idle;
mod incidents;
mod ladder;
mod latency;
mod markup;
mod setup;
mod survival;
mod tables;
mod targets;
#[cfg(test)]
mod tests;
mod timeline;
mod trace;
mod vantage;
mod verdict;

use std::io::{self, Write};

pub(super) use drill::of_drill;
pub(super) use idle::of_idle;
use markup::text;
pub(super) use survival::of_survival;
pub(super) use targets::of_scope;
pub(super) use trace::of_trace;

use super::{Style, Times};
use crate::report::Report;

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");

/// The hash of the script in the policy of the page; a test compares them.
const SCRIPT_HASH: &str = "sha256-0SbocvUvGVY1WnMJUS0aijDnzIxso+zW25XIt53hV3A=";

/// A page without its frame.
#[derive(Debug)]
pub(crate) struct Page {
    /// Title of the window, plain text.
    title: String,
    /// Content, as HTML.
    body: String,
}

impl Page {
    /// Writes the page with the JSON of its document.
    pub(super) fn write(&self, json: &str, out: &mut dyn Write) -> io::Result<()> {
        write!(
            out,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
             script-src '{SCRIPT_HASH}'; base-uri 'none'; form-action 'none'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n\
             <body>\n{}<script type=\"application/json\" id=\"report\">",
            text(&self.title),
            self.body,
        )?;
        out.write_all(inert(json).as_bytes())?;
        write!(out, "</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n")
    }
}

/// Returns JSON that cannot end the element that it is in. The character occurs only in strings.
fn inert(json: &str) -> String {
    json.replace('<', "\\u003c")
}

/// Returns the page of a report.
pub(super) fn of_report(report: &Report) -> Page {
    // A page may be read in another zone.
    let times = Times::of_report(report, Style::default());
    let connected = report.ever_connected();
    let mut body = banner::write(report, times);
    body.push_str("<main>\n");
    body.push_str(&verdict::write(report, times));
    if connected {
        body.push_str(&banner::figures(report));
        body.push_str(&timeline::write(report, times));
    } else {
        body.push_str(&ladder::write(report));
    }
    body.push_str(&incidents::write(report, times));
    body.push_str(&vantage::write(report, times));
    if connected {
        body.push_str(&latency::write(report));
    }
    body.push_str(&tables::write(report, times));
    body.push_str(&setup::write(report));
    body.push_str("</main>\n");
    Page { title: format!("{} · {}", report.verdict.to_string().to_uppercase(), banner::subject(report)), body }
}
