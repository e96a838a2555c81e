//! What the network really does to a connection, and what the client makes of it: packets dropped, refused and lost
//! by a firewall between two network namespaces, interfaces taken down and up again.
//!
//! A relay on loopback cannot show this: its kernel acknowledges whatever the client sends, so TCP_USER_TIMEOUT and
//! keepalive, ETIMEDOUT (110) and EHOSTUNREACH (113) have no occasion there.

use std::net::SocketAddr;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::harness::{Doctor, Lab, Output, Reject, RunningDoctor, Signal, Target as _, eventually, skipped};

const SOON: Duration = Duration::from_secs(5);
const LATER: Duration = Duration::from_secs(12);
const LIMIT: Duration = Duration::from_secs(40);

/// The library's defaults under PINGs alone; the commands wait long enough to hear the kernel's verdict.
const PATIENT: &str =
    "soak --format json --workload ping --policy library --user-timeout 2s --response-timeout 10s --timeout 10s";

/// Starts the program in the lab and waits until it is connected; also gives the client's end of the connection.
#[track_caller]
fn connect(lab: &Lab, command: &str) -> (RunningDoctor, SocketAddr) {
    let doctor = Doctor::new(command.split(' ')).target(&lab.server).inside(lab.client_side()).within(LIMIT);
    let doctor = doctor.spawn();
    let line = doctor.wait_for_stderr("connected", SOON);
    let address = line.split_whitespace().skip_while(|word| *word != "from").nth(1);
    (doctor, address.and_then(|address| address.parse().ok()).unwrap())
}

/// Seconds from now to the next line with this text lie in the range.
#[track_caller]
fn comes_after(doctor: &RunningDoctor, text: &str, seconds: Range<f64>) {
    let start = Instant::now();
    let line = doctor.wait_for_stderr(text, LATER);
    let took = start.elapsed().as_secs_f64();
    assert!(seconds.contains(&took), "{text:?} came after {took:.2} s, not within {seconds:?}: {line}");
}

fn stop(doctor: RunningDoctor) -> Output {
    doctor.signal(Signal::INT);
    doctor.finish()
}

/// Class and errno of each row of the error table for a stage.
fn errors(report: &Json, stage: &str) -> Vec<(String, Option<i64>)> {
    let rows = report["errors"].as_array().unwrap().iter();
    let rows = rows.filter(|row| row["stage"] == stage);
    rows.map(|row| (row["class"].as_str().unwrap().to_owned(), row["errno"].as_i64())).collect()
}

fn states(report: &Json) -> Vec<&str> {
    report["states"].as_array().unwrap().iter().map(|row| row["state"].as_str().unwrap()).collect()
}

fn one(class: &str, errno: Option<i64>) -> (String, Option<i64>) {
    (class.to_owned(), errno)
}

#[track_caller]
fn outages(report: &Json, drops: u64, stalls: u64, unresolved: u64) {
    let found = ["drops", "stalls", "unresolved"].map(|name| report["outages"][name].as_u64().unwrap());
    assert_eq!(found, [drops, stalls, unresolved], "drops, stalls and unresolved outages in {}", report["outages"]);
}

#[test]
fn a_lab_leaves_nothing_behind_even_after_a_panic() {
    let mut names = Vec::new();
    let mut server = None;
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let Some(lab) = Lab::start() else {
            return;
        };
        names = [lab.server_side(), lab.client_side()].map(|side| side.name().to_owned()).to_vec();
        server = Some(lab.server.pid());
        let addresses = Command::new("ip").arg("address").output().unwrap().stdout;
        assert!(!String::from_utf8_lossy(&addresses).contains("10.213."), "the host's addresses were touched");
        panic!("on purpose");
    }));
    let Some(server) = server else {
        outcome.unwrap();
        return;
    };
    let why = outcome.unwrap_err();
    assert_eq!(why.downcast_ref::<&str>(), Some(&"on purpose"));
    assert!(!Path::new(&format!("/proc/{server}")).exists(), "the server still runs");
    let left = Command::new("ip").args(["netns", "list"]).output().unwrap().stdout;
    let left = String::from_utf8_lossy(&left);
    assert!(!names.iter().any(|name| left.contains(name)), "{names:?} in {left}");
}

/// Each probe times out until the kernel gives the connection up. The library hands the kernel's 110 to a command that
/// no command waits for any more, so what is seen is a bare "broken pipe".
#[test]
fn with_traffic_the_user_timeout_ends_a_dropped_flow() {
    let Some(lab) = Lab::start() else {
        return;
    };
    let soak = "soak --format json --workload ping --policy library --user-timeout 2s";
    let (doctor, flow) = connect(&lab, soak);
    lab.drop_flow(flow);
    comes_after(&doctor, "reconnected", 1.9..3.8);
    let output = stop(doctor);
    let report = output.code(1).json();
    outages(&report, 1, 0, 0);
    assert_eq!(errors(&report, "command"), [one("response_timeout", None), one("connection_closed", None)]);
    assert_eq!(states(&report), ["half_open"]);
    assert_eq!(report["outages"]["not_by_itself"], 0);
    let outage = report["outages"]["total"].as_f64().unwrap();
    assert!((1.8..3.8).contains(&outage), "the outage lasted {outage} s");
}

/// For as long as the fault lasts: new connections are answered, and the client does not make one.
#[track_caller]
fn stays_half_open(policy: &str) {
    let Some(lab) = Lab::start() else {
        return;
    };
    let soak = format!("soak --format json --workload ping --duration 8s --policy library {policy}");
    let (doctor, flow) = connect(&lab, soak.trim_end());
    lab.drop_flow(flow);
    doctor.wait_for_stderr("half_open", SOON);
    let output = doctor.finish();
    let report = output.code(2).json();
    outages(&report, 0, 1, 1);
    assert_eq!(errors(&report, "command"), [one("response_timeout", None)]);
    assert_eq!(states(&report), ["half_open"]);
    let silence = report["outages"]["total"].as_f64().unwrap();
    assert!(silence > 6.0, "the stall lasted only {silence} s");
}

#[test]
fn without_a_user_timeout_the_library_stays_half_open() {
    stays_half_open("");
}

/// The kernel sends no keepalive probe while there is unacknowledged data.
#[test]
fn keepalive_does_not_help_while_there_is_traffic() {
    stays_half_open("--keepalive 1/1/3");
}

/// A client that only receives has nothing unacknowledged: nothing ever ends the dead flow, and the client does not notice.
#[test]
fn a_user_timeout_does_not_help_a_silent_subscriber() {
    let Some(lab) = Lab::start() else {
        return;
    };
    let (doctor, flow) = connect(&lab, "subscribe ch --duration 7s --policy library --user-timeout 2s");
    doctor.wait_for_stderr("subscribed", SOON);
    lab.drop_flow(flow);
    assert_eq!(lab.server.command(["PUBLISH", "ch", "gone"]), "1", "the server still believes in the subscriber");
    let output = doctor.finish();
    output.code(0).stdout_is_empty().lacks("disconnected").lacks("stalled");
    assert!(lab.caught() > 0, "no packet met the fault");
    let list = lab.server.clients().join("\n");
    assert!(list.contains(&flow.to_string()), "{list}");
}

#[track_caller]
fn keepalive_saves_a_silent_subscriber(policy: &str, after: Range<f64>) {
    let Some(lab) = Lab::start() else {
        return;
    };
    let (doctor, flow) = connect(&lab, &format!("subscribe ch --policy library {policy}"));
    doctor.wait_for_stderr("subscribed", SOON);
    lab.drop_flow(flow);
    comes_after(&doctor, "disconnected", after);
    doctor.wait_for_stderr("resubscribed  1 of 1", SOON);
    lab.server.command(["PUBLISH", "ch", "back again"]);
    doctor.wait_for_stdout("back again", SOON);
    let output = stop(doctor);
    // The kernel returned 110, and the library did not pass it on.
    output.code(1).lacks("os error").stderr_contains("connection lost; redis-rs gave no reason");
}

/// Silent for a second, then three probes a second apart; the silence may have begun before the fault.
#[test]
fn keepalive_saves_a_silent_subscriber_after_idle_time_and_probes() {
    keepalive_saves_a_silent_subscriber("--keepalive 1/1/3", 2.8..6.0);
}

#[test]
fn keepalive_with_a_user_timeout_saves_a_silent_subscriber_sooner() {
    keepalive_saves_a_silent_subscriber("--keepalive 1/1/3 --user-timeout 2s", 0.9..4.0);
}

/// Two unanswered PINGs of a second each, and up to a second before the first.
#[test]
fn hardened_leaves_a_dropped_flow_by_its_watchdog() {
    let Some(lab) = Lab::start() else {
        return;
    };
    let (doctor, flow) = connect(&lab, "soak --format json --policy hardened");
    doctor.wait_for_stderr("subscribed", SOON);
    lab.drop_flow(flow);
    comes_after(&doctor, "reconnected", 1.9..4.2);
    doctor.wait_for_stderr("resubscribed  1 of 1", SOON);
    let report = stop(doctor).code(1).json();
    outages(&report, 1, 0, 0);
    assert_eq!(report["outages"]["rows"][0]["replaced"], "watchdog");
    assert_eq!(report["sessions"]["replaced_by_watchdog"], 1);
    assert_eq!(report["outages"]["not_by_itself"], 0, "the watchdog is part of the client under test");
    let delivery = &report["delivery"];
    assert!(delivery["lost"].as_u64().unwrap() > 0, "{delivery}");
    assert_eq!(delivery["lost"], delivery["lost_in_outages"], "{delivery}");
}

/// The incident: the firewall forgets a flow and answers the next packet with RST. The server hears nothing of it and
/// keeps the old client as a ghost.
#[test]
fn a_firewalls_reset_is_104_and_leaves_a_ghost_at_the_server() {
    let Some(lab) = Lab::start() else {
        return;
    };
    let (doctor, flow) = connect(&lab, "soak --format json --workload ping --policy library");
    lab.reject_data(flow, Reject::Reset);
    comes_after(&doctor, "reconnected", 0.0..2.0);
    let list = lab.server.clients().join("\n");
    assert!(list.contains(&flow.to_string()), "the server noticed: {list}");
    let report = stop(doctor).code(1).json();
    outages(&report, 1, 0, 0);
    let row = &report["outages"]["rows"][0];
    assert_eq!(row["failure"]["class"], "reset");
    assert_eq!(row["failure"]["errno"], 104);
    assert_eq!(row["failure"]["origin"], "kernel");
    assert_eq!(row["in_flight"], 1);
    assert!(errors(&report, "command").contains(&one("reset", Some(104))));
}

/// The same while nothing is in flight: the subscriber merely acknowledges a message.
#[test]
fn a_firewalls_reset_of_an_idle_flow_has_no_cause() {
    let Some(lab) = Lab::start() else {
        return;
    };
    let (doctor, flow) = connect(&lab, "subscribe ch --policy library");
    doctor.wait_for_stderr("subscribed", SOON);
    lab.reject_flow(flow, Reject::Reset);
    // Whether it is still read is chance: the reset that its acknowledgement brings about may be faster.
    lab.server.command(["PUBLISH", "ch", "the last word"]);
    comes_after(&doctor, "connection lost; redis-rs gave no reason", 0.0..2.0);
    doctor.wait_for_stderr("resubscribed  1 of 1", SOON);
    lab.server.command(["PUBLISH", "ch", "back again"]);
    doctor.wait_for_stdout("back again", SOON);
    stop(doctor).code(1).lacks("os error");
}

/// After the reset of the old flow no new one is let in: the path probe and the commands that wait say why.
#[track_caller]
fn new_connections_fail(how: Reject, class: &str, errno: i64) {
    let Some(lab) = Lab::start() else {
        return;
    };
    let soak = "soak --format json --workload ping --policy library --retries 1";
    let (doctor, flow) = connect(&lab, soak);
    lab.reject_new(how);
    lab.reject_data(flow, Reject::Reset);
    let sentence = format!("(os error {errno}) [{class}, tcp, kernel]");
    doctor.wait_until("the path probe to say why", SOON, |_, lines| {
        lines.lines().any(|line| line.contains("  path ") && line.contains(&sentence))
    });
    doctor.wait_for_stderr(&format!("(os error {errno}) [{class}, waiting_for_reconnect, kernel]"), SOON);
    lab.heal();
    doctor.wait_for_stderr("reconnected", LATER);
    let report = stop(doctor).json();
    outages(&report, 1, 0, 0);
    assert_eq!(report["outages"]["rows"][0]["failure"]["errno"], 104, "what ended the old connection");
    assert_eq!(errors(&report, "waiting_for_reconnect"), [one(class, Some(errno))]);
}

#[test]
fn host_unreachable_for_new_connections_is_113() {
    new_connections_fail(Reject::HostUnreachable, "host_unreachable", 113);
}

#[test]
fn admin_prohibited_for_new_connections_is_113_as_well() {
    new_connections_fail(Reject::AdminProhibited, "host_unreachable", 113);
}

#[test]
fn net_unreachable_for_new_connections_is_101() {
    new_connections_fail(Reject::NetUnreachable, "network_unreachable", 101);
}

#[test]
fn a_firewalls_reset_of_new_connections_is_111() {
    new_connections_fail(Reject::Reset, "refused", 111);
}

/// A command that waits longer than the user timeout hears from the kernel what ended the connection.
#[track_caller]
fn the_kernel_says(fault: impl Fn(&Lab, SocketAddr), class: &str, errno: i64) {
    let Some(lab) = Lab::start() else {
        return;
    };
    let (doctor, flow) = connect(&lab, PATIENT);
    fault(&lab, flow);
    comes_after(&doctor, "reconnected", 1.9..3.8);
    let report = stop(doctor).json();
    outages(&report, 1, 0, 0);
    let failure = &report["outages"]["rows"][0]["failure"];
    assert_eq!(failure["class"], class);
    assert_eq!(failure["errno"], errno);
    assert_eq!(failure["origin"], "kernel");
    assert!(errors(&report, "command").contains(&one(class, Some(errno))), "{}", report["errors"]);
}

#[test]
fn the_user_timeout_is_110_for_the_command_in_flight() {
    the_kernel_says(Lab::drop_flow, "kernel_timeout", 110);
}

/// ICMP does not end an established connection, but when the user timeout does, its word replaces the 110.
#[test]
fn the_user_timeout_is_113_when_the_host_was_called_unreachable() {
    the_kernel_says(|lab, flow| lab.reject_flow(flow, Reject::HostUnreachable), "host_unreachable", 113);
}

#[test]
fn the_end_by_the_user_timeout_is_not_called_exhausted() {
    let Some(lab) = Lab::start() else {
        return;
    };
    let (doctor, flow) = connect(&lab, PATIENT);
    lab.drop_flow(flow);
    doctor.wait_for_stderr("reconnected", LATER);
    let report = stop(doctor).code(1).json();
    assert!(!states(&report).contains(&"exhausted"), "{}", report["states"]);
}

/// Retransmissions cost time, not the connection: nothing may be called a loss, a stall or a dead flow.
#[test]
fn five_percent_loss_is_latency_and_nothing_else() {
    let Some(lab) = Lab::start() else {
        return;
    };
    let (doctor, _) = connect(&lab, "soak --format json --policy hardened --rate 20 --duration 7s");
    // An odd number, or it might always be the bare acknowledgements that are lost.
    lab.lose_one_in(19);
    let report = doctor.finish().json();
    assert!(lab.caught() > 0, "no packet met the fault");
    only_latency(&report);
    let slowest = report["latency"]["max"].as_f64().unwrap();
    // The kernel repeats a lost packet after 200 ms at the earliest.
    assert!(slowest > 0.15, "no retransmission shows in the latency: {slowest} s at most");
}

/// A line too slow for what is asked of it.
#[test]
fn a_slow_line_is_latency_and_nothing_else() {
    let Some(lab) = Lab::start() else {
        return;
    };
    let soak = "soak --format json --workload ping --policy hardened --rate 20 --payload 2000 --duration 4s";
    lab.throttle("80kbit");
    let (doctor, _) = connect(&lab, soak);
    let report = doctor.finish().json();
    only_latency(&report);
    let median = report["service"]["p50"].as_f64().unwrap();
    assert!((0.1..1.0).contains(&median), "2 kB at 10 kB/s took {median} s");
    let stretch = &report["slow"]["rows"][0];
    assert_eq!(stretch["diagnosis"]["cause"], "slow_network", "{stretch:#}");
}

#[test]
fn delay_with_random_loss_is_latency_and_nothing_else() {
    let Some(lab) = Lab::start() else {
        return;
    };
    if let Err(reason) = lab.delay("50ms", "2%") {
        return skipped("delay and random loss", &format!("the kernel has no netem ({reason})"));
    }
    let (doctor, _) = connect(&lab, "soak --format json --workload ping --policy hardened --duration 4s");
    let report = doctor.finish().json();
    only_latency(&report);
    let fastest = report["service"]["min"].as_f64().unwrap();
    assert!(fastest >= 0.05, "a reply came after {fastest} s, sooner than it could");
}

#[track_caller]
fn only_latency(report: &Json) {
    assert_ne!(report["verdict"], "critical");
    outages(report, 0, 0, 0);
    assert_eq!(states(report), [""; 0]);
    assert_eq!(report["probes"]["failed"], 0);
    assert_eq!(report["probes"]["timed_out"], 0);
    // A workload of PINGs alone delivers nothing.
    let delivery = report.get("delivery").unwrap();
    assert!(delivery.is_null() || delivery["lost"] == 0, "{delivery}");
}

/// Without a user timeout TCP goes on repeating, and the flow comes back to life where it was.
#[track_caller]
fn resumes(fault: impl Fn(&Lab)) {
    let Some(lab) = Lab::start() else {
        return;
    };
    let (doctor, flow) = connect(&lab, "soak --format json --workload ping --policy library");
    fault(&lab);
    doctor.wait_for_stderr("stalled", SOON);
    doctor.wait_for_stderr("  path ", SOON);
    doctor.wait_until("no talk of a dead flow while new connections fail, too", SOON, |_, lines| {
        !lines.contains("half_open")
    });
    lab.heal();
    doctor.wait_for_stderr("resumed", LATER);
    let list = lab.server.clients().join("\n");
    assert!(list.contains(&flow.to_string()), "{list}");
    let report = stop(doctor).code(1).json();
    outages(&report, 0, 1, 0);
    // Until TCP repeats the next time, new connections may have an answer and the old one none: half open for a moment.
    assert!(states(&report).iter().all(|state| *state == "half_open"), "{}", report["states"]);
}

#[test]
fn a_partition_that_heals_is_a_stall() {
    resumes(Lab::drop_all);
}

#[test]
fn a_servers_link_that_comes_back_is_a_stall() {
    resumes(Lab::server_link_down);
}

/// The watchdog gives the old flow up; the new one is made as soon as the network allows it.
#[track_caller]
fn hardened_returns(fault: impl Fn(&Lab), path: &[&str]) {
    let Some(lab) = Lab::start() else {
        return;
    };
    let (doctor, _) = connect(&lab, "soak --format json --policy hardened");
    doctor.wait_for_stderr("subscribed", SOON);
    fault(&lab);
    comes_after(&doctor, "replaced", 1.9..4.2);
    doctor.wait_until("the path probe to say why", SOON, |_, lines| {
        let mut lines = lines.lines().filter(|line| line.contains("  path "));
        lines.any(|line| path.iter().any(|class| line.contains(&format!("[{class}, tcp,"))))
    });
    lab.heal();
    comes_after(&doctor, "reconnected", 0.0..7.0);
    doctor.wait_for_stderr("resubscribed  1 of 1", SOON);
    let report = stop(doctor).code(1).json();
    outages(&report, 1, 0, 0);
    assert!(!states(&report).contains(&"half_open"), "new connections failed just the same: {}", report["states"]);
    assert_eq!(report["outages"]["not_by_itself"], 0);
}

#[test]
fn hardened_returns_after_a_partition() {
    hardened_returns(Lab::drop_all, &["connect_timeout"]);
}

/// Nobody answers for the server's address on its network: at first silence, then the client's own kernel says 113.
#[test]
fn hardened_returns_after_the_servers_link_was_down() {
    hardened_returns(Lab::server_link_down, &["connect_timeout", "host_unreachable"]);
}

#[test]
fn hardened_returns_after_its_own_link_was_down() {
    hardened_returns(Lab::client_link_down, &["network_unreachable"]);
}

/// The port of the server in the lab is reached from its own namespace only.
#[test]
fn the_server_of_a_lab_cannot_be_reached_from_the_host() {
    let Some(lab) = Lab::start() else {
        return;
    };
    let address = lab.server.address();
    assert!(lab.server.url().contains("10.213.0.1"));
    eventually("an answer inside", SOON, || {
        let doctor = Doctor::new(["ping", "-c", "1"]).target(&lab.server).inside(lab.client_side());
        doctor.run().code(0).stdout().contains("PONG")
    });
    let loopback = SocketAddr::from(([127, 0, 0, 1], address.port()));
    assert!(std::net::TcpStream::connect_timeout(&loopback, Duration::from_millis(200)).is_err());
}
