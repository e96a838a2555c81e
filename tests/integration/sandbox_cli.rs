//! The embedded server answers redis-cli, in both protocols, and serves a run that has nothing else.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use redis_doctor::internals::{Sandbox, SandboxConfig};

use crate::harness::{Doctor, skipped};

/// redis-cli or valkey-cli, if there is one.
fn cli() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let directories: Vec<_> = std::env::split_paths(&path).collect();
    let files = ["redis-cli", "valkey-cli"].into_iter();
    files.flat_map(|name| directories.iter().map(move |directory| directory.join(name))).find(|file| file.is_file())
}

/// Lines typed into redis-cli, and what it prints.
fn typed(cli: &PathBuf, sandbox: &Sandbox, protocol: &str, lines: &str) -> String {
    let port = sandbox.addr().port().to_string();
    let mut child = Command::new(cli)
        .args([protocol, "-p", &port])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn redis_cli_is_answered_in_both_protocols() {
    let Some(cli) = cli() else {
        return skipped("redis-cli at the sandbox", "there is none on the PATH (tests/run installs it)");
    };
    let sandbox = Sandbox::start(SandboxConfig::default()).unwrap();
    for protocol in ["-2", "-3"] {
        let lines = "PING\nECHO hello\nSET key value PX 60000\nGET key\nINCR number:1\nDEL key number:1\nNOSUCH x\n";
        let printed = typed(&cli, &sandbox, protocol, lines);
        let printed: Vec<_> = printed.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(printed[..6], ["PONG", "hello", "OK", "value", "1", "2"], "{protocol}");
        assert!(printed[6].starts_with("ERR unknown command 'NOSUCH'"), "{protocol}: {}", printed[6]);
        let info = typed(&cli, &sandbox, protocol, "INFO server\nCLIENT LIST\nCONFIG GET maxclients\nROLE\nTIME\n");
        for part in ["redis_version:", "cmd=client", "maxclients", "master"] {
            assert!(info.contains(part), "{protocol}: {part} is not in {info}");
        }
    }
}

#[test]
fn a_demonstration_needs_nothing_installed() {
    let run = Doctor::new(["soak", "--sandbox", "-d", "500ms"]).env("PATH", "/nonexistent").run();
    run.code(0).stdout_contains("verdict  HEALTHY").stdout_contains("1 of 1 confirmed").stderr_contains("(sandbox)");
    let run =
        Doctor::new(["ping", "--sandbox", "-c", "3", "-i", "0"]).env("REDIS_URL", "redis://nowhere.invalid").run();
    run.code(0).stdout_contains("3 answered");
    let run = Doctor::new(["ping", "--sandbox", "-h", "example.com"]).run();
    run.code(3).stderr_contains("--sandbox").stderr_contains("--host");
}

#[test]
fn the_sandbox_bears_every_workload_and_many_connections() {
    let soak = ["soak", "--sandbox", "--workload", "mixed", "--connections", "20", "--concurrency", "5", "-d", "500ms"];
    let report = Doctor::new(soak).args(["--format", "json"]).run().code(0).json();
    assert_eq!((&report["subscriptions"]["confirmed"], &report["delivery"]["lost"]), (&20.into(), &0.into()));
    assert_eq!(report["probes"]["launched"], report["probes"]["ok"]);
}
