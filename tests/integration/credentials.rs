//! Logging in: what is refused is named with its remedy, flags and variables keep their order, and a password is
//! written nowhere.

use std::fs;

use crate::harness::{Action, Doctor, Output, RedisServer, ScriptedServer, Target};

/// Long and odd enough to be found wherever it should not be.
const SECRET: &str = "s3cr3t-Zk9";

fn locked() -> RedisServer {
    RedisServer::builder().requirepass(SECRET).start()
}

/// The server's address without credentials.
fn bare(server: &RedisServer) -> String {
    format!("redis://{}", server.address())
}

/// A run that was refused, with the reason in the report.
#[track_caller]
fn refused(output: &Output, cause: &str, advice: &str) {
    output.code(2).lacks(SECRET).lacks("wr0ng-pass");
    output.stdout_contains(&format!("no connection: {cause}")).stdout_contains(advice);
}

#[test]
fn no_password_and_a_wrong_one_have_different_errors() {
    let server = locked();
    let run = Doctor::new(["ping", "-c", "1"]).target(&bare(&server)).run();
    refused(&run, "NOAUTH", "the server requires a password: set it in REDISCLI_AUTH");
    let run = Doctor::new(["ping", "-c", "1"]).target(&bare(&server)).env("REDISCLI_AUTH", "wr0ng-pass").run();
    refused(&run, "WRONGPASS invalid username-password pair", "check the password of user 'default'");
    let url = format!("redis://nobody:wr0ng-pass@{}", server.address());
    refused(&Doctor::new(["soak", "-d", "1"]).target(&url).run(), "WRONGPASS", "user 'nobody'");
}

#[test]
fn the_right_password_is_taken_from_every_place_and_shown_in_none() {
    let server = locked();
    let address = bare(&server);
    let host_and_port = ["-h".to_owned(), "127.0.0.1".into(), "-p".into(), server.port().to_string()];
    let ping = || Doctor::new(["ping", "-c", "2", "-i", "0"]);
    let runs = [
        ("a URL", ping().target(&server)),
        ("a URL with line ends", ping().arg("-u").arg(format!(" {}\r\n", server.url()))),
        ("REDIS_URL", ping().env("REDIS_URL", server.url())),
        ("VALKEY_URL", ping().env("VALKEY_URL", server.url())),
        ("REDISCLI_AUTH", ping().target(&address).env("REDISCLI_AUTH", SECRET)),
        ("VALKEYCLI_AUTH", ping().target(&address).env("VALKEYCLI_AUTH", SECRET)),
        ("--askpass from a pipe", ping().args(host_and_port.clone()).arg("--askpass").stdin(format!("{SECRET}\n"))),
        ("--askpass without a line end", ping().args(host_and_port.clone()).arg("--askpass").stdin(SECRET)),
        ("--pass", ping().args(host_and_port).args(["--no-auth-warning", "-a", SECRET])),
    ];
    for (place, run) in runs {
        let output = run.run();
        assert!(output.stdout().contains("2 answered"), "{place}: {}{}", output.stdout(), output.stderr());
        output.code(0).lacks(SECRET).lacks("warning");
    }
}

#[test]
fn a_password_on_the_command_line_is_warned_of_without_repeating_it() {
    let server = locked();
    let run = Doctor::new(["ping", "-c", "1", "-a", SECRET, "-p"]).arg(server.port().to_string()).run();
    run.code(0).lacks(SECRET).stderr_contains("warning: a password given with --pass can be seen in the process list");
}

#[test]
fn a_flag_beats_the_environment_beats_the_default() {
    let (server, other) = (RedisServer::start(), locked());
    let ping = || Doctor::new(["ping", "-c", "1"]).env("REDIS_URL", other.url());
    let shown = |server: &RedisServer, by: &str| format!("redis://{} ({by})", server.address());
    let by_url = ping().target(&server).run();
    by_url.code(0).lacks(SECRET).stderr_contains(&shown(&server, "--uri"));
    let by_host = ping().args(["-h", "127.0.0.1", "-p"]).arg(server.port().to_string()).run();
    by_host.code(0).lacks(SECRET).stderr_contains(&shown(&server, "--host"));
    by_host.stderr_contains("warning: REDIS_URL is not used, nor its password, because --host names the server");
    ping().env("VALKEY_URL", server.url()).run().code(0).lacks(SECRET).stderr_contains(&shown(&other, "REDIS_URL"));
    let right_beats_wrong = Doctor::new(["ping", "-c", "1"]).target(&other).env("REDISCLI_AUTH", "wr0ng-pass").run();
    right_beats_wrong.code(0).lacks(SECRET);
}

#[test]
fn a_password_is_in_no_format_no_journal_and_no_report_file() {
    let server = locked();
    let directory = tempfile::tempdir().unwrap();
    for format in ["text", "json", "ndjson", "csv", "openmetrics", "nagios"] {
        let (journal, report) = (directory.path().join(format!("{format}.nd")), directory.path().join(format));
        let soak = || Doctor::new(["soak", "-d", "200ms", "--format", format]);
        soak().arg("--journal").arg(&journal).target(&server).run().code(0).lacks(SECRET);
        soak().arg("--output").arg(&report).target(&server).run().code(0).lacks(SECRET).stdout_is_empty();
        Doctor::new(["report", "--format", format]).arg(&journal).run().code(0).lacks(SECRET);
        for file in [journal, report] {
            let text = fs::read_to_string(&file).unwrap();
            assert!(!text.is_empty() && !text.contains(SECRET), "{}: {text}", file.display());
        }
    }
}

#[test]
fn a_server_that_quotes_the_password_back_does_not_get_it_shown() {
    // As Redis 5 does when it is sent HELLO 3 AUTH default PASSWORD.
    let server = ScriptedServer::answering(|command| {
        let arguments: String = command[1..].iter().map(|argument| format!("`{argument}`, ")).collect();
        Action::line(&format!("-ERR unknown command `{}`, with args beginning with: {arguments}", command[0]))
    });
    let url = format!("redis://:{SECRET}@{}", server.address());
    for protocol in ["resp3", "resp2", "auto"] {
        let run = Doctor::new(["ping", "-c", "1", "--protocol", protocol, "--format", "json"]).target(&url).run();
        run.code(2).lacks(SECRET).stdout_contains("***").stderr_contains("***");
    }
    assert!(server.commands().iter().flatten().any(|word| word == SECRET), "the server did get it");
}

#[test]
fn a_url_of_two_lines_is_refused_without_its_password() {
    let two = format!("redis://:{SECRET}@one.example:6379\nredis://:{SECRET}@two.example:6379");
    for run in [
        Doctor::new(["ping", "-u"]).arg(&two),
        Doctor::new(["ping"]).env("REDIS_URL", &two),
        Doctor::new(["ping"]).arg(&two),
        Doctor::new([&two]),
        Doctor::new(["ping", "-h"]).arg(&two),
        Doctor::new(["ping", "-c"]).arg(&two),
        Doctor::new(["subscribe"]).arg(&two),
        Doctor::new(["ping", "--format", "nagios", "--uri"]).arg(&two),
    ] {
        run.run().code(3).lacks(SECRET).stderr_contains("error: ");
    }
}

#[test]
fn a_user_without_ping_learns_which_permission_is_missing() {
    let server = RedisServer::builder().acl(&format!("nopinger on >{SECRET} ~* &* +@all -ping")).start();
    let url = format!("redis://nopinger:{SECRET}@{}", server.address());
    let run = Doctor::new(["ping", "-c", "2"]).target(&url).run();
    refused(&run, "NOPERM", "the ACL of user 'nopinger' forbids it: see ACL GETUSER nopinger");
    run.stdout_contains("ping");
}

#[test]
fn a_user_without_info_and_client_is_served_all_the_same() {
    let server = RedisServer::builder().acl(&format!("least on >{SECRET} ~* &* -@all +hello +auth +ping")).start();
    let url = format!("redis://least:{SECRET}@{}", server.address());
    let run = Doctor::new(["ping", "-c", "2", "-i", "0"]).target(&url).run();
    run.code(0).lacks(SECRET).stdout_contains("2 answered").stderr_contains("connected");
}

#[test]
fn a_user_without_the_channel_gets_a_clear_error() {
    let server = RedisServer::builder().acl(&format!("deaf on >{SECRET} ~* resetchannels &allowed +@all")).start();
    let url = format!("redis://deaf:{SECRET}@{}", server.address());
    let run = Doctor::new(["subscribe", "forbidden", "-d", "5"]).target(&url).run();
    run.code(2).lacks(SECRET).stdout_is_empty().stderr_contains("NOPERM").stderr_contains("verdict  CRITICAL");
    let run = Doctor::new(["soak", "-d", "5"]).target(&url).run();
    run.code(2).lacks(SECRET);
    run.stdout_contains("verdict  CRITICAL  no connection: NOPERM").stdout_contains("see ACL GETUSER deaf");
    run.stdout_contains("the connection under test could not be set up");
    let run = Doctor::new(["subscribe", "allowed", "-d", "200ms"]).target(&url).run();
    run.code(0).lacks(SECRET).stderr_contains("1 of 1 channel");
}

/// As servers before version 6 and proxies do: they quote the arguments of a command that they refuse, cut at 128 bytes,
/// with spaces for line ends.
fn quoting(shorten: usize) -> ScriptedServer {
    ScriptedServer::answering(move |command| {
        let quoted = command[1..].iter().map(|argument| {
            let cut: String = argument.chars().take(shorten).collect();
            format!("`{}`, ", cut.replace(['\r', '\n'], " "))
        });
        let arguments: String = quoted.collect();
        Action::line(&format!("-ERR unknown command `{}`, with args beginning with: {arguments}", command[0]))
    })
}

#[test]
fn no_part_of_a_password_that_a_server_quotes_is_shown() {
    let token = format!("Zk9q{}", "x7Yw0Lm3".repeat(40));
    for (password, shorten) in [(token.as_str(), 128), ("f1r5t-Zk9q\nxW0rd7-K2v", 128), ("Zk9q", 128), (SECRET, 6)] {
        let server = quoting(shorten);
        let address = format!("redis://{}", server.address());
        let directory = tempfile::tempdir().unwrap();
        for (protocol, format) in [("resp3", "text"), ("auto", "json"), ("resp2", "ndjson"), ("auto", "nagios")] {
            let journal = directory.path().join("journal");
            let run = Doctor::new(["soak", "-d", "1", "--protocol", protocol, "--format", format, "--journal"])
                .arg(&journal)
                .target(&address)
                .env("REDISCLI_AUTH", password)
                .run();
            let written = fs::read_to_string(&journal).unwrap();
            let outputs = [run.stdout().to_owned(), run.stderr().to_owned(), written];
            assert!(outputs[0].contains("***") || outputs[1].contains("***"), "it was quoted: {outputs:?}");
            // Parts shorter than four bytes are no secret.
            let parts = password.as_bytes().windows(4).filter(|part| part.is_ascii() && !part.contains(&b'\n'));
            for part in parts.map(|part| String::from_utf8_lossy(part).into_owned()) {
                assert!(
                    outputs.iter().all(|output| !output.contains(&part)),
                    "{protocol} {format} {part:?}: {outputs:?}"
                );
            }
            fs::remove_file(&journal).unwrap();
        }
    }
}
