//! The preflight of a run: a separate connection that shows whether the server can be reached and what it understands.

use std::time::Duration;

use super::run::Run;
use crate::{
    classify::{ErrorClass, Failure, Stage},
    clock::{Clock, Stamp, within},
    dial::{Attempt, Dialect, Nonce, RespStream, Route},
    event::{EventKind, ServerIdentity, StopReason},
    plan::{Plan, SubscriptionPlan},
    session::{NotStarted, Sessions},
    units::span,
};

/// Time limit of the check for a server behind a proxy.
const BACKEND_LIMIT: Duration = Duration::from_secs(1);

/// Upper limit of the preflight's timeout, whatever the policy's connect timeout.
pub(super) const LIMIT: Duration = Duration::from_secs(5);

/// Time beyond the run's own duration in which its first connection may come up, or show why it does not.
pub(super) const GRACE: Duration = Duration::from_secs(1);

impl Run<'_> {
    /// Checks that the server is reachable, on a separate connection, which it returns.
    ///
    /// # Errors
    /// Returns why the run must end: the server is unreachable, or the user stopped the run.
    pub(super) async fn check_path(&mut self, path: &Route) -> Result<(Attempt, RespStream), StopReason> {
        let mut stopped = None;
        let stop = async { stopped = Some(self.stop_request().await) };
        // On a stop, the stages completed so far are reported.
        let (attempt, stream) = path.open_unless(stop).await;
        self.event(EventKind::PathProbed(attempt.probed.clone()));
        match (stopped, stream) {
            (Some(reason), _) => Err(reason),
            (None, None) => Err(StopReason::Unreachable),
            (None, Some(stream)) => Ok((attempt, stream)),
        }
    }

    /// Shows why no Sentinel answered: the path to the first of them.
    pub(super) async fn no_sentinel(&mut self, plan: &Plan) -> StopReason {
        let path = Route::new(plan.target.clone(), plan.protocol, LIMIT, self.clock).with_ping(false);
        let _ = self.check_path(&path).await;
        let count = plan.sentinels.as_ref().map_or(0, |sentinels| sentinels.sentinels.len());
        self.note(format!("none of the Sentinels answered ({count} asked): no primary is known"));
        self.finish(StopReason::Unreachable)
    }

    /// Checks that the server is reachable, and finds out what it understands. The plan loses its subscription if it is
    /// optional and impossible.
    ///
    /// # Errors
    /// Returns why the run must end.
    pub(super) async fn survey_path(&mut self, path: &Route, plan: &mut Plan) -> Result<Dialect, StopReason> {
        let (attempt, stream) = self.check_path(path).await?;
        let commands = plan.subscription.as_ref().map(SubscriptionPlan::commands).unwrap_or_default();
        let learning = path.learn(&attempt, stream, &commands);
        let (clock, end) = (self.clock, start_limit(plan).map(|limit| Stamp::START.after(limit)));
        let (dialect, no_pubsub) = tokio::select! {
            learned = learning => learned,
            reason = self.stop_request() => return Err(reason),
            () = clock.sleep_until(end.unwrap_or_default()), if end.is_some() => {
                self.failed(&not_in_time(plan.stop.duration.unwrap_or_default()));
                return Err(StopReason::Unreachable);
            }
        };
        if let Some(proxy) = dialect.proxy {
            let server = ServerIdentity { proxy: Some(proxy), ..attempt.server };
            let who = server.introduction().unwrap_or_default();
            let refused = match (&attempt.hello_refused, &attempt.info_refused) {
                (Some(failure), _) if failure.key.class.is_hang_up() => {
                    "it closes the connection after HELLO".to_owned()
                }
                (Some(failure), _) => format!("HELLO is answered with: {failure}"),
                (None, Some(failure)) if failure.key.class.is_hang_up() => {
                    "it closes the connection after INFO".to_owned()
                }
                (None, Some(failure)) => format!("INFO is answered with: {failure}"),
                (None, None) => "its replies to PING or INFO are not those of a server".to_owned(),
            };
            let hidden = if server.product.is_none() { "; what is behind it is not visible" } else { "" };
            self.note(format!("connected to {who}: {refused}{hidden}"));
        }
        if let Some(remark) = dialect.nonce.remark().filter(|_| plan.pings() || plan.policy.watchdog.is_some()) {
            self.note(remark.to_owned());
        }
        if dialect.nonce != Nonce::Ping
            && let Some(Some(failure)) = within(BACKEND_LIMIT, backend_failure(path, dialect)).await
        {
            self.note(format!("the proxy answers PING, but not GET: no server behind it may be up ({failure})"));
        }
        if let Some(failure) = no_pubsub {
            if !plan.subscription.as_ref().is_some_and(|subscription| subscription.optional) {
                self.failed(&failure);
                return Err(StopReason::Unreachable);
            }
            let why = format!("{failure}: the run continues without the pubsub part of the default workload");
            self.event(EventKind::SubscriptionDropped { why: why.into() });
            plan.subscription = None;
        }
        Ok(dialect)
    }
}

/// Returns the time that the preflight may take: that of the run, but never less than a second.
pub(super) fn limit(plan: &Plan) -> Duration {
    plan.stop.duration.map_or(Duration::MAX, |duration| duration.max(GRACE))
}

/// Returns the time that a run has for its first connection, counted from its start.
pub(super) fn start_limit(plan: &Plan) -> Option<Duration> {
    plan.stop.duration.map(|duration| duration + GRACE)
}

/// Returns the failure of a run that ended before its first connection was up.
pub(super) fn not_in_time(duration: Duration) -> Failure {
    let text = format!("the server did not answer within the {} of the run", span(duration));
    Failure::doctor(ErrorClass::ConnectTimeout, Stage::Connect, text)
}

/// Returns the failure of a GET through a proxy, if there is one.
async fn backend_failure(path: &Route, dialect: Dialect) -> Option<Failure> {
    let (_, mut stream) = path.speaking(dialect).connect().await.ok()?;
    stream.reach_backend().await.err()
}

/// Waits for the sessions until the run's own end: there may be a server that accepts and confirms nothing.
pub(super) async fn started_within(
    limit: Option<Duration>,
    clock: Clock,
    start: impl Future<Output = Result<Sessions, NotStarted>>,
) -> Result<Sessions, NotStarted> {
    let Some(limit) = limit else { return start.await };
    let left = limit.saturating_sub(clock.now().elapsed());
    within(left, start).await.unwrap_or_else(|| Err(not_in_time(limit.saturating_sub(GRACE)).into()))
}
