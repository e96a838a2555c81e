//! The finish of generated schemas: closed objects, optional fields that are never `null`, descriptions on one line.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Keywords whose schemas describe the same value as the schema that they stand in.
const UNIONS: [&str; 3] = ["oneOf", "anyOf", "allOf"];

const DEFINITIONS: &str = "#/$defs/";

/// Closes every object of a schema and of its definitions: only the listed properties are ever written.
pub(super) fn close(mut schema: Value) -> Value {
    let mut parts = BTreeSet::new();
    find_parts(&schema, false, &mut parts);
    let definitions = schema["$defs"].take();
    visit(&mut schema, false, &parts);
    if let Value::Object(mut definitions) = definitions {
        definitions.iter_mut().for_each(|(name, definition)| visit(definition, parts.contains(name), &parts));
        schema["$defs"] = Value::Object(definitions);
    }
    schema
}

/// Finds the definitions that describe only a part of an object: those of flattened fields and of tagged variants. The
/// object that they are part of is the one to close.
fn find_parts(schema: &Value, is_part: bool, parts: &mut BTreeSet<String>) {
    let Some(keywords) = schema.as_object() else { return };
    let is_part = is_part || keywords.contains_key("properties");
    if let Some(name) = keywords.get("$ref").and_then(Value::as_str).filter(|_| is_part) {
        parts.insert(name.trim_start_matches(DEFINITIONS).to_owned());
    }
    for (keyword, inner) in keywords {
        match keyword.as_str() {
            keyword if UNIONS.contains(&keyword) => schemas(inner).for_each(|inner| find_parts(inner, is_part, parts)),
            "properties" | "$defs" => {
                inner.as_object().into_iter().flat_map(Map::values).for_each(|inner| find_parts(inner, false, parts))
            }
            "items" => find_parts(inner, false, parts),
            "prefixItems" => schemas(inner).for_each(|inner| find_parts(inner, false, parts)),
            _ => {}
        }
    }
}

fn schemas(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn visit(schema: &mut Value, is_part: bool, parts: &BTreeSet<String>) {
    let Some(keywords) = schema.as_object_mut() else { return };
    drop_width(keywords);
    unwrap_description(keywords);
    never_null_if_optional(keywords);
    let is_object = keywords.contains_key("properties");
    let is_composed = keywords.contains_key("$ref") || UNIONS.iter().any(|union| keywords.contains_key(*union));
    for (keyword, inner) in keywords.iter_mut() {
        match keyword.as_str() {
            keyword if UNIONS.contains(&keyword) => {
                inner.as_array_mut().into_iter().flatten().for_each(|inner| visit(inner, is_part || is_object, parts));
            }
            "properties" => {
                inner.as_object_mut().into_iter().flatten().for_each(|(_, inner)| visit(inner, false, parts))
            }
            "items" => visit(inner, false, parts),
            "prefixItems" => inner.as_array_mut().into_iter().flatten().for_each(|inner| visit(inner, false, parts)),
            _ => {}
        }
    }
    let is_unit = keywords.get("type") == Some(&json!("object")) && !is_object;
    // A definition that is a part elsewhere is open, so it is closed where it is the whole.
    let name = keywords.get("$ref").and_then(Value::as_str);
    let is_open = name.is_some_and(|name| parts.contains(name.trim_start_matches(DEFINITIONS)));
    if !is_part && (is_object || is_unit || is_open) {
        let keyword = if is_composed { "unevaluatedProperties" } else { "additionalProperties" };
        keywords.insert(keyword.to_owned(), json!(false));
    }
}

/// Drops the width of numbers, such as `uint64`: no format of JSON Schema.
fn drop_width(keywords: &mut Map<String, Value>) {
    if keywords.get("type") != Some(&json!("string")) {
        keywords.remove("format");
    }
}

/// Joins the lines of each paragraph: doc comments are wrapped for the source.
fn unwrap_description(keywords: &mut Map<String, Value>) {
    if let Some(Value::String(text)) = keywords.get_mut("description") {
        *text = text.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect::<Vec<_>>().join("\n\n");
    }
}

/// A field is either always there and may be `null`, or left out.
fn never_null_if_optional(keywords: &mut Map<String, Value>) {
    let required = keywords.get("required").cloned().unwrap_or_default();
    let Some(properties) = keywords.get_mut("properties").and_then(Value::as_object_mut) else { return };
    let required: Vec<_> = schemas(&required).filter_map(Value::as_str).collect();
    for (_, property) in properties.iter_mut().filter(|(name, _)| !required.contains(&name.as_str())) {
        let Some(keywords) = property.as_object_mut() else { continue };
        if let Some(Value::Array(types)) = keywords.get_mut("type") {
            types.retain(|name| name != "null");
            if let [only] = &mut types[..] {
                let only = only.take();
                keywords.insert("type".to_owned(), only);
            }
        }
        if let Some(Value::Array(choices)) = keywords.get_mut("anyOf") {
            choices.retain(|choice| choice["type"] != "null");
            if let [Value::Object(only)] = &mut choices[..] {
                let only = std::mem::take(only);
                keywords.remove("anyOf");
                keywords.extend(only);
            }
        }
    }
}
