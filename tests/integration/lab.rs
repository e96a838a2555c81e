//! The fault lab from outside: the `proxy` command with redis-cli, stdin and signals, and runs with faults.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Output as Finished};
use std::time::Duration;

use serde_json::Value as Json;

use super::harness::{Doctor, RawClient, RedisServer, RunningDoctor, Signal, Target as _};

const PATIENCE: Duration = Duration::from_secs(10);

/// Starts `redis-doctor proxy` on a free port.
fn proxy(arguments: &[&str]) -> (RunningDoctor, u16) {
    start(Doctor::new(["proxy", "--listen", "127.0.0.1:0"]), arguments)
}

pub(super) fn start(doctor: Doctor, arguments: &[&str]) -> (RunningDoctor, u16) {
    let doctor = arguments.iter().fold(doctor, |doctor, argument| doctor.arg(argument)).spawn();
    let line = doctor.wait_for_stderr("listening on", PATIENCE);
    let port = line.split("127.0.0.1:").nth(1).unwrap().split(',').next().unwrap().parse();
    (doctor, port.unwrap())
}

pub(super) fn cli(port: u16, words: &[&str]) -> Finished {
    Command::new("redis-cli").args(["-p", &port.to_string()]).args(words).output().unwrap()
}

pub(super) fn said(finished: &Finished) -> String {
    String::from_utf8_lossy(&finished.stdout).trim().to_owned()
}

#[test]
fn redis_cli_drives_it() {
    let server = RedisServer::start();
    let (doctor, port) = proxy(&["-u", &server.url()]);
    assert_eq!(said(&cli(port, &["PING"])), "PONG");
    let mut client = RawClient::connect(([127, 0, 0, 1], port).into()).unwrap();
    client.call(["PING"]).unwrap();
    assert!(said(&cli(port, &["DOCTOR", "HELP"])).contains("idle_drop=TIME"));
    assert_eq!(said(&cli(port, &["DOCTOR", "FAULT", "reset_peer"])), "OK");
    assert_eq!(client.read().unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(said(&cli(port, &["DOCTOR", "FAULT", "error_reply=LOADING,on=GET", ""])), "OK");
    assert!(said(&cli(port, &["DOCTOR", "LIST"])).contains("active     error_reply=LOADING,on=GET"));
    assert!(said(&cli(port, &["GET", "a"])).starts_with("LOADING"));
    assert_eq!(said(&cli(port, &["DOCTOR", "CLEAR"])), "cleared 1");
    assert_eq!(said(&cli(port, &["GET", "a"])), "");
    assert!(said(&cli(port, &["DOCTOR", "FAULT", "explode"])).contains("is not a fault; expected one of"));
    doctor.wait_for_stderr("fault         reset_peer", PATIENCE);
    doctor.wait_for_stderr("by a fault", PATIENCE);
    doctor.wait_for_stderr("fault over    error_reply=LOADING", PATIENCE);
    doctor.signal(Signal::INT);
    doctor.finish().code(0).stdout_is_empty();
    let refused = server.log();
    assert!(!refused.to_lowercase().contains("doctor"), "an order reached the server");
}

#[test]
fn stdin_drives_it_and_ndjson_shows_it() {
    let (read, mut write) = std::io::pipe().unwrap();
    let doctor = Doctor::new(["proxy", "--listen", "127.0.0.1:0", "--sandbox", "--format", "ndjson"]).stdin_from(read);
    let doctor = doctor.spawn();
    let line = doctor.wait_for_stdout("listening on", PATIENCE);
    let port: u16 = line.split("127.0.0.1:").nth(1).unwrap().split(',').next().unwrap().parse().unwrap();
    let mut client = RawClient::connect(([127, 0, 0, 1], port).into()).unwrap();
    client.call(["PING"]).unwrap();
    writeln!(write, "latency=50ms+10s").unwrap();
    doctor.wait_for_stdout("\"event\":\"fault_injected\",\"fault\":\"latency=50ms\"", PATIENCE);
    writeln!(write, "list").unwrap();
    doctor.wait_for_stderr("active     latency=50ms", PATIENCE);
    writeln!(write, "nonsense").unwrap();
    doctor.wait_for_stderr("error: 'nonsense' is not a fault", PATIENCE);
    writeln!(write, "clear\nincident thundering-herd").unwrap();
    doctor.wait_for_stderr("refuse@5s+3s", PATIENCE);
    writeln!(write, "clear\nreset_peer").unwrap();
    assert_eq!(client.read().unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    doctor.wait_for_stdout("flow_closed", PATIENCE);
    doctor.signal(Signal::TERM);
    let output = doctor.finish();
    let schema = jsonschema::validator_for(&redis_doctor::internals::schema::JOURNAL.schema()).unwrap();
    let events = output.code(0).ndjson();
    events.iter().for_each(|event| assert!(schema.is_valid(event), "{event}"));
    let names: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert!(names.contains(&"flow_opened") && names.contains(&"fault_cleared"), "{names:?}");
}

#[test]
fn a_clients_own_tls_passes_unread_to_a_port_named_in_plain_text() {
    let server = RedisServer::builder().tls().start();
    let (doctor, port) = proxy(&["-u", &format!("redis://{}", server.address())]);
    let authority = server.certificates().authority.to_str().unwrap().to_owned();
    let tls = ["--tls", "--cacert", &authority];
    assert_eq!(said(&cli(port, &[&tls[..], &["PING"]].concat())), "PONG");
    doctor.signal(Signal::INT);
    doctor.finish().code(0);
}

#[test]
fn it_does_not_listen_where_others_can_reach_it() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:6380"] {
        let refused = Doctor::new(["proxy", "--sandbox", "--listen", address]).run();
        refused.code(3).stderr_contains("--allow-remote").stderr_contains("other machines");
    }
    let doctor = Doctor::new(["proxy", "--sandbox", "--listen", "0.0.0.0:0", "--allow-remote"]).spawn();
    doctor.wait_for_stderr("listening on 0.0.0.0:", PATIENCE);
    doctor.signal(Signal::INT);
    doctor.finish().code(0);
    Doctor::new(["proxy", "--listen", "6379"]).run().code(3).stderr_contains("the server's own address");
}

#[test]
fn a_taken_port_is_named() {
    let server = RedisServer::start();
    let listen = server.address().to_string();
    Doctor::new(["proxy", "--sandbox", "--listen", &listen])
        .run()
        .code(3)
        .stderr_contains(&format!("cannot listen on {listen}"));
}

fn injected(events: &[Json]) -> Vec<&str> {
    events.iter().filter(|event| event["event"] == "fault_injected").map(|it| it["fault"].as_str().unwrap()).collect()
}

#[test]
fn a_soak_with_a_reset_recovers_and_says_which_fault_it_was() {
    let output = Doctor::new(["soak", "--sandbox", "-d", "3s", "--format", "ndjson"])
        .arg("--fault")
        .arg("reset_peer@1s")
        .arg("--rate")
        .arg("50/s")
        .run();
    let events = output.code(1).ndjson();
    assert_eq!(injected(&events), ["reset_peer"]);
    let place =
        |name: &str| events.iter().position(|event| event["event"] == name).unwrap_or_else(|| panic!("no {name}"));
    assert!(place("fault_injected") < place("disconnected") && place("disconnected") < place("reconnected"));
    assert_eq!(events[0]["plan"]["faults"], serde_json::json!(["reset_peer@1s"]));
    output.stderr_contains("faults reset_peer@1s");
}

#[test]
fn the_publisher_is_spared_and_the_path_is_not() {
    let server = RedisServer::start();
    let output =
        Doctor::new(["soak", "-d", "4s", "--format", "ndjson", "--fault", "reset_peer@1s", "--fault", "refuse@1s+1s"])
            .target(&server.url())
            .run();
    let events = output.code(1).ndjson();
    let published = events.iter().filter(|event| event["event"] == "command_failed" && event["stage"] == "publish");
    assert_eq!(published.count(), 0, "the publisher went through the proxy");
    let refused = |event: &&Json| event["event"] == "path_probed" && event["failure"]["class"] == "refused";
    assert!(events.iter().any(|event| refused(&event)), "the path probe went past the proxy");
    let cleared = events.iter().find(|event| event["event"] == "fault_cleared").unwrap();
    assert!((0.9..1.5).contains(&cleared["after"].as_f64().unwrap()), "{cleared}");
}

#[test]
fn an_incident_is_its_faults() {
    let output = Doctor::new(["ping", "--sandbox", "-c", "2", "-i", "10ms", "--incident", "failover"]).run();
    output.code(0).stderr_contains("faults reset_peer@5s · refuse@5s+8s · error_reply=LOADING@13s+2s");
}

#[test]
fn the_same_error_reply_reaches_a_ping() {
    let output =
        Doctor::new(["ping", "--sandbox", "-c", "3", "-i", "10ms", "--fault", "error_reply=OOM,on=PING@0"]).run();
    output.stdout_contains("OOM command not allowed");
}

#[test]
fn a_fault_that_cannot_be_had_is_refused() {
    for (arguments, parts) in [
        (["--fault", "explode"], ["--fault: 'explode' is not a fault", "reset_peer"]),
        (["--fault", "close@1s+1s"], ["--fault: close happens at one moment", "leave out"]),
        (["--incident", "flood"], ["--incident: 'flood' is not an incident", "nlb-idle"]),
    ] {
        let output = Doctor::new(["ping", "--sandbox"]).arg(arguments[0]).arg(arguments[1]).run();
        output.code(3).stderr_contains(parts[0]).stderr_contains(parts[1]);
    }
}

/// What a browser sends for `fetch('http://127.0.0.1:PORT/', {method: 'POST', body})`, and the same without the first line.
fn requests_of_a_web_page(body: &str) -> [String; 3] {
    let head = format!("Host: 127.0.0.1\r\nContent-Length: {}\r\n\r\n", body.len());
    [
        format!("POST / HTTP/1.1\r\n{head}{body}"),
        format!("GET / HTTP/1.1\r\n{head}{body}"),
        format!("host: 127.0.0.1\r\n{head}{body}"),
    ]
}

/// Sends bytes in two pieces and returns everything that comes back until the end of the connection.
fn sent(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let (first, second) = request.split_at(7);
    let mut answer = Vec::new();
    // The other side may close before everything is sent; the answer ends with FIN, or RST where bytes were unread.
    let _ = stream.write_all(first.as_bytes()).and_then(|()| stream.write_all(second.as_bytes()));
    let end = stream.read_to_end(&mut answer);
    assert!(end.is_ok() || end.unwrap_err().kind() == std::io::ErrorKind::ConnectionReset, "{request:?}");
    String::from_utf8(answer).unwrap()
}

#[test]
fn a_web_page_orders_no_fault_and_runs_no_command() {
    let server = RedisServer::start();
    let (doctor, port) = proxy(&["-u", &server.url()]);
    let body = "x\r\nDOCTOR FAULT reset_peer@every:2s\r\nSET stolen 1\r\n";
    for request in requests_of_a_web_page(body) {
        let answer = sent(port, &request);
        assert!(answer.is_empty() || answer == "-ERR this is not a web server\r\n", "{request:?}: {answer:?}");
    }
    assert_eq!(said(&cli(port, &["DOCTOR", "LIST"])), "");
    assert_eq!(said(&cli(port, &["EXISTS", "stolen"])), "0");
    assert_eq!(said(&cli(port, &["SET", "HTTP/1.1", "POST"])), "OK", "as a value it is no request");
    doctor.signal(Signal::INT);
    doctor.finish().code(0);
    let doctor = Doctor::new(["proxy", "--listen", "127.0.0.1:0", "--sandbox", "--no-control"]).spawn();
    let line = doctor.wait_for_stderr("listening on", PATIENCE);
    let sandbox = line.split("redis://127.0.0.1:").nth(1).unwrap().split(',').next().unwrap().parse().unwrap();
    for request in requests_of_a_web_page("x\r\nSET stolen 1\r\n") {
        sent(sandbox, &request);
    }
    assert_eq!(said(&cli(sandbox, &["GET", "stolen"])), "");
    doctor.signal(Signal::INT);
    doctor.finish().code(0);
}

#[test]
fn orders_can_be_forbidden_and_need_a_token_where_other_machines_connect() {
    let server = RedisServer::start();
    let (doctor, port) = proxy(&["-u", &server.url(), "--no-control"]);
    assert!(said(&cli(port, &["DOCTOR", "LIST"])).contains("unknown command"), "it goes to the server");
    doctor.signal(Signal::INT);
    doctor.finish().code(0);
    let arguments = ["proxy", "--listen", "0.0.0.0:0", "--allow-remote", "-u", &server.url()];
    let doctor = Doctor::new(arguments).spawn();
    let line = doctor.wait_for_stderr("listening on", PATIENCE);
    let port: u16 = line.split("0.0.0.0:").nth(1).unwrap().split(',').next().unwrap().parse().unwrap();
    let line = doctor.wait_for_stderr("DOCTOR TOKEN", PATIENCE);
    let token = line.split("DOCTOR TOKEN ").nth(1).unwrap().split_whitespace().next().unwrap();
    let mut client = RawClient::connect(([127, 0, 0, 1], port).into()).unwrap();
    let mut refused =
        |words: &[&str]| format!("{:?}", client.call(words.iter().copied())).contains("send DOCTOR TOKEN");
    assert!(refused(&["DOCTOR", "FAULT", "reset_peer"]));
    assert!(refused(&["DOCTOR", "TOKEN", "0000000000000000"]));
    assert!(refused(&["DOCTOR", "LIST"]));
    assert!(!refused(&["DOCTOR", "TOKEN", token]));
    assert!(!refused(&["DOCTOR", "FAULT", "latency=5ms@1h"]));
    assert!(said(&cli(port, &["DOCTOR", "LIST"])).contains("send DOCTOR TOKEN"), "it counts for one connection");
    doctor.wait_for_stderr("ordered by 127.0.0.1:", PATIENCE);
    doctor.signal(Signal::INT);
    doctor.finish().code(0);
}

#[test]
fn the_number_of_faults_is_bounded() {
    let (doctor, port) = proxy(&["--sandbox"]);
    let mut client = RawClient::connect(([127, 0, 0, 1], port).into()).unwrap();
    for _ in 0..1000 {
        assert!(client.call(["DOCTOR", "FAULT", "latency=5ms@1h"]).is_ok());
    }
    let more = format!("{:?}", client.call(["DOCTOR", "FAULT", "latency=5ms@1h"]));
    assert!(more.contains("1000 faults are active or scheduled"), "{more}");
    client.call(["DOCTOR", "CLEAR"]).unwrap();
    assert!(client.call(["DOCTOR", "FAULT", "latency=5ms@1h"]).is_ok());
    doctor.signal(Signal::INT);
    doctor.finish().code(0);
}
