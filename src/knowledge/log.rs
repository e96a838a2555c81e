//! The entries that occur in several lines: a stack trace or a whole log.

mod lines;
mod stamp;

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, BufRead},
};

use schemars::JsonSchema;
use serde::Serialize;

use self::{lines::Lines, stamp::stamp};
use super::{Answer, Entry, entry, search, wording};

/// Number of lines whose entries are kept, because logs repeat themselves.
const KEPT: usize = 10_000;

/// A line of which everything that must not be shown was removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct Cleaned(pub(crate) String);

/// The result of reading an input.
#[derive(Debug)]
pub(crate) enum Survey {
    /// The input had one line: the answer for it, if there is one.
    Line { answer: Option<Box<Answer>>, line: String },
    /// The input had several lines.
    Log(Log),
}

/// The entries that occur in several lines.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Log {
    /// Number of lines that are not empty.
    pub(crate) lines: u64,
    /// Number of lines that an entry explains.
    pub(crate) explained: u64,
    /// Entries that occur, the most frequent first.
    pub(crate) occurrences: Vec<Occurrence>,
    /// Ids of entries that occur as well and can cause the first one.
    pub(crate) possible_causes: Vec<&'static str>,
    /// The first of the occurrences in full; null if there is none.
    pub(crate) entry: Option<&'static Entry>,
}

/// An entry that occurs in a log.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Occurrence {
    /// Code or id of the entry.
    pub(crate) id: &'static str,
    /// Title of the entry.
    pub(crate) title: &'static str,
    /// Number of lines.
    pub(crate) count: u64,
    /// Time of the first line as the log has it, or in UTC if the log counts seconds; null if unknown.
    pub(crate) first: Option<String>,
    /// Time of the last line, in the same form.
    pub(crate) last: Option<String>,
    /// The first line, cut, without passwords and control characters.
    pub(crate) example: Cleaned,
}

/// Reads an input to its end. `clean` makes a line fit to be shown.
pub(crate) fn survey(input: impl BufRead, clean: impl Fn(&str) -> Cleaned) -> io::Result<Survey> {
    let mut lines = Lines::of(input);
    let mut known: HashMap<u64, Option<&'static Entry>> = HashMap::new();
    let mut log = Log { lines: 0, explained: 0, occurrences: Vec::new(), possible_causes: Vec::new(), entry: None };
    let mut only = None;
    let mut time = None;
    while let Some(line) = lines.next()? {
        if line.trim().is_empty() {
            continue;
        }
        log.lines += 1;
        // The lines of a stack trace have the time of the line above them.
        time = stamp(&line).or(time);
        if let Some(found) = lookup(&line, &mut known) {
            log.count(found, time.as_ref(), || clean(&line));
        }
        only = Some(line);
    }
    match only.filter(|_| log.lines == 1) {
        Some(line) => Ok(Survey::Line { answer: search(line.trim()).map(Box::new), line }),
        None => Ok(Survey::Log(log.ranked())),
    }
}

/// Returns the entry of a line, from those already seen if its words were.
fn lookup(line: &str, known: &mut HashMap<u64, Option<&'static Entry>>) -> Option<&'static Entry> {
    if is_frame(line) {
        return None;
    }
    // Numbers apart: they do not decide, and lines of a log differ by them; error numbers are short.
    let mut hasher = DefaultHasher::new();
    line.split(|char: char| !char.is_alphanumeric())
        .filter(|word| !is_long_number(word))
        .for_each(|word| word.hash(&mut hasher));
    if known.len() >= KEPT {
        known.clear();
    }
    *known.entry(hasher.finish()).or_insert_with(|| wording::sure(line))
}

fn is_long_number(word: &str) -> bool {
    word.len() > 3 && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// True for a place in a program: a line of a stack trace that names no error.
fn is_frame(line: &str) -> bool {
    let text = line.trim_start();
    let numbered = text.strip_prefix('#').is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
    let place = ["at ", "from /", "File \"", "goroutine ", "... "].iter().any(|start| text.starts_with(start));
    place || numbered
}

impl Log {
    fn count(&mut self, entry: &'static Entry, time: Option<&String>, example: impl FnOnce() -> Cleaned) {
        self.explained += 1;
        match self.occurrences.iter_mut().find(|occurrence| occurrence.id == entry.id) {
            Some(occurrence) => {
                occurrence.count += 1;
                occurrence.last = time.cloned().or(occurrence.last.take());
            }
            None => self.occurrences.push(Occurrence {
                id: &entry.id,
                title: &entry.title,
                count: 1,
                first: time.cloned(),
                last: time.cloned(),
                example: example(),
            }),
        }
    }

    /// Sorts the entries by frequency. Of those that occur equally often, one that others name as their cause is first.
    fn ranked(mut self) -> Self {
        let blamed = |id: &str, by: &[Occurrence]| {
            by.iter()
                .filter_map(|occurrence| entry(occurrence.id))
                .filter(|entry| entry.causes.iter().any(|cause| cause == id))
                .count()
        };
        let all = self.occurrences.clone();
        self.occurrences.sort_by_key(|occurrence| std::cmp::Reverse((occurrence.count, blamed(occurrence.id, &all))));
        self.entry = self.occurrences.first().and_then(|first| entry(first.id));
        let causes = self.entry.into_iter().flat_map(|entry| &entry.causes);
        let occurs = |id: &&String| self.occurrences.iter().any(|occurrence| occurrence.id == **id);
        self.possible_causes = causes.filter(occurs).map(String::as_str).collect();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(text: &str) -> Log {
        match survey(text.as_bytes(), |line| Cleaned(line.to_owned())).unwrap() {
            Survey::Log(log) => log,
            Survey::Line { line, .. } => panic!("one line: {line}"),
        }
    }

    fn rows(log: &Log) -> Vec<(&str, u64)> {
        log.occurrences.iter().map(|occurrence| (occurrence.id, occurrence.count)).collect()
    }

    #[test]
    fn entries_are_counted_with_the_times_of_their_lines() {
        let log = log("2026-11-22T04:04:32Z ERROR Error 111 connecting to localhost:6379. Connection refused.\n\
             2026-11-22T04:04:33Z INFO request finished\n\n\
             2026-11-22T04:04:34Z ERROR Error 111 connecting to localhost:6380. Connection refused.\n\
             1:M 22 Nov 2026 04:04:35.110 # User requested shutdown...\n");
        assert_eq!((log.lines, log.explained), (4, 3));
        assert_eq!(rows(&log), [("RD125", 2), ("RD001", 1)]);
        let first = &log.occurrences[0];
        assert_eq!(first.first.as_deref(), Some("2026-11-22T04:04:32Z"));
        assert_eq!(first.last.as_deref(), Some("2026-11-22T04:04:34Z"));
        assert_eq!(log.entry.unwrap().id, "RD125");
        assert_eq!(log.possible_causes, ["RD001"]);
    }

    #[test]
    fn a_stack_trace_leads_to_the_cause_in_it() {
        let log = log(
            "2026-11-22 04:04:32,110 ERROR redis.clients.jedis.exceptions.JedisConnectionException: Could not get a resource from the pool\n\
             \tat redis.clients.jedis.util.Pool.getResource(Pool.java:84)\n\
             Caused by: redis.clients.jedis.exceptions.JedisConnectionException: Failed to connect to localhost:6379.\n\
             Caused by: java.net.ConnectException: Connection refused (Connection refused)\n\
             \t... 12 more\n",
        );
        assert_eq!(rows(&log), [("RD125", 1), ("RD136", 1), ("RD151", 1)]);
        assert_eq!(log.occurrences[0].first.as_deref(), Some("2026-11-22 04:04:32,110"), "the time of the line above");
    }

    #[test]
    fn one_line_is_a_question() {
        let Survey::Line { answer, .. } = survey(&b"\n Connection refused \n\n"[..], |_| Cleaned::default()).unwrap()
        else {
            panic!()
        };
        assert_eq!(answer.unwrap().best.id, "RD125");
        let Survey::Log(nothing) = survey(&b" \n\n"[..], |_| Cleaned::default()).unwrap() else { panic!() };
        assert_eq!((nothing.lines, nothing.entry), (0, None));
    }
}
