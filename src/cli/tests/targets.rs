//! Servers without a flag, and several of them.

use std::io::Write as _;

use super::*;
use crate::plan::{Address, Password, RejectedLine, Scope, Target};

fn scope_with(line: &str, variables: &[(&'static str, &str)]) -> Scope {
    run_with(line, variables).plan.scope.unwrap()
}

fn list(content: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content).unwrap();
    file
}

fn password(target: &Target) -> Option<&str> {
    match target.password.as_ref()? {
        Password::Given(secret) => Some(secret.given()),
        Password::Asked(_) => Some("asked"),
    }
}

#[test]
fn a_server_is_named_without_a_flag_in_every_form() {
    for (text, host, port, tls) in [
        ("cache.example", "cache.example", 6379, false),
        ("cache", "cache", 6379, false),
        ("10.0.0.1:7000", "10.0.0.1", 7000, false),
        ("[2001:db8::1]:7000", "2001:db8::1", 7000, false),
        ("2001:db8::1", "2001:db8::1", 6379, false),
        ("rediss://cache.example", "cache.example", 6379, true),
    ] {
        for command in ["ping", "soak", "soak -d 1s"] {
            let plan = run(&format!("{command} {text}")).plan;
            let host = host.to_owned();
            assert_eq!(plan.target.address, Address::Tcp { host, port, tls }, "{command} {text}");
            assert_eq!((plan.scope, &*plan.target.named_by), (None, "TARGET"), "{command} {text}");
        }
    }
    let request: CheckRequest = request(words("cache.example:6379 -q"), &[]);
    assert_eq!(request.target.address.to_string(), "cache.example:6379");
}

#[test]
fn several_servers_are_a_scope_each_with_its_own_login() {
    let scope = scope_with(
        "soak -u redis://:own@a -u redis://b?protocol=resp2 rediss://me:mine@c:7/2 -n 1 --user shared",
        &[("REDISCLI_AUTH", "common"), ("REDIS_URL", "redis://:other@elsewhere")],
    );
    let labels: Vec<_> = scope.targets.iter().map(Target::label).collect();
    assert_eq!(labels, ["a:6379/1", "b:6379/1", "c:7/2"]);
    assert_eq!(scope.targets.iter().map(password).collect::<Vec<_>>(), [Some("own"), Some("common"), Some("mine")]);
    let users: Vec<_> = scope.targets.iter().map(|target| target.user.as_deref()).collect();
    assert_eq!(users, [None, Some("shared"), Some("me")], "a login in the URL is complete");
    assert_eq!(scope.targets[1].protocol, Some(Protocol::Resp2));
    let asked = scope_with("soak -u redis://:own@a -u redis://b --askpass", &[]);
    assert_eq!(asked.targets.iter().map(password).collect::<Vec<_>>(), [Some("own"), Some("typed")]);
}

#[test]
fn a_flag_and_a_url_mean_the_same_cluster() {
    let named = run("soak --cluster --replicas -u redis://one:7000 -u redis://two:7000").plan;
    let by_url = run("soak --replicas -u redis+cluster://one:7000,two:7000").plan;
    assert!(by_url.cluster.is_some_and(|cluster| cluster.replicas));
    assert_eq!((by_url.cluster, by_url.scope), (named.cluster, named.scope));
}

#[test]
fn tls_and_password_flags_hold_for_each_server() {
    let file = list(b"tok3n-of-all\n");
    let scope = scope_with(
        &format!(
            "soak -u redis://:own@a -u rediss://b#insecure unix:///run/redis.sock --tls --sni c --pass-file {}",
            file.path().display()
        ),
        &[],
    );
    let tls: Vec<_> = scope.targets.iter().map(|target| (target.speaks_tls(), target.tls.sni.as_deref())).collect();
    assert_eq!(tls, [(true, Some("c")), (true, Some("c")), (false, None)], "a socket is not encrypted");
    assert_eq!(scope.targets.iter().map(|target| target.tls.insecure).collect::<Vec<_>>(), [false, true, false]);
    assert_eq!(scope.targets.iter().map(password).collect::<Vec<_>>(), [Some("asked"); 3]);
    let mixed = scope_with("soak -u redis://a -u rediss://b --sni c", &[]);
    let names: Vec<_> = mixed.targets.iter().map(|target| target.tls.sni.as_deref()).collect();
    assert_eq!(names, [None, Some("c")], "only what is encrypted has a name to check");
    let plain = refuse(&["soak", "a", "b", "--sni", "c"], &[]);
    assert!(plain.contains("--sni: no target is encrypted") && plain.contains("add --tls"), "{plain}");
    let absent = refuse(&["soak", "a", "b", "--pass-file", "/nonexistent/token"], &[]);
    assert!(absent.contains("--pass-file: cannot read '/nonexistent/token'"), "{absent}");
    let warnings = run("soak rediss://a rediss://b --insecure").output.warnings;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
}

#[test]
fn each_target_has_its_plan() {
    let plan = run("soak -u redis://a?protocol=resp2 -u redis://b --seed 7 --fail-on lost>0").plan;
    let plans: Vec<_> = plan.of_each_target().collect();
    assert_eq!(plans.iter().map(|(label, _)| &**label).collect::<Vec<_>>(), ["a:6379", "b:6379"]);
    let [(_, one), (_, two)] = &plans[..] else { panic!("{plans:?}") };
    assert_eq!((one.protocol, two.protocol), (Protocol::Resp2, Protocol::Resp3));
    assert_eq!((one.seed, two.seed), (7, 8));
    assert!(one.scope.is_none() && one.target == plan.target && one.fail_on == plan.fail_on);
}

#[test]
fn a_list_is_read_line_by_line() {
    let file = list(
        b"\xef\xbb\xbf# servers\r\n\r\nredis://:hunter2@a name=one # the first\r\n\
          b:7000\n\xff\nredis://x#y\nb:7000\nc name=\nc name=two name=three\nc weight=1\n  d\tname=f\xc3\xbcnf  ",
    );
    let scope = scope_with(&format!("soak --targets {}", file.path().display()), &[]);
    let labels: Vec<_> = scope.targets.iter().map(Target::label).collect();
    assert_eq!(labels, ["one", "b:7000", "fünf"]);
    assert_eq!(password(&scope.targets[0]), Some(SECRET));
    let rejected: Vec<_> = scope.rejected.iter().map(|line| line.line).collect();
    assert_eq!(rejected, [5, 6, 7, 8, 9, 10]);
    for (line, part) in
        [(5, "UTF-8"), (7, "'b:7000' is also the name of line 4"), (8, "name is empty"), (9, "two names")]
    {
        let RejectedLine { why, .. } = scope.rejected.iter().find(|rejected| rejected.line == line).unwrap();
        assert!(why.contains(part), "{line}: {why}");
    }
    let one = list(b"only");
    let scope = scope_with(&format!("ping --targets {}", one.path().display()), &[]);
    assert_eq!((scope.targets.len(), scope.rejected.len()), (1, 0), "a list of one is a list");
}

#[test]
fn a_refused_list_shows_no_password() {
    let bad = list(b"redis://:hunter2@@:x\nhunter2 hunter2\nme:hunter2@host\n");
    let message = refuse(&["soak", "--targets", bad.path().to_str().unwrap()], &[]);
    assert!(message.contains("no line of the list can be read; line 1: "), "{message}");
    assert!(message.contains("line 3: ") && !message.contains(SECRET), "{message}");
    let missing = refuse(&["soak", "--targets", "/nonexistent/list"], &[]);
    assert!(missing.contains("--targets: cannot read /nonexistent/list"), "{missing}");
    let empty = list(b"# none\n\n");
    assert!(refuse(&["wait", "--targets", empty.path().to_str().unwrap()], &[]).contains("the list has no targets"));
    let asked = refuse(&["ping", "--targets", "-", "--askpass"], &[]);
    assert!(asked.contains("--askpass: the standard input is the list"), "{asked}");
    for args in [&["ping", "-a", "my", SECRET][..], &["ping", "--askpass", SECRET], &["check", "me:hunter2@a:6379"]] {
        let message = refuse(args, &[]);
        assert!(message.contains("TARGET: ") && !message.contains(SECRET), "{args:?}: {message}");
    }
}
