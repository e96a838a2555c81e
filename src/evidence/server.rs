//! A server's state, queried on a separate short-lived connection: INFO, CONFIG GET, CLIENT INFO, the old clients that it
//! still lists, after a silence its work in that time, and its clock.
//!
//! An ACL can forbid each command, and an older server may not know it; each missing answer is listed with the reason.

mod clients;
mod clock;
mod info;
mod workload;

use std::{collections::HashSet, net::SocketAddr, sync::Arc, time::Duration};

pub(super) use self::{
    clients::{Clients, Wanted},
    info::busiest,
};
use self::{info::Commands, workload::Workload};
use crate::{
    classify::{ErrorClass, Failure, Stage},
    clock::{Clock, Stamp, within},
    dial::{
        Attempt, ClientInfo, RespStream, Route, Value,
        reply::{Part, Reply, Settings, Text},
        translated,
    },
    event::{Missing, Peer, ServerClock, ServerState},
    foreign::Foreign,
    kernel::listen_overflows,
};

/// Timeout of each command.
const LIMIT: Duration = Duration::from_millis(500);

/// Old clients looked up in one query.
const MOST_CLIENTS: usize = 200;

/// The whole list, for clients whose ids are not known or without CLIENT LIST ID, is fetched if it has at most this many.
const SHORT_LIST: u64 = 1000;

/// Settings queried.
const SETTINGS: [&str; 4] = ["timeout", "tcp-keepalive", "maxclients", "client-output-buffer-limit"];

/// Sections of INFO queried.
const SECTIONS: [&str; 7] = ["INFO", "server", "clients", "stats", "replication", "persistence", "commandstats"];

/// The questions to a server beside its state.
#[derive(Clone, Debug, Default)]
pub(super) struct Questions {
    pub(super) clients: Wanted,
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
    /// The ids looked up, and the clients that the server lists; `None` if there was no answer.
    pub(super) looked_up: HashSet<u64>,
    pub(super) listed: Option<Clients>,
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
    let listed = query.clients(&questions.clients).await;
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
        looked_up: first(&questions.clients.ids).iter().copied().collect(),
        listed,
        commands: query.commands,
        workload: query.workload,
        clock: server_clock,
        listen_overflows,
        missing: query.missing,
        indirect,
        ..Snapshot::default()
    }
}

/// Looks up clients while their connections are silent; `None` without an answer.
pub(super) async fn describe(route: &Route, clock: Clock, wanted: &Wanted) -> Option<Clients> {
    if !route.may_query() {
        return None;
    }
    let (attempt, stream) = route.open().await;
    let ends = attempt.local.zip(attempt.peer);
    let mut query = Query::new(stream?, found(&attempt, clock.now()), ends, clock);
    if !wanted.addresses.is_empty() {
        query.info().await;
        query.client().await;
    }
    query.clients(wanted).await
}

/// Returns as many ids as one query looks up.
fn first(ids: &[u64]) -> &[u64] {
    &ids[..ids.len().min(MOST_CLIENTS)]
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

    /// Returns the clients that the server lists, if some are wanted.
    async fn clients(&mut self, wanted: &Wanted) -> Option<Clients> {
        let short = self.state.connected_clients.is_some_and(|clients| clients <= SHORT_LIST);
        // The server knows a translated connection by another address.
        let by_address = !wanted.addresses.is_empty() && short && self.state.translated == Some(false);
        let answer = if by_address {
            self.query::<Text>(&["CLIENT", "LIST"]).await
        } else if wanted.ids.is_empty() {
            return None;
        } else {
            let ids: Vec<String> = first(&wanted.ids).iter().map(u64::to_string).collect();
            let words: Vec<&str> = ["CLIENT", "LIST", "ID"].into_iter().chain(ids.iter().map(String::as_str)).collect();
            let answer = self.query(&words).await;
            // Before Redis 6.2 only the whole list can be fetched.
            if short && answer.as_ref().is_err_and(is_refused) { self.query(&["CLIENT", "LIST"]).await } else { answer }
        };
        match answer {
            Ok(list) => Some(Clients::parse(list.part(), self.clock.now())),
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
