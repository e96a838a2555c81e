//! The connection lives, and the server refuses its commands.

use std::fs;

use serde_json::Value as Json;

use super::{PROBING, Row, SOON, Truth, WRITING, ended, goes_on, lab::with_faults, process::follow, row, watched};
use crate::harness::{RedisServer, RedisServerBuilder, Trial, closed_port, eventually};

const BOTH: &str = "soak --workload ping,kv";

pub(super) const ROWS: &[Row] = &[
    refused("OOM", "oom", || {
        refusing(WRITING, RedisServer::builder(), "OOM", |server| {
            server.command(["CONFIG", "SET", "maxmemory", "1"]);
        })
    }),
    refused("MISCONF", "misconf", || {
        refusing(WRITING, RedisServer::builder().config("save", "3600 1000000"), "MISCONF", |server| {
            // A snapshot cannot take the place of a directory.
            fs::create_dir(server.directory().join("dump.rdb")).unwrap();
            server.command(["BGSAVE"]);
        })
    }),
    refused("NOREPLICAS", "noreplicas", || {
        refusing(WRITING, RedisServer::builder(), "NOREPLICAS", |server| {
            server.command(["CONFIG", "SET", "min-replicas-to-write", "1"]);
        })
    }),
    refused("NOPERM", "noperm", || {
        let server = RedisServer::builder().acl("app on >secret ~* &* +@all").start();
        let trial =
            Trial::with(["soak", "--workload", "kv", "--user", "app", "-a", "secret", "--no-auth-warning"], &server);
        trial.wait_for_answers();
        server.command(["ACL", "SETUSER", "app", "-set"]);
        told(trial, "NOPERM")
    }),
    refused("READONLY", "readonly", || {
        let other = RedisServer::start();
        let server = RedisServer::start();
        let trial = watched("soak --workload kv --on-readonly stay", &server, &server);
        follow(&server, &other);
        told(trial, "READONLY")
    }),
    refused("MASTERDOWN", "masterdown", || {
        let server = RedisServer::builder().config("replica-serve-stale-data", "no");
        refusing(BOTH, server, "MASTERDOWN", |server| {
            server.command(["REPLICAOF", "127.0.0.1", &closed_port().port().to_string()]);
        })
    }),
    refused("CLUSTERDOWN", "clusterdown", || {
        let server = clustered()?;
        let trial = watched(WRITING, &server, &server);
        server.command(["CLUSTER", "DELSLOTSRANGE", "0", "16383"]);
        told(trial, "CLUSTERDOWN")
    }),
    refused("MOVED", "moved", moved),
    row("LOADING", Truth::Refused("loading", &["server_frozen"]), || {
        let server = RedisServer::builder().loading_slowly()?.start();
        let trial = watched(PROBING, &server, &server);
        let loading = server.begin_loading(2500);
        trial.wait_for_journal("LOADING ");
        loading.finish();
        goes_on(&trial, 2);
        ended(trial)
    }),
    row("BUSY", Truth::Refused("busy", &["slow_command", "server_frozen"]), || {
        let server = RedisServer::builder().config("lua-time-limit", "200").start();
        let trial = watched(PROBING, &server, &server);
        let script = server.begin(["EVAL", "while true do end", "0"]);
        trial.wait_for_journal("BUSY ");
        goes_on(&trial, 2);
        server.command(["SCRIPT", "KILL"]);
        drop(script);
        goes_on(&trial, 2);
        ended(trial)
    }),
    refused("LOADING from a proxy", "loading", || by_the_lab("error_reply=LOADING,on=PING@2s+3s", PROBING, "LOADING ")),
    refused("half of the writes: OOM", "oom", || {
        by_the_lab("error_reply=OOM,on=SET,share=50%@2s+3s", "soak --workload kv --rate 50", "OOM ")
    }),
    refused("CLUSTERDOWN for good", "clusterdown", || {
        by_the_lab("error_reply=CLUSTERDOWN,on=SET@2s", WRITING, "CLUSTERDOWN ")
    }),
];

const fn refused(name: &'static str, class: &'static str, inject: fn() -> Option<Json>) -> Row {
    row(name, Truth::Refused(class, &[]), inject)
}

/// A run whose commands the server refuses after something has happened.
fn refusing(arguments: &str, server: RedisServerBuilder, code: &str, cause: fn(&RedisServer)) -> Option<Json> {
    let server = server.start();
    let trial = watched(arguments, &server, &server);
    cause(&server);
    told(trial, code)
}

fn by_the_lab(fault: &str, arguments: &str, code: &str) -> Option<Json> {
    let server = RedisServer::start();
    told(with_faults(fault, arguments, &server), code)
}

/// Ends the run two seconds after the first refusal.
fn told(trial: Trial, code: &str) -> Option<Json> {
    trial.wait_for_journal_times(code, 1);
    goes_on(&trial, 2);
    ended(trial)
}

/// A cluster of one node that owns all slots.
fn clustered() -> Option<RedisServer> {
    let server = RedisServer::builder().config("cluster-enabled", "yes").start();
    if !server.release().has(7, 0) {
        return None;
    }
    server.command(["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
    serves(&server);
    Some(server)
}

fn serves(server: &RedisServer) {
    eventually("the cluster serves", 2 * SOON, || server.command(["CLUSTER", "INFO"]).contains("cluster_state:ok"));
}

/// The client talks to the node that owns nothing.
fn moved() -> Option<Json> {
    let owner = clustered()?;
    let other = RedisServer::builder().config("cluster-enabled", "yes").start();
    let address = owner.address();
    other.command(["CLUSTER", "MEET", &address.ip().to_string(), &address.port().to_string()]);
    serves(&other);
    let trial = watched(BOTH, &other, &other);
    told(trial, "MOVED ")
}
