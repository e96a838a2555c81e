//! Keeps phrases out of comments, messages and documentation that a reader has to read twice.
//!
//! It reads comments and string literals of `src`, the knowledge base, the completions, and the Markdown files at the top.
//! A literal of one word is a name, not prose, and is not read; neither are the knowledge base's `aliases`, which are
//! other programs' words. Code spans in comments and Markdown (`said_by`) are names, too.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

/// Where a rule applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Anywhere,
    /// The first words of a doc comment.
    Opening,
}

/// A phrase that is not to be used.
#[derive(Debug)]
struct Rule {
    place: Place,
    /// A regular expression over whole words, without regard to case.
    phrase: &'static str,
    better: &'static str,
    /// A sentence that breaks the rule; a test checks that it is caught.
    example: &'static str,
}

const fn anywhere(phrase: &'static str, better: &'static str, example: &'static str) -> Rule {
    Rule { place: Place::Anywhere, phrase, better, example }
}

const fn opening(phrase: &'static str, better: &'static str, example: &'static str) -> Rule {
    Rule { place: Place::Opening, phrase, better, example }
}

const RULES: &[Rule] = &[
    // How a doc comment begins.
    opening("what", "a noun phrase: 'The ...'", "What the server counts."),
    opening("whether", "'True if ...', or a noun phrase", "Whether the server answered."),
    opening("who|whom|whose", "a noun phrase: 'The client that ...'", "Whose limit it is."),
    opening("how (?:many|much)", "'Number of ...', 'Returns the number of ...'", "How many keys there are."),
    opening("how (?:often|long|far)", "'Interval ...', 'Time ...', 'Limit ...'", "How often it is looked for."),
    opening("how", "a noun phrase: 'The way ...', 'The order of ...'", "How it ends connections."),
    opening("whatever|whoever|wherever", "a noun phrase", "Whatever writing returns."),
    opening("why", "'Reason ...', 'Error ...'", "Why the connection must be replaced."),
    opening("tells", "'Reports ...', 'Returns ...', 'Wakes ...'", "Tells the task that there is output."),
    opening("so many|so much", "'Maximum ...', 'Minimum ...'", "So many suggestions at most."),
    // Verbs of telling and asking.
    anywhere("tells?|telling", "report, show, log; distinguish", "It tells when you noticed."),
    anywhere("told", "get, see, be notified", "Nobody is told when it passes."),
    anywhere("(?:is|are|was|were|be|been|being) said", "reported; state it", "It is said to be unverified."),
    anywhere("said by", "reported by, from", "Broken pipe, said by the kernel."),
    anywhere("says? so", "reports it", "The documentation says so."),
    anywhere("in (?:its|their|the kernel's) words", "use a colon", "In its words: no such process."),
    anywhere("asked for", "requested, needed", "A section that is not asked for."),
    anywhere("what comes of", "the result of", "It shows what comes of it."),
    anywhere("comes? to", "is, adds up to", "What it comes to at the end."),
    // Persons in place of clients and servers.
    anywhere("somebody|someone", "an operator, a client; something", "Somebody closed this connection."),
    anywhere("nobody|no one", "no client, nothing", "Nobody was listening."),
    anywhere("everybody|everyone", "every client", "It lets everybody in."),
    anywhere("anybody|anyone", "a client, any client", "It never excludes anybody."),
    anywhere("whoever|whomever", "a client that, the code that", "Whoever reconnects is kept out."),
    anywhere("is the door", "is answering for the server", "Something in between is the door."),
    anywhere("(?:is|are|was|were) let (?:in|go)", "accepted, released", "The client is let in."),
    anywhere("(?:is|are|was|were) turned away", "refused", "One client too many is turned away."),
    // Time.
    anywhere("for ever", "forever, never", "It fails for ever."),
    anywhere("meanwhile", "during the outage, until then", "Timeouts that were counted meanwhile."),
    anywhere("at once", "immediately; at the same time; directly", "It notices the loss at once."),
    anywhere("for as long as", "while, until", "Retry for as long as it takes."),
    anywhere("again and again", "repeatedly", "It ends connections again and again."),
    anywhere("anew", "again", "Read the credentials anew."),
    anywhere("just then", "at that time", "Its own command runs just then."),
    anywhere("under way", "current, open; in progress; in flight", "A query is under way."),
    anywhere("(?:goes|went) on", "continues", "Then the server went on."),
    anywhere("time was up", "ran for the full ...", "finished: the time was up"),
    anywhere("beginnings of", "interval between", "Between the beginnings of two checks."),
    // Order and health.
    anywhere("(?:is|not|all) in order", "ok, fine; healthy", "Show only what is not in order."),
    anywhere("closed in order|orderly", "clean close (FIN), clean shutdown", "It was closed in order."),
    anywhere("(?:without a|no) cause (?:was )?given|as no cause", "no reason given", "Reported as no cause was given."),
    anywhere("path was healthy again", "server reachable after ...", "The path was healthy again at +4.12 s."),
    anywhere("server process lives", "the server stayed up", "It was reset, and the server process lives."),
    anywhere(
        "nothing that the server counts",
        "no server counter explains it",
        "Nothing that the server counts explains it.",
    ),
    anywhere("nothing listen(?:s|ed)", "nothing is (was) listening", "Connection refused: nothing listens there."),
    anywhere("stopped to (?:get|answer|arrive|come)", "stopped getting ...", "Packets stopped to get through."),
    anywhere("when spoken to", "first command after ... idle", "It was reset when spoken to."),
    anywhere("stood still|standing still|stands still", "was paused", "This machine stood still for 5 s."),
    anywhere("stands? for|stood for", "means, resolves to", "The name stood for another address."),
    anywhere("stands? (?:in|after|before|within|behind) the", "is in, follows", "The word stands in the text."),
    anywhere("rewrites addresses", "no NAT or proxy detected", "Nothing rewrites addresses."),
    anywhere("none asked for", "no password needed", "No password given, and none asked for."),
    anywhere("closes no [a-z]+ client", "idle clients are never closed", "The server closes no silent client."),
    anywhere("fullest", "largest", "The fullest subscriber holds 0 B."),
    anywhere("silent blackout", "worst case before a dead path is noticed", "The longest silent blackout."),
    anywhere(
        "clients? that (?:(?:only|just) )?listens?|clients? that (?:only|just) sends?",
        "subscriber only; active client",
        "A client that only listens.",
    ),
    anywhere("the middle one of", "median of", "The middle one of 5."),
    // Looking and finding.
    anywhere("(?:a|one|each|every|this) look|two looks", "check, probe", "What one look shows."),
    anywhere("looked (?:no|any) further", "the search stops there", "It is looked no further than that."),
    anywhere("not known by then", "report what is known so far", "Whatever is not known by then."),
    anywhere("nothing is known (?:about|of)", "no entry for", "Nothing is known about these words."),
    anywhere(
        "is not known here",
        "invalid value 'x'; expected one of",
        "'csv' is not known here; write one of text, json",
    ),
    anywhere("may be meant|that is meant|which is meant", "see also, the match", "The entry that is meant."),
    anywhere("called so", "with the same name", "Others are also called so."),
    // Giving up and getting stuck.
    anywhere(
        "g[ai]ves? (?:the|a|this|its|that) (?:[a-z]+ )?(?:connection|command|flow) up",
        "declare dead, drop, abandon",
        "The policy gave the connection up.",
    ),
    anywhere("(?:is|are|was|were) given up", "dropped, abandoned", "A link is given up after 60 s."),
    anywhere(
        "(?:not|never) leave (?:its|their|by)",
        "is stuck, unrecoverable",
        "The client could not leave its state.",
    ),
    anywhere("by (?:itself|themselves)", "automatically, on its own", "A client that reconnects by itself."),
    anywhere("of (?:its|their|your|our|my) own", "own, separate", "A proxy with an idle limit of its own."),
    anywhere("in the hands of", "held by", "It is in the hands of the worker."),
    anywhere("put down to", "attributed to", "An outage is put down to its cause."),
    anywhere("h[au]ngs? up|hanging up", "closes the connection", "The peer accepted and hung up."),
    // Help and headings.
    anywhere("form of the report", "Report format", "Form of the report."),
    anywhere("exit 0 also when", "Always exit 0", "Exit 0 also when the verdict is critical."),
    anywhere("as fast as they go", "0 = unlimited", "0 is as fast as they go."),
    anywhere(
        "limit of the client library",
        "client-library response timeout",
        "Limit of the client library for a reply.",
    ),
    anywhere("make a report again", "rebuild a report", "Make a report again from journals."),
    anywhere("how to tell", "how to recognize it", "How to tell."),
    anywhere("this program", "redis-doctor", "This program stood idle."),
    anywhere("for people", "human-readable", "Text for people."),
    // "ambiguous" is a name in JSON; to a reader the outcome is unknown.
    anywhere(
        "[0-9]+ ambiguous|ambiguous (?:command|request|outcome|repl)[a-z]*",
        "outcome unknown",
        "3 ambiguous commands.",
    ),
    // Grammar.
    anywhere("(?:it|that|this|which|what) (?:is|was) no [a-kn-z][a-z]*", "is not a ...", "It is no drop."),
    anywhere("so many|so much", "that many, that much; maximum", "It is closed after so many seconds."),
    anywhere("for want of", "when ... runs out", "It fails for want of file descriptors."),
    anywhere("as it stands", "verbatim", "A command is shown as it stands."),
    anywhere("in whatever", "in any", "A word in whatever case."),
    // Spelling: American, as in the identifiers.
    anywhere(
        "(?:colou|behaviou|favou|honou|neighbou)r[a-z]*",
        "color, behavior, favor, ...",
        "The behaviour of the client.",
    ),
    anywhere("cancelled|cancelling|labelled|travelled", "canceled, labeled, ...", "The wait was cancelled."),
    anywhere(
        "(?:recogni|organi|synchroni|normali|seriali|initiali|summari)s(?:e|es|ed|ing|ation)",
        "-ize",
        "It is serialised.",
    ),
    anywhere(
        "resynchronis[a-z]+|desynchronis[a-z]+|catalogue|misspelt|towards",
        "resynchronize, catalog, misspelled, toward",
        "The name is misspelt.",
    ),
];

/// Sentences that no rule may object to.
const FINE: &[&str] = &[
    "Messages arrive in order, or out of order; the replies are in order.",
    "The timeout is twice as long as the delay.",
    "There is no password.",
    "It is no longer listed.",
    "Each probe has its own deadline.",
    "A proxy answers for the server.",
    "The connection is forgotten, and the kernel forgets it forever.",
    "redis-doctor's own command",
    "Look for an idle limit, and look it up.",
    "The retry waits for a reply to the command.",
    "An intellectual, a colony, a teller and a stanza.",
];

/// Text that a reader reads, on one line, and where it is from.
#[derive(Debug, Default)]
struct Prose {
    text: String,
    /// Offsets in `text`, and the line of the file that begins there.
    lines: Vec<(usize, usize)>,
    /// It begins a doc comment.
    opens_doc: bool,
}

impl Prose {
    fn push(&mut self, line: usize, text: &str) {
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.lines.push((self.text.len(), line));
        self.text.extend(text.split_whitespace().flat_map(|word| [" ", word]).skip(1));
    }

    fn line_at(&self, offset: usize) -> usize {
        let begun = self.lines.iter().take_while(|(start, _)| *start <= offset);
        begun.last().map_or(0, |(_, line)| *line)
    }
}

/// A phrase that breaks a rule.
#[derive(Debug)]
struct Complaint {
    path: PathBuf,
    line: usize,
    phrase: String,
    better: &'static str,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, phrase, better } = self;
        write!(f, "{}:{line}: \"{phrase}\"; better: {better}", path.display())
    }
}

/// The rules, compiled.
struct Checker {
    /// All rules in one automaton: most texts break none.
    any: RegexSet,
    each: Vec<Regex>,
}

static CHECKER: LazyLock<Checker> = LazyLock::new(Checker::new);

impl Checker {
    fn new() -> Self {
        let patterns: Vec<_> = RULES
            .iter()
            .map(|rule| match rule.place {
                Place::Anywhere => format!(r"\b(?:{})\b", rule.phrase),
                Place::Opening => format!(r"^(?:{})\b", rule.phrase),
            })
            .collect();
        let compile =
            |pattern: &String| RegexBuilder::new(pattern).case_insensitive(true).unicode(false).build().unwrap();
        let any = RegexSetBuilder::new(&patterns).case_insensitive(true).unicode(false).build().unwrap();
        Self { any, each: patterns.iter().map(compile).collect() }
    }

    /// Returns the rules that a text breaks: number, offset, phrase. Of several at one place, only the first.
    fn broken<'a>(&self, prose: &'a Prose) -> Vec<(usize, usize, &'a str)> {
        let broken = self.any.matches(&prose.text).into_iter();
        let applies = |number: &usize| prose.opens_doc || RULES[*number].place == Place::Anywhere;
        let found = broken.filter(applies).flat_map(|number| {
            self.each[number].find_iter(&prose.text).map(move |found| (number, found.start(), found.as_str()))
        });
        let mut found: Vec<_> = found.collect();
        found.sort_by_key(|(number, offset, _)| (*offset, *number));
        found.dedup_by_key(|(_, offset, _)| *offset);
        found
    }

    fn check(&self, path: &Path, text: &str) -> Vec<Complaint> {
        let complaints = prose_of(path, text).into_iter().flat_map(|prose| {
            let complaint = |(number, offset, phrase): (usize, usize, &str)| Complaint {
                path: path.to_owned(),
                line: prose.line_at(offset),
                phrase: phrase.to_owned(),
                better: RULES[number].better,
            };
            self.broken(&prose).into_iter().map(complaint).collect::<Vec<_>>()
        });
        complaints.collect()
    }
}

#[test]
fn every_text_is_plain_english() {
    let files = files();
    assert!(!files.is_empty());
    let complaints: Vec<_> = files.iter().flat_map(|path| CHECKER.check(path, &read(path))).collect();
    let lines: Vec<_> = complaints.iter().map(ToString::to_string).collect();
    assert!(
        lines.is_empty(),
        "{}\n{} phrases; the rules are the table at the top of tests/integration/english.rs.",
        lines.join("\n"),
        lines.len()
    );
}

#[test]
fn each_rule_catches_its_example_and_each_replacement_is_clean() {
    for (number, Rule { place, better, example, .. }) in RULES.iter().enumerate() {
        let prose = Prose { text: (*example).to_owned(), lines: vec![(0, 1)], opens_doc: *place == Place::Opening };
        let broken = CHECKER.broken(&prose);
        assert!(broken.iter().any(|(rule, ..)| *rule == number), "{example:?} passes rule {number}");
        let prose = Prose { text: (*better).to_owned(), lines: vec![(0, 1)], opens_doc: *place == Place::Opening };
        assert_eq!(CHECKER.broken(&prose), [], "{better:?}");
    }
    for sentence in FINE {
        let prose = Prose { text: (*sentence).to_owned(), lines: vec![(0, 1)], opens_doc: true };
        assert_eq!(CHECKER.broken(&prose), [], "{sentence:?}");
    }
}

#[test]
fn complaints_name_file_line_phrase_and_replacement() {
    let complaints = |path: &str, text: &str| -> Vec<String> {
        CHECKER.check(Path::new(path), text).iter().map(ToString::to_string).collect()
    };
    let forever = |place: &str| format!("{place}: \"for ever\"; better: forever, never");
    for (path, text, line) in [
        ("a.rs", "//! One.\n//!\n//! It lasts for\n//! ever.\n", 3),
        ("a.rs", "let x = 'a';\n// It lasts for ever.\n", 2),
        ("a.rs", "let x = \"one \\\"two\\\" \\\n  for ever\";\n", 2),
        ("a.rs", "let (x, y) = ('\"', r#\"\n\"a\" for ever\"#);\n", 2),
        ("a.rs", "fn f<'a>(x: &'a str) {}\n/* one\n for ever */\n", 3),
        ("a.toml", "tell = [\n  \"\"\"one \\\n  for ever.\"\"\",\n]\n", 3),
        ("a.toml", "aliases = [\"for ever\"]\n# It lasts for\n# ever.\n", 2),
        ("a.md", "# Title\n\nIt lasts\nfor ever.\n", 4),
        ("a.md", "```text\nfor ever\n```\n", 2),
        ("a.json", "{ \"tell\": \"One\",\n\"two\": \"for ever\" }\n", 2),
        ("a.zsh", "'--watch=[Watch for ever]' \\\n", 1),
    ] {
        assert_eq!(complaints(path, text), [forever(&format!("{path}:{line}"))], "{text:?}");
    }
    let better = "a noun phrase: 'The ...'";
    assert_eq!(complaints("a.rs", "fn f() {}\n/// What it is.\n"), [format!("a.rs:2: \"What\"; better: {better}")]);
    for (path, text) in [
        // Names, code spans, other programs' words, and an opening that is none.
        ("a.rs", "let meanwhile = \"meanwhile\"; // See `tell`.\n"),
        ("a.rs", "/// The list.\n/// What follows is\n///\n/// What is left.\n"),
        ("a.rs", "// What a plain comment begins with.\n//// Whether or not.\n"),
        ("a.toml", "aliases = [\n  \"for ever\",\n]\ntell = [\"Fine.\"]\n"),
        ("a.md", "`tell` is a field.\n\nIt lasts for\n\never and ever.\n"),
    ] {
        assert_eq!(complaints(path, text), Vec::<String>::new(), "{text:?}");
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Returns every file that a reader reads, relative to the root.
fn files() -> Vec<PathBuf> {
    let mut files = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md"].map(PathBuf::from).to_vec();
    for directory in ["src", "completions", "docs/src", "dist"] {
        below(Path::new(directory), &mut files);
    }
    files.sort();
    files
}

fn below(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(root().join(directory)).unwrap() {
        let entry = entry.unwrap();
        let path = directory.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            below(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// Returns the texts of a file, by the file's language.
fn prose_of(path: &Path, text: &str) -> Vec<Prose> {
    let prose = match path.extension().and_then(|extension| extension.to_str()) {
        // JSON has Rust's string literals, and no comments.
        Some("rs" | "json") => rust(text),
        Some("toml") => toml(text),
        Some("md") => markdown(text),
        // Lines of other programs, as they print them.
        Some("tsv") => Vec::new(),
        _ => plain(text),
    };
    prose.into_iter().filter(|prose| prose.text.contains(' ') || prose.opens_doc).collect()
}

fn plain(text: &str) -> Vec<Prose> {
    let mut all = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let mut prose = Prose::default();
        prose.push(number + 1, line);
        all.push(prose);
    }
    all
}

/// Paragraphs, and the lines of code blocks.
fn markdown(text: &str) -> Vec<Prose> {
    let (mut all, mut open, mut in_code) = (Vec::new(), Prose::default(), false);
    for (number, line) in text.lines().enumerate() {
        let fence = line.trim_start().starts_with("```");
        if fence || in_code || line.trim().is_empty() {
            all.push(std::mem::take(&mut open));
        }
        if fence {
            in_code = !in_code;
        } else if in_code {
            open.push(number + 1, line);
        } else if !line.trim().is_empty() {
            open.push(number + 1, &without_code(line));
        }
    }
    all.push(open);
    all
}

/// Comments, and strings except those of `aliases`; a line that ends with a backslash goes on in the next.
fn toml(text: &str) -> Vec<Prose> {
    let (mut all, mut open, mut in_aliases, mut in_comment) = (Vec::new(), Prose::default(), false, false);
    for (number, line) in text.lines().enumerate() {
        let is_key = |char: char| char.is_ascii_lowercase() || char == '_';
        let (key, value) = line.split_once(" = ").filter(|(key, _)| key.chars().all(is_key)).unwrap_or(("", line));
        let comment = line.strip_prefix('#');
        if in_comment && comment.is_none() {
            all.push(std::mem::take(&mut open));
        }
        in_comment = comment.is_some();
        in_aliases |= key == "aliases";
        if in_aliases {
            in_aliases = !line.ends_with(']');
        } else if let Some(comment) = comment {
            open.push(number + 1, &without_code(comment));
        } else {
            let continued = value.strip_suffix('\\');
            open.push(number + 1, continued.unwrap_or(value));
            if continued.is_none() {
                all.push(std::mem::take(&mut open));
            }
        }
    }
    all.push(open);
    all
}

/// Replaces code spans by a word that no rule knows.
fn without_code(line: &str) -> String {
    let parts = line.split('`').enumerate();
    parts.map(|(number, part)| if number % 2 == 0 { part } else { "_" }).collect()
}

/// Comments and string literals. Consecutive comment lines of one kind are one text, blank ones part paragraphs.
fn rust(text: &str) -> Vec<Prose> {
    let mut scanner = Scanner { rest: text, line: 1, all: Vec::new(), comment: None };
    while !scanner.rest.is_empty() {
        scanner.step();
    }
    scanner.all
}

struct Scanner<'a> {
    rest: &'a str,
    line: usize,
    all: Vec<Prose>,
    /// Line and kind of the line comment that may go on.
    comment: Option<(usize, &'static str)>,
}

impl<'a> Scanner<'a> {
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    fn step(&mut self) {
        let rest = self.rest;
        if rest.starts_with("//") {
            self.line_comment();
        } else if rest.starts_with("/*") {
            let (line, length) = (self.line, rest.find("*/").map_or(rest.len(), |end| end + 2));
            let body = self.take(length);
            self.add(line, body);
        } else if let Some(hashes) = raw_string(rest) {
            let start = rest.find('"').map_or(rest.len(), |quote| quote + 1);
            let end = format!("\"{}", "#".repeat(hashes));
            let length = rest[start..].find(&end).map_or(rest.len(), |at| start + at + end.len());
            let line = self.line;
            let body = self.take(length);
            self.add(line, body.get(start..body.len() - end.len()).unwrap_or_default());
        } else if rest.starts_with('"') {
            self.string();
        } else if let Some(after) = rest.strip_prefix('\'') {
            // A character, or else a lifetime.
            let character = after.chars().next();
            let width = character.map_or(0, char::len_utf8);
            let closed = after.get(width..).is_some_and(|after| after.starts_with('\''));
            let length = if character == Some('\\') {
                after.get(2..).and_then(|after| after.find('\'')).map_or(rest.len(), |at| at + 4)
            } else if closed {
                width + 2
            } else {
                1
            };
            self.take(length);
        } else {
            // A whole word, so that the r of `for"` is no raw string.
            let word = rest.find(|char: char| !char.is_alphanumeric() && char != '_').unwrap_or(rest.len());
            let prefix = ["r", "b", "br", "c", "cr"].contains(&&rest[..word]);
            let other = rest.chars().next().map_or(0, char::len_utf8);
            self.take(if word == 0 || prefix { other } else { word });
        }
    }

    fn line_comment(&mut self) {
        let line = self.line;
        let body = self.take(self.rest.find('\n').unwrap_or(self.rest.len()));
        let kinds = ["////", "///", "//!", "//"];
        let kind = kinds.into_iter().find(|kind| body.starts_with(kind)).unwrap_or("//");
        let text = without_code(body[kind.len()..].trim_start_matches('/'));
        let goes_on = self.comment == Some((line.saturating_sub(1), kind));
        self.comment = Some((line, kind));
        match self.all.last_mut().filter(|_| goes_on) {
            Some(prose) if !text.trim().is_empty() => prose.push(line, &text),
            Some(_) => self.all.push(Prose::default()),
            None => {
                let mut prose = Prose { opens_doc: ["///", "//!"].contains(&kind), ..Prose::default() };
                prose.push(line, &text);
                self.all.push(prose);
            }
        }
    }

    fn string(&mut self) {
        let (line, mut escaped) = (self.line, false);
        let end = self.rest[1..].find(|char| {
            let ends = char == '"' && !escaped;
            escaped = char == '\\' && !escaped;
            ends
        });
        let body = self.take(end.map_or(self.rest.len(), |end| end + 2));
        let text = body.trim_matches('"').replace("\\n", " ").replace("\\\n", "\n").replace("\\\"", "\"");
        self.add(line, &text);
    }

    /// Adds a text that begins on this line.
    fn add(&mut self, line: usize, text: &str) {
        self.comment = None;
        let mut prose = Prose::default();
        for (number, part) in text.split('\n').enumerate() {
            prose.push(line + number, part);
        }
        self.all.push(prose);
    }
}

/// Returns the number of hashes if a raw string begins here.
fn raw_string(rest: &str) -> Option<usize> {
    let hashes = ["r", "br", "cr"].into_iter().find_map(|prefix| rest.strip_prefix(prefix))?;
    let opening = hashes.trim_start_matches('#');
    opening.starts_with('"').then(|| hashes.len() - opening.len())
}
