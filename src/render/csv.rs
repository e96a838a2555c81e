//! CSV (RFC 4180): `name,value`, one figure a line. The names are the paths of the JSON document (`latency.p99`,
//! `outages.rows.0.duration`), so both can be read with one list of names, and a spreadsheet can look a figure up.

use std::io::{self, Write};

use serde_json::Value;

use crate::report::Report;

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"name,value\r\n")?;
    value("", &serde_json::to_value(report)?, out)
}

fn value(name: &str, of: &Value, out: &mut dyn Write) -> io::Result<()> {
    let below = |key: &str| match name {
        "" => key.to_owned(),
        _ => format!("{name}.{key}"),
    };
    match of {
        Value::Object(fields) => fields.iter().try_for_each(|(key, of)| value(&below(key), of, out)),
        Value::Array(entries) => {
            entries.iter().enumerate().try_for_each(|(number, of)| value(&below(&number.to_string()), of, out))
        }
        Value::Null => write!(out, "{name},\r\n"),
        Value::String(text) => write!(out, "{name},{}\r\n", quoted(text)),
        Value::Bool(_) | Value::Number(_) => write!(out, "{name},{of}\r\n"),
    }
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
