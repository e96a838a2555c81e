//! The run of an application: it connects through the fault proxy, which observes it.

use std::{
    collections::{HashSet, VecDeque},
    io,
    net::SocketAddr,
    os::unix::process::ExitStatusExt as _,
    path::PathBuf,
    process::ExitStatus,
    sync::Arc,
};

use tokio::sync::mpsc;

use super::{INTERVAL, Run};
use crate::{
    classify::{Failure, Stage},
    clock::Clock,
    dial::Route,
    engine::{RunIo, preflight, run_id, started},
    event::{Control, Ended, Event, EventKind, EventSink as _, Identified, MessageSink, Observed, Process, StopReason},
    foreign::Foreign,
    kernel::SocketOwner,
    plan::{Application, Launch, Plan, Protocol},
    proxy::{Config, Proxy, ProxyHandle},
    session::NoticeSender,
    supervise,
    tls::{Acceptor, TlsProblem},
};

/// Clients whose processes are looked for.
const CLIENTS: usize = 100;

/// The reason why an application cannot be observed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApplicationError {
    #[error("--listen: cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("cannot start the application: {0}")]
    Start(#[source] io::Error),
    #[error(transparent)]
    Tls(#[from] TlsProblem),
    #[error("cannot write {}: {source}", path.display())]
    Authority { path: PathBuf, source: io::Error },
}

/// Runs the plan of an application to its end, and returns why it ended. `remarks` are of the server behind the proxy;
/// `on_proxy` gets the proxy when it listens.
///
/// # Errors
/// If the proxy or the application cannot be started.
pub(crate) async fn observe(
    mut plan: Plan,
    mut application: Application,
    (io, remarks): (RunIo<'_>, Option<&mut mpsc::UnboundedReceiver<String>>),
    on_proxy: impl FnOnce(&ProxyHandle),
) -> Result<StopReason, ApplicationError> {
    let RunIo { clock, sink, messages, control } = io;
    let (mut run, events) = Run::new(None, clock, sink, control);
    let address = application.listen;
    let acceptor = application.identity.as_ref().map(Acceptor::new).transpose()?;
    let config = Config {
        listen: address,
        acceptor,
        upstream: plan.target.address.clone(),
        tls: plan.target.tls.clone(),
        schedules: plan.faults.clone(),
        seed: plan.seed,
        clock,
        orders: application.orders.clone(),
        report_flows: true,
        observe: true,
    };
    let proxy = Proxy::start(config, events).map_err(|source| ApplicationError::Listen { address, source })?;
    application.listen = proxy.handle().addr();
    let (launch, held, encrypted) = (application.launch.clone(), application.held, application.identity.is_some());
    let address = application.listen;
    plan.application = Some(application);
    run.event(started(&plan, &run_id(plan.seed)));
    if let Some(failure) = distrust(&plan, clock).await {
        run.failed(&failure);
        return Ok(run.give_up(&format!("no connection: {failure}")));
    }
    on_proxy(proxy.handle());
    let url = plan.target.url_through(address, encrypted);
    let start = |launch: Launch| supervise::Application::start(&launch, address, url.given());
    let application = launch.map(start).transpose().map_err(ApplicationError::Start)?;
    if !held {
        proxy.handle().begin();
    }
    Ok(run.watch(Arc::new(plan), &proxy, (application, remarks), messages).await)
}

/// Returns the TLS failure that would end every connection through the proxy. (A server that is not reachable yet may
/// become so.)
async fn distrust(plan: &Plan, clock: Clock) -> Option<Failure> {
    if !plan.target.speaks_tls() {
        return None;
    }
    let attempt = Route::new(plan.target.clone(), Protocol::Auto, preflight::LIMIT, clock).attempt().await;
    attempt.probed.failure.filter(|failure| failure.key.stage == Stage::Tls)
}

impl Run<'_> {
    /// Takes events until a signal or the end of the application.
    async fn watch(
        &mut self,
        plan: Arc<Plan>,
        proxy: &Proxy,
        (mut application, mut remarks): (Option<supervise::Application>, Option<&mut mpsc::UnboundedReceiver<String>>),
        messages: Arc<dyn MessageSink>,
    ) -> StopReason {
        let notices = Arc::new(NoticeSender::new(self.clock, None, self.sender.clone(), messages));
        let route = Route::new(plan.target.clone(), plan.protocol, preflight::LIMIT, self.clock);
        let (_, gathering) = self.observe(&plan, route, true, &notices);
        let clock = self.clock;
        let mut owners = Owners::default();
        let listen = plan.application.as_ref().map(|application| application.listen);
        let reason = loop {
            tokio::select! {
                biased;
                Some(control) = self.control.recv() => match control {
                    Control::Stop(reason) => break reason,
                    Control::Interim => {
                        proxy.handle().sample(true);
                        self.take_events();
                        self.sink.on_interim(clock.now());
                    }
                },
                () = clock.sleep_until(self.interval_began.after(INTERVAL)) => {
                    self.interval_began = clock.now();
                    proxy.handle().sample(false);
                    let process = listen.and_then(|listen| owners.next(listen));
                    process.into_iter().for_each(|process| self.observed(Observed::Process(process)));
                }
                Some(event) = self.faults.recv() => {
                    owners.on_event(&event);
                    self.of_application(event);
                }
                Some(notice) = self.notices.recv() => self.forward(notice),
                Some(remark) = next(&mut remarks) => self.note(remark),
                status = end_of(application.as_mut()) => {
                    self.take_events();
                    self.ended(status);
                    break StopReason::ApplicationEnded;
                }
            }
        };
        proxy.handle().conclude();
        self.take_events();
        self.conclude_evidence(gathering).await;
        self.finish(reason)
    }

    /// Takes the events so far.
    fn take_events(&mut self) {
        while let Ok(event) = self.faults.try_recv() {
            self.of_application(event);
        }
        self.drain();
    }

    /// Passes an event of the proxy on; the evidence about an outage of a role is gathered from it.
    fn of_application(&mut self, event: Event) {
        if let Some(collector) = &mut self.collector {
            collector.on_event(&event);
        }
        self.fault(event);
    }

    fn ended(&mut self, status: io::Result<ExitStatus>) {
        let (text, failed) = match status {
            Ok(status) => (described(status), !status.success()),
            Err(error) => (format!("its end could not be awaited: {error}"), true),
        };
        self.observed(Observed::Ended(Ended { status: text.into(), failed }));
    }

    fn observed(&mut self, observed: Observed) {
        self.event(EventKind::Observed(Box::new(observed)));
    }
}

/// Describes the end of a process. A shell turns the signal that ended its command into a status.
fn described(status: ExitStatus) -> String {
    let signal = status.code().and_then(|code| code.checked_sub(128)).filter(|signal| (1..32).contains(signal));
    let signal = signal.map(|signal| ExitStatus::from_raw(signal).to_string());
    let name = signal.as_ref().and_then(|signal| signal.split(['(', ')']).nth(1));
    name.map_or_else(|| status.to_string(), |name| format!("{status} ({name})"))
}

/// The clients whose processes are looked for, one in each interval: all processes of the machine may have to be searched.
#[derive(Default)]
struct Owners {
    /// Names of the clients that were met.
    met: HashSet<[Option<Foreign>; 3]>,
    wanted: VecDeque<(u64, SocketAddr)>,
}

impl Owners {
    fn on_event(&mut self, event: &Event) {
        let EventKind::Observed(observed) = &event.kind else { return };
        let Observed::Identified(Identified { flow, client, library, name, user, .. }) = &**observed else { return };
        let local = client.parse().ok().filter(|address: &SocketAddr| address.ip().is_loopback());
        if let Some(address) = local.filter(|_| self.met.len() < CLIENTS)
            && self.met.insert([library.clone(), name.clone(), user.clone()])
        {
            self.wanted.push_back((*flow, address));
        }
    }

    /// Returns the process of the next client, if it is visible.
    fn next(&mut self, listen: SocketAddr) -> Option<Process> {
        let (flow, client) = self.wanted.pop_front()?;
        let SocketOwner { pid, program } = SocketOwner::of(client, listen)?;
        Some(Process { flow, pid, program: Foreign::new(&program) })
    }
}

/// Returns the next remark; never if there is none.
async fn next(remarks: &mut Option<&mut mpsc::UnboundedReceiver<String>>) -> Option<String> {
    match remarks {
        Some(remarks) => remarks.recv().await,
        None => std::future::pending().await,
    }
}

/// Waits for the end of the application; never returns if there is none.
async fn end_of(application: Option<&mut supervise::Application>) -> io::Result<ExitStatus> {
    match application {
        Some(application) => application.ended().await,
        None => std::future::pending().await,
    }
}
