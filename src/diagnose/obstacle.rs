//! The obstacle that kept a client out after the loss: it may have nothing to do with what ended the connection.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::{advice, causes::Cause, facts::Facts};
use crate::{
    classify::{ErrorClass, Failure},
    clock::Stamp,
};

/// A shorter obstacle prolonged no outage worth a word.
const NOTICEABLE: Duration = Duration::from_secs(1);

/// An obstacle to a new connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Obstacle {
    /// The class of the failure, as in the table of errors.
    pub name: ErrorClass,
    /// The code of that class, for `redis-doctor explain`.
    pub code: &'static str,
    /// The failure of an independent connection attempt.
    pub text: String,
    /// The remedy, in one sentence.
    pub remedy: String,
    /// Start: the loss, or the first attempt that failed like this.
    pub from: Stamp,
    /// End: the first attempt that succeeded or failed in another way; the last event of the run if none did.
    pub to: Stamp,
}

/// Returns the obstacle that lasted longest, unless it follows from the cause.
pub(super) fn of(facts: &Facts<'_>, cause: Cause) -> Option<Obstacle> {
    let spans = facts.path_failures();
    let own = spans.into_iter().filter(|(failure, ..)| !cause.def().implies.contains(&failure.key.class));
    let (failure, from, to) = own.max_by_key(|(_, from, to)| to.since(*from))?;
    (to.since(from) >= NOTICEABLE).then(|| Obstacle {
        name: failure.key.class,
        code: failure.key.code(),
        text: failure.to_string(),
        remedy: remedy(failure, facts),
        from,
        to,
    })
}

fn remedy(failure: &Failure, facts: &Facts<'_>) -> String {
    let advice = facts.plan.and_then(|plan| advice::on_connecting(failure, plan.target));
    advice.unwrap_or_else(|| format!("see `redis-doctor explain {}`", failure.key.code()))
}
