//! What the program writes follows its JSON Schema, whatever it holds.

use redis_doctor::internals::schema::Form;
use serde_json::Value as Json;

/// Fails with every place where a value departs from a form's schema.
#[track_caller]
pub(crate) fn follows(form: Form, value: &Json) {
    let schema = form.schema();
    jsonschema::meta::validate(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{value:#}");
}
