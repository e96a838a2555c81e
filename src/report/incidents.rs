//! The incidents of a report: connections that were lost together, with the cause of most of their outages.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::sections::end_of;
use crate::{
    clock::Seconds,
    diagnose::{Cause, Confidence, Diagnosis},
    record::{Figures, Id, Incident, Outage},
};

/// The incidents of a report.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Incidents {
    /// Number of incidents.
    pub count: u64,
    /// Incidents in order: the first 200, the last 100 and the longest 20 in between.
    pub rows: Vec<IncidentRow>,
    /// Number of incidents missing from that list.
    pub omitted: u64,
}

/// One incident of a report.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct IncidentRow {
    /// Recorded facts.
    #[serde(flatten)]
    pub incident: Incident,
    /// Time from the first loss to the last recovery, or to the end of the run, in seconds.
    #[schemars(with = "Seconds")]
    pub duration: f64,
    /// Cause of most of its outages; null if none of them is listed.
    pub cause: Option<CauseOf>,
}

/// The cause of an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct CauseOf {
    /// The cause.
    pub cause: Cause,
    /// The confidence.
    pub confidence: Confidence,
    /// The code of the cause, for `redis-doctor explain`.
    #[schemars(regex(pattern = r"^RD[0-9]{3}$"))]
    pub code: &'static str,
    /// Id of the outage with the most evidence for it; its row has the evidence and the remedy.
    pub outage: Id,
    /// Number of listed outages of the incident with another cause.
    pub other_causes: u64,
}

impl Incidents {
    pub(super) fn new(figures: &Figures, diagnoses: &[Diagnosis]) -> Self {
        let mut members: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (outage, diagnosis) in figures.outages.kept.iter().zip(diagnoses) {
            members.entry((outage.run, outage.incident)).or_default().push((outage, diagnosis));
        }
        let row = |incident: &Incident| {
            let ended = incident.ended_at.unwrap_or_else(|| end_of(figures, incident.run));
            IncidentRow {
                duration: ended.since(incident.began_at).as_secs_f64(),
                cause: members.get(&(incident.run, incident.id)).and_then(|members| cause_of(members)),
                incident: incident.clone(),
            }
        };
        Self {
            count: figures.incidents.total,
            rows: figures.incidents.kept.iter().map(row).collect(),
            omitted: figures.incidents.omitted(),
        }
    }
}

/// Returns the most frequent cause; of two, the one with the higher confidence.
fn cause_of(members: &[(&Outage, &Diagnosis)]) -> Option<CauseOf> {
    let alike = |cause: Cause| members.iter().filter(move |(_, diagnosis)| diagnosis.cause == cause);
    let (outage, best) = members.iter().max_by_key(|(outage, diagnosis)| {
        let count = alike(diagnosis.cause).count();
        let known = diagnosis.cause != Cause::Unknown;
        let missing = std::cmp::Reverse(diagnosis.missing.len());
        (known, count, diagnosis.confidence, diagnosis.evidence_for.len(), missing, std::cmp::Reverse(outage.id))
    })?;
    Some(CauseOf {
        cause: best.cause,
        confidence: best.confidence,
        code: best.code,
        outage: outage.id,
        other_causes: (members.len() - alike(best.cause).count()) as u64,
    })
}
