//! The server stands still, or keeps one client waiting, and goes on.

use serde_json::Value as Json;

use super::{
    PATIENT, PATIENT_WRITING, PROBING, Row, SOON, cause, concluded, ended, goes_on, recovered, row, silenced, watched,
};
use crate::harness::{RawClient, RedisServer, Tap, Trial};

const FROZEN: &[&str] = &["server_frozen"];
/// What kept the server busy; that it stood still is true as well.
const SLOW: &[&str] = &["slow_command", "server_frozen"];
const PAUSED: &[&str] = &["clients_paused", "server_frozen"];
const HOT_PATIENT: &str = "soak --workload ping --rate 0 --concurrency 20 --watchdog off --timeout 400ms";

pub(super) const ROWS: &[Row] = &[
    cause("SIGSTOP of the server", FROZEN, || stopped(PATIENT)),
    cause("SIGSTOP of the server, hot", FROZEN, || stopped(HOT_PATIENT)),
    cause("SIGSTOP of the server, writing", FROZEN, || stopped(PATIENT_WRITING)),
    cause("SIGSTOP of the server, client replaced", FROZEN, replaced),
    cause("SIGSTOP of the server, accept queue full", &["accept_queue_full", "server_frozen"], accept_queue_full),
    cause("CLIENT PAUSE ALL", PAUSED, || {
        silenced(PATIENT, RedisServer::builder(), |server, _| {
            server.command(["CLIENT", "PAUSE", "2500", "ALL"]);
        })
    }),
    // The other clients are answered: the server is not frozen.
    cause("CLIENT PAUSE WRITE", &["clients_paused"], || {
        silenced(PATIENT_WRITING, RedisServer::builder(), |server, _| {
            server.command(["CLIENT", "PAUSE", "2500", "WRITE"]);
        })
    }),
    cause("DEBUG SLEEP", SLOW, || {
        silenced(PATIENT, RedisServer::builder().debug_commands(), |server, _| {
            server.begin(["DEBUG", "SLEEP", "2.5"]).read().unwrap();
        })
    }),
    cause("DEBUG SLEEP, writing", SLOW, || {
        silenced(PATIENT_WRITING, RedisServer::builder().debug_commands(), |server, _| {
            server.begin(["DEBUG", "SLEEP", "2.5"]).read().unwrap();
        })
    }),
    cause("a slow script", SLOW, || {
        silenced(PATIENT, RedisServer::builder(), |server, _| {
            server.begin(["EVAL", SPIN, "0"]).read().unwrap();
        })
    }),
    cause("KEYS over and over", SLOW, keys),
    cause("SORT of a long list", SLOW, || {
        silenced(PATIENT, RedisServer::builder(), |server, _| {
            server.command(["EVAL", FILL, "0"]);
            let mut sorts = server.begin(["SORT", "list", "ALPHA", "LIMIT", "0", "1"]);
            sorts.patience(2 * SOON);
            (0..3).for_each(|_| sorts.send(["SORT", "list", "ALPHA", "LIMIT", "0", "1"]).unwrap());
            (0..4).for_each(|_| drop(sorts.read().unwrap()));
        })
    }),
    cause("BLPOP on the connection", &["blocking_command"], || blocked(&["BLPOP", "nothing", "2"])),
    cause("WAIT on the connection", &["blocking_command"], || blocked(&["WAIT", "1", "2000"])),
    row("a pause too short to hurt", super::Truth::Nothing, || {
        unharmed(|server| {
            server.command(["CLIENT", "PAUSE", "100", "ALL"]);
        })
    }),
    row("BGSAVE of a small data set", super::Truth::Nothing, || {
        unharmed(|server| {
            server.command(["BGSAVE"]);
        })
    }),
    row("a replica comes", super::Truth::Nothing, || {
        unharmed(|server| super::process::follow(&RedisServer::start(), server))
    }),
    row("another client is killed", super::Truth::Nothing, || {
        unharmed(|server| {
            let mut bystander = server.begin(["CLIENT", "ID"]);
            let setname = bystander.read().unwrap().text();
            server.command(["CLIENT", "KILL", "ID", &setname]);
        })
    }),
    row("another user is removed", super::Truth::Nothing, || {
        unharmed(|server| {
            server.command(["ACL", "SETUSER", "other", "on", ">secret", "~*", "+@all"]);
            server.command(["ACL", "DELUSER", "other"]);
        })
    }),
];

/// Two seconds and more in one script, which the server does not interrupt before five.
const SPIN: &str = "local until_ = redis.call('TIME')[1] + 3 while tonumber(redis.call('TIME')[1]) < until_ do end";

/// A quarter of a million elements to be sorted.
const FILL: &str = "for i = 1, 250 do local t = {} for j = 1, 1000 do t[j] = (i * 7919 + j * 104729) % 1000003 end \
                    redis.call('RPUSH', 'list', unpack(t)) end";

fn stopped(arguments: &str) -> Option<Json> {
    silenced(arguments, RedisServer::builder(), |server, trial| {
        server.sigstop();
        trial.wait_for("path", 2);
        server.sigcont();
    })
}

/// The client gives its connection up before the server goes on.
fn replaced() -> Option<Json> {
    let server = RedisServer::start();
    let trial = watched(PROBING, &server, &server);
    server.sigstop();
    trial.wait_for("replaced", 1);
    server.sigcont();
    recovered(trial)
}

/// Others fill the queue of a server that accepts nothing, so that the client's new connection is not answered.
fn accept_queue_full() -> Option<Json> {
    let server = RedisServer::builder().config("tcp-backlog", "1").start();
    let trial = watched(PROBING, &server, &server);
    server.sigstop();
    let patience = std::time::Duration::from_millis(200);
    let mut queued = Vec::new();
    while let Ok(stream) = std::net::TcpStream::connect_timeout(&server.address(), patience) {
        queued.push(stream);
    }
    trial.wait_for("replaced", 1);
    trial.wait_for("path", 2);
    server.sigcont();
    recovered(trial)
}

/// Several clients ask for all keys; each answer takes a part of a second.
fn keys() -> Option<Json> {
    let server = RedisServer::builder().debug_commands().start();
    server.command(["DEBUG", "POPULATE", "500000", "key", "1"]);
    let trial = watched(PATIENT, &server, &server);
    let askers: Vec<RawClient> = (0..12).map(|_| server.begin(["KEYS", "*nothing*like*this*"])).collect();
    for mut asker in askers {
        asker.patience(2 * SOON);
        asker.read().unwrap();
        asker.call(["KEYS", "*nothing*like*this*"]).unwrap();
    }
    trial.wait_within("resumed", 1, 2 * SOON);
    concluded(trial)
}

/// The client under test is kept waiting by a command of its own, as where a library shares one connection. The answer
/// to that command is suppressed, or it would be taken for the next one's.
fn blocked(command: &[&str]) -> Option<Json> {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = watched("soak --workload ping --watchdog off --timeout 400ms", &tap, &server);
    let skip = crate::harness::encode(["CLIENT", "REPLY", "SKIP"]);
    tap.inject_to_server(&[skip, crate::harness::encode(command)].concat());
    trial.wait_within("resumed", 1, 2 * SOON);
    concluded(trial)
}

/// Something happens that costs the client nothing; the run goes on for two more seconds.
fn unharmed(what: fn(&RedisServer)) -> Option<Json> {
    let server = RedisServer::start();
    let trial: Trial = watched(PROBING, &server, &server);
    what(&server);
    goes_on(&trial, 2);
    ended(trial)
}
