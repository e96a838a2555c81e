//! What stands between the client and a server that lives: HAProxy, socat, and the relay of the tests.

use rustix::process::Signal;
use serde_json::Value as Json;

use super::{HOT, LISTENING, PATIENT, PROBING, Row, SOON, SPARSE, WRITING, cause, concluded, recovered, watched};
use crate::harness::{Haproxy, RedisServer, Socat, Tap, Trial};

const RESET: &[&str] = &["network_reset"];
/// A FIN is no reset.
const CLOSED: &[&str] = &["proxy_closed", "network_reset"];
/// The proxy ends what was silent too long.
const IDLE: &[&str] = &["middlebox_idle_limit", "proxy_closed", "network_reset"];
const CRASHED: &[&str] = &["server_crashed", "server_restarted"];

pub(super) const ROWS: &[Row] = &[
    cause("RST by a proxy", RESET, || tapped(PROBING, |tap, _| tap.reset_all())),
    cause("RST by a proxy, writing", RESET, || tapped(WRITING, |tap, _| tap.reset_all())),
    cause("RST by a proxy, a silent subscriber", RESET, || tapped(LISTENING, |tap, _| tap.reset_all())),
    cause("RST by a proxy, a reply in flight", RESET, || {
        tapped(HOT, |tap, _| {
            tap.reset_when_in_flight();
        })
    }),
    cause("RST by a proxy to the client only", RESET, || tapped(PROBING, |tap, _| tap.reset_clients())),
    cause("RST by a proxy, four connections", RESET, || tapped("soak --connections 4", |tap, _| tap.reset_all())),
    cause("FIN by a proxy", CLOSED, || tapped(PROBING, |tap, _| tap.close_all())),
    cause("FIN by a proxy, hot", CLOSED, || tapped(HOT, |tap, _| tap.close_all())),
    cause("FIN by a proxy, a silent subscriber", CLOSED, || tapped(LISTENING, |tap, _| tap.close_all())),
    cause("FIN by a proxy after CONFIG RESETSTAT", CLOSED, || {
        tapped(PROBING, |tap, server| {
            server.command(["CONFIG", "RESETSTAT"]);
            tap.close_all();
        })
    }),
    cause("half a FIN by a proxy", CLOSED, || tapped(PROBING, |tap, _| tap.half_close_all())),
    cause("a proxy forgets the connection", &["network_reset", "path_lost"], || {
        tapped(PROBING, |tap, _| tap.forget_flows())
    }),
    cause("a proxy forgets an idle connection", &["middlebox_idle_limit", "network_reset", "path_lost"], || {
        tapped(SPARSE, |tap, _| tap.forget_flows())
    }),
    cause("a proxy relays nothing any more", &["path_lost"], || tapped(PROBING, |tap, _| tap.blackhole(true))),
    cause("a proxy relays nothing for a while", &["path_lost", "server_frozen"], || {
        silent_for_a_while(|tap, on| tap.partition(on))
    }),
    cause("a proxy keeps the replies for a while", &["path_lost", "server_frozen"], || {
        silent_for_a_while(|tap, on| tap.hold_replies(on))
    }),
    cause("a proxy's idle limit equals the server's timeout", IDLE, equal_limits),
    cause("HAProxy: timeout client", IDLE, || idle_limit("timeout client 2s")),
    cause("HAProxy: timeout server", IDLE, || idle_limit("timeout server 2s")),
    cause("HAProxy: timeout client, a silent subscriber", IDLE, || {
        let server = RedisServer::start();
        let haproxy = Haproxy::before(server.address(), &["timeout client 3s"], NAME)?;
        recovered(Trial::start("subscribe news --watchdog off", &haproxy))
    }),
    cause("HAProxy restarted by SIGTERM", CLOSED, || haproxy_restarted(PROBING, Signal::TERM)),
    cause("HAProxy restarted by SIGTERM, hot", CLOSED, || haproxy_restarted(HOT, Signal::TERM)),
    cause("HAProxy killed and restarted", CLOSED, || haproxy_restarted(PROBING, Signal::KILL)),
    cause("HAProxy: the server crashes behind it", CRASHED, || behind_haproxy(&[], RedisServer::kill9)),
    cause("HAProxy: the server restarts behind it", &["server_restarted", "server_crashed"], || {
        behind_haproxy(&[], RedisServer::shut_down)
    }),
    cause(
        "HAProxy: on-marked-down shutdown-sessions",
        &["server_frozen", "proxy_closed", "network_reset"],
        marked_down,
    ),
    cause("HAProxy: CLIENT KILL behind it", &["client_killed"], || {
        let server = RedisServer::start();
        let haproxy = Haproxy::before(server.address(), &[], NAME)?;
        let trial = watched(PROBING, &haproxy, &server);
        server.command(["CLIENT", "KILL", "TYPE", "pubsub"]);
        recovered(trial)
    }),
    cause("socat killed and restarted", CLOSED, || socat_restarted(Signal::KILL)),
    cause("socat ended and restarted", CLOSED, || socat_restarted(Signal::TERM)),
    cause("socat: the server crashes behind it", CRASHED, || {
        let mut server = RedisServer::start();
        let socat = Socat::before(server.address(), "a server that crashes behind socat")?;
        let trial = watched(PROBING, &socat, &server);
        server.kill9();
        server.restart_same_port();
        recovered(trial)
    }),
];

const NAME: &str = "rows of the instrument check with a real HAProxy";

/// A run through the relay of the tests, which does something.
fn tapped(arguments: &str, fault: fn(&Tap, &RedisServer)) -> Option<Json> {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = watched(arguments, &tap, &server);
    fault(&tap, &server);
    recovered(trial)
}

/// The relay is silent until the client has noticed.
fn silent_for_a_while(switch: fn(&Tap, bool)) -> Option<Json> {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = watched(PATIENT, &tap, &server);
    switch(&tap, true);
    trial.wait_for("path", 2);
    switch(&tap, false);
    trial.wait_within("resumed", 1, SOON);
    concluded(trial)
}

/// The order of the two cannot be known.
fn equal_limits() -> Option<Json> {
    let server = RedisServer::builder().config("timeout", "3").start();
    let haproxy = Haproxy::before(server.address(), &["timeout client 2500ms"], NAME)?;
    recovered(Trial::start("ping -i 5 --watchdog off", &haproxy))
}

fn idle_limit(line: &str) -> Option<Json> {
    let server = RedisServer::start();
    let haproxy = Haproxy::before(server.address(), &[line], NAME)?;
    recovered(Trial::start("ping -i 4 --watchdog off", &haproxy))
}

fn haproxy_restarted(arguments: &str, signal: Signal) -> Option<Json> {
    let server = RedisServer::start();
    let mut haproxy = Haproxy::before(server.address(), &[], NAME)?;
    let trial = watched(arguments, &haproxy, &server);
    haproxy.restart(signal);
    recovered(trial)
}

fn behind_haproxy(lines: &[&str], end: fn(&mut RedisServer)) -> Option<Json> {
    let mut server = RedisServer::start();
    let haproxy = Haproxy::before(server.address(), lines, NAME)?;
    let trial = watched(PROBING, &haproxy, &server);
    end(&mut server);
    server.restart_same_port();
    recovered(trial)
}

/// HAProxy finds that the server does not answer, and closes the connections to it.
fn marked_down() -> Option<Json> {
    let server = RedisServer::start();
    let lines = [
        "option redis-check",
        "timeout check 300ms",
        "default-server check inter 300ms fall 1 rise 1 on-marked-down shutdown-sessions",
    ];
    let haproxy = Haproxy::before(server.address(), &lines, NAME)?;
    let trial = watched(PROBING, &haproxy, &server);
    server.sigstop();
    trial.wait_for("disconnected", 1);
    server.sigcont();
    recovered(trial)
}

fn socat_restarted(signal: Signal) -> Option<Json> {
    let server = RedisServer::start();
    let mut socat = Socat::before(server.address(), "a socat that is restarted")?;
    let trial = watched(PROBING, &socat, &server);
    socat.restart(signal);
    recovered(trial)
}
