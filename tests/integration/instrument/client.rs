//! The client itself stands still; what happens meanwhile may have another cause.

use serde_json::Value as Json;

use super::{PATIENT, PROBING, Row, SOON, cause, concluded, ended, goes_on, recovered, watched, while_stopped};
use crate::harness::{RedisServer, Tap, Trial};

const STALL: &[&str] = &["client_stall"];

pub(super) const ROWS: &[Row] = &[
    cause("our own stop, longer than the server's timeout", STALL, || {
        stopped_past_the_timeout("soak --workload ping --watchdog off")
    }),
    cause("our own stop, longer than the server's timeout, hot", STALL, || {
        stopped_past_the_timeout("soak --workload ping --rate 0 --watchdog off")
    }),
    cause("our own stop hides a freeze", &["server_frozen"], stop_hides_a_freeze),
    cause("our own stop within a freeze", &["server_frozen"], stop_within_a_freeze),
    cause("RST by a proxy after our own stop", &["network_reset"], || after_our_stop(|_, tap| tap.reset_all())),
    cause("FIN by a proxy after our own stop", &["proxy_closed", "network_reset"], || {
        after_our_stop(|_, tap| tap.close_all())
    }),
    cause("CLIENT KILL after our own stop", &["client_killed"], || {
        after_our_stop(|server, _| {
            server.command(["CLIENT", "KILL", "TYPE", "pubsub"]);
        })
    }),
    super::row("our own stop of a second", super::Truth::Nothing, || {
        let server = RedisServer::start();
        let trial = watched(PROBING, &server, &server);
        stop_for(&trial, 1000);
        goes_on(&trial, 2);
        ended(trial)
    }),
];

/// Stops the program under test for so many milliseconds.
fn stop_for(trial: &Trial, milliseconds: u64) {
    let start = std::time::Instant::now();
    while_stopped(trial, "the time of the stop", || start.elapsed().as_millis() >= u128::from(milliseconds));
}

/// The whole program is stopped for longer than the server tolerates silence.
fn stopped_past_the_timeout(arguments: &str) -> Option<Json> {
    let server = RedisServer::builder().config("timeout", "1").start();
    let trial = Trial::start(arguments, &server);
    trial.wait_for_answers();
    while_stopped(&trial, "the server has closed the connection", || server.clients().is_empty());
    recovered(trial)
}

/// Both stand still; the server goes on later than we do.
fn stop_hides_a_freeze() -> Option<Json> {
    let server = RedisServer::start();
    let trial = watched(PATIENT, &server, &server);
    server.sigstop();
    stop_for(&trial, 3000);
    trial.wait_for("stalled", 1);
    server.sigcont();
    trial.wait_within("resumed", 1, SOON);
    concluded(trial)
}

/// The silence of the server was there before we stood still.
fn stop_within_a_freeze() -> Option<Json> {
    let server = RedisServer::start();
    let trial = watched(PATIENT, &server, &server);
    server.sigstop();
    trial.wait_for("path", 2);
    stop_for(&trial, 1000);
    server.sigcont();
    trial.wait_within("resumed", 1, SOON);
    concluded(trial)
}

/// We stand still for a second and go on, and only then the connection is ended.
fn after_our_stop(end: fn(&RedisServer, &Tap)) -> Option<Json> {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = watched(PROBING, &tap, &server);
    stop_for(&trial, 1000);
    goes_on(&trial, 2);
    end(&server, &tap);
    recovered(trial)
}
