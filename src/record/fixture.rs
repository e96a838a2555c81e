//! Made-up runs for the tests of everything that reads events.

use std::{sync::Arc, time::Duration};

use crate::{
    classify::{ErrorClass, Failure, FailureKey, Origin, Stage},
    clock::{Stamp, WallTime},
    distribution::Distribution,
    event::{
        ClientState, CommandFailed, Confirmations, Connected, Counters, Death, DeathWitness, Disconnected, Event,
        EventKind, Evidence, HostState, Interval, Missing, OwnPause, PathProbed, Peer, Reconnected, RefusalBegan,
        RefusalEnd, RefusalEnded, ReplaceReason, RunStarted, SCHEMA_VERSION, ServerIdentity, ServerState, SocketEnd,
        StageTime, StopReason,
    },
    plan::{
        Address, Command, Name, Pace, Password, Plan, PolicyName, ProbeKind, ProbePlan, Protocol, ReconnectPolicy,
        Secret, StopCondition, SubscriptionPlan, Target,
    },
};

pub(crate) use super::trace::tests::events as traced;

pub(crate) const PASSWORD: &str = "hunter2-never-shown";

/// Events of one connection, with seconds as the only notion of time.
pub(crate) fn at(seconds: f64, kind: EventKind) -> Event {
    let nanos = (seconds * 1e9).round() as u64;
    Event {
        at: Stamp::from_nanos(nanos),
        time: WallTime::from_unix_nanos(1_795_356_131_204_512_000 + nanos),
        target: None,
        connection: concerns_run(&kind).then_some(0),
        kind,
    }
}

fn concerns_run(kind: &EventKind) -> bool {
    !matches!(kind, EventKind::RunStarted(_) | EventKind::RunFinished { .. })
}

pub(crate) fn secs(seconds: f64) -> Duration {
    Duration::from_nanos((seconds * 1e9).round() as u64)
}

pub(crate) fn stamp(seconds: f64) -> Stamp {
    Stamp::START.after(secs(seconds))
}

pub(crate) fn plan() -> Plan {
    Plan {
        command: Command::Soak,
        target: Target {
            password: Some(Password::Given(Secret::new(PASSWORD))),
            ..Target::new(Address::Tcp { host: "127.0.0.1".into(), port: 6379, tls: false }, "default")
        },
        sandbox: false,
        protocol: Protocol::Resp3,
        policy: ReconnectPolicy::preset(PolicyName::Hardened),
        probes: Some(ProbePlan {
            kind: ProbeKind::Ping,
            pace: Pace::every(Duration::from_millis(100)),
            concurrency: 1,
            payload: 0,
            report_each: false,
            timeout: Duration::from_secs(2),
        }),
        subscription: Some(SubscriptionPlan {
            channels: vec![Name::from("redis-doctor:7f3a")],
            verify: Some(Pace::every(Duration::from_millis(100))),
            ..SubscriptionPlan::default()
        }),
        connections: 1,
        application: None,
        trace: None,
        scope: None,
        cluster: None,
        sentinels: None,
        stop: StopCondition { duration: Some(Duration::from_secs(60)), ..StopCondition::default() },
        faults: Vec::new(),
        fail_on: Vec::new(),
        warn_on: Vec::new(),
        evidence: true,
        max_reply: Plan::MAX_REPLY,
        seed: 42,
        command_line: Vec::new(),
    }
}

pub(crate) fn started(plan: Plan) -> Event {
    let schedule = plan.policy.schedule(6);
    at(
        0.0,
        EventKind::RunStarted(Box::new(RunStarted {
            schema_version: SCHEMA_VERSION,
            version: "0.1.0".into(),
            client_version: "1.8.1".into(),
            run_id: "7f3a".into(),
            plan,
            schedule,
            continued: false,
            joined: false,
            clock: None,
        })),
    )
}

pub(crate) fn finished(seconds: f64) -> Event {
    let reason = StopReason::Duration;
    at(seconds, EventKind::RunFinished { reason })
}

pub(crate) fn connected(generation: u64) -> EventKind {
    EventKind::Connected(Box::new(Connected {
        generation,
        client_id: Some(8000 + generation),
        local: Some("10.0.9.4:51322".into()),
        peer: Some("127.0.0.1:6379".into()),
        server: ServerIdentity {
            product: Some("Redis".into()),
            version: Some("7.2.4".into()),
            run_id: Some("5fa2c1".into()),
            role: Some("master".into()),
            ..ServerIdentity::default()
        },
        resp: 3,
    }))
}

pub(crate) fn reset() -> Failure {
    Failure {
        key: FailureKey { class: ErrorClass::Reset, stage: Stage::Command, errno: Some(104), origin: Origin::Kernel },
        text: "Connection reset by peer (os error 104)".into(),
    }
}

pub(crate) fn disconnected(generation: u64, failure: Option<Failure>) -> EventKind {
    EventKind::Disconnected(Disconnected {
        generation,
        client_id: Some(8000 + generation),
        failure,
        in_flight: 3,
        idle: secs(0.1),
    })
}

pub(crate) fn reconnected(generation: u64, after: f64) -> EventKind {
    EventKind::Reconnected(Reconnected {
        generation,
        after: secs(after),
        failed: 3,
        ambiguous: 1,
        old_client_id: Some(7999 + generation),
        client_id: Some(8000 + generation),
        local: Some("10.0.9.4:51377".into()),
        peer: None,
        server: None,
        same_process: Some(true),
        succession: None,
        by_itself: true,
        path_healthy_after: Some(secs(after / 2.0)),
        failure: None,
    })
}

/// Evidence about the connection of [`connected`], lost at this moment: the same server process, and nothing is missing.
pub(crate) fn evidence(generation: u64, lost: f64, how: SocketEnd) -> Evidence {
    let state = |seconds: f64| ServerState {
        at: stamp(seconds),
        address: Some("127.0.0.1:6379".into()),
        laddr: Some("127.0.0.1:6379".into()),
        translated: Some(false),
        addresses: ["127.0.0.1".into()].into(),
        run_id: Some("5fa2c1".into()),
        version: Some("7.4.1".into()),
        uptime: Some(50_000 + seconds as u64),
        role: Some("master".into()),
        replication_offset: Some(1_000),
        connected_clients: Some(3),
        connections_received: Some(40),
        rejected_connections: Some(0),
        evicted_clients: Some(0),
        output_buffer_disconnections: Some(2),
        query_buffer_disconnections: Some(0),
        client_kills: Some(5),
        acl_changes: Some(0),
        config_changes: Some(1),
        timeout: Some(0),
        tcp_keepalive: Some(300),
        maxclients: Some(10_000),
        ..ServerState::default()
    };
    Evidence {
        generation,
        lost: stamp(lost),
        death: Some(Death { how, errno: None, known_from: DeathWitness::SocketTable }),
        before: Some(Arc::new(state(lost - 5.0))),
        after: Some(Arc::new(state(lost + 1.0))),
        outages_between: 1,
        old_client_listed: Some(false),
        lost_server: Some(peer()),
        new_server: Some(peer()),
        host: HostState { suspended: Some(Duration::ZERO), paused: Some(Duration::ZERO), ..HostState::default() },
        ..Evidence::default()
    }
}

fn peer() -> Peer {
    Peer {
        run_id: Some("5fa2c1".into()),
        laddr: Some("127.0.0.1:6379".into()),
        role: Some("master".into()),
        ..Peer::default()
    }
}

pub(crate) fn stalled(since: f64) -> EventKind {
    EventKind::Stalled { since: stamp(since), unanswered: 2, flow: None }
}

pub(crate) fn resumed(after: f64) -> EventKind {
    EventKind::Resumed { after: secs(after) }
}

pub(crate) fn confirmations(confirmed: u64, after: f64) -> Confirmations {
    Confirmations { wanted: 1, confirmed, after: secs(after) }
}

pub(crate) fn missed(from: u64, to: u64) -> EventKind {
    EventKind::MessagesMissed {
        channel: Name::from("redis-doctor:7f3a"),
        from,
        to,
        count: to - from + 1,
        first_published_at: None,
        last_published_at: None,
    }
}

pub(crate) fn command_failed(failure: &Failure, count: u64, seconds: f64) -> EventKind {
    EventKind::CommandFailed(CommandFailed {
        key: failure.key,
        text: failure.text.clone(),
        count,
        ambiguous: 1,
        first: stamp(seconds),
        last: stamp(seconds),
    })
}

pub(crate) fn distribution(micros: impl IntoIterator<Item = u64>) -> Distribution {
    let mut distribution = Distribution::default();
    for value in micros {
        distribution.record(Duration::from_micros(value));
    }
    distribution
}

/// One second of answered probes and delivered messages.
pub(crate) fn interval(counters: Counters, micros: &[u64]) -> EventKind {
    EventKind::Interval(Box::new(Interval {
        span: secs(1.0),
        counters,
        latency: Some(distribution(micros.iter().copied())),
        service: Some(distribution(micros.iter().map(|value| value - 20))),
        failed_latency: None,
        waited: None,
        end_to_end: Some(distribution(micros.iter().map(|value| value + 30))),
        connections: Vec::new(),
    }))
}

pub(crate) fn good(probes: u64) -> Counters {
    Counters { launched: probes, ok: probes, published: probes, received: probes, ..Counters::default() }
}

/// A minute with something of everything: a reset, a stall, a session that had to be replaced, losses.
#[expect(clippy::too_many_lines, reason = "a list of events")]
pub(crate) fn rich() -> Vec<Event> {
    let mut plan = plan();
    plan.fail_on = vec!["p99>5ms".parse().unwrap(), "outage>2s".parse().unwrap()];
    plan.warn_on = vec!["errors>1%".parse().unwrap(), "reconnects>0".parse().unwrap()];
    let closed = Failure {
        key: FailureKey {
            class: ErrorClass::ConnectionClosed,
            errno: None,
            origin: Origin::Library,
            stage: Stage::Command,
        },
        text: "broken pipe".into(),
    };
    let mut events = vec![
        started(plan),
        at(
            0.003,
            EventKind::PathProbed(PathProbed {
                stages: [(Stage::Tcp, 0.0003), (Stage::Hello, 0.0005)]
                    .map(|(stage, took)| StageTime { stage, took: secs(took) })
                    .to_vec(),
                failure: None,
                server: None,
            }),
        ),
        at(0.004, connected(1)),
        at(0.005, EventKind::Subscribed(confirmations(1, 0.005))),
    ];
    let latencies: Vec<u64> = (0..100).map(|n| 120 + n * 3).collect();
    events.extend((1..=11).map(|second| at(f64::from(second), interval(good(100), &latencies))));
    events.extend([
        at(11.5, disconnected(1, Some(reset()))),
        at(11.5, command_failed(&reset(), 1, 11.5)),
        at(11.5, command_failed(&closed, 2, 11.5)),
        at(11.707, reconnected(2, 0.207)),
        at(11.708, EventKind::Superseded { generation: 3, client_id: Some(8003), peer: None, server: None }),
        at(11.71, EventKind::Resubscribed(confirmations(1, 0.21))),
        at(11.8, missed(1116, 1117)),
        at(
            12.0,
            EventKind::Evidence(Box::new(Evidence {
                old_client_listed: Some(true),
                missing: vec![Missing { refused: true, ..Missing::new("CONFIG GET timeout", "NOPERM") }],
                ..evidence(1, 11.5, SocketEnd::Reset)
            })),
        ),
        at(20.0, stalled(19.2)),
        at(20.4, resumed(1.2)),
        at(30.0, EventKind::Duplicated { channel: Name::from("redis-doctor:7f3a"), number: 1300 }),
        at(40.0, disconnected(3, None)),
        at(
            47.1,
            EventKind::StateEntered {
                state: ClientState::Wedged,
                why:
                    "the last attempt failed with \"NOAUTH Authentication required.\", after which nothing tries again"
                        .into(),
            },
        ),
        at(47.2, EventKind::SessionReplaced { session: 2, why: ReplaceReason::Terminal }),
        at(47.25, connected(4)),
        at(47.25, EventKind::Subscribed(confirmations(1, 0.04))),
        at(48.0, EventKind::Note { text: "INFO is not permitted: server restarts cannot be detected".into() }),
        at(
            60.0,
            interval(
                Counters {
                    launched: 20,
                    ok: 16,
                    failed: 3,
                    timed_out: 1,
                    ambiguous: 1,
                    published: 12,
                    received: 9,
                    duplicated: 1,
                    lost: 3,
                    ..Counters::default()
                },
                &[400, 500, 7_000],
            ),
        ),
        finished(60.0),
    ]);
    events
}

/// A refusal begins: SET is answered with this line.
pub(crate) fn refused(line: &str, since: f64) -> EventKind {
    let failure = Failure::server(Stage::Command, line);
    EventKind::RefusalBegan(RefusalBegan {
        key: failure.key,
        text: failure.text,
        command: "SET".into(),
        since: stamp(since),
    })
}

/// It ends.
pub(crate) fn refusal_over(line: &str, since: f64, until: f64, end: RefusalEnd) -> EventKind {
    let Failure { key, .. } = Failure::server(Stage::Command, line);
    let (class, stage) = (key.class, key.stage);
    EventKind::RefusalEnded(RefusalEnded { class, stage, since: stamp(since), until: stamp(until), count: 20, end })
}

pub(crate) fn own_pause(since: f64, until: f64) -> EventKind {
    EventKind::OwnPause(OwnPause {
        since: stamp(since),
        until: stamp(until),
        suspended: Duration::ZERO,
        busy: Duration::ZERO,
    })
}

/// redis-doctor was busy.
pub(crate) fn busy(since: f64, until: f64) -> EventKind {
    let (since, until) = (stamp(since), stamp(until));
    EventKind::OwnPause(OwnPause { since, until, suspended: Duration::ZERO, busy: until.since(since) })
}
