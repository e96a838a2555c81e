//! The completion scripts in real shells: what is typed on the left is completed by the words on the right.

use std::{ffi::OsStr, fs, path::Path, process::Command};

use super::harness::{path_with_doctor, skipped};

/// Words of a command line, the last one unfinished, and two words that complete it.
const LINES: &[(&[&str], [&str; 2])] = &[
    (&["so"], ["soak", "soak"]),
    (&["soak", "--conn"], ["--connections", "--connect-timeout"]),
    (&["soak", "--policy", ""], ["hardened", "elasticache"]),
    (&["soak", "--fault", "reset"], ["reset_peer", "reset_peer"]),
    (&["proxy", "--incident", "nlb"], ["nlb-idle", "nlb-idle"]),
    (&["ping", "--fail-on", "p99"], ["p99", "p99.9"]),
    (&["drill", "--case", "reset-i"], ["reset-idle", "reset-in-flight"]),
    (&["check", "--format", ""], ["json", "nagios"]),
    (&["explain", "RD01"], ["RD010", "RD012"]),
    (&["explain", "network_r"], ["network_reset", "network_reset"]),
];

fn script(shell: &str, extension: &str) -> Option<String> {
    let found = Command::new(shell).arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        skipped(&format!("completion in {shell}"), "the shell is not installed");
        return None;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions").join(format!("redis-doctor.{extension}"));
    Some(path.to_str().unwrap().to_owned())
}

/// Runs `program` in a shell that reads no file of the user, and returns what it prints.
fn run(shell: &str, program: &str, arguments: &[&str]) -> String {
    run_with(shell, program, arguments, &[])
}

fn run_with(shell: &str, program: &str, arguments: &[&str], variables: &[(&str, &OsStr)]) -> String {
    let bare = match shell {
        "bash" => &["--noprofile", "--norc", "-c"][..],
        "fish" => &["--no-config", "-c"],
        _ => &["-f", "-c"],
    };
    let mut command = Command::new(shell);
    command.args(bare).arg(program).args(arguments).env("TERM", "dumb").envs(variables.iter().copied());
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && errors.is_empty(), "{shell}: {arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// Completes the words after the name of the script.
const BASH: &str = r#"
        source "$0"
        COMP_WORDS=(redis-doctor "$@"); COMP_CWORD=$#
        _redis__doctor redis-doctor "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
        printf '%s\n' "${COMPREPLY[@]}""#;

#[test]
fn bash_and_fish_complete_the_targets_of_the_configuration_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("config.toml");
    fs::write(&file, "[targets.prod-eu]\nurl = 'redis://a'\n[targets.prod-us]\nurl = 'redis://b'\n").unwrap();
    let path = path_with_doctor();
    let variables = [("REDIS_DOCTOR_CONFIG", file.as_os_str()), ("PATH", path.as_ref())];
    if let Some(script) = script("bash", "bash") {
        let offered = run_with("bash", BASH, &[&script, "soak", "-t", "prod-e"], &variables);
        assert_eq!(offered, "prod-eu\n");
    }
    if let Some(script) = script("fish", "fish") {
        let line = "redis-doctor check --target prod-";
        let offered = run_with("fish", "source $argv[1]; complete -C $argv[2]", &[&script, line], &variables);
        let words: Vec<_> = offered.lines().filter_map(|line| line.split('\t').next()).collect();
        assert_eq!(words, ["prod-eu", "prod-us"]);
    }
}

#[test]
fn bash_completes_commands_flags_and_values() {
    let Some(script) = script("bash", "bash") else { return };
    for (words, expected) in LINES {
        let offered = run("bash", BASH, &[&[script.as_str()], *words].concat());
        for expected in expected {
            assert!(offered.lines().any(|word| word == *expected), "{words:?}: {expected} is not in {offered}");
        }
    }
}

#[test]
fn fish_completes_commands_flags_and_values() {
    let Some(script) = script("fish", "fish") else { return };
    for (words, expected) in LINES {
        let offered = run(
            "fish",
            "source $argv[1]; complete -C $argv[2]",
            &[&script, &format!("redis-doctor {}", words.join(" "))],
        );
        for expected in expected {
            let offers = |line: &str| line.split('\t').next() == Some(*expected);
            assert!(offered.lines().any(offers), "{words:?}: {expected} is not in {offered}");
        }
    }
}

/// Types the line in an interactive zsh, and a key that writes the edited line to a file. What several words complete is
/// typed as far as they agree, so only lines with one word are certain to grow.
#[test]
fn zsh_completes_commands_flags_and_values() {
    let Some(script) = script("zsh", "zsh") else { return };
    let program = r#"
        zmodload zsh/zpty || exit 1
        directory=$1; line=$2
        zpty terminal zsh -f -i
        zpty -w terminal "PROMPT= RPROMPT=; fpath=($directory \$fpath); autoload -Uz compinit; compinit -u -d $directory/dump"
        zpty -w terminal "show() { print -r -- \$BUFFER > $directory/line.new; mv $directory/line.new $directory/line }"
        zpty -w terminal "zle -N show; bindkey '^X' show; touch $directory/ready"
        repeat 400; do [[ -e $directory/ready ]] && break; zpty -r -t terminal ignored; sleep 0.05; done
        zpty -w -n terminal "$line"$'\t\x18'
        repeat 400; do [[ -e $directory/line ]] && break; zpty -r -t terminal ignored; sleep 0.05; done
        zpty -d terminal
        cat $directory/line"#;
    for (words, expected) in LINES.iter().filter(|(_, [one, other])| one == other) {
        let directory = tempfile::tempdir().unwrap();
        fs::copy(&script, directory.path().join("_redis-doctor")).unwrap();
        let line = format!("redis-doctor {}", words.join(" "));
        let edited = run("zsh", program, &["zsh", directory.path().to_str().unwrap(), &line]);
        assert_eq!(edited.trim_end().rsplit(' ').next(), Some(expected[0]), "{line} became {edited}");
    }
}
