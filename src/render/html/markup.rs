//! The parts of HTML that every section is made of.

use crate::render::units::{clean, duration};

/// Returns plain text as HTML, for content and for values of attributes: on one line, without invisible characters.
pub(super) fn text(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for char in clean(text).chars() {
        match char {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            _ => html.push(char),
        }
    }
    html
}

/// Returns a figure of the JSON document: `path` is its place there, `shown` the text.
pub(super) fn figure(path: &str, value: impl std::fmt::Display, shown: &str) -> String {
    format!("<data data-json=\"{path}\" value=\"{value}\">{}</data>", text(shown))
}

/// Returns a duration of the JSON document.
pub(super) fn time(path: &str, seconds: f64) -> String {
    figure(path, seconds, &duration(seconds))
}

/// Returns a count of the JSON document.
pub(super) fn count(path: &str, number: u64) -> String {
    figure(path, number, &grouped(number))
}

/// Formats a whole number with narrow spaces between groups of three digits, from five digits on.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push('\u{202f}');
        }
        shown.push(digit);
    }
    shown
}

/// Formats a share of 1 as a length in CSS.
pub(super) fn percent(share: f64) -> String {
    let text = format!("{:.4}", share * 100.0);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{}%", if text.is_empty() { "0" } else { text })
}

/// Returns a section with a heading; none without content.
pub(super) fn section(id: &str, title: &str, lead: &str, content: &str) -> String {
    if content.is_empty() {
        return String::new();
    }
    let lead = if lead.is_empty() { String::new() } else { format!("<p class=\"lead\">{lead}</p>\n") };
    format!(
        "<section id=\"{id}\" aria-labelledby=\"{id}-h\">\n<h2 id=\"{id}-h\">{title}</h2>\n{lead}{content}</section>\n"
    )
}

/// Returns a table; cells are HTML. `numbers` are the columns aligned to the right.
pub(super) fn table(caption: &str, header: &[&str], numbers: &[usize], rows: &[Vec<String>]) -> String {
    let class = |index: usize| if numbers.contains(&index) { " class=\"r\"" } else { "" };
    let mut html = format!("<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table>\n");
    html.push_str(&format!("<caption class=\"sr\">{caption}</caption>\n<thead><tr>"));
    for (index, name) in header.iter().enumerate() {
        html.push_str(&format!("<th scope=\"col\"{}>{name}</th>", class(index)));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        html.push_str("<tr>");
        for (index, cell) in row.iter().enumerate() {
            html.push_str(&format!("<td{}>{cell}</td>", class(index)));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div>\n");
    html
}

/// Returns a code of `redis-doctor explain` as a command.
pub(super) fn explain(code: &str) -> String {
    format!("<code class=\"cmd\">redis-doctor explain {}</code>", text(code))
}
