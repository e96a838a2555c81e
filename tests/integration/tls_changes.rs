//! What changes about TLS while a run is going on: a certificate lapses, client certificates become mandatory, the
//! authority is replaced. Once in the ordinary suite, 20 times each with `REDIS_DOCTOR_LONG=1`.

use std::env;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{Authority, Doctor, RedisServer, Signal};

const LIMIT: Duration = Duration::from_secs(20);

fn times() -> usize {
    if env::var_os("REDIS_DOCTOR_LONG").is_some() { 20 } else { 1 }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Runs a soak, changes something, ends the connection, takes the change back, and expects this obstacle in the report.
fn named(server: &RedisServer, change: impl FnOnce(), obstacle: &str, words: &str) {
    let authority = path(&server.certificates().authority);
    let soak = ["soak", "-d", "60s", "--workload", "ping", "--format", "json", "--cacert", authority];
    let run = Doctor::new(soak).target(server).spawn();
    run.wait_for_stderr("connected", LIMIT);
    change();
    server.command(["CLIENT", "KILL", "TYPE", "normal"]);
    run.wait_for_stderr(words, LIMIT);
    // A shorter obstacle is not reported.
    thread::sleep(Duration::from_secs(2));
    let (certificate, key) = (path(&server.certificates().certificate), path(&server.certificates().key));
    server.command(["CONFIG", "SET", "tls-cert-file", certificate, "tls-key-file", key, "tls-auth-clients", "no"]);
    run.wait_for_stderr("reconnected", LIMIT);
    run.signal(Signal::INT);
    let output = run.finish();
    let report = output.code(1).lacks("panicked").json();
    let found = report["outages"]["rows"].as_array().into_iter().flatten();
    let found: Vec<_> = found.map(|outage| &outage["diagnosis"]["obstacle"]).collect();
    let is_named =
        |found: &&serde_json::Value| found["name"] == obstacle && found["text"].as_str().unwrap().contains(words);
    assert!(!found.is_empty() && found.iter().all(is_named), "{obstacle}: {report:#}");
}

#[test]
fn a_certificate_that_lapses_is_what_keeps_the_client_out() {
    for _ in 0..times() {
        let server = RedisServer::builder().tls().start();
        let validity = Duration::from_secs(6);
        let until = Instant::now() + validity + Duration::from_secs(1);
        let short = server.certificates().issuer.issue_for("short", &["127.0.0.1"], validity);
        server.command(["CONFIG", "SET", "tls-cert-file", path(&short.certificate), "tls-key-file", path(&short.key)]);
        let lapse = || thread::sleep(until.saturating_duration_since(Instant::now()));
        named(&server, lapse, "certificate_expired", "the server's certificate expired");
    }
}

#[test]
fn client_certificates_that_become_mandatory_are_what_keeps_the_client_out() {
    for _ in 0..times() {
        let server = RedisServer::builder().tls().start();
        let demand = || drop(server.command(["CONFIG", "SET", "tls-auth-clients", "yes"]));
        named(&server, demand, "client_certificate", "the server requires a client certificate");
    }
}

#[test]
fn an_authority_that_is_replaced_is_what_keeps_the_client_out() {
    for _ in 0..times() {
        let server = RedisServer::builder().tls().start();
        let elsewhere = tempfile::tempdir().unwrap();
        let new = Authority::create(elsewhere.path(), "new").issue("server", &["localhost", "127.0.0.1"]);
        let files = ["CONFIG", "SET", "tls-cert-file", path(&new.certificate), "tls-key-file", path(&new.key)];
        named(&server, || drop(server.command(files)), "tls", "the server's certificate is not trusted");
    }
}
