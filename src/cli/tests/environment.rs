//! Flags against environment variables against defaults.

use super::*;
use crate::plan::Password;

type Variables = &'static [(&'static str, &'static str)];

const URL: Variables = &[("REDIS_URL", " rediss://me:hunter2@cache.example:6380/3\n")];
const UNIX: Variables = &[("VALKEY_URL", "unix:///run/v.sock")];

/// A command line and the environment; the target, who named it, and its password.
const SERVERS: &[(&str, Variables, &str, &str, Option<&str>)] = &[
    ("ping", URL, "rediss://cache.example:6380/3", "REDIS_URL", Some(SECRET)),
    ("ping -p 1", URL, "rediss://cache.example:1/3", "REDIS_URL and --port", Some(SECRET)),
    ("ping -n 0", URL, "rediss://cache.example:6380", "REDIS_URL", Some(SECRET)),
    ("ping -a other", URL, "rediss://cache.example:6380/3", "REDIS_URL", Some("other")),
    ("ping -h localhost", URL, "redis://localhost:6379", "--host", None),
    ("ping -s /run/s", URL, "unix:///run/s", "--socket", None),
    ("ping -u valkey://b/1", URL, "redis://b:6379/1", "--uri", None),
    ("ping -u redis://b/1 -n 2", &[], "redis://b:6379/2", "--uri", None),
    ("ping --sandbox", URL, "redis://127.0.0.1:0", "--sandbox", None),
    ("ping", UNIX, "unix:///run/v.sock", "VALKEY_URL", None),
    ("ping -p 7", UNIX, "redis://127.0.0.1:7", "--port", None),
    ("ping", &[("REDIS_URL", ""), ("VALKEY_URL", "redis://v")], "redis://v:6379", "VALKEY_URL", None),
    ("ping", &[("REDIS_URL", "redis://r"), ("VALKEY_URL", "redis://v")], "redis://r:6379", "REDIS_URL", None),
    ("ping -h a", &[("REDISCLI_AUTH", "env")], "redis://a:6379", "--host", Some("env")),
    ("ping", &[("VALKEYCLI_AUTH", "env\n")], "redis://127.0.0.1:6379", "default", Some("env")),
    ("ping -u redis://:hunter2@a", &[("REDISCLI_AUTH", "env")], "redis://a:6379", "--uri", Some(SECRET)),
    ("ping --sandbox", &[("REDISCLI_AUTH", "env")], "redis://127.0.0.1:0", "--sandbox", None),
    ("ping --askpass -h [::1]", &[("REDISCLI_AUTH", "env")], "redis://[::1]:6379", "--host", Some("typed")),
];

#[test]
fn a_flag_beats_the_environment_beats_the_default() {
    for &(line, variables, target, named_by, password) in SERVERS {
        let plan = run_with(line, variables).plan;
        assert_eq!((plan.target.to_string().as_str(), plan.target.named_by.as_str()), (target, named_by), "{line}");
        assert_eq!(given(plan.target.password.as_ref()), password, "{line}");
        assert!(!format!("{plan:?}").contains(SECRET), "{line}");
    }
    let plan = run_with("ping --name doctor", URL).plan;
    assert_eq!((plan.target.user.as_deref(), plan.target.client_name.as_deref()), (Some("me"), Some("doctor")));
    assert_eq!(run_with("ping --user you", URL).plan.target.user.as_deref(), Some("you"));
}

fn given(password: Option<&Password>) -> Option<&str> {
    match password? {
        Password::Given(secret) => Some(secret.given()),
        Password::Asked(source) => panic!("{source:?}"),
    }
}

#[test]
fn the_protocol_may_stand_in_the_url() {
    let url = [("REDIS_URL", "redis://a?protocol=resp2")];
    assert_eq!(run_with("ping", &url).plan.protocol, Protocol::Resp2);
    assert_eq!(run_with("ping --protocol auto", &url).plan.protocol, Protocol::Auto);
}

#[test]
fn colour_follows_the_environment_unless_a_flag_decides() {
    for (line, variables, color) in [
        ("ping", &[][..], ColorChoice::Auto),
        ("ping", &[("NO_COLOR", "1")], ColorChoice::Never),
        ("ping", &[("NO_COLOR", "")], ColorChoice::Auto),
        ("ping", &[("CLICOLOR_FORCE", "1")], ColorChoice::Always),
        ("ping --color always", &[("NO_COLOR", "1")], ColorChoice::Always),
    ] {
        assert_eq!(run_with(line, variables).output.color, color, "{line} {variables:?}");
    }
}
