//! Each list of words in a schema is the list of the type that is written there, so that nobody has to remember the
//! schemas when a cause, a class or an event comes or goes.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::*;
use crate::{
    checkup::survey::SurveyCommand,
    checkup::{EndedBy, Mark},
    classify::{ErrorClass, Origin, Stage},
    diagnose::{Cause, Confidence},
    drill::{self, Stuck},
    event::{AttemptEnd, ClientState, DeathWitness, EventKind, FlowEnd, ReplaceReason, SocketEnd, StopReason},
    idle::{self, Ending, Progress, Silence},
    plan::{Command, PolicyName},
    record::OutageKind,
    report::{GateLevel, Severity, Verdict},
};

type Words = BTreeSet<String>;

const SCHEMAS: [(&str, &str); 6] = [
    ("report", REPORT),
    ("check", CHECK),
    ("journal", JOURNAL),
    ("idle", IDLE),
    ("idle-line", IDLE_LINE),
    ("drill", DRILL),
];

/// All names of an enum's variants, which its reader gives when it is shown another one.
fn words_of<T: DeserializeOwned>(unknown: Value) -> Words {
    let error = serde_json::from_value::<T>(unknown).err().expect("no variant has this name").to_string();
    let (_, expected) = error.split_once(", expected ").unwrap_or_else(|| panic!("not as serde says it: {error}"));
    expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn words<T: DeserializeOwned>() -> Words {
    words_of::<T>(json!("no such variant"))
}

/// All values of an enum without data.
fn values<T: DeserializeOwned>() -> Vec<T> {
    words::<T>().into_iter().map(|word| serde_json::from_value(json!(word)).unwrap()).collect()
}

fn outcomes_of_a_drill() -> Words {
    let mut outcomes = words::<drill::Outcome>();
    assert!(outcomes.remove("stuck"), "it is written as the state in which the client is stuck");
    outcomes.extend(words::<Stuck>());
    outcomes
}

/// How a connection ends that does not survive.
fn deadly_endings() -> Words {
    let silence = |ending| Silence { round: 1, planned: Duration::ZERO, lasted: Duration::ZERO, ending, dated: false };
    let deadly = values::<Ending>().into_iter().filter(|ending| silence(*ending).died());
    deadly.map(|ending| json!(ending).as_str().unwrap().to_owned()).collect()
}

/// Where a list stands (schema and path, with the names of definitions and properties alone), and what it must be.
/// `null` may be in it besides.
fn lists() -> Vec<(&'static str, Words)> {
    vec![
        ("report verdict", words::<Verdict>()),
        ("report error_class", words::<ErrorClass>()),
        ("report stage", words::<Stage>()),
        ("report origin", words::<Origin>()),
        ("report state", words::<ClientState>()),
        ("report stop_reason", words::<StopReason>()),
        ("report replace_reason", words::<ReplaceReason>()),
        ("report plan/command", words::<Command>()),
        ("report outage/kind", words::<OutageKind>()),
        ("report diagnosis/cause", words::<Cause>()),
        ("report diagnosis/confidence", words::<Confidence>()),
        ("report gate/level", words::<GateLevel>()),
        ("report finding/severity", words::<Severity>()),
        ("check verdict", words::<Verdict>()),
        ("check lines/mark", words::<Mark>()),
        ("check findings/severity", words::<Severity>()),
        ("check facts/refused/question", words::<SurveyCommand>()),
        ("check bound/ended_by", words::<EndedBy>()),
        ("journal error_class", words::<ErrorClass>()),
        ("journal stage", words::<Stage>()),
        ("journal origin", words::<Origin>()),
        ("journal state", words::<ClientState>()),
        ("journal stop_reason", words::<StopReason>()),
        ("journal replace_reason", words::<ReplaceReason>()),
        ("journal plan/command", words::<Command>()),
        ("journal event_evidence/death/how", words::<SocketEnd>()),
        ("journal event_evidence/death/known_from", words::<DeathWitness>()),
        ("journal event_evidence/attempts/end", words::<AttemptEnd>()),
        ("journal event_flow_closed/how", words::<FlowEnd>()),
        ("idle outcome", words::<idle::Outcome>()),
        ("idle verdict", words::<Verdict>()),
        ("idle ending", words::<Ending>()),
        ("idle limit/ending", deadly_endings()),
        ("idle-line summary/outcome", words::<idle::Outcome>()),
        ("idle-line summary/verdict", words::<Verdict>()),
        ("idle-line ending", words::<Ending>()),
        ("idle-line limit/ending", deadly_endings()),
        ("drill cell/policy", words::<PolicyName>()),
        ("drill cell/outcome", outcomes_of_a_drill()),
        ("drill cell/cause", words::<Cause>()),
        ("drill cell/confidence", words::<Confidence>()),
        ("drill diagnosis/cause", words::<Cause>()),
        ("drill diagnosis/confidence", words::<Confidence>()),
    ]
}

/// Every list of words in a schema, by its place. (Numbers, such as the protocols 2 and 3, are not words.)
fn found(place: &str, value: &Value, lists: &mut BTreeMap<String, Words>) {
    if let Some(listed) = value.get("enum").and_then(Value::as_array) {
        let words: Words = listed.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        if !words.is_empty() {
            assert_eq!(lists.insert(place.to_owned(), words), None, "two lists at {place}");
        }
    }
    let structure = ["properties", "items", "$defs"];
    for (name, inner) in value.as_object().into_iter().flatten().filter(|(_, inner)| inner.is_object()) {
        let within = match name.as_str() {
            name if structure.contains(&name) => place.to_owned(),
            name if place.ends_with(' ') => format!("{place}{name}"),
            name => format!("{place}/{name}"),
        };
        found(&within, inner, lists);
    }
    for inner in value.as_object().into_iter().flatten().filter_map(|(_, inner)| inner.as_array()).flatten() {
        found(place, inner, lists);
    }
}

#[test]
fn every_list_in_a_schema_is_that_of_its_type() {
    let mut in_schemas = BTreeMap::new();
    for (name, schema) in SCHEMAS {
        found(&format!("{name} "), &serde_json::from_str(schema).unwrap(), &mut in_schemas);
    }
    let of_types: BTreeMap<_, _> = lists().into_iter().map(|(place, words)| (place.to_owned(), words)).collect();
    for (place, words) in &in_schemas {
        assert_eq!(Some(words), of_types.get(place), "the list at {place} is of no type, or not all of its type");
    }
    let gone: Vec<_> = of_types.keys().filter(|place| !in_schemas.contains_key(*place)).collect();
    assert!(gone.is_empty(), "no longer in a schema: {gone:?}");
}

#[test]
fn every_event_has_its_form_in_the_schema_and_no_other_has() {
    for (name, schema, events) in [
        ("journal", JOURNAL, words_of::<EventKind>(json!({"event": "no such event"}))),
        ("idle-line", IDLE_LINE, words_of::<Progress>(json!({"event": "no such event"}))),
    ] {
        let schema: Value = serde_json::from_str(schema).unwrap();
        let forms = schema["$defs"].as_object().unwrap().iter().filter(|(name, _)| name.starts_with("event_"));
        let constants: Words =
            forms.clone().map(|(_, form)| form["properties"]["event"]["const"].as_str().unwrap().to_owned()).collect();
        assert_eq!(constants, events, "{name}");
        let named: Words = forms.map(|(name, _)| format!("#/$defs/{name}")).collect();
        let choices = schema["oneOf"].as_array().unwrap().iter().filter_map(|choice| choice["$ref"].as_str());
        let choices: Words = choices.filter(|choice| choice.contains("/event_")).map(str::to_owned).collect();
        assert_eq!(choices, named, "{name}: defined, and among the choices");
    }
}

#[test]
fn the_codes_of_diagnoses_are_those_of_the_causes() {
    let causes: Words = values::<Cause>().iter().map(|cause| cause.code().to_owned()).collect();
    for schema in [REPORT, DRILL] {
        let schema: Value = serde_json::from_str(schema).unwrap();
        let code = jsonschema::validator_for(&schema["$defs"]["diagnosis"]["properties"]["code"]).unwrap();
        let accepted: Words =
            (0..1000).map(|number| format!("RD{number:03}")).filter(|text| code.is_valid(&json!(text))).collect();
        assert_eq!(accepted, causes);
    }
}

#[test]
fn what_is_written_for_people_is_what_is_written_as_json() {
    #[track_caller]
    fn agree<T: DeserializeOwned + serde::Serialize + ToString>() {
        for value in values::<T>() {
            assert_eq!(json!(value), json!(value.to_string()));
        }
    }
    agree::<Cause>();
    agree::<ErrorClass>();
    agree::<Stage>();
    agree::<ClientState>();
    agree::<PolicyName>();
    agree::<SurveyCommand>();
    agree::<Command>();
    for state in values::<Stuck>() {
        assert_eq!(json!(drill::Outcome::Stuck(state)), json!(ClientState::from(state)));
    }
    assert_eq!(values::<Cause>().len(), Cause::ALL.len());
}
