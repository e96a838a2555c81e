//! The book is true: its generated pages are current, each command and each code has a page, and no link is broken. The
//! test of the README runs its commands, too.
//!
//! `UPDATE_GOLDEN=1 cargo test --test integration book` makes the generated pages again.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Component, Path, PathBuf},
    process::Command,
};

use regex::Regex;
use serde_json::Value as Json;

use crate::harness::{Doctor, installed, skipped};

const UPDATE: &str = "UPDATE_GOLDEN=1 cargo test --test integration book makes it again";

/// The parts of the book: their title, and their pages below `docs/src` in order. A directory stands for its pages.
const PARTS: &[(&str, &[&str])] = &[
    ("", &["README.md", "install.md", "usage.md"]),
    ("Commands", &["commands"]),
    ("Targets", &["targets.md", "sentinel.md", "cluster.md", "behind-a-proxy.md"]),
    ("Results", &["reading-a-report.md", "causes.md", "exit-codes.md", "metrics.md"]),
    ("Clients", &["policies.md", "survival.md"]),
    ("Runbooks", &["runbooks"]),
    ("Reference", &["codes/README.md", "limits.md"]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn source() -> PathBuf {
    root().join("docs/src")
}

/// Returns the pages of a directory, relative to `docs/src`, in the order of their names.
fn pages_below(directory: &Path) -> Vec<PathBuf> {
    let mut pages = Vec::new();
    for entry in fs::read_dir(source().join(directory)).into_iter().flatten() {
        let path = directory.join(entry.unwrap().file_name());
        if source().join(&path).is_dir() {
            pages.extend(pages_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    pages.sort();
    pages
}

/// Returns what a reader reads: the README and the pages of the book, by their paths from the root.
pub(crate) fn documents() -> Vec<(PathBuf, String)> {
    let pages = pages_below(Path::new("")).into_iter().map(|page| Path::new("docs/src").join(page));
    let paths = std::iter::once(PathBuf::from("README.md")).chain(pages);
    paths.map(|path| (path.clone(), fs::read_to_string(root().join(path)).unwrap())).collect()
}

fn title(text: &str) -> &str {
    text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or_default()
}

/// The knowledge base, as `explain` prints it.
fn entries() -> Vec<Json> {
    let list = Doctor::new(["explain", "--list", "--format", "json"]).run().json();
    list.as_array().unwrap().clone()
}

fn text<'a>(entry: &'a Json, field: &str) -> &'a str {
    entry[field].as_str().unwrap_or_default()
}

fn list<'a>(entry: &'a Json, field: &str) -> impl Iterator<Item = &'a str> {
    entry[field].as_array().into_iter().flatten().filter_map(Json::as_str)
}

/// Makes a sentence Markdown, with a link for each code that has a page.
fn linked(sentence: &str, own: &str, known: &BTreeMap<&str, &str>) -> String {
    let escaped = sentence.replace('\\', "\\\\").replace('<', "&lt;").replace('*', "\\*").replace('[', "\\[");
    let address = Regex::new(r"https?://[^\s,;)]+[^\s,;).]").unwrap();
    let escaped = address.replace_all(&escaped, "<$0>");
    let code = Regex::new(r"\bRD\d{3}\b").unwrap();
    let link = |found: &regex::Captures<'_>| match &found[0] {
        code if code != own && known.contains_key(code) => format!("[{code}]({code}.md)"),
        code => code.to_owned(),
    };
    code.replace_all(&escaped, link).into_owned()
}

/// Writes steps: sentences are items, and the commands below them blocks.
fn steps<'a>(page: &mut String, heading: &str, steps: impl Iterator<Item = &'a str>, link: impl Fn(&str) -> String) {
    let steps: Vec<_> = steps.collect();
    if steps.is_empty() {
        return;
    }
    let _ = writeln!(page, "\n## {heading}\n");
    let mut in_block = false;
    for step in steps {
        let command = step.strip_prefix("$ ");
        match (command.is_some(), in_block) {
            (true, false) => page.push_str("\n  ```sh\n"),
            (false, true) => page.push_str("  ```\n\n"),
            _ => {}
        }
        in_block = command.is_some();
        let _ = match command {
            Some(command) => writeln!(page, "  {command}"),
            None => writeln!(page, "- {}", link(step)),
        };
    }
    if in_block {
        page.push_str("  ```\n");
    }
}

/// The page of an entry.
fn entry_page(entry: &Json, known: &BTreeMap<&str, &str>) -> String {
    let (id, name, kind) = (text(entry, "id"), text(entry, "name"), text(entry, "kind"));
    let link = |sentence: &str| linked(sentence, id, known);
    let mut page = format!("# {id}: {}\n\n", link(text(entry, "title")));
    let name = if name.is_empty() { String::new() } else { format!("`{name}` · ") };
    let mut about = format!("{name}{kind}");
    let said_by: Vec<_> = list(entry, "said_by").collect();
    if !said_by.is_empty() {
        let _ = write!(about, " · reported by {}", said_by.join(", "));
    }
    for errno in entry["errno"].as_array().into_iter().flatten() {
        let _ = write!(about, " · {} ({} on Linux)", text(errno, "name"), errno["linux"]);
    }
    let _ = writeln!(page, "{about}\n\n{}", link(text(entry, "meaning")));
    let related = |page: &mut String, heading: &str, field: &str| {
        if list(entry, field).next().is_some() {
            let _ = writeln!(page, "\n## {heading}\n");
        }
        for id in list(entry, field) {
            let title = known.get(id).unwrap_or_else(|| panic!("{id} is not an entry"));
            let _ = writeln!(page, "- [{id}]({id}.md): {title}");
        }
    };
    related(&mut page, "Possible causes", "causes");
    steps(&mut page, "How to check", list(entry, "tell"), link);
    steps(&mut page, "What to do", list(entry, "remedy"), link);
    related(&mut page, "See also", "see");
    let _ = writeln!(page, "\n## Sources\n");
    for source in entry["sources"].as_array().into_iter().flatten() {
        let _ = writeln!(page, "- {}: {}", text(source, "how"), link(text(source, "place")));
    }
    page
}

/// The list of all entries by kind.
fn index(entries: &[Json]) -> String {
    let mut page =
        "# Codes\n\nThe entries of `redis-doctor explain`, which has them offline: `redis-doctor explain RD012`.\n"
            .to_owned();
    for (kind, heading) in [
        ("cause", "Causes of a lost connection"),
        ("state", "Client states"),
        ("finding", "Findings"),
        ("error", "Errors"),
        ("fact", "Limits and defaults"),
    ] {
        let _ = writeln!(page, "\n## {heading}\n");
        for entry in entries.iter().filter(|entry| entry["kind"] == kind) {
            let (id, title) = (text(entry, "id"), text(entry, "title"));
            let _ = writeln!(page, "- [{id}]({id}.md): {}", title.replace('<', "&lt;").replace('*', "\\*"));
        }
    }
    page
}

/// The commands, in the order of the help.
fn commands() -> Vec<String> {
    let help = Doctor::new(["--help"]).run().stdout();
    let list = help.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let names = list.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// The table of contents.
fn summary(entries: &[Json]) -> String {
    let mut text = "# Summary\n".to_owned();
    let titles: BTreeMap<_, _> = documents().into_iter().collect();
    for (part, pages) in PARTS {
        let _ = if part.is_empty() { writeln!(text) } else { writeln!(text, "\n# {part}\n") };
        for page in *pages {
            let listed = match *page {
                "commands" => commands().iter().map(|name| PathBuf::from(format!("commands/{name}.md"))).collect(),
                page if !page.ends_with(".md") => pages_below(Path::new(page)),
                page => vec![PathBuf::from(page)],
            };
            for path in listed {
                let page = titles.get(&Path::new("docs/src").join(&path)).map_or("", |page| title(page));
                let bullet = if part.is_empty() { "" } else { "- " };
                let _ = writeln!(text, "{bullet}[{page}]({})", path.display());
            }
            if *page == "codes/README.md" {
                for entry in entries {
                    let (id, title) = (self::text(entry, "id"), self::text(entry, "title"));
                    let title = title.replace('[', "\\[").replace('<', "&lt;").replace('*', "\\*");
                    let _ = writeln!(text, "  - [{id}: {title}](codes/{id}.md)");
                }
            }
        }
    }
    text
}

/// Every generated file, by its path from `docs/src`.
fn generated() -> BTreeMap<PathBuf, String> {
    let entries = entries();
    let known = entries.iter().map(|entry| (text(entry, "id"), text(entry, "title"))).collect();
    let mut files = BTreeMap::new();
    for entry in &entries {
        files.insert(format!("codes/{}.md", text(entry, "id")).into(), entry_page(entry, &known));
    }
    files.insert("codes/README.md".into(), index(&entries));
    for name in commands() {
        let help = Doctor::new(["help", name.as_str()]).run().stdout();
        let help: String = help.lines().map(|line| format!("{}\n", line.trim_end())).collect();
        files.insert(format!("help/{name}.txt").into(), help);
    }
    files.insert("SUMMARY.md".into(), summary(&entries));
    files
}

#[test]
fn the_generated_pages_are_current() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let files = generated();
    if update {
        for directory in ["codes", "help"].map(|name| source().join(name)) {
            fs::create_dir_all(&directory).unwrap();
            for old in fs::read_dir(directory).unwrap() {
                fs::remove_file(old.unwrap().path()).unwrap();
            }
        }
        files.iter().for_each(|(path, text)| fs::write(source().join(path), text).unwrap());
        // The titles of the pages that were written just now.
        fs::write(source().join("SUMMARY.md"), summary(&entries())).unwrap();
        return;
    }
    for (path, text) in &files {
        let there = fs::read_to_string(source().join(path)).unwrap_or_default();
        assert!(there == *text, "docs/src/{} is not current; {UPDATE}", path.display());
    }
    let there = pages_below(Path::new("codes"));
    let stale: Vec<_> = there.iter().filter(|page| !files.contains_key(*page)).collect();
    assert!(stale.is_empty(), "without an entry: {stale:?}; {UPDATE}");
}

#[test]
fn each_command_has_a_page_with_all_of_its_flags() {
    for name in commands() {
        let path = source().join(format!("commands/{name}.md"));
        let page = fs::read_to_string(&path).unwrap_or_else(|_| panic!("{} is missing", path.display()));
        let include = format!("{{{{#include ../help/{name}.txt}}}}");
        assert!(page.contains(&include), "{} lacks {include}", path.display());
    }
}

#[test]
fn every_page_is_in_the_table_of_contents() {
    let summary = fs::read_to_string(source().join("SUMMARY.md")).unwrap();
    let missing =
        |page: &PathBuf| page != Path::new("SUMMARY.md") && !summary.contains(&format!("({})", page.display()));
    let missing: Vec<_> = pages_below(Path::new("")).into_iter().filter(missing).collect();
    assert!(missing.is_empty(), "{missing:?}; {UPDATE}, or add them to PARTS in tests/integration/book.rs");
    assert!(pages_below(Path::new("runbooks")).len() >= 10, "ten incidents have a runbook");
}

/// A text without its code, in which nothing is a link.
fn without_code(text: &str) -> String {
    let blocks = Regex::new(r"(?ms)^ *```.*?^ *```").unwrap();
    let spans = Regex::new(r"`[^`\n]*`").unwrap();
    spans.replace_all(&blocks.replace_all(text, ""), "").into_owned()
}

/// The anchors of a page: its headings in lower case, with hyphens for blanks.
fn anchors(text: &str) -> BTreeSet<String> {
    let blocks = Regex::new(r"(?ms)^ *```.*?^ *```").unwrap();
    let plain = blocks.replace_all(text, "").into_owned();
    let headings = plain.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let kept = |char: &char| char.is_alphanumeric() || matches!(char, ' ' | '-' | '_');
    headings
        .map(|heading| {
            heading.to_lowercase().chars().filter(kept).map(|char| if char == ' ' { '-' } else { char }).collect()
        })
        .collect()
}

fn joined(base: &Path, link: &str) -> PathBuf {
    let mut path = base.to_owned();
    for part in Path::new(link).components() {
        match part {
            Component::ParentDir => _ = path.pop(),
            Component::Normal(name) => path.push(name),
            _ => {}
        }
    }
    path
}

#[test]
fn no_link_is_broken() {
    let documents: BTreeMap<_, _> = documents().into_iter().collect();
    let links = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let (mut count, mut broken) = (0, Vec::new());
    for (path, text) in &documents {
        for link in links.captures_iter(&without_code(text)).map(|found| found[1].to_owned()) {
            if link.starts_with("http") || link.starts_with("mailto:") {
                continue;
            }
            count += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if file.is_empty() { path.clone() } else { joined(path.parent().unwrap(), file) };
            let has_anchor = || match documents.get(&target) {
                Some(text) => anchor.is_empty() || anchors(text).contains(anchor),
                None => anchor.is_empty(),
            };
            if !root().join(&target).exists() || !has_anchor() {
                broken.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(count > 500, "{count} links");
}

#[test]
fn mdbook_builds_it_without_a_warning() {
    let Some(program) = installed("mdbook") else { return skipped("the book", "there is no mdbook here") };
    let directory = tempfile::tempdir().unwrap();
    let build = Command::new(program).arg("build").arg(root().join("docs")).arg("-d").arg(directory.path()).output();
    let output = build.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("WARN") && !said.contains("ERROR"), "{said}");
    let page = fs::read_to_string(directory.path().join("commands/soak.html")).unwrap();
    assert!(page.contains("--listen-metrics"), "the flags are included");
}
