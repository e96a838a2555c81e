//! Properties that hold for a diagnosis from any evidence: tried with random evidence, and with the cases.

use proptest::prelude::*;
use serde_json::Value;

use super::{
    Cause, Confidence, Facts,
    cases::cases,
    fixture::{LOST, Scene},
    made,
};
use crate::{
    classify::{ErrorClass, Failure, Stage},
    diagnose::weigh,
    event::{ClientState, EventSink, Evidence, HostState, ReplaceReason, SocketEnd, TcpFigures},
    record::{Recorder, fixture::*},
};

/// One aspect of an outage and its values. Within an aspect, the evidence is as it would be gathered: a socket has one
/// end, and one process is not two.
type Aspect = &'static [fn(&mut Scene)];

const ASPECTS: &[Aspect] = &[
    // The end.
    &[
        |s| s.ends(SocketEnd::Closed),
        |s| s.ends(SocketEnd::Reset),
        |s| s.ends(SocketEnd::Gone),
        |s| {
            s.fails(110);
            s.ends(SocketEnd::TimedOut);
            s.silent = 20.0;
        },
        |s| {
            s.failure = Some(Failure::doctor(ErrorClass::ProtocolGarbage, Stage::Command, "Parse error at 1"));
            s.ends(SocketEnd::Local);
        },
        Scene::watchdog,
        |s| s.heals(3.0),
        |s| {
            s.silent = 3.0;
            s.ends(SocketEnd::Closed);
        },
        |s| {
            s.ends(SocketEnd::Local);
            s.replaced = Some(ReplaceReason::Terminal);
        },
    ],
    // The process.
    &[
        |_| {},
        |_| {},
        |s| s.listed(Some(true)),
        |s| s.process(1),
        |s| s.process(90_000),
        |s| {
            s.process(1);
            s.elsewhere();
        },
        |s| {
            s.process(90_000);
            s.moved_name();
        },
        |s| {
            s.process(90_000);
            s.elsewhere();
            s.demoted();
        },
        Scene::demoted,
        // The other of two servers answers the client; the query beside it finds the lost one.
        |s| {
            s.same_process = Some(false);
            s.new_server().run_id = Some("77e0b3".into());
        },
        // The query beside it never finds the lost server.
        |s| {
            s.before().run_id = Some("77e0b3".into());
            s.after().run_id = Some("77e0b3".into());
        },
    ],
    // What the server was busy with.
    &[
        |_| {},
        |_| {},
        |s| s.logged("keys", 2.5),
        |s| s.spent("eval", 1, 2.5),
        |s| (s.before().delayed_fsyncs, s.after().delayed_fsyncs) = (Some(0), Some(2)),
        |s| {
            (s.before().forks, s.after().forks) = (Some(0), Some(1));
            s.after().latest_fork = Some(secs(2.5));
        },
        |s| (s.before().client_pauses, s.after().client_pauses) = (Some(0), Some(1)),
        |s| s.blocked("blpop"),
        |s| s.blocked("set"),
        |s| s.known().listen_overflows = Some(3),
        |s| s.slows(0.4, 2.0),
        |s| {
            s.slows(0.4, 2.0);
            s.remote();
            s.round_trips(0.3, 0.001);
        },
    ],
    // What is in between.
    &[|_| {}, |_| {}, |s| s.relayed(Some(true)), |s| s.relayed(None)],
    // New connections.
    &[
        |_| {},
        |s| s.path_healthy_after = Some(0.1),
        Scene::refused,
        Scene::mute,
        Scene::unreachable,
        |s| s.states = vec![ClientState::HalfOpen],
        |s| s.says("ERR max number of clients reached"),
        |s| s.says("WRONGPASS invalid username-password pair or user is disabled."),
        |s| s.says("LOADING Redis is loading the dataset in memory"),
    ],
    // What TCP knows.
    &[
        |_| {},
        |s| s.tcp(0, 0),
        |s| s.tcp(2, 7),
        |s| {
            s.known().tcp = Some(TcpFigures { at: stamp(LOST), bytes_received: Some(100), ..TcpFigures::default() });
        },
    ],
    // What the server counts.
    &[
        |_| {},
        |_| {},
        |s| s.kills(1),
        |s| s.after().evicted_clients = Some(1),
        |s| s.after().output_buffer_disconnections = Some(3),
        |s| s.after().query_buffer_disconnections = Some(1),
        |s| s.after().acl_changes = Some(1),
        |s| s.after().rejected_connections = Some(4),
        |s| s.after().config_changes = Some(2),
        |s| s.after().connections_received = Some(1),
    ],
    // Silence before the loss, and the server's timeout.
    &[
        |_| {},
        |_| {},
        |s| s.idle = 1.5,
        |s| s.idle = 350.4,
        |s| {
            s.idle = 301.0;
            (s.before().timeout, s.after().timeout) = (Some(300), Some(300));
        },
        |s| s.pauses(42.0),
    ],
    // What is sent.
    &[
        |_| {},
        |s| s.in_flight = 0,
        |s| {
            s.subscribed = true;
            s.plan.subscription = plan().subscription;
        },
        |s| s.plan.probes.as_mut().unwrap().payload = 2_000_000,
    ],
    // Announcements.
    &[
        |_| {},
        |_| {},
        |s| s.announced(12.0, "MOVING"),
        |s| {
            s.announced(25.0, "FAILING_OVER");
            s.announced(20.0, "FAILED_OVER");
        },
    ],
    // This machine.
    &[
        |_| {},
        |_| {},
        |s| s.late(2.0),
        |s| s.known().host.suspended = Some(secs(30.0)),
        |s| {
            s.known().host = HostState { lag: secs(2.9), ..HostState::default() };
        },
    ],
    // The age of the state before the loss.
    &[|_| {}, |_| {}, |s| s.before().at = stamp(LOST - 900.0)],
];

fn random(choices: &[usize]) -> Scene {
    let mut scene = Scene::new();
    for (aspect, choice) in ASPECTS.iter().zip(choices) {
        aspect[choice % aspect.len()](&mut scene);
    }
    scene
}

/// Paths of everything in the evidence that may be missing.
fn paths(value: &Value, at: &str, found: &mut Vec<String>) {
    let Value::Object(fields) = value else { return };
    for (name, field) in fields {
        let path = format!("{at}/{name}");
        // How late our own timers were is always known.
        if path != "/host" {
            found.push(path.clone());
        }
        paths(field, &path, found);
    }
}

/// The scene with less knowledge, each fact taken away once.
fn poorer(scene: &Scene) -> Vec<(String, Scene)> {
    let mut all: Vec<(String, Scene)> = Vec::new();
    let mut without = |name: &str, forget: fn(&mut Scene)| {
        let mut less = scene.clone();
        forget(&mut less);
        all.push((name.into(), less));
    };
    without("evidence", |s| s.evidence = None);
    without("failure", |s| s.failure = None);
    without("same process", |s| s.same_process = None);
    without("failures of the path", |s| {
        s.path.clear();
        s.states.clear();
        s.path_healthy_after = None;
    });
    let Some(evidence) = &scene.evidence else { return all };
    let evidence = serde_json::to_value(evidence).unwrap();
    let mut found = Vec::new();
    paths(&evidence, "", &mut found);
    for path in found {
        let mut less = evidence.clone();
        let (parent, name) = path.rsplit_once('/').unwrap();
        less.pointer_mut(parent).and_then(Value::as_object_mut).unwrap().remove(name);
        // Some fields are always there.
        if let Ok(less) = serde_json::from_value::<Evidence>(less) {
            all.push((path, Scene { evidence: Some(less), ..scene.clone() }));
        }
    }
    all
}

/// The level of each cause, and the causes that are certain.
fn weighed(scene: &Scene) -> (Vec<(Cause, u32)>, Vec<Cause>) {
    let mut recorder = Recorder::default();
    scene.events().iter().for_each(|event| recorder.on_event(event));
    let figures = recorder.figures();
    let all = if scene.slow.is_some() { figures.slow_stretches() } else { figures.outages() };
    let outage = all.list().iter().find(|outage| outage.lost == stamp(LOST) && outage.connection == 0).unwrap();
    weigh::levels(&Facts::new(outage, &all))
}

fn less_is_never_surer(scene: &Scene) -> Result<(), TestCaseError> {
    let (levels, certain) = weighed(scene);
    prop_assert!(certain.len() <= 1, "certain together: {certain:?}");
    let more = scene.diagnosis();
    for (name, less) in poorer(scene) {
        let (poorer, still) = weighed(&less);
        for ((cause, level), (_, lower)) in levels.iter().zip(&poorer) {
            // A cause that is ruled out may become possible again.
            prop_assert!(lower <= level.max(&1), "without {name}, {cause} rises from {level} to {lower}");
        }
        prop_assert!(still.iter().all(|cause| certain.contains(cause)), "without {name}: {certain:?} {still:?}");
        let less = less.diagnosis();
        prop_assert!(less.confidence <= more.confidence, "without {name}: {more:#?} {less:#?}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn less_knowledge_never_makes_a_diagnosis_surer(choices in prop::collection::vec(0..1000_usize, ASPECTS.len())) {
        less_is_never_surer(&random(&choices))?;
    }

    #[test]
    fn nothing_is_certain_without_evidence(choices in prop::collection::vec(0..1000_usize, ASPECTS.len())) {
        let mut scene = random(&choices);
        scene.evidence = None;
        let found = scene.diagnosis();
        prop_assert!(found.confidence < Confidence::Certain, "{found:#?}");
    }

    /// A server is called frozen with any weight only where the kernel that answers for it is its own.
    #[test]
    fn a_frozen_server_is_likely_only_without_a_proxy_on_the_way(
        choices in prop::collection::vec(0..1000_usize, ASPECTS.len()),
    ) {
        let scene = random(&choices);
        let found = scene.diagnosis();
        if found.cause == Cause::ServerFrozen && found.confidence > Confidence::Possible {
            let states = scene.evidence.iter().flat_map(|known| [&known.before, &known.after]).flatten();
            let told: Vec<_> = states.filter_map(|state| state.translated).collect();
            prop_assert!(told.contains(&false) && !told.contains(&true), "{found:?}");
        }
    }
}

#[test]
fn less_knowledge_never_makes_the_diagnosis_of_a_case_surer() {
    for (name, .., change) in cases() {
        if let Err(error) = less_is_never_surer(&made(change)) {
            panic!("{name}: {error}");
        }
    }
}
