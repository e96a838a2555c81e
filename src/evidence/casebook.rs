//! The outages and stalls of a run: opened and closed by its events, until their evidence is complete.

mod connection;
mod flows;
mod look;
mod servers;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use self::{connection::Connection, flows::Flows};
use super::{
    attempt_listener::AttemptListener,
    ledger::Ledger,
    name::Name,
    outage_case::{LostConnection, OutageCase},
    own_lag::OwnLag,
    server::{Questions, Snapshot, Wanted},
    server_drift::Demotion,
    snapshots::Snapshots,
    sockets::{LostSocket, Sockets},
};
use crate::{
    classify::Failure,
    clock::Stamp,
    dial::ClientInfo,
    event::{Announcement, Event, EventKind, Evidence, Peer, ServerIdentity},
    foreign::Foreign,
};

/// Minimum time between two queries of the server.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

/// Interval between two readings of TCP's figures.
pub(super) const SAMPLE: Duration = Duration::from_secs(1);

/// Delay of the first query: a shorter run makes none.
const FIRST: Duration = Duration::from_millis(500);

/// Interval between queries while nothing happens.
const RENEWAL: Duration = Duration::from_secs(60);

/// The same after a query that did not reach the server.
const RETRY: Duration = Duration::from_secs(5);

/// Outages that can wait for the same answers; further outages are reported without the server's state.
const WAITING: usize = 256;

/// Lost sockets whose `Disconnected` event has not arrived yet.
const LOST_SOCKETS: usize = 1024;

/// Server announcements kept.
const ANNOUNCEMENTS: usize = 64;

/// The cases of a run, and the sources of their evidence.
pub(super) struct Casebook {
    pub(super) sockets: Sockets,
    pub(super) listener: AttemptListener,
    pub(super) own_lag: OwnLag,
    announcements: VecDeque<(u32, Announcement)>,
    /// Lost sockets without their `Disconnected` event yet: connection and moment of the loss.
    lost_sockets: VecDeque<(u32, Stamp, LostSocket)>,
    connections: HashMap<u32, Connection>,
    pub(super) flows: Flows,
    /// Open outages and stalls, by connection. A case is large, and a table has room for twice as many as it holds.
    open: HashMap<u32, Box<OutageCase>>,
    /// Open slow stretches, by connection.
    slow: HashMap<u32, Box<OutageCase>>,
    /// Outages and stalls that are over and not reported yet.
    over: Vec<OutageCase>,
    /// Outages and stalls that the current query is about.
    queried: Vec<OutageCase>,
    snapshots: Snapshots,
    ledger: Ledger,
    demotion: Demotion,
    name: Name,
    /// Queries that reached a server since the start or the latest change of role, and true if the next one may reach
    /// another.
    reached: u32,
    indirect: bool,
    /// Queries in search of a connection's server, by its `run_id`.
    searches: HashMap<Foreign, u32>,
    /// Time of the last query, and true if it reached the server.
    pub(super) last_query: Option<(Stamp, bool)>,
    /// Losses and stalls so far.
    count: u64,
    /// Port of the server to which the connections move; until one of them has reached it, sockets are those of the old.
    moving: Option<Option<u16>>,
}

impl Casebook {
    pub(super) fn new(sockets: Sockets, listener: AttemptListener) -> Self {
        Self {
            sockets,
            listener,
            own_lag: OwnLag::new(),
            announcements: VecDeque::new(),
            lost_sockets: VecDeque::new(),
            connections: HashMap::new(),
            flows: Flows::default(),
            open: HashMap::new(),
            slow: HashMap::new(),
            over: Vec::new(),
            queried: Vec::new(),
            moving: None,
            snapshots: Snapshots::default(),
            ledger: Ledger::default(),
            demotion: Demotion::default(),
            name: Name::default(),
            reached: 0,
            indirect: false,
            searches: HashMap::new(),
            last_query: None,
            count: 0,
        }
    }

    /// Follows the client that a connection has from now on.
    pub(super) fn on_identified(&mut self, connection: u32, client: &ClientInfo) {
        let known = self.connection(connection);
        known.clients.swap(0, 1);
        known.clients[0] = client.clone();
        self.arrived();
        self.sockets.follow(connection, client);
    }

    /// Holds the socket of a lost connection until it is examined.
    pub(super) fn on_lost(&mut self, connection: u32, lost: Stamp, now: Stamp) {
        let socket = self.sockets.end(connection, now);
        if self.lost_sockets.len() == LOST_SOCKETS {
            self.lost_sockets.pop_front();
        }
        self.lost_sockets.push_back((connection, lost, socket));
        self.listener.begin(connection, lost, now);
    }

    /// Returns true if no outage or stall is open, and none has occurred between two snapshots.
    pub(super) fn was_quiet(&self, before: &Snapshot, after: &Snapshot) -> bool {
        self.open.is_empty() && self.lost_sockets.is_empty() && before.count == after.count
    }

    /// Returns true if every case has been reported.
    pub(super) fn all_reported(&self) -> bool {
        self.open.is_empty() && self.slow.is_empty() && self.over.is_empty() && self.queried.is_empty()
    }

    /// Returns true if an outage has lasted long enough to be reported before its end.
    pub(super) fn any_is_due(&self, now: Stamp) -> bool {
        self.lasting().any(|case| case.is_due(now))
    }

    /// Returns the cases that are not over.
    fn lasting(&self) -> impl Iterator<Item = &OutageCase> {
        self.open.values().chain(self.slow.values()).map(Box::as_ref)
    }

    /// Reads TCP's figures, and keeps the slowest of a slow stretch.
    pub(super) fn sample(&mut self, now: Stamp) {
        self.sockets.sample(now);
        for case in self.slow.values_mut() {
            case.slowest(self.sockets.figures(case.connection));
        }
    }

    /// Returns true if a query now would be useless: an outage is open, and none waits for the answers.
    pub(super) fn must_wait(&self, now: Stamp) -> bool {
        !self.is_urgent(now) && !self.open.is_empty()
    }

    /// Reads everything that can still belong to the cases of a query, which ends with `snapshot`.
    pub(super) fn finish_query(&mut self, snapshot: &mut Snapshot, now: Stamp) {
        self.examine(now);
        self.listener.read(now);
        (snapshot.finished, snapshot.count) = (now, self.count);
    }

    /// Returns the latest snapshot in which the server was reached.
    pub(super) fn latest(&self) -> Option<&Snapshot> {
        self.snapshots.latest()
    }

    /// Completes the cases that a query was about, and those that are due (all of them with `last`). Returns their
    /// connections and evidence, and keeps the snapshot.
    pub(super) fn complete(&mut self, snapshot: Snapshot, last: bool, now: Stamp) -> Vec<(u32, Evidence)> {
        self.last_query = Some((snapshot.at, snapshot.state.is_some()));
        let mut cases = std::mem::take(&mut self.queried);
        for case in self.open.values_mut().chain(self.slow.values_mut()).filter(|case| last || case.is_due(now)) {
            case.early = true;
            cases.push((**case).clone());
        }
        let servers = self.ledger.together();
        let mut completed = Vec::with_capacity(cases.len());
        for mut case in cases {
            if !last && case.is_worth_another_query(&snapshot) {
                self.over.push(case);
                continue;
            }
            case.look_back(&self.own_lag, self.announcements.iter(), now);
            if case.over.is_none() {
                case.evidence.tcp = case.evidence.tcp.or(self.sockets.figures(case.connection));
                if let Some(attempts) = self.listener.of(case.connection, case.evidence.lost) {
                    case.attempted(attempts.clone());
                }
            }
            completed.push((case.connection, case.complete(&snapshot, &servers)));
        }
        if snapshot.state.is_some() {
            self.keep(snapshot);
        }
        completed
    }

    /// Handles an event of a connection; returns true if the server may have to be queried: an outage or a stall is over, or
    /// a stall can be examined while it lasts.
    pub(super) fn on_event(&mut self, connection: u32, event: &Event, now: Stamp) -> bool {
        match &event.kind {
            EventKind::Connected(connected) => {
                let server = Peer::new(&connected.server, connected.peer.clone());
                self.connected(connection, connected.generation, server);
            }
            EventKind::Superseded { generation, server, peer, .. } => {
                self.connected(connection, *generation, peer_of(server.as_deref(), peer.as_ref()));
            }
            EventKind::Announced { kind } => self.on_announced(connection, kind, event.at),
            EventKind::Disconnected(loss) => {
                let addr = self.connection(connection).addr_of(loss.client_id);
                let lost = LostConnection { generation: loss.generation, client_id: loss.client_id, addr };
                let (server, before) = self.server_before(connection, event.at);
                self.begin_case(OutageCase::lost(connection, lost, event.at, loss, before).of(server));
            }
            EventKind::Stalled { since, flow, .. } => {
                self.sockets.sample_one(connection, event.at);
                let client = match flow {
                    Some(flow) => self.flows.client(*flow),
                    None => self.current(connection),
                };
                let (server, before) = self.server_before(connection, *since);
                self.begin_case(OutageCase::stalled(connection, client, *since, before).of(server));
                return self.wants_look(now);
            }
            EventKind::Slowed { since, .. } => {
                self.sockets.sample_one(connection, event.at);
                let client = self.current(connection);
                let (server, before) = self.server_before(connection, *since);
                let mut case = OutageCase::slow(connection, client, *since, before).of(server);
                case.slowest(self.sockets.figures(connection));
                self.slow.insert(connection, Box::new(case));
            }
            EventKind::SpedUp { after, .. } => return self.end_slow(connection, *after),
            EventKind::Reconnected(back) => {
                let server = peer_of(back.server.as_deref(), back.peer.as_ref());
                self.connected(connection, back.generation, server.clone());
                if let Some(case) = self.open.get_mut(&connection) {
                    case.returned_to(server);
                }
                self.end_case(connection, event.at, back.failure.as_ref(), now);
                return true;
            }
            EventKind::Resumed { .. } => {
                self.end_case(connection, event.at, None, now);
                return true;
            }
            // Other events open or close no case.
            _ => {}
        }
        false
    }

    fn connection(&mut self, connection: u32) -> &mut Connection {
        self.connections.entry(connection).or_default()
    }

    fn connected(&mut self, connection: u32, generation: u64, server: Peer) {
        let connection = self.connection(connection);
        (connection.generation, connection.server) = (generation, server);
    }

    /// Returns the server of a connection, and its last snapshot before a time.
    fn server_before(&mut self, connection: u32, at: Stamp) -> (Peer, Option<Arc<Snapshot>>) {
        let server = self.connection(connection).server.clone();
        let before = self.snapshots.before(at, &server);
        (server, before)
    }

    /// Returns the current client of a connection.
    fn current(&mut self, connection: u32) -> LostConnection {
        let Connection { generation, clients: [client, _], .. } = self.connection(connection);
        LostConnection { generation: *generation, client_id: client.id, addr: client.addr.clone() }
    }

    fn on_announced(&mut self, connection: u32, kind: &Foreign, at: Stamp) {
        if self.announcements.len() == ANNOUNCEMENTS {
            self.announcements.pop_front();
        }
        self.announcements.push_back((connection, Announcement { at, kind: kind.clone() }));
    }

    fn begin_case(&mut self, mut case: OutageCase) {
        self.count += 1;
        // A stall that ends with the loss of the connection belongs to that outage.
        let connection = case.connection;
        if let Some(stall) = self.open.remove(&connection) {
            self.count -= 1;
            case.continues(*stall);
        }
        self.open.insert(connection, Box::new(case));
    }

    /// Ends the slow stretch of a connection; returns true if there was one.
    fn end_slow(&mut self, connection: u32, after: Duration) -> bool {
        let Some(mut case) = self.slow.remove(&connection) else { return false };
        let over = case.evidence.lost.after(after);
        case.end(None, self.sockets.figures(connection), over);
        case.not_queried = self.over.len() >= WAITING;
        self.over.push(*case);
        true
    }

    /// Ends the outage or stall of a connection. `failure` is a reason for the loss that became known since.
    fn end_case(&mut self, connection: u32, at: Stamp, failure: Option<&Failure>, now: Stamp) {
        self.examine(now);
        let Some(mut case) = self.open.remove(&connection) else { return };
        let lost = case.loss();
        let attempts = lost.and_then(|lost| self.listener.end(connection, lost, at, now));
        case.end(failure, self.sockets.figures(connection), at);
        if let Some(attempts) = attempts {
            case.attempted(attempts);
        }
        case.not_queried = self.over.len() >= WAITING;
        self.over.push(*case);
    }

    /// Examines the sockets of lost connections and releases them, reported or not.
    pub(super) fn examine(&mut self, now: Stamp) {
        for (connection, lost, socket) in std::mem::take(&mut self.lost_sockets) {
            let ended = self.sockets.ended(socket, now);
            match self.open.get_mut(&connection).filter(|case| case.evidence.lost == lost) {
                Some(case) => case.examined(ended),
                None => self.lost_sockets.push_back((connection, lost, LostSocket::Examined(ended))),
            }
        }
    }

    /// Returns the time of the next query, for a collector that began at `started`.
    pub(super) fn due(&self, started: Stamp, now: Stamp) -> Stamp {
        let urgent = self.is_urgent(now);
        match self.last_query {
            None if urgent => now,
            _ if !urgent && self.wants_look(now) => now,
            // A query during an outage is useless as the state before the next.
            _ if !urgent && !self.open.is_empty() => now.after(SAMPLE),
            None => started.after(FIRST),
            Some((last, _)) if urgent => last.after(PAUSE),
            Some((last, true)) if self.is_curious() => last.after(PAUSE),
            Some((last, true)) => last.after(RENEWAL),
            Some((last, false)) => last.after(RETRY),
        }
    }

    /// Returns true if an outage, or a moved name, waits for the server's answers.
    fn is_urgent(&self, now: Stamp) -> bool {
        !self.over.is_empty() || self.any_is_due(now) || self.name.is_urgent()
    }

    /// Takes the finished outages into the query, and returns what to ask beside the server's state.
    pub(super) fn begin_query(&mut self, now: Stamp, last: bool) -> Questions {
        self.queried.append(&mut self.over);
        let lasting = self.lasting().filter(|case| last || case.is_due(now));
        let about: Vec<_> = self.queried.iter().chain(lasting).collect();
        let mut clients = Wanted::default();
        about.iter().for_each(|case| case.look_up(&mut clients));
        Questions { clients, reasons: about.iter().any(|case| case.silent) }
    }
}

fn peer_of(server: Option<&ServerIdentity>, laddr: Option<&Foreign>) -> Peer {
    server.map(|server| Peer::new(server, laddr.cloned())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::{
        classify::Stage,
        dial::OwnSockets,
        event::{Connected, DeathWitness, Reconnected, ServerState, SocketEnd},
        evidence::server::Clients,
        record::fixture::{at, connected, disconnected, plan, reconnected, resumed, stalled, stamp},
    };

    const OLD_ADDR: &str = "10.0.0.1:5000";
    const NEW_ADDR: &str = "10.0.0.1:5001";

    /// The cases of a run over a unix socket, whose sockets and attempts the kernel does not show.
    fn casebook() -> Casebook {
        let plan = plan();
        Casebook::new(
            Sockets::new(None, &plan.policy, Default::default()),
            AttemptListener::new(&plan, None, false, OwnSockets::default()),
        )
    }

    fn client(id: u64, addr: &str) -> ClientInfo {
        ClientInfo { id: Some(id), addr: Some(addr.into()), ..ClientInfo::default() }
    }

    fn errno(errno: i32) -> Failure {
        Failure::io(Stage::Command, &io::Error::from_raw_os_error(errno))
    }

    /// The return of connection 0 as generation 2, with a failure that became known since the loss.
    fn returned(failure: Option<Failure>) -> EventKind {
        match reconnected(2, 1.0) {
            EventKind::Reconnected(back) => EventKind::Reconnected(Reconnected { failure, ..back }),
            other => other,
        }
    }

    impl Casebook {
        /// Handles events of a connection; returns true for each that calls for a query.
        fn handle(&mut self, connection: u32, events: &[(f64, EventKind)]) -> Vec<bool> {
            let events = events.iter().map(|(seconds, kind)| at(*seconds, kind.clone()));
            events.map(|event| self.on_event(connection, &event, stamp(60.0))).collect()
        }

        /// Completes all cases with a snapshot in which the server lists client 8001 at an address.
        fn evidence(&mut self, listed: &str) -> Vec<(u32, Evidence)> {
            let looked_up = self.begin_query(stamp(60.0), true).clients.ids;
            let mut snapshot = Snapshot {
                at: stamp(60.0),
                state: Some(Arc::new(ServerState::default())),
                looked_up: looked_up.into_iter().collect(),
                listed: Some(Clients::of(&[(8001, listed)])),
                ..Snapshot::default()
            };
            self.finish_query(&mut snapshot, stamp(60.0));
            self.complete(snapshot, true, stamp(60.0))
        }
    }

    /// The cases after a loss at 10 s, whose events come in one burst once both clients have been identified.
    fn after_a_burst() -> Casebook {
        let mut cases = casebook();
        cases.on_identified(0, &client(8001, OLD_ADDR));
        assert_eq!(cases.handle(0, &[(0.0, connected(1))]), [false]);
        cases.on_lost(0, stamp(10.0), stamp(10.0));
        cases.on_identified(0, &client(8002, NEW_ADDR));
        assert_eq!(cases.handle(0, &[(10.0, disconnected(1, None)), (11.0, returned(None))]), [false, true]);
        cases
    }

    #[test]
    fn a_loss_and_its_return_in_one_burst_are_one_case_of_the_lost_client() {
        let mut cases = after_a_burst();
        assert!(cases.is_urgent(stamp(11.0)), "the case waits for the server");
        let (connection, evidence) = cases.evidence(OLD_ADDR).pop().unwrap();
        assert_eq!((connection, evidence.generation, evidence.lost), (0, 1, stamp(10.0)));
        assert_eq!((evidence.ongoing, evidence.old_client_listed), (false, Some(true)));
        assert!(cases.all_reported() && cases.evidence(OLD_ADDR).is_empty(), "reported once");
        let (_, evidence) = after_a_burst().evidence(NEW_ADDR).pop().unwrap();
        assert_eq!(evidence.old_client_listed, Some(false), "the address is that of the lost client");
    }

    #[test]
    fn a_stall_that_ends_with_a_loss_is_one_case() {
        let mut cases = casebook();
        cases.on_identified(0, &client(8001, OLD_ADDR));
        let events = [(0.0, connected(1)), (9.0, stalled(8.0)), (10.0, disconnected(1, None)), (11.0, returned(None))];
        assert_eq!(cases.handle(0, &events), [false, true, false, true], "the stall can be examined");
        let all = cases.evidence(OLD_ADDR);
        assert_eq!((all.len(), all[0].1.lost, cases.count), (1, stamp(10.0), 1));

        assert_eq!(cases.handle(0, &[(21.0, stalled(20.0)), (23.0, resumed(3.0))]), [false, true]);
        let all = cases.evidence(OLD_ADDR);
        assert_eq!((all.len(), all[0].1.lost, cases.count), (1, stamp(20.0), 2), "a stall that heals is a case, too");
    }

    #[test]
    fn a_failure_known_at_the_reconnect_replaces_the_one_known_at_the_loss() {
        let death = |at_the_loss, at_the_reconnect| {
            let mut cases = casebook();
            let events = [(10.0, disconnected(1, at_the_loss)), (11.0, returned(at_the_reconnect))];
            assert_eq!(cases.handle(0, &events), [false, true]);
            let (_, evidence) = cases.evidence(OLD_ADDR).pop().unwrap();
            evidence.death.map(|death| (death.how, death.errno, death.known_from))
        };
        let (reset, timed_out) = (
            Some((SocketEnd::Reset, Some(104), DeathWitness::Command)),
            Some((SocketEnd::TimedOut, Some(110), DeathWitness::Command)),
        );
        assert_eq!(death(None, None), None);
        assert_eq!(death(None, Some(errno(104))), reset);
        assert_eq!(death(Some(errno(110)), Some(errno(104))), reset);
        assert_eq!(death(Some(errno(110)), None), timed_out);
    }

    #[test]
    fn an_announcement_reaches_the_case_of_its_own_connection() {
        let mut cases = casebook();
        cases.handle(0, &[(5.0, EventKind::Announced { kind: "MOVING".into() })]);
        for connection in [0, 1] {
            cases.handle(connection, &[(10.0, disconnected(1, None)), (11.0, returned(None))]);
        }
        let kinds = |evidence: &Evidence| -> Vec<_> {
            evidence.announcements.iter().map(|announced| (announced.at, announced.kind.clone())).collect()
        };
        let all: Vec<_> = cases.evidence(OLD_ADDR).iter().map(|(whose, evidence)| (*whose, kinds(evidence))).collect();
        assert_eq!(all, [(0, vec![(stamp(5.0), "MOVING".into())]), (1, vec![])]);
    }

    fn process(run_id: &str, role: &str) -> ServerIdentity {
        ServerIdentity { run_id: Some(run_id.into()), role: Some(role.into()), ..ServerIdentity::default() }
    }

    fn connected_to(run_id: &str) -> EventKind {
        match connected(1) {
            EventKind::Connected(connected) => {
                EventKind::Connected(Box::new(Connected { server: process(run_id, "master"), ..*connected }))
            }
            other => other,
        }
    }

    fn returned_to(run_id: &str) -> EventKind {
        match reconnected(2, 1.0) {
            EventKind::Reconnected(back) => {
                EventKind::Reconnected(Reconnected { server: Some(Box::new(process(run_id, "slave"))), ..back })
            }
            other => other,
        }
    }

    impl Casebook {
        /// Completes a query at a time, in which a process of that uptime answered behind a proxy; `None` if none did.
        fn query(&mut self, seconds: f64, answered: Option<(&str, u64)>, last: bool) -> Vec<(u32, Evidence)> {
            self.begin_query(stamp(seconds), last);
            let state = |(run_id, uptime): (&str, u64)| ServerState {
                run_id: Some(run_id.into()),
                uptime: Some(uptime),
                ..ServerState::default()
            };
            let state = answered.map(|answered| Arc::new(state(answered)));
            if let Some(state) = &state {
                self.on_reached(&Peer::from(&**state), &plan(), stamp(seconds));
            }
            let indirect = state.is_some();
            let mut snapshot = Snapshot { at: stamp(seconds), state, indirect, ..Snapshot::default() };
            self.finish_query(&mut snapshot, stamp(seconds));
            self.complete(snapshot, last, stamp(seconds))
        }
    }

    #[test]
    fn a_query_that_reaches_another_server_is_repeated_until_it_meets_the_lost_one() {
        let mut cases = casebook();
        cases.handle(0, &[(0.0, connected_to("a"))]);
        cases.query(1.0, Some(("a", 500)), false);
        cases.query(2.0, Some(("b", 500)), false);
        cases.handle(0, &[(10.0, disconnected(1, None)), (11.0, returned_to("b"))]);
        assert!(cases.query(11.0, Some(("b", 510)), false).is_empty() && cases.is_urgent(stamp(11.5)));
        let (_, evidence) = cases.query(12.0, Some(("a", 511)), false).pop().unwrap();
        let run_ids = [&evidence.before, &evidence.after].map(|state| state.as_ref().unwrap().run_id.as_deref());
        assert_eq!(run_ids, [Some("a"), Some("a")]);
        let peers = [&evidence.lost_server, &evidence.new_server].map(|peer| peer.as_ref().unwrap().run_id.as_deref());
        assert_eq!(peers, [Some("a"), Some("b")]);
        assert_eq!(evidence.outages_between, 1);
        assert!(cases.all_reported());
    }

    #[test]
    fn a_server_that_is_not_met_again_leaves_a_gap_and_not_the_counters_of_another() {
        let mut cases = casebook();
        cases.handle(0, &[(0.0, connected_to("a"))]);
        // They take turns.
        for (seconds, run_id) in [(1.0, "a"), (2.0, "b"), (3.0, "a")] {
            cases.query(seconds, Some((run_id, 500)), false);
        }
        cases.handle(0, &[(10.0, disconnected(1, None)), (11.0, returned_to("b"))]);
        for seconds in [11.0, 12.0, 13.0] {
            assert!(cases.query(seconds, Some(("b", 510)), false).is_empty(), "{seconds}");
        }
        let (_, evidence) = cases.query(14.0, Some(("b", 513)), false).pop().unwrap();
        assert_eq!((&evidence.after, evidence.servers.len()), (&None, 2));
        assert!(evidence.missing.iter().any(|missing| missing.what == "server after"), "{:?}", evidence.missing);
    }

    #[test]
    fn a_fresh_process_is_reported_at_once() {
        let mut cases = casebook();
        cases.handle(0, &[(0.0, connected_to("a"))]);
        cases.query(1.0, Some(("a", 500)), false);
        cases.handle(0, &[(10.0, disconnected(1, None)), (11.0, returned_to("b"))]);
        let (_, evidence) = cases.query(11.0, Some(("b", 1)), false).pop().unwrap();
        assert_eq!(evidence.after.unwrap().run_id.as_deref(), Some("b"), "the old one has ended");
        assert_eq!(evidence.before.unwrap().run_id.as_deref(), Some("a"));
    }

    #[test]
    fn an_unreachable_server_is_queried_again_but_not_for_ever() {
        let mut cases = casebook();
        cases.handle(0, &[(0.0, connected_to("a"))]);
        cases.query(1.0, Some(("a", 500)), false);
        cases.handle(0, &[(10.0, disconnected(1, None)), (11.0, returned_to("a"))]);
        assert!(cases.query(11.0, None, false).is_empty());
        let (_, evidence) = cases.query(12.0, Some(("a", 511)), false).pop().unwrap();
        assert!(evidence.after.is_some());
        cases.handle(0, &[(20.0, disconnected(2, None)), (21.0, returned_to("a"))]);
        let answers: Vec<_> = (0..4).map(|query| cases.query(21.0 + f64::from(query), None, false).len()).collect();
        assert_eq!(answers, [0, 0, 0, 1]);
    }

    #[test]
    fn a_server_in_use_is_searched_for_only_a_few_times() {
        let mut cases = casebook();
        cases.handle(0, &[(0.0, connected_to("a"))]);
        cases.query(1.0, Some(("b", 500)), false);
        let mut queries = 1;
        while cases.is_curious() {
            queries += 1;
            cases.query(f64::from(queries), Some(("b", 500)), false);
            assert!(queries < 10);
        }
        assert_eq!(queries, 4);
        let due = cases.due(stamp(0.0), stamp(5.0));
        assert!(due > stamp(50.0), "{due:?}");
    }
}
