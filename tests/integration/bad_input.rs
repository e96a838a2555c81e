//! Wrong usage: one line that names the flag, its value and the remedy, on stderr, with exit code 3, before anything
//! is done. And what is not wrong: help, the version, completions, the manual.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use crate::harness::{Doctor, closed_port};

/// Refused with one line that holds all of these.
#[track_caller]
fn refused(arguments: &[&str], parts: &[&str]) {
    let output = Doctor::new(arguments).run();
    output.code(3).stdout_is_empty();
    for part in parts {
        output.stderr_contains(part);
    }
}

#[test]
fn durations_that_mean_nothing_are_refused_with_an_example() {
    for (arguments, parts) in [
        (["ping", "-i", "-1"], ["--interval: '-1' is negative", "for example 500ms"]),
        (["ping", "-i", "-5ms"], ["--interval: '-5ms' is negative", "for example 500ms"]),
        (["ping", "-i", "1e-12"], ["--interval: '1e-12' is too short", "0 for back to back"]),
        (["ping", "-w", "0"], ["--deadline: '0' is too short", "at least 1ms"]),
        (["ping", "-W", "0s"], ["--timeout: '0s' is too short", "at least 1ms"]),
        (["soak", "-d", "0"], ["--duration: '0' is too short", "at least 1ms"]),
        (["soak", "-d", "200y"], ["--duration: '200y' is more than 100 years", "14d"]),
        (["soak", "-d", "99999999999999999999"], ["--duration: '99999999999999999999' is more than", "14d"]),
        (["soak", "-d", "inf"], ["--duration: 'inf' is more than", "14d"]),
        (["soak", "-d", "NaN"], ["--duration: 'NaN' is not a duration", "1h 30m"]),
        (["soak", "-d", "tomorrow"], ["--duration: 'tomorrow' is not a duration", "1h 30m"]),
        (["soak", "-d", ""], ["--duration: '' is not a duration", "1h 30m"]),
        (["soak", "--connect-timeout", "0"], ["--connect-timeout: '0' is too short", "at least 1ms"]),
        (["soak", "--watchdog", "0"], ["--watchdog: '0' is not a watchdog setting", "1sx2"]),
        (["soak", "--keepalive", "0/0/0"], ["--keepalive: '0/0/0' is not a keepalive setting", "10/5/3"]),
        (["soak", "--user-timeout", "30d"], ["--user-timeout: '30d' is more than the kernel accepts", "24d"]),
    ] {
        refused(&arguments, &parts);
    }
}

#[test]
fn rates_and_counts_that_mean_nothing_are_refused_with_an_example() {
    for (arguments, parts) in [
        (["soak", "--rate", "-1"], ["--rate: the rate '-1' is out of range", "between 1 a day and 1000000 a second"]),
        (["soak", "--rate", "1e30"], ["--rate: the rate '1e30' is out of range", "1000000 a second"]),
        (["soak", "--rate", "fast"], ["--rate: 'fast' is not a rate", "10/s"]),
        (["soak", "--rate", "10/fortnight"], ["--rate: '10/fortnight' is not a rate", "600/m"]),
        (["soak", "--verify-rate", "0"], ["--verify-rate: '0' is not a pace to publish at", "10/s"]),
        (["soak", "--connections", "0"], ["--connections: '0' is out of range", "from 1 to 10000"]),
        (["soak", "--concurrency", "99999"], ["--concurrency: '99999' is out of range", "from 1 to 10000"]),
        (["ping", "-c", "0"], ["--count: '0' would do nothing", "at least 1"]),
        (["ping", "-c", "-3"], ["--count: '-3' is not a count", "from 1"]),
        (["ping", "-c", "99999999999999999999"], ["--count: '99999999999999999999' is not a count", "from 1"]),
        (["ping", "-p", "0"], ["--port: '0' is not a port", "1 to 65535"]),
        (["ping", "-p", "65536"], ["--port: '65536' is not a port", "1 to 65535"]),
        (["ping", "-n", "-1"], ["--db: '-1' is not a database number", "from 0"]),
        (["ping", "--payload", "17m"], ["--payload: '17m' is too large", "at most 16m"]),
        (
            ["ping", "--fail-on", "p98>1"],
            ["--fail-on: 'p98' is not a figure", "expected one of ambiguous, attempts_failed"],
        ),
        (["ping", "--format", "xml"], ["--format: invalid value 'xml'", "text, json, ndjson"]),
    ] {
        refused(&arguments, &parts);
    }
}

#[test]
fn what_stands_in_the_wrong_place_is_explained() {
    for (arguments, parts) in [
        (&["proxy", "example.com"][..], ["unexpected argument: 'example.com'", "a value with blanks needs quotes"]),
        (&["proxy", "redis://example.com"], ["the URL of a server needs -u", "redis-doctor ping -u URL"]),
        (&["ping", "-h", "example.com:6380"], ["--host: 'example.com:6380' contains a port", "-p 6380"]),
        (&["ping", "-h", ""], ["--host: the host is empty", "an unset variable?"]),
        (
            &["ping", "-u", "http://example.com"],
            ["--uri: 'http://example.com': the scheme 'http' is not supported", "redis, rediss"],
        ),
        (&["ping", "-c", "-h", "x"], ["--count: a number is missing", "use --cluster"]),
        (&["png"], ["unknown command 'png'", "ping, subscribe, soak"]),
        (&["ping", "--intervall", "1"], ["redis-doctor ping has no --intervall", "did you mean --interval?"]),
        (&["subscribe"], ["CHANNEL: there is nothing to subscribe to", "name a channel"]),
        (&["subscribe", "--pattern", ""], ["--pattern: it is empty", "an unset variable?"]),
        (&["report"], ["<FILE>", "redis-doctor report <FILE>"]),
        (&["ping", "-u", "redis://h", "-p", "1"], ["'--uri <URL>' cannot be used with", "--port"]),
    ] {
        refused(arguments, &parts);
    }
}

#[test]
fn a_url_that_cannot_be_meant_is_shown_with_its_remedy_and_without_its_password() {
    for (url, parts) in [
        ("valkey://host:99999", ["--uri: 'valkey://host:99999': the port 99999 does not exist", "expected 1 to 65535"]),
        ("redis://:hunter2@host:99999", ["--uri: 'redis://***@host:99999': the port 99999", "expected 1 to 65535"]),
        (
            "redis://me:hunter2",
            ["--uri: 'redis://me:***': the part after the host's ':'", "a password goes before the host"],
        ),
        (
            "cache.example:6379",
            ["--uri: 'cache.example:6379': this is not a URL", "expected redis://cache.example:6379"],
        ),
        ("redis://::1:6379", ["--uri: 'redis://::1:6379': an IPv6 address", "for example redis://[::1]:6379"]),
        ("redis://host/zero", ["--uri: 'redis://host/zero': the database", "expected for example"]),
        ("redis://:hunter2/x@host", ["--uri: 'redis://***@***': the URL cannot be read", "/ as %2F"]),
        ("redis://host?password=hunter2#", ["--uri: 'redis://host?***': the URL has a '#'", "remove it"]),
    ] {
        refused(&["ping", "-u", url], &parts);
        Doctor::new(["ping", "-u", url]).run().lacks("hunter2");
    }
}

#[test]
fn a_flag_of_another_tool_gets_the_name_it_has_here() {
    for (arguments, parts) in [
        (&["soak", "--json"][..], ["redis-doctor soak has no --json", "; use --format json"]),
        (&["--json"], ["redis-doctor check has no --json", "; use --format json"]),
        (&["ping", "--prometheus"], ["redis-doctor ping has no --prometheus", "; use --format prometheus"]),
        (&["subscribe", "x", "--json"], ["has no --json", "; use --format with one of text, ndjson, raw"]),
        (&["ping", "-h", "x", "--ssl"], ["redis-doctor ping has no --ssl", "; use --tls, or a URL with rediss://"]),
        (&["ping", "--skip-verify"], ["has no --skip-verify", "use --insecure"]),
        (&["ping", "--servername=cache.example"], ["has no --servername", "use --sni NAME"]),
        (&["soak", "--ca", "/etc/ca.pem"], ["has no --ca", "use --cacert FILE"]),
        (&["ping", "-3"], ["has no -3", "; use --protocol resp3, which is the default"]),
        (&["ping", "-t", "5"], ["there is no target '5'", "for a time limit, use the flag's long name"]),
        (&["ping", "--debug"], ["has no --debug", "--journal FILE keeps them"]),
        (&["wait", "--verbose"], ["redis-doctor wait has no --verbose", "everything is shown anyway"]),
        (&["soak", "-i", "1"], ["redis-doctor soak has no -i", "; use --rate RATE"]),
        (&["ping", "--bigkeys"], ["has no --bigkeys", "; this belongs to redis-cli"]),
        (&["proxy", "-p", "6379"], ["redis-doctor proxy has no -p", "; use -u redis://HOST:PORT"]),
    ] {
        refused(arguments, &parts);
    }
}

#[test]
fn arguments_that_are_not_utf8_are_refused_by_place_and_taken_where_any_bytes_will_do() {
    let bytes = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
    let run = Doctor::new(["ping", "-h"]).arg(bytes(b"\xff\xfehost")).run();
    run.code(3).stdout_is_empty().stderr_contains("argument 3 (after -h) is not valid UTF-8; expected UTF-8");
    let run = Doctor::new(["ping", "-i"]).arg(bytes(b"1\xff")).run();
    run.code(3).stderr_contains("argument 3 (after -i) is not valid UTF-8");
    let run = Doctor::new(["ping"]).env("REDIS_URL", bytes(b"redis://h\xff")).run();
    run.code(3).stderr_contains("REDIS_URL: its value is not valid UTF-8");
    // A channel and a path may be any bytes: these runs get as far as the server that is not there.
    let run = Doctor::new(["subscribe"]).arg(bytes(b"\xff\x80")).target(&closed_port()).run();
    run.code(2).stderr_contains(r"subscribe to \xff\x80").stderr_contains("Connection refused");
    let run = Doctor::new(["ping", "-c", "1", "-s"]).arg(bytes(b"/nonexistent/\xff")).run();
    run.code(2).stdout_contains("No such file or directory");
}

#[test]
fn wrong_usage_is_unknown_for_a_monitoring_system() {
    for (arguments, why) in [
        (&["ping", "--format", "nagios", "-i", "x"][..], "--interval: 'x' is not a duration"),
        (&["soak", "--rate", "x|y", "--format=nagios"], "--rate: 'x/y' is not a rate"),
        (&["ping", "--format", "nagios", "--nosuch"], "redis-doctor ping has no --nosuch"),
        (&["ping", "--format", "nagios", "--journal", "/nonexistent/j"], "--journal: cannot write /nonexistent/j"),
        (&["report", "--format", "nagios", "/nonexistent"], "/nonexistent: No such file"),
    ] {
        let run = Doctor::new(arguments).run();
        run.code(3).stdout_contains(&format!("REDIS-DOCTOR UNKNOWN - {why}")).stderr_contains("error: ");
        assert_eq!((run.stdout().lines().count(), run.stdout().contains('|')), (1, false));
    }
}

#[test]
fn help_and_version_are_data_on_stdout_and_not_an_error() {
    for (arguments, text) in [
        (&["--help"][..], "Usage: redis-doctor [COMMAND] [FLAGS]"),
        (&["-h"], "Usage: redis-doctor [COMMAND] [FLAGS]"),
        (&["help"], "Usage: redis-doctor [COMMAND] [FLAGS]"),
        (&["--version"], "redis-doctor 0.1.0"),
        (&["-V"], "redis-doctor 0.1.0"),
        (&["ping", "--help"], "Usage: redis-doctor ping [OPTIONS]"),
        (&["ping", "-h"], "Usage: redis-doctor ping [OPTIONS]"),
        (&["subscribe", "--help"], "Usage: redis-doctor subscribe [OPTIONS] [CHANNEL]..."),
        (&["soak", "--help"], "Usage: redis-doctor soak [OPTIONS]"),
        (&["report", "--help"], "Usage: redis-doctor report [OPTIONS] <FILE>..."),
        (&["completions", "--help"], "Usage: redis-doctor completions <SHELL>"),
        (&["man", "--help"], "Usage: redis-doctor man"),
    ] {
        Doctor::new(arguments).run().code(0).stdout_contains(text).stderr_is_empty();
    }
    Doctor::new(["--help"]).run().stdout_contains("redis-doctor soak --sandbox --duration 15s");
}

#[test]
fn completions_and_the_manual_are_printed() {
    for (shell, text) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef redis-doctor"),
        ("fish", "complete -c redis-doctor"),
        ("powershell", "Register-ArgumentCompleter"),
        ("elvish", "edit:completion:arg-completer[redis-doctor]"),
        ("nushell", "export extern redis-doctor"),
    ] {
        Doctor::new(["completions", shell]).run().code(0).stdout_contains(text).stderr_is_empty();
    }
    Doctor::new(["man"]).run().code(0).stdout_contains(".TH redis-doctor 1").stderr_is_empty();
    Doctor::new(["completions", "tcsh"]).run().code(3).stderr_contains("'tcsh'").stderr_contains("bash");
}

#[test]
fn settings_that_nothing_can_come_of_do_no_harm() {
    // As fast as it goes, for a moment; a century of interval, cut short by the deadline.
    let run = Doctor::new(["soak", "--sandbox", "--rate", "0", "--workload", "ping", "-d", "100ms"]).run();
    run.code(0).stdout_contains("verdict  HEALTHY");
    let run = Doctor::new(["ping", "--sandbox", "-i", "90y", "-w", "300ms"]).run();
    run.code(0).stdout_contains("1 sent, 1 answered");
    let run = Doctor::new(["ping", "--sandbox", "-c", "2", "-i", "0", "-W", "99y"]).run();
    run.code(0).stdout_contains("2 answered");
}
