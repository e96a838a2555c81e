//! The readiness of a server for `wait`: reachable, login accepted, dataset loaded, and in the wanted role.
//!
//! Each check opens a new connection, like the application's first one. A server that is loading refuses PING with
//! LOADING; a replica that has lost its primary and may not serve stale data refuses it with MASTERDOWN (before
//! Redis 7.0 it answers PING and refuses the rest). A server that answers PING and DBSIZE therefore serves commands.
//! For a user who may run neither, a successful login counts as ready: that user cannot do more.

mod restarts;

use std::time::Duration;

pub(crate) use restarts::Restarts;

use crate::{
    classify::{ErrorClass, Failure},
    clock::{Clock, within},
    dial::{
        Attempt, ClientInfo, RespStream, Route, Value,
        reply::{shown, text},
    },
    event::{Peer, ServerIdentity},
    foreign::Foreign,
    plan::{Protocol, Readiness, Target},
    units::span,
};

/// Timeout of one check: a slower server is not ready, but frozen.
const LIMIT: Duration = Duration::from_secs(5);

/// Further connections that must reach a server of the wanted role, too, and the pause between them.
const OTHERS: u32 = 3;
const BETWEEN: Duration = Duration::from_millis(50);

/// The reason why a server is not ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Obstacle {
    /// The stage and the failure, with the errno if there is one.
    pub text: String,
    /// True if it does not usually resolve on its own: a wrong password, a missing permission, a certificate.
    pub lasting: bool,
    /// The check had less time than [`LIMIT`], and might have succeeded with more.
    pub cut_short: bool,
    /// The server process, as the check saw it.
    pub process: Process,
}

/// The server process, as a check that was not successful saw it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Process {
    /// It loads its dataset; its `run_id`, if it may be asked.
    Loading(Option<Foreign>),
    /// There is none: the port is closed.
    Absent,
    /// There is one, or it is unknown.
    #[default]
    Other,
}

/// Checks a server for the wanted state.
pub(crate) struct ReadinessCheck {
    route: Route,
    wanted: Readiness,
}

/// A server's role, as far as it reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Role {
    Primary,
    /// `link` is the state of the link to the primary: `connected` if it is up.
    Replica {
        link: Foreign,
    },
    /// `sentinel`, or an unknown role.
    Other(Foreign),
    /// The reply names no role.
    Unknown,
}

impl ReadinessCheck {
    /// Creates the check of `target`.
    pub(crate) fn new(target: Target, protocol: Protocol, wanted: Readiness, clock: Clock) -> Self {
        Self { route: Route::new(target, protocol, LIMIT, clock).with_ping(false).even_while_loading(), wanted }
    }

    /// Checks once, for at most `left`. Returns a ready server's identity: `Redis 7.2.4 primary`, without the role if
    /// the role was waited for.
    ///
    /// # Errors
    /// Returns the obstacle if the server is not ready.
    pub(crate) async fn run(&self, left: Duration) -> Result<String, Obstacle> {
        let limit = left.min(LIMIT);
        let outcome = within(limit, self.examine(limit)).await;
        let cut_short = limit < LIMIT;
        let slow = || {
            let text = format!("command: no reply to INFO and ROLE within {}", span(limit));
            Err(Obstacle { cut_short, ..temporary(text) })
        };
        let outcome = outcome.unwrap_or_else(slow);
        outcome.map_err(|obstacle| Obstacle { cut_short: obstacle.cut_short && cut_short, ..obstacle })
    }

    async fn examine(&self, limit: Duration) -> Result<String, Obstacle> {
        let (attempt, mut stream) =
            self.route.with_limit(limit).connect().await.map_err(|failure| refusal(&failure))?;
        if attempt.server.proxy.is_some() && attempt.server.product.is_none() {
            return self.examine_proxy(&attempt, &mut stream).await;
        }
        if let Some(failure) = attempt.ping_refused.as_ref().filter(|failure| failure.key.class == ErrorClass::Loading)
        {
            let process = Process::Loading(stream.info("server", "run_id").await);
            return Err(Obstacle { process, ..refusal(failure) });
        }
        if stream.info("persistence", "loading").await.is_some_and(|loading| loading == "1") {
            let text = "command: the server is loading its dataset (loading:1 in INFO persistence)".to_owned();
            let process = Process::Loading(stream.info("server", "run_id").await);
            return Err(Obstacle { process, ..temporary(text) });
        }
        if let Some(failure) = attempt.ping_refused.as_ref().filter(|failure| failure.key.class == ErrorClass::Misconf)
        {
            return Err(refusal(failure));
        }
        let (attempted, server) = (attempt.clone(), attempt.server);
        // The ACL is checked before LOADING: a user who may not PING needs another command to find out.
        if server.role.as_deref() != Some("master") || attempt.ping_refused.is_some() {
            serves_data(&mut stream).await.map_err(|failure| refusal(&failure))?;
        }
        let note = attempt.ping_refused.map(|failure| format!(" (this user may not PING: {failure})"));
        let introduced =
            |server: &ServerIdentity| server.introduction().unwrap_or_default() + note.as_deref().unwrap_or_default();
        if server.mode.as_deref() == Some("cluster") || self.wanted == Readiness::Primary {
            serves_slots(self.wanted, &mut stream).await.map_err(temporary)?;
        }
        if self.wanted == Readiness::Ready {
            return Ok(introduced(&server));
        }
        let role = match role(&mut stream).await {
            Ok(role) => role,
            Err(failure) => role_from_hello(server.role.as_deref()).ok_or_else(|| refusal(&failure))?,
        };
        judge(self.wanted, &role).map_err(temporary)?;
        if let Some(other) = self.other_role(&attempted, &mut stream).await {
            let text = "another connection to this address reached a server of another role";
            return Err(temporary(format!("role: {text} ({other}): several servers are behind it")));
        }
        // The role was waited for and need not be repeated.
        Ok(introduced(&ServerIdentity { role: None, ..server }))
    }

    /// Returns a server of another role than the wanted one that a further connection reaches, where something in between may
    /// lead it there: that the first connection reached the right one was luck then.
    async fn other_role(&self, attempt: &Attempt, stream: &mut RespStream) -> Option<Peer> {
        let client = stream.command(&["CLIENT", "INFO"]).await.ok().as_ref().and_then(text)?;
        if attempt.is_indirect(&ClientInfo::parse(client.part())) != Some(true) {
            return None;
        }
        let others = self.route.meet(OTHERS, BETWEEN).await;
        others.into_iter().find(|other| match self.wanted {
            Readiness::Primary => other.is_replica(),
            Readiness::Replica => other.is_primary(),
            Readiness::Ready => false,
        })
    }

    /// Checks a proxy, which passes on neither INFO nor ROLE and answers PING itself.
    async fn examine_proxy(&self, attempt: &Attempt, stream: &mut RespStream) -> Result<String, Obstacle> {
        let who = attempt.server.introduction().unwrap_or_default();
        if let Err(failure) = stream.reach_backend().await {
            let obstacle = refusal(&failure);
            return Err(Obstacle { text: format!("{} ({who} answers PING, but not GET)", obstacle.text), ..obstacle });
        }
        match self.wanted {
            Readiness::Ready => Ok(who),
            wanted => Err(Obstacle {
                text: format!("role: it cannot be known through {who}; wait for the {wanted} on its own address"),
                lasting: true,
                ..temporary(String::new())
            }),
        }
    }
}

/// Fails if a replica refuses to serve its data. If DBSIZE is forbidden, the server counts as ready.
async fn serves_data(stream: &mut RespStream) -> Result<(), Failure> {
    match stream.command(&["DBSIZE"]).await {
        Err(failure) if matches!(failure.key.class, ErrorClass::MasterDown | ErrorClass::Loading) => Err(failure),
        Err(failure) if !failure.key.class.is_server_reply() => Err(failure),
        _ => Ok(()),
    }
}

/// Fails if the server is a node of a cluster that is down. Outside a cluster, and where it is forbidden, the command is
/// refused, and the server counts as ready; so does a node that is to become a member of a cluster, unless a primary is
/// wanted.
async fn serves_slots(wanted: Readiness, stream: &mut RespStream) -> Result<(), String> {
    let info = stream.command(&["CLUSTER", "INFO"]).await.ok().as_ref().and_then(text);
    let info = info.as_ref().map(|info| info.part().info());
    let down = info.as_ref().and_then(|info| info.has("cluster_state", "fail")) == Some(true);
    let number = |name: &str| info.as_ref().and_then(|info| info.number::<u64>(name)).unwrap_or_default();
    let slots = number("cluster_slots_ok");
    let is_member = number("cluster_slots_assigned") > 0 || number("cluster_known_nodes") > 1;
    match down && (is_member || wanted == Readiness::Primary) {
        true => Err(format!("cluster: the cluster is down (cluster_state:fail, {slots} of 16384 slots served)")),
        false => Ok(()),
    }
}

/// Returns the role from `ROLE`, or from INFO if that is unknown or forbidden.
async fn role(stream: &mut RespStream) -> Result<Role, Failure> {
    let refused = match stream.command(&["ROLE"]).await {
        Ok(reply) => return Ok(Role::read(&reply)),
        Err(failure) if failure.key.class.is_server_reply() => failure,
        Err(failure) => return Err(failure),
    };
    match stream.info("replication", "role").await.as_deref() {
        Some("slave") => {
            let link = stream.info("replication", "master_link_status").await.unwrap_or_default();
            Ok(Role::Replica { link: if link == "up" { "connected".into() } else { link } })
        }
        Some("master") => Ok(Role::Primary),
        Some("") => Ok(Role::Unknown),
        Some(other) => Ok(Role::Other(other.to_owned().into())),
        None => Err(refused),
    }
}

/// Returns the role from HELLO. For a replica HELLO does not report the link to its primary, so it is not enough.
fn role_from_hello(role: Option<&str>) -> Option<Role> {
    (role? == "master").then_some(Role::Primary)
}

impl Role {
    /// Parses the reply to `ROLE`: `["master", …]` or `["slave", host, port, state, offset]`.
    fn read(reply: &Value) -> Self {
        let words: Vec<Foreign> = match reply {
            Value::Array(items) => items.iter().map(|item| shown(item).unwrap_or_default()).collect(),
            _ => Vec::new(),
        };
        match words.first().map(|word| &**word) {
            Some("master") => Self::Primary,
            Some("slave") => Self::Replica { link: words.get(3).cloned().unwrap_or_default() },
            None | Some("") => Self::Unknown,
            Some(other) => Self::Other(other.to_owned().into()),
        }
    }
}

/// Compares the role with the wanted one.
fn judge(wanted: Readiness, role: &Role) -> Result<(), String> {
    match (wanted, role) {
        (Readiness::Ready, _) | (Readiness::Primary, Role::Primary) => Ok(()),
        (Readiness::Replica, Role::Replica { link }) if link == "connected" => Ok(()),
        (Readiness::Replica, Role::Replica { link }) => {
            Err(format!("role: the server is a replica without its primary (link state '{link}')"))
        }
        (Readiness::Primary, Role::Replica { .. }) => Err("role: the server is a replica, not a primary".to_owned()),
        (Readiness::Replica, Role::Primary) => Err("role: the server is a primary, not a replica".to_owned()),
        (_, Role::Unknown) => Err("role: the reply to ROLE names none; a proxy may have answered it".to_owned()),
        (wanted, Role::Other(role)) => Err(format!("role: the server is a {role}, not a {wanted}")),
    }
}

/// Converts a failure into an obstacle.
fn refusal(failure: &Failure) -> Obstacle {
    let class = failure.key.class;
    let lasting = matches!(
        class,
        ErrorClass::NoAuth
            | ErrorClass::WrongPass
            | ErrorClass::NoPerm
            | ErrorClass::ProtectedMode
            | ErrorClass::ProtocolGarbage
            | ErrorClass::Resp3Unsupported
            | ErrorClass::Tls
            | ErrorClass::CertificateExpired
            | ErrorClass::ClientCertificate
    );
    // `Failure` adds the errno of a kernel error.
    let text = format!("{}: {failure}", failure.key.stage);
    let process = if class == ErrorClass::Refused { Process::Absent } else { Process::Other };
    let cut_short = matches!(class, ErrorClass::ConnectTimeout | ErrorClass::ResponseTimeout);
    Obstacle { text, lasting, cut_short, process }
}

/// Creates an obstacle that resolves on its own.
fn temporary(text: String) -> Obstacle {
    Obstacle { text, lasting: false, cut_short: false, process: Process::Other }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(words: &[&str]) -> Value {
        Value::Array(words.iter().map(|word| Value::BulkString(word.as_bytes().to_vec())).collect())
    }

    #[test]
    fn a_role_is_judged_with_its_link() {
        let primary = Role::read(&reply(&["master", "0"]));
        let linked = Role::read(&reply(&["slave", "10.0.0.1", "6379", "connected", "42"]));
        let alone = Role::read(&reply(&["slave", "10.0.0.1", "6379", "connecting", "-1"]));
        let sentinel = Role::read(&reply(&["sentinel"]));
        for (wanted, role, outcome) in [
            (Readiness::Primary, &primary, None),
            (Readiness::Replica, &linked, None),
            (Readiness::Primary, &linked, Some("the server is a replica, not a primary")),
            (Readiness::Replica, &primary, Some("the server is a primary, not a replica")),
            (Readiness::Replica, &alone, Some("state 'connecting'")),
            (Readiness::Primary, &sentinel, Some("the server is a sentinel, not a primary")),
            (Readiness::Ready, &sentinel, None),
        ] {
            match (judge(wanted, role), outcome) {
                (Ok(()), None) => {}
                (Err(text), Some(expected)) => assert!(text.contains(expected), "{text}"),
                other => panic!("{wanted} {role:?}: {other:?}"),
            }
        }
        for nameless in [Value::Nil, Value::Array(Vec::new()), reply(&[""])] {
            assert_eq!(Role::read(&nameless), Role::Unknown);
        }
        assert!(judge(Readiness::Primary, &Role::Unknown).unwrap_err().contains("names none"));
        assert_eq!(judge(Readiness::Ready, &Role::Unknown), Ok(()));
    }

    #[test]
    fn obstacles_that_need_an_operator_are_lasting() {
        use crate::classify::Stage;
        let lasting = |stream| refusal(&Failure::server(Stage::Hello, stream)).lasting;
        assert!(lasting("WRONGPASS invalid username-password pair"));
        assert!(lasting("NOAUTH Authentication required."));
        assert!(!lasting("LOADING Redis is loading the dataset in memory"));
        assert!(!lasting("ERR max number of clients reached"));
        assert!(!refusal(&Failure::io(Stage::Tcp, &std::io::Error::from_raw_os_error(111))).lasting);
    }
}
