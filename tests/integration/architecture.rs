//! Reads the source in `src` and keeps the dependencies pointing one way, as the crate documentation draws them.
//!
//! It works on the tokens of a file, so neither a `use` over several lines nor a path in the middle of an expression
//! or a macro escapes it; comments and strings do not count. Unit tests (`#[cfg(test)] mod`, inline or in a file) may
//! import what they like. The rules are the tables at the top: a new module, crate or forbidden name is one line.

mod deadlines;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use source::{Source, Token, paths, types};

/// Rows of a name and the names that belong to it.
type Table<'a> = &'a [(&'a str, &'a [&'a str])];

/// What each module may import, besides itself. A new module needs a line here.
const ALLOWED: Table<'_> = &[
    ("clock", &[]),
    ("output", &[]),
    ("units", &[]),
    ("resp", &[]),
    ("suggestion", &[]),
    ("middlebox", &[]),
    ("verdict", &["foreign"]),
    ("fault", &["suggestion", "units"]),
    ("foreign", &["units"]),
    ("classify", &["clock", "foreign"]),
    ("distribution", &["clock"]),
    ("period", &["clock"]),
    ("tls", &["clock", "classify", "foreign", "plan"]),
    ("credentials", &["clock", "classify", "foreign", "plan"]),
    ("sandbox", &["clock", "resp"]),
    ("supervise", &["foreign", "plan"]),
    ("knowledge", &["resp"]),
    ("exit", &["verdict"]),
    ("exporter", &["classify", "clock", "output", "plan", "tls"]),
    ("plan", &["clock", "fault", "foreign", "suggestion"]),
    ("event", &["clock", "fault", "classify", "distribution", "plan", "foreign", "resp", "verdict"]),
    ("idle", &["clock", "classify", "middlebox", "event", "plan", "fault", "dial", "proxy", "verdict", "foreign"]),
    ("kernel", &["clock", "event"]),
    ("dial", &["clock", "classify", "credentials", "foreign", "plan", "event", "resp", "tls", "units"]),
    ("topology", &["dial", "foreign"]),
    ("cluster", &["clock", "classify", "dial", "event", "foreign", "plan", "session", "topology", "units"]),
    ("sentinel", &["clock", "classify", "dial", "event", "foreign", "plan", "session", "topology"]),
    (
        "session",
        &["clock", "classify", "credentials", "distribution", "foreign", "plan", "event", "kernel", "dial", "units"],
    ),
    ("evidence", &["clock", "classify", "foreign", "plan", "event", "kernel", "dial", "session"]),
    ("readiness", &["clock", "classify", "foreign", "plan", "event", "dial", "period", "units"]),
    ("proxy", &["clock", "fault", "classify", "distribution", "foreign", "plan", "event", "resp", "tls"]),
    ("journal", &["clock", "foreign", "event", "plan"]),
    ("record", &["clock", "fault", "classify", "distribution", "foreign", "plan", "event", "period", "verdict"]),
    ("diagnose", &["clock", "classify", "foreign", "middlebox", "plan", "event", "record", "units"]),
    (
        "engine",
        &[
            "clock",
            "foreign",
            "fault",
            "classify",
            "plan",
            "event",
            "kernel",
            "dial",
            "session",
            "evidence",
            "proxy",
            "cluster",
            "sentinel",
            "supervise",
            "tls",
            "topology",
            "trace",
            "units",
        ],
    ),
    ("lab", &["clock", "classify", "dial", "plan", "supervise", "topology"]),
    (
        "drill",
        &[
            "clock",
            "fault",
            "foreign",
            "kernel",
            "lab",
            "plan",
            "event",
            "proxy",
            "record",
            "diagnose",
            "engine",
            "supervise",
            "tls",
        ],
    ),
    (
        "report",
        &[
            "clock",
            "foreign",
            "classify",
            "distribution",
            "middlebox",
            "plan",
            "event",
            "record",
            "diagnose",
            "verdict",
            "units",
        ],
    ),
    ("compare", &["clock", "distribution", "event", "fault", "plan", "record", "report", "suggestion", "verdict"]),
    (
        "checkup",
        &[
            "clock", "classify", "foreign", "plan", "event", "kernel", "dial", "report", "tls", "topology", "verdict",
            "units",
        ],
    ),
    ("trace", &["clock", "event", "foreign", "kernel", "units", "verdict"]),
    // The row types of `record` are part of the report; computing with them is not a renderer's business.
    (
        "render",
        &[
            "clock",
            "foreign",
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
    (
        "cli",
        &[
            "compare",
            "credentials",
            "fault",
            "output",
            "plan",
            "exit",
            "idle",
            "knowledge",
            "suggestion",
            "tls",
            "units",
        ],
    ),
    (
        "app",
        &[
            "clock",
            "classify",
            "exit",
            "output",
            "sandbox",
            "supervise",
            "plan",
            "event",
            "dial",
            "readiness",
            "proxy",
            "journal",
            "record",
            "diagnose",
            "engine",
            "report",
            "verdict",
            "compare",
            "drill",
            "idle",
            "kernel",
            "checkup",
            "trace",
            "exporter",
            "knowledge",
            "render",
            "units",
            "cli",
        ],
    ),
    ("main", &["app"]),
];

/// Crates that only some modules may touch.
const CONFINED: Table<'_> = &[
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_complete_nushell", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("httparse", &["exporter"]),
    ("redis", &["classify", "dial", "session"]),
    ("comfy_table", &["render"]),
    ("jiff", &["render"]),
    ("prost", &["render"]),
    ("console", &["render"]),
    ("indicatif", &["render"]),
];

/// Names that a module may not contain.
const FORBIDDEN: Table<'_> = &[("diagnose", &["fault", "faults", "FaultInjected", "FaultCleared"])];

/// A module, and one whose types it may not reach: it names neither one of them nor a type with one in its fields. The
/// truth of an injected fault must never reach the diagnosis.
const BLIND: &[(&str, &str)] = &[("diagnose", "fault")];

/// Names that give the text of a reply as the server sent it, and the files that may contain them: the reader of replies,
/// and where a reply is compared with the expected bytes or summarized. Everything else gets a `Foreign`.
const RAW_TEXT: Table<'_> = &[
    (
        "BulkString",
        &["dial/reply.rs", "dial/dialect.rs", "session/inbox.rs", "session/connection/send.rs", "session/request.rs"],
    ),
    ("SimpleString", &["dial/reply.rs", "session/connection/send.rs", "session/request.rs"]),
    ("VerbatimString", &["dial/reply.rs"]),
    ("from_redis_value", &["dial/reply.rs"]),
    ("FromRedisValue", &[]),
];

/// Modules whose types hold no plain text: all of it comes from outside or from a journal, and is a `Foreign`.
const FOREIGN_TEXT: &[&str] = &["event", "classify"];

/// Lines of a file without its unit tests.
const LINE_LIMIT: usize = 400;

#[test]
fn the_source_tree_keeps_the_rules() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files: Vec<File> = rust_files(&directory)
        .into_iter()
        .map(|path| File::new(path.strip_prefix(&directory).unwrap(), &fs::read_to_string(&path).unwrap()))
        .collect();
    let mut violations = check(&files);
    violations.extend(idle_rules(&files, ALLOWED, CONFINED, FORBIDDEN));
    violations.extend(idle_exceptions(&files));
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

/// A source file.
struct File {
    /// Relative to `src`.
    path: PathBuf,
    /// The module, as a path: `["session", "ping"]`.
    place: Vec<String>,
    has_opening: bool,
    source: Source,
}

impl File {
    fn new(path: &Path, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            place: path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect(),
            has_opening: text.starts_with("//!"),
            source: Source::read(text),
        }
    }

    fn module(&self) -> &str {
        &self.place[0]
    }

    /// The modules of unit tests that it declares, by their place.
    fn declared_tests(&self) -> impl Iterator<Item = Vec<String>> {
        let is_root = matches!(self.module(), "lib" | "main");
        let place = if is_root { &[][..] } else { &self.place[..] };
        self.source.test_files.iter().map(move |name| [place, std::slice::from_ref(name)].concat())
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.source.tokens.iter().filter_map(Token::name)
    }
}

/// The files that are not of unit tests.
fn shipped(files: &[File]) -> Vec<&File> {
    let tests: BTreeSet<Vec<String>> = files.iter().flat_map(File::declared_tests).collect();
    let is_test = |file: &&File| (1..=file.place.len()).any(|depth| tests.contains(&file.place[..depth]));
    files.iter().filter(|file| !is_test(file)).collect()
}

/// All that is wrong with the files.
fn check(files: &[File]) -> Vec<String> {
    let mut violations = Vec::new();
    let mut add = |file: &File, wrong: Vec<String>| {
        violations.extend(wrong.into_iter().map(|wrong| format!("src/{}: {wrong}", file.path.display())));
    };
    files.iter().for_each(|file| add(file, wrong_form(file)));
    let shipped = shipped(files);
    for file in &shipped {
        add(file, wrong_imports(file));
        add(file, wrong_crates(file));
        add(file, wrong_names(file));
        add(file, wrong_waits(file));
        add(file, wrong_types(file, &shipped));
        add(file, wrong_text(file));
    }
    violations
}

fn wrong_form(file: &File) -> Vec<String> {
    let mut wrong = Vec::new();
    if file.path.file_name().is_some_and(|name| name == "mod.rs") {
        wrong.push("is a mod.rs; name the file after the module".to_owned());
    }
    if !file.has_opening {
        wrong.push("does not open with `//!`: say what the file answers for".to_owned());
    }
    let lines = file.source.lines;
    if lines > LINE_LIMIT {
        wrong.push(format!("has {lines} lines without its tests, more than {LINE_LIMIT}"));
    }
    wrong
}

fn wrong_imports(file: &File) -> Vec<String> {
    let module = file.module();
    // lib.rs declares the modules, and re-exports at most.
    if module == "lib" {
        return Vec::new();
    }
    let Some(allowed) = row(ALLOWED, module) else {
        return vec![format!("`{module}` is not in the table of modules")];
    };
    let mut wrong = Vec::new();
    for name in imported_modules(file) {
        if name == "*" {
            wrong.push("imports all of the crate; name the modules".to_owned());
        } else if row(ALLOWED, &name).is_some() && name != module && !allowed.contains(&name.as_str()) {
            wrong.push(format!("`{module}` may not depend on `{name}`"));
        }
    }
    wrong
}

fn wrong_crates(file: &File) -> Vec<String> {
    let module = file.module();
    let used: BTreeSet<String> = paths(&file.source.tokens).into_iter().map(|mut path| path.swap_remove(0)).collect();
    let elsewhere = |name: &&String| row(CONFINED, name).is_some_and(|places| !places.contains(&module));
    used.iter().filter(elsewhere).map(|name| format!("`{module}` may not use the crate `{name}`")).collect()
}

fn wrong_names(file: &File) -> Vec<String> {
    let module = file.module();
    let forbidden = row(FORBIDDEN, module).unwrap_or_default();
    let used: BTreeSet<&str> = file.names().filter(|name| forbidden.contains(name)).collect();
    used.into_iter().map(|name| format!("`{module}` may not contain the name `{name}`")).collect()
}

/// Waits for the network without a deadline, and without an exception.
fn wrong_waits(file: &File) -> Vec<String> {
    let excepted =
        |call: &&str| deadlines::EXCEPTIONS.iter().any(|(at, known, _)| file.path == Path::new(at) && known == call);
    let waits: BTreeSet<&str> = deadlines::unbounded(&file.source.tokens).into_iter().collect();
    let bare = waits.into_iter().filter(|call| !excepted(call));
    bare.map(|call| format!("waits in `{call}` without a deadline; put it inside `clock::within`")).collect()
}

/// Exceptions that no wait needs.
fn idle_exceptions(files: &[File]) -> Vec<String> {
    let needed = |at: &str, call: &str| {
        let mut there = files.iter().filter(|file| file.path == Path::new(at));
        there.any(|file| deadlines::unbounded(&file.source.tokens).contains(&call))
    };
    let idle = deadlines::EXCEPTIONS.iter().filter(|(at, call, _)| !needed(at, call));
    idle.map(|(at, call, _)| format!("src/{at} has no bare `{call}`: take the exception back")).collect()
}

fn wrong_types(file: &File, files: &[&File]) -> Vec<String> {
    let module = file.module();
    let mut wrong = Vec::new();
    for (_, hidden) in BLIND.iter().filter(|(blind, _)| *blind == module) {
        let leading = types_that_lead_to(hidden, module, files);
        let used: BTreeSet<&str> = file.names().filter(|name| leading.contains(name)).collect();
        wrong.extend(used.into_iter().map(|name| format!("`{module}` may not use `{name}`: it leads to `{hidden}`")));
    }
    wrong
}

/// Text from outside that could reach a writer as it is.
fn wrong_text(file: &File) -> Vec<String> {
    let place = file.path.to_string_lossy();
    let elsewhere = |name: &&str| row(RAW_TEXT, name).is_some_and(|places| !places.contains(&place.as_ref()));
    let used: BTreeSet<&str> = file.names().filter(elsewhere).collect();
    let mut wrong: Vec<_> =
        used.into_iter().map(|name| format!("`{name}` is the raw text of a reply; use `dial::reply`")).collect();
    if FOREIGN_TEXT.contains(&file.module()) {
        let has = |parts: &[&str], name| parts.contains(&name);
        let plain =
            |parts: &[&str]| has(parts, "String") || has(parts, "str") && (has(parts, "Arc") || has(parts, "Box"));
        let types = types(&file.source.tokens).into_iter().filter(|(_, parts)| plain(parts));
        wrong.extend(types.map(|(name, _)| format!("`{name}` holds plain text; use `Foreign`")));
    }
    wrong
}

/// The types that `hidden` defines, and those of the modules below `module` with one of these in their definition.
fn types_that_lead_to<'a>(hidden: &str, module: &str, files: &[&'a File]) -> BTreeSet<&'a str> {
    let below = below(module);
    let defined = |file: &&&'a File| below.contains(file.module());
    let types: Vec<_> = files.iter().filter(defined).flat_map(|file| types(&file.source.tokens)).collect();
    let mut leading = types_of(hidden, files);
    loop {
        let before = leading.len();
        for (name, parts) in &types {
            if parts.iter().any(|part| leading.contains(part)) {
                leading.insert(name);
            }
        }
        if leading.len() == before {
            break;
        }
    }
    // A name that the module gives to a type of its own is that type.
    let own = types_of(module, files);
    leading.retain(|name| !own.contains(name));
    leading
}

/// The types that a module defines.
fn types_of<'a>(module: &str, files: &[&'a File]) -> BTreeSet<&'a str> {
    let own = files.iter().filter(|file| file.module() == module);
    own.flat_map(|file| types(&file.source.tokens)).map(|(name, _)| name).collect()
}

/// The modules that a module may import, and those that they may.
fn below(module: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    let mut open = vec![module];
    while let Some(module) = open.pop() {
        open.extend(row(ALLOWED, module).unwrap_or_default().iter().filter(|name| found.insert(**name)));
    }
    found
}

/// Lines of the tables that nothing in `src` needs or meets.
fn idle_rules(files: &[File], allowed: Table<'_>, confined: Table<'_>, forbidden: Table<'_>) -> Vec<String> {
    let (mut modules, mut crates) = (BTreeMap::<_, BTreeSet<_>>::new(), BTreeMap::<_, BTreeSet<_>>::new());
    let mut names = BTreeSet::new();
    for file in shipped(files) {
        modules.entry(file.module()).or_default().extend(imported_modules(file));
        let roots = paths(&file.source.tokens).into_iter().map(|mut path| path.swap_remove(0));
        crates.entry(file.module()).or_default().extend(roots);
        names.extend(file.names());
    }
    let uses = |used: &BTreeMap<&str, BTreeSet<String>>, module: &str, name: &str| {
        used.get(module).is_some_and(|used| used.contains(name))
    };
    let mut idle = Vec::new();
    for (module, granted) in allowed {
        if !modules.contains_key(module) {
            idle.push(format!("there is no module `{module}`"));
        }
        let unused = granted.iter().filter(|name| !uses(&modules, module, name));
        idle.extend(unused.map(|name| format!("`{module}` does not depend on `{name}`: take the grant back")));
    }
    for (name, places) in confined {
        let unused = places.iter().filter(|module| !uses(&crates, module, name));
        idle.extend(unused.map(|module| format!("`{module}` does not use the crate `{name}`: take the grant back")));
    }
    for (module, list) in forbidden {
        let gone = list.iter().filter(|name| !names.contains(**name));
        idle.extend(gone.map(|name| format!("`{name}`, forbidden in `{module}`, is no longer in the source")));
    }
    idle
}

/// The names of a row.
fn row<'a>(table: Table<'a>, name: &str) -> Option<&'a [&'a str]> {
    table.iter().find(|(row, _)| *row == name).map(|(_, names)| *names)
}

/// The top-level names of this crate that a file refers to.
fn imported_modules(file: &File) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for path in paths(&file.source.tokens) {
        let mut rest = path.iter().map(String::as_str).peekable();
        let mut depth = match *rest.peek().unwrap_or(&"") {
            "crate" | "redis_doctor" => {
                rest.next();
                0
            }
            "self" => {
                rest.next();
                file.place.len()
            }
            "super" => file.place.len(),
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

#[cfg(test)]
mod each_rule_can_fail {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File::new(Path::new(path), &format!("//! Doc.\n{text}"))
    }

    #[track_caller]
    fn fails(path: &str, text: &str, because: &str) {
        let violations = check(&[file(path, text)]);
        assert!(
            violations.len() == 1 && violations[0].contains(because),
            "expected one violation with {because:?}, got {violations:?}"
        );
    }

    #[track_caller]
    fn passes(path: &str, text: &str) {
        let violations = check(&[file(path, text)]);
        assert!(violations.is_empty(), "{violations:?}");
    }

    #[test]
    fn imports_downwards_pass_and_upwards_fail() {
        passes("render/text.rs", "use crate::report::Report;");
        passes("app.rs", "use crate::{cli::Args, engine, render};");
        passes("main.rs", "use redis_doctor::app;");
        fails("plan.rs", "use crate::event::Event;", "`plan` may not depend on `event`");
        fails("main.rs", "use redis_doctor::engine;", "`main` may not depend on `engine`");
        fails("sandbox.rs", "use crate::plan::Plan;", "depend on `plan`");
    }

    #[test]
    fn groups_over_several_lines_are_read() {
        let text = "use crate::{\n    clock::{Clock, self},\n    plan as f,\n    render::{\n        text,\n    },\n};";
        fails("record/outage.rs", text, "depend on `render`");
        fails("clock.rs", "use {std::io, crate::{plan::Plan}};", "depend on `plan`");
        passes("plan.rs", "use crate::{clock::{self as c, Clock}, fault as event};");
    }

    #[test]
    fn paths_through_super_are_read() {
        fails("session/ping.rs", "use super::super::render::text;", "depend on `render`");
        fails("session/ping.rs", "use super::{session, super::engine::run};", "depend on `engine`");
        fails("session.rs", "use super::render;", "depend on `render`");
        fails("session/ping.rs", "use self::super::super::app;", "depend on `app`");
        passes("session/ping.rs", "use super::{render, engine::Step};");
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
        passes("session/subject.rs", "use redis::aio::ConnectionManager;");
        passes("sandbox.rs", "use redis_test::resp3;");
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
        passes("session/ping.rs", "fn f() {}\n#[cfg(test)]\nmod tests { use crate::app; }");
        fails("session/ping.rs", "#[cfg(test)]\nuse std::io;\nuse crate::app;", "depend on `app`");
    }

    #[test]
    fn code_beside_unit_tests_is_read() {
        for tests in [
            "#[cfg(test)]\nmod tests;",
            "#[cfg(test)] #[path = \"a{b.rs\"] pub(crate) mod fixture;",
            "#[cfg(test)]\nmod tests { const A: &str = \"}\"; fn f() { use crate::app; } }",
            "#[cfg(test)]\n#[allow(x, reason = \"{\")]\npub(in crate::a) mod tests { mod b { } }",
        ] {
            passes("session/ping.rs", tests);
            fails("session/ping.rs", &format!("{tests}\nuse crate::app;"), "depend on `app`");
        }
        fails("session/ping.rs", "#[cfg(not(test))]\nmod real { use crate::app; }", "depend on `app`");
        fails("session/ping.rs", "mod tests { use crate::app; }", "depend on `app`");
    }

    #[test]
    fn a_file_is_of_unit_tests_if_it_is_declared_so() {
        let declared = |root| check(&[file("session.rs", root), file("session/tests/made.rs", "use crate::app;")]);
        assert_eq!(declared("#[cfg(test)]\nmod tests;"), Vec::<String>::new());
        assert!(declared("mod tests;")[0].contains("depend on `app`"));
        let root = [file("lib.rs", "#[cfg(test)]\nmod fixture;"), file("fixture.rs", "use crate::app;")];
        assert_eq!(check(&root), Vec::<String>::new());
    }

    #[test]
    fn forbidden_names_fail() {
        passes("report.rs", "fn f(plan: &Plan) { plan.faults.len(); }");
        fails("diagnose/facts.rs", "fn f() { self.run.faults.len() }", "contain the name `faults`");
        fails("diagnose.rs", "fn f() { if let FaultCleared { .. } = kind {} }", "contain the name `FaultCleared`");
    }

    #[test]
    fn a_type_that_leads_to_what_is_hidden_fails() {
        let with = |diagnose| {
            check(&[
                file("fault.rs", "pub enum Break { Drop }"),
                file("plan.rs", "pub struct Plan<'a> { breaks: Vec<Break> }\npub struct Target { name: String }"),
                file("event.rs", "pub enum Kind { Started(Box<Plan>), Ended }\npub struct Line(u8);"),
                file("record.rs", "type Runs = Vec<Kind>;\nstruct Book { runs: Runs }\nstruct Page { line: Line }"),
                file("diagnose.rs", diagnose),
            ])
        };
        assert_eq!(with("use crate::{event::Line, plan::Target, record::Page};"), Vec::<String>::new());
        for (text, name) in [
            ("use crate::plan::Plan;", "Plan"),
            ("use crate::event::*; fn f(kind: &Kind) {}", "Kind"),
            ("fn f(book: &crate::record::Book) {}", "Book"),
        ] {
            let violations = with(text);
            let expected = format!("may not use `{name}`: it leads to `fault`");
            assert!(violations.len() == 1 && violations[0].contains(&expected), "{violations:?}");
        }
    }

    #[test]
    fn raw_text_of_a_reply_fails_outside_of_its_reader() {
        fails("evidence/server.rs", "fn f() { if let Value::BulkString(bytes) = x {} }", "raw text of a reply");
        passes("dial/reply.rs", "fn f() { if let Value::BulkString(bytes) = x {} }");
        fails("event/peer.rs", "pub struct Peer { id: Option<Arc<str>> }", "`Peer` holds plain text");
        fails("classify.rs", "struct Failure { text: String }", "`Failure` holds plain text");
        passes("event.rs", "pub struct Note { text: Foreign }\nfn f() -> String {}");
        passes("report.rs", "struct Row { text: String }");
    }

    #[test]
    fn idle_rules_fail() {
        let files = [file("plan.rs", "use crate::clock; use redis::Client; struct Kept;"), file("clock.rs", "")];
        let used: Table<'_> = &[("plan", &["clock"]), ("clock", &[])];
        let found = |allowed, confined, forbidden| idle_rules(&files, allowed, confined, forbidden);
        assert_eq!(found(used, &[("redis", &["plan"])], &[("clock", &["Kept"])]), Vec::<String>::new());
        let grant = found(&[("plan", &["clock", "fault"])], &[], &[]);
        assert_eq!(grant, ["`plan` does not depend on `fault`: take the grant back"]);
        assert_eq!(found(&[("session", &[])], &[], &[]), ["there is no module `session`"]);
        let place = found(used, &[("redis", &["plan", "clock"])], &[]);
        assert_eq!(place, ["`clock` does not use the crate `redis`: take the grant back"]);
        let name = found(used, &[], &[("clock", &["Renamed"])]);
        assert_eq!(name, ["`Renamed`, forbidden in `clock`, is no longer in the source"]);
    }

    #[test]
    fn files_have_an_opening_no_mod_rs_and_a_limit() {
        let violations = check(&[File::new(Path::new("fault.rs"), "fn f() {}")]);
        assert!(violations[0].contains("does not open"), "{violations:?}");
        fails("fault/mod.rs", "", "mod.rs");
        fails("fault.rs", &"\n".repeat(LINE_LIMIT), "more than 400");
        let tested = format!("#[cfg(test)]\nmod tests {{\n{}}}", "\n".repeat(LINE_LIMIT));
        passes("fault.rs", &tested);
    }
}
