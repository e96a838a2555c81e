//! Reads the imports of `src` and keeps the dependencies pointing one way, as the crate documentation draws them.
//!
//! It works on the tokens of a file, so neither a `use` over several lines nor a path in the middle of an expression
//! or a macro escapes it; comments and strings do not count. Unit tests (`#[cfg(test)] mod …`, which come last) may
//! import what they like.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What each module may import, besides itself. A new module needs a line here.
const ALLOWED: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("order", &[]),
    ("output", &[]),
    ("units", &[]),
    ("host", &[]),
    ("middlebox", &[]),
    ("verdict", &[]),
    ("fault", &["clock"]),
    ("classify", &["clock"]),
    ("distribution", &["clock"]),
    ("tls", &["clock", "classify"]),
    ("sandbox", &["clock", "order"]),
    ("knowledge", &["order"]),
    ("exit", &["verdict"]),
    ("plan", &["clock", "fault", "classify"]),
    ("event", &["clock", "fault", "classify", "distribution", "plan"]),
    ("idle", &["clock", "middlebox", "plan", "verdict", "order"]),
    ("probe", &["clock", "fault", "classify", "distribution", "plan", "event", "tls", "idle", "order", "units"]),
    ("proxy", &["clock", "fault", "classify", "plan", "event", "tls"]),
    ("journal", &["clock", "distribution", "event"]),
    ("record", &["clock", "fault", "classify", "distribution", "plan", "event", "order"]),
    // Not `fault`: the truth of an injected fault must never reach the diagnosis.
    ("diagnose", &["clock", "classify", "middlebox", "plan", "event", "record", "units"]),
    ("engine", &["clock", "fault", "classify", "plan", "event", "probe", "proxy", "units"]),
    ("drill", &["clock", "fault", "plan", "event", "record", "diagnose", "engine"]),
    ("report", &["clock", "fault", "classify", "order", "plan", "event", "record", "diagnose", "verdict"]),
    ("checkup", &["clock", "classify", "plan", "event", "host", "probe", "report", "verdict", "order", "units"]),
    // The row types of `record` are part of the report; computing with them is not a renderer's business.
    (
        "render",
        &[
            "clock",
            "fault",
            "classify",
            "output",
            "plan",
            "event",
            "record",
            "report",
            "verdict",
            "drill",
            "checkup",
            "idle",
            "knowledge",
            "units",
        ],
    ),
    ("cli", &["clock", "fault", "classify", "output", "plan", "event", "exit", "idle", "order"]),
    (
        "app",
        &[
            "clock",
            "fault",
            "classify",
            "exit",
            "output",
            "sandbox",
            "plan",
            "event",
            "probe",
            "proxy",
            "journal",
            "record",
            "diagnose",
            "engine",
            "report",
            "verdict",
            "drill",
            "idle",
            "host",
            "checkup",
            "knowledge",
            "render",
            "units",
            "cli",
        ],
    ),
    ("main", &["app", "cli", "exit"]),
];

/// Crates that only some modules may touch.
const CONFINED: &[(&str, &[&str])] = &[
    ("clap", &["cli", "main"]),
    ("clap_complete", &["cli", "main"]),
    ("clap_complete_nushell", &["cli", "main"]),
    ("clap_mangen", &["cli", "main"]),
    ("redis", &["classify", "probe"]),
    ("comfy_table", &["render"]),
    ("console", &["render"]),
    ("indicatif", &["render"]),
];

/// Lines of a file before its unit tests.
const LINE_LIMIT: usize = 400;

#[test]
fn the_source_tree_keeps_the_rules() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut violations = Vec::new();
    for path in rust_files(&source) {
        let text = fs::read_to_string(&path).unwrap();
        violations.extend(check(path.strip_prefix(&source).unwrap(), &text));
    }
    assert!(
        violations.is_empty(),
        "{}\nThe rules are the tables at the top of tests/integration/architecture.rs.",
        violations.join("\n")
    );
}

#[test]
fn the_table_itself_has_no_cycle() {
    let mut settled = BTreeSet::new();
    loop {
        let before = settled.len();
        for (module, allowed) in ALLOWED {
            if allowed.iter().all(|name| settled.contains(name)) {
                settled.insert(*module);
            }
        }
        if settled.len() == before {
            break;
        }
    }
    assert_eq!(settled.len(), ALLOWED.len(), "in a cycle: all but {settled:?}");
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// All that is wrong with one file; `path` is relative to `src`.
fn check(path: &Path, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if path.file_name().is_some_and(|name| name == "mod.rs") {
        wrong.push("is a mod.rs; name the file after the module".to_owned());
    }
    if !text.starts_with("//!") {
        wrong.push("does not open with `//!`: say what the file answers for".to_owned());
    }
    let shipped = without_unit_tests(text);
    let lines = shipped.lines().count();
    if lines > LINE_LIMIT {
        wrong.push(format!("has {lines} lines before its tests, more than {LINE_LIMIT}"));
    }
    let place: Vec<String> = path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    // A file of unit tests (or of what they are made of) may import what it likes, like the tests at the end of a file.
    if place.iter().any(|part| ["tests", "scenarios", "fixture"].contains(&part.as_str())) {
        return wrong.into_iter().map(|what| format!("src/{}: {what}", path.display())).collect();
    }
    let tokens = tokens(shipped);
    wrong.extend(wrong_imports(&place, &tokens));
    wrong.extend(wrong_crates(&place[0], &tokens));
    let named = |what| format!("src/{}: {what}", path.display());
    wrong.into_iter().map(named).collect()
}

fn wrong_imports(place: &[String], tokens: &[Token]) -> Vec<String> {
    let module = place[0].as_str();
    // lib.rs declares the modules, and re-exports at most.
    if module == "lib" {
        return Vec::new();
    }
    let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == module) else {
        return vec![format!("`{module}` is not in the table of modules")];
    };
    let known = |name: &str| ALLOWED.iter().any(|(known, _)| *known == name);
    let mut wrong = Vec::new();
    for name in imported_modules(place, tokens) {
        if name == "*" {
            wrong.push("imports all of the crate; name the modules".to_owned());
        } else if known(&name) && name != module && !allowed.contains(&name.as_str()) {
            wrong.push(format!("`{module}` may not depend on `{name}`"));
        }
    }
    wrong
}

fn wrong_crates(module: &str, tokens: &[Token]) -> Vec<String> {
    let mut wrong = BTreeSet::new();
    for path in paths(tokens) {
        let confined = CONFINED.iter().find(|(name, _)| *name == path[0]);
        if let Some((name, _)) = confined.filter(|(_, places)| !places.contains(&module)) {
            wrong.insert(format!("`{module}` may not use the crate `{name}`"));
        }
    }
    wrong.into_iter().collect()
}

/// The top-level names of this crate that a file at `place` (`["probe", "ping"]`) refers to.
fn imported_modules(place: &[String], tokens: &[Token]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for path in paths(tokens) {
        let mut rest = path.iter().map(String::as_str).peekable();
        let mut depth = match *rest.peek().unwrap_or(&"") {
            "crate" | "redis_doctor" => {
                rest.next();
                0
            }
            "self" => {
                rest.next();
                place.len()
            }
            "super" => place.len(),
            _ => continue,
        };
        while rest.next_if_eq(&"super").is_some() {
            depth = depth.saturating_sub(1);
        }
        if depth == 0 {
            found.extend(rest.next().map(str::to_owned));
        }
    }
    found
}

/// The text up to the unit tests, which are the last thing in a file.
fn without_unit_tests(text: &str) -> &str {
    let mut from = 0;
    while let Some(found) = text[from..].find("#[cfg(test)]") {
        let start = from + found;
        let after = text[start + "#[cfg(test)]".len()..].trim_start();
        if after.starts_with("mod ") {
            return &text[..start];
        }
        from = start + 1;
    }
    text
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// `::`
    Colons,
    Name(String),
    Other(char),
}

/// Names and punctuation, without comments, strings, characters, lifetimes and numbers.
fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let next = chars.get(at + 1).copied();
        match chars[at] {
            '/' if next == Some('/') => at = after(&chars, at, "\n"),
            '/' if next == Some('*') => at = after_block_comment(&chars, at),
            '"' => at = after_string(&chars, at),
            '\'' => at = after_quote(&chars, at),
            ':' if next == Some(':') => {
                tokens.push(Token::Colons);
                at += 2;
            }
            first if first.is_alphanumeric() || first == '_' => {
                let start = at;
                while at < chars.len() && (chars[at].is_alphanumeric() || chars[at] == '_') {
                    at += 1;
                }
                let name: String = chars[start..at].iter().collect();
                match raw_string_hashes(&name, &chars[at..]) {
                    Some(hashes) => {
                        let close = format!("\"{}", "#".repeat(hashes));
                        at = after(&chars, at + hashes + 1, &close);
                    }
                    // `r#type` is the name `type`.
                    None if name == "r" && chars.get(at) == Some(&'#') => at += 1,
                    None if first.is_numeric() => {}
                    None => tokens.push(Token::Name(name)),
                }
            }
            other => {
                if !other.is_whitespace() {
                    tokens.push(Token::Other(other));
                }
                at += 1;
            }
        }
    }
    tokens
}

/// The number of `#` when `prefix` and what follows open a raw string.
fn raw_string_hashes(prefix: &str, rest: &[char]) -> Option<usize> {
    let hashes = rest.iter().take_while(|c| **c == '#').count();
    let opens = matches!(prefix, "r" | "br" | "cr") && rest.get(hashes) == Some(&'"');
    opens.then_some(hashes)
}

/// Just behind the next `end` at or after `from`.
fn after(chars: &[char], from: usize, end: &str) -> usize {
    let end: Vec<char> = end.chars().collect();
    let rest = chars.get(from..).unwrap_or_default();
    let found = rest.windows(end.len()).position(|window| window == end);
    found.map_or(chars.len(), |position| from + position + end.len())
}

fn after_block_comment(chars: &[char], from: usize) -> usize {
    let mut depth = 0;
    let mut at = from;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => {
                depth += 1;
                at += 2;
            }
            ('*', Some('/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    break;
                }
            }
            _ => at += 1,
        }
    }
    at
}

fn after_string(chars: &[char], from: usize) -> usize {
    let mut at = from + 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// Behind a character literal, or behind the quote of a lifetime.
fn after_quote(chars: &[char], from: usize) -> usize {
    match (chars.get(from + 1), chars.get(from + 2)) {
        (Some('\\'), _) => after(chars, from + 3, "'"),
        (_, Some('\'')) => from + 3,
        _ => from + 1,
    }
}

/// Every path in the tokens, with the groups of `use` trees written out. A name on its own is a path only in `use`
/// and `extern crate`, where alone it can be a crate.
fn paths(tokens: &[Token]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let starts_import = match &tokens[at] {
            Token::Name(name) if name == "use" => true,
            Token::Name(name) if name == "crate" => at > 0 && tokens[at - 1] == Token::Name("extern".to_owned()),
            _ => false,
        };
        if starts_import {
            at = tree(tokens, at + 1, &[], &mut found);
        } else if matches!(tokens[at], Token::Name(_)) && tokens.get(at + 1) == Some(&Token::Colons) {
            at = tree(tokens, at, &[], &mut found);
        } else {
            at += 1;
        }
    }
    found
}

/// Reads one path or `use` tree from `at`, adds what it names to `found`, and returns the place behind it.
fn tree(tokens: &[Token], at: usize, prefix: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = prefix.to_vec();
    let mut at = at;
    loop {
        match tokens.get(at) {
            Some(Token::Colons) => at += 1,
            Some(Token::Name(name)) => {
                path.push(name.clone());
                at += 1;
                if tokens.get(at) != Some(&Token::Colons) {
                    break;
                }
            }
            Some(Token::Other('*')) => {
                path.push("*".to_owned());
                at += 1;
                break;
            }
            Some(Token::Other('{')) => return group(tokens, at + 1, &path, found),
            _ => break,
        }
    }
    if !path.is_empty() {
        found.push(path);
    }
    at
}

fn group(tokens: &[Token], from: usize, prefix: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut at = from;
    while let Some(token) = tokens.get(at) {
        match token {
            Token::Other('}') => return at + 1,
            Token::Other(',') => at += 1,
            // A member, with ` as name` behind it or without.
            Token::Name(name) if name == "as" => at += 2,
            _ => at = tree(tokens, at, prefix, found).max(at + 1),
        }
    }
    at
}

#[cfg(test)]
mod each_rule_can_fail {
    use super::*;

    #[track_caller]
    fn fails(path: &str, text: &str, because: &str) {
        let violations = check(Path::new(path), &format!("//! Doc.\n{text}"));
        assert!(
            violations.len() == 1 && violations[0].contains(because),
            "expected one violation with {because:?}, got {violations:?}"
        );
    }

    #[track_caller]
    fn passes(path: &str, text: &str) {
        let violations = check(Path::new(path), &format!("//! Doc.\n{text}"));
        assert!(violations.is_empty(), "{violations:?}");
    }

    #[test]
    fn imports_downwards_pass_and_upwards_fail() {
        passes("render/text.rs", "use crate::report::Report;");
        passes("app.rs", "use crate::{cli::Args, engine, render};");
        passes("main.rs", "use redis_doctor::{app, cli};");
        fails("plan.rs", "use crate::event::Event;", "`plan` may not depend on `event`");
        fails("main.rs", "use redis_doctor::engine;", "`main` may not depend on `engine`");
        fails("sandbox.rs", "use crate::plan::Plan;", "depend on `plan`");
    }

    #[test]
    fn groups_over_several_lines_are_read() {
        let text = "use crate::{\n    clock::{Clock, self},\n    fault as f,\n    render::{\n        text,\n    },\n};";
        fails("record/outage.rs", text, "depend on `render`");
        fails("clock.rs", "use {std::io, crate::{plan::Plan}};", "depend on `plan`");
        passes("plan.rs", "use crate::{clock::{self as c, Clock}, fault as event};");
    }

    #[test]
    fn paths_through_super_are_read() {
        fails("probe/ping.rs", "use super::super::render::text;", "depend on `render`");
        fails("probe/ping.rs", "use super::{session, super::engine::run};", "depend on `engine`");
        fails("probe.rs", "use super::render;", "depend on `render`");
        fails("probe/ping.rs", "use self::super::super::app;", "depend on `app`");
        passes("probe/ping.rs", "use super::{render, engine::Step};");
    }

    #[test]
    fn paths_in_code_and_macros_are_read_and_comments_and_strings_are_not() {
        fails("fault.rs", "fn f() { let x = crate::app::run(); }", "depend on `app`");
        fails("fault.rs", "m!(crate::app::run);", "depend on `app`");
        passes("fault.rs", "/// [`crate::app`]\n/* crate::app /* nested */ crate::app */ fn f() {}");
        passes("fault.rs", "const A: &str = \"crate::app::x \\\" crate::app::y\";");
        passes("fault.rs", "const A: &str = r#\"\" crate::app::x\"#;");
        fails("fault.rs", "fn f<'a>(x: &'a str) { ('\"', '\\'', '\\u{1f}', crate::app::x); }", "depend on `app`");
        passes("fault.rs", "pub(crate) fn app() { let render = 1; }");
    }

    #[test]
    fn importing_the_whole_crate_fails() {
        fails("fault.rs", "use crate::*;", "name the modules");
    }

    #[test]
    fn a_module_that_is_not_in_the_table_fails() {
        fails("utils.rs", "", "not in the table");
    }

    #[test]
    fn confined_crates_fail_elsewhere() {
        passes("cli/args.rs", "use clap::Parser;");
        passes("probe/session.rs", "use redis::aio::ConnectionManager;");
        passes("sandbox.rs", "use redis_protocol::resp3;");
        fails("app.rs", "use clap::Parser;", "crate `clap`");
        fails("app.rs", "use {clap_mangen as man};", "crate `clap_mangen`");
        fails("record.rs", "fn f(e: &redis::RedisError) {}", "crate `redis`");
        fails("record.rs", "fn f(e: &::redis::RedisError) {}", "crate `redis`");
        fails("record.rs", "use redis as r;", "crate `redis`");
        fails("record.rs", "extern crate redis;", "crate `redis`");
        fails("lib.rs", "pub use indicatif::ProgressBar;", "crate `indicatif`");
        fails("report.rs", "#[derive(comfy_table::Row)] struct R;", "crate `comfy_table`");
    }

    #[test]
    fn unit_tests_may_import_what_they_like() {
        passes("probe/ping.rs", "fn f() {}\n#[cfg(test)]\nmod tests { use crate::app; }");
        fails("probe/ping.rs", "#[cfg(test)]\nuse std::io;\nuse crate::app;", "depend on `app`");
    }

    #[test]
    fn files_have_an_opening_no_mod_rs_and_a_limit() {
        let violations = check(Path::new("fault.rs"), "fn f() {}");
        assert!(violations[0].contains("does not open"), "{violations:?}");
        fails("fault/mod.rs", "", "mod.rs");
        fails("fault.rs", &"\n".repeat(LINE_LIMIT), "more than 400");
        let tested = format!("#[cfg(test)]\nmod tests {{\n{}}}", "\n".repeat(LINE_LIMIT));
        passes("fault.rs", &tested);
    }
}
