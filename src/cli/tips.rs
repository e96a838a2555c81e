//! Flags of redis-cli, redis-benchmark, ping(8) and similar tools, and their names in redis-doctor.
//!
//! The parser's own suggestion compares letters, and `--json` looks like `--journal`.

use clap::Command;

/// Names of formats as flags of other tools.
const FORMATS: &[(&str, &str)] = &[
    ("--json", "json"),
    ("--ndjson", "ndjson"),
    ("--jsonl", "ndjson"),
    ("--csv", "csv"),
    ("--openmetrics", "openmetrics"),
    ("--prometheus", "prometheus"),
    ("--metrics", "openmetrics"),
    ("--nagios", "nagios"),
    ("--markdown", "markdown"),
    ("--text", "text"),
    ("--raw", "raw"),
];

/// Flags of other tools; the flag that a command must have for the tip to apply, if any; the tip. The first match wins.
const TIPS: &[(&[&str], Option<&str>, &str)] = &[
    (&["--output-format", "--report-format"], Some("format"), "use --format FORMAT"),
    (&["--ssl"], Some("tls"), "use --tls, or a URL with rediss://"),
    (&["--ca", "--cafile"], Some("cacert"), "use --cacert FILE"),
    (&["--capath"], Some("cacertdir"), "use --cacertdir DIR"),
    (&["--servername"], Some("sni"), "use --sni NAME"),
    (&["--skip-verify", "-k"], Some("insecure"), "use --insecure"),
    (&["--password-command", "--passcommand"], Some("pass-command"), "use --pass-command CMD"),
    (&["--password-file", "--passfile"], Some("pass-file"), "use --pass-file FILE"),
    (&["-2", "--resp2"], Some("protocol"), "use --protocol resp2"),
    (&["-3", "--resp3"], Some("protocol"), "use --protocol resp3, which is the default"),
    (
        &["-4", "-6", "--ipv4", "--ipv6"],
        Some("host"),
        "the address decides the IP version; use -h ADDRESS, for example -h ::1",
    ),
    (&["--unix", "--unixsocket"], Some("socket"), "use -s PATH"),
    (&["-h", "--host", "-p", "--port"], Some("listen"), "the server is named by its URL; use -u redis://HOST:PORT"),
    (&["-r", "--repeat", "--requests", "--times"], Some("count"), "use --count N"),
    (
        &["-r", "--count", "--repeat", "--requests", "--times"],
        Some("workload"),
        "a soak ends after a time, not after a count; use --duration TIME",
    ),
    (&["-i", "--interval"], Some("workload"), "use --rate RATE, for example --rate 10/s"),
    (&["-d", "--time"], Some("deadline"), "use --deadline TIME"),
    (&["-w", "--deadline", "--time"], Some("duration"), "use --duration TIME"),
    (&["-f", "--flood"], Some("workload"), "use --rate 0, which is back to back"),
    (&["-f", "--flood"], Some("payload"), "use -i 0, which is back to back"),
    (&["--clients"], Some("connections"), "use --connections N"),
    (&["-P", "--pipeline"], Some("concurrency"), "use --concurrency M"),
    (&["--log", "--log-file", "--logfile"], Some("journal"), "use --journal FILE"),
    (&["--silent"], Some("quiet"), "use --quiet"),
    (&["--debug", "--trace"], Some("journal"), "all events are shown anyway; --journal FILE keeps them"),
    (&["-v", "--verbose", "--debug", "--trace"], None, "everything is shown anyway (-V prints the version)"),
    (
        &["--cluster"],
        None,
        "only ping, soak and subscribe examine the nodes of a cluster; check and wait examine each node by its own address",
    ),
    (
        &["--sentinel", "--master"],
        None,
        "only ping, soak and subscribe find a server by Sentinels; ask one with SENTINEL GET-MASTER-ADDR-BY-NAME NAME",
    ),
    (
        &["--latency", "--latency-history", "--latency-dist", "--stat"],
        None,
        "redis-doctor ping and redis-doctor soak report latencies and rates",
    ),
    (
        &[
            "--bigkeys",
            "--memkeys",
            "--hotkeys",
            "--keystats",
            "--scan",
            "--eval",
            "--pipe",
            "--rdb",
            "--ldb",
            "--no-raw",
            "--raw",
            "--show-pushes",
            "-x",
            "-X",
        ],
        None,
        "this belongs to redis-cli; redis-doctor examines connections, not keys",
    ),
];

/// Returns the tip for `flag`, which `command` does not have.
pub(super) fn tip(flag: &str, command: &Command) -> Option<String> {
    let has = |wanted: &str| command.get_arguments().any(|argument| argument.get_long() == Some(wanted));
    let listed = || TIPS.iter().find(|(names, wanted, _)| names.contains(&flag) && wanted.is_none_or(has));
    format_tip(flag, command).or_else(|| listed().map(|(_, _, tip)| (*tip).to_owned()))
}

fn format_tip(flag: &str, command: &Command) -> Option<String> {
    let (_, wanted) = FORMATS.iter().find(|(name, _)| *name == flag)?;
    let argument = command.get_arguments().find(|argument| argument.get_long() == Some("format"))?;
    let forms: Vec<_> = argument.get_possible_values().iter().map(|form| form.get_name().to_owned()).collect();
    match () {
        () if forms.iter().any(|form| form == wanted) => Some(format!("use --format {wanted}")),
        // In redis-cli it is not a format.
        () if *wanted == "raw" => None,
        () => Some(format!("use --format with one of {}", forms.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn commands() -> Vec<Command> {
        let mut root = super::super::commands::definition().disable_help_subcommand(true);
        root.build();
        root.get_subcommands().cloned().collect()
    }

    /// Returns every spelling of the command's flags.
    fn flags(command: &Command) -> BTreeSet<String> {
        let mut flags = BTreeSet::from(["-V".to_owned(), "--help".to_owned()]);
        for argument in command.get_arguments() {
            flags.extend(argument.get_long_and_visible_aliases().unwrap_or_default().iter().map(|l| format!("--{l}")));
            flags.extend(argument.get_all_aliases().unwrap_or_default().iter().map(|long| format!("--{long}")));
            flags.extend(argument.get_short_and_visible_aliases().unwrap_or_default().iter().map(|s| format!("-{s}")));
        }
        flags
    }

    #[test]
    fn every_tip_names_flags_that_the_command_has_and_none_is_idle() {
        let mut given = BTreeSet::new();
        let names = TIPS.iter().flat_map(|(names, ..)| *names).chain(FORMATS.iter().map(|(name, _)| name));
        let names: BTreeSet<_> = names.copied().collect();
        for command in commands() {
            let flags = flags(&command);
            for name in names.iter().filter(|name| !flags.contains(**name)) {
                let Some(tip) = tip(name, &command) else { continue };
                for word in tip.split([' ', ',', ')', ';']).filter(|word| word.starts_with('-')) {
                    assert!(flags.contains(word), "{} {name}: {tip}", command.get_name());
                }
                given.insert((*name, tip));
            }
        }
        for (names, _, tip) in TIPS {
            for name in *names {
                assert!(given.contains(&(*name, (*tip).to_owned())), "never given: {name}: {tip}");
            }
        }
        for (name, format) in FORMATS {
            assert!(given.contains(&(*name, format!("use --format {format}"))), "{name}");
        }
    }
}
