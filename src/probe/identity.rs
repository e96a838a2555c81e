//! Who is on the other side: what INFO and CLIENT INFO tell.

use std::time::Duration;

use tokio::sync::watch;

use super::{question::Question, reply, session::Session};
use crate::event::ServerIdentity;

/// The limit of each question, on a connection that is up.
const LIMIT: Duration = Duration::from_millis(500);

/// One connection, as the server lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ClientInfo {
    /// `id`
    pub(super) id: Option<u64>,
    /// `addr`: our end, as the server sees it.
    pub(super) addr: Option<String>,
    /// `laddr`: the server's end.
    pub(super) laddr: Option<String>,
}

impl ClientInfo {
    /// Reads a line of `CLIENT INFO` or `CLIENT LIST`.
    pub(super) fn parse(line: &str) -> Self {
        let field = |name: &str| reply::line_field(line, ' ', name).map(str::to_owned);
        Self { id: field("id").and_then(|id| id.parse().ok()), addr: field("addr"), laddr: field("laddr") }
    }
}

/// Asks who is on the other side of a session's connection, and gives that connection its name. What may not be asked
/// stays unknown.
///
/// May begin before the connection is `up`, so that the questions go out with the first command; the limit counts from
/// then on.
pub(super) async fn ask(session: &Session, up: &watch::Receiver<bool>) -> (ClientInfo, ServerIdentity) {
    let early = !*up.borrow();
    let limit = if early { session.patience() + LIMIT } else { LIMIT };
    let ask = async |words: &[&str]| {
        let mut command = redis::Cmd::new();
        words.iter().for_each(|word| _ = command.arg(word));
        let question = Question::open(command);
        let late = async {
            if !early {
                return std::future::pending().await;
            }
            // Closed, it will not come up any more.
            let _ = up.clone().wait_for(|up| *up).await;
            let clock = session.ctx.clock;
            clock.sleep_until(clock.now().after(LIMIT)).await;
        };
        let asked = tokio::select! {
            biased;
            asked = session.ask(&question, limit) => asked,
            () = late => return None,
        };
        redis::from_redis_value::<String>(asked.outcome.ok()?).ok()
    };
    if let Some(name) = &session.ctx.plan.target.client_name {
        ask(&["CLIENT", "SETNAME", name]).await;
    }
    let (client, server, replication) =
        tokio::join!(ask(&["CLIENT", "INFO"]), ask(&["INFO", "server"]), ask(&["INFO", "replication"]));
    let client = client.map(|line| ClientInfo::parse(&line)).unwrap_or_default();
    let mut server = server.map(|info| from_info(&info)).unwrap_or_default();
    server.role = replication.and_then(|info| from_info(&info).role).or(server.role);
    (client, server)
}

/// Asks the server to announce its maintenance on this connection: Redis Cloud and Redis Software do so only for clients
/// that ask (<https://redis.io/docs/latest/develop/clients/sch/>). Open-source Redis refuses, which does no harm; Valkey
/// is not bothered. Each connection must ask anew.
pub(super) async fn ask_for_announcements(session: &Session, server: &ServerIdentity) {
    let ctx = &session.ctx;
    let pushes = ctx.resp3 && ctx.evidence.is_on() && !ctx.plan.is_single_ping();
    if pushes && server.product.as_deref() == Some("Redis") {
        let mut command = redis::cmd("CLIENT");
        command.arg("MAINT_NOTIFICATIONS").arg("ON");
        session.ask(&Question::open(command), LIMIT).await;
    }
}

/// Reads the sections `server` and `replication` of INFO, as far as they are there.
pub(super) fn from_info(info: &str) -> ServerIdentity {
    let field = |name: &str| reply::info_field(info, name).map(str::to_owned);
    let valkey = field("valkey_version");
    let redis = field("redis_version");
    let product = match (&valkey, &redis) {
        (Some(_), _) => Some("Valkey".to_owned()),
        (None, Some(_)) => Some("Redis".to_owned()),
        (None, None) => None,
    };
    // Valkey calls it server_mode. A Sentinel has no role in INFO.
    let mode = field("redis_mode").or(field("server_mode"));
    let role = field("role").or(mode.filter(|mode| mode == "sentinel"));
    ServerIdentity { product, version: valkey.or(redis), run_id: field("run_id"), role }
}

/// A product's name as its makers write it.
pub(super) fn product(name: &str) -> String {
    match name {
        "redis" => "Redis".to_owned(),
        "valkey" => "Valkey".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_info_gives_both_ends() {
        let info = ClientInfo::parse("id=8123 addr=10.0.9.4:51322 laddr=10.0.3.17:6379 fd=8 name= age=0 flags=N\n");
        assert_eq!(info.id, Some(8123));
        assert_eq!(info.addr.as_deref(), Some("10.0.9.4:51322"));
        assert_eq!(info.laddr.as_deref(), Some("10.0.3.17:6379"));
        assert_eq!(ClientInfo::parse("nonsense"), ClientInfo::default());
    }

    #[test]
    fn valkey_is_told_from_redis() {
        let redis = from_info("# Server\r\nredis_version:7.2.4\r\nrun_id:abc\r\n\r\n# Replication\r\nrole:master\r\n");
        assert_eq!((redis.product.as_deref(), redis.version.as_deref()), (Some("Redis"), Some("7.2.4")));
        assert_eq!((redis.run_id.as_deref(), redis.role.as_deref()), (Some("abc"), Some("master")));
        let valkey = from_info("redis_version:7.2.4\r\nvalkey_version:8.1.8\r\n");
        assert_eq!((valkey.product.as_deref(), valkey.version.as_deref()), (Some("Valkey"), Some("8.1.8")));
        assert_eq!(from_info(""), ServerIdentity::default());
    }

    #[test]
    fn a_sentinel_is_told_by_its_mode_whatever_that_is_called() {
        for info in
            ["redis_version:8.2.3\r\nredis_mode:sentinel\r\n", "valkey_version:9.1.2\r\nserver_mode:sentinel\r\n"]
        {
            assert_eq!(from_info(info).role.as_deref(), Some("sentinel"), "{info}");
        }
        let primary = from_info("valkey_version:9.1.2\r\nserver_mode:standalone\r\nrole:master\r\n");
        assert_eq!(primary.role.as_deref(), Some("master"));
        assert_eq!(from_info("redis_version:7.2.4\r\nredis_mode:cluster\r\n").role, None);
    }
}
