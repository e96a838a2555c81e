//! The course of a case: the application becomes healthy, the faults begin and end, and the application is watched.

use std::{cell::Cell, collections::BTreeSet, path::PathBuf, rc::Rc, time::Duration};

use rustix::process::{Pid, test_kill_process};
use tokio::sync::{mpsc, oneshot};

use crate::{
    clock::{Clock, Stamp, within},
    event::{Control, FlowRole, StopReason},
    fault::Case,
    kernel::SocketOwner,
    plan::{Subject, Target},
    proxy::{ProxyHandle, RoleView, View},
    supervise::Application,
};

/// Interval between two views of the application.
const TICK: Duration = Duration::from_millis(100);

/// Time for the first answered command, and for the first success of the health check.
const READY: Duration = Duration::from_secs(30);

/// Time in which nothing new may appear before an application is taken for healthy, and the limit on the wait for it.
const STEADY: Duration = Duration::from_millis(1500);
const UNSTEADY: Duration = Duration::from_secs(10);

/// Time for which the application is watched after the faults: at least, and at most until it is back.
const AFTERMATH: Duration = Duration::from_secs(4);
const PATIENCE: Duration = Duration::from_secs(20);

/// Time for which an application is watched while a fault lasts to the end.
const ENDLESS: Duration = Duration::from_secs(30);

/// Time for one run of the health check.
const CHECK: Duration = Duration::from_secs(10);

/// Number of commands of one name in the healthy phase that are a habit.
const REGULAR: u64 = 3;

/// Time without such a command after which it has stopped: at least, and as a multiple of the usual pause.
const RECENT: Duration = Duration::from_secs(1);
const PAUSES: u32 = 4;

/// Connections whose processes are looked for.
const OWNERS: usize = 32;

/// The phase of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Starting,
    Healthy,
    Faulty,
}

/// Everything about the course of a case that is not an event.
#[derive(Debug, Default)]
pub(super) struct Story {
    /// The reason why the faults could not begin.
    pub(super) problem: Option<String>,
    /// Time at which the first fault began; `None` if none did.
    pub(super) struck_at: Option<Stamp>,
    /// Time from which the application can work again.
    pub(super) healed: Stamp,
    /// The application at the start of the healthy phase, before the faults, and at the end.
    pub(super) base: View,
    pub(super) before: View,
    pub(super) after: View,
    /// True if the application was watched to the end.
    pub(super) complete: bool,
    /// The result of the health check at the end; `None` without one.
    pub(super) health: Option<Result<(), String>>,
    /// Processes that ended after the faults had begun, and those that took their place.
    pub(super) restarted: Option<(u32, u32)>,
}

/// Directs a case.
pub(super) struct Director<'a> {
    case: &'a Case,
    subject: &'a Subject,
    log: Option<PathBuf>,
    clock: Clock,
    phase: Rc<Cell<Phase>>,
    controls: mpsc::UnboundedSender<Control>,
    pub(super) story: Story,
}

/// Returns the least time that a case takes.
pub(super) fn shortest(case: &Case) -> Duration {
    STEADY + case.heals().map_or(case.begins() + ENDLESS, |heals| heals + AFTERMATH)
}

/// Returns the time of a case whose application is not back.
pub(super) fn longest(case: &Case) -> Duration {
    STEADY + case.heals().map_or(case.begins() + ENDLESS, |heals| heals + PATIENCE)
}

impl<'a> Director<'a> {
    pub(super) fn new(
        (case, subject, log): (&'a Case, &'a Subject, Option<PathBuf>),
        (clock, phase, controls): (Clock, Rc<Cell<Phase>>, mpsc::UnboundedSender<Control>),
    ) -> Self {
        Self { case, subject, log, clock, phase, controls, story: Story::default() }
    }

    /// Directs the case to its end, and then stops the run.
    pub(super) async fn run(&mut self, listening: oneshot::Receiver<ProxyHandle>, target: &Target) {
        // Without a proxy the run has ended.
        let Ok(proxy) = listening.await else { return };
        let url = target.url_through(proxy.addr(), self.subject.trust.is_some());
        let start =
            |command| Application::start(&self.subject.launch(command, self.log.as_deref()), proxy.addr(), url.given());
        let load = self.subject.load.as_ref().map(start).transpose();
        let result = match &load {
            Ok(_) => self.direct(&proxy, url.given()).await,
            Err(error) => Err(format!("--load: {error}")),
        };
        if let Err(problem) = result {
            self.story.problem = Some(problem);
        }
        // The run may have ended in this moment.
        let _ = self.controls.send(Control::Stop(StopReason::Duration));
    }

    async fn direct(&mut self, proxy: &ProxyHandle, url: &str) -> Result<(), String> {
        self.become_healthy(proxy, url).await?;
        self.story.base = proxy.view();
        self.phase.set(Phase::Healthy);
        proxy.begin();
        let began = self.clock.now();
        let owners = owners(&proxy.view(), proxy);
        let begins = began.after(self.case.begins());
        self.story.before = proxy.view();
        while self.clock.now().after(TICK) < begins {
            self.tick().await;
            self.story.before = proxy.view();
        }
        self.clock.sleep_until(begins).await;
        self.phase.set(Phase::Faulty);
        self.story.struck_at = Some(begins);
        // Where an old connection stays silent to the end, a new one works immediately.
        let heals = self.case.heals().map(|heals| began.after(heals));
        self.story.healed = heals.unwrap_or(begins);
        loop {
            self.tick().await;
            self.story.after = proxy.view();
            let now = self.clock.now();
            let over = match heals {
                Some(heals) if now < heals.after(AFTERMATH) => false,
                Some(heals) => now >= heals.after(PATIENCE) || self.is_back(),
                None => now >= begins.after(ENDLESS),
            };
            if over {
                break;
            }
        }
        self.story.health = self.check(proxy, url).await;
        self.story.restarted = self.restarted(&owners, proxy);
        self.story.after = proxy.view();
        self.story.complete = true;
        Ok(())
    }

    async fn tick(&self) {
        self.clock.sleep_until(self.clock.now().after(TICK)).await;
    }

    /// Waits until the first commands are answered, no new connections appear, and the health check succeeds.
    async fn become_healthy(&mut self, proxy: &ProxyHandle, url: &str) -> Result<(), String> {
        let limit = self.clock.now().after(READY);
        while !proxy.view().roles.iter().any(|role| role.works) {
            if self.clock.now() >= limit {
                return Err(format!("no command of the application was answered within {} s", READY.as_secs()));
            }
            self.tick().await;
        }
        let steady_by = self.clock.now().after(UNSTEADY);
        let (mut roles, mut flows, mut since) = (0, 0, self.clock.now());
        while self.clock.now().since(since) < STEADY && self.clock.now() < steady_by {
            self.tick().await;
            let view = proxy.view();
            // An application may open a connection for each command.
            if view.roles.len() > roles || view.flows.len() > flows {
                (roles, flows, since) = (view.roles.len(), view.flows.len(), self.clock.now());
            }
        }
        loop {
            match self.check(proxy, url).await {
                None | Some(Ok(())) => return Ok(()),
                Some(Err(why)) if self.clock.now() >= limit => {
                    return Err(format!("the health check did not succeed within {} s: {why}", READY.as_secs()));
                }
                Some(Err(_)) => self.tick().await,
            }
        }
    }

    /// Returns true if each role was seen to work after the faults.
    fn is_back(&self) -> bool {
        let story = &self.story;
        story.after.struck && story.before.roles.iter().all(|role| story.proves(role).is_ok())
    }

    /// Runs the health check; `None` without one.
    async fn check(&self, proxy: &ProxyHandle, url: &str) -> Option<Result<(), String>> {
        let launch = self.subject.launch(self.subject.health.as_ref()?, self.log.as_deref());
        let run = async {
            let mut check = Application::start(&launch, proxy.addr(), url).map_err(|error| error.to_string())?;
            let ended = within(CHECK, check.ended()).await;
            let status = ended.ok_or_else(|| format!("no result after {} s", CHECK.as_secs()))?;
            let status = status.map_err(|error| error.to_string())?;
            if status.success() { Ok(()) } else { Err(status.to_string()) }
        };
        Some(run.await)
    }

    /// Returns a process that has ended, and the one that took its place.
    fn restarted(&self, before: &BTreeSet<u32>, proxy: &ProxyHandle) -> Option<(u32, u32)> {
        let lives = |pid: u32| {
            let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
            pid.is_some_and(|pid| test_kill_process(pid).is_ok())
        };
        let ended = before.iter().find(|pid| !lives(**pid))?;
        let new = owners(&self.story.after, proxy).into_iter().find(|pid| !before.contains(pid))?;
        Some((*ended, new))
    }
}

impl Story {
    /// Checks that a role, which worked before the faults, was seen to work after them.
    ///
    /// # Errors
    /// The reason why it is not proven.
    pub(super) fn proves(&self, role: &RoleView) -> Result<(), String> {
        let Self { base, before, after, healed, .. } = self;
        let Some(now) = after.role(role.role).filter(|now| now.works) else { return Err("it is not back".to_owned()) };
        let window = before.at.since(base.at);
        for command in &role.answered {
            let earlier = base.role(role.role).into_iter().flat_map(|role| &role.answered);
            let earlier = earlier.filter(|earlier| earlier.name == command.name).map(|earlier| earlier.count).sum();
            let Some(count) = command.count.checked_sub(earlier).filter(|count| *count >= REGULAR) else { continue };
            // One that came regularly must come again, and not stop.
            let last = now.answered.iter().find(|now| now.name == command.name).map(|now| now.last);
            let Some(last) = last.filter(|last| last > healed) else {
                return Err(format!("no {} was answered after the faults", command.name));
            };
            let pause = window / u32::try_from(count).unwrap_or(u32::MAX);
            if after.at.since(last) > RECENT.max(pause * PAUSES) {
                let ago = after.at.since(last).as_secs_f64();
                return Err(format!("no {} was answered in the last {ago:.1} s", command.name));
            }
        }
        let listens = matches!(role.role, FlowRole::Subscriber | FlowRole::Monitor | FlowRole::Replica);
        if !listens && now.good <= *healed {
            return Err("no command was answered after the faults".to_owned());
        }
        Ok(())
    }
}

/// Returns the processes on this machine that have the connections.
fn owners(view: &View, proxy: &ProxyHandle) -> BTreeSet<u32> {
    let clients = view.flows.iter().filter_map(|flow| flow.client).filter(|client| client.ip().is_loopback());
    clients.take(OWNERS).filter_map(|client| SocketOwner::of(client, proxy.addr())).map(|owner| owner.pid).collect()
}
