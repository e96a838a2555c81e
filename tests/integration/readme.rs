//! The README and the book are true: their commands are valid, their scripts work as pasted, their outputs are real.
//!
//! `UPDATE_GOLDEN=1 cargo test --test integration readme` makes the outputs again.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use crate::{book::documents, harness::*};

/// Scripts that run at the same time: more would disturb the gates of each other.
const TOGETHER: usize = 8;

/// The blocks of the README and of the book in this language: `sh` for commands, `bash` for scripts that run, `shell` for what
/// needs a program that is not here.
fn blocks(language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let of_document = |text: String| -> Vec<String> {
        text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
    };
    documents().into_iter().flat_map(|(_, text)| of_document(text)).collect()
}

#[test]
fn every_command_in_the_readme_is_valid() {
    let commands: Vec<String> = blocks("sh")
        .iter()
        .flat_map(|block| block.lines().map(|line| line.trim_start().to_owned()).collect::<Vec<_>>())
        .filter(|line| line.starts_with("redis-doctor ") || line.contains("cargo run --release -- "))
        .collect();
    assert!(commands.len() >= 100, "{commands:?}");
    let files = TempDir::new().unwrap();
    let refused = commands.iter().filter_map(|command| {
        // The shell splits it as it would for a user; redis-doctor only has to understand it.
        let arguments = command.replacen("cargo run --release --", "redis-doctor", 1);
        // The redirection of one makes a file.
        let list = format!("cd {}; set -- {arguments}; printf '%s\\n' \"$@\"", files.path().display());
        let split = Doctor::script("bash", ["-c", list.as_str()]).run();
        let words = split.code(0).stdout().lines().map(Into::into).collect::<Vec<std::ffi::OsString>>();
        let refusal = redis_doctor::internals::parse(words).err()?;
        Some(format!("{command}: {refusal:?}"))
    });
    let refused: Vec<_> = refused.collect();
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// The commands of `sh` blocks that need nothing but the program: they run as they are. What names a server of the reader is
/// only parsed. The whole matrix of a drill takes minutes: it runs with `REDIS_DOCTOR_LONG`.
#[test]
fn every_command_in_the_documents_that_needs_no_server_runs() {
    let blocks = blocks("sh");
    let lines = blocks.iter().flat_map(|block| block.lines()).map(|line| line.split(" #").next().unwrap().trim());
    let lines = lines.map(|line| line.replacen("cargo run --release --", "redis-doctor", 1));
    let is_long = std::env::var_os("REDIS_DOCTOR_LONG").is_some();
    let needs_none = |line: &String| {
        let mut words = line.split_whitespace();
        let is_ours = words.next() == Some("redis-doctor");
        let alone = words.next().is_some_and(|word| ["explain", "man", "completions"].contains(&word));
        is_ours && (alone || line.contains(" --sandbox")) && (is_long || !line.contains(" --all"))
    };
    let commands: BTreeSet<String> = lines.filter(needs_none).collect();
    assert!(commands.len() >= 15, "{commands:#?}");
    let files = TempDir::new().unwrap();
    fs::write(files.path().join("app.log"), "IOException: Broken pipe (os error 32)\n").unwrap();
    let start = |command: &String| {
        let script = format!("cd {}; {command}", files.path().display());
        Doctor::script("bash", ["-c", script.as_str()])
            .within(Duration::from_secs(if is_long { 900 } else { 120 }))
            .spawn()
    };
    for commands in commands.iter().collect::<Vec<_>>().chunks(TOGETHER) {
        let running: Vec<_> = commands.iter().map(|command| start(command)).collect();
        for (command, running) in commands.iter().zip(running) {
            let output = running.finish();
            // 1 and 2 are verdicts: many of these break the connection on purpose.
            let code = output.exit_code();
            assert!(matches!(code, Some(0..=2)), "{command}: {code:?}\n{}", output.stderr());
            assert!(!output.stdout().is_empty(), "{command}\n{}", output.stderr());
        }
    }
}

#[test]
fn every_runbook_script_works_as_pasted() {
    let server = RedisServer::start();
    let scripts = blocks("bash");
    assert!(scripts.len() >= 15, "{}", scripts.len());
    let files = TempDir::new().unwrap();
    let start = |script: &String| {
        let script = format!("cd \"$(mktemp -d)\"\n{script}");
        let doctor = Doctor::script("bash", ["-euo", "pipefail", "-c", script.as_str()]);
        // What it leaves behind is for its user.
        let doctor = doctor.env("TMPDIR", files.path()).within(Duration::from_secs(60));
        doctor.env("REDIS_URL", server.url()).env("DURATION", "2s").spawn()
    };
    for scripts in scripts.chunks(TOGETHER) {
        let running: Vec<_> = scripts.iter().map(start).collect();
        for (script, running) in scripts.iter().zip(running) {
            let output = running.finish();
            assert!(output.exit_code() == Some(0), "{script}\n{}\n{}", output.stderr(), output.stdout());
            assert!(!output.stdout().contains("PAGE"), "{script}");
        }
    }
}

/// What a document shows under `<!-- output: NAME -->`, if it has that mark.
fn shown(text: &str, name: &str) -> Option<(usize, usize)> {
    let mark = format!("<!-- output: {name} -->\n```text\n");
    let start = text.find(&mark)? + mark.len();
    Some((start, start + text[start..].find("```").unwrap()))
}

/// What is printed: the lines of stderr, then the report.
fn printed(output: &Output) -> String {
    let text = format!("{}\n{}", output.stderr(), output.stdout());
    text.trim().lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// The lines that every run of a command prints, by their first words; what else there is depends on the moment.
const STABLE: [&str; 20] = [
    "---",
    "case",
    "channels",
    "count",
    "died",
    "drill",
    "end",
    "latency",
    "limit",
    "messages",
    "outages",
    "plan",
    "policy",
    "probes",
    "redis-doctor",
    "round",
    "rtt",
    "silences",
    "verdict",
    "waiting",
];

/// Which of the stable lines a text has.
fn outline(text: &str) -> BTreeSet<&str> {
    text.lines().filter_map(|line| line.split_whitespace().next()).filter(|word| STABLE.contains(word)).collect()
}

#[test]
fn the_outputs_in_the_readme_are_what_the_program_prints() {
    let update = std::env::var("UPDATE_GOLDEN").is_ok();
    let (server, victim, replica) = (RedisServer::start(), RedisServer::start(), RedisServer::start());
    replica.command(["REPLICAOF", "127.0.0.1", &server.address().port().to_string()]);
    let patience = Duration::from_secs(60);
    let soak = Doctor::new(["soak", "--sandbox", "--duration", if update { "15s" } else { "2s" }]).within(patience);
    let ping = Doctor::new(["ping", "-c", "3", "-i", "0.2"]).target(&server);
    let subscribe = Doctor::new(["subscribe", "news", "--verify", "--duration", "2s"]).target(&server);
    let drill = Doctor::new(["drill", "--sandbox", "--case", "reset-in-flight,blackhole"]).within(patience);
    let explain = Doctor::new(["explain", "aws-nlb"]).run();
    let idle = ["idle", "--sandbox", "--fault", "idle_drop=5s,then=reset", "--max", "8s"];
    let idle = Doctor::new(idle).within(patience).spawn();
    let waiting = Doctor::new(["wait", "--for", "primary"]).target(&replica).within(patience).spawn();
    waiting.wait_for_stderr("waiting for", patience);
    replica.command(["REPLICAOF", "NO", "ONE"]);
    let journal = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios/causes-from-evidence.ndjson");
    let causes = Doctor::new(["report", journal, "-v"]).run();
    let bare = Doctor::new(["soak", "--policy", "bare", "--fault", "reset_peer=when=in_flight@2s", "--duration", "5s"])
        .arg("-v");
    let incident = "soak --sandbox --policy bare --fault reset_peer=when=in_flight@2s -d 5s -q";
    let incident = Doctor::new(incident.split(' '));
    let check = Doctor::new(["check"]).target(&server).run();
    let (soak, ping, subscribe, drill, bare, incident) =
        (soak.spawn(), ping.run(), subscribe.spawn(), drill.spawn(), bare.target(&victim).spawn(), incident.spawn());
    let outputs = [
        ("soak", soak.finish()),
        ("check", check),
        ("ping", ping),
        ("subscribe", subscribe.finish()),
        ("bare", bare.finish()),
        ("incident", incident.finish()),
        ("drill", drill.finish()),
        ("explain", explain),
        ("idle", idle.finish()),
        ("wait", waiting.finish()),
        ("causes", causes),
    ];
    let mut documents = documents();
    for (name, output) in &outputs {
        let real = printed(output);
        let found = documents.iter_mut().find_map(|(path, text)| Some((shown(text, name)?, path, text)));
        let ((start, end), path, text) = found.unwrap_or_else(|| panic!("no document shows {name}"));
        if update {
            text.replace_range(start..end, &real);
        } else {
            let path = path.display();
            assert_eq!(outline(&text[start..end]), outline(&real), "{path} shows another output of {name}; {UPDATE}");
        }
    }
    if update {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        documents.iter().for_each(|(path, text)| fs::write(root.join(path), text).unwrap());
    }
}

const UPDATE: &str = "UPDATE_GOLDEN=1 cargo test --test integration readme makes it again";
