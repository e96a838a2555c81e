//! The faults of the lab, in front of a real server.

use serde_json::Value as Json;

use super::{HOT, LISTENING, PROBING, Row, SPARSE, Truth, WRITING, cause, concluded, ended, goes_on, row};
use crate::harness::{RedisServer, Trial};

const RESET: &[&str] = &["network_reset"];
/// A FIN is no reset.
const CLOSED: &[&str] = &["proxy_closed", "network_reset"];
const LOST: &[&str] = &["path_lost"];
const PLANNED: &[&str] = &["planned_maintenance"];

pub(super) const ROWS: &[Row] = &[
    cause("reset_peer, idle", RESET, || lab("reset_peer=when=idle@2s", PROBING)),
    cause("reset_peer, in flight", RESET, || lab("reset_peer=when=in_flight@2s", PROBING)),
    cause("reset_peer, in flight, hot", RESET, || lab("reset_peer=when=in_flight@2s", HOT)),
    cause("reset_peer, in flight, writing", RESET, || lab("reset_peer=when=in_flight@2s", WRITING)),
    cause("reset_peer, a silent subscriber", RESET, || lab("reset_peer@2s", LISTENING)),
    cause("reset_peer, side=client", RESET, || lab("reset_peer=side=client@2s", PROBING)),
    cause("reset_peer, side=client, in flight", RESET, || {
        lab("reset_peer=side=client,when=in_flight@2s", "soak --workload ping --rate 100")
    }),
    cause("reset_peer, four connections", RESET, || lab("reset_peer@2s", "soak --connections 4")),
    cause("reset_peer, RESP2", RESET, || lab("reset_peer@2s", "soak --protocol resp2")),
    cause("reset_peer, every two seconds", RESET, || lab("reset_peer@every:2s", PROBING)),
    cause("close", CLOSED, || lab("close@2s", PROBING)),
    cause("close, hot", CLOSED, || lab("close@2s", HOT)),
    cause("close, a silent subscriber", CLOSED, || lab("close@2s", LISTENING)),
    cause("close, sparse", CLOSED, || lab("close@2s", SPARSE)),
    cause("half_close", CLOSED, || lab("half_close@2s", PROBING)),
    cause("half_close, a silent subscriber", CLOSED, || lab("half_close@2s", LISTENING)),
    cause("limit_data", CLOSED, || lab("limit_data=500@2s", PROBING)),
    cause("blackhole", LOST, || lab("blackhole@2s+20s", PROBING)),
    cause("blackhole, up", LOST, || lab("blackhole=direction=up@2s+20s", PROBING)),
    cause("blackhole, down", LOST, || lab("blackhole=direction=down@2s+20s", PROBING)),
    cause("blackhole, writing", LOST, || lab("blackhole@2s+20s", WRITING)),
    cause("partition", LOST, || lab("partition@2s+3s", PROBING)),
    cause("partition, writing", LOST, || lab("partition@2s+3s", WRITING)),
    cause("a line of 20 bytes a second", LOST, || lab("bandwidth=20@2s+4s", "soak --workload ping --rate 50")),
    cause("latency of three seconds", &["path_lost", "server_frozen"], || lab("latency=3s@2s+3s", PROBING)),
    cause("latency of 1.5 s, patient", &["server_frozen", "path_lost"], || {
        lab("latency=1500ms@2s+2s", "soak --timeout 400ms --watchdog off")
    }),
    cause("idle_drop, then reset", &["middlebox_idle_limit", "network_reset"], || {
        lab("idle_drop=1s,then=reset@0s", SPARSE)
    }),
    cause("idle_drop of two seconds, then reset", &["middlebox_idle_limit", "network_reset"], || {
        lab("idle_drop=2s,then=reset@0s", SPARSE)
    }),
    cause("idle_drop, silent", &["middlebox_idle_limit", "path_lost"], || lab("idle_drop=1s@0s", SPARSE)),
    cause("reset_peer and stall_accept", &["network_reset", "server_frozen", "path_lost"], || {
        lab("reset_peer@2s stall_accept@2s+2s", PROBING)
    }),
    cause("reset_peer and refuse", RESET, || lab("reset_peer@2s refuse@2s+2s", PROBING)),
    cause("close and accept_close", CLOSED, || lab("close@2s accept_close@2s+2s", PROBING)),
    cause("reset_peer and accept_reset", RESET, || lab("reset_peer@2s accept_reset@2s+2s", PROBING)),
    cause("close, then LOADING", CLOSED, || lab("close@2s error_reply=LOADING,on=HELLO@2s+2s", PROBING)),
    cause("close, then WRONGPASS", &["authentication_changed", "proxy_closed", "network_reset"], || {
        lab("close@2s error_reply=WRONGPASS,on=HELLO@2s+3s", PROBING)
    }),
    cause("close, then NOAUTH", &["authentication_changed", "proxy_closed", "network_reset"], || {
        lab("close@2s error_reply=NOAUTH,on=HELLO@2s+3s", PROBING)
    }),
    cause("close, then maxclients", &["max_clients", "proxy_closed", "network_reset"], || {
        lab("close@2s error_reply=MAXCLIENTS,on=HELLO@2s+3s", PROBING)
    }),
    cause("close, then a web server", &["protocol_error", "proxy_closed", "network_reset"], || {
        lab("close@2s http_503=on=HELLO@2s+3s", PROBING)
    }),
    cause("garbage", &["protocol_error"], || lab("garbage=on=PING@2s+300ms", PROBING)),
    cause("garbage, writing", &["protocol_error"], || lab("garbage=on=GET@2s+300ms", WRITING)),
    cause("truncate", &["protocol_error", "proxy_closed", "network_reset"], || {
        lab("truncate=on=PING@2s+300ms", PROBING)
    }),
    cause("http_503", &["protocol_error"], || lab("http_503=on=PING@2s+300ms", PROBING)),
    cause("MOVING, then closed", PLANNED, || lab("push=MOVING@1s close@2s", PROBING)),
    cause("MOVING, then reset", PLANNED, || lab("push=MOVING@1s reset_peer@2s", PROBING)),
    cause("FAILING_OVER, then closed", PLANNED, || lab("push=FAILING_OVER@1s close@2s", PROBING)),
    cause("MIGRATING, then closed", PLANNED, || lab("push=MIGRATING@1s close@2s", PROBING)),
    cause("a finished FAILING_OVER, then closed", CLOSED, || {
        lab("push=FAILING_OVER@1s push=FAILED_OVER@1500ms close@5s", PROBING)
    }),
    cause("a finished MIGRATING, then reset", RESET, || {
        lab("push=MIGRATING@1s push=MIGRATED@1500ms reset_peer@5s", PROBING)
    }),
    cause("a finished FAILING_OVER, twenty seconds later closed", CLOSED, || {
        lab("push=FAILING_OVER@1s push=FAILED_OVER@3s close@23s", PROBING)
    })
    .long(),
    row("slicer", Truth::Nothing, || harmless("slicer=1,delay=1ms@1s")),
    row("latency of 20 ms", Truth::Nothing, || harmless("latency=20ms@1s+2s")),
    row("an invalidation", Truth::Nothing, || harmless("push=invalidate@1s")),
];

/// A run with faults (separated by spaces) in front of a real server, until its first outage is over and explained.
pub(super) fn lab(faults: &str, arguments: &str) -> Option<Json> {
    let server = RedisServer::start();
    let trial = with_faults(faults, arguments, &server);
    trial.wait_for_journal_times("\"event\":\"fault_injected\"", 1);
    concluded(trial)
}

pub(super) fn with_faults(faults: &str, arguments: &str, server: &RedisServer) -> Trial {
    let mut words: Vec<String> = arguments.split(' ').map(str::to_owned).collect();
    // A push has its arguments after spaces, which none of these gives.
    words.extend(faults.split(' ').flat_map(|fault| ["--fault".to_owned(), fault.to_owned()]));
    Trial::with(words, server)
}

/// Faults that cost nothing, for two seconds after they began.
fn harmless(fault: &str) -> Option<Json> {
    let server = RedisServer::start();
    let trial = with_faults(fault, PROBING, &server);
    trial.wait_for_journal_times("\"event\":\"fault_injected\"", 1);
    goes_on(&trial, 2);
    ended(trial)
}
