//! One outage or stall, from its first sign until its evidence is complete. Pure: facts go in, [`Evidence`] comes out.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use super::{
    attempts::Attempts,
    ended_socket::EndedSocket,
    own_lag::OwnLag,
    server::{Clients, Snapshot, Wanted, busiest},
};
use crate::{
    classify::{ErrorClass, Failure, Origin},
    clock::Stamp,
    event::{
        Announcement, Death, DeathWitness, Disconnected, Evidence, ListedClient, Missing, Peer, SocketEnd, Succession,
        TcpFigures,
    },
    foreign::Foreign,
};

/// An outage longer than this is reported while it lasts.
const LONG: Duration = Duration::from_secs(10);

/// Queries until an outage is reported although none met the server of the lost connection.
const QUERIES: u32 = 4;
/// A stall that lasts this long is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// An announcement at most this long before a loss is listed with it.
const ANNOUNCED_BEFORE: Duration = Duration::from_secs(60);

/// A lost connection, as the server knew it.
#[derive(Clone, Debug, Default)]
pub(super) struct LostConnection {
    pub(super) generation: u64,
    /// Its client id at the server, and its address as seen by the server.
    pub(super) client_id: Option<u64>,
    pub(super) addr: Option<Foreign>,
}

impl LostConnection {
    fn address(&self) -> Option<SocketAddr> {
        self.addr.as_deref()?.parse().ok()
    }

    fn listed(&self, clients: &Clients, is_over: bool) -> Option<ListedClient> {
        match self.client_id {
            Some(id) => clients.by_id(id).cloned(),
            // The answer may come after the stall. The application may then wait in a blocking command, but a command that
            // CLIENT PAUSE holds back was sent during the stall, or is another stall of the same pause.
            None => {
                clients.by_address(self.address()?).filter(|client| !is_over || client.held_back().is_some()).cloned()
            }
        }
    }
}

/// An outage or a stall.
#[derive(Clone, Debug)]
pub(super) struct OutageCase {
    pub(super) connection: u32,
    pub(super) evidence: Evidence,
    /// End of the outage or stall.
    pub(super) over: Option<Stamp>,
    /// Reported while it lasted.
    pub(super) early: bool,
    /// Outages came so fast that the server was not queried for this one.
    pub(super) not_queried: bool,
    client: LostConnection,
    /// Server of the lost or stalled connection.
    server: Peer,
    /// Queries so far.
    queries: u32,
    /// The end of the lost socket; `None` for a stall.
    ended: Option<EndedSocket>,
    /// The most informative failure of a command.
    failure: Option<Failure>,
    /// Reason why some reconnect attempts were not seen.
    attempts_missing: Option<String>,
    before: Option<Arc<Snapshot>>,
    /// Start of the time for which this machine is examined; it ends with the loss (or the stall).
    since: Stamp,
    /// Replies were missing or late, so the server's work in that time matters.
    pub(super) silent: bool,
    /// The client has been looked up during the silence, or it was tried.
    pub(super) looked_at: bool,
}

impl OutageCase {
    /// Creates the case of a lost connection whose socket has not been examined yet.
    pub(super) fn lost(
        connection: u32,
        lost: LostConnection,
        at: Stamp,
        loss: &Disconnected,
        before: Option<Arc<Snapshot>>,
    ) -> Self {
        let last_reply = at.before(loss.idle);
        Self {
            connection,
            evidence: Evidence { generation: lost.generation, lost: at, ..Evidence::default() },
            over: None,
            early: false,
            not_queried: false,
            client: lost,
            server: Peer::default(),
            queries: 0,
            ended: Some(EndedSocket::default()),
            failure: loss.failure.clone(),
            attempts_missing: None,
            before,
            since: last_reply,
            silent: false,
            looked_at: true,
        }
    }

    /// Creates the case of a connection that has received nothing since `since`.
    pub(super) fn stalled(
        connection: u32,
        client: LostConnection,
        since: Stamp,
        before: Option<Arc<Snapshot>>,
    ) -> Self {
        Self {
            connection,
            evidence: Evidence { generation: client.generation, lost: since, ..Evidence::default() },
            over: None,
            early: false,
            not_queried: false,
            client,
            server: Peer::default(),
            queries: 0,
            ended: None,
            failure: None,
            attempts_missing: None,
            before,
            since,
            silent: true,
            looked_at: false,
        }
    }

    /// Sets the server of the lost or stalled connection.
    pub(super) fn of(mut self, server: Peer) -> Self {
        self.evidence.lost_server = known(&server);
        self.server = server;
        self
    }

    /// Sets the server that the connection reached afterwards.
    pub(super) fn returned_to(&mut self, server: Peer) {
        self.evidence.new_server = known(&server);
    }

    /// Counts a query, and returns true if the next one may show more than its `snapshot`: the server could not be reached,
    /// or another one answered.
    pub(super) fn is_worth_another_query(&mut self, snapshot: &Snapshot) -> bool {
        self.queries += 1;
        let elsewhere =
            snapshot.indirect && snapshot.is_about(&self.server) == Some(false) && !self.was_fresh(snapshot);
        self.over.is_some() && !self.not_queried && self.queries < QUERIES && (snapshot.was_cut_short() || elsewhere)
    }

    /// Returns true if the server that answered may have started since the loss.
    fn was_fresh(&self, snapshot: &Snapshot) -> bool {
        let peer = snapshot.state.as_deref().map(Peer::from);
        peer.is_some_and(|peer| peer.started_within(snapshot.at.since(self.since)) == Some(true))
    }

    /// Creates the case of a connection whose replies have been slow since `since`.
    pub(super) fn slow(connection: u32, client: LostConnection, since: Stamp, before: Option<Arc<Snapshot>>) -> Self {
        let mut case = Self::stalled(connection, client, since, before);
        (case.evidence.slow, case.looked_at) = (true, true);
        case
    }

    /// Continues a stall of the same connection, which has been lost.
    pub(super) fn continues(&mut self, stall: Self) {
        self.silent = true;
        self.evidence.listed_client = stall.evidence.listed_client;
    }

    /// Keeps TCP's figures of the slowest moment.
    pub(super) fn slowest(&mut self, figures: Option<TcpFigures>) {
        let known = self.evidence.tcp;
        self.evidence.tcp = [known, figures].into_iter().flatten().max_by_key(|figures| figures.rtt);
    }

    /// Adds the client that the server may still list.
    pub(super) fn look_up(&self, wanted: &mut Wanted) {
        match self.client.client_id {
            Some(id) => wanted.ids.push(id),
            None => wanted.addresses.extend(self.client.address()),
        }
    }

    /// Stores the client as the server lists it.
    pub(super) fn looked_up(&mut self, clients: &Clients) {
        let listed = || self.client.listed(clients, self.over.is_some());
        self.evidence.listed_client = self.evidence.listed_client.take().or_else(listed);
    }

    /// Returns true if the outage has lasted long enough to be reported before its end.
    pub(super) fn is_due(&self, now: Stamp) -> bool {
        self.over.is_none() && !self.early && now.since(self.evidence.lost) >= LONG
    }

    /// Returns true if it is a stall that has lasted long enough, and has not been looked at.
    pub(super) fn is_worth_a_look(&self, now: Stamp) -> bool {
        !self.looked_at && now.since(self.evidence.lost) >= LOOK
    }

    /// Stores the end of the socket.
    pub(super) fn examined(&mut self, ended: EndedSocket) {
        self.evidence.tcp = ended.figures;
        self.ended = Some(ended);
    }

    /// Stores the reconnect attempts seen.
    pub(super) fn attempted(&mut self, attempts: Attempts) {
        self.evidence.attempts = attempts.seen;
        self.evidence.tried = attempts.tried;
        self.attempts_missing = attempts.missing;
    }

    /// Returns the moment of the loss; `None` for a stall.
    pub(super) fn loss(&self) -> Option<Stamp> {
        self.ended.as_ref().map(|_| self.evidence.lost)
    }

    /// Ends the case: an outage gets the `failure` that became known since, a stall gets TCP's `figures`.
    pub(super) fn end(&mut self, failure: Option<&Failure>, figures: Option<TcpFigures>, at: Stamp) {
        self.over = Some(at);
        match self.loss() {
            Some(_) => self.failure = failure.cloned().or(self.failure.take()),
            None if self.evidence.slow => self.slowest(figures),
            None => self.evidence.tcp = figures.or(self.evidence.tcp),
        }
    }

    /// Adds this machine's state and the server's announcements around the loss.
    pub(super) fn look_back<'a>(
        &mut self,
        own_lag: &OwnLag,
        announcements: impl Iterator<Item = &'a (u32, Announcement)>,
        now: Stamp,
    ) {
        let lost = self.evidence.lost;
        let until = if self.ended.is_some() { lost } else { self.over.unwrap_or(now) };
        self.evidence.host = own_lag.between(self.since, until);
        let from = lost.before(ANNOUNCED_BEFORE);
        let during = from..=self.over.unwrap_or(now);
        let about =
            announcements.filter(|(whose, announced)| *whose == self.connection && during.contains(&announced.at));
        self.evidence.announcements = about.map(|(_, announced)| announced.clone()).collect();
    }

    /// Returns the evidence, with the server's state after the case. `servers` are the servers between which new connections
    /// alternate.
    pub(super) fn complete(mut self, after: &Snapshot, servers: &[Peer]) -> Evidence {
        self.evidence.servers = servers.to_vec();
        self.evidence.ongoing = self.over.is_none();
        self.evidence.death = self.ended.as_ref().and_then(|ended| death(ended, self.failure.as_ref()));
        self.evidence.missing = self.missing();
        if self.not_queried {
            let why = "outages came faster than the server could be queried".to_owned();
            self.evidence.missing.push(Missing::new("server", why));
            return self.evidence;
        }
        match &self.before {
            Some(before) => {
                self.evidence.missing.extend(differences(&before.missing, &after.missing));
                self.evidence.before.clone_from(&before.state);
            }
            None => {
                let why = "the server had not been queried before this outage";
                self.evidence.missing.push(Missing::new("server before", why));
                self.evidence.missing.extend(named(&after.missing, " after"));
            }
        }
        if self.met_another_of(servers, after) {
            let why = "new connections reached other servers behind the address than that of this connection";
            self.evidence.missing.push(Missing::new("server after", why));
            return self.evidence;
        }
        self.evidence.after.clone_from(&after.state);
        let both = self.before.as_ref().filter(|before| before.state.is_some() && after.state.is_some());
        self.evidence.outages_between = both.map_or(0, |before| after.count - before.count);
        self.evidence.old_client_listed = self.ghost(after);
        self.add_reasons(after);
        self.evidence
    }

    /// Returns true if the query reached another of several servers: its state says nothing about the lost connection's.
    fn met_another_of(&self, servers: &[Peer], after: &Snapshot) -> bool {
        let one_of_them = |run_id: Option<&Foreign>| servers.iter().any(|server| server.run_id.as_ref() == run_id);
        after.is_about(&self.server) == Some(false)
            && one_of_them(self.server.run_id.as_ref())
            && one_of_them(after.run_id())
    }

    /// Adds what the server and this machine's accept queues did in the meantime.
    fn add_reasons(&mut self, after: &Snapshot) {
        let run_id = |snapshot: &Snapshot| snapshot.state.as_ref().and_then(|state| state.run_id.clone());
        if let Some(before) = &self.before {
            let overflows = before.listen_overflows.zip(after.listen_overflows);
            self.evidence.listen_overflows = overflows.and_then(|(before, after)| after.checked_sub(before));
            if run_id(before).is_some() && run_id(before) == run_id(after) {
                self.evidence.commands = busiest(&before.commands, &after.commands);
            }
        }
        if !self.silent {
            return;
        }
        let (lost, over) = (self.evidence.lost, self.over.unwrap_or(after.at));
        self.evidence.slow_commands = after.workload.slow_commands(lost, over);
        self.evidence.latency_events = after.workload.latency_events(lost, over);
        self.evidence.missing.extend(after.workload.missing.iter().cloned());
        if let Some(clients) = after.listed.as_ref().filter(|_| self.ended.is_none()) {
            self.looked_up(clients);
        }
    }

    /// Returns true if the server still lists the lost client. The id alone is not enough: a restarted server counts
    /// from the beginning.
    fn ghost(&self, after: &Snapshot) -> Option<bool> {
        let id = self.client.client_id.filter(|_| self.ended.is_some())?;
        // A server that did not restart may still list it, but another one answered.
        if after.is_about(&self.server) == Some(false) && !self.has_restarted(after) {
            return None;
        }
        let listed = after.listed.as_ref().filter(|_| after.looked_up.contains(&id))?;
        let address = listed.address(id);
        Some(address.is_some_and(|address| self.client.addr.is_none() || address == self.client.addr.as_ref()))
    }

    fn has_restarted(&self, after: &Snapshot) -> bool {
        let answered = after.state.as_deref().map(Peer::from);
        let relation = answered.and_then(|new| Succession::between(&self.server, &new, after.at.since(self.since)));
        relation == Some(Succession::Restarted)
    }

    /// Returns the facts that are missing, those of the server apart.
    fn missing(&self) -> Vec<Missing> {
        let mut missing = Vec::new();
        let unknown = || "the connection's socket was not identified".to_owned();
        let why = self.ended.as_ref().map_or_else(|| Some(unknown()), |ended| ended.missing.clone());
        let why = why.unwrap_or_else(unknown);
        if self.ended.is_some() && self.evidence.death.is_none() {
            missing.push(Missing::new("socket", why.clone()));
        }
        if self.evidence.tcp.is_none() {
            missing.push(Missing::new("tcp figures", why));
        }
        if let Some(why) = &self.attempts_missing {
            missing.push(Missing::new("attempts", why.clone()));
        }
        if self.evidence.host.suspended.is_none() {
            missing.push(Missing::new("suspend", "this system does not report how long it was suspended"));
        }
        missing
    }
}

fn known(server: &Peer) -> Option<Peer> {
    (*server != Peer::default()).then(|| server.clone())
}

/// Returns how the connection ended. The errno of a command is more precise than the socket table, which only shows
/// that a socket is gone.
fn death(ended: &EndedSocket, failure: Option<&Failure>) -> Option<Death> {
    let kernel = failure.filter(|failure| failure.key.origin == Origin::Kernel);
    let errno = kernel.and_then(|failure| failure.key.errno);
    let known = match kernel.map(|failure| failure.key.class) {
        Some(ErrorClass::Reset) => Some(SocketEnd::Reset),
        Some(class) if class.follows_silence() => Some(SocketEnd::TimedOut),
        _ => None,
    };
    match known {
        Some(how) => Some(Death { how, errno, known_from: DeathWitness::Command }),
        None => ended.how.map(|how| Death { how, errno, known_from: DeathWitness::SocketTable }),
    }
}

/// Lists once what both snapshots lack.
fn differences(before: &[Missing], after: &[Missing]) -> Vec<Missing> {
    let (both, gone): (Vec<_>, Vec<_>) = before.iter().cloned().partition(|missing| after.contains(missing));
    let new: Vec<_> = after.iter().filter(|missing| !before.contains(missing)).cloned().collect();
    both.into_iter().chain(named(&gone, " before")).chain(named(&new, " after")).collect()
}

fn named<'a>(missing: &'a [Missing], when: &'a str) -> impl Iterator<Item = Missing> + use<'a> {
    missing.iter().map(move |missing| Missing { what: format!("{}{when}", missing.what).into(), ..missing.clone() })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{classify::Stage, event::ServerState};

    fn at(ms: u64) -> Stamp {
        Stamp::from_nanos(ms * 1_000_000)
    }

    fn kernel(errno: i32) -> Failure {
        Failure::io(Stage::Command, &std::io::Error::from_raw_os_error(errno))
    }

    fn lost(failure: Option<Failure>, how: Option<SocketEnd>) -> OutageCase {
        let client = LostConnection { generation: 1, client_id: Some(7), addr: Some("10.0.0.1:5".into()) };
        let idle = Duration::from_millis(300);
        let loss = Disconnected { generation: 1, client_id: Some(7), failure, in_flight: 0, idle };
        let ended = EndedSocket { how, missing: how.is_none().then(|| "unknown".to_owned()), ..EndedSocket::default() };
        let mut case = OutageCase::lost(0, client, at(5000), &loss, None);
        case.examined(ended);
        case
    }

    fn snapshot(at_ms: u64, listed: &[(u64, &str)]) -> Snapshot {
        let state = Some(Arc::new(ServerState { at: at(at_ms), ..ServerState::default() }));
        Snapshot {
            at: at(at_ms),
            finished: at(at_ms + 5),
            state,
            looked_up: [7].into(),
            listed: Some(Clients::of(listed)),
            ..Snapshot::default()
        }
    }

    fn what(missing: &[Missing]) -> Vec<&str> {
        missing.iter().map(|missing| &*missing.what).collect()
    }

    #[test]
    fn a_connection_of_an_application_is_described_only_while_it_is_silent() {
        let client = |client_id| LostConnection { generation: 1, client_id, addr: Some("10.0.0.1:5".into()) };
        let listed = Clients::of(&[(7, "10.0.0.1:5")]);
        for (client_id, is_over, is_described) in
            [(Some(7), false, true), (Some(7), true, true), (None, false, true), (None, true, false)]
        {
            let mut case = OutageCase::stalled(0, client(client_id), at(1000), None);
            case.over = is_over.then(|| at(2000));
            case.looked_up(&listed);
            assert_eq!(case.evidence.listed_client.is_some(), is_described, "{client_id:?} {is_over}");
        }
    }

    #[test]
    fn an_answer_after_the_silence_counts_for_a_command_that_was_held_back() {
        for (flags, command, counts) in [("b", "set", true), ("b", "blpop", false), ("N", "set", false)] {
            let line = format!("id=7 addr=10.0.0.1:5 flags={flags} cmd={command}");
            let client = LostConnection { generation: 1, client_id: None, addr: Some("10.0.0.1:5".into()) };
            let mut case = OutageCase::stalled(0, client, at(1000), None);
            case.over = Some(at(2000));
            case.looked_up(&Clients::shown(&line, at(1900)));
            assert_eq!(case.evidence.listed_client.is_some(), counts, "{line}");
        }
    }

    #[test]
    fn a_commands_errno_has_precedence_over_the_socket_table() {
        let died = |failure, how| {
            let death = lost(failure, how).complete(&snapshot(6000, &[]), &[]).death;
            death.map(|death| (death.how, death.errno, death.known_from))
        };
        let (command, table) = (DeathWitness::Command, DeathWitness::SocketTable);
        assert_eq!(died(Some(kernel(104)), Some(SocketEnd::Gone)), Some((SocketEnd::Reset, Some(104), command)));
        assert_eq!(died(Some(kernel(110)), Some(SocketEnd::Gone)), Some((SocketEnd::TimedOut, Some(110), command)));
        assert_eq!(died(Some(kernel(113)), None), Some((SocketEnd::TimedOut, Some(113), command)));
        // EPIPE: the socket was closed before; how is unknown.
        assert_eq!(died(Some(kernel(32)), Some(SocketEnd::Closed)), Some((SocketEnd::Closed, Some(32), table)));
        assert_eq!(died(Some(kernel(32)), None), None);
        let library = Failure::doctor(ErrorClass::ConnectionClosed, Stage::Command, "broken pipe");
        assert_eq!(died(Some(library), Some(SocketEnd::Closed)), Some((SocketEnd::Closed, None, table)));
        assert_eq!(what(&lost(None, None).complete(&snapshot(6000, &[]), &[]).missing)[..2], ["socket", "tcp figures"]);
    }

    #[test]
    fn a_ghost_has_the_number_and_the_address_of_the_lost_client() {
        let ghost = |listed: &[(u64, &str)]| lost(None, None).complete(&snapshot(6000, listed), &[]).old_client_listed;
        assert_eq!(ghost(&[(7, "10.0.0.1:5"), (8, "10.0.0.1:6")]), Some(true));
        assert_eq!(ghost(&[(8, "10.0.0.1:6")]), Some(false));
        assert_eq!(ghost(&[(7, "10.0.0.9:6")]), Some(false), "another server's number 7");
        let not_queried = Snapshot { listed: None, ..snapshot(6000, &[]) };
        assert_eq!(lost(None, None).complete(&not_queried, &[]).old_client_listed, None);
    }

    #[test]
    fn facts_missing_from_both_snapshots_are_listed_once() {
        let missing = |what: &str| Missing { refused: true, ..Missing::new(what, "NOPERM") };
        let before =
            Snapshot { missing: vec![missing("INFO"), missing("CLIENT INFO")], count: 3, ..snapshot(1000, &[]) };
        let mut case = lost(None, Some(SocketEnd::Closed));
        case.before = Some(Arc::new(before));
        case.evidence.host.suspended = Some(Duration::ZERO);
        case.evidence.tcp = Some(TcpFigures::default());
        let after = Snapshot { missing: vec![missing("INFO"), missing("CONFIG GET")], count: 5, ..snapshot(6000, &[]) };
        let evidence = case.clone().complete(&after, &[]);
        assert_eq!(what(&evidence.missing), ["INFO", "CLIENT INFO before", "CONFIG GET after"]);
        assert_eq!((evidence.outages_between, evidence.ongoing), (2, true));
        case.not_queried = true;
        let evidence = case.complete(&after, &[]);
        assert_eq!((what(&evidence.missing), evidence.after, evidence.outages_between), (vec!["server"], None, 0));
    }

    #[test]
    fn announcements_count_for_a_minute_and_on_their_own_connection() {
        let announced = |whose, ms, kind: &str| (whose, Announcement { at: at(ms), kind: kind.into() });
        let mut case = lost(None, None);
        case.evidence.lost = at(100_000);
        case.over = Some(at(101_000));
        let all = [
            announced(0, 39_000, "too early"),
            announced(0, 41_000, "MOVING"),
            announced(1, 99_000, "another's"),
            announced(0, 100_500, "MOVED"),
            announced(0, 101_500, "too late"),
        ];
        case.look_back(&OwnLag::new(), all.iter(), at(102_000));
        let kinds: Vec<_> = case.evidence.announcements.iter().map(|announced| &*announced.kind).collect();
        assert_eq!(kinds, ["MOVING", "MOVED"]);
    }

    #[test]
    fn a_long_outage_is_due_once() {
        let mut case = lost(None, None);
        assert!(!case.is_due(at(14_999)) && case.is_due(at(15_000)));
        case.early = true;
        assert!(!case.is_due(at(20_000)));
        let mut case = lost(None, None);
        case.end(None, None, at(16_000));
        assert!(!case.is_due(at(20_000)));
    }
}
