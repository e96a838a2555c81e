//! Tests of `tests/scenarios`: journals and the reports expected of them. A bug report becomes two files there: `NAME.ndjson`,
//! and `NAME.expected.json` with the fields that matter (JSON pointers into the report).

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::replay;
use crate::{record::Recorder, report::Report};

#[test]
fn every_scenario_is_reported_as_expected() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut journals: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ndjson"))
        .collect();
    journals.sort();
    assert!(!journals.is_empty());
    let wrong: Vec<String> = journals.iter().flat_map(|journal| differences(journal)).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn differences(journal: &Path) -> Vec<String> {
    let mut recorder = Recorder::default();
    replay(&[journal.to_owned()], false, &mut recorder).unwrap();
    let report = serde_json::to_value(Report::new(&recorder.figures())).unwrap();
    let expected = std::fs::read_to_string(journal.with_extension("expected.json")).unwrap();
    let expected: Map<String, Value> = serde_json::from_str(&expected).unwrap();
    let name = journal.file_stem().unwrap().display();
    expected
        .iter()
        .filter(|(pointer, value)| report.pointer(pointer).is_none_or(|found| !same(found, value)))
        .map(|(pointer, value)| format!("{name}: {pointer} is {:?}, not {value}", report.pointer(pointer)))
        .collect()
}

/// Equal, but for the noise of binary fractions; `{"one_of": […]}` expects any of the values.
fn same(found: &Value, expected: &Value) -> bool {
    if let Some(values) = expected.pointer("/one_of").and_then(Value::as_array) {
        return values.iter().any(|value| same(found, value));
    }
    match (found.as_f64(), expected.as_f64()) {
        (Some(found), Some(expected)) => (found - expected).abs() < 1e-9,
        _ => found == expected,
    }
}
