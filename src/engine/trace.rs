//! The run of a trace: it makes no connection, and watches those of others.

use super::{RunIo, run_id, started};
use crate::{
    event::{EventKind, StopReason},
    plan::Plan,
    trace::{self, Output, TraceError, TracePlan, TraceScope},
};

/// Runs the plan of a trace to its end, and returns why it ended.
///
/// # Errors
/// The kernel has no socket diagnostics, or forbids them.
pub(crate) async fn trace(plan: Plan, scope: TraceScope, io: RunIo<'_>) -> Result<StopReason, TraceError> {
    let RunIo { clock, sink, control, .. } = io;
    let mut output = Output::new(clock, sink);
    output.send(clock.now(), started(&plan, &run_id(plan.seed)));
    let watch = plan.trace.as_ref().is_some_and(|trace| trace.watch);
    let trace = TracePlan { scope, watch, duration: plan.stop.duration };
    let reason = trace::run(&trace, clock, control, &mut output).await?;
    output.send(clock.now(), EventKind::RunFinished { reason });
    Ok(reason)
}
