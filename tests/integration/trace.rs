//! `trace` names what is wrong with the connections of running applications, and nothing that is not.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use redis_doctor::internals::schema;
use serde_json::Value as Json;

use crate::harness::*;

const SOON: Duration = Duration::from_secs(10);

/// Half-open, server silent, client not reading, not closed, and a SYN without an answer.
const CODES: [&str; 5] = ["RD230", "RD231", "RD232", "RD233", "RD235"];

/// A trace of the connections to this server, from up to three samples.
fn trace(server: SocketAddr, more: &[&str]) -> Doctor {
    let port = server.port().to_string();
    Doctor::new(["trace", "--port", &port]).args(more.iter().copied())
}

#[track_caller]
fn report(server: SocketAddr, code: i32) -> Json {
    let report = trace(server, &["--format", "json"]).run().code(code).json();
    follows(schema::TRACE, &report);
    report
}

fn found(report: &Json) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

/// The program of these tests. Its process is not always the only owner of a socket: while another test starts a program, the
/// new process has the same sockets and the same name for a moment.
fn program() -> String {
    std::fs::read_to_string("/proc/self/comm").unwrap().trim_end().to_owned()
}

/// The row of the connection of this client.
#[track_caller]
fn row(report: &Json, client: SocketAddr) -> &Json {
    let rows = report["connections"].as_array().unwrap();
    rows.iter().find(|row| row["local"] == client.to_string()).unwrap_or_else(|| panic!("{client} in {report:#}"))
}

#[test]
fn busy_connections_show_no_problem_and_their_owner() {
    let server = RedisServer::builder().maxclients(500).start();
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..300).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
    let one = clients[0].local_addr().unwrap();
    // Of a busy one, the timer is often that of the data in flight.
    let idle = TcpStream::connect(server.address()).unwrap();
    let busy = {
        let stop = Arc::clone(&stop);
        thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                clients.iter().for_each(|mut client| client.write_all(b"PING\r\n").unwrap());
                clients.iter().for_each(|mut client| client.read_exact(&mut [0; 7]).unwrap());
            }
        })
    };
    let report = report(server.address(), 0);
    stop.store(true, Ordering::Relaxed);
    busy.join().unwrap();
    assert_eq!(report["findings"], Json::Array(Vec::new()), "{report:#}");
    assert_eq!(report["verdict"], "healthy");
    let rows = report["connections"].as_array().unwrap();
    assert!((300..350).contains(&rows.len()), "the server's ends have no rows: {}", rows.len());
    let busy = row(&report, one);
    assert_eq!((&busy["owner"]["program"], &busy["side"]), (&program().into(), &"client".into()));
    assert_eq!(row(&report, idle.local_addr().unwrap())["keepalive"], "off");
}

#[test]
fn a_stopped_server_has_read_nothing() {
    let server = RedisServer::start();
    let mut client = RawClient::connect(server.address()).unwrap();
    client.call(["PING"]).unwrap();
    server.sigstop();
    client.send(["INCR", "jobs"]).unwrap();
    let watching = trace(server.address(), &["--watch"]).spawn();
    watching.wait_for_stderr("watching", SOON);
    let line = watching.wait_for_stderr("has read nothing for", SOON);
    assert!(line.contains(&format!("({})", server.pid())), "{line}");
    let report = report(server.address(), 2);
    assert_eq!(found(&report), ["RD231"]);
    assert_eq!(row(&report, client.local_address())["findings"], serde_json::json!(["RD231"]));
    assert!(report["findings"][0]["evidence"].as_str().unwrap().contains("unread by the server for"), "{report:#}");
    server.sigcont();
    client.read().unwrap();
    watching.wait_for_stderr("cleared", SOON);
    watching.signal(Signal::INT);
    watching.finish().code(1).stdout_contains("over: the server at");
}

#[test]
fn a_blocking_command_is_no_stopped_server() {
    let server = RedisServer::start();
    let mut client = RawClient::connect(server.address()).unwrap();
    client.send(["BLPOP", "nothing", "0"]).unwrap();
    eventually("the command to block", SOON, || server.clients().iter().any(|line| line.contains("cmd=blpop")));
    let since = Instant::now();
    let waited = eventually_row(server.address(), client.local_address(), |row| {
        row["waiting_seconds"].as_f64().is_some_and(|waiting| waiting > 1.2)
    });
    assert!(waited["waiting_seconds"].as_f64().unwrap() < since.elapsed().as_secs_f64() + 1.0);
    assert_eq!(found(&report(server.address(), 0)), [""; 0]);
}

/// Traces until the row of a client fulfils a condition.
#[track_caller]
fn eventually_row(server: SocketAddr, client: SocketAddr, condition: impl Fn(&Json) -> bool) -> Json {
    let deadline = Instant::now() + SOON;
    loop {
        let report = trace(server, &["--format", "json", "--exit-zero"]).run().code(0).json();
        let row = row(&report, client);
        if condition(row) {
            return row.clone();
        }
        assert!(Instant::now() < deadline, "{row:#}");
    }
}

#[test]
fn a_client_that_does_not_close_what_the_server_closed_is_named() {
    let server = RedisServer::start();
    let mut client = RawClient::connect(server.address()).unwrap();
    client.call(["PING"]).unwrap();
    server.command(["CLIENT", "KILL", "ADDR", &client.local_address().to_string()]);
    eventually("the connection to be stale", SOON, || {
        let report = trace(server.address(), &["--format", "json", "--exit-zero"]).run().json();
        found(&report) == ["RD233"]
    });
    let report = report(server.address(), 1);
    let row = row(&report, client.local_address());
    assert_eq!((&row["state"], &row["owner"]["program"]), (&"close_wait".into(), &program().into()));
    assert!(report["findings"][0]["evidence"].as_str().unwrap().contains("has not read the end"), "{report:#}");
}

#[test]
fn a_subscriber_that_does_not_read_is_named() {
    let server = RedisServer::start();
    let mut client = RawClient::connect(server.address()).unwrap();
    client.call(["SUBSCRIBE", "news"]).unwrap();
    let message = "x".repeat(10_000);
    for _ in 0..20 {
        assert_eq!(server.command(["PUBLISH", "news", &message]), "1");
    }
    eventually("the client to be named", SOON, || {
        let report = trace(server.address(), &["--format", "json", "--exit-zero"]).run().json();
        found(&report).contains(&"RD232")
    });
    let text = trace(server.address(), &[]).run();
    text.code(1).stdout_contains("not read by the client for").stdout_contains("redis-doctor explain RD232");
}

#[test]
fn the_watch_dates_endings_and_attempts() {
    let mut server = RedisServer::start();
    let address = server.address();
    let (mut client, mut leaves) = (RawClient::connect(address).unwrap(), RawClient::connect(address).unwrap());
    // One that ends after its first reply is a failed attempt.
    for _ in 0..3 {
        client.call(["PING"]).unwrap();
        leaves.call(["PING"]).unwrap();
    }
    let watching = trace(address, &["--watch", "--format", "ndjson"]).spawn();
    watching.wait_for_stdout("\"watching\"", SOON);
    let local = leaves.local_address();
    drop(leaves);
    server.command(["CLIENT", "KILL", "ADDR", &client.local_address().to_string()]);
    assert!(client.read().is_err());
    drop(client);
    server.kill9();
    (0..3).for_each(|_| refused(address));
    watching.wait_for_stdout("\"closed_by_server\"", SOON);
    watching.wait_for_stdout("\"attempt_failed\"", SOON);
    watching.signal(Signal::USR1);
    watching.wait_for_stderr("RD236", SOON);
    watching.signal(Signal::INT);
    let output = watching.finish();
    let lines = output.code(1).ndjson();
    lines.iter().for_each(|line| follows(schema::TRACE_LINE, line));
    let of = |kind: &str| lines.iter().filter(|line| line["type"] == kind).collect::<Vec<_>>();
    assert!(of("ended").iter().all(|row| row["how"] == "closed_by_server" && row["local"] != local.to_string()));
    assert!(of("attempts").iter().any(|row| row["refused"].as_u64() >= Some(1)), "{lines:#?}");
    let codes: Vec<_> = of("finding").iter().map(|finding| finding["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"RD236") && codes.contains(&"RD239"), "{codes:?}");
}

/// Returns a connection to the server that has been of use.
fn used(server: &RedisServer) -> RawClient {
    let mut client = RawClient::connect(server.address()).unwrap();
    // One that ends after its first reply is a failed attempt.
    (0..3).for_each(|_| _ = client.call(["PING"]).unwrap());
    client
}

#[test]
fn a_journal_gives_the_same_report_and_gates_decide_the_exit_code() {
    let server = RedisServer::start();
    let (mut lost, _stays) = (used(&server), used(&server));
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (journal, saved) = (file("trace.ndjson"), file("trace.json"));
    let watch = ["--watch", "--journal", &journal, "-o", &saved, "--fail-on", "connections_lost>0"];
    let watching = trace(server.address(), &watch).args(["--warn-on", "attempts_failed>9"]).spawn();
    watching.wait_for_stderr("watching", SOON);
    server.command(["CLIENT", "KILL", "ADDR", &lost.local_address().to_string()]);
    assert!(lost.read().is_err());
    drop(lost);
    watching.wait_for_stderr("closed by the server", SOON);
    watching.signal(Signal::INT);
    watching.finish().code(2).stdout_is_empty();
    let saved: Json = serde_json::from_str(&std::fs::read_to_string(saved).unwrap()).unwrap();
    follows(schema::TRACE, &saved);
    for line in std::fs::read_to_string(&journal).unwrap().lines() {
        follows(schema::JOURNAL, &serde_json::from_str(line).unwrap());
    }
    assert_eq!(Doctor::new(["report", &journal, "--format", "json"]).run().code(2).json(), saved);
    let tripped: Vec<_> = saved["gates"].as_array().unwrap().iter().map(|gate| &gate["tripped"]).collect();
    assert_eq!(tripped, [true, false]);
    assert_eq!((&saved["verdict"], &saved["complete"]), (&"critical".into(), &true.into()));
    Doctor::new(["report", &journal, "--fail-on", "connections_lost>5"]).run().code(1);
    let address = server.address().to_string();
    for format in ["text", "markdown", "csv", "html", "nagios", "ndjson"] {
        let output = Doctor::new(["report", &journal, "--format", format]).run();
        output.code(2).stdout_contains(if format == "nagios" { "connections" } else { &address });
    }
    // A run of another kind has no place in it.
    let other = file("ping.ndjson");
    Doctor::new(["soak", "-d", "1s", "--journal", &other]).target(&server).run();
    Doctor::new(["report", &journal, &other]).run().code(3).stderr_contains("journals of trace alone");
    let compared = Doctor::new(["compare", &other, &journal]).run();
    compared.code(3).stdout_is_empty().stderr_contains("it is a trace, which has no figures to compare");
}

#[test]
fn a_watch_that_is_killed_leaves_a_journal_with_its_events() {
    let server = RedisServer::start();
    let mut lost = used(&server);
    let dir = tempfile::tempdir().unwrap();
    let journal = dir.path().join("trace.ndjson").to_str().unwrap().to_owned();
    let watching = trace(server.address(), &["--watch", "--journal", &journal]).spawn();
    watching.wait_for_stderr("watching", SOON);
    server.command(["CLIENT", "KILL", "ADDR", &lost.local_address().to_string()]);
    assert!(lost.read().is_err());
    drop(lost);
    eventually("the end in the journal", SOON, || {
        std::fs::read_to_string(&journal).unwrap().contains("\"closed_by_server\"")
    });
    watching.signal(Signal::KILL);
    drop(watching.finish());
    let report = Doctor::new(["report", &journal, "--format", "json"]).run().code(1).json();
    assert_eq!((&report["complete"], report["ended"].as_array().unwrap().len()), (&false.into(), 1), "{report:#}");
    assert!(report["notes"].to_string().contains("cut off"), "{report:#}");
}

#[test]
fn a_single_look_has_a_journal_too() {
    let server = RedisServer::start();
    let client = used(&server);
    let dir = tempfile::tempdir().unwrap();
    let journal = dir.path().join("trace.ndjson").to_str().unwrap().to_owned();
    let looked = trace(server.address(), &["--journal", &journal, "--format", "json"]).run().code(0).json();
    let again = Doctor::new(["report", &journal, "--format", "json"]).run().code(0).json();
    assert_eq!(again, looked);
    row(&again, client.local_address());
    let refused = |more: &[&str]| trace(server.address(), more).run();
    refused(&["--fail-on", "p99>5ms"]).code(3).stderr_contains("a trace has no such figure");
    refused(&["--listen-metrics", "0"]).code(3).stderr_contains("add --watch");
}

#[test]
fn a_reset_that_the_client_does_not_notice_is_named_until_it_does() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let client = TcpStream::connect(address).unwrap();
    let there = listener.accept().unwrap().0;
    let watching = trace(address, &["--watch"]).spawn();
    watching.wait_for_stderr("1 connection to 1 server", SOON);
    // The owner is looked up once a second at most, and was with the first look.
    socket2::SockRef::from(&there).set_linger(Some(Duration::ZERO)).unwrap();
    drop(there);
    let line = watching.wait_for_stderr("has not noticed", SOON);
    assert!(line.contains("was reset") && line.contains(&format!("{} (", program())), "{line}");
    drop(client);
    let line = watching.wait_for_stderr("ended", SOON);
    assert!(line.contains("reset") && !line.contains("likely"), "{line}");
    watching.signal(Signal::INT);
    watching.finish().code(1).lacks("RD238 ·").stdout_contains("RD239");
}

/// Makes an attempt that is refused, as an event loop does: a blocking connect(2) erases the address of its socket.
fn refused(address: SocketAddr) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket.connect(&address.into()).unwrap_err();
    eventually("the refusal", SOON, || socket.take_error().unwrap().is_some());
}

#[test]
fn without_a_connection_nothing_is_judged() {
    let nothing = trace(closed_port(), &[]).run();
    nothing.code(3).stdout_contains("verdict  UNKNOWN  no connection of port");
    let pid = (1_u32 << 23).to_string();
    Doctor::new(["trace", "--pid", &pid]).run().code(3).stderr_contains("there is no process 8388608");
    Doctor::new(["trace", "--pid", "1", "--port", "1,x"]).run().code(3).stderr_contains("--port");
}

#[test]
fn the_connections_of_a_process_are_those_to_any_port() {
    let server = RedisServer::start();
    let mut client = RawClient::connect(server.address()).unwrap();
    client.call(["PING"]).unwrap();
    let pid = std::process::id().to_string();
    let report = Doctor::new(["trace", "--pid", &pid, "--format", "json", "--exit-zero"]).run().code(0).json();
    assert_eq!(row(&report, client.local_address())["side"], "client");
    let pid = server.pid().to_string();
    let report = Doctor::new(["trace", "--pid", &pid, "--format", "json", "--exit-zero"]).run().code(0).json();
    let rows = report["connections"].as_array().unwrap();
    let row = rows.iter().find(|row| row["peer"] == client.local_address().to_string());
    assert_eq!(row.unwrap_or_else(|| panic!("{report:#}"))["side"], "server");
}

/// A client in the lab, whose connection is up, and its end of the connection.
#[track_caller]
fn client(lab: &Lab, command: &str) -> (RunningDoctor, SocketAddr) {
    let doctor = Doctor::new(command.split(' ')).target(&lab.server).inside(lab.client_side());
    let doctor = doctor.within(Duration::from_secs(40)).spawn();
    let line = doctor.wait_for_stderr("connected", SOON);
    let address = line.split_whitespace().skip_while(|word| *word != "from").nth(1);
    (doctor, address.and_then(|address| address.parse().ok()).unwrap())
}

#[test]
fn a_dead_path_is_half_open_within_a_second_of_the_second_retransmission() {
    let Some(lab) = Lab::start() else {
        return;
    };
    let (_doctor, flow) = client(&lab, "soak --format json --workload ping --policy library");
    let address = lab.server.address();
    let watching = trace(address, &["--watch"]).inside(lab.client_side()).within(Duration::from_secs(40)).spawn();
    watching.wait_for_stderr("watching", SOON);
    lab.drop_flow(flow);
    // ss shows the doublings of the timeout: one for each retransmission.
    let sockets = ["-tinH", "src", &flow.to_string()];
    eventually("the second retransmission", SOON, || {
        let shown = Namespace::command(lab.client_side().name(), "ss").args(sockets).output().unwrap().stdout;
        String::from_utf8_lossy(&shown).contains("backoff:2")
    });
    let line = watching.wait_for_stderr("is half-open", Duration::from_secs(1));
    assert!(line.contains("RD230") && line.contains(&address.to_string()), "{line}");
    let now = trace(address, &["--format", "json"]).inside(lab.client_side()).run().code(2).json();
    let row = row(&now, flow);
    assert_eq!(row["findings"], serde_json::json!(["RD230"]));
    assert!(row["unacknowledged_bytes"].as_u64() > Some(0), "{row}");
    lab.heal();
    watching.wait_for_stderr("cleared", Duration::from_secs(20));
}

#[test]
fn a_frozen_server_across_a_network_is_no_dead_path() {
    let Some(lab) = Lab::start() else {
        return;
    };
    // It sends a PING every 100 ms, whether the last one was answered or not.
    let soak = "soak --format json --workload ping --rate 10 --policy library --timeout 10s --response-timeout 20s";
    let (_doctor, flow) = client(&lab, soak);
    lab.server.sigstop();
    let watching = trace(lab.server.address(), &["--watch"]).inside(lab.client_side()).spawn();
    let line = watching.wait_for_stderr("(RD231)", SOON);
    assert!(line.contains("over a path that works"), "{line}");
    let report =
        trace(lab.server.address(), &["--format", "json", "--exit-zero"]).inside(lab.client_side()).run().json();
    assert!(!found(&report).contains(&"RD230"), "{report:#}");
    assert!(row(&report, flow)["waiting_seconds"].as_f64() > Some(0.5), "{report:#}");
    lab.server.sigcont();
}

#[test]
fn a_frozen_server_across_a_network_is_a_warning_if_several_clients_wait_and_a_remark_if_one_does() {
    let Some(lab) = Lab::start() else {
        return;
    };
    let address = lab.server.address();
    let (host, port) = (address.ip().to_string(), address.port().to_string());
    // Each waits for its reply before it sends the next command.
    let client = |key: &str| {
        let mut client = Namespace::command(lab.client_side().name(), "redis-cli");
        client.args(["-h", &host, "-p", &port, "-r", "-1", "-i", "0.1", "INCR", key]).stdout(Stdio::null());
        let client = Running(client.spawn().unwrap());
        eventually("the client works", SOON, || {
            lab.server.command(["GET", key]).parse::<u64>().is_ok_and(|commands| commands >= 30)
        });
        client
    };
    let look = |code| trace(address, &["--format", "json"]).inside(lab.client_side()).run().code(code).json();
    let mut clients = vec![client("first")];
    for (others, code, severity) in [(0, 0, "info"), (2, 1, "warning")] {
        (0..others).for_each(|number| clients.push(client(&format!("other-{number}"))));
        assert_eq!(found(&look(0)), [""; 0]);
        lab.server.sigstop();
        let waits = |report: &Json| {
            let rows = report["connections"].as_array().unwrap();
            rows.iter().all(|row| row["waiting_seconds"].as_f64() > Some(1.0))
        };
        eventually("all clients wait", SOON, || {
            waits(&trace(address, &["--format", "json", "--exit-zero"]).inside(lab.client_side()).run().json())
        });
        let report = look(code);
        let finding = &report["findings"][0];
        assert_eq!((&finding["code"], &finding["severity"]), (&"RD231".into(), &severity.into()), "{report:#}");
        lab.server.sigcont();
    }
}

#[test]
fn a_connection_attempt_without_an_answer_and_a_blind_subscriber_are_named() {
    let Some(lab) = Lab::start() else {
        return;
    };
    let (_doctor, flow) = client(&lab, "subscribe ch --policy library");
    lab.drop_new();
    let address = lab.server.address();
    let _stuck = Doctor::new(["ping", "-c", "1"]).target(&lab.server).inside(lab.client_side()).spawn();
    let watching = trace(address, &["--watch"]).inside(lab.client_side()).within(Duration::from_secs(40)).spawn();
    watching.wait_for_stderr("without an answer for", SOON);
    watching.wait_for_stderr("(RD234)", Duration::from_secs(20));
    let report = trace(address, &["--format", "json", "--exit-zero"]).inside(lab.client_side()).run().json();
    assert!(row(&report, flow)["findings"].to_string().contains("RD234"), "{report:#}");
    // From outside, the process is in another namespace.
    let pid = watching.pid().to_string();
    Doctor::new(["trace", "--pid", &pid]).run().code(3).stderr_contains("another network namespace");
}

#[test]
fn every_finding_has_an_explanation() {
    for code in CODES.iter().chain(&["RD234", "RD236", "RD237", "RD238", "RD239"]) {
        Doctor::new(["explain", code]).run().code(0).stdout_contains("redis-doctor trace");
    }
}
