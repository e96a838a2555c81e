//! `--pass-command` and `--pass-file`: asked once for each connection attempt, and written nowhere.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::harness::{Doctor, RedisServer, Signal, eventually};

const LIMIT: Duration = Duration::from_secs(20);

/// Begins every token, and occurs nowhere else.
const MARK: &str = "t0k3n-Qx7";

/// A script that yields a new token at each call, and counts its calls.
struct Tokens {
    directory: TempDir,
}

impl Tokens {
    /// `accept` is run with `$TOKEN`, before it is printed.
    fn new(accept: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let calls = directory.path().join("calls");
        let script = format!(
            "echo call >> {calls}\nTOKEN={MARK}-$(wc -l < {calls} | tr -d ' ')\n{accept}\necho $TOKEN\necho remark\n",
            calls = calls.display()
        );
        fs::write(directory.path().join("token.sh"), script).unwrap();
        Self { directory }
    }

    fn command(&self) -> String {
        format!("sh {}/token.sh", self.directory.path().display())
    }

    fn calls(&self) -> usize {
        fs::read_to_string(self.directory.path().join("calls")).unwrap_or_default().lines().count()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

/// A server that takes every token that the script has printed, and no other password but its own.
fn accepting_all(tokens: impl FnOnce(&str) -> Tokens) -> (RedisServer, Tokens) {
    let server = RedisServer::builder().requirepass("unused").unix_socket().start();
    let socket = server.unix_socket().display();
    let add = format!("redis-cli -s {socket} --no-auth-warning -a unused ACL SETUSER default \">$TOKEN\" >/dev/null");
    let tokens = tokens(&add);
    (server, tokens)
}

fn bare(server: &RedisServer) -> String {
    format!("redis://127.0.0.1:{}", server.port())
}

#[test]
fn the_command_is_asked_once_for_each_connection_of_every_command() {
    let (server, tokens) = accepting_all(Tokens::new);
    for (command, expected) in [
        (&["ping", "-c", "1"][..], None),
        (&["ping", "-c", "3", "-i", "0", "--no-evidence"], None),
        (&["wait", "--timeout", "5s"], Some(1)),
        (&["wait", "--timeout", "5s", "--protocol", "resp2"], Some(1)),
        (&["check"], None),
    ] {
        let (calls, connections) = (tokens.calls(), connections(&server));
        let run = Doctor::new(command.iter().copied()).args(["-u", &bare(&server)]);
        let run = run.arg("--pass-command").arg(tokens.command()).within(LIMIT).run();
        assert!(matches!(run.exit_code(), Some(0 | 1)), "{command:?}: {}{}", run.stdout(), run.stderr());
        run.lacks(MARK);
        let calls = tokens.calls() - calls;
        // Each call is a connection more.
        assert_eq!(self::connections(&server) - connections, 2 * calls, "{command:?}");
        assert!(expected.is_none_or(|expected| calls == expected), "{command:?}: {calls} calls");
    }
}

#[test]
fn each_connection_of_a_run_logs_in_with_a_token_of_its_own() {
    for arguments in [&["--protocol", "resp3"][..], &["--protocol", "resp2"], &["--policy", "bare"]] {
        let (server, tokens) = accepting_all(Tokens::new);
        let seen = connections(&server);
        let soak = ["soak", "-d", "60s", "--no-evidence", "--workload", "ping,pubsub"];
        let journal = tokens.file("journal");
        let run = Doctor::new(soak.iter().chain(arguments).copied()).args(["-u", &bare(&server)]);
        let run = run.arg("--pass-command").arg(tokens.command()).arg("--journal").arg(&journal).spawn();
        run.wait_for_stderr("connected", LIMIT);
        eventually("a connection to be up", LIMIT, || server.clients().len() >= 2);
        let before = tokens.calls();
        server.command(["CLIENT", "KILL", "TYPE", "normal"]);
        server.command(["CLIENT", "KILL", "TYPE", "pubsub"]);
        run.wait_for_stderr("reconnected", LIMIT);
        shown_nowhere_by(run.pid());
        // Each call is a connection more. An attempt in progress may not have asked yet, and the publisher connects at
        // any time: counted is from the start of the run.
        let all_asked = || {
            let calls = tokens.calls();
            calls > before && connections(&server) - seen == 2 * calls
        };
        eventually("each connection to have asked once", LIMIT, all_asked);
        run.signal(Signal::INT);
        let output = run.finish();
        output.lacks(MARK).lacks("panicked");
        assert!(!fs::read_to_string(&journal).unwrap().contains(MARK));
    }
}

/// Connections that the server has accepted, those of the tokens' own commands included.
fn connections(server: &RedisServer) -> usize {
    let info = server.command(["INFO", "stats"]);
    let count = info.lines().find_map(|line| line.strip_prefix("total_connections_received:")).unwrap();
    count.trim().parse().unwrap()
}

/// The token is in the arguments and the environment of no process that belongs to the run.
fn shown_nowhere_by(pid: u32) {
    for entry in fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
        let own = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
        let Some(process) = own else { continue };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let parent = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1)).and_then(|id| id.parse().ok());
        if process == pid || parent == Some(pid) {
            for file in ["cmdline", "environ"] {
                let text = fs::read(entry.path().join(file)).unwrap_or_default();
                assert!(!String::from_utf8_lossy(&text).contains(MARK), "{file} of {process}");
            }
        }
    }
}

#[test]
fn a_file_is_read_for_each_attempt() {
    let server = RedisServer::builder().requirepass("first-Zk9").start();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    fs::write(&file, "first-Zk9\n").unwrap();
    let soak = ["soak", "-d", "60s", "--workload", "ping", "--format", "ndjson", "-u", &bare(&server)];
    let run = Doctor::new(soak).arg("--pass-file").arg(&file).spawn();
    run.wait_for_stderr("connected", LIMIT);
    server.command(["CONFIG", "SET", "requirepass", "second-Zk9"]);
    fs::write(&file, "second-Zk9\n").unwrap();
    server.command(["CLIENT", "KILL", "TYPE", "normal"]);
    run.wait_for_stdout("\"event\":\"reconnected\"", LIMIT);
    run.signal(Signal::INT);
    run.finish().lacks("-Zk9");
}

#[test]
fn a_command_that_fails_during_a_run_is_what_keeps_the_client_out() {
    let server = RedisServer::builder().requirepass("first-Zk9").start();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    fs::write(&file, "first-Zk9\n").unwrap();
    let command = format!("cat {} || {{ echo the session has expired >&2; exit 4; }}", file.display());
    let soak = ["soak", "-d", "60s", "--workload", "ping", "--format", "json", "-u", &bare(&server)];
    let run = Doctor::new(soak).arg("--pass-command").arg(command).spawn();
    run.wait_for_stderr("connected", LIMIT);
    fs::remove_file(&file).unwrap();
    server.command(["CLIENT", "KILL", "TYPE", "normal"]);
    run.wait_for_stderr("the session has expired", LIMIT);
    // A shorter obstacle is not reported.
    std::thread::sleep(Duration::from_secs(2));
    fs::write(&file, "first-Zk9\n").unwrap();
    run.wait_for_stderr("reconnected", LIMIT);
    run.signal(Signal::INT);
    let report = run.finish().lacks("-Zk9").lacks("panicked").json();
    let obstacle = &report["outages"]["rows"][0]["diagnosis"]["obstacle"];
    assert_eq!((&obstacle["name"], &obstacle["code"]), (&"no_password".into(), &"RD210".into()), "{report:#}");
}

#[test]
fn a_command_that_yields_nothing_is_refused_before_anything_is_done() {
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().join("empty");
    fs::write(&empty, "\n").unwrap();
    let folder = directory.path().to_str().unwrap();
    for (flags, parts) in [
        (
            ["--pass-command", "true"],
            &["--pass-command: the output of the command is empty; expected a shell command"][..],
        ),
        (
            ["--pass-command", "echo no \u{1b}[31msession >&2; exit 3"],
            &["the command failed (exit status: 3): no \\u{1b}[31msession", "run it by hand"],
        ),
        (["--pass-command", "/no/such/command"], &["the command failed (exit status: 127)", "not found"]),
        (["--pass-command", "echo 's3cr3t-Zk9'; echo s3cr3t-Zk9 >&2; exit 1"], &["***"]),
        (["--pass-file", "/no/such/file"], &["--pass-file: cannot read '/no/such/file'", "expected a readable file"]),
        (["--pass-file", folder], &["--pass-file:", folder, "is not a regular file"]),
        (["--pass-file", empty.to_str().unwrap()], &["empty' is empty; expected"]),
    ] {
        for command in ["ping", "check", "wait", "soak", "idle", "drill"] {
            let run = Doctor::new([command, "-h", "127.0.0.1"]).args(flags).run();
            let secret = if flags[1].contains("s3cr3t") { "s3cr3t" } else { "-Zk9" };
            run.code(3).stdout_is_empty().lacks(secret);
            let words = run.stderr().split_whitespace().collect::<Vec<_>>().join(" ");
            parts.iter().for_each(|part| assert!(words.contains(part), "{command}: {part}: {words}"));
        }
    }
    let hangs =
        Doctor::new(["ping", "--pass-command", "sleep 4712 & sleep 4712"]).within(Duration::from_secs(25)).run();
    hangs
        .code(3)
        .stderr_contains("--pass-command: the command did not end within 10 s")
        .took_at_most(Duration::from_secs(15));
    eventually("the end of its children, which are killed, too", Duration::from_secs(5), || !is_running("4712"));
    let two = Doctor::new(["ping", "--pass-command", "echo x", "--pass", "y"]).run();
    two.code(3).stderr_contains("--pass-command");
}

fn is_running(argument: &str) -> bool {
    fs::read_dir("/proc").unwrap().filter_map(Result::ok).any(|entry| {
        let line = fs::read(Path::new(&entry.path()).join("cmdline")).unwrap_or_default();
        line.starts_with(b"sleep") && String::from_utf8_lossy(&line).contains(argument)
    })
}
