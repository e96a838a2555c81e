//! A server's identity and a connection's two ends, parsed from INFO and CLIENT INFO.

use redis::Value;

use super::reply::{self, text};
use crate::event::{ProxyKind, ServerIdentity};

/// One connection, as the server lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClientInfo {
    /// `id`
    pub(crate) id: Option<u64>,
    /// `addr`: our end, as seen by the server.
    pub(crate) addr: Option<String>,
    /// `laddr`: the server's end.
    pub(crate) laddr: Option<String>,
}

impl ClientInfo {
    /// Parses a line of `CLIENT INFO` or `CLIENT LIST`.
    pub(crate) fn parse(line: &str) -> Self {
        let field = |name: &str| reply::line_field(line, ' ', name).map(str::to_owned);
        Self { id: field("id").and_then(|id| id.parse().ok()), addr: field("addr"), laddr: field("laddr") }
    }
}

/// Parses the sections `server` and `replication` of INFO, as far as present.
pub(crate) fn from_info(info: &str) -> ServerIdentity {
    let field = |name: &str| reply::info_field(info, name).map(str::to_owned);
    let valkey = field("valkey_version");
    let redis = field("redis_version");
    let product = match (&valkey, &redis) {
        (Some(_), _) => Some("Valkey".to_owned()),
        (None, Some(_)) => Some("Redis".to_owned()),
        (None, None) => None,
    };
    // Valkey calls the mode server_mode. A Sentinel has no role in INFO.
    let mode = field("redis_mode").or(field("server_mode"));
    let role = field("role").or(mode.clone().filter(|mode| mode == "sentinel"));
    let primary = field("master_host").zip(field("master_port")).map(|(host, port)| address(&host, &port));
    let uptime = field("uptime_in_seconds").and_then(|seconds| seconds.parse().ok());
    // predixy answers INFO itself (its src/Handler.cpp).
    let proxy = field("RedisMode").filter(|mode| mode == "proxy").map(|_| ProxyKind::Unspecified);
    let version = valkey.or(redis);
    let primary_link = field("master_link_status").map(|status| status == "up");
    ServerIdentity { product, version, run_id: field("run_id"), role, mode, primary, primary_link, uptime, proxy }
}

/// Reads the reply to HELLO.
pub(crate) fn from_hello(hello: &Value) -> ServerIdentity {
    let mut server = ServerIdentity::default();
    for (key, value) in hello.as_map_iter().into_iter().flatten() {
        let (Some(key), Some(value)) = (text(key), text(value)) else {
            continue;
        };
        match key.as_str() {
            // Valkey reports "redis" here unless configured otherwise; INFO distinguishes them.
            "server" => server.product = Some(product(&value)),
            "version" => server.version = Some(value),
            "role" => server.role = Some(value),
            "mode" => server.mode = Some(value),
            _ => {}
        }
    }
    // A Sentinel reports no role.
    server.role = server.role.or(server.mode.clone().filter(|mode| mode == "sentinel"));
    server
}

/// Reads the reply to ROLE, `["master", …]` or `["slave", host, port, …]`: the role, and the primary of a replica.
pub(crate) fn from_role(reply: &Value) -> Option<(String, Option<String>)> {
    let Value::Array(items) = reply else { return None };
    let role = items.first().and_then(text).filter(|role| !role.is_empty())?;
    let port = |item: &Value| if let Value::Int(port) = item { Some(port.to_string()) } else { text(item) };
    let primary = match items.as_slice() {
        [_, host, number, ..] if role == "slave" => text(host).zip(port(number)),
        _ => None,
    };
    Some((role, primary.map(|(host, port)| address(&host, &port))))
}

/// Joins a host and a port, with brackets around an IPv6 address.
pub(crate) fn address(host: &str, port: &str) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Returns a product's name in its official spelling.
pub(crate) fn product(name: &str) -> String {
    match name {
        "redis" => "Redis".to_owned(),
        "valkey" => "Valkey".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::{Fuzz, value};

    #[test]
    fn client_info_gives_both_ends() {
        let info = ClientInfo::parse("id=8123 addr=10.0.9.4:51322 laddr=10.0.3.17:6379 fd=8 name= age=0 flags=N\n");
        assert_eq!(info.id, Some(8123));
        assert_eq!(info.addr.as_deref(), Some("10.0.9.4:51322"));
        assert_eq!(info.laddr.as_deref(), Some("10.0.3.17:6379"));
        assert_eq!(ClientInfo::parse("nonsense"), ClientInfo::default());
    }

    #[test]
    fn valkey_is_distinguished_from_redis() {
        let redis = from_info("# Server\r\nredis_version:7.2.4\r\nrun_id:abc\r\n\r\n# Replication\r\nrole:master\r\n");
        assert_eq!((redis.product.as_deref(), redis.version.as_deref()), (Some("Redis"), Some("7.2.4")));
        assert_eq!((redis.run_id.as_deref(), redis.role.as_deref()), (Some("abc"), Some("master")));
        let valkey = from_info("redis_version:7.2.4\r\nvalkey_version:8.1.8\r\n");
        assert_eq!((valkey.product.as_deref(), valkey.version.as_deref()), (Some("Valkey"), Some("8.1.8")));
        assert_eq!(from_info(""), ServerIdentity::default());
    }

    #[test]
    fn a_replica_names_the_primary_that_it_follows() {
        let info = "redis_version:7.2.4\r\nredis_mode:cluster\r\nuptime_in_seconds:77\r\nrole:slave\r\n\
            master_host:fd00::7\r\nmaster_port:6379\r\n";
        let replica = from_info(info);
        assert_eq!((replica.primary.as_deref(), replica.mode.as_deref()), (Some("[fd00::7]:6379"), Some("cluster")));
        assert_eq!(replica.uptime, Some(77));
        let word = |word: &str| Value::BulkString(word.into());
        let slave = [word("slave"), word("10.0.0.9"), Value::Int(6380), word("connect"), Value::Int(-1)];
        let master = [word("master"), Value::Int(14), Value::Array(Vec::new())];
        let role = |items: &[Value]| from_role(&Value::Array(items.to_vec()));
        assert_eq!(role(&slave), Some(("slave".to_owned(), Some("10.0.0.9:6380".to_owned()))));
        assert_eq!(role(&master), Some(("master".to_owned(), None)));
        assert_eq!((role(&[]), from_role(&Value::Nil)), (None, None));
    }

    #[test]
    fn a_proxy_that_answers_info_itself_is_recognized() {
        let proxy = from_info("# Proxy\nVersion:1.0.5\nName:Example\nRedisMode:proxy\nSingleThread:0\n");
        assert_eq!(proxy, ServerIdentity { proxy: Some(ProxyKind::Unspecified), ..ServerIdentity::default() });
        assert_eq!(from_info("redis_version:7.2.4\r\nredis_mode:standalone\r\n").proxy, None);
    }

    #[test]
    fn a_sentinel_is_recognized_by_its_mode_under_either_name() {
        for info in
            ["redis_version:8.2.3\r\nredis_mode:sentinel\r\n", "valkey_version:9.1.2\r\nserver_mode:sentinel\r\n"]
        {
            assert_eq!(from_info(info).role.as_deref(), Some("sentinel"), "{info}");
        }
        let primary = from_info("valkey_version:9.1.2\r\nserver_mode:standalone\r\nrole:master\r\n");
        assert_eq!(primary.role.as_deref(), Some("master"));
        assert_eq!(from_info("redis_version:7.2.4\r\nredis_mode:cluster\r\n").role, None);
    }

    #[test]
    fn fuzz_identities() {
        Fuzz::new("info", &["master_host:", "redis_mode:sentinel", "\r\n"]).run_on_text(|info| drop(from_info(info)));
        Fuzz::new("clients", &["id=", "addr=", " ", "\n"]).run_on_text(|list| {
            list.lines().for_each(|line| drop(ClientInfo::parse(line)));
        });
        Fuzz::new("values", &["*2\r\n", "$5\r\nslave\r\n", ":6379\r\n", "%1\r\n", "_\r\n"]).run(|input| {
            if let Some(value) = value(input) {
                let _ = (from_hello(&value), from_role(&value));
            }
        });
    }
}
