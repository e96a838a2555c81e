//! The README is true: its commands are valid, its scripts work as pasted, its outputs are real.
//!
//! `UPDATE_GOLDEN=1 cargo test --test integration readme` makes the outputs again.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use tempfile::TempDir;

use crate::harness::*;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");

/// The blocks of the README in this language.
fn blocks(language: &str) -> Vec<String> {
    let readme = fs::read_to_string(README).unwrap();
    let fence = format!("```{language}\n");
    let blocks = readme.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned());
    blocks.collect()
}

#[test]
fn every_command_in_the_readme_is_valid() {
    let commands: Vec<String> = blocks("sh")
        .iter()
        .flat_map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>())
        .filter(|line| line.starts_with("redis-doctor ") || line.contains("cargo run --release -- "))
        .collect();
    assert!(commands.len() >= 8, "{commands:?}");
    for command in commands {
        // The shell splits it as it would for a user; redis-doctor only has to understand it.
        let arguments = command.replacen("cargo run --release --", "redis-doctor", 1);
        let list = format!("set -- {arguments}; printf '%s\\n' \"$@\"");
        let split = Doctor::script("bash", ["-c", list.as_str()]).run();
        let words = split.code(0).stdout().lines().map(Into::into).collect::<Vec<std::ffi::OsString>>();
        let parsed = redis_doctor::internals::parse(words);
        assert!(parsed.is_ok(), "{command}: {parsed:?}");
    }
}

#[test]
fn every_runbook_script_works_as_pasted() {
    let server = RedisServer::start();
    let scripts = blocks("bash");
    assert!(scripts.len() >= 4);
    let files = TempDir::new().unwrap();
    let running: Vec<_> = scripts
        .iter()
        .map(|script| {
            let script = format!("cd \"$(mktemp -d)\"\n{script}");
            let doctor = Doctor::script("bash", ["-euo", "pipefail", "-c", script.as_str()]);
            // What it leaves behind is for its user.
            let doctor = doctor.env("TMPDIR", files.path());
            doctor.env("REDIS_URL", server.url()).env("DURATION", "2s").spawn()
        })
        .collect();
    for (script, running) in scripts.iter().zip(running) {
        let output = running.finish();
        assert!(!output.code(0).stdout().contains("PAGE"), "{script}");
    }
}

/// What the README shows under `<!-- output: NAME -->`.
fn shown(readme: &str, name: &str) -> (usize, usize) {
    let mark = format!("<!-- output: {name} -->\n```text\n");
    let start = readme.find(&mark).unwrap_or_else(|| panic!("no {mark}")) + mark.len();
    (start, start + readme[start..].find("```").unwrap())
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
    let check = Doctor::new(["check"]).target(&server).run();
    let (soak, ping, subscribe, drill, bare) =
        (soak.spawn(), ping.run(), subscribe.spawn(), drill.spawn(), bare.target(&victim).spawn());
    let outputs = [
        ("soak", soak.finish()),
        ("check", check),
        ("ping", ping),
        ("subscribe", subscribe.finish()),
        ("bare", bare.finish()),
        ("drill", drill.finish()),
        ("explain", explain),
        ("idle", idle.finish()),
        ("wait", waiting.finish()),
        ("causes", causes),
    ];
    let mut readme = fs::read_to_string(README).unwrap();
    for (name, output) in &outputs {
        let real = printed(output);
        let (start, end) = shown(&readme, name);
        if update {
            readme.replace_range(start..end, &real);
        } else {
            assert_eq!(
                outline(&readme[start..end]),
                outline(&real),
                "{name}: the README shows another output; {UPDATE}"
            );
        }
    }
    if update {
        fs::write(README, readme).unwrap();
    }
}

const UPDATE: &str = "UPDATE_GOLDEN=1 cargo test --test integration readme makes it again";
