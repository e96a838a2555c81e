//! Sequences of events and what they amount to.

mod service;

use proptest::prelude::*;

use super::{fixture::*, *};
use crate::{
    classify::{Failure, Stage},
    event::{ClientState, ReplaceReason, SocketEnd},
};

fn record(events: &[Event]) -> Figures {
    let mut recorder = Recorder::default();
    events.iter().for_each(|event| recorder.on_event(event));
    recorder.figures()
}

/// A run of 100 seconds, up since its start.
fn run(events: Vec<Event>) -> Figures {
    let mut all = vec![started(plan()), at(0.0, connected(1))];
    all.extend(events);
    all.push(finished(100.0));
    record(&all)
}

/// `drop 10.0-10.5 by itself, 2 lost`
fn describe(outage: &Outage) -> String {
    let seconds = |stamp: Stamp| stamp.elapsed().as_secs_f64();
    let end = outage.restored.map_or("never".into(), |stamp| format!("{:.1}", seconds(stamp)));
    let mut text = format!("{:?} {:.1}-{end}", outage.kind, seconds(outage.lost)).to_lowercase();
    if outage.by_itself == Some(false) {
        text += " replaced";
    }
    if outage.messages_lost > 0 {
        text += &format!(" {} lost", outage.messages_lost);
    }
    text
}

fn replaced(seconds: f64, why: ReplaceReason) -> Event {
    at(seconds, EventKind::SessionReplaced { session: 2, why })
}

fn superseded(seconds: f64, generation: u64) -> Event {
    let client_id = Some(8000 + generation);
    at(seconds, EventKind::Superseded { generation, client_id, peer: None, server: None })
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn one_outage_is_one_outage_however_many_events_it_brings() {
    let by_doctor = |mut kind: EventKind| {
        if let EventKind::Reconnected(reconnected) = &mut kind {
            reconnected.by_itself = false;
        }
        kind
    };
    let cases: Vec<(&str, Vec<Event>, &[&str])> = vec![
        ("nothing happened", vec![], &[]),
        ("a drop", vec![at(10.0, disconnected(1, Some(reset()))), at(10.5, reconnected(2, 0.5))], &["drop 10.0-10.5"]),
        (
            "reported twice, connected twice",
            vec![
                at(10.0, disconnected(1, None)),
                at(10.1, disconnected(1, Some(reset()))),
                at(10.5, reconnected(2, 0.5)),
                superseded(10.5, 3),
                at(10.5, reconnected(3, 0.5)),
            ],
            &["drop 10.0-10.5"],
        ),
        (
            "a report about an older connection after it was replaced",
            vec![
                at(10.0, disconnected(1, None)),
                at(10.5, reconnected(2, 0.5)),
                superseded(10.5, 3),
                at(10.6, disconnected(2, Some(reset()))),
            ],
            &["drop 10.0-10.5"],
        ),
        ("only its end was reported", vec![at(10.5, reconnected(2, 0.5))], &["drop 10.0-10.5"]),
        ("never came back", vec![at(90.0, disconnected(1, None))], &["drop 90.0-never"]),
        ("a stall that healed", vec![at(11.0, stalled(10.0)), at(12.5, resumed(2.5))], &["stall 10.0-12.5"]),
        ("a stall without end", vec![at(11.0, stalled(10.0))], &["stall 10.0-never"]),
        (
            "a stall that turned into a drop",
            vec![at(11.0, stalled(10.0)), at(13.0, disconnected(1, Some(reset()))), at(13.5, reconnected(2, 0.5))],
            &["drop 10.0-13.5"],
        ),
        (
            "a stall that the watchdog ended",
            vec![at(11.0, stalled(10.0)), replaced(12.0, ReplaceReason::Watchdog), at(12.5, reconnected(2, 2.5))],
            &["drop 10.0-12.5"],
        ),
        (
            "probes go unanswered because the connection is down",
            vec![at(10.0, disconnected(1, None)), at(11.0, stalled(10.1)), at(12.0, reconnected(2, 2.0))],
            &["drop 10.0-12.0"],
        ),
        (
            "a new session, reported only by its first connection",
            vec![
                at(10.0, disconnected(1, None)),
                replaced(20.0, ReplaceReason::Terminal),
                at(20.5, connected(1)),
                at(30.0, disconnected(1, None)),
                at(30.5, reconnected(2, 0.5)),
            ],
            &["drop 10.0-20.5 replaced", "drop 30.0-30.5"],
        ),
        (
            "a new session, reported twice",
            vec![
                at(10.0, disconnected(1, None)),
                replaced(20.0, ReplaceReason::Terminal),
                at(20.5, connected(2)),
                at(20.5, by_doctor(reconnected(2, 10.5))),
            ],
            &["drop 10.0-20.5 replaced"],
        ),
        (
            "what was lost is noticed after the reconnect; what is lost much later is another matter",
            vec![
                at(10.0, disconnected(1, None)),
                at(10.5, reconnected(2, 0.5)),
                at(10.6, missed(5, 6)),
                at(60.0, missed(50, 52)),
            ],
            &["drop 10.0-10.5 2 lost"],
        ),
        (
            "resubscribed long before the first good reply",
            vec![
                at(10.0, disconnected(1, None)),
                at(10.1, EventKind::Resubscribed(confirmations(1, 0.1))),
                at(40.0, missed(5, 6)),
                at(50.0, reconnected(2, 40.0)),
            ],
            &["drop 10.0-50.0 2 lost"],
        ),
        (
            "a stall after a drop does not take the drop's losses",
            vec![
                at(10.0, disconnected(1, None)),
                at(10.5, reconnected(2, 0.5)),
                at(11.0, stalled(10.6)),
                at(11.1, resumed(0.5)),
                at(11.2, missed(5, 6)),
            ],
            &["drop 10.0-10.5 2 lost", "stall 10.6-11.1"],
        ),
    ];
    for (name, events, expected) in cases {
        let figures = run(events);
        let found: Vec<_> = figures.outages.kept.iter().map(describe).collect();
        assert_eq!(found, expected, "{name}");
        assert_eq!(figures.outages.total, expected.len() as u64, "{name}");
    }
}

#[test]
fn the_totals_of_outages() {
    let figures = run(vec![
        at(10.0, disconnected(1, Some(reset()))),
        at(11.0, reconnected(2, 1.0)),
        superseded(11.0, 3),
        at(51.0, stalled(50.0)),
        at(53.0, resumed(3.0)),
        at(95.0, disconnected(3, None)),
    ]);
    let downtime = figures.downtime;
    assert_eq!((downtime.drops, downtime.stalls, downtime.unresolved), (2, 1, 1));
    assert_eq!(downtime.reconnects, 1, "one for each loss, though the library connected twice");
    assert_eq!(figures.tally.superseded, 1);
    assert_eq!(downtime.total, secs(9.0));
    assert_eq!(downtime.longest, secs(5.0));
    assert_eq!(downtime.mean_repair(), Some(secs(2.0)));
    assert_eq!(downtime.longest_up, secs(42.0));
    assert!((downtime.availability().unwrap() - 0.91).abs() < 1e-9);
    assert_eq!(figures.outages.kept[0].client_id, Some(8003));
}

#[test]
fn a_connection_that_was_never_made_was_never_available() {
    let mut two = plan();
    two.connections = 2;
    let none = record(&[started(two.clone()), finished(10.0)]);
    assert_eq!(none.downtime.availability(), Some(0.0));
    let one = record(&[started(two), at(0.0, connected(1)), finished(10.0)]);
    assert_eq!(one.downtime.availability(), Some(0.5));
}

#[test]
fn failures_of_an_outage_are_known_before_it_ends() {
    let figures = run(vec![
        at(90.0, disconnected(1, Some(reset()))),
        at(90.0, command_failed(&reset(), 2, 90.0)),
        at(95.0, command_failed(&reset(), 5, 95.0)),
    ]);
    assert_eq!((figures.outages.kept[0].failed, figures.outages.kept[0].ambiguous), (7, 2));
    assert_eq!(figures.errors.len(), 1);
    assert_eq!((figures.errors[0].count, figures.errors[0].ambiguous), (7, 2));
    assert_eq!(figures.errors[0].last.unix_nanos() - figures.errors[0].first.unix_nanos(), 5_000_000_000);
}

#[test]
fn interim_figures_extend_to_the_present() {
    let mut recorder = Recorder::default();
    for event in [started(plan()), at(0.0, connected(1)), at(10.0, disconnected(1, None))] {
        recorder.on_event(&event);
    }
    let interim = recorder.interim(stamp(40.0));
    assert_eq!((interim.elapsed, interim.downtime.longest), (secs(40.0), secs(30.0)));
    recorder.on_event(&at(50.0, reconnected(2, 40.0)));
    recorder.on_event(&finished(80.0));
    let end = recorder.interim(stamp(1000.0));
    assert_eq!((end.elapsed, end.downtime.longest), (secs(80.0), secs(40.0)));
}

#[test]
fn failures_of_a_stall_are_told_after_its_end() {
    let mut told = command_failed(&reset(), 2, 11.0);
    let EventKind::CommandFailed(failed) = &mut told else { unreachable!() };
    failed.last = stamp(12.0);
    let figures = run(vec![
        at(11.0, stalled(10.0)),
        at(12.5, resumed(2.5)),
        Event { connection: None, ..at(13.0, told) },
        at(20.0, command_failed(&reset(), 4, 19.5)),
    ]);
    assert_eq!(figures.outages.kept[0].failed, 2);
}

#[test]
fn a_slow_verification_notices_late_what_an_outage_cost() {
    for (seconds, lost_in_outages) in [(0.1, 0), (30.0, 1)] {
        let mut plan = plan();
        if let Some(subscription) = &mut plan.subscription {
            subscription.verify = Some(crate::plan::Pace::every(secs(seconds)));
        }
        let figures = record(&[
            started(plan),
            at(0.0, connected(1)),
            at(10.0, disconnected(1, None)),
            at(10.5, reconnected(2, 0.5)),
            at(61.0, missed(1, 1)),
        ]);
        assert_eq!(figures.tally.lost_in_outages, lost_in_outages, "{seconds}");
    }
}

#[test]
fn a_long_text_does_not_stay_long() {
    let failure = Failure { text: "x".repeat(64 * 1024).into(), ..reset() };
    let figures = run(vec![at(1.0, command_failed(&failure, 1, 1.0))]);
    assert!(figures.errors[0].example.len() < 300);
}

#[test]
fn runs_add_up() {
    let once = record(&rich());
    let twice = record(&[rich(), rich()].concat());
    assert_eq!(twice.runs.len(), 2);
    assert_eq!(twice.elapsed, once.elapsed * 2);
    assert_eq!(twice.counters.ok, once.counters.ok * 2);
    assert_eq!(twice.downtime.drops, once.downtime.drops * 2);
    assert_eq!(twice.downtime.availability(), once.downtime.availability());
    assert_eq!(twice.latency.unwrap().count, once.latency.unwrap().count * 2);
    assert_eq!(twice.latency.unwrap().p99, once.latency.unwrap().p99);
    assert_eq!(twice.outages.kept.last().unwrap().run, 2);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn merging_parts_equals_one_pass(parts in prop::collection::vec(prop::collection::vec(100u64..1_000_000, 0..20), 1..6)) {
        let split: Vec<_> = parts.iter().map(|part| at(1.0, interval(good(part.len() as u64), part))).collect();
        let whole = parts.concat();
        let one = at(1.0, interval(good(whole.len() as u64), &whole));
        // The course of the run is the one thing that the division changes.
        let sums = |events| Figures { slices: Vec::new(), ..run(events) };
        prop_assert_eq!(sums(split), sums(vec![one]));
    }

    #[test]
    fn any_sequence_keeps_the_totals_consistent(choices in prop::collection::vec(0u8..9, 0..60)) {
        let events = choices.iter().enumerate().map(|(n, choice)| {
            let now = 1.0 + n as f64;
            let kind = match choice {
                0 => connected(n as u64),
                1 => disconnected(n as u64, None),
                2 => reconnected(n as u64, 0.5),
                3 => stalled(now - 0.7),
                4 => resumed(0.9),
                5 => missed(1, 2),
                6 => EventKind::SessionReplaced { session: 2, why: ReplaceReason::Terminal },
                7 => disconnected(0, Some(reset())),
                _ => EventKind::Resubscribed(confirmations(1, 0.1)),
            };
            at(now, kind)
        });
        let figures = run(events.collect());
        let down = figures.downtime;
        let rows: Duration = figures.outages.kept.iter().map(|row| row.duration(stamp(100.0))).sum();
        prop_assert_eq!(rows, down.total);
        prop_assert_eq!(down.drops + down.stalls, figures.outages.kept.len() as u64);
        prop_assert!(down.unresolved <= 1 && down.total <= down.watched);
        prop_assert!(figures.tally.lost_in_outages <= figures.tally.lost);
    }
}

fn told(generation: u64, lost: f64, seconds: f64) -> Event {
    at(seconds, EventKind::Evidence(Box::new(evidence(generation, lost, SocketEnd::Closed))))
}

fn evidenced(figures: &Figures) -> Vec<bool> {
    figures.outages.kept.iter().map(|outage| outage.circumstances.evidence.is_some()).collect()
}

#[test]
fn evidence_is_filed_with_its_outage_however_late_it_comes() {
    let drop = |n: u64| {
        let when = 10.0 * n as f64;
        [at(when, disconnected(n, None)), at(when + 0.5, reconnected(n + 1, 0.5))]
    };
    let drops: Vec<Event> = (1..=5).flat_map(drop).collect();
    // The third of five: it is history by then.
    assert_eq!(
        evidenced(&run([drops.clone(), vec![told(3, 30.0, 60.0)]].concat())),
        [false, false, true, false, false]
    );
    assert_eq!(evidenced(&run([drops.clone(), vec![told(9, 30.0, 60.0)]].concat())), [false; 5]);
    let during = vec![at(10.0, disconnected(1, None)), told(1, 10.0, 11.0), at(12.0, reconnected(2, 2.0))];
    assert_eq!(evidenced(&run(during)), [true]);
}

#[test]
fn a_connection_may_stall_many_times_and_each_stall_has_its_evidence() {
    let stalls = vec![
        at(11.0, stalled(10.0)),
        at(12.0, resumed(2.0)),
        at(21.0, stalled(20.0)),
        at(22.0, resumed(2.0)),
        told(1, 20.0, 23.0),
    ];
    assert_eq!(evidenced(&run(stalls)), [false, true]);
    let became_a_drop = vec![
        at(11.0, stalled(10.0)),
        at(15.0, disconnected(1, None)),
        at(16.0, reconnected(2, 1.0)),
        told(1, 15.0, 17.0),
    ];
    assert_eq!(evidenced(&run(became_a_drop)), [true]);
}

#[test]
fn an_outage_remembers_what_happened_in_it() {
    let refused = Failure::io(Stage::Tcp, &std::io::Error::from_raw_os_error(111));
    let probed = |failure| EventKind::PathProbed(PathProbed { stages: Vec::new(), failure, server: None });
    let path = |seconds, failure| Event { connection: None, ..at(seconds, probed(failure)) };
    let figures = run(vec![
        path(5.0, Some(refused.clone())),
        at(6.0, EventKind::Announced { kind: "MOVING".into() }),
        at(10.0, EventKind::Subscribed(confirmations(1, 0.1))),
        at(20.0, disconnected(1, Some(reset()))),
        path(20.5, Some(refused.clone())),
        path(20.8, Some(refused.clone())),
        at(21.0, command_failed(&refused, 3, 20.5)),
        at(21.0, EventKind::StateEntered { state: ClientState::Masked, why: "".into() }),
        // The only prober has already found out what this one needs to know.
        Event { connection: Some(1), ..at(22.0, disconnected(1, None)) },
        path(23.0, None),
        at(24.0, reconnected(2, 4.0)),
        Event { connection: Some(2), ..at(25.0, disconnected(1, None)) },
        path(26.0, Some(refused.clone())),
    ]);
    let told: Vec<_> = figures.outages.kept.iter().map(|outage| outage.circumstances.clone()).collect();
    assert_eq!(told[0].path_failures, std::slice::from_ref(&refused));
    assert_eq!((&told[0].states[..], &told[0].failures[..]), (&[ClientState::Masked][..], &[refused.key][..]));
    assert_eq!((told[0].up, told[0].closed, told[0].subscribed), (secs(20.0), Some(stamp(20.0)), true));
    assert_eq!(told[0].announcements.len(), 1);
    assert_eq!((&told[1].path_failures[..], told[1].subscribed), (std::slice::from_ref(&refused), false));
    assert_eq!(told[2].path_failures.len(), 1);
}

#[test]
fn what_the_client_stayed_away_is_told_from_the_end_of_the_path_s_illness() {
    let mut back = reconnected(2, 5.0);
    let EventKind::Reconnected(told) = &mut back else { unreachable!() };
    told.path_healthy_after = Some(secs(3.1));
    let figures = run(vec![at(10.0, disconnected(1, None)), at(15.0, back)]);
    assert_eq!(figures.outages.kept[0].backoff(), Some(secs(1.9)));
}
