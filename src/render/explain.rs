//! An entry of the knowledge base, the list of all, and what occurs in a log, for a terminal of any width or as JSON.
//!
//! Prose is wrapped; a command never is, so that it can be copied.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use console::measure_text_width;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Style, document::Document, fit, units::clean};
use crate::knowledge::{self, Answer, Entry, Kind, Log};

/// The prefix of a command in the data.
const COMMAND: &str = "$ ";

const BOLD: &str = "1";
const CYAN: &str = "36";

impl Document for Answer {
    fn root(&self) -> impl Serialize {
        let Self { best, others, exact, sure } = self;
        let nearest = [&**best].into_iter().filter(|_| !sure);
        Found {
            exact: *exact,
            sure: *sure,
            entry: sure.then_some(&**best),
            others: nearest.chain(others.iter().copied()).collect(),
        }
    }

    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        let page = Page::new(style);
        if self.sure { text(self, page, out) } else { nearest(self, page, out) }
    }
}

/// All entries, as a list.
impl Document for [Entry] {
    fn root(&self) -> impl Serialize {
        self
    }

    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        list(self, Page::new(style), out)
    }
}

impl Document for Log {
    fn root(&self) -> impl Serialize {
        self
    }

    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        log(self, Page::new(style), out)
    }
}

/// The JSON document of an answer.
#[derive(Serialize, JsonSchema)]
pub(super) struct Found<'a> {
    /// True if the entry was named, not only described.
    exact: bool,
    /// False if no entry fits well enough; `others` are then the nearest.
    sure: bool,
    /// The entry that explains the words; null if that is not sure.
    entry: Option<&'a Entry>,
    /// Further entries, the nearest first.
    others: Vec<&'a Entry>,
}

/// The nearest entries, where none is the answer for sure.
fn nearest(answer: &Answer, page: Page, out: &mut dyn Write) -> io::Result<()> {
    let entries: Vec<&Entry> = [&*answer.best].into_iter().chain(answer.others.iter().copied()).collect();
    links("not sure; nearest:", &entries, page, out)?;
    writeln!(out)?;
    let example = format!("Read one with `redis-doctor explain {}`, or add more of the line.", answer.best.id);
    page.prose("", &example, out)
}

/// Each entry that occurs, then the most frequent one in full.
fn log(log: &Log, page: Page, out: &mut dyn Write) -> io::Result<()> {
    let Log { lines, explained, occurrences, possible_causes, entry } = log;
    writeln!(out, "{}", page.paint(BOLD, &format!("{explained} of {lines} lines explained")))?;
    let column = occurrences.iter().map(|row| row.id.len()).max().unwrap_or_default();
    let digits = occurrences.iter().map(|row| row.count.to_string().len()).max().unwrap_or_default();
    for row in occurrences {
        let head = format!("  {:>digits$}  {:<column$}  ", row.count, row.id);
        page.prose(&head, row.title, out)?;
        let margin = " ".repeat(measure_text_width(&head));
        match (&row.first, &row.last) {
            (Some(first), Some(last)) if first != last => page.prose(&margin, &format!("{first} to {last}"), out)?,
            (Some(first), _) => page.prose(&margin, first, out)?,
            (None, _) => {}
        }
        page.prose(&margin, &row.example.0, out)?;
    }
    let causes: Vec<&Entry> = possible_causes.iter().filter_map(|id| knowledge::entry(id)).collect();
    if !causes.is_empty() {
        writeln!(out)?;
        links("occurs as well, and can cause the most frequent one", &causes, page, out)?;
    }
    let Some(entry) = entry else { return Ok(()) };
    writeln!(out)?;
    let answer = Answer { best: Cow::Borrowed(entry), others: Vec::new(), exact: false, sure: true };
    text(&answer, page, out)
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
    page.prose("", &entry.title, out)?;
    writeln!(out)?;
    page.prose("", &entry.meaning, out)?;
    let voices: Vec<_> = entry.said_by.iter().map(ToString::to_string).collect();
    if !voices.is_empty() {
        writeln!(out, "\n{} {}", page.paint(BOLD, "reported by"), voices.join(", "))?;
    }
    section("likely causes", &entry.causes, page, out)?;
    steps("how to check", &entry.tell, page, out)?;
    steps("what to do", &entry.remedy, page, out)?;
    section("see also", &entry.see, page, out)?;
    writeln!(out, "\n{}", page.paint(BOLD, "sources"))?;
    for source in &entry.sources {
        page.prose(&format!("  {:<11} ", source.how), &source.place, out)?;
    }
    if !answer.others.is_empty() {
        writeln!(out)?;
        links(if answer.exact { "same name" } else { "other matches" }, &answer.others, page, out)?;
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
        page.prose(&head, &format!("{name}{}", entry.title), out)?;
    }
    Ok(())
}

fn steps(heading: &str, steps: &[String], page: Page, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{}", page.paint(BOLD, heading))?;
    for step in steps {
        match step.strip_prefix(COMMAND) {
            Some(command) => writeln!(out, "      {}", page.paint(CYAN, &clean(command)))?,
            None => page.prose("  - ", step, out)?,
        }
    }
    Ok(())
}

/// Width and color of the output.
#[derive(Clone, Copy)]
struct Page {
    width: usize,
    color: bool,
}

impl Page {
    fn new(style: Style) -> Self {
        Self { width: fit::readable(style.columns), color: style.color }
    }

    fn paint(self, color: &str, text: &str) -> String {
        if self.color { format!("\x1b[{color}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Writes text after a head, in lines of the page's width.
    fn prose(self, head: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
        let margin = measure_text_width(head);
        let painted = if head.is_empty() { String::new() } else { self.paint(CYAN, head) };
        writeln!(out, "{painted}{}", fit::wrapped(&clean(text), margin, margin, self.width))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Rows;

    const PLAIN: Style = Style {
        color: false,
        terminal: false,
        quiet: false,
        below_header: false,
        rows: Rows::Figures,
        verbose: false,
        local_time: false,
        columns: Some(40),
    };

    fn shown(query: &str, style: Style) -> String {
        let mut out = Vec::new();
        Document::text(&knowledge::search(query).unwrap(), style, &mut out).unwrap();
        String::from_utf8(out).unwrap()
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
    fn color_is_used_only_if_wanted() {
        assert!(!shown("RD012", PLAIN).contains('\x1b'));
        let painted = shown("RD012", Style { color: true, ..PLAIN });
        assert!(painted.contains("\x1b[1m"));
        let mut bare = painted;
        for code in [BOLD, CYAN, "0"] {
            bare = bare.replace(&format!("\x1b[{code}m"), "");
        }
        assert_eq!(bare, shown("RD012", PLAIN), "color changes nothing else");
    }
}
