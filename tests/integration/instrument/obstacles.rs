//! What ended the connection is one thing; what kept the client out afterwards, for two seconds and more, is another.

use std::net::Ipv4Addr;

use serde_json::Value as Json;

use super::{
    Names, PROBING, Row, SOON, Truth, closing::by_id, lab::lab, network, ours, ready, recovered, row, watched, when,
};
use crate::harness::{Hosts, Lab, RedisServer, Reject, ScriptedServer, Tap, Trial};

const KILLED: Names = &["client_killed"];
const CLOSED: Names = &["proxy_closed", "network_reset"];
const CRASHED: Names = &["server_crashed", "server_restarted"];

const fn kept_out(name: &'static str, ended: Names, out: Names, inject: fn() -> Option<Json>) -> Row {
    said_at_once(name, ended, out, &[], inject)
}

/// Some causes say what kept the client out as well.
const fn said_at_once(name: &'static str, ended: Names, out: Names, both: Names, inject: fn() -> Option<Json>) -> Row {
    row(name, Truth::KeptOut(ended, out, both), inject)
}

pub(super) const ROWS: &[Row] = &[
    said_at_once("kept out by maxclients", KILLED, &["maxclients"], &["max_clients"], || {
        when(PROBING, RedisServer::builder(), |server, trial| {
            // Connected clients stay; new ones are refused.
            server.command(["CONFIG", "SET", "maxclients", "1"]);
            by_id(server, trial);
            long_enough(trial);
            server.command(["CONFIG", "SET", "maxclients", "100"]);
        })
    }),
    said_at_once("kept out by a new password", KILLED, &["wrongpass", "noauth"], &["authentication_changed"], || {
        when(PROBING, RedisServer::builder().requirepass("first"), |server, trial| {
            server.command(["CONFIG", "SET", "requirepass", "second"]);
            by_id(server, trial);
            long_enough(trial);
            server.command(["CONFIG", "SET", "requirepass", "first"]);
        })
    }),
    said_at_once("kept out by the first password", KILLED, &["noauth"], &["authentication_changed"], || {
        when(PROBING, RedisServer::builder(), |server, trial| {
            server.command(["CONFIG", "SET", "requirepass", "first"]);
            by_id(server, trial);
            long_enough(trial);
            server.command(["CONFIG", "SET", "requirepass", ""]);
        })
    }),
    said_at_once("kept out by LOADING", CRASHED, &["loading"], CRASHED, loading),
    said_at_once("kept out by a closed port", CRASHED, &["refused"], CRASHED, || {
        when(PROBING, RedisServer::builder(), |server, trial| {
            server.kill9();
            long_enough(trial);
            server.restart_same_port();
        })
    }),
    kept_out("kept out by a proxy that refuses", CLOSED, &["refused"], || {
        behind_a_tap(|tap| tap.refuse(), |tap| tap.listen())
    }),
    said_at_once(
        "kept out by a proxy that accepts and closes",
        CLOSED,
        &["connection_closed"],
        &["proxy_closed"],
        || behind_a_tap(|tap| tap.accept_then_close(true), |tap| tap.accept_then_close(false)),
    ),
    said_at_once("kept out by a proxy that accepts and resets", CLOSED, &["reset"], &["network_reset"], || {
        behind_a_tap(|tap| tap.accept_then_reset(true), |tap| tap.accept_then_reset(false))
    }),
    kept_out(
        "kept out by protected mode",
        CLOSED,
        &["protected_mode"],
        || leads_elsewhere(ScriptedServer::protected()),
    ),
    said_at_once("kept out by a web server", CLOSED, &["protocol_garbage"], &["protocol_error"], || {
        lab("close@2s http_503=on=HELLO@2s+4s", PROBING)
    }),
    kept_out("kept out by a server that says nothing", CLOSED, &["connect_timeout", "response_timeout"], || {
        leads_elsewhere(ScriptedServer::mute())
    }),
    kept_out("kept out by a firewall that drops", &["network_reset"], &["connect_timeout"], firewall),
    kept_out("kept out by a name that is gone", KILLED, &["dns"], name_gone),
];

/// Waits until the client has failed to come back for two seconds.
fn long_enough(trial: &Trial) {
    trial.wait_for("path", 2);
    trial.wait_for_journal("\"waiting_timeout\"");
}

/// It crashes, and needs two seconds to read its data.
fn loading() -> Option<Json> {
    let mut server = RedisServer::builder().loading_slowly()?.start();
    server.command(["DEBUG", "POPULATE", "1500", "key", "2000"]);
    server.command(["SAVE"]);
    server.command(["CONFIG", "SET", "key-load-delay", "2000"]);
    server.command(["CONFIG", "REWRITE"]);
    let trial = watched(PROBING, &server, &server);
    server.kill9();
    server.restart_same_port();
    recovered(trial)
}

/// A proxy closes the connection and admits no client for a while.
fn behind_a_tap(shut: fn(&Tap), open: fn(&Tap)) -> Option<Json> {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = watched(PROBING, &tap, &server);
    shut(&tap);
    tap.close_all();
    long_enough(&trial);
    open(&tap);
    recovered(trial)
}

/// A proxy closes the connection and leads to something else for a while.
fn leads_elsewhere(other: ScriptedServer) -> Option<Json> {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = watched(PROBING, &tap, &server);
    tap.lead_to(other.address());
    tap.close_all();
    long_enough(&trial);
    tap.lead_to(server.address());
    recovered(trial)
}

fn firewall() -> Option<Json> {
    let lab = Lab::start()?;
    let (doctor, flow) = network::start(&lab, PROBING);
    lab.drop_new();
    lab.reject_flow(flow, Reject::Reset);
    doctor.wait_for_stderr("disconnected", 2 * SOON);
    doctor.wait_for_stderr("waiting_timeout", 2 * SOON);
    lab.heal();
    network::finish(doctor, "reconnected")
}

fn name_gone() -> Option<Json> {
    let address = Ipv4Addr::new(127, 0, 0, 2);
    let hosts = Hosts::naming(address)?;
    let server = RedisServer::builder().at(address).start();
    let trial = Trial::reading(&hosts, PROBING, server.port());
    ready(PROBING, &trial, &server);
    hosts.forget();
    server.command(["CLIENT", "KILL", "ID", &ours(&trial, "client_id")]);
    long_enough(&trial);
    hosts.point_to(address);
    recovered(trial)
}
