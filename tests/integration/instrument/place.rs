//! Another server takes the place of the one that the client was connected to, or there were several all along.

use std::net::Ipv4Addr;

use serde_json::Value as Json;

use super::{PROBING, Row, SOON, SPARSE, WRITING, cause, ours, process::follow, ready, recovered, watched};
use crate::harness::{Hosts, RedisServer, Tap, Trial, eventually};

const ENDED_BY_A_PROXY: &[&str] = &["proxy_closed", "network_reset"];
/// The other server was up before the first, so nothing has restarted.
const TAKEN_OVER: &[&str] = &["failover", "server_crashed"];

pub(super) const ROWS: &[Row] = &[
    cause("a replica is promoted and takes over", &["failover", "server_crashed"], || promoted(PROBING)),
    cause("a replica is promoted and takes over, writing", &["failover", "server_crashed"], || promoted(WRITING)),
    cause("FAILOVER, then the proxy follows", &["failover", "proxy_closed", "network_reset"], failover_command),
    cause("demoted, subscribers closed", &["failover", "client_killed"], || demoted(PROBING, "pubsub")),
    cause("demoted, clients closed", &["failover", "client_killed"], || demoted(SPARSE, "normal")),
    cause("demoted, another client killed, FIN by a proxy", ENDED_BY_A_PROXY, demoted_but_closed_by_the_proxy),
    cause("an address moves to an older server", TAKEN_OVER, || address_moves(false)),
    cause("an address moves to a promoted replica", TAKEN_OVER, || address_moves(true)),
    cause("a pod is replaced: crash", &["server_crashed", "server_restarted", "failover"], || {
        pod_replaced(RedisServer::kill9)
    }),
    cause("a pod is replaced: shutdown", &["server_restarted", "server_crashed", "failover"], || {
        pod_replaced(RedisServer::shut_down)
    }),
    cause("two servers balanced, FIN by the proxy", ENDED_BY_A_PROXY, || balanced(|tap, _, _| tap.close_all())),
    cause("two servers balanced, RST by the proxy", ENDED_BY_A_PROXY, || balanced(|tap, _, _| tap.reset_all())),
    cause("two servers balanced, CLIENT KILL", &["client_killed"], || {
        balanced(|_, server, trial| {
            server.command(["CLIENT", "KILL", "ID", &ours(trial, "client_id")]);
        })
    }),
    cause("two servers balanced, ours crashes", &["server_crashed", "server_restarted", "failover"], || {
        balanced(|_, server, _| server.kill9())
    }),
    cause("the name moves, the old node dies", &["dns_moved", "server_crashed"], || name_moves(RedisServer::kill9)),
    cause("the name moves, the old node shuts down", &["dns_moved", "server_restarted", "server_crashed"], || {
        name_moves(RedisServer::shut_down)
    }),
    cause("the name moves, clients closed", &["dns_moved", "client_killed"], || {
        name_moves(|old| {
            for kind in ["pubsub", "normal"] {
                old.command(["CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes"]);
            }
        })
    }),
];

/// A replica that has run for a while is promoted and answers at the primary's address from then on.
fn promoted(arguments: &str) -> Option<Json> {
    let mut primary = RedisServer::start();
    let replica = RedisServer::start();
    follow(&replica, &primary);
    let tap = Tap::to(primary.address());
    let trial = watched(arguments, &tap, &primary);
    primary.kill9();
    replica.command(["REPLICAOF", "NO", "ONE"]);
    tap.lead_to(replica.address());
    recovered(trial)
}

/// The primary hands over in order; what is in front of the two closes the old connections.
fn failover_command() -> Option<Json> {
    let primary = RedisServer::start();
    let replica = RedisServer::start();
    follow(&replica, &primary);
    let tap = Tap::to(primary.address());
    let trial = watched(PROBING, &tap, &primary);
    primary.command(["FAILOVER"]);
    eventually("the replica is promoted", SOON, || replica.command(["ROLE"]).starts_with("master"));
    tap.lead_to(replica.address());
    tap.close_all();
    recovered(trial)
}

/// The primary becomes a replica, and its clients are sent away, as managed services do.
fn demoted(arguments: &str, kind: &str) -> Option<Json> {
    let server = RedisServer::start();
    let other = RedisServer::start();
    let trial = watched(arguments, &server, &server);
    follow(&server, &other);
    server.command(["CLIENT", "KILL", "TYPE", kind]);
    recovered(trial)
}

/// A kill is counted and the role has changed, but it is the proxy that ends our connection.
fn demoted_but_closed_by_the_proxy() -> Option<Json> {
    let server = RedisServer::start();
    let other = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = watched(PROBING, &tap, &server);
    follow(&server, &other);
    let bystander = server.begin(["CLIENT", "SETNAME", "bystander"]);
    let listed = || server.clients().into_iter().find(|client| client.contains(" name=bystander "));
    eventually("the bystander is there", SOON, || listed().is_some());
    let line = listed().unwrap();
    let id = line.strip_prefix("id=").and_then(|rest| rest.split(' ').next()).unwrap();
    server.command(["CLIENT", "KILL", "ID", id]);
    drop(bystander);
    tap.close_all();
    recovered(trial)
}

/// A server that has run for a while takes over the address of one that dies.
fn address_moves(replica: bool) -> Option<Json> {
    let new = RedisServer::builder().at(NODES[1]).start();
    if !new.release().has(7, 0) {
        return None;
    }
    let mut old = RedisServer::builder().at(NODES[0]).on_the_port_of(&new).start();
    if replica {
        follow(&new, &old);
    }
    let trial = watched(PROBING, &old.address(), &old);
    old.kill9();
    new.command(["REPLICAOF", "NO", "ONE"]);
    new.command(["CONFIG", "SET", "bind", &format!("{} {}", NODES[1], NODES[0])]);
    recovered(trial)
}

/// A fresh server at another place answers behind the same address.
fn pod_replaced(end: fn(&mut RedisServer)) -> Option<Json> {
    let mut old = RedisServer::start();
    let tap = Tap::to(old.address());
    let trial = watched(PROBING, &tap, &old);
    end(&mut old);
    let new = RedisServer::start();
    tap.lead_to(new.address());
    recovered(trial)
}

/// A primary and its replica behind one address that leads to them in turn. What happens concerns the one that the
/// client under test is connected to.
fn balanced(fault: fn(&Tap, &mut RedisServer, &Trial)) -> Option<Json> {
    let mut servers = [RedisServer::start(), RedisServer::start()];
    follow(&servers[1], &servers[0]);
    let tap = Tap::to(servers[0].address());
    tap.lead_in_turn_to([servers[0].address(), servers[1].address()]);
    let trial = Trial::start(SPARSE, &tap);
    trial.wait_for_answers();
    let id = format!("id={} ", ours(&trial, "client_id"));
    let sends_pings = |client: &String| client.starts_with(&id) && client.contains(" cmd=ping ");
    let ours = servers.iter().position(|server| server.clients().iter().any(sends_pings)).unwrap();
    servers[ours].wait_until_queried();
    fault(&tap, &mut servers[ours], &trial);
    recovered(trial)
}

/// Where the name stands at first, and later.
const NODES: [Ipv4Addr; 2] = [Ipv4Addr::new(127, 0, 0, 2), Ipv4Addr::new(127, 0, 0, 3)];

/// Connects by a name that then stands for another server, which was there before and is no replica of the first; the
/// name has moved when the old node is made to end the connection.
fn name_moves(end: fn(&mut RedisServer)) -> Option<Json> {
    let hosts = Hosts::naming(NODES[0])?;
    let mut old = RedisServer::builder().at(NODES[0]).start();
    let _new = RedisServer::builder().at(NODES[1]).on_the_port_of(&old).start();
    let trial = Trial::reading(&hosts, PROBING, old.port());
    ready(PROBING, &trial, &old);
    hosts.point_to(NODES[1]);
    end(&mut old);
    recovered(trial)
}
