//! The process of the server ends, and comes back or not.

use rustix::process::Signal;
use serde_json::Value as Json;

use super::{
    HOT, LISTENING, PATIENT, PATIENT_WRITING, PROBING, Row, SOON, SPARSE, WRITING, cause, ended, ready, recovered,
    watched, when, while_stopped,
};
use crate::harness::{RedisServer, Trial, eventually};

/// It ended in order: where a command crossed its end, it looks like a crash.
const RESTARTED: &[&str] = &["server_restarted"];
const RESTARTED_UNDER_LOAD: &[&str] = &["server_restarted", "server_crashed"];
/// It did not: where nothing was in flight, it looks like an end in order.
const CRASHED: &[&str] = &["server_crashed", "server_restarted"];

pub(super) const ROWS: &[Row] = &[
    cause("SHUTDOWN and start", RESTARTED, || restarted(PROBING, RedisServer::shut_down)),
    cause("SHUTDOWN and start, hot", RESTARTED_UNDER_LOAD, || restarted(HOT, RedisServer::shut_down)),
    cause("SHUTDOWN and start, a silent subscriber", RESTARTED, || restarted(LISTENING, RedisServer::shut_down)),
    cause("SHUTDOWN and start, four connections", RESTARTED, || {
        restarted("soak --connections 4", RedisServer::shut_down)
    }),
    cause("SHUTDOWN for good", CRASHED, || for_good(RedisServer::shut_down)),
    cause("SIGTERM and start", RESTARTED, || restarted(PROBING, |server| server.end_by(Signal::TERM))),
    cause("SIGTERM and start, writing", RESTARTED_UNDER_LOAD, || {
        restarted(WRITING, |server| server.end_by(Signal::TERM))
    }),
    cause("SIGTERM with a slow save", RESTARTED_UNDER_LOAD, slow_save),
    cause(
        "SHUTDOWN waits for a replica",
        &["server_restarted", "server_crashed", "clients_paused"],
        waits_for_a_replica,
    ),
    cause("kill -9 and start", CRASHED, || restarted(PROBING, RedisServer::kill9)),
    cause("kill -9 and start, hot", CRASHED, || restarted(HOT, RedisServer::kill9)),
    cause("kill -9 and start, sparse", CRASHED, || restarted(SPARSE, RedisServer::kill9)),
    cause("kill -9 and start, a silent subscriber", CRASHED, || restarted(LISTENING, RedisServer::kill9)),
    cause("kill -9 and start, writing", CRASHED, || restarted(WRITING, RedisServer::kill9)),
    cause("kill -9 and start, TLS", CRASHED, over_tls),
    cause("kill -9 and start, Unix socket", CRASHED, over_a_unix_socket),
    cause("kill -9 and start, RESP2", CRASHED, || restarted("soak --protocol resp2", RedisServer::kill9)),
    cause("kill -9, back after two seconds", CRASHED, late),
    cause("kill -9, back with other data", CRASHED, other_data),
    cause("kill -9 for good", CRASHED, || for_good(RedisServer::kill9)),
    cause("SIGSEGV and start", CRASHED, || restarted(PROBING, |server| server.end_by(Signal::SEGV))),
    cause("DEBUG SEGFAULT and start", CRASHED, || {
        when(PROBING, RedisServer::builder().debug_commands(), |server, _| {
            server.end_with(["DEBUG", "SEGFAULT"]);
            server.restart_same_port();
        })
    }),
    cause(
        "frozen, then kill -9 and start",
        &["server_crashed", "server_restarted", "server_frozen"],
        frozen_then_killed,
    ),
    cause("kill -9 and start while we are stopped", CRASHED, restarted_while_we_are_stopped),
];

/// The server ends and is started again at once.
fn restarted(arguments: &str, end: fn(&mut RedisServer)) -> Option<Json> {
    let mut server = RedisServer::start();
    let trial = watched(arguments, &server, &server);
    end(&mut server);
    server.restart_same_port();
    recovered(trial)
}

fn for_good(end: fn(&mut RedisServer)) -> Option<Json> {
    let mut server = RedisServer::start();
    let trial = watched(PROBING, &server, &server);
    end(&mut server);
    trial.wait_for("path", 2);
    ended(trial)
}

/// It answers no client while it writes its data set, two seconds and more.
fn slow_save() -> Option<Json> {
    let server = RedisServer::builder().debug_commands().config("save", "3600 1");
    when(PATIENT, server, |server, _| {
        server.command(["DEBUG", "POPULATE", "2000", "key", "100"]);
        // A change, so that there is something to save.
        server.command(["SET", "key", "value"]);
        server.command(["CONFIG", "SET", "rdb-key-save-delay", "1000"]);
        server.end_by(Signal::TERM);
        server.restart_same_port();
    })
}

/// It refuses to write and waits for a replica that does not keep up.
fn waits_for_a_replica() -> Option<Json> {
    let mut primary = RedisServer::builder().config("shutdown-timeout", "3");
    if !RedisServer::start().release().has(7, 0) {
        return None;
    }
    primary = primary.config("repl-diskless-sync-delay", "0");
    let mut primary = primary.start();
    let replica = RedisServer::start();
    follow(&replica, &primary);
    let trial = watched(PATIENT_WRITING, &primary, &primary);
    replica.sigstop();
    let offset = |info: String| info.lines().find_map(|line| line.strip_prefix("slave0:")).map(str::to_owned);
    eventually("the replica to lag behind", SOON, || {
        primary.command(["SET", "key", "value"]);
        let replication = primary.command(["INFO", "replication"]);
        let written = replication.lines().find_map(|line| line.strip_prefix("master_repl_offset:")).unwrap().to_owned();
        !offset(replication).unwrap().contains(&format!("offset={}", written.trim()))
    });
    primary.end_by(Signal::TERM);
    primary.restart_same_port();
    recovered(trial)
}

/// Makes one server the replica of another, and waits until it follows.
pub(super) fn follow(replica: &RedisServer, primary: &RedisServer) {
    let address = primary.address();
    replica.command(["REPLICAOF", &address.ip().to_string(), &address.port().to_string()]);
    eventually("the replica follows", 2 * SOON, || {
        replica.command(["INFO", "replication"]).contains("master_link_status:up")
    });
}

fn over_tls() -> Option<Json> {
    let mut server = RedisServer::builder().tls().start();
    let trial = Trial::trusting(&server.certificates().authority, PROBING, &server);
    ready(PROBING, &trial, &server);
    server.kill9();
    server.restart_same_port();
    recovered(trial)
}

fn over_a_unix_socket() -> Option<Json> {
    let mut server = RedisServer::builder().unix_socket().start();
    let url = format!("redis+unix://{}", server.unix_socket().display());
    let trial = watched(PROBING, &url, &server);
    server.kill9();
    server.restart_same_port();
    recovered(trial)
}

fn late() -> Option<Json> {
    let mut server = RedisServer::start();
    let trial = watched(PROBING, &server, &server);
    server.kill9();
    trial.wait_for_journal("\"waiting_timeout\"");
    server.restart_same_port();
    recovered(trial)
}

/// What is started in its place has never been a copy of it.
fn other_data() -> Option<Json> {
    let mut server = RedisServer::start();
    let trial = watched(PROBING, &server, &server);
    server.kill9();
    let other = RedisServer::builder().config("maxmemory", "50mb").on_the_port_of(&server).start();
    other.command(["SET", "another", "story"]);
    recovered(trial)
}

fn frozen_then_killed() -> Option<Json> {
    when(PATIENT, RedisServer::builder(), |server, trial: &Trial| {
        server.sigstop();
        trial.wait_for("path", 2);
        server.kill9();
        server.restart_same_port();
    })
}

fn restarted_while_we_are_stopped() -> Option<Json> {
    let mut server = RedisServer::start();
    let trial = watched(PROBING, &server, &server);
    while_stopped(&trial, "another process", || {
        server.kill9();
        server.restart_same_port();
        true
    });
    recovered(trial)
}
