//! Passwords: no refusal and no remark repeats one, wherever it was put.

use super::*;

const VALUE_FLAGS: &str = "-h -p -n -i -w -W -c -r --payload --seed --policy --protocol --retries --min-delay --max-delay \
    --backoff-base --connect-timeout --keepalive --user-timeout --nodelay --watchdog --format --color --fail-on --warn-on";

#[test]
fn remarks_are_made_once_and_without_secrets() {
    let url = [("REDIS_URL", "redis://:hunter2@a?ssl_cert_reqs=none")];
    for (line, variables, expected) in [
        ("ping", &[][..], &[][..]),
        ("ping -a hunter2", &[], &["--pass can be seen"]),
        ("ping -a hunter2 --no-auth-warning", &[], &[]),
        ("ping", &url, &["REDIS_URL: unknown parameter 'ssl_cert_reqs'"]),
        ("ping -h b", &url, &["REDIS_URL is not used"]),
    ] {
        let warnings = run_with(line, variables).output.warnings;
        assert_eq!(warnings.len(), expected.len(), "{line}: {warnings:?}");
        for (warning, expected) in warnings.iter().zip(expected) {
            assert!(warning.contains(expected) && !warning.contains(SECRET), "{warning}");
        }
    }
}

#[test]
fn no_refusal_repeats_a_password() {
    let two_lines = "redis://:hunter2@host:6379\nredis://:hunter2@other";
    for url in
        ["redis://:hunter2@ho st:6379", two_lines, "redis://:hunter2@host:port", "http://:hunter2@a", ":hunter2@a"]
    {
        for args in [
            vec!["ping", "-u", url],
            vec!["ping", "--uri", url, "--count", "0"],
            vec!["ping", url],
            vec!["ping", "-u", "redis://a", url],
            vec![url],
            vec!["subscribe", "--verify", url],
            vec!["completions", url],
        ] {
            // A channel may be called anything but the URL of a Redis.
            if args[0] == "subscribe" && !url.starts_with("redis:") {
                continue;
            }
            let message = refuse(&args, &[]);
            assert!(!message.contains(SECRET), "{args:?}: {message}");
        }
        for variable in ["REDIS_URL", "VALKEY_URL"] {
            let message = refuse(&["soak"], &[(variable, url)]);
            assert!(message.contains(variable) && !message.contains(SECRET), "{message}");
        }
        for flag in VALUE_FLAGS.split(' ') {
            for args in [vec!["ping", flag, url], vec!["ping", "-q", &format!("{flag}={url}")]] {
                let message = refuse(&args, &[]);
                assert!(!message.contains(SECRET), "{args:?}: {message}");
            }
        }
    }
    for args in [
        &["ping", "--askpass", SECRET][..],
        &["ping", "-a", "my", SECRET],
        &["ping", "-a", SECRET, "--nosuch"],
        &["ping", "--password", SECRET],
        &["ping", "--password=hunter2"],
        &["soak", "--workload", "redis://:hunter2,x@a"],
        &["ping", "-a", SECRET, "-c", "0"],
        &["ping", "-h", "me:hunter2@a"],
        &["ping", "--name", "redis://:hunter2@a"],
        &["ping", "me:hunter2@a:6379"],
    ] {
        let message = refuse(args, &[]);
        assert!(!message.contains(SECRET), "{args:?}: {message}");
    }
}

#[test]
fn bytes_that_are_not_text_are_refused_by_place() {
    let password = OsString::from_vec(b"hunter2\xff".to_vec());
    let error = parse_os(vec!["ping".into(), "-a".into(), password.clone()], &[]).unwrap_err();
    assert!(error.message.contains("argument 3 (after -a) is not valid UTF-8") && !error.message.contains(SECRET));
    let mut environment = surroundings(&[]);
    environment.variables.insert("REDISCLI_AUTH".to_owned(), password);
    let error = parse_in(vec!["redis-doctor".into(), "ping".into()], &environment).unwrap_err();
    assert!(error.message.contains("REDISCLI_AUTH") && !error.message.contains(SECRET), "{}", error.message);
}

#[test]
fn a_failed_prompt_is_a_refusal() {
    let environment = Environment { ask_password: || Err(std::io::Error::other("no terminal")), ..surroundings(&[]) };
    for command in ["check", "ping", "subscribe c", "soak", "drill", "idle", "wait"] {
        let args = format!("redis-doctor {command} --askpass");
        let error = parse_in(args.split(' ').map(OsString::from).collect(), &environment).unwrap_err();
        assert!(error.message.contains("--askpass: cannot read a password: no terminal"), "{command}");
    }
}
