//! The checkups of several servers, worst first.

use std::cmp::Reverse;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Checkup, SCHEMA_VERSION};
use crate::{
    foreign::Foreign,
    plan::RejectedLine,
    verdict::{Severity, Verdict},
};

/// The checkups of several servers.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ScopeCheckup {
    /// Version of this JSON.
    #[schemars(extend("const" = SCHEMA_VERSION))]
    pub schema_version: u32,
    /// Version of redis-doctor.
    pub version: String,
    /// Verdict of the worst server.
    pub verdict: Verdict,
    /// Lines of the list of targets that could not be read.
    pub rejected: Vec<RejectedLine>,
    /// Checkups, worst first.
    pub targets: Vec<TargetCheckup>,
}

/// The checkup of one of several servers.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct TargetCheckup {
    /// Name of the server in the list, or `host:port`.
    pub label: Foreign,
    /// Its own checkup.
    #[serde(flatten)]
    pub checkup: Checkup,
}

impl ScopeCheckup {
    /// Puts the worst first; servers with the same verdict stay in the order of the list.
    pub(crate) fn new(mut targets: Vec<TargetCheckup>, rejected: Vec<RejectedLine>) -> Self {
        targets.sort_by_key(|TargetCheckup { checkup, .. }| {
            let problems = checkup.findings.iter().filter(|finding| finding.severity > Severity::Info).count();
            Reverse((checkup.verdict, problems))
        });
        Self {
            schema_version: SCHEMA_VERSION,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            verdict: targets.iter().map(|target| target.checkup.verdict).max().unwrap_or(Verdict::Healthy),
            rejected,
            targets,
        }
    }
}
