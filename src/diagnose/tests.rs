//! Tests of the causes found for outages with their evidence.

mod cases;
mod fixture;
mod properties;

use std::collections::{BTreeMap, BTreeSet};

use cases::cases;
use fixture::Scene;

use super::{argument::Weight, *};
use crate::{
    event::{Missing, SocketEnd},
    record::{Recorder, fixture::reset},
};

fn made(change: fn(&mut Scene)) -> Scene {
    let mut scene = Scene::new();
    change(&mut scene);
    scene
}

#[test]
fn each_outage_is_put_down_to_its_cause() {
    let mut wrong = Vec::new();
    for (name, cause, confidence, change) in cases() {
        let found = made(change).diagnosis();
        if (found.cause, found.confidence) != (cause, confidence) {
            wrong.push(format!("{name}: expected {cause} ({confidence}), found {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_cause_has_two_cases_at_least() {
    let mut counts = BTreeMap::new();
    cases().iter().for_each(|(_, cause, ..)| *counts.entry(*cause).or_insert(0) += 1);
    for cause in Cause::ALL {
        assert!(counts.get(cause).is_some_and(|count| *count >= 2), "{cause}");
    }
}

#[test]
fn names_and_codes_are_stable_and_in_order() {
    let mut causes = Cause::ALL.to_vec();
    causes.sort();
    let named: Vec<_> = causes.iter().map(|cause| format!("{} {cause}", cause.code())).collect();
    let expected = "RD001 server_restarted, RD002 server_crashed, RD003 failover, RD004 planned_maintenance, \
                    RD005 client_killed, RD006 server_idle_timeout, RD007 output_buffer_limit, RD008 client_evicted, \
                    RD009 max_clients, RD010 authentication_changed, RD011 network_reset, RD012 middlebox_idle_limit, \
                    RD013 path_lost, RD014 dns_moved, RD015 server_frozen, RD016 client_stall, RD017 protocol_error, \
                    RD018 unknown, RD160 proxy_closed, RD161 query_buffer_limit, RD170 slow_command, RD171 slow_disk, \
                    RD172 fork_stall, RD173 clients_paused, RD174 blocking_command, RD175 accept_queue_full, \
                    RD176 slow_network, RD177 slow_server, RD207 oversized_reply";
    assert_eq!(named.join(", "), expected);
}

#[test]
fn the_files_of_the_causes_are_those_in_the_list() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/diagnose/causes");
    let files = std::fs::read_dir(directory).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let listed = Cause::ALL.iter().map(|cause| format!("{cause}.rs"));
    assert_eq!(files.collect::<BTreeSet<_>>(), listed.collect());
}

#[test]
fn every_cause_but_the_unknown_has_rules_and_each_has_a_code_and_a_remedy_of_its_own() {
    for cause in Cause::ALL {
        assert_eq!(cause.def().all_rules().next().is_none(), *cause == Cause::Unknown, "{cause}");
        let shared: Vec<_> = Cause::ALL.iter().filter(|other| other.code() == cause.code()).collect();
        assert_eq!(shared, [cause], "{}", cause.code());
        let shared: Vec<_> = Cause::ALL.iter().filter(|other| other.remedy() == cause.remedy()).collect();
        assert_eq!(shared, [cause], "{}", cause.remedy());
    }
    assert_eq!(Cause::ALL.last(), Some(&Cause::Unknown));
}

#[test]
fn every_cause_can_be_excluded_and_each_that_a_rule_proves_is_certain_in_a_case() {
    for cause in Cause::ALL.iter().filter(|cause| **cause != Cause::Unknown) {
        assert!(!cause.def().exclusions.is_empty(), "{cause}: as nothing excludes it, no other cause can be certain");
    }
    let certain = cases().into_iter().filter(|(_, _, confidence, _)| *confidence == Confidence::Certain);
    let certain: BTreeSet<_> = certain.map(|(_, cause, ..)| cause.name()).collect();
    let expected = ["network_reset", "path_lost", "planned_maintenance", "protocol_error", "server_idle_timeout"];
    assert_eq!(certain, expected.into());
}

#[test]
fn each_column_has_its_weights() {
    for (_, _, _, change) in cases() {
        let mut recorder = Recorder::default();
        made(change).events().iter().for_each(|event| crate::event::EventSink::on_event(&mut recorder, event));
        let figures = recorder.figures();
        let all = figures.outages();
        for outage in all.list() {
            let facts = Facts::new(outage, &all);
            for cause in Cause::ALL {
                let weights = |rules: &'static [argument::Rule]| {
                    rules.iter().filter_map(|rule| rule(&facts)).map(|argument| argument.weight).collect::<Vec<_>>()
                };
                let def = cause.def();
                assert!(weights(def.rules).iter().all(|weight| *weight >= Weight::Suggests), "{cause}");
                let against = [Weight::Weakens, Weight::Qualifies];
                assert!(weights(def.objections).iter().all(|weight| against.contains(weight)), "{cause}");
                assert!(weights(def.exclusions).iter().all(|weight| *weight == Weight::Refutes), "{cause}");
            }
        }
    }
}

#[test]
fn an_obstacle_is_named_beside_the_cause_unless_it_follows_from_it() {
    let killed = |change: fn(&mut Scene)| {
        let mut scene = made(|s| s.kills(1));
        change(&mut scene);
        scene.diagnosis()
    };
    let found = killed(|s| s.says("ERR max number of clients reached"));
    assert_eq!(found.cause, Cause::ClientKilled);
    let obstacle = found.obstacle.unwrap();
    assert_eq!((obstacle.code, obstacle.name.to_string().as_str()), ("RD114", "maxclients"));
    assert!(obstacle.remedy.contains("maxclients") && obstacle.text.contains("max number of clients"), "{obstacle:?}");
    assert!(obstacle.to.since(obstacle.from).as_secs_f64() >= 1.0, "{obstacle:?}");
    // The client was out for a tenth of a second.
    let found = killed(|s| {
        s.says("ERR max number of clients reached");
        s.path_healthy_after = Some(0.3);
    });
    assert_eq!(found.obstacle, None);
    // Nothing changed until the run ended, so there was no further event.
    let found = killed(|s| {
        s.says("ERR max number of clients reached");
        s.gone = true;
    });
    let obstacle = found.obstacle.unwrap();
    assert_eq!(obstacle.code, "RD114");
    assert!(obstacle.to.since(obstacle.from).as_secs_f64() > 10_000.0, "{obstacle:?}");
    let restarted = |change: fn(&mut Scene)| {
        let mut scene = made(|s| s.process(1));
        change(&mut scene);
        scene.diagnosis()
    };
    assert_eq!(restarted(|s| s.path = vec![reset()]).obstacle, None);
    let found = restarted(Scene::refused);
    assert_eq!(found.obstacle.map(|obstacle| obstacle.name), Some(crate::classify::ErrorClass::Refused));
    let found = restarted(|s| s.says("NOAUTH Authentication required."));
    assert_eq!(found.obstacle.map(|obstacle| obstacle.name), Some(crate::classify::ErrorClass::NoAuth));
}

#[test]
fn the_remedy_fits_the_facts() {
    let remedy = |change: fn(&mut Scene)| made(change).diagnosis().remedy;
    let on_loopback = remedy(|s| s.ends(SocketEnd::Reset));
    assert!(!on_loopback.contains("firewall") && on_loopback.contains("this machine"), "{on_loopback}");
    let elsewhere = remedy(|s| {
        s.ends(SocketEnd::Reset);
        s.relayed(Some(true));
    });
    assert!(elsewhere.contains("firewall"), "{elsewhere}");
    let noticed = remedy(|s| {
        s.watchdog();
        s.tcp(2, 3);
        s.unreachable();
    });
    assert!(noticed.contains("where packets are lost"), "{noticed}");
}

#[test]
fn what_could_not_be_had_is_said() {
    let mut scene = Scene::new();
    scene.known().missing = vec![Missing { refused: true, ..Missing::new("CONFIG GET timeout", "NOPERM") }];
    assert_eq!(scene.diagnosis().missing, ["CONFIG GET timeout: NOPERM"]);
    scene.evidence = None;
    assert!(scene.diagnosis().missing[0].starts_with("no evidence was gathered"));
}

#[test]
fn what_is_unknown_is_blamed_on_permissions_only_if_one_was_refused() {
    let nothing_known = |s: &mut Scene| {
        s.same_process = None;
        let known = s.known();
        (known.before, known.after, known.death, known.old_client_listed) = (None, None, None, None);
    };
    let refused = || Missing { refused: true, ..Missing::new("CLIENT LIST", "NOPERM") };
    for (name, missing, evidence, advice) in [
        ("refused", Some(vec![refused()]), true, "allow the user INFO"),
        (
            "refused beside another gap",
            Some(vec![Missing::new("socket", "gone"), refused()]),
            true,
            "allow the user INFO",
        ),
        ("not reached", Some(vec![Missing::new("server", "Connection refused")]), true, "tcpdump"),
        ("nothing is missing", Some(vec![]), true, "tcpdump"),
        ("not queried", None, false, "without --no-evidence"),
        ("cut off before the evidence", None, true, "tcpdump"),
    ] {
        let mut scene = made(nothing_known);
        scene.plan.evidence = evidence;
        match missing {
            Some(missing) => scene.known().missing = missing,
            None => scene.evidence = None,
        }
        let found = scene.diagnosis();
        assert_eq!(found.cause, Cause::Unknown, "{name}: {found:?}");
        assert!(found.remedy.contains(advice), "{name}: {}", found.remedy);
    }
}

#[test]
fn every_rule_argues_in_some_case() {
    let mut heard: BTreeSet<(Cause, usize)> = BTreeSet::new();
    for (_, _, _, change) in cases() {
        let mut recorder = Recorder::default();
        let scene = made(change);
        scene.events().iter().for_each(|event| crate::event::EventSink::on_event(&mut recorder, event));
        let figures = recorder.figures();
        for all in [figures.outages(), figures.slow_stretches()] {
            for outage in all.list() {
                let facts = Facts::new(outage, &all);
                let argues = |(cause, index, rule): (Cause, usize, argument::Rule)| {
                    rule(&facts).is_some().then_some((cause, index))
                };
                heard.extend(rules_of_all_causes().filter_map(argues));
            }
        }
    }
    let mute: Vec<_> =
        rules_of_all_causes().map(|(cause, index, _)| (cause, index)).filter(|rule| !heard.contains(rule)).collect();
    assert!(mute.is_empty(), "no case has an argument of these rules: {mute:?}");
}

/// Every rule, with its cause and its place among the rules of that cause.
fn rules_of_all_causes() -> impl Iterator<Item = (Cause, usize, argument::Rule)> {
    let rules = |cause: &Cause| {
        cause.def().all_rules().enumerate().map(|(index, rule)| (*cause, index, *rule)).collect::<Vec<_>>()
    };
    Cause::ALL.iter().flat_map(rules)
}
