//! A server's state, queried on a separate short-lived connection: INFO, CONFIG GET, CLIENT INFO, the old clients that it
//! still lists, after a silence its work in that time, and its clock.
//!
//! An ACL can forbid each command, and an older server may not know it; each missing answer is listed with the reason.

mod clock;
mod info;
mod workload;

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

pub(super) use self::info::busiest;
use self::{info::Commands, workload::Workload};
use crate::{
    classify::{ErrorClass, Failure, Stage},
    clock::{Clock, Stamp, within},
    dial::{
        Attempt, ClientInfo, RespStream, Route, Value,
        reply::{Part, Reply, Settings, Text},
        translated,
    },
    event::{ListedClient, Missing, Peer, ServerClock, ServerState},
    foreign::Foreign,
    kernel::listen_overflows,
};

/// Timeout of each command.
const LIMIT: Duration = Duration::from_millis(500);

/// Old clients looked up in one query.
const MOST_CLIENTS: usize = 200;

/// Without CLIENT LIST ID, the whole list is fetched if it has at most this many clients.
const SHORT_LIST: u64 = 1000;

/// Settings queried.
const SETTINGS: [&str; 4] = ["timeout", "tcp-keepalive", "maxclients", "client-output-buffer-limit"];

/// Sections of INFO queried.
const SECTIONS: [&str; 7] = ["INFO", "server", "clients", "stats", "replication", "persistence", "commandstats"];

/// The questions to a server beside its state.
#[derive(Clone, Debug, Default)]
pub(super) struct Questions {
    /// Clients to look up.
    pub(super) clients: Vec<u64>,
    /// Some outage was a silence or a slow stretch: ask for the server's work in it.
    pub(super) reasons: bool,
}

/// A server at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Snapshot {
    /// Start of the query, and time of the last answer.
    pub(super) at: Stamp,
    pub(super) finished: Stamp,
    /// Losses and stalls of the run so far.
    pub(super) count: u64,
    /// The server's state; `None` if it could not be reached.
    pub(super) state: Option<Arc<ServerState>>,
    /// The old clients looked up, and the clients that the server lists, with their addresses; `None` if there was no
    /// answer.
    pub(super) looked_up: HashSet<u64>,
    pub(super) listed: Option<HashMap<u64, Option<Foreign>>>,
    /// The same clients, as the server describes them.
    pub(super) described: HashMap<u64, ListedClient>,
    /// Time that the server spent in each command.
    pub(super) commands: Commands,
    /// Its slow commands and latency events, if they were requested.
    pub(super) workload: Workload,
    /// The server's clock.
    pub(super) clock: Option<ServerClock>,
    /// Full accept queues on this machine, if the server runs on it.
    pub(super) listen_overflows: Option<u64>,
    /// Facts without an answer, and why.
    pub(super) missing: Vec<Missing>,
    /// Something between this machine and the server, or a name with several addresses, may lead the next connection to
    /// another server.
    pub(super) indirect: bool,
}

/// Queries a server.
pub(super) async fn query(route: &Route, clock: Clock, questions: &Questions) -> Snapshot {
    let at = clock.now();
    let (attempt, stream) = route.open().await;
    let Some(stream) = stream else {
        let why = attempt.probed.failure.map_or_else(String::new, |failure| failure.to_string());
        return Snapshot::unreachable(at, why);
    };
    if !route.may_query() {
        let why = "the proxy closes the connection on it";
        let missing = ["INFO", "CONFIG GET", "CLIENT INFO", "CLIENT LIST"];
        let missing = missing.into_iter().map(|what| Missing { refused: true, ..Missing::new(what, why) }).collect();
        return Snapshot { at, state: Some(Arc::new(found(&attempt, at))), missing, ..Snapshot::default() };
    }
    let addresses = attempt.addresses.len();
    let ends = attempt.local.zip(attempt.peer);
    let mut query = Query::new(stream, found(&attempt, at), ends, clock);
    query.info().await;
    query.settings().await;
    query.client().await;
    let old = &questions.clients[..questions.clients.len().min(MOST_CLIENTS)];
    let listed = query.clients(old).await;
    if questions.reasons {
        query.workload().await;
    }
    let server_clock = query.server_clock().await;
    let indirect = ends.is_some() && (addresses > 1 || query.state.translated != Some(false));
    query.state.local = ends.map(|(local, peer)| local.ip() == peer.ip());
    let listen_overflows = query.state.local.filter(|local| *local).and_then(|_| listen_overflows());
    Snapshot {
        at,
        state: Some(Arc::new(query.state)),
        looked_up: old.iter().copied().collect(),
        listed: listed.as_ref().map(|list| list.iter().map(|(id, (addr, _))| (*id, addr.clone())).collect()),
        described: listed.into_iter().flatten().map(|(id, (_, shown))| (id, shown)).collect(),
        commands: query.commands,
        workload: query.workload,
        clock: server_clock,
        listen_overflows,
        missing: query.missing,
        indirect,
        ..Snapshot::default()
    }
}

/// Looks up clients while their connections are silent; empty without an answer.
pub(super) async fn describe(route: &Route, clock: Clock, clients: &[u64]) -> HashMap<u64, ListedClient> {
    if !route.may_query() {
        return HashMap::new();
    }
    let (attempt, Some(stream)) = route.open().await else { return HashMap::new() };
    let mut query = Query::new(stream, found(&attempt, clock.now()), None, clock);
    let listed = query.clients(&clients[..clients.len().min(MOST_CLIENTS)]).await;
    listed.into_iter().flatten().map(|(id, (_, shown))| (id, shown)).collect()
}

impl Snapshot {
    /// Returns the process that was queried, if it identified itself.
    pub(super) fn run_id(&self) -> Option<&Foreign> {
        self.state.as_ref()?.run_id.as_ref()
    }

    /// Returns true if the answers came from the given server; `None` if either is unknown.
    pub(super) fn is_about(&self, server: &Peer) -> Option<bool> {
        Some(self.run_id()? == server.run_id.as_ref()?)
    }

    /// Returns true if the server, or a connection to it, was lost before it had described itself: it may do so later.
    pub(super) fn was_cut_short(&self) -> bool {
        let lost = |missing: &Missing| missing.what == "INFO" && !missing.refused;
        self.state.is_none() || self.missing.iter().any(lost)
    }

    /// Creates the snapshot of a server that could not be reached.
    pub(super) fn unreachable(at: Stamp, why: impl Into<Foreign>) -> Self {
        let missing = vec![Missing::new("server", why)];
        Self { at, missing, ..Self::default() }
    }
}

/// Returns what the connection attempt itself shows.
fn found(attempt: &Attempt, at: Stamp) -> ServerState {
    ServerState {
        at,
        address: attempt.peer.map(|peer| peer.to_string().into()),
        addresses: attempt.addresses.iter().map(|address| address.to_string().into()).collect(),
        version: attempt.server.version.clone(),
        role: attempt.server.role.clone(),
        ..ServerState::default()
    }
}

/// A query in progress.
struct Query {
    /// `None` after a timeout: a late reply would be taken for the reply to the next command.
    stream: Option<RespStream>,
    /// Our end and the server's end of the connection, as seen by us.
    ends: Option<(SocketAddr, SocketAddr)>,
    clock: Clock,
    state: ServerState,
    commands: Commands,
    workload: Workload,
    missing: Vec<Missing>,
}

impl Query {
    fn new(stream: RespStream, state: ServerState, ends: Option<(SocketAddr, SocketAddr)>, clock: Clock) -> Self {
        let (commands, workload) = (Commands::new(), Workload::default());
        Self { stream: Some(stream), ends, clock, state, commands, workload, missing: Vec::new() }
    }

    async fn info(&mut self) {
        let mut answer = self.query::<Text>(&SECTIONS).await;
        // Before Redis 7.0 INFO takes a single section.
        if answer.as_ref().is_err_and(is_refused) {
            answer = self.query(&["INFO", "all"]).await;
        }
        match answer {
            Ok(info) => {
                let info = info.part().info();
                info::read(&info, &mut self.state);
                self.commands = info::commands(&info);
                self.workload.clock = info::clock(&info).map(|micros| (micros, self.clock.now()));
            }
            Err(failure) => self.miss("INFO", &failure),
        }
    }

    async fn settings(&mut self) {
        let words = |names: &[&'static str]| [&["CONFIG", "GET"], names].concat();
        let mut answer = self.query::<Settings>(&words(&SETTINGS)).await;
        // Before Redis 7.0 CONFIG GET takes a single name; if the command is forbidden, that is refused as well.
        if answer.as_ref().is_err_and(is_refused) {
            let each = async {
                let mut all = Settings::new();
                for name in SETTINGS {
                    all.extend(self.query::<Settings>(&words(&[name])).await?);
                }
                Ok(all)
            };
            answer = each.await;
        }
        match answer {
            Ok(settings) => read_settings(&settings, &mut self.state),
            Err(failure) => self.miss("CONFIG GET", &failure),
        }
    }

    async fn client(&mut self) {
        match self.query::<Text>(&["CLIENT", "INFO"]).await {
            Ok(line) => {
                let client = ClientInfo::parse(line.part());
                self.state.translated = self.ends.and_then(|ends| translated(ends, &client));
                self.state.laddr = client.laddr;
            }
            Err(failure) => self.miss("CLIENT INFO", &failure),
        }
    }

    /// Returns the address and the description of each client that the server lists.
    async fn clients(&mut self, old: &[u64]) -> Option<HashMap<u64, (Option<Foreign>, ListedClient)>> {
        if old.is_empty() {
            return None;
        }
        let ids: Vec<String> = old.iter().map(u64::to_string).collect();
        let words: Vec<&str> = ["CLIENT", "LIST", "ID"].into_iter().chain(ids.iter().map(String::as_str)).collect();
        let mut answer = self.query::<Text>(&words).await;
        // Before Redis 6.2 only the whole list can be fetched.
        let short = self.state.connected_clients.is_some_and(|clients| clients <= SHORT_LIST);
        if short && answer.as_ref().is_err_and(is_refused) {
            answer = self.query(&["CLIENT", "LIST"]).await;
        }
        match answer {
            Ok(list) => {
                let now = self.clock.now();
                let client = |line| {
                    let client = ClientInfo::parse(line);
                    Some((client.id?, (client.addr, described(line, now))))
                };
                Some(list.part().lines().filter_map(client).collect())
            }
            Err(failure) => {
                self.miss("CLIENT LIST", &failure);
                None
            }
        }
    }

    async fn query<T: Reply>(&mut self, words: &[&str]) -> Result<T, Failure> {
        let timed_out = |text| Failure::doctor(ErrorClass::ResponseTimeout, Stage::Command, text);
        let Some(stream) = &mut self.stream else {
            return Err(timed_out("the server had stopped answering"));
        };
        let answer: Result<Value, Failure> = match within(LIMIT, stream.command(words)).await {
            Some(answer) => answer,
            None => Err(timed_out("no reply within 500 ms")),
        };
        if answer.as_ref().is_err_and(|failure| !failure.key.class.is_server_reply()) {
            self.stream = None;
        }
        let other = || Failure::doctor(ErrorClass::Other, Stage::Command, "unexpected type of reply");
        T::read(answer?).ok_or_else(other)
    }

    fn miss(&mut self, what: &'static str, failure: &Failure) {
        self.missing.push(unanswered(what, failure));
    }

    fn miss_workload(&mut self, what: &'static str, failure: &Failure) {
        self.workload.missing.push(unanswered(what, failure));
    }
}

fn unanswered(what: &'static str, failure: &Failure) -> Missing {
    let refused = matches!(failure.key.class, ErrorClass::NoPerm | ErrorClass::ServerError);
    Missing { refused, ..Missing::new(what, failure.text.clone()) }
}

/// Reads a line of CLIENT LIST.
fn described(line: Part<'_>, at: Stamp) -> ListedClient {
    let field = |name: &str| line.field(' ', name);
    let number = |name: &str| field(name)?.parse::<u64>();
    let unsent = [number("obl"), number("omem")].into_iter().flatten().reduce(u64::saturating_add);
    ListedClient {
        at,
        flags: field("flags").map(Part::shown).unwrap_or_default(),
        command: field("cmd").filter(|command| !command.is("NULL")).map(Part::shown),
        unread: number("qbuf"),
        unsent,
    }
}

/// Returns true if the server does not know this form of the command. NOPERM applies to every form.
fn is_refused(failure: &Failure) -> bool {
    failure.key.class.is_server_reply() && failure.key.class != ErrorClass::NoPerm
}

fn read_settings(settings: &Settings, state: &mut ServerState) {
    let setting = |name: &str| settings.get(name).map(Text::part);
    let number = |name: &str| setting(name)?.parse();
    state.timeout = number("timeout");
    state.tcp_keepalive = number("tcp-keepalive");
    state.maxclients = number("maxclients");
    let limit = setting("client-output-buffer-limit").filter(|limit| !limit.is_empty());
    state.output_buffer_limit = limit.map(Part::shown);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::Fuzz;

    #[test]
    fn a_line_of_the_client_list_shows_what_a_client_waits_for() {
        let line =
            "id=4 addr=127.0.0.1:5 flags=b db=0 qbuf=24 qbuf-free=20450 obl=10 oll=0 omem=5 cmd=blpop user=default";
        let shown = described(line.into(), Stamp::START);
        assert_eq!((&*shown.flags, shown.command.as_deref()), ("b", Some("blpop")));
        assert_eq!((shown.unread, shown.unsent), (Some(24), Some(15)));
        let bare = described("id=4 cmd=NULL".into(), Stamp::START);
        assert_eq!((bare.command, bare.unread, bare.unsent), (None, None, None));
    }

    #[test]
    fn fuzz_client_lists() {
        Fuzz::new("clients", &["obl=", "omem=", "qbuf=", "cmd=", " "]).run_on_text(|list| {
            list.lines().for_each(|line| drop(described(line.into(), Stamp::START)));
        });
    }
}
