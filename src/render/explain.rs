//! An entry of the knowledge base, and the list of all, for a terminal of any width or as JSON.
//!
//! Prose is wrapped; a command never is, so that it can be copied.

use std::io::{self, Write};

use serde::Serialize;

use super::units::clean;
use crate::{
    knowledge::{self, Answer, Entry, Kind},
    output::DocumentFormat,
};

/// The page that is written on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Columns.
    pub width: usize,
    /// Whether to use colour.
    pub color: bool,
}

impl Page {
    /// As wide as the terminal on stdout, as far as that can be read with ease; 80 columns when there is none.
    pub fn new(color: bool) -> Self {
        const WIDEST: u16 = 100;
        const NARROWEST: u16 = 30;
        let width = console::Term::stdout().size_checked().map_or(80, |(_, columns)| columns);
        Self { width: usize::from(width.clamp(NARROWEST, WIDEST)), color }
    }
}

/// What introduces a command in the data.
const COMMAND: &str = "$ ";

const BOLD: &str = "1";
const CYAN: &str = "36";

/// Writes what was found.
///
/// # Errors
/// Whatever writing returns.
pub fn explanation(answer: &Answer, format: DocumentFormat, page: Page, out: &mut dyn Write) -> io::Result<()> {
    match format {
        DocumentFormat::Json => json(&Found { exact: answer.exact, entry: &answer.best, others: &answer.others }, out),
        DocumentFormat::Text => text(answer, page, out),
    }?;
    out.flush()
}

/// Writes the list of all entries.
///
/// # Errors
/// Whatever writing returns.
pub fn catalogue(entries: &[Entry], format: DocumentFormat, page: Page, out: &mut dyn Write) -> io::Result<()> {
    match format {
        DocumentFormat::Json => json(&entries, out),
        DocumentFormat::Text => list(entries, page, out),
    }?;
    out.flush()
}

/// The document of `--format json`.
#[derive(Serialize)]
struct Found<'a> {
    /// The entry was named, not only described.
    exact: bool,
    entry: &'a Entry,
    others: &'a [&'a Entry],
}

fn json(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    out.write_all(b"\n")
}

fn list(entries: &[Entry], page: Page, out: &mut dyn Write) -> io::Result<()> {
    let headings = [
        (Kind::Cause, "causes of a lost connection"),
        (Kind::State, "states a client gets into"),
        (Kind::Finding, "findings"),
        (Kind::Error, "errors"),
        (Kind::Fact, "facts: limits and defaults"),
    ];
    for (number, (kind, heading)) in headings.into_iter().enumerate() {
        let of_kind: Vec<_> = entries.iter().filter(|entry| entry.kind == kind).collect();
        if number > 0 {
            writeln!(out)?;
        }
        links(heading, &of_kind, page, out)?;
    }
    Ok(())
}

fn text(answer: &Answer, page: Page, out: &mut dyn Write) -> io::Result<()> {
    let entry = &*answer.best;
    let errno = entry.errno.iter().map(ToString::to_string);
    let parts: Vec<_> = [entry.id.clone(), entry.name.clone()].into_iter().filter(|part| !part.is_empty()).collect();
    let head = parts.into_iter().chain([entry.kind.to_string()]).chain(errno).collect::<Vec<_>>().join(" · ");
    writeln!(out, "{}", page.paint(BOLD, &head))?;
    page.prose(&entry.title, "", "", out)?;
    writeln!(out)?;
    page.prose(&entry.meaning, "", "", out)?;
    let voices: Vec<_> = entry.said_by.iter().map(ToString::to_string).collect();
    if !voices.is_empty() {
        writeln!(out, "\n{} {}", page.paint(BOLD, "said by"), voices.join(", "))?;
    }
    section("likely causes", &entry.causes, page, out)?;
    steps("how to tell", &entry.tell, page, out)?;
    steps("what to do", &entry.remedy, page, out)?;
    section("see also", &entry.see, page, out)?;
    writeln!(out, "\n{}", page.paint(BOLD, "sources"))?;
    for source in &entry.sources {
        page.prose(&source.place, &format!("  {:<11} ", source.how), &" ".repeat(14), out)?;
    }
    if !answer.others.is_empty() {
        writeln!(out)?;
        links(if answer.exact { "also called so" } else { "may be meant, too" }, &answer.others, page, out)?;
    }
    Ok(())
}

fn section(heading: &str, ids: &[String], page: Page, out: &mut dyn Write) -> io::Result<()> {
    let entries: Vec<_> = ids.iter().filter_map(|id| knowledge::entry(id)).collect();
    if entries.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    links(heading, &entries, page, out)
}

/// A heading, then a line for each entry: what to type after `explain`, its name, its title.
fn links(heading: &str, entries: &[&Entry], page: Page, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", page.paint(BOLD, heading))?;
    let column = entries.iter().map(|entry| entry.id.len()).max().unwrap_or_default();
    for entry in entries {
        let name = if entry.name.is_empty() { String::new() } else { format!("{}: ", entry.name) };
        let head = format!("  {:<column$}  ", entry.id);
        page.prose(&format!("{name}{}", entry.title), &head, &" ".repeat(column + 4), out)?;
    }
    Ok(())
}

fn steps(heading: &str, steps: &[String], page: Page, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{}", page.paint(BOLD, heading))?;
    for step in steps {
        match step.strip_prefix(COMMAND) {
            Some(command) => writeln!(out, "      {}", page.paint(CYAN, &clean(command)))?,
            None => page.prose(step, "  - ", "    ", out)?,
        }
    }
    Ok(())
}

impl Page {
    fn paint(self, color: &str, text: &str) -> String {
        if self.color { format!("\x1b[{color}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Writes words in lines of the page's width: after `first` on the first, after `rest` on the others.
    fn prose(self, text: &str, first: &str, rest: &str, out: &mut dyn Write) -> io::Result<()> {
        for (number, line) in wrapped(&clean(text), self.width, first.chars().count()).into_iter().enumerate() {
            let margin = if number == 0 && !first.is_empty() { self.paint(CYAN, first) } else { rest.to_owned() };
            writeln!(out, "{margin}{line}")?;
        }
        Ok(())
    }
}

/// Words in lines that are no longer than `width` after a margin of `indent`; a longer word has a line of its own.
fn wrapped(text: &str, width: usize, indent: usize) -> Vec<String> {
    let room = width.saturating_sub(indent);
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Page = Page { width: 40, color: false };

    fn shown(query: &str, page: Page) -> String {
        let mut out = Vec::new();
        explanation(&knowledge::search(query).unwrap(), DocumentFormat::Text, page, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn words_are_wrapped_and_none_is_lost_or_cut() {
        assert_eq!(wrapped("aa bb cc", 5, 0), ["aa bb", "cc"]);
        assert_eq!(wrapped("aa bb cc", 7, 2), ["aa bb", "cc"]);
        assert_eq!(wrapped("a loooooong b", 4, 0), ["a", "loooooong", "b"]);
        assert_eq!(wrapped("", 10, 0), [""; 0]);
    }

    #[test]
    fn prose_keeps_to_the_width_and_commands_stay_whole() {
        for entry in knowledge::entries() {
            let text = shown(&entry.id, PLAIN);
            let commands: Vec<_> =
                entry.tell.iter().chain(&entry.remedy).filter_map(|step| step.strip_prefix(COMMAND)).collect();
            for command in &commands {
                assert!(text.lines().any(|line| line.trim() == *command), "{}: {command}\n{text}", entry.id);
            }
            for line in text.lines().skip(1).filter(|line| !commands.contains(&line.trim())) {
                let words = line.split_whitespace().count();
                // A margin and one long word (a URL) may stick out; a head line is one line.
                assert!(line.chars().count() <= 40 || words <= 3, "{}: {line}", entry.id);
            }
        }
    }

    #[test]
    fn colour_is_there_only_when_it_is_wanted() {
        assert!(!shown("RD012", PLAIN).contains('\x1b'));
        let painted = shown("RD012", Page { color: true, ..PLAIN });
        assert!(painted.contains("\x1b[1m"));
        let mut bare = painted;
        for code in [BOLD, CYAN, "0"] {
            bare = bare.replace(&format!("\x1b[{code}m"), "");
        }
        assert_eq!(bare, shown("RD012", PLAIN), "colour changes nothing else");
    }
}
