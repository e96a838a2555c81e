//! `explain`: what is typed or pasted finds its entry, in every form; what is unknown is reported on stderr, with exit 3.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;

use redis_doctor::internals::{entries, parse, schema};

use crate::harness::{Doctor, Output};

fn explain<const N: usize>(words: [&str; N]) -> Output {
    Doctor::new(["explain"]).args(words).run()
}

#[test]
fn an_entry_has_all_its_parts_and_nothing_is_on_stderr() {
    let run = explain(["RD012"]);
    run.code(0).stderr_is_empty().stdout_contains("RD012 · middlebox_idle_limit · cause\n");
    for part in [
        "\nreported by redis-doctor\n",
        "\nlikely causes\n  aws-nlb ",
        "\nhow to check\n",
        "\nwhat to do\n",
        "\nsee also\n",
    ] {
        run.stdout_contains(part);
    }
    run.stdout_contains("\n      redis-cli CONFIG GET tcp-keepalive\n").stdout_contains("\nsources\n  documented ");
    explain(["aws-nlb-rst"]).code(0).stdout_contains("\n  unverified ");
    explain(["104"]).code(0).stdout_contains("RD126 · reset · error · ECONNRESET 104 (macOS 54)\n");
}

#[test]
fn what_is_named_or_pasted_finds_its_entry() {
    for (words, head) in [
        (&["104"][..], "RD126 "),
        (&["broken pipe"], "RD106 "),
        (&["broken", "pipe"], "RD106 "),
        (&["ECONNRESET"], "RD126 "),
        (&["rd012"], "RD012 "),
        (&["aws-nlb"], "aws-nlb "),
        (&["connection_closed"], "RD106 "),
        (&["failover"], "RD003 "),
        (&["Connection reset by peer (os error 104)"], "RD126 "),
        (&["An error was signalled by the server - ResponseError: max number of clients reached"], "RD114 "),
        // As redis-cli and the wire have it: no flag, although it begins with a dash.
        (&["-ERR max number of clients reached"], "RD114 "),
        (&["-NOAUTH", "Authentication", "required."], "RD118 "),
        (&["--", "--list"], ""),
    ] {
        let run = Doctor::new(["explain"]).args(words).run();
        if head.is_empty() {
            run.code(3).stdout_is_empty();
        } else {
            assert!(run.code(0).stderr_is_empty().stdout().starts_with(head), "{words:?}: {}", run.stdout());
        }
    }
}

/// What has no entry of its own leads to what is known of all such.
#[test]
fn an_unknown_errno_and_an_unknown_error_reply_lead_somewhere() {
    for words in [&["ENOTRECOVERABLE"][..], &["errno", "131"], &["State", "not", "recoverable", "(os", "error", "131)"]]
    {
        let run = Doctor::new(["explain"]).args(words).run();
        run.code(0).stderr_is_empty().stdout_contains("RD121 · other · error · ENOTRECOVERABLE 131\n");
        for part in
            ["State not recoverable", "\nreported by kernel\n", "\nhow to check\n", "\nwhat to do\n", "errno.3.html"]
        {
            run.stdout_contains(part);
        }
    }
    // A number alone is an errno first, and then a code.
    explain(["132"]).code(0).stdout_contains("ERFKILL 132\n").stdout_contains("\nsame name\n  RD132  ");
    let found = explain(["EAGAIN", "--format", "json"]).code(0).json();
    assert_eq!((&found["exact"], &found["entry"]["id"]), (&true.into(), &"RD121".into()));
    let errno = serde_json::json!([{ "name": "EAGAIN", "linux": 11 }]);
    assert_eq!(found["entry"]["errno"], errno);
    for words in ["-NEWCODE something that only next year's server says", "WRONGTYPE", "-HUNTER"] {
        let run = explain([words]);
        assert!(run.code(0).stdout().starts_with("RD129 · server_error"), "{words}: {}", run.stdout());
        run.lacks("HUNTER").stdout_contains("errorstats");
    }
}

#[test]
fn words_that_fit_several_entries_show_the_best_and_list_the_others() {
    let run = explain(["azure", "idle", "limit"]);
    assert!(run.code(0).stdout().starts_with("az-lb "), "{}", run.stdout());
    run.stdout_contains("\nother matches\n").stdout_contains("\n  az-redis ");
    explain(["desync"]).code(0).stdout_contains("\nsame name\n  RD108  desync: ");
}

#[test]
fn json_is_one_document_with_the_entry_and_the_others() {
    let found = explain(["--format", "json", "RD012"]).code(0).json();
    assert_eq!((&found["exact"], &found["entry"]["id"]), (&true.into(), &"RD012".into()));
    let entry = &found["entry"];
    for (field, kind) in [("kind", "cause"), ("name", "middlebox_idle_limit")] {
        assert_eq!(entry[field], kind);
    }
    for list in ["aliases", "said_by", "causes", "tell", "remedy", "see", "sources"] {
        assert!(!entry[list].as_array().unwrap().is_empty(), "{list}");
    }
    assert!(entry["sources"][0]["how"].is_string() && entry["sources"][0]["place"].is_string());
    let found = explain(["idle limit of azure", "--format=json"]).code(0).json();
    assert_eq!((&found["exact"], &found["entry"]["id"]), (&false.into(), &"az-lb".into()));
    assert!(found["others"][0]["id"].is_string());
    let errno = &explain(["104", "--format", "json"]).code(0).json()["entry"]["errno"][0];
    assert_eq!((&errno["name"], &errno["linux"], &errno["macos"]), (&"ECONNRESET".into(), &104.into(), &54.into()));
}

#[test]
fn the_list_has_every_entry() {
    let text = explain(["--list"]);
    text.code(0).stderr_is_empty().stdout_contains("causes of a lost connection\n  RD001  server_restarted: ");
    let json = explain(["--list", "--format", "json"]).code(0).json();
    let ids: Vec<_> = json.as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, entries().iter().map(|entry| entry.id.clone()).collect::<Vec<_>>());
    for id in ids {
        text.stdout_contains(&format!("\n  {id} "));
    }
}

#[test]
fn an_unknown_name_is_refused_with_suggestions() {
    let run = explain(["falover"]);
    run.code(3).stdout_is_empty().stderr_contains("error: explain: no entry matches these words");
    run.stderr_contains("did you mean 'failover' (RD003)").stderr_contains("'redis-doctor explain --list'");
    let run = explain(["--format", "json", "xyzzy"]);
    run.code(3).stdout_is_empty().stderr_contains("no entry matches").lacks("did you mean");
    // Whatever was pasted is not repeated: it may hold a password.
    explain(["redis://:hunter2@qqq"]).code(3).lacks("hunter2");
    explain(["connection refused (os error 111) redis://:hunter2@qqq"]).code(0).lacks("hunter2");
}

#[test]
fn wrong_usage_is_refused() {
    explain([]).code(3).stdout_is_empty().stderr_contains("error: WORDS: there is nothing to explain; expected a code");
    explain([" ", ""]).code(3).stderr_contains("WORDS: there is nothing to explain");
    explain(["--list", "RD012"]).code(3).stdout_is_empty().stderr_contains("--list");
    explain(["RD012", "--format", "csv"])
        .code(3)
        .stderr_contains("--format: invalid value 'csv'; expected one of text, json");
    explain(["RD012", "--lits"]).code(3).stderr_contains("did you mean --list?");
    explain(["--help"]).code(0).stdout_contains("redis-doctor explain aws-nlb");
    Doctor::new(["RD012"]).run().code(3).stderr_contains("explain");
}

#[test]
fn bytes_that_are_no_text_are_passed_over() {
    let garbage = OsStr::from_bytes(b"\xff\xfe Connection reset by peer (os error 104) \xc3");
    let run = Doctor::new(["explain"]).arg(garbage).run();
    assert!(run.code(0).stdout().starts_with("RD126 "), "{}", run.stdout());
    Doctor::new(["explain"]).arg(OsStr::from_bytes(b"\xff\xfe\xfd")).run().code(3).stdout_is_empty();
    explain(["\x1b[31mxyzzy"]).code(3).lacks("\x1b");
    explain(["x".repeat(100_000).as_str()]).code(3);
}

#[test]
fn nothing_is_painted_unless_colour_is_asked_for() {
    explain(["RD012"]).code(0).lacks("\x1b");
    explain(["--list"]).code(0).lacks("\x1b");
    explain(["RD012", "--color=always"]).code(0).stdout_contains("\x1b[1mhow to check\x1b[0m");
    let forced = Doctor::new(["explain", "RD012"]).env("CLICOLOR_FORCE", "1").run();
    forced.code(0).stdout_contains("\x1b[1m");
    Doctor::new(["explain", "RD012"]).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").run().code(0).lacks("\x1b");
    explain(["--list", "--format", "json", "--color=always"]).code(0).lacks("\x1b");
}

#[test]
fn a_reader_that_leaves_is_no_failure_and_a_full_disk_is_one() {
    let script = "redis-doctor explain --list --format json | head -c 1; echo \" ${PIPESTATUS[*]}\"";
    Doctor::script("bash", ["-c", script]).run().code(0).stderr_is_empty().stdout_contains("[ 0 0");
    let script = "redis-doctor explain RD012 | true; echo \"${PIPESTATUS[*]}\"";
    Doctor::script("bash", ["-c", script]).run().code(0).stderr_is_empty().stdout_contains("0 0");
    let full = File::options().write(true).open("/dev/full").unwrap();
    let run = Doctor::new(["explain", "RD012"]).stdout_to(full).run();
    run.code(3).stderr_contains("error: cannot write").stderr_contains("No space left on device");
}

#[test]
fn every_command_of_ours_in_the_data_is_valid() {
    let mut count = 0;
    for entry in entries() {
        let steps = entry.tell.iter().chain(&entry.remedy).filter_map(|step| step.strip_prefix("$ "));
        for command in steps.filter(|command| command.starts_with("redis-doctor ")) {
            let parsed = parse(command.split_whitespace().map(Into::into));
            assert!(parsed.is_ok(), "{}: {command}: {parsed:?}", entry.id);
            count += 1;
        }
    }
    assert!(count >= 10, "{count} commands");
}

/// Runs `explain` with this input on stdin.
fn explain_input(input: &[u8], args: &[&str]) -> Output {
    Doctor::new(["explain", "-"]).args(args).stdin(input).run()
}

const LOG: &str = "\
2026-11-22T04:04:30Z INFO  starting, redis://:hunter2@cache.example:6379/0\n\
2026-11-22T04:04:32Z ERROR redis.exceptions.ConnectionError: Error 111 connecting to cache.example:6379. Connection refused.\n\
2026-11-22T04:04:33Z ERROR consumer: Cannot connect to redis://:hunter2@cache.example:6379/0: Error 111 connecting to cache.example:6379. Connection refused..\n\
1:M 22 Nov 2026 04:04:31.110 # User requested shutdown...\n\
Nov 22 04:04:39 web-1 app[4242]: \x1b[31mConnection refused\x1b[0m AUTH hunter2\n";

#[test]
fn a_line_that_is_not_known_for_sure_lists_the_nearest_entries() {
    let line = "sentinel connect helper: master took over, socket timeout of the upstream pool";
    let run = explain([line]);
    run.code(1).stderr_is_empty();
    assert!(run.stdout().starts_with("not sure; nearest:\n  "), "{}", run.stdout());
    let listed = run.stdout().lines().filter(|row| row.starts_with("  RD") || row.starts_with("  r-")).count();
    assert!((1..=3).contains(&listed), "{}", run.stdout());
    run.stdout_contains("redis-doctor explain ");
    let found = explain([line, "--format", "json"]).code(1).json();
    assert_eq!((&found["sure"], &found["entry"]), (&false.into(), &serde_json::Value::Null));
    assert!((1..=3).contains(&found["others"].as_array().unwrap().len()), "{found}");
    follows(schema::EXPLAIN, &found);
    let found = explain(["RD012", "--format", "json"]).code(0).json();
    assert_eq!(found["sure"], true);
    follows(schema::EXPLAIN, &found);
}

#[track_caller]
fn follows(form: schema::Form, value: &serde_json::Value) {
    let validator = jsonschema::validator_for(&form.schema()).unwrap();
    let errors: Vec<_> = validator.iter_errors(value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn a_log_on_stdin_names_what_occurs_with_counts_and_times() {
    let run = explain_input(LOG.as_bytes(), &[]);
    run.code(0).stderr_is_empty().lacks("hunter2").lacks("\x1b");
    assert!(run.stdout().starts_with("4 of 5 lines explained\n  3  RD125  Connection refused"), "{}", run.stdout());
    run.stdout_contains("\n            2026-11-22T04:04:32Z to Nov 22 04:04:39\n");
    run.stdout_contains("\n  1  RD001  ").stdout_contains("22 Nov 2026 04:04:31.110\n");
    run.stdout_contains("\noccurs as well, and can cause the most frequent one\n  RD001  ");
    run.stdout_contains("\nRD125 · refused · error").stdout_contains("\nwhat to do\n");
    // An argument of several lines is read in the same way.
    assert_eq!(explain([LOG]).code(0).stdout(), run.stdout());
    let found = explain_input(LOG.as_bytes(), &["--format", "json"]).code(0).lacks("hunter2").json();
    assert_eq!((&found["lines"], &found["explained"]), (&5.into(), &4.into()));
    let first = &found["occurrences"][0];
    assert_eq!((&first["id"], &first["count"]), (&"RD125".into(), &3.into()));
    assert_eq!((&first["first"], &first["last"]), (&"2026-11-22T04:04:32Z".into(), &"Nov 22 04:04:39".into()));
    assert_eq!((&found["entry"]["id"], &found["possible_causes"]), (&"RD125".into(), &serde_json::json!(["RD001"])));
    follows(schema::EXPLAIN_LOG, &found);
}

#[test]
fn a_stack_trace_names_the_error_inside() {
    let trace = "redis.clients.jedis.exceptions.JedisConnectionException: Could not get a resource from the pool\n\
                 \tat redis.clients.jedis.util.Pool.getResource(Pool.java:84)\n\
                 Caused by: java.net.ConnectException: Connection refused (Connection refused)\n\
                 \t... 12 more\n";
    let run = explain([trace]);
    run.code(0).stdout_contains("2 of 4 lines explained").stdout_contains("\nRD125 · refused · error");
    run.stdout_contains("RD136");
}

#[test]
fn input_of_every_kind_ends_well() {
    let run = explain_input(b"", &[]);
    run.code(3).stdout_is_empty().stderr_contains("explain: stdin is empty; pipe the lines of a log into it");
    explain_input(b"\n \n\r\n", &[]).code(3).stderr_contains("stdin is empty");
    // One line is a question like any other.
    let run = explain_input(b"\nConnection refused\r\n", &[]);
    assert!(run.code(0).stdout().starts_with("RD125 "), "{}", run.stdout());
    explain(["x"]).code(1).stdout_contains("not sure");
    explain_input(b"xyzzy\n", &[]).code(3).stderr_contains("no entry matches these words");
    explain_input(b"xyzzy\nplugh\n", &[]).code(3).stdout_is_empty().stderr_contains("no entry matches these words");
    let garbage: Vec<u8> = (0..300_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let run = explain_input(&garbage, &[]);
    assert!(run.stdout().bytes().all(|byte| byte == b'\n' || byte >= b' '), "{}", run.stdout());
    // A line without an end is cut, and the next one is still read.
    let mut long = vec![b'x'; 5_000_000];
    long.extend(b"\nread tcp 10.0.0.5:51234->10.0.0.1:6379: read: connection reset by peer\n");
    explain_input(&long, &[]).code(0).stdout_contains("1 of 2 lines explained").stdout_contains("\n  1  RD126 ");
    let directory = File::open("/").unwrap();
    let run = Doctor::new(["explain", "-"]).stdin_from(directory).run();
    run.code(3).stdout_is_empty().stderr_contains("error: cannot read stdin: ");
}

#[test]
fn a_reader_of_a_log_that_leaves_is_no_failure() {
    let script =
        "printf 'Connection refused\\nBroken pipe\\n' | redis-doctor explain - | head -n 1; echo \" ${PIPESTATUS[*]}\"";
    Doctor::script("bash", ["-c", script]).run().code(0).stderr_is_empty().stdout_contains(" 0 0 0");
}
