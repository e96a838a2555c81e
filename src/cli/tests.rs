//! Whole command lines and their requests; `refusals` has wrong ones, `secrets` what must not be shown.

mod configuration;
mod environment;
mod refusals;
mod secrets;
mod targets;

use std::{os::unix::ffi::OsStringExt, path::PathBuf, time::Duration};

use super::{
    commands::{
        check::CheckRequest,
        completions::{CompletionsRequest, Shell},
        man::ManRequest,
        proxy::ProxyRequest,
        report::ReportRequest,
    },
    run::RunRequest,
    *,
};
use crate::{
    exit::Exit,
    output::{ColorChoice, Format, MessageFormat, OutputOptions, Rows},
    plan::{Command, Name, Pace, PolicyName, ProbeKind, Protocol, ReconnectPolicy},
};

const SECRET: &str = "hunter2";

fn surroundings(variables: &[(&'static str, &str)]) -> Environment {
    Environment {
        variables: variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect(),
        ask_password: || Ok("typed".into()),
    }
}

fn parse_os(args: Vec<OsString>, variables: &[(&'static str, &str)]) -> Result<Box<dyn Job>, CliError> {
    let args: Vec<_> = [OsString::from("redis-doctor")].into_iter().chain(args).collect();
    parse_in(args, &surroundings(variables))
}

/// The request of a command line that is understood.
fn request<R: Job>(args: Vec<OsString>, variables: &[(&'static str, &str)]) -> R {
    let shown = format!("{args:?}");
    let job: Box<dyn std::any::Any> = parse_os(args, variables).unwrap();
    *job.downcast().unwrap_or_else(|_| panic!("another request: {shown}"))
}

fn words(line: &str) -> Vec<OsString> {
    line.split_whitespace().map(OsString::from).collect()
}

fn run_with(line: &str, variables: &[(&'static str, &str)]) -> RunRequest {
    request(words(line), variables)
}

fn run(line: &str) -> RunRequest {
    run_with(line, &[])
}

fn refuse(args: &[&str], variables: &[(&'static str, &str)]) -> String {
    let error = parse_os(args.iter().map(OsString::from).collect(), variables).unwrap_err();
    assert_eq!((error.exit, error.to_stdout), (Exit::Unknown, false), "{args:?}");
    assert!(error.message.starts_with("error: ") && error.message.ends_with('\n'), "{}", error.message);
    error.message
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

#[test]
fn ping_without_flags_is_a_ping_each_second_at_the_default_server() {
    let RunRequest { plan, output, .. } = run("ping");
    assert_eq!(plan.command, Command::Ping);
    assert_eq!(
        (plan.target.to_string().as_str(), plan.target.named_by.as_str()),
        ("redis://127.0.0.1:6379", "default")
    );
    assert_eq!(plan.policy, ReconnectPolicy::preset(PolicyName::Hardened));
    assert_eq!((plan.protocol, plan.subscription, plan.connections), (Protocol::Resp3, None, 1));
    let probes = plan.probes.unwrap();
    assert_eq!((probes.kind, probes.pace, probes.timeout), (ProbeKind::Ping, Pace::Every(seconds(1.0)), seconds(2.0)));
    assert!(probes.report_each);
    assert_eq!(output, OutputOptions::default());
}

#[test]
fn ping_takes_the_flags_of_ping_and_redis_cli() {
    let plan = run("ping -h cache.example -p 7000 -n 3 -r 5 -i 0.2 -w 1m -W 500ms --payload 64k -q --seed 9").plan;
    assert_eq!(plan.target.to_string(), "redis://cache.example:7000/3");
    assert_eq!((plan.stop.count, plan.stop.duration, plan.seed), (Some(5), Some(seconds(60.0)), 9));
    let probes = plan.probes.unwrap();
    assert_eq!((probes.pace, probes.timeout), (Pace::Every(seconds(0.2)), seconds(0.5)));
    assert_eq!((probes.payload, probes.report_each), (65_536, false));
    assert_eq!(run("ping -i 0").plan.probes.unwrap().pace, Pace::Unpaced);
    assert!(!run("ping --format json").plan.probes.unwrap().report_each);
    assert!(run("ping -D").output.timestamps);
}

#[test]
fn subscribe_takes_any_bytes_once() {
    let args = vec![
        "subscribe".into(),
        OsString::from_vec(vec![0xff, b' ', 0x01]),
        "--pattern=j*".into(),
        "a".into(),
        "a".into(),
    ];
    let request: RunRequest = request(args, &[]);
    let subscription = request.plan.subscription.unwrap();
    assert_eq!(subscription.channels, [Name::from([0xff, b' ', 1]), Name::from("a")]);
    assert_eq!(subscription.patterns, [Name::from("j*")]);
    assert!(subscription.tail && subscription.verify.is_none() && request.plan.probes.is_none());
}

#[test]
fn subscribe_separates_messages_from_the_report() {
    let request =
        run("subscribe a --shard s -c 3 -d 90 --expect-every 30s --verify --format raw -o r --report-format json");
    assert_eq!((request.output.messages, request.output.format), (MessageFormat::Raw, Format::Json));
    let subscription = request.plan.subscription.unwrap();
    assert_eq!(
        (subscription.verify, subscription.expect_every),
        (Some(Pace::Every(seconds(0.1))), Some(seconds(30.0)))
    );
    assert_eq!((request.plan.stop.count, request.plan.stop.duration), (Some(3), Some(seconds(90.0))));
    let faster = run("subscribe a --verify --rate 600/m -q").plan.subscription.unwrap();
    assert_eq!((faster.verify, faster.tail), (Some(Pace::Every(seconds(0.1))), false));
}

#[test]
fn the_name_of_the_output_implies_the_format_unless_a_flag_says_it() {
    for (line, format, rows) in [
        ("ping -o r.json", Format::Json, Rows::Figures),
        ("ping -o /a.b/r", Format::Text, Rows::Figures),
        ("ping -o r.json --format csv", Format::Csv, Rows::Figures),
        ("soak -o R.CSV --rows intervals", Format::Csv, Rows::Intervals),
        ("soak -o r.md", Format::Markdown, Rows::Figures),
        ("soak --format csv --rows errors", Format::Csv, Rows::Errors),
        ("subscribe a -o r.prom", Format::Prometheus, Rows::Figures),
        ("subscribe a -o r.json --report-format text", Format::Text, Rows::Figures),
    ] {
        let output = run(line).output;
        assert_eq!((output.format, output.rows), (format, rows), "{line}");
    }
    let refused = refuse(&["soak", "--rows", "outages"], &[]);
    assert!(refused.contains("--rows: it is for CSV, and the format is text; add --format csv"), "{refused}");
}

#[test]
fn a_workload_is_probes_and_messages() {
    for (flags, kind, verified) in [
        ("", Some(ProbeKind::Ping), true),
        ("--workload ping", Some(ProbeKind::Ping), false),
        ("--workload pubsub", None, true),
        ("--workload kv", Some(ProbeKind::Kv), false),
        ("--workload kv,pubsub", Some(ProbeKind::Kv), true),
        ("--workload ping,kv", Some(ProbeKind::Mixed), false),
        ("--workload mixed", Some(ProbeKind::Mixed), true),
    ] {
        let plan = run(&format!("soak {flags}")).plan;
        assert_eq!(plan.probes.map(|probes| probes.kind), kind, "{flags}");
        let subscription = plan.subscription;
        assert_eq!(subscription.is_some(), verified, "{flags}");
        assert!(
            subscription.is_none_or(|it| it.wanted() == 0 && it.verify == Some(Pace::Every(seconds(0.1))) && !it.tail)
        );
    }
}

#[test]
fn thousands_of_connections_share_a_rate_unless_one_is_given() {
    let pace = |line: &str| run(line).plan.probes.unwrap().pace;
    assert_eq!(pace("soak --connections 1000"), pace("soak"));
    assert_eq!(pace("soak --connections 10000"), pace("soak --rate 1/s"));
    assert_eq!(pace("soak --connections 10000 --rate 10/s"), pace("soak"));
    let verified = run("soak --connections 5000").plan.subscription.unwrap().verify;
    assert_eq!(verified, run("soak --verify-rate 2/s").plan.subscription.unwrap().verify);
}

#[test]
fn soak_takes_load_and_length() {
    let plan = run("soak --rate 0 --concurrency 50 --connections 4 -d 14d --stop-on-critical --verify-rate 5").plan;
    let probes = plan.probes.unwrap();
    assert_eq!((probes.pace, probes.concurrency, plan.connections), (Pace::Unpaced, 50, 4));
    assert_eq!((plan.stop.duration, plan.stop.on_critical), (Some(seconds(14.0 * 86_400.0)), true));
    assert_eq!(plan.subscription.unwrap().verify, Some(Pace::Every(seconds(0.2))));
    assert_ne!(run("soak").plan.seed, run("soak").plan.seed);
}

#[test]
fn policy_flags_override_the_preset() {
    let preset = ReconnectPolicy::preset(PolicyName::Library);
    assert_eq!(run("ping --policy library").plan.policy, preset);
    let policy = run("ping --policy library --retries unlimited --min-delay 10ms --max-delay 1 --backoff-base 3 \
        --connect-timeout 2 --response-timeout 3 --keepalive 1m/5/3 --user-timeout 25s --nodelay on --watchdog 1sx4 \
        --no-resubscribe")
    .plan
    .policy;
    assert_eq!((policy.retries, policy.min_delay, policy.max_delay), (None, seconds(0.01), Some(seconds(1.0))));
    assert_eq!(
        (policy.backoff_base, policy.connect_timeout, policy.response_timeout),
        (3.0, seconds(2.0), seconds(3.0))
    );
    assert_eq!(policy.keepalive.map(|keepalive| (keepalive.time, keepalive.probes)), Some((seconds(60.0), 3)));
    assert_eq!(policy.watchdog.map(|watchdog| (watchdog.period, watchdog.misses)), Some((seconds(1.0), 4)));
    assert!(policy.nodelay && !policy.resubscribe && policy.user_timeout == Some(seconds(25.0)));
    let off = run("ping --keepalive off --user-timeout off --watchdog off --nodelay off --retries 0").plan.policy;
    assert_eq!((off.keepalive, off.user_timeout, off.watchdog, off.nodelay), (None, None, None, false));
    assert_eq!(off.retries, Some(0));
    assert!(!run("ping --policy bare --watchdog off").plan.policy.managed);
}

#[test]
fn faults_and_incidents_become_schedules() {
    let written = |faults: &[crate::fault::FaultSchedule]| faults.iter().map(ToString::to_string).collect::<Vec<_>>();
    let plan = run("soak --fault close@every:30s --incident thundering-herd --fault latency=1s~500ms+10s").plan;
    let expected = ["close@every:30s", "latency=1s~500ms@0s+10s", "reset_peer@5s", "refuse@5s+3s"];
    assert_eq!(written(&plan.faults), expected);
    assert_eq!(run("ping -u rediss://localhost --fault close@1s").plan.faults.len(), 1);
    let line = "proxy --listen 7000 -u redis://:hunter2@cache.example:1 --incident failover --format ndjson --seed 3";
    let ProxyRequest::Relay(request) = request(words(line), &[]) else { panic!("it observes") };
    assert_eq!((request.listen.to_string().as_str(), request.seed), ("127.0.0.1:7000", 3));
    assert_eq!(request.upstream.to_string(), "redis://cache.example:1");
    assert_eq!((request.format, request.faults.len()), (Format::Ndjson, 3));
}

#[test]
fn an_observed_application_is_a_run() {
    let line =
        "proxy --sandbox --report --fail-on ran_twice>0 --journal a -o b.md --no-evidence -- run --token hunter2";
    let ProxyRequest::Observe(run) = request(words(line), &[]) else { panic!("it relays") };
    let (plan, output) = (&run.plan, &run.output);
    assert_eq!(
        (plan.application.as_ref().unwrap().launch.as_ref().unwrap().command.len(), plan.connections, plan.evidence),
        (3, 0, false)
    );
    assert_eq!((output.format, plan.fail_on.len(), output.journal.is_some()), (Format::Markdown, 1, true));
    let stored = serde_json::to_string(plan).unwrap();
    assert!(!stored.contains("hunter2") && plan.command_line.ends_with(&["--".into(), "…".into()]), "{stored}");
}

#[test]
fn a_report_takes_files_format_and_gates() {
    let line = "report a b --format nagios -o out --fail-on p99>5ms --warn-on lost>0 --exit-zero";
    let request: ReportRequest = request(words(line), &[]);
    assert_eq!(request.files, [PathBuf::from("a"), PathBuf::from("b")]);
    assert_eq!((request.output.format, request.output.exit_zero), (Format::Nagios, true));
    assert_eq!((request.fail_on.len(), request.warn_on[0].to_string().as_str()), (1, "lost>0"));
}

#[test]
fn help_is_asked_for_in_every_way() {
    for line in [
        "--help",
        "-h",
        "ping --help",
        "ping -h",
        "soak -p 1 -h",
        "help ping",
        "report -h",
        "help ping -h",
        "help -h",
        "--version",
        "-V",
    ] {
        let error = parse_os(line.split(' ').map(OsString::from).collect(), &[]).unwrap_err();
        assert_eq!((error.exit, error.to_stdout), (Exit::Healthy, true), "{line}");
        assert!(error.message.contains("redis-doctor"), "{line}");
    }
    let help = |line: &str| parse_os(words(line), &[]).unwrap_err().message;
    let (short, long) = (help("ping -h"), help("ping --help"));
    assert!(short.len() < long.len() && short.contains("\nExamples:\n") && short.contains("redis-doctor help ping"));
    assert!(long.contains("Exit status: ") && !short.contains("Exit status: "), "{short}");
    assert_eq!((help("help ping"), help("ping -c 1 -h")), (long, short));
    let (short, long) = (help("-h"), help("--help"));
    assert!(long.contains("Exit status:\n") && !short.contains("Exit status:\n"), "{short}");
    assert_eq!((help("help"), help("-?")), (long, short));
    let root = parse_os(vec!["--help".into()], &[]).unwrap_err().message;
    assert!(root.contains("Usage: redis-doctor [COMMAND] [FLAGS]"), "{root}");
}

#[test]
fn without_a_command_it_checks() {
    let check = request::<CheckRequest>;
    let bare = check(Vec::new(), &[]);
    assert_eq!((bare.target.to_string().as_str(), bare.deadline), ("redis://127.0.0.1:6379", seconds(9.0)));
    assert_eq!(bare.policy, ReconnectPolicy::preset(PolicyName::Hardened));
    let named = check(Vec::new(), &[("REDIS_URL", "rediss://:hunter2@cache.example")]);
    assert_eq!(
        (named.target.to_string().as_str(), named.target.password.is_some()),
        ("rediss://cache.example:6379", true)
    );
    let flags = check(words("-h cache.example -p 7000"), &[]);
    assert_eq!(
        flags,
        CheckRequest { channel: flags.channel.clone(), ..check(words("check -H cache.example -p 7000"), &[]) }
    );
    let plugin = check(words("check -w 10 -c 5:100 -t 3 --format nagios --policy library"), &[]);
    assert_eq!((plugin.warning, plugin.critical), ("10".parse().ok(), "5:100".parse().ok()));
    assert_eq!((plugin.deadline, plugin.format), (seconds(3.0), Format::Nagios));
    assert_eq!(plugin.policy.name, PolicyName::Library);
    let typed = check(words("--askpass"), &[]);
    assert!(typed.target.password.is_some());
}

#[test]
fn scripts_and_the_manual_are_printed() {
    for (line, shell) in [("completions bash", Shell::Bash), ("completions nushell", Shell::Nushell)] {
        let request: CompletionsRequest = request(words(line), &[]);
        assert_eq!(request, CompletionsRequest::Script(shell), "{line}");
        assert!(completion_script(shell).contains("redis-doctor"), "{line}");
    }
    let _: ManRequest = request(words("man"), &[]);
    assert!(manual_page(None).contains("redis-doctor"));
}

#[test]
fn the_definitions_are_consistent() {
    commands::definition().debug_assert();
}

/// Flags are wrapped with a margin; the prose under them would only be torn.
#[test]
fn the_prose_under_the_help_fits_80_columns() {
    let mut root = commands::definition();
    root.build();
    let mut seen = 0;
    for command in std::iter::once(&root).chain(root.get_subcommands()) {
        let texts = [command.get_after_help(), command.get_after_long_help()];
        let texts: Vec<_> = texts.into_iter().flatten().map(ToString::to_string).collect();
        for line in texts.iter().flat_map(|text| text.lines()) {
            assert!(line.chars().count() <= 80, "{}: {line}", command.get_name());
            seen += 1;
        }
    }
    assert!(seen > 200, "{seen}");
}

/// On a terminal of 80 columns, the list of commands and of flags is read down its left edge.
#[test]
fn the_short_help_of_a_command_or_a_flag_is_one_line_without_a_full_stop() {
    let mut root = commands::definition().disable_help_subcommand(true);
    root.build();
    for command in root.get_subcommands() {
        let about = command.get_about().unwrap().to_string();
        assert!((1..=65).contains(&about.chars().count()) && !about.ends_with('.'), "{about}");
    }
    let mut seen = 0;
    for argument in root.get_subcommands().flat_map(clap::Command::get_arguments) {
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let is_line = (1..=66).contains(&help.chars().count()) && !help.ends_with('.') && !help.contains('\n');
        assert!(is_line, "{argument}: {help}");
        seen += 1;
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn the_hardened_settings_in_the_help_are_the_presets() {
    let ping = commands::definition_of("ping").unwrap();
    let mut seen = 0;
    for flag in ping.get_arguments() {
        let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
        if let Some((_, value)) = help.trim_end_matches(']').split_once("[hardened: ") {
            let line = format!("ping --{} {value}", flag.get_long().unwrap());
            assert_eq!(run(&line).plan.policy, ReconnectPolicy::preset(PolicyName::Hardened), "{line}");
            seen += 1;
        }
    }
    assert_eq!(seen, 12);
}
