//! A finding, and the list that the rules of the verdict fill.

use schemars::JsonSchema;
use serde::Serialize;

use crate::verdict::Severity;

/// A problem of the connection, or a remark for the reader.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Finding {
    /// Severity of the finding. The worst one decides the verdict.
    pub severity: Severity,
    /// Code for `redis-doctor explain`; null if there is no entry.
    #[schemars(regex(pattern = r"^RD[0-9]{3}$"))]
    pub code: Option<&'static str>,
    /// Text of the finding, one sentence.
    pub text: String,
}

/// The findings so far.
pub(super) struct List(pub(super) Vec<Finding>);

impl List {
    pub(super) fn push(&mut self, severity: Severity, text: impl Into<String>) {
        self.push_coded(severity, None, text);
    }

    pub(super) fn push_coded(&mut self, severity: Severity, code: Option<&'static str>, text: impl Into<String>) {
        self.0.push(Finding { severity, code, text: text.into() });
    }

    pub(super) fn critical(&mut self, text: impl Into<String>) {
        self.push(Severity::Critical, text);
    }

    pub(super) fn warning(&mut self, text: impl Into<String>) {
        self.push(Severity::Warning, text);
    }

    pub(super) fn info(&mut self, text: impl Into<String>) {
        self.push(Severity::Info, text);
    }

    /// Adds a finding about a number of things, unless it is 0.
    pub(super) fn count(&mut self, severity: Severity, count: u64, one: &str, many: &str) {
        self.count_coded(severity, None, count, (one, many));
    }

    /// [`Self::count`], with a code.
    pub(super) fn count_coded(
        &mut self,
        severity: Severity,
        code: Option<&'static str>,
        count: u64,
        words: (&str, &str),
    ) {
        match count {
            0 => {}
            1 => self.push_coded(severity, code, format!("1 {}", words.0)),
            _ => self.push_coded(severity, code, format!("{count} {}", words.1)),
        }
    }
}
