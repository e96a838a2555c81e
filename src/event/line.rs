//! A line of a journal: an event with the id of its run.

use schemars::JsonSchema;
use serde::Serialize;

use super::Event;

/// A line of a journal.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Line<'a> {
    /// Id of the run, the `run_id` of its `run_started`: it separates runs whose lines are mixed. Events of `proxy`
    /// have none.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub run: &'a str,
    /// True if the line repeats an earlier one at the beginning of a further file of the same journal, which can so be
    /// read on its own.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend("const" = true))]
    pub copy: bool,
    /// The event.
    #[serde(flatten)]
    pub event: &'a Event,
}
