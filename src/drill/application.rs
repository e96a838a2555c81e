//! The drill of an application: each case injects its faults between the application and the server, and watches if the
//! application survives.
//!
//! Each case has a proxy, and a new process of the application unless it runs already. The director waits until the
//! application is healthy, begins the faults, and watches until it is back or its time has passed. The judgment is made
//! from what the proxy observed on the wire: an application is taken for a survivor only if it was seen to work after the
//! faults.

mod director;
mod judgment;
mod survival;

use std::{
    cell::Cell, cmp::Reverse, collections::BTreeMap, fs, path::PathBuf, pin::pin, rc::Rc, sync::Arc, time::Duration,
};

use futures_util::{StreamExt, stream};
use tokio::sync::{mpsc, oneshot};

pub(crate) use self::survival::{
    Healthy, HealthyRole, RoleOutcome, RoleResult, Survival, SurvivalCase, SurvivalOutcome,
};
use self::{
    director::{Director, Phase},
    judgment::Observed,
};
use super::Discard;
use crate::{
    clock::Clock,
    engine::{self, ApplicationError, RunIo},
    event::{Event, EventKind, EventSink, Interval, StopReason},
    fault::Case,
    plan::{Application, Orders, Plan, Subject, Target, TlsIdentity, Trust},
    proxy::ProxyHandle,
    record::Recorder,
    tls::Authority,
};

/// Name of the file with the certificate of the authority.
pub(crate) const AUTHORITY: &str = "ca.pem";

/// The parameters of the drill of an application.
#[derive(Clone, Debug)]
pub(crate) struct ApplicationDrill {
    /// The server behind the proxies.
    pub target: Target,
    /// The faults.
    pub cases: Vec<Case>,
    /// The application.
    pub subject: Subject,
    /// Cases that run at the same time.
    pub jobs: usize,
    /// Folder of the application's output.
    pub logs: Option<PathBuf>,
    /// Folder of the files that the application trusts, if the proxies speak TLS to it.
    pub trusted: Option<PathBuf>,
    /// The seed of all randomness.
    pub seed: u64,
}

impl ApplicationDrill {
    /// Runs every case, or as many as end before `stop` does; `done` hears of each as it ends.
    ///
    /// # Errors
    /// If a proxy cannot listen, or the application cannot be started.
    pub(crate) async fn run(
        &self,
        stop: impl Future<Output = ()>,
        mut done: impl FnMut(&SurvivalCase),
    ) -> Result<Survival, ApplicationError> {
        let (subject, identity) = self.secured()?;
        let mut order: Vec<_> = self.cases.iter().enumerate().collect();
        if self.jobs > 1 {
            // The longest must not be the last to begin.
            order.sort_by_key(|(_, case)| Reverse(director::longest(case)));
        }
        let secured = (&subject, identity.as_ref());
        let running = order.into_iter().map(|(index, case)| async move {
            self.case(case, secured, self.seed.wrapping_add(index as u64)).await.map(|ended| (index, ended))
        });
        let mut running = pin!(stream::iter(running).buffer_unordered(self.jobs).take_until(stop));
        let mut ended = BTreeMap::new();
        while let Some(case) = running.next().await {
            let (index, case) = case?;
            done(&case);
            ended.insert(index, case);
        }
        let cut_short = |case: &Case| SurvivalCase::not_run(case, "the drill ended before this case");
        let all = self.cases.iter().enumerate();
        let all = all.map(|(index, case)| ended.remove(&index).unwrap_or_else(|| cut_short(case)));
        Ok(Survival::new(all.collect()))
    }

    /// The least time that the whole drill takes.
    pub(crate) fn estimate(&self) -> Duration {
        let together: Duration = self.cases.iter().map(director::shortest).sum();
        let longest = self.cases.iter().map(director::shortest).max().unwrap_or_default();
        longest.max(together / u32::try_from(self.jobs).unwrap_or(u32::MAX))
    }

    /// Returns the application and the certificate of its proxies. All have one authority, which it trusts.
    fn secured(&self) -> Result<(Subject, Option<TlsIdentity>), ApplicationError> {
        let Some(folder) = &self.trusted else { return Ok((self.subject.clone(), None)) };
        let issued = Authority::create(self.subject.listen, Clock::start())?;
        // The application may have another working directory.
        let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.clone());
        let write = |name: &str, content: &[u8]| {
            let path = folder.join(name);
            let written = fs::write(&path, content);
            written.map(|()| path.clone()).map_err(|source| ApplicationError::Authority { path, source })
        };
        let authority = write(AUTHORITY, &issued.certificate)?;
        let roots = write("roots.pem", &issued.with_system())?;
        let subject = Subject { trust: Some(Trust { authority, roots }), ..self.subject.clone() };
        Ok((subject, Some(issued.identity)))
    }

    async fn case(
        &self,
        case: &Case,
        (subject, identity): (&Subject, Option<&TlsIdentity>),
        seed: u64,
    ) -> Result<SurvivalCase, ApplicationError> {
        let clock = Clock::start();
        let (controls, control) = mpsc::unbounded_channel();
        let (listens, listening) = oneshot::channel();
        let phase = Rc::new(Cell::new(Phase::Starting));
        let log = self.logs.as_ref().map(|logs| logs.join(file_name(case)));
        let launch = subject.command.as_ref().map(|command| subject.launch(command, log.as_deref()));
        let (identity, orders) = (identity.cloned(), Orders::Nobody);
        let application = Application { listen: subject.listen, launch, orders, identity, held: true };
        // The cause is known.
        let plan = Plan {
            evidence: false,
            ..Plan::of_application(self.target.clone(), application.clone(), case.faults.clone(), seed)
        };
        let mut witness = Witness {
            phase: Rc::clone(&phase),
            recorder: Recorder::default(),
            healthy: Interval::default(),
            errors: 0,
        };
        let mut director = Director::new((case, subject, log.clone()), (clock, phase, controls));
        let io = RunIo { clock, sink: &mut witness, messages: Arc::new(Discard), control };
        let on_proxy = |proxy: &ProxyHandle| _ = listens.send(proxy.clone());
        {
            let mut observing = Box::pin(engine::observe(plan, application, (io, None), on_proxy));
            let mut directing = Box::pin(director.run(listening, &self.target));
            // The figures have the reason, too.
            let _: StopReason = tokio::select! {
                reason = &mut observing => reason?,
                () = &mut directing => observing.await?,
            };
        }
        let Witness { recorder, healthy, errors, .. } = witness;
        let figures = recorder.figures();
        let observed = Observed { figures: &figures, healthy: &healthy, errors, story: &director.story };
        Ok(SurvivalCase { log, ..judgment::judge(case, &observed) })
    }
}

/// Returns the name of the file for the output of an application in a case.
fn file_name(case: &Case) -> String {
    let plain = |char: char| if char.is_ascii_alphanumeric() || "-_.".contains(char) { char } else { '_' };
    let name: String = case.name.chars().map(plain).take(100).collect();
    format!("{name}.log")
}

/// Receives the events of a case.
struct Witness {
    phase: Rc<Cell<Phase>>,
    recorder: Recorder,
    /// The time before the faults.
    healthy: Interval,
    /// Error replies since then.
    errors: u64,
}

impl EventSink for Witness {
    fn on_event(&mut self, event: &Event) {
        if let EventKind::Interval(interval) = &event.kind {
            match self.phase.get() {
                Phase::Starting => {}
                Phase::Healthy => self.healthy.extend(interval),
                Phase::Faulty => self.errors += interval.counters.failed,
            }
        }
        self.recorder.on_event(event);
    }
}
