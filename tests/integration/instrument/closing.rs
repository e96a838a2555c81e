//! The server lives and closes the connection: on command, by a limit, or because of the user's rights.

use serde_json::Value as Json;

use super::{
    HOT, LISTENING, PROBING, Row, SOON, SPARSE, WRITING, cause, concluded, ours, recovered, watched, when,
    while_stopped,
};
use crate::harness::{RawClient, RedisServer, Signal, Tap, Trial, eventually};

const KILLED: &[&str] = &["client_killed"];
const BUFFER: &[&str] = &["output_buffer_limit"];
const QUERY_BUFFER: &[&str] = &["query_buffer_limit"];
const RIGHTS: &[&str] = &["authentication_changed", "client_killed"];

pub(super) const ROWS: &[Row] = &[
    cause("CLIENT KILL ID", KILLED, || killed(PROBING, by_id)),
    cause("CLIENT KILL ID, hot", KILLED, || killed(HOT, by_id)),
    cause("CLIENT KILL ID, sparse", KILLED, || killed(SPARSE, by_id)),
    cause("CLIENT KILL ID, writing", KILLED, || killed(WRITING, by_id)),
    cause("CLIENT KILL ID, RESP2", KILLED, || killed("soak --protocol resp2 --workload ping", by_id)),
    cause("CLIENT KILL ADDR", KILLED, || {
        killed(PROBING, |server, trial| {
            server.command(["CLIENT", "KILL", "ADDR", &ours(trial, "local")]);
        })
    }),
    cause("CLIENT KILL in the old form", KILLED, || {
        killed(PROBING, |server, trial| {
            server.command(["CLIENT", "KILL", &ours(trial, "local")]);
        })
    }),
    cause("CLIENT KILL LADDR", KILLED, || {
        killed(PROBING, |server, _| {
            server.command(["CLIENT", "KILL", "LADDR", &server.address().to_string(), "SKIPME", "yes"]);
        })
    }),
    cause("CLIENT KILL USER", KILLED, || {
        killed(PROBING, |server, _| {
            server.command(["CLIENT", "KILL", "USER", "default", "SKIPME", "yes"]);
        })
    }),
    cause("CLIENT KILL TYPE pubsub, a silent subscriber", KILLED, || killed(LISTENING, by_type_pubsub)),
    cause("CLIENT KILL TYPE pubsub, four connections", KILLED, || killed("soak --connections 4", by_type_pubsub)),
    cause("CLIENT KILL TYPE normal", KILLED, || {
        killed("soak --workload ping", |server, _| {
            server.command(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        })
    }),
    cause("CLIENT KILL, library policy", KILLED, || killed("soak --policy library", by_id)),
    cause("CLIENT KILL after CONFIG RESETSTAT", &["client_killed", "unknown"], || {
        killed(PROBING, |server, trial| {
            server.command(["CONFIG", "RESETSTAT"]);
            by_id(server, trial);
        })
    }),
    cause("CLIENT KILL behind a proxy", KILLED, killed_behind_a_proxy),
    cause("CLIENT KILL while we are stopped", KILLED, killed_while_we_are_stopped),
    cause("timeout 1", &["server_idle_timeout"], || idle_timeout("1", "ping -i 4 --watchdog off")),
    cause("timeout 2", &["server_idle_timeout"], || idle_timeout("2", "ping -i 6 --watchdog off")),
    cause("timeout 1, sparse", &["server_idle_timeout"], || idle_timeout("1", SPARSE)),
    cause(
        "timeout 2 behind a proxy",
        &["server_idle_timeout", "middlebox_idle_limit", "proxy_closed"],
        idle_behind_a_proxy,
    ),
    cause("timeout set during the run", &["server_idle_timeout"], || {
        when(SPARSE, RedisServer::builder(), |server, _| {
            server.command(["CONFIG", "SET", "timeout", "1"]);
        })
    }),
    cause("output buffer of a subscriber, one large message", BUFFER, || {
        let server = RedisServer::builder().config("client-output-buffer-limit", "pubsub 1kb 1kb 1");
        when(LISTENING, server, |server, _| {
            server.command([b"PUBLISH".as_slice(), b"news", &[b'x'; 200_000]]);
        })
    }),
    cause("output buffer of a subscriber, after our own stop", BUFFER, output_buffer),
    cause("output buffer of a normal client", BUFFER, || {
        when("soak --workload ping --payload 300000", RedisServer::builder(), |server, _| {
            server.command(["CONFIG", "SET", "client-output-buffer-limit", "normal 64kb 0 0"]);
        })
    }),
    cause("query buffer limit", QUERY_BUFFER, || {
        when("soak --workload ping --payload 1500000", RedisServer::builder(), |server, _| {
            server.command(["CONFIG", "SET", "client-query-buffer-limit", "1048576"]);
        })
    }),
    cause("proto-max-bulk-len", &["protocol_error", "query_buffer_limit"], || {
        when("soak --workload ping --payload 1500000", RedisServer::builder(), |server, trial| {
            server.command(["CONFIG", "SET", "proto-max-bulk-len", "1048576"]);
            trial.wait_for("disconnected", 1);
            server.command(["CONFIG", "SET", "proto-max-bulk-len", "512mb"]);
        })
    }),
    cause("maxmemory-clients", &["client_evicted"], evicted),
    cause("ACL DELUSER", RIGHTS, || {
        as_app(|server, trial| {
            server.command(["ACL", "DELUSER", "app"]);
            trial.wait_for("path", 2);
            server.command(["ACL", "SETUSER", "app", "on", ">secret", "~*", "&*", "+@all"]);
        })
    }),
    cause("ACL resetchannels", RIGHTS, || {
        as_app(|server, _| {
            server.command(["ACL", "SETUSER", "app", "resetchannels"]);
        })
    }),
    cause("ACL off, then CLIENT KILL", RIGHTS, || {
        as_app(|server, trial| {
            server.command(["ACL", "SETUSER", "app", "off"]);
            by_id(server, trial);
            trial.wait_for("path", 2);
            server.command(["ACL", "SETUSER", "app", "on"]);
        })
    }),
    cause("ACL password changed, then CLIENT KILL", RIGHTS, || {
        as_app(|server, trial| {
            server.command(["ACL", "SETUSER", "app", "resetpass", ">other"]);
            by_id(server, trial);
            trial.wait_for("path", 2);
            server.command(["ACL", "SETUSER", "app", ">secret"]);
        })
    }),
    cause("requirepass changed, then CLIENT KILL", RIGHTS, || {
        let server = RedisServer::builder().requirepass("first");
        when(PROBING, server, |server, trial| {
            server.command(["CONFIG", "SET", "requirepass", "second"]);
            by_id(server, trial);
            trial.wait_for("path", 2);
            server.command(["CONFIG", "SET", "requirepass", "first"]);
        })
    }),
];

fn killed(arguments: &str, kill: fn(&RedisServer, &Trial)) -> Option<Json> {
    let server = RedisServer::start();
    let trial = watched(arguments, &server, &server);
    kill(&server, &trial);
    recovered(trial)
}

pub(super) fn by_id(server: &RedisServer, trial: &Trial) {
    server.command(["CLIENT", "KILL", "ID", &ours(trial, "client_id")]);
}

fn by_type_pubsub(server: &RedisServer, _: &Trial) {
    server.command(["CLIENT", "KILL", "TYPE", "pubsub"]);
}

fn killed_behind_a_proxy() -> Option<Json> {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = watched(PROBING, &tap, &server);
    by_id(&server, &trial);
    recovered(trial)
}

/// Counted, while we hear nothing of it.
fn killed_while_we_are_stopped() -> Option<Json> {
    let server = RedisServer::start();
    let trial = watched(PROBING, &server, &server);
    let id = format!("id={} ", ours(&trial, "client_id"));
    while_stopped(&trial, "the client is gone", || {
        if server.clients().iter().any(|client| client.starts_with(&id)) {
            by_id(&server, &trial);
        }
        !server.clients().iter().any(|client| client.starts_with(&id))
    });
    recovered(trial)
}

fn idle_timeout(seconds: &str, arguments: &str) -> Option<Json> {
    let server = RedisServer::builder().config("timeout", seconds).start();
    recovered(Trial::start(arguments, &server))
}

fn idle_behind_a_proxy() -> Option<Json> {
    let server = RedisServer::builder().config("timeout", "2").start();
    let tap = Tap::to(server.address());
    recovered(Trial::start("ping -i 6 --watchdog off", &tap))
}

/// We read nothing while the server has more and more to say.
fn output_buffer() -> Option<Json> {
    let server = RedisServer::builder().config("client-output-buffer-limit", "pubsub 1mb 0 0").start();
    let trial = watched("subscribe flood --format raw", &server, &server);
    trial.doctor().signal(Signal::STOP);
    let payload = vec![b'x'; server.release().counted_payload()];
    let mut publisher = RawClient::connect(server.address()).unwrap();
    eventually("the server has dropped the subscriber", 2 * SOON, || {
        publisher.call([b"PUBLISH".as_slice(), b"flood", &payload]).unwrap();
        server.log().contains("overcoming of output buffer limits")
    });
    trial.doctor().signal(Signal::CONT);
    recovered(trial)
}

/// The limit is for all clients together and at least 128 KiB; who holds most goes first.
fn evicted() -> Option<Json> {
    let server = RedisServer::start();
    if !server.release().has(7, 0) {
        return None;
    }
    let trial = watched("ping -i 20ms --payload 300000", &server, &server);
    server.command(["CLIENT", "NO-EVICT", "ON"]);
    server.command(["CONFIG", "SET", "maxmemory-clients", "1"]);
    trial.wait_for("disconnected", 1);
    server.command(["CONFIG", "SET", "maxmemory-clients", "0"]);
    recovered(trial)
}

/// A run that logs in as a user of its own, until its first outage is over and explained, or lasts.
fn as_app(fault: fn(&RedisServer, &Trial)) -> Option<Json> {
    let server = RedisServer::builder().acl("app on >secret ~* &* +@all").start();
    let trial = Trial::with(["soak", "--user", "app", "-a", "secret", "--no-auth-warning"], &server);
    trial.wait_for_messages();
    server.wait_until_queried();
    fault(&server, &trial);
    concluded(trial)
}
