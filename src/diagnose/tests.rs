//! Outages with their evidence, and the causes they are put down to.

mod cases;
mod fixture;
mod properties;

use std::collections::BTreeMap;

use cases::cases;
use fixture::Scene;

use super::*;
use crate::{event::Missing, record::Recorder};

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
        assert!(counts.get(&cause).is_some_and(|count| *count >= 2), "{cause}");
    }
}

#[test]
fn names_and_codes_are_stable_and_in_order() {
    let named: Vec<_> = Cause::ALL.iter().map(|cause| format!("{} {cause}", cause.code())).collect();
    let expected = "RD001 server_restarted, RD002 server_crashed, RD003 failover, RD004 planned_maintenance, \
                    RD005 client_killed, RD006 server_idle_timeout, RD007 output_buffer_limit, RD008 client_evicted, \
                    RD009 max_clients, RD010 authentication_changed, RD011 network_reset, RD012 middlebox_idle_limit, \
                    RD013 path_lost, RD014 dns_moved, RD015 server_frozen, RD016 client_stall, RD017 protocol_error, \
                    RD018 unknown";
    assert_eq!(named.join(", "), expected);
    let ruled: Vec<Cause> = rules::RULES.iter().map(|(cause, _)| *cause).collect();
    for cause in Cause::ALL.into_iter().filter(|cause| *cause != Cause::Unknown) {
        assert!(rules::PRECEDENCE.contains(&cause) && ruled.contains(&cause), "{cause}");
    }
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
        ("refused", Some(vec![refused()]), true, "permit INFO"),
        ("refused beside another gap", Some(vec![Missing::new("socket", "gone"), refused()]), true, "permit INFO"),
        ("not reached", Some(vec![Missing::new("server", "Connection refused")]), true, "tcpdump"),
        ("all was told", Some(vec![]), true, "tcpdump"),
        ("not asked", None, false, "without --no-evidence"),
        ("cut off before it was told", None, true, "tcpdump"),
    ] {
        let mut scene = made(nothing_known);
        scene.plan.evidence = evidence;
        match missing {
            Some(missing) => scene.known().missing = missing,
            None => scene.evidence = None,
        }
        let told = scene.diagnosis();
        assert_eq!(told.cause, Cause::Unknown, "{name}: {told:?}");
        assert!(told.remedy.contains(advice), "{name}: {}", told.remedy);
    }
}

#[test]
fn every_rule_speaks_in_some_case() {
    let mut heard = vec![false; rules::RULES.len()];
    for (_, _, _, change) in cases() {
        let mut recorder = Recorder::default();
        let scene = made(change);
        scene.events().iter().for_each(|event| crate::event::EventSink::on_event(&mut recorder, event));
        let figures = recorder.figures();
        let all = figures.outages();
        for outage in all.list() {
            let facts = Facts::new(outage, all.conditions_of(outage), all.list());
            for (index, (_, rule)) in rules::RULES.iter().enumerate() {
                heard[index] |= rule(&facts).is_some();
            }
        }
    }
    let mute: Vec<_> = heard.iter().enumerate().filter(|(_, heard)| !**heard).map(|(index, _)| index).collect();
    assert!(
        mute.is_empty(),
        "rules {mute:?} of the table never speak: {:?}",
        mute.iter().map(|i| rules::RULES[*i].0).collect::<Vec<_>>()
    );
}

#[test]
fn the_knowledge_base_explains_each_cause_under_its_code_and_name() {
    for cause in Cause::ALL {
        assert_eq!(crate::knowledge::entry(cause.code()).map(|entry| entry.name.as_str()), Some(cause.name()));
    }
}
