//! Outages as several vantage points saw them, and their clocks: the lines of the text report.

use super::markup::{section, text};
use crate::{
    render::{Times, report::vantage_lines},
    report::Report,
};

pub(super) fn write(report: &Report, times: Times) -> String {
    let lines = vantage_lines(report, times);
    let items: String = lines.iter().map(|line| format!("<li>{}</li>\n", text(line))).collect();
    let list = if items.is_empty() { items } else { format!("<ul>\n{items}</ul>\n") };
    section("vantage", "Vantage points", "", &list)
}
