//! The result of the drill of an application.

use std::{fmt, path::PathBuf, time::Duration};

use schemars::JsonSchema;
use serde::Serialize;
use strum::{Display, VariantArray};

use crate::{
    clock::{OptionalSeconds, Seconds},
    event::{Ended, FlowRole, RanTwice, Undelivered},
    fault::{Case, FaultSchedule},
    foreign::Foreign,
};

/// The result of the drill of an application.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Survival {
    /// The application before the faults of the first case in which it was healthy; null if it never was.
    pub application: Option<Healthy>,
    /// Number of cases that it survived.
    pub survived: usize,
    /// The cases, in order.
    pub cases: Vec<SurvivalCase>,
}

/// An application before the faults.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Healthy {
    /// Libraries and versions that its clients name.
    pub clients: Vec<Foreign>,
    /// Roles of its connections.
    pub roles: Vec<HealthyRole>,
    /// Commands a second.
    pub rate: f64,
    /// Time within which 99 % of the commands were answered; null if none was timed.
    #[serde(with = "OptionalSeconds")]
    pub p99: Option<Duration>,
}

/// A role of connections before the faults.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct HealthyRole {
    /// Use of the connections.
    pub role: FlowRole,
    /// Number of open connections.
    pub connections: usize,
    /// Names of the commands that were answered.
    pub commands: Vec<Foreign>,
}

/// An application under one case.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct SurvivalCase {
    /// Name of the case, or the fault as it was written.
    pub case: String,
    /// The faults; they begin when the application is healthy.
    pub faults: Vec<FaultSchedule>,
    /// Outcome for the application: the worst of all that happened.
    pub outcome: SurvivalOutcome,
    /// True if the application was seen to work after the faults, without help and without wrong results.
    pub survived: bool,
    /// Evidence for the outcome; null if it survived.
    pub why: Option<String>,
    /// Roles of its connections; empty if it was not watched to the end.
    pub roles: Vec<RoleResult>,
    /// Commands that ran twice: the first thousand.
    pub ran_twice: Vec<RanTwice>,
    /// Number of all of them.
    pub ran_twice_count: u64,
    /// Commands that probably ran twice: the application also repeats them on purpose, only never as soon.
    pub ran_twice_probably: Vec<RanTwice>,
    /// Elements that the server removed and the application did not receive: the first thousand.
    pub elements_lost: Vec<Undelivered>,
    /// Number of all of them.
    pub elements_lost_count: u64,
    /// Locks that the server granted and the application does not know of.
    pub locks_orphaned: u64,
    /// Reads of a consumer group whose entries stay pending.
    pub left_pending: u64,
    /// Writes of which the application does not know if they ran.
    pub outcome_unknown: u64,
    /// Error replies after the faults had begun.
    pub errors: u64,
    /// End of the application; null if it was running at the end.
    pub ended: Option<Ended>,
    /// Ids of a process that ended after the faults had begun, and of the one that took its place; null if none did.
    pub restarted: Option<(u32, u32)>,
    /// Duration of the case.
    #[serde(with = "Seconds")]
    pub lasted: Duration,
    /// The application before the faults; null if it never was healthy.
    pub healthy: Option<Healthy>,
    /// File with the output of the application; null if redis-doctor did not start it.
    pub log: Option<PathBuf>,
}

/// The outcome for an application under a case; the worst is the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Display, VariantArray, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub(crate) enum SurvivalOutcome {
    /// It worked after the faults, and no error was seen.
    Survived,
    /// It worked after the faults, after error replies or commands of unknown outcome.
    Errors,
    /// It was not seen to work after the faults, or the faults had no effect on it.
    Unproven,
    /// It worked after the faults because its supervisor started it again.
    Restarted,
    /// Its health check failed after the faults.
    Unhealthy,
    /// A role heard nothing while new connections would have worked.
    Deaf,
    /// A command ran twice, or probably did, or an element or a lock was lost.
    Wrong,
    /// A role was not back at the end.
    Down,
    /// A role was not subscribed to all its channels at the end.
    SubscriptionLost,
    /// It ended.
    Died,
    /// The case could not run.
    NotRun,
}

/// A role of connections under a case.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct RoleResult {
    /// Use of the connections.
    pub role: FlowRole,
    /// Outcome for the role.
    pub outcome: RoleOutcome,
    /// Duration of the longest outage that was over; null if there was none.
    #[serde(with = "OptionalSeconds")]
    pub after: Option<Duration>,
    /// Connections that were opened in the outages.
    pub attempts: u64,
    /// Evidence for the outcome; null if it worked.
    pub why: Option<String>,
}

/// The outcome for a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub(crate) enum RoleOutcome {
    /// It had no outage.
    Untouched,
    /// It was lost, or silent, and came back.
    Back,
    /// It was not seen to work after the faults.
    Unproven,
    /// It heard nothing while new connections would have worked.
    Deaf,
    /// It was not back at the end.
    Down,
    /// It was not subscribed to all its channels at the end.
    SubscriptionLost,
}

impl Survival {
    pub(super) fn new(cases: Vec<SurvivalCase>) -> Self {
        Self {
            application: cases.iter().find_map(|case| case.healthy.clone()),
            survived: cases.iter().filter(|case| case.survived).count(),
            cases,
        }
    }
}

/// Formats as one line of progress.
impl fmt::Display for SurvivalCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.case, self.outcome)
    }
}

impl SurvivalOutcome {
    /// Returns true if the application worked after the faults, without help and without wrong results.
    pub(crate) fn survived(self) -> bool {
        matches!(self, Self::Survived | Self::Errors)
    }
}

impl SurvivalCase {
    /// Returns a case that could not run.
    pub(crate) fn not_run(case: &Case, why: impl Into<String>) -> Self {
        Self {
            case: case.name.clone(),
            faults: case.faults.clone(),
            outcome: SurvivalOutcome::NotRun,
            survived: false,
            why: Some(why.into()),
            roles: Vec::new(),
            ran_twice: Vec::new(),
            ran_twice_count: 0,
            ran_twice_probably: Vec::new(),
            elements_lost: Vec::new(),
            elements_lost_count: 0,
            locks_orphaned: 0,
            left_pending: 0,
            outcome_unknown: 0,
            errors: 0,
            ended: None,
            restarted: None,
            lasted: Duration::ZERO,
            healthy: None,
            log: None,
        }
    }

    /// Returns the writes of unknown outcome of which nothing more is known.
    pub(crate) fn in_doubt(&self) -> u64 {
        let twice = self.ran_twice_count + self.ran_twice_probably.len() as u64;
        let known = twice + self.elements_lost_count + self.locks_orphaned + self.left_pending;
        self.outcome_unknown.saturating_sub(known)
    }
}
