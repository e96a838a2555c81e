//! What the program writes follows its JSON Schema, whatever it holds.

use serde_json::Value as Json;

/// Fails with every place where a value departs from one of `redis_doctor::render::schema`.
#[track_caller]
pub(crate) fn follows(schema: &str, value: &Json) {
    let schema: Json = serde_json::from_str(schema).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{value:#}");
}
