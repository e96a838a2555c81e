//! A server's state, queried on a separate short-lived connection: INFO, CONFIG GET, CLIENT INFO, and the old clients
//! that it still lists.
//!
//! An ACL can forbid each command, and an older server may not know it; each missing answer is listed with the reason.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use crate::{
    classify::{ErrorClass, Failure, Stage},
    clock::{Clock, Stamp},
    dial::{
        Attempt, ClientInfo, FromRedisValue, RespStream, Route, Value, identity,
        reply::{decode, info_fields},
        translated,
    },
    event::{Missing, Peer, ServerState},
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
    pub(super) listed: Option<HashMap<u64, Option<String>>>,
    /// Facts without an answer, and why.
    pub(super) missing: Vec<Missing>,
    /// Something between this machine and the server, or a name with several addresses, may lead the next connection to
    /// another server.
    pub(super) indirect: bool,
}

/// Queries a server, and looks up the clients `old`.
pub(super) async fn query(route: &Route, clock: Clock, old: &[u64]) -> Snapshot {
    let at = clock.now();
    let (attempt, stream) = route.open().await;
    let Some(stream) = stream else {
        let why = attempt.probed.failure.map_or_else(String::new, |failure| failure.to_string());
        return Snapshot::unreachable(at, &why);
    };
    if !route.may_query() {
        let why = "the proxy closes the connection on it";
        let missing = ["INFO", "CONFIG GET", "CLIENT INFO", "CLIENT LIST"];
        let missing = missing.into_iter().map(|what| Missing { refused: true, ..Missing::new(what, why) }).collect();
        return Snapshot { at, state: Some(Arc::new(found(&attempt, at))), missing, ..Snapshot::default() };
    }
    let addresses = attempt.addresses.len();
    let ends = attempt.local.zip(attempt.peer);
    let mut query = Query { stream: Some(stream), ends, state: found(&attempt, at), missing: Vec::new() };
    query.info().await;
    query.settings().await;
    query.client().await;
    let old = &old[..old.len().min(MOST_CLIENTS)];
    let listed = query.clients(old).await;
    let looked_up = old.iter().copied().collect();
    let indirect = query.ends.is_some() && (addresses > 1 || query.state.translated != Some(false));
    Snapshot {
        at,
        state: Some(Arc::new(query.state)),
        looked_up,
        listed,
        missing: query.missing,
        indirect,
        ..Snapshot::default()
    }
}

impl Snapshot {
    /// Returns the process that was queried, if it identified itself.
    pub(super) fn run_id(&self) -> Option<&Arc<str>> {
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
    pub(super) fn unreachable(at: Stamp, why: &str) -> Self {
        let missing = vec![Missing::new("server", why)];
        Self { at, missing, ..Self::default() }
    }
}

/// Returns what the connection attempt itself shows.
fn found(attempt: &Attempt, at: Stamp) -> ServerState {
    ServerState {
        at,
        address: attempt.peer.map(|peer| peer.to_string().into()),
        addresses: attempt.addresses.iter().map(ToString::to_string).collect(),
        version: attempt.server.version.as_deref().map(Into::into),
        role: attempt.server.role.as_deref().map(Into::into),
        ..ServerState::default()
    }
}

/// A query in progress.
struct Query {
    /// `None` after a timeout: a late reply would be taken for the reply to the next command.
    stream: Option<RespStream>,
    /// Our end and the server's end of the connection, as seen by us.
    ends: Option<(SocketAddr, SocketAddr)>,
    state: ServerState,
    missing: Vec<Missing>,
}

impl Query {
    async fn info(&mut self) {
        let mut answer = self.query::<String>(&SECTIONS).await;
        // Before Redis 7.0 INFO takes a single section.
        if answer.as_ref().is_err_and(is_refused) {
            answer = self.query(&["INFO", "all"]).await;
        }
        match answer {
            Ok(info) => read_info(&info, &mut self.state),
            Err(failure) => self.miss("INFO", &failure),
        }
    }

    async fn settings(&mut self) {
        let words = |names: &[&'static str]| [&["CONFIG", "GET"], names].concat();
        let mut answer = self.query::<HashMap<String, String>>(&words(&SETTINGS)).await;
        // Before Redis 7.0 CONFIG GET takes a single name; if the command is forbidden, that is refused as well.
        if answer.as_ref().is_err_and(is_refused) {
            let mut all = HashMap::new();
            answer = loop {
                let Some(name) = SETTINGS.get(all.len()) else {
                    break Ok(all);
                };
                match self.query::<HashMap<String, String>>(&words(&[name])).await {
                    Ok(one) => _ = all.insert((*name).to_owned(), one.get(*name).cloned().unwrap_or_default()),
                    Err(failure) => break Err(failure),
                }
            };
        }
        match answer {
            Ok(settings) => read_settings(&settings, &mut self.state),
            Err(failure) => self.miss("CONFIG GET", &failure),
        }
    }

    async fn client(&mut self) {
        match self.query::<String>(&["CLIENT", "INFO"]).await {
            Ok(line) => {
                let client = ClientInfo::parse(&line);
                self.state.translated = self.ends.and_then(|ends| translated(ends, &client));
                self.state.laddr = client.laddr.map(Into::into);
            }
            Err(failure) => self.miss("CLIENT INFO", &failure),
        }
    }

    async fn clients(&mut self, old: &[u64]) -> Option<HashMap<u64, Option<String>>> {
        if old.is_empty() {
            return None;
        }
        let ids: Vec<String> = old.iter().map(u64::to_string).collect();
        let words: Vec<&str> = ["CLIENT", "LIST", "ID"].into_iter().chain(ids.iter().map(String::as_str)).collect();
        let mut answer = self.query::<String>(&words).await;
        // Before Redis 6.2 only the whole list can be fetched.
        let short = self.state.connected_clients.is_some_and(|clients| clients <= SHORT_LIST);
        if short && answer.as_ref().is_err_and(is_refused) {
            answer = self.query(&["CLIENT", "LIST"]).await;
        }
        match answer {
            Ok(list) => {
                let clients = list.lines().map(ClientInfo::parse);
                Some(clients.filter_map(|client| Some((client.id?, client.addr))).collect())
            }
            Err(failure) => {
                self.miss("CLIENT LIST", &failure);
                None
            }
        }
    }

    async fn query<T: FromRedisValue>(&mut self, words: &[&str]) -> Result<T, Failure> {
        let timed_out = |text| Failure::doctor(ErrorClass::ResponseTimeout, Stage::Command, text);
        let Some(stream) = &mut self.stream else {
            return Err(timed_out("the server had stopped answering"));
        };
        let answer: Result<Value, Failure> = match tokio::time::timeout(LIMIT, stream.command(words)).await {
            Ok(answer) => answer,
            Err(_) => Err(timed_out("no reply within 500 ms")),
        };
        if answer.as_ref().is_err_and(|failure| !failure.key.class.is_server_reply()) {
            self.stream = None;
        }
        let other = || Failure::doctor(ErrorClass::Other, Stage::Command, "unexpected type of reply");
        decode(answer?).ok_or_else(other)
    }

    fn miss(&mut self, what: &str, failure: &Failure) {
        let refused = matches!(failure.key.class, ErrorClass::NoPerm | ErrorClass::ServerError);
        self.missing.push(Missing { refused, ..Missing::new(what, failure.to_string()) });
    }
}

/// Returns true if the server does not know this form of the command. NOPERM applies to every form.
fn is_refused(failure: &Failure) -> bool {
    failure.key.class.is_server_reply() && failure.key.class != ErrorClass::NoPerm
}

/// Reads the fields of INFO that are present.
fn read_info(info: &str, state: &mut ServerState) {
    let fields: HashMap<&str, &str> = info_fields(info).collect();
    let text = |name: &str| fields.get(name).copied().map(Arc::<str>::from);
    let number = |name: &str| fields.get(name)?.parse::<u64>().ok();
    // A command that has never been called has no line.
    let counted = fields.keys().any(|name| name.starts_with("cmdstat_"));
    let calls = |names: &[&str]| counted.then(|| names.iter().map(|name| calls_of(&fields, name)).sum());
    state.run_id = text("run_id");
    state.version = text("valkey_version").or(text("redis_version")).or(state.version.take());
    state.uptime = number("uptime_in_seconds");
    state.role = text("role").or(state.role.take());
    state.mode = text("redis_mode").or(text("server_mode"));
    let primary = fields.get("master_host").zip(fields.get("master_port"));
    state.primary = primary.map(|(host, port)| identity::address(host, port).into());
    state.commands_processed = number("total_commands_processed");
    state.replication_offset = number("master_repl_offset");
    // Forty zeros mean none.
    let history = |name| text(name).filter(|id| id.bytes().any(|digit| digit != b'0'));
    state.replication_id = history("master_replid");
    state.former_replication_id = history("master_replid2");
    state.failover_state = text("master_failover_state").filter(|failover| **failover != *"no-failover");
    state.loading = number("loading").map(|loading| loading != 0);
    state.connected_clients = number("connected_clients");
    state.connections_received = number("total_connections_received");
    state.rejected_connections = number("rejected_connections");
    state.evicted_clients = number("evicted_clients");
    state.output_buffer_disconnections = number("client_output_buffer_limit_disconnections");
    state.query_buffer_disconnections = number("client_query_buffer_limit_disconnections");
    // Since Redis 7.0 subcommands are counted separately; Valkey reports the Redis version that it is compatible with.
    let major = fields.get("redis_version").and_then(|version| version.split('.').next()?.parse::<u32>().ok());
    if major.is_some_and(|major| major >= 7) {
        state.client_kills = calls(&["client|kill"]);
        state.acl_changes = calls(&["acl|setuser", "acl|deluser", "acl|load"]);
        state.config_changes = calls(&["config|set"]);
    }
}

/// `cmdstat_client|kill:calls=1,usec=…`
fn calls_of(fields: &HashMap<&str, &str>, command: &str) -> u64 {
    let line = fields.get(format!("cmdstat_{command}").as_str());
    let calls = line.and_then(|line| line.strip_prefix("calls=")?.split(',').next()?.parse().ok());
    calls.unwrap_or(0)
}

fn read_settings(settings: &HashMap<String, String>, state: &mut ServerState) {
    let number = |name: &str| settings.get(name)?.parse().ok();
    state.timeout = number("timeout");
    state.tcp_keepalive = number("tcp-keepalive");
    state.maxclients = number("maxclients");
    let limit = settings.get("client-output-buffer-limit").filter(|limit| !limit.is_empty());
    state.output_buffer_limit = limit.map(|limit| limit.as_str().into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn info_fields_that_are_present_are_read() {
        let info = "# Server\r\nredis_version:7.2.4\r\nrun_id:abc\r\nuptime_in_seconds:77\r\n\
            connected_clients:3\r\ntotal_connections_received:9\r\nrole:master\r\nmaster_repl_offset:14\r\n\
            master_failover_state:no-failover\r\nloading:0\r\ncmdstat_ping:calls=4,usec=1\r\n\
            cmdstat_client|kill:calls=2,usec=9,usec_per_call=4.50\r\ncmdstat_acl|setuser:calls=1,usec=1\r\n\
            cmdstat_acl|load:calls=2,usec=1\r\n";
        let mut state = ServerState::default();
        read_info(info, &mut state);
        assert_eq!((state.run_id.as_deref(), state.version.as_deref()), (Some("abc"), Some("7.2.4")));
        assert_eq!((state.uptime, state.connected_clients, state.connections_received), (Some(77), Some(3), Some(9)));
        assert_eq!((state.role.as_deref(), state.replication_offset), (Some("master"), Some(14)));
        assert_eq!((state.failover_state.as_deref(), state.loading), (None, Some(false)));
        assert_eq!((state.client_kills, state.acl_changes, state.config_changes), (Some(2), Some(3), Some(0)));
        assert_eq!((state.evicted_clients, state.output_buffer_disconnections), (None, None));
    }

    #[test]
    fn a_server_that_does_not_count_subcommands_counts_no_kills() {
        let mut state = ServerState::default();
        read_info(
            "redis_version:6.0.16\r\ncmdstat_client:calls=2,usec=9\r\nmaster_failover_state:waiting-for-sync",
            &mut state,
        );
        assert_eq!((state.client_kills, state.acl_changes), (None, None));
        assert_eq!(state.failover_state.as_deref(), Some("waiting-for-sync"));
    }
}
