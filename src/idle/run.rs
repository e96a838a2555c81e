//! One run of `idle`: survey the server, search for the limit, and check that the same server still answers.

use std::{io, pin::Pin, sync::Arc, time::Duration};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::{Cloud, IdleReport, Progress, Search, SearchContext, ServerSummary, Steps, probe::IdleProbe};
use crate::{
    classify::Failure,
    clock::{Clock, Stamp},
    event::Control,
    fault::FaultSchedule,
    plan::{Protocol, Target},
    proxy::Proxy,
};

/// Interval at which the observer can update what it shows.
const TICK: Duration = Duration::from_millis(500);

/// Timeout of opening one connection.
const OPENING: Duration = Duration::from_secs(5);

/// A search for an idle limit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct IdlePlan {
    pub(crate) target: Target,
    pub(crate) protocol: Protocol,
    /// The silences of the first round.
    pub(crate) steps: Steps,
    /// The longest limit to search for.
    pub(crate) max: Duration,
    /// The cloud whose common limits are searched closely.
    pub(crate) profile: Option<Cloud>,
    /// The required precision of the limit.
    pub(crate) resolution: Option<Duration>,
    /// Timeout of the PING after a silence.
    pub(crate) timeout: Duration,
    /// Time limit of the whole search.
    pub(crate) deadline: Option<Duration>,
    /// The silence that a connection must survive.
    pub(crate) must_survive: Option<Duration>,
    pub(crate) faults: Vec<FaultSchedule>,
    /// Seed of all randomness of the faults.
    pub(crate) seed: u64,
}

/// An observer of a search in progress.
pub(crate) trait SearchObserver {
    /// The server was reached, and the search begins.
    fn on_begin(&self, target: &Target, server: &ServerSummary);
    /// A round began, or a silence ended.
    fn on_progress(&self, now: Stamp, progress: Progress);
    /// The server admits too few clients for the requested connections.
    fn on_fewer_steps(&self, free: u64, requested: usize, used: usize);
    /// The user wants interim figures.
    fn on_interim(&self, now: Stamp);
    /// Some time has passed.
    fn on_tick(&self, now: Stamp);
}

/// Runs a search to its end, or until its deadline, or until the user ends it.
///
/// # Errors
/// If the fault proxy cannot be started.
pub(crate) async fn run(
    plan: &IdlePlan,
    clock: Clock,
    control: UnboundedReceiver<Control>,
    observer: &dyn SearchObserver,
) -> io::Result<IdleReport> {
    let began = clock.now();
    // The server is surveyed directly: faults are not for these queries.
    let opening = opening(plan.deadline);
    let direct = IdleProbe::new(plan.target.clone(), plan.protocol, (opening, plan.timeout), clock);
    let mut target = plan.target.clone();
    let (events, _unread) = unbounded_channel();
    let proxy = Proxy::interpose(&mut target, &plan.faults, plan.seed, clock, events)?;
    let end = plan.deadline.map(|deadline| began.after(deadline));
    let mut user = User { control, observer, clock, end };
    let mut refused = None;
    let surveyed = user.unless_stopped(Box::pin(direct.survey())).await;
    let probe = Arc::new(IdleProbe::new(target, plan.protocol, (opening, plan.timeout), clock).speaking_like(&direct));
    let mut interrupted = surveyed.is_none();
    let mut server = surveyed.unwrap_or_else(|| Ok(ServerSummary::default())).map_err(|failure| with_stage(&failure));
    let steps = server.as_ref().map_or_else(|_| plan.steps.clone(), |server| affordable(&plan.steps, server, observer));
    let mut search = Search::new(&steps, plan.max, plan.profile, plan.resolution);
    let mut restarted = false;
    if let (Ok(before), false) = (&server, interrupted) {
        search.require(plan.must_survive);
        search.expect(before.timeout.filter(|timeout| !timeout.is_zero()));
        observer.on_begin(&plan.target, before);
        proxy.iter().for_each(|proxy| proxy.handle().begin());
        let running = probe.run(&mut search, &mut refused, |progress| observer.on_progress(clock.now(), progress));
        interrupted = user.unless_stopped(Box::pin(running)).await.is_none();
        let lost_some = refused.is_some() || search.silences().iter().any(|silence| silence.died());
        if !interrupted && lost_some {
            // A restart of the server would look like an idle limit.
            match user.unless_stopped(Box::pin(direct.survey())).await {
                None => interrupted = true,
                Some(Ok(after)) => restarted = after.run_id != before.run_id,
                Some(Err(failure)) => {
                    server = Err(format!("it could not be reached after the search: {}", with_stage(&failure)));
                }
            }
        }
    }
    let context = SearchContext {
        target: plan.target.to_string(),
        named_by: plan.target.named_by.clone(),
        started: clock.wall(began),
        lasted: clock.now().since(began),
        interrupted,
        server,
        refused,
        restarted,
        must_survive: plan.must_survive,
    };
    Ok(IdleReport::new(&search, context))
}

/// Returns the timeout of opening a connection. The first must fail before the deadline, or its failure would be lost.
fn opening(deadline: Option<Duration>) -> Duration {
    deadline.map_or(OPENING, |deadline| OPENING.min(deadline * 4 / 5))
}

fn with_stage(failure: &Failure) -> String {
    format!("{}: {failure}", failure.key.stage)
}

/// Returns as many steps as leave half of the server's free clients to others; a list is kept as it is.
fn affordable(steps: &Steps, server: &ServerSummary, observer: &dyn SearchObserver) -> Steps {
    match (steps, server.free_clients) {
        (Steps::Count(count), Some(free)) if *count as u64 > free / 2 => {
            let fewer = usize::try_from(free / 2).unwrap_or(*count).max(1);
            observer.on_fewer_steps(free, *count, fewer);
            Steps::Count(fewer)
        }
        _ => steps.clone(),
    }
}

/// The user, who may ask for interim figures or an end at any time.
struct User<'a> {
    control: UnboundedReceiver<Control>,
    observer: &'a dyn SearchObserver,
    clock: Clock,
    /// The deadline of the search.
    end: Option<Stamp>,
}

impl User<'_> {
    /// Waits for `work`; returns `None` if the user or the deadline ends the search first.
    async fn unless_stopped<T>(&mut self, mut work: Pin<Box<impl Future<Output = T>>>) -> Option<T> {
        loop {
            tokio::select! {
                done = &mut work => return Some(done),
                request = self.control.recv() => match request {
                    Some(Control::Interim) => self.observer.on_interim(self.clock.now()),
                    Some(Control::Stop(_)) | None => return None,
                },
                () = self.clock.sleep_until(self.end.unwrap_or_default()), if self.end.is_some() => return None,
                () = tokio::time::sleep(TICK) => self.observer.on_tick(self.clock.now()),
            }
        }
    }
}
