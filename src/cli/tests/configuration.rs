//! Values from the environment and the configuration file, and their refusals.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use super::*;
use crate::plan::Password;

/// Parses a line with a configuration file of this text and mode; `CONFIG` in the line is its path.
fn with_file(text: &str, mode: u32, line: &str, variables: &[(&'static str, &str)]) -> Result<RunRequest, String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.toml");
    write(&path, text, mode);
    let line = format!("{line} --config {}", path.display());
    let job = parse_os(words(&line), variables)
        .map_err(|error| error.message.replace(&path.display().to_string(), "FILE"))?;
    let job: Box<dyn std::any::Any> = job;
    Ok(*job.downcast().unwrap())
}

fn write(path: &Path, text: &str, mode: u32) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_variable_is_a_flag_that_the_command_line_overrides() {
    let library = [("REDIS_DOCTOR_POLICY", "library")];
    assert_eq!(run_with("soak", &library).plan.policy, ReconnectPolicy::preset(PolicyName::Library));
    assert_eq!(run_with("soak --policy bare", &library).plan.policy, ReconnectPolicy::preset(PolicyName::Bare));
    let gates = run_with("soak", &[("REDIS_DOCTOR_FAIL_ON", "lost>0")]).plan.fail_on;
    assert_eq!(gates.len(), 1);
    assert_eq!(run_with("soak --fail-on p99>5ms", &[("REDIS_DOCTOR_FAIL_ON", "lost>0")]).plan.fail_on.len(), 1);
    for (value, quiet) in [("1", true), ("true", true), ("off", false), ("0", false), ("", false)] {
        assert_eq!(run_with("ping", &[("REDIS_DOCTOR_QUIET", value)]).output.quiet, quiet, "{value}");
    }
    // A flag of another command, and a variable that is none of ours.
    let of_service = [("REDIS_DOCTOR_PORT", "tcp://10.0.0.11:9122"), ("REDIS_DOCTOR_SERVICE_HOST", "10.0.0.11")];
    assert_eq!(run_with("ping", &of_service).plan.target.to_string(), run_with("ping", &[]).plan.target.to_string());
    let others = [("REDIS_DOCTOR_CONNECTIONS", "x"), ("REDIS_DOCTOR_LONG", "1")];
    assert_eq!(run_with("ping --seed 1", &others), run("ping --seed 1"));
    // It requires --journal.
    assert_eq!(run_with("soak", &[("REDIS_DOCTOR_JOURNAL_MAX_SIZE", "1m")]).output.journal_max_size, None);
    let both = [("REDIS_DOCTOR_JOURNAL_MAX_SIZE", "1m"), ("REDIS_DOCTOR_JOURNAL", "j")];
    assert_eq!(run_with("soak", &both).output.journal_max_size, Some(1 << 20));
}

#[test]
fn one_server_takes_the_place_of_another() {
    for (line, target) in [
        ("ping", "redis://cache.example:6379"),
        ("ping -p 7000", "redis://cache.example:7000"),
        ("ping -u redis://other", "redis://other:6379"),
        ("ping other:1", "redis://other:1"),
        ("ping -s /run/s", "unix:///run/s"),
        ("ping --sandbox", "redis://127.0.0.1:0"),
    ] {
        assert_eq!(run_with(line, &[("REDIS_DOCTOR_HOST", "cache.example")]).plan.target.to_string(), target, "{line}");
    }
    let file = "[targets.prod]\nurl = 'redis://prod'\n[defaults]\ntarget = 'prod'\n";
    for (line, variables, target) in [
        ("ping", &[][..], "redis://prod:6379"),
        ("ping other:1", &[], "redis://other:1"),
        ("ping -p 5", &[], "redis://127.0.0.1:5"),
        ("ping", &[("REDIS_URL", "redis://r")], "redis://r:6379"),
        ("ping -t prod", &[("REDIS_URL", "redis://r")], "redis://prod:6379"),
        ("ping", &[("REDIS_DOCTOR_HOST", "h")], "redis://h:6379"),
    ] {
        let plan = with_file(file, 0o644, line, variables).unwrap().plan;
        assert_eq!((plan.target.to_string().as_str(), plan.scope), (target, None), "{line}");
    }
}

#[test]
fn a_target_has_its_own_login() {
    let file = "[targets.prod]\nurl = \"redis://me:hunter2@prod:1/2\"\nname = 'doctor'\ninsecure = false\n\
                [defaults]\npolicy = 'library'\n[ping]\ncount = 3\nfail-on = ['p99>5ms', 'lost>0']\ninterval = 0.5";
    let RunRequest { plan, .. } =
        with_file(file, 0o600, "ping -t prod", &[("REDIS_DOCTOR_PASS_FILE", "/elsewhere")]).unwrap();
    assert_eq!(plan.target.to_string(), "redis://prod:1/2");
    assert_eq!(plan.target.named_by, "--target prod");
    assert_eq!((plan.target.user.as_deref(), plan.target.client_name.as_deref()), (Some("me"), Some("doctor")));
    assert!(matches!(&plan.target.password, Some(Password::Given(secret)) if secret.given() == SECRET));
    assert_eq!((plan.policy.name, plan.stop.count, plan.fail_on.len()), (PolicyName::Library, Some(3), 2));
    assert!(plan.command_line.iter().all(|arg| !arg.contains(SECRET)), "{:?}", plan.command_line);
    let of_flag = with_file(file, 0o600, "ping -t prod -c 9 -a other --no-auth-warning", &[]).unwrap().plan;
    assert!(matches!(&of_flag.target.password, Some(Password::Given(secret)) if secret.given() == "other"));
    assert_eq!(of_flag.stop.count, Some(9));
}

#[test]
fn a_wrong_value_is_refused_by_the_name_of_its_variable() {
    for (line, variables, expected) in [
        (
            "soak",
            &[("REDIS_DOCTOR_POLICY", "hardned")][..],
            "REDIS_DOCTOR_POLICY: invalid value 'hardned'; did you mean hardened?",
        ),
        ("soak", &[("REDIS_DOCTOR_CONNECTIONS", "0")], "REDIS_DOCTOR_CONNECTIONS: "),
        ("soak", &[("REDIS_DOCTOR_QUIET", "maybe")], "REDIS_DOCTOR_QUIET: expected true or false"),
        ("soak --workload pubsub", &[("REDIS_DOCTOR_RATE", "5")], "REDIS_DOCTOR_RATE: it is for probes"),
        ("ping", &[("REDIS_DOCTOR_TARGET", "prod")], "REDIS_DOCTOR_TARGET: there is no target 'prod'"),
        ("ping -t 5s", &[], "for a time limit, use the flag's long name"),
        ("ping", &[("REDIS_DOCTOR_CONFIG", "/no/file")], "REDIS_DOCTOR_CONFIG: cannot read /no/file"),
        ("ping", &[("REDIS_DOCTOR_NAME", "redis://:hunter2@h")], "REDIS_DOCTOR_NAME: "),
        ("ping", &[("REDIS_DOCTOR_HOST", "a"), ("REDIS_DOCTOR_SOCKET", "/s")], "it cannot be used with REDIS_DOCTOR_"),
    ] {
        let args: Vec<_> = line.split(' ').collect();
        let message = refuse(&args, variables);
        assert!(message.contains(expected) && !message.contains(SECRET), "{line}: {message}");
    }
}

#[test]
fn a_wrong_file_is_refused_by_line() {
    let secret = "[targets.prod]\nurl = 'redis://:hunter2@prod'";
    for (file, mode, line, expected) in [
        ("policy = 'library'", 0o644, "soak", "FILE:1: unknown section 'policy'"),
        (
            "[defaults]\n\npolcy = 'library'",
            0o644,
            "soak",
            "FILE:3: unknown key 'polcy' in [defaults]; did you mean policy?",
        ),
        ("[ping]\nworkload = 'kv'", 0o644, "soak", "FILE:2: unknown key 'workload' in [ping]"),
        (
            "[targets.prod]\nurl = 'redis://a'\ncacrt = '/c'",
            0o644,
            "ping",
            "FILE:3: unknown key 'cacrt' of a target; did you mean cacert?",
        ),
        ("[targets.prod]\ndb = 1", 0o644, "ping", "FILE:1: the target has no server"),
        ("[target.prod]\nurl = 'x'", 0o644, "ping", "FILE:1: unknown section 'target'; did you mean targets?"),
        (
            "[soak]\npolicy = 'hardned'",
            0o644,
            "soak",
            "FILE:2: policy: invalid value 'hardned'; did you mean hardened?",
        ),
        ("[soak]\nrate = 1979-05-27", 0o644, "soak", "FILE:2: rate: expected a string"),
        ("[soak]\nhost = 'a'", 0o644, "soak", "FILE:2: 'host' belongs to a target"),
        ("[soak]\nrate = ", 0o644, "soak", "FILE:2: this is not valid TOML"),
        (secret, 0o644, "ping", "FILE:2: 'url' has a password, and other users can read"),
        ("[targets.a]\nhost = 'a'\npass = 'hunter2'", 0o640, "ping", "FILE:3: 'pass' has a password"),
        ("[targets.a]\nurl = 'redis://:hunter2@a b'", 0o600, "ping -t a", "FILE:2: url: "),
        ("[targets.a]\nurl = 'redis://:hunter2@a", 0o600, "ping -t a", "FILE:2: this is not valid TOML"),
        (
            secret,
            0o600,
            "ping -t prd",
            "--target: there is no target 'prd' in the configuration file; did you mean prod?",
        ),
        (secret, 0o600, "ping -t prod -h other", "--target: --host names a server, too"),
        (secret, 0o600, "ping -t redis://:hunter2@a", "a URL needs -u"),
    ] {
        let message = with_file(file, mode, line, &[]).unwrap_err();
        assert!(message.contains(expected) && !message.contains(SECRET), "{file}: {message}");
    }
    assert!(with_file(secret, 0o600, "ping -t prod", &[]).is_ok());
}

#[test]
fn the_timeout_of_a_check_may_be_a_target() {
    let shown = |line: &str| refuse(&line.split(' ').collect::<Vec<_>>(), &[]);
    for line in ["check -t prod", "-t prod", "check --target prod"] {
        assert!(shown(line).contains("there is no target 'prod'"), "{line}");
    }
    assert!(shown("check -t 5x").contains("--timeout: "));
}

#[test]
fn the_keys_of_a_target_are_flags() {
    let command = commands::definition_of("check").unwrap();
    for key in config::KEYS.iter().filter(|key| **key != "url") {
        assert!(presets::flag(&command, key).is_some(), "{key}");
    }
    for id in presets::SERVER.iter().chain(&presets::LOGIN) {
        assert!(command.get_arguments().any(|arg| arg.get_id() == *id), "{id}");
    }
}
