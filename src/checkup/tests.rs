//! Facts in, lines and findings out: a healthy server as the base, with one change at a time.

mod service;
mod tls;

use std::time::Duration;

use super::*;
use crate::{
    checkup::survey::{
        BlockedClient, OutputLimit, Persistence, PingTimes, PubSub, Replica, SlowFacts, SurveyCommand, SurveyEnd,
    },
    classify::{ErrorClass, Failure, Stage},
    clock::Stamp,
    dial::Attempt,
    event::{PathProbed, StageTime},
    kernel::KeepaliveDefaults,
    plan::{Address, Password, PolicyName, Secret, Watchdog},
};

const MILLI: Duration = Duration::from_millis(1);
const NOW: u64 = 1_795_356_131_000_000_000;
const DAY: u64 = 86_400_000_000_000;

fn subject() -> CheckSubject {
    CheckSubject {
        target: Target::new(Address::Tcp { host: "cache.example".into(), port: 6379, tls: false }, "--uri"),
        protocol: Protocol::Resp3,
        policy: ReconnectPolicy::preset(PolicyName::Hardened),
        warning: None,
        critical: None,
        certificate_warning: Duration::from_nanos(14 * DAY),
    }
}

fn attempt() -> Attempt {
    let stages = [Stage::Dns, Stage::Tcp, Stage::Hello, Stage::Command];
    Attempt {
        probed: PathProbed {
            stages: stages.into_iter().map(|stage| StageTime { stage, took: MILLI }).collect(),
            failure: None,
            server: None,
        },
        addresses: vec![([10, 0, 3, 17], 6379).into()],
        peer: Some(([10, 0, 3, 17], 6379).into()),
        local: Some(([10, 0, 9, 4], 51_322).into()),
        tls: None,
        server: ServerIdentity {
            product: Some("Redis".into()),
            version: Some("7.2.4".into()),
            role: Some("master".into()),
            ..ServerIdentity::default()
        },
        ping_refused: None,
        hello_refused: None,
        info_refused: None,
        resp: 3,
        finished: Stamp::START,
    }
}

fn facts() -> CheckFacts {
    CheckFacts {
        attempt: Some(attempt()),
        pings: PingTimes { times: vec![MILLI; 5], rtt: Some(MILLI / 2), ..PingTimes::default() },
        large: Some(LargeReply::Arrived { took: MILLI }),
        slow: SlowFacts { log_known: true, ..SlowFacts::default() },
        seen_from: Some("10.0.9.4:51322".into()),
        seen_at: Some("10.0.3.17:6379".into()),
        server: ServerFacts {
            role: Some("master".into()),
            loading: Some(false),
            connected_clients: Some(12),
            maxclients: Some(10_000),
            rejected_connections: Some(0),
            used_memory: Some(1 << 20),
            maxmemory: Some(1 << 30),
            maxmemory_policy: Some("noeviction".into()),
            maxmemory_clients: Some("0".into()),
            timeout: Some(0),
            tcp_keepalive: Some(300),
            pubsub_limit: Some(OutputLimit { hard: 32 << 20, soft: 8 << 20, soft_seconds: 60 }),
            subscribers: Some(1),
            largest_subscriber_buffer: Some(0),
            persistence: Persistence { snapshot_failed: Some(false), ..Persistence::default() },
            ..ServerFacts::default()
        },
        pubsub: Some(PubSub::Received { after: MILLI }),
        ..CheckFacts::default()
    }
}

fn host() -> HostFacts {
    HostFacts {
        tcp_retries2: Some(15),
        tcp_keepalive: Some(KeepaliveDefaults { time: 7200, interval: 75, probes: 9 }),
        tcp_syn_retries: Some(6),
        local_ports: Some((32_768, 60_999)),
        local_ports_used: Some(2),
        conntrack: Some((10, 262_144)),
        resolver: None,
    }
}

/// Returns the checkup after one change to the healthy case.
fn changed(change: impl FnOnce(&mut CheckSubject, &mut CheckFacts, &mut HostFacts)) -> Checkup {
    let (mut subject, mut facts, mut host) = (subject(), facts(), host());
    change(&mut subject, &mut facts, &mut host);
    judge(&subject, &facts, &host, WallTime::from_unix_nanos(NOW))
}

fn failing(failure: Failure) -> Checkup {
    changed(|_, facts, _| {
        let attempt = facts.attempt.as_mut().unwrap();
        attempt.probed.stages.retain(|done| done.stage < failure.key.stage);
        attempt.probed.failure = Some(failure);
        *facts = CheckFacts { attempt: facts.attempt.take(), ..CheckFacts::default() };
    })
}

/// Returns severity and code of all findings except the one about redis-rs' defaults, which every healthy case has.
fn found(checkup: &Checkup) -> Vec<(Severity, String)> {
    let code = |finding: &CheckFinding| finding.code.as_deref().unwrap_or_default().to_owned();
    let all = checkup.findings.iter().map(|finding| (finding.severity, code(finding)));
    all.filter(|found| *found != (Severity::Info, "RD044".to_owned())).collect()
}

fn line<'a>(checkup: &'a Checkup, name: &str) -> &'a CheckLine {
    checkup.lines.iter().find(|line| line.name == name).unwrap_or_else(|| panic!("no line {name}"))
}

#[test]
fn a_healthy_server_has_no_finding_but_the_librarys_defaults() {
    let checkup = changed(|_, _, _| {});
    assert_eq!(checkup.verdict, Verdict::Healthy);
    assert_eq!(found(&checkup), []);
    assert_eq!(checkup.findings.len(), 1);
    assert!(
        checkup.findings[0].text.contains("forever by a subscriber and for at least 15 min 24 s"),
        "{:?}",
        checkup.findings
    );
    let odd: Vec<_> = checkup.lines.iter().filter(|line| line.mark != Mark::Ok).map(|line| line.name).collect();
    assert_eq!(odd, ["tls"]);
    assert_eq!(checkup.headline, "Redis 7.2.4 primary answers PING in 1 ms");
}

type Change = fn(&mut CheckSubject, &mut CheckFacts, &mut HostFacts);

/// Code and severity of the finding that a change causes, and the line that it marks.
type Row = (&'static str, Severity, &'static str, Change);

/// Problems on the path and on this machine.
const PATH_AND_CLIENT: &[Row] = &[
    ("RD047", Severity::Warning, "pubsub", |_, facts, _| {
        facts.pubsub = Some(PubSub::NoSecondConnection { why: "ERR max number of clients reached".into() });
    }),
    ("RD051", Severity::Info, "between", |_, facts, _| facts.seen_from = Some("10.0.9.4:40000".into())),
    ("RD051", Severity::Info, "between", |_, facts, _| facts.seen_at = Some("172.17.0.2:6379".into())),
    ("RD052", Severity::Warning, "hello", |_, facts, _| facts.attempt.as_mut().unwrap().resp = 2),
    ("RD052", Severity::Info, "hello", |subject, facts, _| {
        subject.protocol = Protocol::Auto;
        facts.attempt.as_mut().unwrap().resp = 2;
    }),
    ("RD055", Severity::Warning, "conntrack", |_, _, host| host.conntrack = Some((80, 100))),
    ("RD056", Severity::Warning, "ports", |_, _, host| host.local_ports_used = Some(25_000)),
    ("RD057", Severity::Info, "dns", |_, facts, _| {
        facts.attempt.as_mut().unwrap().addresses.push(([10, 0, 3, 18], 6379).into());
    }),
    ("RD064", Severity::Warning, "ping", |_, facts, _| facts.pings.times = vec![MILLI * 250]),
    ("RD064", Severity::Warning, "ping", |subject, _, _| subject.warning = "0.5".parse().ok()),
    ("RD064", Severity::Critical, "ping", |subject, _, _| {
        subject.warning = "0.5".parse().ok();
        subject.critical = "~:0.9".parse().ok();
    }),
    ("RD010", Severity::Warning, "pubsub", |_, facts, _| {
        facts.pubsub = Some(PubSub::Refused { command: SurveyCommand::Subscribe });
    }),
    ("RD024", Severity::Critical, "pubsub", |_, facts, _| facts.pubsub = Some(PubSub::Lost { why: "silence".into() })),
];

fn writer() -> BlockedClient {
    BlockedClient { address: "10.0.9.4:51323".into(), name: "writer".into(), command: "set".into(), unread: 0 }
}

/// Problems in the server's settings and figures.
const SERVER: &[Row] = &[
    ("RD046", Severity::Warning, "keepalive", |_, facts, _| facts.server.tcp_keepalive = Some(0)),
    ("RD046", Severity::Warning, "keepalive", |_, facts, _| facts.server.tcp_keepalive = Some(301)),
    ("RD047", Severity::Warning, "clients", |_, facts, _| facts.server.connected_clients = Some(8_000)),
    ("RD048", Severity::Warning, "buffers", |_, facts, _| {
        facts.server.largest_subscriber_buffer = Some(4 << 20);
    }),
    ("RD048", Severity::Warning, "buffers", |_, facts, _| {
        facts.server.pubsub_limit = Some(OutputLimit { hard: 1 << 16, soft: 0, soft_seconds: 0 });
    }),
    ("RD048", Severity::Info, "buffers", |_, facts, _| {
        facts.server.pubsub_limit = Some(OutputLimit { hard: 0, soft: 0, soft_seconds: 0 });
    }),
    ("RD049", Severity::Warning, "memory", |_, facts, _| facts.server.used_memory = Some(1_000 << 20)),
    ("RD049", Severity::Info, "memory", |_, facts, _| {
        facts.server.used_memory = Some(1_000 << 20);
        facts.server.maxmemory_policy = Some("allkeys-lru".into());
    }),
    ("RD049", Severity::Info, "memory", |_, facts, _| facts.server.maxmemory_clients = Some("5%".into())),
    ("RD050", Severity::Warning, "role", |_, facts, _| facts.server.role = Some("slave".into())),
    ("RD173", Severity::Warning, "paused", |_, facts, _| facts.server.held_back = vec![writer()]),
    ("RD173", Severity::Critical, "paused", |_, facts, _| {
        facts.server.held_back = vec![writer()];
        facts.pubsub = Some(PubSub::HeldBack);
    }),
    ("RD065", Severity::Warning, "role", |_, facts, _| {
        facts.server.role = None;
        facts.attempt.as_mut().unwrap().server.role = Some("sentinel".into());
        facts.pubsub = Some(PubSub::Refused { command: SurveyCommand::Publish });
    }),
    ("RD059", Severity::Info, "timeout", |_, facts, _| facts.server.timeout = Some(300)),
    ("RD059", Severity::Warning, "timeout", |subject, facts, _| {
        subject.policy.watchdog = Some(Watchdog { period: Duration::from_secs(300), misses: 2 });
        facts.server.timeout = Some(300);
    }),
    ("RD061", Severity::Warning, "replication", |_, facts, _| {
        let replica = |state: &str, lag| Replica { address: "r:1".into(), state: state.into(), lag: Some(lag) };
        facts.server.replicas = vec![replica("online", 1), replica("online", 11)];
    }),
    ("RD061", Severity::Warning, "replication", |_, facts, _| facts.server.primary_link_up = Some(false)),
];

#[test]
fn each_problem_has_its_code_its_line_and_a_remedy() {
    for (at, (code, severity, name, change)) in
        PATH_AND_CLIENT.iter().chain(SERVER).chain(service::PROBLEMS).enumerate()
    {
        let checkup = changed(change);
        assert_eq!(found(&checkup), [(*severity, (*code).to_owned())], "row {at}");
        let finding = checkup.findings.iter().find(|finding| finding.code.as_deref().unwrap_or_default() == *code);
        let finding = finding.unwrap();
        assert!(!finding.remedy.is_empty() && !finding.text.is_empty(), "row {at}: {finding:?}");
        let expected = if *severity == Severity::Critical { Mark::Bad } else { Mark::Warning };
        assert_eq!(line(&checkup, name).mark, expected, "row {at}");
        let verdict = match severity {
            Severity::Info => Verdict::Healthy,
            Severity::Warning => Verdict::Degraded,
            Severity::Critical => Verdict::Critical,
        };
        assert_eq!(checkup.verdict, verdict, "row {at}");
    }
}

#[test]
fn values_just_below_a_limit_are_ok() {
    let checkup = changed(|subject, facts, host| {
        facts.server.connected_clients = Some(7_999);
        facts.server.largest_subscriber_buffer = Some((4 << 20) - 1);
        facts.server.used_memory = Some((1 << 30) * 89 / 100);
        facts.pings.times = vec![MILLI * 40];
        subject.warning = "200".parse().ok();
        host.conntrack = Some((79, 100));
        host.local_ports_used = Some(22_585);
    });
    assert_eq!(found(&checkup), []);
}

#[test]
fn a_server_that_forbids_every_command_is_healthy_with_unknown_lines() {
    let refused = |command| RefusedCommand { command, class: ErrorClass::NoPerm, why: "NOPERM".into() };
    let checkup = changed(|_, facts, _| {
        facts.server = ServerFacts::default();
        (facts.seen_from, facts.seen_at) = (None, None);
        facts.refused =
            vec![refused(SurveyCommand::ClientInfo), refused(SurveyCommand::Info), refused(SurveyCommand::Config)];
    });
    assert_eq!((found(&checkup), checkup.verdict), (vec![], Verdict::Healthy));
    for name in ["between", "replication", "clients", "buffers", "memory", "timeout", "keepalive"] {
        let line = line(&checkup, name);
        assert_eq!(line.mark, Mark::NotAvailable, "{name}");
        assert!(line.text.starts_with("not permitted ("), "{line:?}");
    }
    // Known from HELLO.
    assert_eq!(line(&checkup, "role").text, "primary");
}

#[test]
fn each_failure_to_connect_has_its_code() {
    let server = |line| Failure::server(Stage::Hello, line);
    for (failure, code) in [
        (server("ERR max number of clients reached"), "RD009"),
        (server("NOAUTH HELLO must be called with the client already authenticated"), "RD010"),
        (server("WRONGPASS invalid username-password pair or user is disabled."), "RD010"),
        (server("NOPERM this user has no permissions to run the 'hello' command"), "RD010"),
        (server("DENIED Redis is running in protected mode"), "RD054"),
        (Failure::server(Stage::Command, "LOADING Redis is loading the dataset in memory"), "RD060"),
        (Failure::io(Stage::Tcp, &std::io::Error::from_raw_os_error(111)), "111"),
        (Failure::doctor(ErrorClass::Dns, Stage::Dns, "no such name"), "RD109"),
        (Failure::doctor(ErrorClass::ConnectTimeout, Stage::Tcp, "no answer within 2s"), "RD107"),
        (Failure::doctor(ErrorClass::ConnectionClosed, Stage::Hello, "closed"), "RD106"),
        (Failure::doctor(ErrorClass::ProtocolGarbage, Stage::Hello, "an HTTP server answers"), "RD123"),
        (Failure::doctor(ErrorClass::Tls, Stage::Hello, "unknown issuer"), "RD130"),
    ] {
        let checkup = failing(failure.clone());
        assert_eq!(found(&checkup), [(Severity::Critical, code.to_owned())], "{failure}");
        assert_eq!(checkup.verdict, Verdict::Critical);
        assert!(!checkup.findings[0].remedy.is_empty(), "{failure}");
        assert!(checkup.lines.iter().any(|line| line.mark == Mark::Bad), "{failure}");
        // Without a connection a blackout does not matter.
        assert!(checkup.blackouts.is_empty());
    }
}

#[test]
fn a_failed_login_is_distinguished_from_a_failed_protocol() {
    let refused = failing(Failure::server(Stage::Hello, "WRONGPASS invalid username-password pair"));
    assert_eq!((line(&refused, "auth").mark, line(&refused, "hello").mark), (Mark::Bad, Mark::NotAvailable));
    let broken = failing(Failure::doctor(ErrorClass::ConnectTimeout, Stage::Hello, "no reply"));
    assert_eq!((line(&broken, "auth").mark, line(&broken, "hello").mark), (Mark::NotAvailable, Mark::Bad));
    let logged_in = changed(|subject, facts, _| {
        subject.target.user = Some("worker".into());
        subject.target.password = Some(Password::Given(Secret::new("hunter2")));
        facts.login = Some(MILLI);
    });
    assert_eq!((line(&logged_in, "auth").text.as_str(), line(&logged_in, "auth").took), ("user worker", Some(MILLI)));
    assert!(!serde_json::to_string(&logged_in).unwrap().contains("hunter2"));
}

#[test]
fn tls_mixed_up_with_plain_text_is_detected_both_ways() {
    for (tls, remedy) in [(true, "use redis:// instead of rediss://"), (false, "use rediss:// instead of redis://")] {
        let checkup = changed(|subject, facts, _| {
            subject.target.address = Address::Tcp { host: "h".into(), port: 1, tls };
            let stage = if tls { Stage::Tls } else { Stage::Hello };
            let attempt = facts.attempt.as_mut().unwrap();
            attempt.probed.failure = Some(Failure::doctor(ErrorClass::Tls, stage, "no"));
            facts.speaks_other_encryption = Some(true);
        });
        assert_eq!(found(&checkup), [(Severity::Critical, "RD053".to_owned())]);
        assert!(checkup.findings[0].remedy.starts_with(remedy), "{:?}", checkup.findings);
    }
}

#[test]
fn the_policy_in_question_decides_how_bad_a_blackout_is() {
    let with = |name| changed(|subject, _, _| subject.policy = ReconnectPolicy::preset(name));
    let library = with(PolicyName::Library);
    assert_eq!(found(&library), [(Severity::Warning, "RD044".to_owned()), (Severity::Warning, "RD045".to_owned())]);
    assert_eq!(library.verdict, Verdict::Degraded);
    assert_eq!(with(PolicyName::Hardened).verdict, Verdict::Healthy);
    let unknown = changed(|_, _, host| *host = HostFacts::default());
    assert_eq!(line(&unknown, "kernel").text, "not available");
    assert_eq!(line(&unknown, "ports").mark, Mark::NotAvailable);
}

#[test]
fn a_unix_socket_has_no_network() {
    let checkup = changed(|subject, facts, _| {
        subject.target.address = Address::Unix("/run/redis.sock".into());
        let attempt = facts.attempt.as_mut().unwrap();
        (attempt.addresses, attempt.peer, attempt.local) = (Vec::new(), None, None);
        attempt.probed.stages.remove(0);
        attempt.probed.stages[0].stage = Stage::Unix;
    });
    assert_eq!((found(&checkup), checkup.blackouts.len(), checkup.findings.len()), (vec![], 0, 0));
    assert_eq!((line(&checkup, "dns").mark, line(&checkup, "unix").mark), (Mark::NotAvailable, Mark::Ok));
    assert_eq!(line(&checkup, "unix").text, "/run/redis.sock");
}

#[test]
fn a_survey_that_broke_off_is_critical_and_keeps_its_facts() {
    let checkup = changed(|_, facts, _| {
        facts.server = ServerFacts::default();
        facts.pubsub = None;
        facts.end = SurveyEnd::Broken(Failure::doctor(ErrorClass::ResponseTimeout, Stage::Command, "too late"));
    });
    assert_eq!(found(&checkup), [(Severity::Critical, "RD064".to_owned())]);
    assert_eq!((line(&checkup, "ping").mark, line(&checkup, "pubsub").text.as_str()), (Mark::Ok, "not reached"));
}

#[test]
fn each_code_is_explained_with_the_command_that_finds_it() {
    let before = [9, 44, 45, 46, 47, 48, 49, 50, 51, 52, 54, 55, 56, 57, 59, 61, 62, 64];
    for number in before.into_iter().chain(182..=188) {
        let entry = crate::knowledge::entry(&format!("RD{number:03}")).unwrap();
        assert!(entry.tell.iter().any(|line| line == "$ redis-doctor check"), "{}", entry.id);
    }
}
