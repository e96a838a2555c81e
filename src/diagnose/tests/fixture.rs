//! A run with one outage, to be made into anything.

use std::{io, sync::Arc, time::Duration};

use crate::{
    classify::{ErrorClass, Failure, Stage},
    diagnose::{self, Diagnosis},
    event::{
        Announcement, ClientState, CommandTime, Event, EventKind, EventSink, Evidence, LatencyEvent, ListedClient,
        Peer, ReplaceReason, SentinelEvent, ServerState, SlowCommand, SocketEnd, TcpFigures,
    },
    foreign::Foreign,
    plan::{Pace, Plan},
    record::{Recorder, fixture::*},
};

/// When the outage begins.
pub(super) const LOST: f64 = 4000.0;

/// A run with one outage, changed through its fields. A new scene knows everything, the server stayed up, and nothing
/// explains the loss.
#[derive(Clone)]
pub(super) struct Scene {
    pub(super) plan: Plan,
    pub(super) subscribed: bool,
    /// Seconds of silence before it was closed or healed.
    pub(super) silent: f64,
    /// It healed on the same connection.
    pub(super) healed: bool,
    /// No outage, but a slow stretch: the longest time to a reply, and the time spent waiting, in seconds.
    pub(super) slow: Option<(f64, f64)>,
    /// It never came back.
    pub(super) gone: bool,
    pub(super) failure: Option<Failure>,
    pub(super) idle: f64,
    pub(super) in_flight: u64,
    pub(super) same_process: Option<bool>,
    pub(super) replaced: Option<ReplaceReason>,
    pub(super) path: Vec<Failure>,
    pub(super) path_healthy_after: Option<f64>,
    pub(super) states: Vec<ClientState>,
    pub(super) evidence: Option<Evidence>,
    /// Events before and after the outage.
    pub(super) earlier: Vec<Event>,
    pub(super) later: Vec<Event>,
}

impl Scene {
    pub(super) fn new() -> Self {
        let mut plan = plan();
        plan.subscription = None;
        Self {
            plan,
            subscribed: false,
            silent: 0.0,
            healed: false,
            slow: None,
            gone: false,
            failure: None,
            idle: 0.1,
            in_flight: 1,
            same_process: Some(true),
            replaced: None,
            path: Vec::new(),
            path_healthy_after: None,
            states: Vec::new(),
            evidence: Some(evidence(1, LOST, SocketEnd::Closed)),
            earlier: Vec::new(),
            later: Vec::new(),
        }
    }

    /// The diagnosis of the outage.
    pub(super) fn diagnosis(&self) -> Diagnosis {
        let mut recorder = Recorder::default();
        self.events().iter().for_each(|event| recorder.on_event(event));
        let figures = recorder.figures();
        if self.slow.is_some() {
            return diagnose::all(&figures.slow_stretches()).swap_remove(0);
        }
        let index = figures.outages.kept.iter().position(|outage| outage.lost == stamp(LOST) && outage.connection == 0);
        diagnose::all(&figures.outages()).swap_remove(index.unwrap())
    }

    pub(super) fn events(&self) -> Vec<Event> {
        let mut events = vec![started(self.plan.clone()), at(0.0, connected(1))];
        if self.subscribed {
            events.push(at(0.1, EventKind::Subscribed(confirmations(1, 0.1))));
        }
        events.extend(self.earlier.clone());
        if let Some((longest, waiting)) = self.slow {
            return self.slow_events(events, secs(longest), secs(waiting));
        }
        let closed = LOST + self.silent;
        if self.silent > 0.0 {
            events.push(at(closed.min(LOST + 1.0), stalled(LOST)));
        }
        events.extend(self.path.iter().map(|failure| probed(closed, failure.clone())));
        events.extend(
            self.states.iter().map(|state| at(closed, EventKind::StateEntered { state: *state, why: "".into() })),
        );
        if self.healed {
            events.push(at(closed, resumed(self.silent)));
        } else {
            let mut lost = disconnected(1, self.failure.clone());
            if let EventKind::Disconnected(lost) = &mut lost {
                (lost.idle, lost.in_flight) = (secs(self.idle + self.silent), self.in_flight);
            }
            events.push(at(closed, lost));
            // What the path showed in the outage of a connection that was never silent.
            events.extend(self.path.iter().map(|failure| probed(closed + 0.2, failure.clone())));
            events.extend(self.replaced.map(|why| at(closed, EventKind::SessionReplaced { session: 2, why })));
            events.extend((!self.gone).then(|| self.comeback(closed)));
        }
        events.extend(self.evidence.clone().map(|mut evidence| {
            evidence.lost = stamp(if self.healed { LOST } else { closed });
            at(closed + 2.0, EventKind::Evidence(Box::new(evidence)))
        }));
        events.extend(self.later.clone());
        events.push(finished(20_000.0));
        events
    }

    fn slow_events(&self, mut events: Vec<Event>, latency: Duration, waiting: Duration) -> Vec<Event> {
        events.push(at(LOST + 1.0, EventKind::Slowed { since: stamp(LOST), latency, baseline: Some(secs(0.001)) }));
        events.push(at(LOST + 20.0, EventKind::SpedUp { after: waiting, latency, waiting, slow: 4 }));
        events.extend(self.evidence.clone().map(|evidence| {
            let evidence = Evidence { slow: true, death: None, lost: stamp(LOST), ..evidence };
            at(LOST + 21.0, EventKind::Evidence(Box::new(evidence)))
        }));
        events.push(finished(20_000.0));
        events
    }

    fn comeback(&self, closed: f64) -> Event {
        let mut back = reconnected(2, 1.0);
        if let EventKind::Reconnected(back) = &mut back {
            back.same_process = self.same_process;
            back.path_healthy_after = self.path_healthy_after.map(secs);
        }
        at(closed + 1.0, back)
    }

    pub(super) fn known(&mut self) -> &mut Evidence {
        self.evidence.as_mut().unwrap()
    }

    pub(super) fn before(&mut self) -> &mut ServerState {
        Arc::make_mut(self.known().before.as_mut().unwrap())
    }

    pub(super) fn after(&mut self) -> &mut ServerState {
        Arc::make_mut(self.known().after.as_mut().unwrap())
    }

    pub(super) fn ends(&mut self, how: SocketEnd) {
        self.known().death.as_mut().unwrap().how = how;
        if how == SocketEnd::Reset {
            self.failure = Some(reset());
        }
    }

    pub(super) fn listed(&mut self, listed: Option<bool>) {
        self.known().old_client_listed = listed;
    }

    /// Another process answers, up for `uptime` seconds.
    pub(super) fn process(&mut self, uptime: u64) {
        self.same_process = Some(false);
        self.listed(None);
        let after = self.after();
        after.run_id = Some("77e0b3".into());
        after.uptime = Some(uptime);
        self.new_server().run_id = Some("77e0b3".into());
    }

    pub(super) fn lost_server(&mut self) -> &mut Peer {
        self.known().lost_server.as_mut().unwrap()
    }

    pub(super) fn new_server(&mut self) -> &mut Peer {
        self.known().new_server.as_mut().unwrap()
    }

    /// redis-doctor itself was paused for this long, within the silence.
    pub(super) fn late(&mut self, seconds: f64) {
        (self.known().host.lag, self.known().host.paused) = (secs(seconds), Some(secs(seconds)));
    }

    /// The same process has another role now.
    pub(super) fn demoted(&mut self) {
        self.after().role = Some("slave".into());
        self.new_server().role = Some("slave".into());
    }

    /// Something in between has a separate address, or it is unknown.
    pub(super) fn relayed(&mut self, translated: Option<bool>) {
        self.before().translated = translated;
        self.after().translated = translated;
        (self.before().laddr, self.after().laddr) = (None, None);
        (self.lost_server().laddr, self.new_server().laddr) = (None, None);
    }

    /// Another address answers.
    pub(super) fn elsewhere(&mut self) {
        let after = self.after();
        after.laddr = Some("10.0.3.18:6379".into());
        after.address.clone_from(&after.laddr);
        self.new_server().laddr = Some("10.0.3.18:6379".into());
    }

    pub(super) fn moved_name(&mut self) {
        self.elsewhere();
        self.before().addresses = ["10.0.3.17".into()].into();
        self.after().addresses = ["10.0.3.18".into()].into();
    }

    pub(super) fn kills(&mut self, count: u64) {
        self.after().client_kills = Some(5 + count);
    }

    pub(super) fn fails(&mut self, errno: i32) {
        self.failure = Some(Failure::io(Stage::Command, &io::Error::from_raw_os_error(errno)));
    }

    pub(super) fn refused(&mut self) {
        self.path = vec![Failure::io(Stage::Tcp, &io::Error::from_raw_os_error(111))];
    }

    pub(super) fn mute(&mut self) {
        self.path = vec![Failure::doctor(ErrorClass::ConnectTimeout, Stage::Hello, "no reply within 2 s")];
    }

    pub(super) fn unreachable(&mut self) {
        self.path = vec![Failure::doctor(ErrorClass::ConnectTimeout, Stage::Tcp, "no connection within 2 s")];
    }

    pub(super) fn says(&mut self, line: &str) {
        self.path = vec![Failure::server(Stage::Hello, line)];
    }

    /// It fell silent for `seconds`, and healed.
    pub(super) fn heals(&mut self, seconds: f64) {
        (self.silent, self.healed) = (seconds, true);
        self.known().death = None;
        self.listed(Some(true));
    }

    /// It fell silent, and the watchdog declared it dead.
    pub(super) fn watchdog(&mut self) {
        (self.silent, self.replaced) = (2.0, Some(ReplaceReason::Watchdog));
        self.ends(SocketEnd::Local);
    }

    /// The server refused a write, and the policy left it.
    pub(super) fn refuses_writes(&mut self) {
        let readonly = Failure::server(Stage::Command, "READONLY You can't write against a read only replica.");
        (self.failure, self.replaced) = (Some(readonly), Some(ReplaceReason::Readonly));
        self.ends(SocketEnd::Local);
    }

    /// The Sentinels replaced the primary of the lost connection by another server.
    pub(super) fn sentinels_replace_the_primary(&mut self) {
        let [from, to] = ["10.0.3.17:6379", "10.0.3.18:6379"].map(Foreign::from);
        for (when, from, to) in [(0.1, None, from.clone()), (LOST - 0.1, Some(from), to)] {
            let followed = EventKind::Sentinel(Box::new(SentinelEvent::Followed { from, to }));
            self.earlier.push(Event { connection: None, ..at(when, followed) });
        }
        self.replaced = Some(ReplaceReason::Failover);
        self.ends(SocketEnd::Local);
    }

    /// Nothing was sent for `seconds`, as planned, and the connection is as old.
    pub(super) fn pauses(&mut self, seconds: f64) {
        self.idle = seconds;
        self.plan.probes.as_mut().unwrap().pace = Pace::every(secs(seconds));
    }

    pub(super) fn announced(&mut self, seconds_ago: f64, kind: &str) {
        let announcement = Announcement { at: stamp(LOST - seconds_ago), kind: kind.into() };
        self.known().announcements.push(announcement);
    }

    pub(super) fn tcp(&mut self, unacked: u32, retransmits: u32) {
        let tcp = TcpFigures { at: stamp(LOST + 1.0), unacked, retransmits, ..TcpFigures::default() };
        self.known().tcp = Some(tcp);
    }

    /// Every command was answered, but late: up to `longest` seconds, `waiting` seconds in total.
    pub(super) fn slows(&mut self, longest: f64, waiting: f64) {
        self.slow = Some((longest, waiting));
    }

    /// The server runs on this machine.
    pub(super) fn at_home(&mut self) {
        (self.before().local, self.after().local) = (Some(true), Some(true));
    }

    /// The server runs on another machine.
    pub(super) fn remote(&mut self) {
        (self.before().local, self.after().local) = (Some(false), Some(false));
    }

    /// TCP's smoothed round trip and its smallest one in a slow stretch, in seconds.
    pub(super) fn round_trips(&mut self, rtt: f64, least: f64) {
        let tcp =
            TcpFigures { at: stamp(LOST + 1.0), rtt: secs(rtt), min_rtt: Some(secs(least)), ..TcpFigures::default() };
        self.known().tcp = Some(tcp);
    }

    /// A command in the server's slow log that ended in the outage.
    pub(super) fn logged(&mut self, name: &str, seconds: f64) {
        let client = Some("10.0.0.9:5000".into());
        self.known().slow_commands.push(SlowCommand { unix_time: 0, name: name.into(), time: secs(seconds), client });
    }

    /// A command in the server's statistics.
    pub(super) fn spent(&mut self, name: &str, calls: u64, seconds: f64) {
        self.known().commands.push(CommandTime { name: name.into(), calls, time: secs(seconds) });
    }

    /// A latency event of the server.
    pub(super) fn spike(&mut self, name: &str, seconds: f64) {
        self.known().latency_events.push(LatencyEvent { name: name.into(), unix_time: 0, time: secs(seconds) });
    }

    /// The server lists the silent client as blocked in a command.
    pub(super) fn blocked(&mut self, command: &str) {
        let shown = ListedClient {
            flags: "b".into(),
            command: Some(command.into()),
            unread: Some(24),
            ..ListedClient::default()
        };
        self.known().listed_client = Some(shown);
    }

    /// Earlier losses of other generations, each after a silence of `idle` seconds.
    pub(super) fn losses_before(&mut self, count: u32, idle: f64) {
        for n in 0..count {
            let when = 1000.0 * f64::from(n + 1);
            let mut lost = disconnected(u64::from(n) + 10, Some(reset()));
            let mut back = reconnected(u64::from(n) + 11, 0.5);
            if let (EventKind::Disconnected(lost), EventKind::Reconnected(back)) = (&mut lost, &mut back) {
                (lost.idle, back.same_process) = (secs(idle), Some(true));
            }
            for (after, kind) in [(0.0, lost), (0.5, back)] {
                self.earlier.push(Event { connection: Some(1), ..at(when + after, kind) });
            }
        }
        self.plan.connections = 2;
    }
}

fn probed(seconds: f64, failure: Failure) -> Event {
    let probed = crate::event::PathProbed { stages: Vec::new(), failure: Some(failure), server: None };
    Event { connection: None, ..at(seconds, EventKind::PathProbed(probed)) }
}
