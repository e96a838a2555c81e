//! Replies are late, for less time than anybody waits: no connection is lost.

use serde_json::Value as Json;

use super::{Names, PROBING, Row, SOON, Truth, ended, goes_on, lab::with_faults, row, watched};
use crate::harness::{Doctor, Lab, RawClient, RedisServer, RedisServerBuilder, Tap, Trial, encode};

/// On a machine that is slow as well they may be so late that the connection counts as silent.
const COMMAND: Names = &["slow_command", "slow_server", "server_frozen"];
const PAUSED: Names = &["clients_paused", "server_frozen"];
const NETWORK: Names = &["slow_network"];

pub(super) const ROWS: &[Row] = &[
    late("late replies: DEBUG SLEEP", COMMAND, || {
        beside(PROBING, RedisServer::builder().debug_commands(), |server| {
            server.begin(["DEBUG", "SLEEP", "0.9"]).read().unwrap();
        })
    }),
    late("late replies: a script", COMMAND, || {
        beside(PROBING, RedisServer::builder(), |server| {
            server.begin(["EVAL", SPIN, "0"]).read().unwrap();
        })
    }),
    late("late replies: KEYS over and over", COMMAND, keys),
    late("late replies: CLIENT PAUSE ALL", PAUSED, || {
        beside(PROBING, RedisServer::builder(), |server| {
            server.command(["CLIENT", "PAUSE", "900", "ALL"]);
        })
    }),
    late("late replies: CLIENT PAUSE WRITE", &["clients_paused"], || {
        beside("soak --workload kv", RedisServer::builder(), |server| {
            server.command(["CLIENT", "PAUSE", "900", "WRITE"]);
        })
    }),
    late("late replies: BLPOP on the connection", &["blocking_command"], || {
        let server = RedisServer::start();
        let tap = Tap::to(server.address());
        let trial = watched("soak --workload ping", &tap, &server);
        let skip = encode(["CLIENT", "REPLY", "SKIP"]);
        tap.inject_to_server(&[skip, encode(["BLPOP", "nothing", "1"])].concat());
        finished(trial)
    }),
    late("late replies: latency of the lab", NETWORK, || {
        let server = RedisServer::start();
        let trial = with_faults("latency=300ms@2s+3s", PROBING, &server);
        trial.wait_for_journal("\"event\":\"fault_injected\"");
        goes_on(&trial, 3);
        finished(trial)
    }),
    late("late replies: a narrow line", NETWORK, narrow_line),
    row("late replies: our own stop", Truth::Nothing, || {
        let server = RedisServer::start();
        let trial = watched(PROBING, &server, &server);
        let start = std::time::Instant::now();
        super::while_stopped(&trial, "most of a second", || start.elapsed().as_millis() >= 900);
        finished(trial)
    }),
];

const fn late(name: &'static str, why: Names, inject: fn() -> Option<Json>) -> Row {
    row(name, Truth::Slow(why), inject)
}

/// Most of a second in one script.
const SPIN: &str = "local function now() local t = redis.call('TIME') return t[1] + t[2] / 1000000 end \
                    local until_ = now() + 0.9 while now() < until_ do end";

/// A run beside a server that is slow for a while.
fn beside(arguments: &str, server: RedisServerBuilder, slow: fn(&RedisServer)) -> Option<Json> {
    let server = server.start();
    let trial = watched(arguments, &server, &server);
    slow(&server);
    finished(trial)
}

/// Three clients ask for all keys, time and again.
fn keys() -> Option<Json> {
    let server = RedisServer::builder().debug_commands().start();
    server.command(["DEBUG", "POPULATE", "200000", "key", "1"]);
    let trial = watched(PROBING, &server, &server);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut asker = RawClient::connect(server.address()).unwrap();
                asker.patience(2 * SOON);
                (0..15).for_each(|_| drop(asker.call(["KEYS", "*nothing*like*this*"]).unwrap()));
            });
        }
    });
    finished(trial)
}

/// Ends a run once a slow stretch is over and explained: a few seconds after the last slow reply.
fn finished(trial: Trial) -> Option<Json> {
    goes_on(&trial, 5);
    ended(trial)
}

/// What the server sends takes its time.
fn narrow_line() -> Option<Json> {
    let lab = Lab::start()?;
    let run = "soak --format json --workload ping --payload 3000 --rate 5 --timeout 10s --response-timeout 10s \
               --watchdog off -d 10s";
    let doctor = Doctor::new(run.split_ascii_whitespace())
        .target(&lab.server)
        .inside(lab.client_side())
        .within(6 * SOON)
        .spawn();
    doctor.wait_for_stderr("connected", SOON);
    lab.server.wait_until_queried();
    lab.throttle("80kbit");
    Some(doctor.finish().json())
}
