//! The schemas are those of their golden files, and say what serde writes and reads.

use std::{collections::BTreeSet, fmt::Display, path::Path, time::Duration};

use schemars::schema_for;
use serde::{Serialize, de::DeserializeOwned};
use strum::VariantArray;

use super::*;
use crate::{
    checkup::survey::SurveyCommand,
    classify::{ErrorClass, Origin, Stage},
    clock::{Stamp, WallTime},
    diagnose::Cause,
    drill::{self, Stuck},
    event::{AttemptEnd, ClientState, DeathWitness, EventKind, FlowEnd, ReplaceReason, SocketEnd, StopReason},
    idle::{Ending, Progress},
    plan::{Command, PolicyName, ProbeKind, Protocol},
};

type Words = BTreeSet<String>;

#[test]
fn each_schema_is_as_its_golden_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/schemas");
    for form in ALL {
        let path = folder.join(form.name).with_extension("json");
        let found = format!("{:#}\n", form.schema());
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(expected == found, "{}.json differs; `UPDATE_GOLDEN=1 cargo test schema` rewrites it", form.name);
    }
    let kept = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(kept.collect::<Words>(), ALL.iter().map(|form| format!("{}.json", form.name)).collect());
}

/// Calls `check` with each schema inside of this one, and with its place.
fn each_within(place: &str, schema: &Value, check: &mut dyn FnMut(&str, &Value)) {
    check(place, schema);
    for (keyword, inner) in schema.as_object().into_iter().flatten() {
        let place = format!("{place}/{keyword}");
        match inner {
            Value::Object(named) if ["properties", "$defs"].contains(&keyword.as_str()) => {
                named.iter().for_each(|(name, inner)| each_within(&format!("{place}/{name}"), inner, check));
            }
            Value::Array(list) if ["oneOf", "anyOf", "allOf", "prefixItems"].contains(&keyword.as_str()) => {
                list.iter().enumerate().for_each(|(number, inner)| {
                    each_within(&format!("{place}/{number}"), inner, check);
                });
            }
            _ if keyword == "items" => each_within(&place, inner, check),
            _ => {}
        }
    }
}

#[test]
fn each_schema_is_valid_and_its_descriptions_are_for_people() {
    for form in ALL {
        let schema = form.schema();
        jsonschema::meta::validate(&schema).unwrap();
        each_within(form.name, &schema, &mut |place, schema| {
            let described = schema.get("description").and_then(Value::as_str).unwrap_or_default();
            assert!(!described.contains("[`") && !described.contains("`None`"), "{place}: {described}");
        });
    }
}

/// Fails unless a value follows the schema, and no longer does with one more field in any of its objects.
#[track_caller]
pub(in super::super) fn follows_exactly(form: Form, value: &Value) {
    let validator = jsonschema::validator_for(&form.schema()).unwrap();
    let errors: Vec<_> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{value:#}");
    for place in objects_within(value, String::new()) {
        let mut more = value.clone();
        more.pointer_mut(&place).unwrap()["surprise"] = json!(1);
        assert!(!validator.is_valid(&more), "there is room for more in {place}");
    }
}

/// The JSON pointers of a value's objects.
fn objects_within(value: &Value, place: String) -> Vec<String> {
    match value {
        Value::Object(fields) => {
            let within = fields.iter().flat_map(|(name, inner)| objects_within(inner, format!("{place}/{name}")));
            within.chain([place.clone()]).collect()
        }
        Value::Array(entries) => {
            let within = entries.iter().enumerate();
            within.flat_map(|(index, inner)| objects_within(inner, format!("{place}/{index}"))).collect()
        }
        _ => Vec::new(),
    }
}

/// The names of an enum's variants, as its reader lists them when it gets another one.
fn words_read<T: DeserializeOwned>(unknown: Value) -> Words {
    let error = serde_json::from_value::<T>(unknown).err().expect("no variant has this name").to_string();
    let (_, expected) = error.split_once(", expected ").unwrap_or_else(|| panic!("not the wording of serde: {error}"));
    expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The words that a schema lists: those of an enum, and the tags of its variants.
fn words_listed(schema: &Value) -> Words {
    let variants = schema["oneOf"].as_array().into_iter().flatten();
    let variants = variants.map(|variant| {
        let tag = variant["properties"]["event"].get("const");
        tag.or(variant.get("const")).and_then(Value::as_str).unwrap_or_else(|| panic!("no word: {variant}")).to_owned()
    });
    let listed = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    variants.chain(listed).collect()
}

#[test]
fn each_list_has_the_words_that_are_read() {
    #[track_caller]
    fn agree<T: DeserializeOwned + JsonSchema>() {
        assert_eq!(words_listed(&schema_for!(T).to_value()), words_read::<T>(json!("no such variant")));
    }
    agree::<ErrorClass>();
    agree::<Stage>();
    agree::<Origin>();
    agree::<ClientState>();
    agree::<StopReason>();
    agree::<ReplaceReason>();
    agree::<SocketEnd>();
    agree::<DeathWitness>();
    agree::<AttemptEnd>();
    agree::<FlowEnd>();
    agree::<Command>();
    agree::<PolicyName>();
    agree::<ProbeKind>();
    agree::<Protocol>();
    let events = words_read::<EventKind>(json!({"event": "no such event"}));
    assert_eq!(words_listed(&JOURNAL.schema()), events);
}

#[test]
fn each_event_of_a_search_follows_the_schema() {
    let second = Duration::from_secs(1);
    let silence = Silence { round: 1, planned: second, lasted: second, ending: Ending::Answered, dated: false };
    let round = Progress::Round { number: 1, connections: 1, shortest: second, longest: second };
    for progress in [round, Progress::Ended(silence), Progress::NotOpened] {
        let mut line = Vec::new();
        super::super::idle_event(Stamp::START, WallTime::default(), progress, &mut line).unwrap();
        follows_exactly(IDLE_LINE, &serde_json::from_slice(&line).unwrap());
    }
}

#[test]
fn each_outcome_of_a_drill_follows_the_schema() {
    let cell = |outcome: drill::Outcome| Cell {
        case: "reset-in-flight".into(),
        policy: PolicyName::Bare,
        outcome,
        survived: outcome.survived(),
        cause: Some(Cause::NetworkReset),
        confidence: None,
        recovery: Some(Duration::from_millis(306)),
        failed: 1,
        ambiguous: 1,
        lost: 0,
        wrong: 0,
        error: None,
        why: None,
        diagnoses: Vec::new(),
    };
    use drill::Outcome::{Down, Errors, NotRun, Recovered, Unaffected};
    let stuck = Stuck::VARIANTS.iter().copied().map(drill::Outcome::Stuck);
    let cells: Vec<_> = [Unaffected, Errors, Recovered, Down, NotRun].into_iter().chain(stuck).map(cell).collect();
    follows_exactly(DRILL, &json!(cells));
}

#[test]
fn the_codes_of_diagnoses_are_those_of_the_causes() {
    let causes: Words = Cause::ALL.iter().map(|cause| cause.code().to_owned()).collect();
    for form in [REPORT, DRILL] {
        let schema = form.schema();
        let code = jsonschema::validator_for(&schema["$defs"]["Diagnosis"]["properties"]["code"]).unwrap();
        let accepted: Words =
            (0..1000).map(|number| format!("RD{number:03}")).filter(|text| code.is_valid(&json!(text))).collect();
        assert_eq!(accepted, causes);
    }
}

#[test]
fn a_limit_ends_connections() {
    let schema = IDLE.schema();
    let ending = &schema["$defs"]["Limit"]["properties"]["ending"];
    for ending_name in Ending::VARIANTS {
        let listed = ending["enum"].as_array().unwrap().contains(&json!(ending_name));
        assert_eq!(listed, ending_name.is_death(), "{ending_name:?}");
    }
}

#[test]
fn a_name_is_the_same_in_text_and_in_json() {
    #[track_caller]
    fn agree<T: Serialize + Display + JsonSchema>(all: &[T]) {
        let names: Vec<_> = all.iter().map(ToString::to_string).collect();
        assert_eq!(json!(all), json!(names));
        assert_eq!(words_listed(&schema_for!(T).to_value()), names.into_iter().collect());
    }
    agree(Cause::ALL);
    agree(ClientState::VARIANTS);
    agree(Command::VARIANTS);
    agree(PolicyName::VARIANTS);
    agree(SurveyCommand::VARIANTS);
    agree(Stuck::VARIANTS);
    for state in Stuck::VARIANTS {
        let outcome = drill::Outcome::Stuck(*state);
        let state = ClientState::from(*state);
        assert_eq!((json!(outcome), outcome.to_string()), (json!(state), state.to_string()));
    }
    for class in words_read::<ErrorClass>(json!("no such class")) {
        assert_eq!(serde_json::from_value::<ErrorClass>(json!(class)).unwrap().to_string(), class);
    }
    for stage in words_read::<Stage>(json!("no such stage")) {
        assert_eq!(serde_json::from_value::<Stage>(json!(stage)).unwrap().to_string(), stage);
    }
    use drill::Outcome::{Down, Errors, NotRun, Recovered, Unaffected};
    for outcome in [Unaffected, Errors, Recovered, Down, NotRun] {
        assert_eq!(json!(outcome), json!(outcome.to_string()));
    }
}
