//! JSON Schemas (draft 2020-12) of everything that is written as JSON, generated from the types.
//!
//! They describe what redis-doctor writes, not everything that it reads. Golden files in `tests/golden/schemas` make a
//! change of the JSON visible in review; users read the same files.

mod close;

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde_json::{Value, json};

use super::{explain::Found, idle::EventLine};
use crate::{
    checkup::{Checkup, ScopeCheckup},
    drill::{Cell, Survival},
    event::{Line, TracedConnection},
    idle::{IdleReport, Silence, Suspect},
    knowledge::Log,
    record::{ConnectionRow, ErrorRow, FaultRow, NoteRow, StateRow, VantageIncident, VantagePoints},
    report::{self, AttemptsRow, Comparison, EndedRow, Report, ScopeReport, TraceReport},
    verdict::CheckFinding,
};

/// A kind of JSON that redis-doctor writes.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// Name of its golden file, without the extension.
    pub name: &'static str,
    title: &'static str,
    description: &'static str,
    of: fn(&mut SchemaGenerator) -> Schema,
}

/// The document of `--format json`.
pub const REPORT: Form = Form {
    name: "report",
    title: "redis-doctor report",
    description: "The document that `--format json` writes. Durations are seconds, shares are fractions of 1, times are UTC.",
    of: root::<Report>,
};

/// The document of `check --format json`.
pub const CHECK: Form = Form {
    name: "check",
    title: "redis-doctor check",
    description: "The document that `check --format json` writes. Durations are seconds, sizes are bytes, times are UTC; null is \
                  not known.",
    of: root::<Checkup>,
};

/// The document of `--format json` for several targets.
pub const TARGETS: Form = Form {
    name: "report-targets",
    title: "redis-doctor report of several targets",
    description: "The document that `--format json` writes for several targets: the report of each, and sums over all. Durations \
                  are seconds, shares are fractions of 1, times are UTC.",
    of: root::<ScopeReport>,
};

/// The document of `check --format json` for several servers.
pub const CHECK_TARGETS: Form = Form {
    name: "check-targets",
    title: "redis-doctor check of several servers",
    description: "The document that `check --format json` writes for several servers: the check-up of each. Durations are \
                  seconds, sizes are bytes, times are UTC; null is not known.",
    of: root::<ScopeCheckup>,
};

/// A line of `--journal`.
pub const JOURNAL: Form = Form {
    name: "journal",
    title: "redis-doctor journal line",
    description: "A line of `--journal`. Durations are seconds, times are UTC; a counter that is absent is 0.",
    of: root::<Line<'static>>,
};

/// A line of `--format ndjson`.
pub const REPORT_LINE: Form = Form {
    name: "report-line",
    title: "redis-doctor report line",
    description: "A line of `--format ndjson`: the lines of the journal as they happen, then the report without its lists, then the \
                  entries of each list.",
    of: report_line,
};

/// The document of `idle --format json`.
pub const IDLE: Form = Form {
    name: "idle",
    title: "redis-doctor idle",
    description: "The document that `idle --format json` writes. Durations are seconds, times are UTC; null is not known, or none.",
    of: root::<IdleReport>,
};

/// The document of `compare --format json`.
pub const COMPARE: Form = Form {
    name: "compare",
    title: "redis-doctor compare",
    description: "The document that `compare --format json` writes. Durations are seconds, shares and changes are fractions of 1; \
                  null is not known, or none.",
    of: root::<Comparison>,
};

/// A line of `idle --format ndjson`.
pub const IDLE_LINE: Form = Form {
    name: "idle-line",
    title: "redis-doctor idle line",
    description: "A line of `idle --format ndjson`: events as they happen, then the result without its lists, then the entries \
                  of each list.",
    of: idle_line,
};

/// The document of `drill --format json`.
pub const DRILL: Form = Form {
    name: "drill",
    title: "redis-doctor drill",
    description: "The document that `drill --format json` writes: a cell for each case and policy. Durations are seconds; null is \
                  none.",
    of: root::<Vec<Cell>>,
};

/// The document of `drill --exec --format json`.
pub const SURVIVAL: Form = Form {
    name: "drill-application",
    title: "redis-doctor drill of an application",
    description: "The document that `drill --exec` and `drill --listen` write with `--format json`. Durations are seconds; null is \
                  none.",
    of: root::<Survival>,
};

/// The document of `trace --format json`.
pub const TRACE: Form = Form {
    name: "trace",
    title: "redis-doctor trace",
    description: "The document that `trace --format json` writes. Durations are seconds, sizes are bytes, times are UTC; null is \
                  not known, or none.",
    of: root::<TraceReport>,
};

/// A line of `trace --format ndjson`.
pub const TRACE_LINE: Form = Form {
    name: "trace-line",
    title: "redis-doctor trace line",
    description: "A line of `trace --format ndjson`: the lines of the journal that show a change, as they happen, then the result without its lists, then \
                  the entries of each list.",
    of: trace_line,
};

/// The document of `explain --format json` for a question.
pub const EXPLAIN: Form = Form {
    name: "explain",
    title: "redis-doctor explain",
    description: "The document that `explain WORDS --format json` writes: an entry of the knowledge base, or the nearest ones.",
    of: root::<Found<'static>>,
};

/// The document of `explain --format json` for several lines.
pub const EXPLAIN_LOG: Form = Form {
    name: "explain-log",
    title: "redis-doctor explain of a log",
    description: "The document that `explain - --format json` writes for several lines: which entries occur, how often, and when.",
    of: root::<Log>,
};

/// Every form.
pub const ALL: [Form; 15] = [
    REPORT,
    REPORT_LINE,
    TARGETS,
    COMPARE,
    CHECK,
    CHECK_TARGETS,
    JOURNAL,
    IDLE,
    IDLE_LINE,
    DRILL,
    SURVIVAL,
    TRACE,
    TRACE_LINE,
    EXPLAIN,
    EXPLAIN_LOG,
];

impl Form {
    /// Generates its schema.
    pub fn schema(self) -> Value {
        let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
        let mut schema = (self.of)(&mut generator);
        schema.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
        schema.insert("title".into(), json!(self.title));
        schema.insert("description".into(), json!(self.description));
        schema.insert("$defs".into(), Value::Object(generator.take_definitions(true)));
        close::close(schema.to_value())
    }
}

fn root<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    T::json_schema(generator)
}

fn report_line(generator: &mut SchemaGenerator) -> Schema {
    let mut summary = without_lists(Report::json_schema(generator)).to_value();
    let sections = [
        ("outages", report::Outages::json_schema(generator)),
        ("incidents", report::Incidents::json_schema(generator)),
        ("refusals", report::Refusals::json_schema(generator)),
        ("slow", report::SlowStretches::json_schema(generator)),
        ("vantage", VantagePoints::json_schema(generator)),
    ];
    for (name, section) in sections {
        summary["properties"][name] = without_lists(section).to_value();
    }
    let lines = [
        Line::json_schema(generator).to_value(),
        record("summary", summary),
        record("run", report::Run::json_schema(generator)),
        record("incident", report::IncidentRow::json_schema(generator)),
        record("vantage_incident", VantageIncident::json_schema(generator)),
        record("fault", FaultRow::json_schema(generator)),
        record("outage", report::OutageRow::json_schema(generator)),
        record("connection", ConnectionRow::json_schema(generator)),
        record("interval", report::IntervalRow::json_schema(generator)),
        record("regularity", report::RegularityRow::json_schema(generator)),
        record("slow_stretch", report::OutageRow::json_schema(generator)),
        record("refusal", report::RefusalRow::json_schema(generator)),
        record("error", ErrorRow::json_schema(generator)),
        record("state", StateRow::json_schema(generator)),
        record("gate", report::GateResult::json_schema(generator)),
        record("finding", report::Finding::json_schema(generator)),
        record("note", NoteRow::json_schema(generator)),
    ];
    json_schema!({ "oneOf": lines })
}

fn trace_line(generator: &mut SchemaGenerator) -> Schema {
    let lines = [
        Line::json_schema(generator).to_value(),
        record("summary", without_lists(TraceReport::json_schema(generator))),
        record("finding", CheckFinding::json_schema(generator)),
        record("gate", report::GateResult::json_schema(generator)),
        record("connection", TracedConnection::json_schema(generator)),
        record("ended", EndedRow::json_schema(generator)),
        record("attempts", AttemptsRow::json_schema(generator)),
        record("note", note()),
    ];
    json_schema!({ "oneOf": lines })
}

/// A remark, which is a text alone.
fn note() -> Schema {
    let text = json!({ "type": "string", "description": "Text of the remark, one sentence." });
    json_schema!({ "type": "object", "properties": { "text": text }, "required": ["text"] })
}

fn idle_line(generator: &mut SchemaGenerator) -> Schema {
    let lines = [
        EventLine::json_schema(generator).to_value(),
        record("summary", without_lists(IdleReport::json_schema(generator))),
        record("suspect", Suspect::json_schema(generator)),
        record("note", note()),
        record("silence", Silence::json_schema(generator)),
    ];
    json_schema!({ "oneOf": lines })
}

/// A record with its `type`, as `formats::ndjson` writes it.
fn record(kind: &str, schema: impl Into<Value>) -> Value {
    let mut schema: Value = schema.into();
    schema["properties"]["type"] = json!({ "const": kind });
    if let Some(required) = schema["required"].as_array_mut() {
        required.push(json!("type"));
    }
    schema
}

/// A result as `formats::ndjson` writes it.
fn without_lists(mut schema: Schema) -> Schema {
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return schema };
    properties.retain(|_, property| property["type"] != "array");
    let left: Vec<Value> = properties.keys().map(|name| json!(name)).collect();
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| left.contains(name));
    }
    schema
}

#[cfg(test)]
pub(super) mod tests;
