//! Tests of the verdict and its reasons.

mod refusals;
mod unobserved;

use super::*;
use crate::{
    classify::{ErrorClass, Failure, FailureKey, Stage},
    event::{ClientState, Counters, EventKind, EventSink, PathProbed, ReplaceReason, SocketEnd, StopReason},
    plan::Plan,
    record::{Recorder, fixture::*},
};

fn report(plan: Plan, events: Vec<crate::event::Event>) -> Report {
    let mut recorder = Recorder::default();
    let end = finished(100.0);
    for event in std::iter::once(started(plan)).chain(events).chain([end]) {
        recorder.on_event(&event);
    }
    Report::new(&recorder.figures())
}

/// A healthy run, and then some.
fn run(more: Vec<crate::event::Event>) -> Report {
    let mut events = vec![
        at(0.0, connected(1)),
        at(0.0, EventKind::Subscribed(confirmations(1, 0.1))),
        at(1.0, interval(good(100), &[100, 200, 300])),
    ];
    events.extend(more);
    report(plan(), events)
}

fn counted(counters: Counters) -> crate::event::Event {
    at(2.0, interval(counters, &[100]))
}

fn worst(report: &Report) -> &str {
    report.findings.first().map_or("", |finding| &finding.text)
}

fn state(state: ClientState) -> crate::event::Event {
    at(20.0, EventKind::StateEntered { state, why: "".into() })
}

fn dropped() -> Vec<crate::event::Event> {
    vec![at(10.0, disconnected(1, Some(reset()))), at(10.5, reconnected(2, 0.5))]
}

#[test]
fn a_run_without_trouble_is_healthy() {
    let report = run(vec![]);
    assert_eq!((report.verdict, report.findings.len()), (Verdict::Healthy, 0));
}

#[test]
fn what_degrades() {
    let failed = Counters { launched: 1, failed: 1, ..Counters::default() };
    let timed_out = Counters { launched: 1, timed_out: 1, ..Counters::default() };
    let lost_within = [dropped(), vec![at(10.6, missed(5, 6))]].concat();
    for (name, events) in [
        ("a recovered drop", dropped()),
        ("a stall that healed", vec![at(11.0, stalled(10.0)), at(12.0, resumed(2.0))]),
        ("messages lost in a recovered drop", lost_within),
        ("a failed probe", vec![counted(failed)]),
        ("a timeout", vec![counted(timed_out)]),
        ("a state it leaves on its own", vec![state(ClientState::HalfOpen)]),
        ("a retry budget that the next command renews", vec![state(ClientState::Exhausted)]),
        ("the watchdog acted", vec![at(20.0, EventKind::SessionReplaced { session: 2, why: ReplaceReason::Watchdog })]),
        ("an outage in the last second", vec![at(99.5, disconnected(1, None))]),
        ("the policy left", vec![at(20.0, EventKind::SessionReplaced { session: 2, why: ReplaceReason::Desync })]),
    ] {
        assert_eq!(run(events).verdict, Verdict::Degraded, "{name}");
    }
}

#[test]
fn what_is_critical() {
    let never_answered = Counters { launched: 5, timed_out: 5, ..Counters::default() };
    let cases = [
        ("an outage at the end", vec![at(90.0, disconnected(1, None))], "1 outage was not over at the end"),
        ("a stall at the end", vec![at(90.0, stalled(89.0))], "1 outage was not over at the end"),
        ("a terminal state", vec![state(ClientState::Wedged)], "the client entered the unrecoverable state wedged"),
        (
            "a session that had to be replaced",
            vec![at(20.0, EventKind::SessionReplaced { session: 2, why: ReplaceReason::Terminal })],
            "1 session could not recover and was replaced",
        ),
        ("lost without an outage", vec![at(50.0, missed(7, 8))], "2 messages lost while the connection was up"),
        (
            "lost long after an outage",
            [dropped(), vec![at(10.6, EventKind::Resubscribed(confirmations(1, 0.6))), at(50.0, missed(7, 7))]]
                .concat(),
            "1 message lost while the connection was up",
        ),
        (
            "a subscription that is not complete",
            [dropped(), vec![at(10.6, EventKind::Resubscribed(confirmations(0, 0.6)))]].concat(),
            "1 subscription is missing at the end",
        ),
        (
            "silence",
            vec![at(50.0, EventKind::Silent { silence: secs(30.0) })],
            "1 silence longer than --expect-every allows",
        ),
        (
            "a wrong reply",
            vec![counted(Counters { launched: 1, failed: 1, desynced: 1, ..Counters::default() })],
            "1 reply to another command",
        ),
    ];
    for (name, events, text) in cases {
        let report = run(events);
        assert_eq!((report.verdict, worst(&report)), (Verdict::Critical, text), "{name}");
    }
    let silent = report(
        plan(),
        vec![
            at(0.0, connected(1)),
            at(0.0, EventKind::Subscribed(confirmations(1, 0.1))),
            at(
                1.0,
                EventKind::Interval(Box::new(crate::event::Interval {
                    counters: never_answered,
                    ..crate::event::Interval::default()
                })),
            ),
        ],
    );
    assert_eq!((silent.verdict, worst(&silent)), (Verdict::Critical, "no command was ever answered"));
}

#[test]
fn an_obstacle_to_new_connections_shows_that_an_outage_in_the_last_second_would_have_lasted() {
    let failure = Some(Failure::io(Stage::Tcp, &std::io::Error::from_raw_os_error(111)));
    let probed = EventKind::PathProbed(PathProbed { stages: Vec::new(), failure, server: None });
    let report = run(vec![at(99.5, disconnected(1, None)), at(99.6, probed)]);
    assert_eq!(report.verdict, Verdict::Critical);
    assert!(worst(&report).starts_with("1 outage was not over at the end; new connections failed: "), "{report:?}");
}

#[test]
fn a_run_that_was_interrupted_before_its_first_reply_is_not_judged_by_it() {
    let events = |reason| {
        let end = EventKind::RunFinished { reason };
        [started(plan()), at(0.01, connected(1)), at(0.02, end)]
    };
    for (reason, verdict, text) in [
        (StopReason::Signal, Verdict::Degraded, "interrupted after 20 ms, before the first reply"),
        (StopReason::Duration, Verdict::Critical, "no command was ever answered"),
    ] {
        let mut recorder = Recorder::default();
        events(reason).iter().for_each(|event| recorder.on_event(event));
        let report = Report::new(&recorder.figures());
        assert_eq!((report.verdict, worst(&report)), (verdict, text));
    }
}

#[test]
fn an_outage_that_took_every_message_of_a_short_run_is_no_worse_than_another() {
    let published = at(11.0, interval(Counters { published: 1, received: 0, lost: 1, ..good(5) }, &[100]));
    let events = vec![at(0.0, connected(1)), at(0.0, EventKind::Subscribed(confirmations(1, 0.1))), published];
    let all_lost = [events.clone(), dropped(), vec![at(10.6, missed(1, 1))]].concat();
    assert_eq!(report(plan(), all_lost).verdict, Verdict::Degraded);
    let without_a_drop = report(plan(), events);
    assert_eq!(without_a_drop.verdict, Verdict::Critical);
    assert!(without_a_drop.findings.iter().any(|finding| finding.text == "none of the published messages arrived"));
}

#[test]
fn a_first_attempt_that_was_interrupted_is_no_verdict_on_the_server() {
    let attempt = || {
        let failure = Failure::doctor(ErrorClass::ConnectTimeout, Stage::Tcp, "stopped after 300 ms: no answer");
        at(0.3, EventKind::PathProbed(PathProbed { stages: Vec::new(), failure: Some(failure), server: None }))
    };
    let run = |reason: StopReason, seconds: f64| {
        let mut recorder = Recorder::default();
        for event in [started(plan()), attempt(), at(seconds, EventKind::RunFinished { reason })] {
            recorder.on_event(&event);
        }
        Report::new(&recorder.figures())
    };
    let told = "interrupted before the first connection was up (stage tcp): stopped after 300 ms: no answer";
    for (seconds, advised) in [(0.3, false), (1.2, true)] {
        let report = run(StopReason::Signal, seconds);
        assert_eq!((report.verdict, worst(&report)), (Verdict::Critical, told));
        assert_eq!(report.findings.iter().any(|finding| finding.text.contains("firewall")), advised);
    }
    let unreachable = run(StopReason::Unreachable, 0.3);
    assert_eq!(worst(&unreachable), "no connection: stopped after 300 ms: no answer");
    assert!(unreachable.findings.iter().any(|finding| finding.text.contains("firewall")));
}

#[test]
fn a_run_that_never_connected_is_critical() {
    let mut only_subscribes = plan();
    only_subscribes.probes = None;
    for plan in [plan(), only_subscribes] {
        let report = report(plan, vec![]);
        assert_eq!((report.verdict, worst(&report)), (Verdict::Critical, "no connection was ever made"));
        assert_eq!(report.outages.availability, Some(0.0));
    }
    let empty = Report::new(&Recorder::default().figures());
    assert_eq!((empty.verdict, worst(&empty)), (Verdict::Critical, "there is no run to report"));
}

#[test]
fn a_subscription_that_was_never_confirmed_is_critical() {
    let report = report(plan(), vec![at(0.0, connected(1)), at(1.0, interval(good(10), &[100]))]);
    assert_eq!(worst(&report), "the subscription was never confirmed");
}

#[test]
fn every_metric_of_a_gate_is_a_figure_of_the_run() {
    let mut events = vec![at(0.0, connected(1)), at(1.0, interval(good(97), &[1_000, 2_000, 3_000]))];
    events.push(counted(Counters {
        launched: 3,
        failed: 2,
        timed_out: 1,
        ambiguous: 1,
        lost: 4,
        duplicated: 5,
        reordered: 6,
        desynced: 7,
        ..Counters::default()
    }));
    events.extend(dropped());
    for (gate, value) in [
        ("ambiguous>0", 1.0),
        ("availability<99.9%", 0.995),
        ("desyncs>0", 7.0),
        ("duplicated>0", 5.0),
        ("e2e_p99>5ms", 0.00303),
        ("errors>1%", 0.03),
        ("errors>1", 3.0),
        ("lost>0", 4.0),
        ("max>5ms", 0.003),
        ("mean>5ms", 0.001525),
        ("outage>2s", 0.5),
        ("p50>5ms", 0.001),
        ("p90>5ms", 0.003),
        ("p99>5ms", 0.003),
        ("p99.9>5ms", 0.003),
        ("reconnect_peak>20", 1.0),
        ("reconnects>0", 1.0),
        ("reordered>0", 6.0),
        ("timeouts>0", 1.0),
        ("service<99.9%", 0.995),
    ] {
        let mut plan = plan();
        plan.fail_on = vec![gate.parse().unwrap()];
        let report = report(plan, events.clone());
        let found = report.gates[0].value.unwrap();
        assert!((found - value).abs() <= value * 0.001 + 1e-6, "{gate}: {found} {value}");
        assert_eq!(report.gates[0].tripped, report.gates[0].gate.trips(value), "{gate}");
    }
}

#[test]
fn a_gate_without_a_figure_trips() {
    let mut plan = plan();
    plan.probes = None;
    plan.fail_on = vec!["p99>5ms".parse().unwrap()];
    let report = report(plan, vec![at(0.0, connected(1)), at(0.0, EventKind::Subscribed(confirmations(1, 0.1)))]);
    assert!(report.gates[0].tripped);
    assert_eq!((report.verdict, worst(&report)), (Verdict::Critical, "--fail-on p99>5ms (no data)"));
}

#[test]
fn a_warning_gate_only_degrades_and_other_gates_can_judge_the_same_figures() {
    let mut recorder = Recorder::default();
    rich().iter().for_each(|event| recorder.on_event(event));
    let figures = recorder.figures();
    let strict = Report::judged(&figures, &["lost>0".parse().unwrap()], &[]);
    assert_eq!((strict.gates.len(), strict.gates[0].value), (1, Some(3.0)));
    let mut warned = plan();
    warned.warn_on = vec!["max>0".parse().unwrap()];
    let report = report(
        warned,
        vec![
            at(0.0, connected(1)),
            at(0.0, EventKind::Subscribed(confirmations(1, 0.1))),
            at(1.0, interval(good(1), &[100])),
        ],
    );
    assert_eq!(report.verdict, Verdict::Degraded);
}

#[test]
fn a_run_that_was_cut_off_is_degraded_and_an_interim_report_is_not() {
    let mut recorder = Recorder::default();
    for event in [
        started(plan()),
        at(0.0, connected(1)),
        at(0.0, EventKind::Subscribed(confirmations(1, 0.1))),
        at(1.0, interval(good(1), &[100])),
    ] {
        recorder.on_event(&event);
    }
    let cut_off = Report::new(&recorder.figures());
    assert_eq!((cut_off.verdict, cut_off.complete), (Verdict::Degraded, false));
    let interim = Report::new(&recorder.interim(stamp(5.0)));
    assert_eq!((interim.verdict, interim.interim, interim.duration), (Verdict::Healthy, true, 5.0));
    let reason = StopReason::Unreachable;
    recorder.on_event(&at(6.0, EventKind::RunFinished { reason }));
    assert_eq!(Report::new(&recorder.figures()).verdict, Verdict::Critical);
}

#[test]
fn findings_have_the_codes_of_the_knowledge_base() {
    let code = |events, part: &str| {
        let found = run(events).findings.into_iter().find(|finding| finding.text.contains(part));
        found.unwrap_or_else(|| panic!("{part}")).code
    };
    for (entered, expected) in [
        (ClientState::Exhausted, "RD021"),
        (ClientState::Wedged, "RD022"),
        (ClientState::HalfOpen, "RD023"),
        (ClientState::SubscriptionLost, "RD024"),
        (ClientState::Desync, "RD025"),
        (ClientState::Dead, "RD026"),
        (ClientState::Pinned, "RD027"),
        (ClientState::Masked, "RD028"),
        (ClientState::StaleError, "RD029"),
        (ClientState::Flooded, "RD206"),
    ] {
        assert_eq!(code(vec![state(entered)], &format!("state {entered}")), Some(expected));
        let explained = crate::knowledge::entry(expected).map(|entry| entry.name.clone());
        assert_eq!(explained, Some(entered.to_string()));
    }
    let seen = crate::event::Event { connection: None, ..state(ClientState::Pinned) };
    assert_eq!(code(vec![seen], "a failover without an outage"), Some("RD027"));
    assert_eq!(code(vec![at(50.0, missed(7, 8))], "lost while"), Some("RD042"));
    assert_eq!(code([dropped(), vec![at(10.6, missed(5, 6))]].concat(), "lost in"), Some("RD041"));
    let twice = EventKind::Duplicated { channel: crate::plan::Name::from("a"), number: 1 };
    assert_eq!(code(vec![at(50.0, twice)], "twice"), Some("RD063"));
    let mut library = plan();
    library.policy = crate::plan::ReconnectPolicy::preset(crate::plan::PolicyName::Library);
    let budget = report(library, vec![at(0.0, connected(1))]).findings.into_iter();
    assert!(budget.into_iter().any(|finding| finding.code == Some("RD040")));
    for code in ["RD030", "RD040", "RD041", "RD042", "RD058", "RD063"] {
        assert!(crate::knowledge::entry(code).is_some(), "{code}");
    }
}

#[test]
fn recovered_outages_are_counted_by_cause_and_each_cause_has_advice() {
    let ghost = |generation: u64, lost: f64| {
        let told = evidence(generation, lost, SocketEnd::Reset);
        let evidence = crate::event::Evidence { old_client_listed: Some(true), ..told };
        at(lost + 2.0, EventKind::Evidence(Box::new(evidence)))
    };
    let second = vec![at(20.0, disconnected(2, Some(reset()))), at(20.5, reconnected(3, 0.5))];
    let third = vec![at(31.0, stalled(30.0)), at(32.0, resumed(2.0))];
    let report = run([dropped(), vec![ghost(1, 10.0)], second, vec![ghost(2, 20.0)], third].concat());
    let texts: Vec<_> = report.findings.iter().map(|finding| (finding.code, finding.text.as_str())).collect();
    let recovered = "3 outages, recovered on their own: 2 network_reset (certain), 1 server_frozen (possible)";
    assert!(texts.contains(&(None, recovered)), "{texts:?}");
    let advice = |wanted| report.findings.iter().filter(move |finding| finding.code == Some(wanted));
    assert_eq!((advice("RD011").count(), advice("RD015").count(), advice("RD058").count()), (1, 1, 1));
    assert!(advice("RD011").all(|finding| finding.text.ends_with("see `redis-doctor explain RD011`")));
    assert_eq!(report.verdict, Verdict::Degraded, "a ghost makes a recovered drop no worse");
    let one = run([dropped(), vec![ghost(1, 10.0)]].concat());
    let finding = one.findings.iter().find(|finding| finding.text.starts_with("1 outage")).unwrap();
    assert_eq!(
        (finding.code, finding.text.as_str()),
        (Some("RD011"), "1 outage, recovered on its own: network_reset (certain)")
    );
}

#[test]
fn failed_probes_are_told_with_the_error_that_most_of_them_were() {
    let errors = |failures: &[(Failure, u64)]| {
        failures.iter().map(|(failure, count)| at(2.0, command_failed(failure, *count, 2.0))).collect::<Vec<_>>()
    };
    let waiting = |failure: Failure| {
        let key = FailureKey { stage: Stage::WaitingForReconnect, ..failure.key };
        Failure { key, ..failure }
    };
    let closed = || Failure::doctor(ErrorClass::ConnectionClosed, Stage::Command, "broken pipe");
    let late = || Failure::doctor(ErrorClass::WaitingTimeout, Stage::WaitingForReconnect, "no connection");
    let publish = || Failure::doctor(ErrorClass::Other, Stage::Publish, "of the publisher");
    for (failures, failed, timed_out, expected) in [
        (vec![(reset(), 11), (closed(), 1)], 12, 0, "12 probes failed, 11 of them reset (104)"),
        (vec![(reset(), 2), (waiting(reset()), 2), (closed(), 3)], 7, 0, "7 probes failed, 4 of them reset (104)"),
        (vec![(closed(), 4)], 4, 0, "4 probes failed, all of them connection_closed"),
        (vec![(reset(), 1), (publish(), 9)], 1, 0, "1 probe failed: reset (104)"),
        (vec![(late(), 9), (reset(), 1)], 1, 9, "9 probes timed out, all of them waiting_timeout"),
        (vec![(late(), 9), (reset(), 1)], 1, 9, "1 probe failed: reset (104)"),
        (vec![(closed(), 2), (reset(), 2)], 4, 0, "4 probes failed, 2 of them connection_closed"),
        (vec![(closed(), 3)], 2, 0, "2 probes failed"),
        (vec![(publish(), 3)], 0, 0, "3 errors, all of them other"),
    ] {
        let counters = Counters { launched: failed + timed_out, failed, timed_out, ..Counters::default() };
        let findings = run([vec![counted(counters)], errors(&failures)].concat()).findings;
        let texts: Vec<_> = findings.iter().map(|finding| finding.text.as_str()).collect();
        assert!(texts.contains(&expected), "{expected}: {texts:?}");
    }
}
