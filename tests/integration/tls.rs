//! TLS: good runs, and every way in which the two sides do not agree about it.

use std::path::Path;
use std::time::Duration;

use crate::harness::{Certificates, Doctor, RedisServer, ScriptedServer, Signal};

/// A run that trusts this authority only.
fn trusting(authority: &Path, arguments: &[&str]) -> Doctor {
    Doctor::new(arguments).env("SSL_CERT_FILE", authority)
}

#[test]
fn all_three_commands_work_over_tls() {
    let server = RedisServer::builder().tls().start();
    let authority = &server.certificates().authority;
    let ping = trusting(authority, &["ping", "-c", "3", "-i", "0"]).target(&server).run();
    ping.code(0).stdout_contains("3 answered").stderr_contains("rediss://").stderr_contains(" tls ");
    let soak = trusting(authority, &["soak", "-d", "500ms"]).target(&server).run();
    soak.code(0).stdout_contains("1 of 1 confirmed").stdout_contains("verdict  HEALTHY").lacks("panicked");
    let by_name = format!("rediss://localhost:{}", server.port());
    let verified = ["subscribe", "doctor:tls", "--verify", "--rate", "50", "-d", "500ms"];
    trusting(authority, &verified).target(&by_name).run().code(0).stderr_contains("0 lost (0");
}

#[test]
fn a_reconnect_over_tls_is_a_handshake_that_works() {
    let server = RedisServer::builder().tls().start();
    let soak = ["soak", "-d", "20s", "--format", "ndjson"];
    let run = trusting(&server.certificates().authority, &soak).target(&server).spawn();
    let limit = Duration::from_secs(10);
    run.wait_for_stdout("\"event\":\"interval\"", limit);
    server.command(["CLIENT", "KILL", "TYPE", "pubsub"]);
    let back = |_: &str, err: &str| err.contains("reconnected") && err.contains("resubscribed");
    run.wait_until("the connection and the subscription to come back", limit, back);
    run.signal(Signal::INT);
    let ended = run.finish();
    let lines = ended.code(1).lacks("panicked").ndjson();
    let summary = lines.iter().find(|line| line["type"] == "summary").unwrap();
    assert_eq!((&summary["verdict"], &summary["outages"]["drops"]), (&"degraded".into(), &1.into()));
}

#[test]
fn an_unknown_issuer_is_named_with_the_remedy() {
    let server = RedisServer::builder().tls().start();
    let elsewhere = tempfile::tempdir().unwrap();
    let other = Certificates::create(elsewhere.path(), &["localhost"]);
    let run = trusting(&other.authority, &["ping", "-c", "1"]).target(&server).run();
    run.code(2).stdout_contains("no connection: the server's certificate is not trusted");
    run.stdout_contains("--cacert").stderr_contains("[tls, tls, ");
}

#[test]
fn a_certificate_for_another_name_is_named_with_that_host() {
    // The certificate names localhost and 127.0.0.1.
    let server = RedisServer::builder().tls().config("bind", "127.0.0.1 127.0.0.2").start();
    let url = format!("rediss://127.0.0.2:{}", server.port());
    let run = trusting(&server.certificates().authority, &["ping", "-c", "1"]).target(&url).run();
    run.code(2).stdout_contains("the server's certificate is for another name than 127.0.0.2");
}

#[test]
fn a_tls_client_on_a_plain_port_is_advised_to_use_redis() {
    let server = RedisServer::start();
    let url = format!("rediss://{}", server.address());
    let run = Doctor::new(["ping", "-c", "1", "--connect-timeout", "500ms"]).target(&url).run();
    run.code(2).stdout_contains("redis:// instead of rediss://");
    let web = ScriptedServer::http();
    let url = format!("rediss://{}", web.address());
    let run = Doctor::new(["ping", "-c", "1", "--connect-timeout", "5s"]).target(&url).run();
    run.code(2).stdout_contains("the port does not speak TLS; use redis:// instead of rediss://");
}

#[test]
fn a_plain_client_on_a_tls_port_is_advised_to_use_rediss() {
    let server = RedisServer::builder().tls().start();
    let url = format!("redis://{}", server.address());
    let run = Doctor::new(["ping", "-c", "1"]).target(&url).run();
    run.code(2).stdout_contains("rediss://").stdout_contains("verdict  CRITICAL  no connection");
}

/// Redis' default: each client must have a certificate.
#[test]
fn a_required_client_certificate_is_named_by_its_alert() {
    let server = RedisServer::builder().tls().config("tls-auth-clients", "yes").start();
    let authority = &server.certificates().authority;
    for (command, code) in [(&["check"][..], 2), (&["ping", "-c", "1"], 2), (&["wait", "--timeout", "1s"], 2)] {
        let run = trusting(authority, command).target(&server).run();
        let text =
            format!("{}{}", run.code(code).stdout(), run.stderr()).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("the server requires a client certificate, and none was sent (TLS alert 116"), "{text}");
        assert!(!text.contains("plaintext was sent") && !text.contains("not a TLS port"), "{text}");
    }
    trusting(authority, &["check"]).target(&server).run().stdout_contains("✘ tls").stdout_contains("explain RD180");
    // TLS 1.2 has no alert of its own for it.
    server.command(["CONFIG", "SET", "tls-protocols", "TLSv1.2"]);
    let run = trusting(authority, &["ping", "-c", "1"]).target(&server).run();
    run.code(2).stdout_contains("over TLS 1.2 a missing client certificate");
}

#[test]
fn a_client_certificate_required_in_mid_run_is_what_keeps_the_client_out() {
    let server = RedisServer::builder().tls().start();
    let soak = ["soak", "-d", "20s", "--workload", "ping"];
    let run = trusting(&server.certificates().authority, &soak).target(&server).spawn();
    run.wait_for_stderr("connected", Duration::from_secs(10));
    server.command(["CONFIG", "SET", "tls-auth-clients", "yes"]);
    server.command(["CLIENT", "KILL", "TYPE", "normal"]);
    run.wait_for_stderr("the server requires a client certificate", Duration::from_secs(10));
    run.signal(Signal::INT);
    run.finish().code(2).stdout_contains("TLS alert 116").lacks("panicked");
}
