//! A server's identity and a connection's two ends, parsed from INFO and CLIENT INFO.

use redis::Value;

use super::reply::{Part, shown, text};
use crate::{
    event::{ProxyKind, ServerIdentity},
    foreign::Foreign,
};

/// One connection, as the server lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClientInfo {
    /// `id`
    pub(crate) id: Option<u64>,
    /// `addr`: our end, as seen by the server.
    pub(crate) addr: Option<Foreign>,
    /// `laddr`: the server's end.
    pub(crate) laddr: Option<Foreign>,
    /// `sub`, `psub` and `ssub`: channels, patterns and shard channels that the connection is subscribed to.
    pub(crate) subscriptions: Option<u64>,
}

impl ClientInfo {
    /// Parses a line of `CLIENT INFO` or `CLIENT LIST`.
    pub(crate) fn parse(line: Part<'_>) -> Self {
        let field = |name: &str| line.field(' ', name);
        let count = |name: &str| field(name).and_then(Part::parse::<u64>);
        // Redis before 7.0 has no shard channels.
        let subscriptions = count("sub")
            .zip(count("psub"))
            .map(|(channels, patterns)| channels.saturating_add(patterns).saturating_add(count("ssub").unwrap_or(0)));
        Self {
            id: field("id").and_then(Part::parse),
            addr: field("addr").map(Part::shown),
            laddr: field("laddr").map(Part::shown),
            subscriptions,
        }
    }
}

/// Parses the sections `server` and `replication` of INFO, as far as present.
pub(crate) fn from_info(info: Part<'_>) -> ServerIdentity {
    let info = info.info();
    let valkey = info.shown("valkey_version");
    let redis = info.shown("redis_version");
    let product = match (&valkey, &redis) {
        (Some(_), _) => Some("Valkey".into()),
        (None, Some(_)) => Some("Redis".into()),
        (None, None) => None,
    };
    // Valkey calls the mode server_mode. A Sentinel has no role in INFO.
    let mode = info.shown("redis_mode").or(info.shown("server_mode"));
    let role = info.shown("role").or(mode.clone().filter(|mode| *mode == "sentinel"));
    let primary = info.address("master_host", "master_port");
    let uptime = info.number("uptime_in_seconds");
    // predixy answers INFO itself (its src/Handler.cpp).
    let proxy = info.has("RedisMode", "proxy").filter(|proxy| *proxy).map(|_| ProxyKind::Unspecified);
    let version = valkey.or(redis);
    let primary_link = info.has("master_link_status", "up");
    ServerIdentity { product, version, run_id: info.shown("run_id"), role, mode, primary, primary_link, uptime, proxy }
}

/// Reads the reply to HELLO.
pub(crate) fn from_hello(hello: &Value) -> ServerIdentity {
    let mut server = ServerIdentity::default();
    for (key, value) in hello.as_map_iter().into_iter().flatten() {
        let (Some(key), Some(value)) = (text(key), shown(value)) else {
            continue;
        };
        let key = key.part();
        match value {
            // Valkey reports "redis" here unless configured otherwise; INFO distinguishes them.
            name if key.is("server") => server.product = Some(product(name)),
            version if key.is("version") => server.version = Some(version),
            role if key.is("role") => server.role = Some(role),
            mode if key.is("mode") => server.mode = Some(mode),
            _ => {}
        }
    }
    // A Sentinel reports no role.
    server.role = server.role.or(server.mode.clone().filter(|mode| *mode == "sentinel"));
    server
}

/// Reads the reply to ROLE, `["master", …]` or `["slave", host, port, …]`: the role, and the primary of a replica.
pub(crate) fn from_role(reply: &Value) -> Option<(Foreign, Option<Foreign>)> {
    let Value::Array(items) = reply else { return None };
    let role = items.first().and_then(shown).filter(|role| !role.is_empty())?;
    let port = |item: &Value| if let Value::Int(port) = item { Some((*port).into()) } else { text(item) };
    let primary = match items.as_slice() {
        [_, host, number, ..] if role == "slave" => text(host).zip(port(number)),
        _ => None,
    };
    Some((role, primary.map(|(host, port)| host.part().at(port.part()))))
}

/// Returns the place of the primary that the reply to ROLE names; `None` for a primary.
pub(crate) fn primary_of(reply: &Value) -> Option<(String, u16)> {
    let Value::Array(items) = reply else { return None };
    let [role, host, port, ..] = items.as_slice() else { return None };
    let number = match port {
        Value::Int(port) => u16::try_from(*port).ok()?,
        port => text(port)?.part().parse()?,
    };
    (shown(role)? == "slave").then_some(())?;
    Some((text(host)?.part().host()?, number))
}

/// Returns a product's name in its official spelling.
pub(crate) fn product(name: Foreign) -> Foreign {
    match &*name {
        "redis" => "Redis".into(),
        "valkey" => "Valkey".into(),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::{Fuzz, value};

    #[test]
    fn client_info_gives_both_ends() {
        let info =
            ClientInfo::parse("id=8123 addr=10.0.9.4:51322 laddr=10.0.3.17:6379 fd=8 name= age=0 flags=N\n".into());
        assert_eq!(info.id, Some(8123));
        assert_eq!(info.addr.as_deref(), Some("10.0.9.4:51322"));
        assert_eq!(info.laddr.as_deref(), Some("10.0.3.17:6379"));
        assert_eq!(info.subscriptions, None);
        let subscribed = |line: &str| ClientInfo::parse(line.into()).subscriptions;
        assert_eq!(subscribed("id=7 sub=2 psub=1 ssub=3 multi=-1"), Some(6));
        assert_eq!(subscribed("id=7 sub=2 psub=1 multi=-1"), Some(3), "Redis 6.2");
        assert_eq!(ClientInfo::parse("nonsense".into()), ClientInfo::default());
    }

    #[test]
    fn valkey_is_distinguished_from_redis() {
        let redis =
            from_info("# Server\r\nredis_version:7.2.4\r\nrun_id:abc\r\n\r\n# Replication\r\nrole:master\r\n".into());
        assert_eq!((redis.product.as_deref(), redis.version.as_deref()), (Some("Redis"), Some("7.2.4")));
        assert_eq!((redis.run_id.as_deref(), redis.role.as_deref()), (Some("abc"), Some("master")));
        let valkey = from_info("redis_version:7.2.4\r\nvalkey_version:8.1.8\r\n".into());
        assert_eq!((valkey.product.as_deref(), valkey.version.as_deref()), (Some("Valkey"), Some("8.1.8")));
        assert_eq!(from_info("".into()), ServerIdentity::default());
    }

    #[test]
    fn a_replica_names_the_primary_that_it_follows() {
        let info = "redis_version:7.2.4\r\nredis_mode:cluster\r\nuptime_in_seconds:77\r\nrole:slave\r\n\
            master_host:fd00::7\r\nmaster_port:6379\r\n";
        let replica = from_info(info.into());
        assert_eq!((replica.primary.as_deref(), replica.mode.as_deref()), (Some("[fd00::7]:6379"), Some("cluster")));
        assert_eq!(replica.uptime, Some(77));
        let word = |word: &str| Value::BulkString(word.into());
        let slave = [word("slave"), word("10.0.0.9"), Value::Int(6380), word("connect"), Value::Int(-1)];
        let master = [word("master"), Value::Int(14), Value::Array(Vec::new())];
        let role = |items: &[Value]| from_role(&Value::Array(items.to_vec()));
        assert_eq!(role(&slave), Some(("slave".into(), Some("10.0.0.9:6380".into()))));
        assert_eq!(role(&master), Some(("master".into(), None)));
        assert_eq!((role(&[]), from_role(&Value::Nil)), (None, None));
    }

    #[test]
    fn a_proxy_that_answers_info_itself_is_recognized() {
        let proxy = from_info("# Proxy\nVersion:1.0.5\nName:Example\nRedisMode:proxy\nSingleThread:0\n".into());
        assert_eq!(proxy, ServerIdentity { proxy: Some(ProxyKind::Unspecified), ..ServerIdentity::default() });
        assert_eq!(from_info("redis_version:7.2.4\r\nredis_mode:standalone\r\n".into()).proxy, None);
    }

    #[test]
    fn a_sentinel_is_recognized_by_its_mode_under_either_name() {
        for info in
            ["redis_version:8.2.3\r\nredis_mode:sentinel\r\n", "valkey_version:9.1.2\r\nserver_mode:sentinel\r\n"]
        {
            assert_eq!(from_info(info.into()).role.as_deref(), Some("sentinel"), "{info}");
        }
        let primary = from_info("valkey_version:9.1.2\r\nserver_mode:standalone\r\nrole:master\r\n".into());
        assert_eq!(primary.role.as_deref(), Some("master"));
        assert_eq!(from_info("redis_version:7.2.4\r\nredis_mode:cluster\r\n".into()).role, None);
    }

    #[test]
    fn fuzz_identities() {
        Fuzz::new("info", &["master_host:", "redis_mode:sentinel", "\r\n"])
            .run_on_text(|info| drop(from_info(info.into())));
        Fuzz::new("clients", &["id=", "addr=", " ", "\n"]).run_on_text(|list| {
            list.lines().for_each(|line| drop(ClientInfo::parse(line.into())));
        });
        Fuzz::new("values", &["*2\r\n", "$5\r\nslave\r\n", ":6379\r\n", "%1\r\n", "_\r\n"]).run(|input| {
            if let Some(value) = value(input) {
                let _ = (from_hello(&value), from_role(&value));
            }
        });
    }
}
