//! The instrument check: every fault of the lab and every real fault is injected, and the cause that the program names
//! is compared with the truth, which it is not told. The confusion matrix is printed.
//!
//! A doctor may say that it does not know, or name what is possible. What it calls likely or certain must be so.

use std::{
    collections::BTreeMap,
    fs,
    net::Ipv4Addr,
    panic::catch_unwind,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::Value as Json;

use crate::harness::{
    Doctor, Hosts, Lab, RawClient, RedisServer, Reject, RunningDoctor, Signal, Target, Trial, eventually,
};

const SOON: Duration = Duration::from_secs(10);

/// A fault, what is true of it, and how it is brought about. Where two causes name the same thing (a server that
/// crashed and came back has restarted, too) both are true.
struct Row {
    name: &'static str,
    truth: &'static [&'static str],
    inject: fn() -> Option<Json>,
}

/// What the program made of a row's first outage.
struct Claim {
    cause: String,
    confidence: String,
    why: Json,
}

const ROWS: &[Row] = &[
    // What a server does.
    Row { name: "SHUTDOWN and start", truth: &["server_restarted"], inject: shut_down_and_start },
    Row { name: "kill -9 and start", truth: &["server_crashed", "server_restarted"], inject: crash_and_start },
    Row { name: "kill -9 under load", truth: &["server_crashed", "server_restarted"], inject: crash_under_load },
    Row { name: "kill -9 for good", truth: &["server_crashed"], inject: crash_for_good },
    Row { name: "another node takes over", truth: &["failover"], inject: another_node },
    Row { name: "demoted, connections closed", truth: &["failover"], inject: demoted },
    Row {
        name: "the name moves, old node dies",
        truth: &["dns_moved", "server_crashed"],
        inject: name_moves_node_dies,
    },
    Row { name: "the name moves, clients closed", truth: &["dns_moved"], inject: name_moves_clients_closed },
    Row { name: "CLIENT KILL ID", truth: &["client_killed"], inject: kill_by_id },
    Row { name: "CLIENT KILL under load", truth: &["client_killed"], inject: kill_under_load },
    Row { name: "CLIENT KILL TYPE pubsub", truth: &["client_killed"], inject: kill_subscribers },
    Row { name: "timeout 1", truth: &["server_idle_timeout"], inject: idle_timeout },
    Row { name: "output-buffer limit", truth: &["output_buffer_limit"], inject: output_buffer },
    Row { name: "maxmemory-clients", truth: &["client_evicted"], inject: evicted },
    Row { name: "maxclients", truth: &["max_clients", "client_killed"], inject: max_clients },
    Row { name: "ACL DELUSER", truth: &["authentication_changed"], inject: user_deleted },
    Row { name: "password changed", truth: &["authentication_changed", "client_killed"], inject: password_changed },
    Row { name: "SIGSTOP of the server", truth: &["server_frozen"], inject: frozen },
    Row { name: "CLIENT PAUSE", truth: &["clients_paused", "server_frozen"], inject: paused },
    Row { name: "SIGSTOP of the client", truth: &["client_stall"], inject: client_stopped },
    // What a network does.
    Row { name: "packets dropped", truth: &["path_lost"], inject: packets_dropped },
    Row { name: "everything dropped", truth: &["path_lost"], inject: everything_dropped },
    Row { name: "RST by a firewall", truth: &["network_reset"], inject: firewall_resets },
    Row { name: "ICMP unreachable", truth: &["path_lost"], inject: icmp_unreachable },
    // What the lab does.
    Row { name: "reset_peer, idle", truth: &["network_reset"], inject: || lab("reset_peer=when=idle@2s", PROBING) },
    Row {
        name: "reset_peer, in flight",
        truth: &["network_reset"],
        inject: || lab("reset_peer=when=in_flight@2s", PROBING),
    },
    Row {
        name: "reset_peer side=client",
        truth: &["network_reset"],
        inject: || lab("reset_peer=side=client@2s", PROBING),
    },
    Row { name: "close by a proxy", truth: &["network_reset"], inject: || lab("close@2s", PROBING) },
    Row { name: "half_close", truth: &["network_reset"], inject: || lab("half_close@2s", PROBING) },
    Row { name: "blackhole", truth: &["path_lost"], inject: || lab("blackhole@2s+20s", PROBING) },
    Row { name: "partition", truth: &["path_lost"], inject: || lab("partition@2s+3s", PROBING) },
    Row {
        name: "idle_drop, then reset",
        truth: &["middlebox_idle_limit", "network_reset"],
        inject: || lab("idle_drop=1s,then=reset@0s", SPARSE),
    },
    Row {
        name: "idle_drop, silent",
        truth: &["middlebox_idle_limit", "path_lost"],
        inject: || lab("idle_drop=1s@0s", SPARSE),
    },
    Row {
        name: "stall_accept",
        truth: &["network_reset", "server_frozen", "path_lost"],
        inject: || lab("reset_peer@2s stall_accept@2s+2s", PROBING),
    },
    Row {
        name: "latency 1.5 s",
        truth: &["server_frozen", "path_lost"],
        inject: || lab("latency=1500ms@2s+2s", "--timeout 400ms --watchdog off"),
    },
    Row {
        name: "WRONGPASS on HELLO",
        truth: &["authentication_changed", "network_reset"],
        inject: || lab("close@2s error_reply=WRONGPASS,on=HELLO@2s+3s", PROBING),
    },
    Row {
        name: "max number of clients",
        truth: &["max_clients", "network_reset"],
        inject: || lab("close@2s error_reply=MAXCLIENTS,on=HELLO@2s+3s", PROBING),
    },
    Row {
        name: "http_503",
        truth: &["protocol_error", "network_reset"],
        inject: || lab("close@2s http_503=on=HELLO@2s+3s", PROBING),
    },
    Row { name: "garbage", truth: &["protocol_error"], inject: || lab("garbage=on=PING@2s+300ms", PROBING) },
    Row {
        name: "truncate",
        truth: &["protocol_error", "network_reset"],
        inject: || lab("truncate=on=PING@2s+300ms", PROBING),
    },
    Row {
        name: "MOVING, then closed",
        truth: &["planned_maintenance"],
        inject: || lab("push=MOVING@1s close@2s", PROBING),
    },
];

/// PINGs and verified messages.
const PROBING: &str = "";

/// A PING every three seconds and nothing else.
const SPARSE: &str = "--workload ping --rate 20/m --watchdog off --timeout 1s --response-timeout 1s";

#[test]
fn no_likely_or_certain_cause_is_wrong_and_few_are_unknown() {
    let claims = Mutex::new(BTreeMap::new());
    let next = AtomicUsize::new(0);
    // More than there are cores: most of the time they wait.
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                while let Some(row) = ROWS.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // One that fails must not keep the others from being seen.
                    let claim = catch_unwind(|| (row.inject)().map(|report| first_claim(row.name, &report)));
                    claims.lock().unwrap().insert(row.name, claim);
                }
            });
        }
    });
    let claims = claims.into_inner().unwrap();
    let failed: Vec<_> = claims.iter().filter(|(_, claim)| claim.is_err()).map(|(name, _)| name).collect();
    let claimed = |row: &'static Row| Some((row, claims[row.name].as_ref().ok()?.as_ref()?));
    let rows: Vec<_> = ROWS.iter().filter_map(claimed).collect();
    eprintln!("{}", matrix(&rows));
    assert!(failed.is_empty(), "did not come about: {failed:?}");
    let wrong: Vec<_> = rows
        .iter()
        .filter(|(row, claim)| claim.confidence != "possible" && !row.truth.contains(&claim.cause.as_str()))
        .map(|(row, claim)| format!("{}: in truth {:?}, but {:#}", row.name, row.truth, claim.why))
        .collect();
    assert!(wrong.is_empty(), "likely or certain, and wrong:\n{}", wrong.join("\n"));
    let unknown: Vec<_> = rows.iter().filter(|(_, claim)| claim.cause == "unknown").map(|(row, _)| row.name).collect();
    assert!(unknown.len() * 10 <= rows.len(), "unknown: {unknown:?} of {} rows", rows.len());
    let right = rows.iter().filter(|(row, claim)| row.truth.contains(&claim.cause.as_str())).count();
    // Before Redis 7.0 calls of CLIENT KILL are not counted, so that each close is possibly one.
    let enough = if RedisServer::start().release().has(7, 0) { 9 } else { 8 };
    assert!(right * 10 >= rows.len() * enough, "only {right} of {} rows are right", rows.len());
}

fn first_claim(name: &str, report: &Json) -> Claim {
    let row = &report["outages"]["rows"][0];
    let diagnosis = &row["diagnosis"];
    let text = |field: &str| {
        diagnosis[field].as_str().unwrap_or_else(|| panic!("{name}: no {field} in {report:#}")).to_owned()
    };
    Claim { cause: text("cause"), confidence: text("confidence"), why: diagnosis.clone() }
}

/// A line for each fault, and the counts of truth against claim.
fn matrix(rows: &[(&Row, &Claim)]) -> String {
    let mut lines = vec![format!("{:<30} {:<24} {:<24} {}", "fault", "truth", "claimed", "confidence")];
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (row, claim) in rows {
        let told = row.truth.iter().find(|truth| **truth == claim.cause).unwrap_or(&row.truth[0]);
        *counts.entry((told, &claim.cause)).or_default() += 1;
        let mark = if *told == claim.cause { ' ' } else { '!' };
        lines.push(format!("{:<30} {told:<24} {:<24} {} {mark}", row.name, claim.cause, claim.confidence));
    }
    lines.push(String::new());
    lines.push(format!("{:<24} {:<24} {}", "truth", "claimed", "rows"));
    lines.extend(counts.iter().map(|((truth, claimed), count)| format!("{truth:<24} {claimed:<24} {count}")));
    lines.join("\n")
}

/// Ends a run once the evidence of its first outage is there.
fn concluded(trial: Trial) -> Option<Json> {
    evidence(&trial);
    Some(trial.stop().report.clone())
}

/// Waits for it; of an outage that lasts it comes after ten seconds.
fn evidence(trial: &Trial) {
    let told = || fs::read_to_string(trial.journal()).is_ok_and(|journal| journal.contains("\"event\":\"evidence\""));
    eventually("evidence", 3 * SOON, told);
}

/// The same where a recovery comes first.
fn recovered(trial: Trial) -> Option<Json> {
    trial.wait_within("reconnected", 1, 2 * SOON);
    concluded(trial)
}

fn soak(target: &(impl Target + ?Sized)) -> Trial {
    let trial = Trial::start("soak", target);
    trial.wait_for_messages();
    trial
}

/// Id of the client under test.
fn our_id(trial: &Trial) -> String {
    let journal = fs::read_to_string(trial.journal()).unwrap();
    let connected = journal.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    let connected = connected.into_iter().find(|event| event["event"] == "connected").unwrap();
    connected["client_id"].to_string()
}

fn shut_down_and_start() -> Option<Json> {
    let mut server = RedisServer::start();
    let trial = soak(&server);
    server.shut_down();
    server.restart_same_port();
    recovered(trial)
}

fn crash_and_start() -> Option<Json> {
    let mut server = RedisServer::start();
    let trial = soak(&server);
    server.kill9();
    server.restart_same_port();
    recovered(trial)
}

fn crash_under_load() -> Option<Json> {
    let mut server = RedisServer::start();
    let trial = Trial::start("soak --workload ping --rate 0 --concurrency 50", &server);
    trial.wait_for_answers();
    server.kill9();
    server.restart_same_port();
    recovered(trial)
}

fn crash_for_good() -> Option<Json> {
    let mut server = RedisServer::start();
    let trial = soak(&server);
    server.kill9();
    trial.wait_for("path", 2);
    Some(trial.stop().report.clone())
}

/// A replica that has run for a while is promoted and answers at the primary's address from then on.
fn another_node() -> Option<Json> {
    let mut primary = RedisServer::start();
    let replica = RedisServer::start();
    let address = primary.address();
    replica.command(["REPLICAOF", &address.ip().to_string(), &address.port().to_string()]);
    eventually("the replica follows", SOON, || {
        replica.command(["INFO", "replication"]).contains("master_link_status:up")
    });
    let tap = crate::harness::Tap::to(address);
    let trial = soak(&tap);
    primary.kill9();
    replica.command(["REPLICAOF", "NO", "ONE"]);
    tap.lead_to(replica.address());
    recovered(trial)
}

/// The primary becomes a replica, and its clients are sent away, as managed services do.
fn demoted() -> Option<Json> {
    let server = RedisServer::start();
    let other = RedisServer::start();
    let trial = soak(&server);
    let address = other.address();
    server.command(["REPLICAOF", &address.ip().to_string(), &address.port().to_string()]);
    server.command(["CLIENT", "KILL", "TYPE", "pubsub"]);
    recovered(trial)
}

/// Where the name stands at first, and later.
const NODES: [Ipv4Addr; 2] = [Ipv4Addr::new(127, 0, 0, 2), Ipv4Addr::new(127, 0, 0, 3)];

/// Connects by a name that then stands for another server, which was there before and is no replica of the first; the
/// name has moved when the old node is made to end the connection.
fn name_moves(end: impl FnOnce(&mut RedisServer)) -> Option<Json> {
    let hosts = Hosts::naming(NODES[0])?;
    let mut old = RedisServer::builder().at(NODES[0]).start();
    let _new = RedisServer::builder().at(NODES[1]).on_the_port_of(&old).start();
    let trial = Trial::reading(&hosts, "soak", old.port());
    trial.wait_for_messages();
    hosts.point_to(NODES[1]);
    end(&mut old);
    recovered(trial)
}

fn name_moves_node_dies() -> Option<Json> {
    name_moves(RedisServer::kill9)
}

/// The old node stays up and sends its clients away, so that they look the name up again.
fn name_moves_clients_closed() -> Option<Json> {
    name_moves(|old| {
        for kind in ["pubsub", "normal"] {
            old.command(["CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes"]);
        }
    })
}

fn kill_by_id() -> Option<Json> {
    let server = RedisServer::start();
    let trial = soak(&server);
    server.command(["CLIENT", "KILL", "ID", &our_id(&trial)]);
    recovered(trial)
}

fn kill_under_load() -> Option<Json> {
    let server = RedisServer::start();
    let trial = Trial::start("soak --workload ping --rate 0 --concurrency 50", &server);
    trial.wait_for_answers();
    server.command(["CLIENT", "KILL", "ID", &our_id(&trial)]);
    recovered(trial)
}

fn kill_subscribers() -> Option<Json> {
    let server = RedisServer::start();
    let trial = Trial::start("subscribe news", &server);
    server.command(["CLIENT", "KILL", "TYPE", "pubsub"]);
    recovered(trial)
}

fn idle_timeout() -> Option<Json> {
    let server = RedisServer::builder().config("timeout", "1").start();
    recovered(Trial::start("ping -i 4 --watchdog off", &server))
}

fn output_buffer() -> Option<Json> {
    let server = RedisServer::builder().config("client-output-buffer-limit", "pubsub 1mb 0 0").start();
    let trial = Trial::start("subscribe flood --format raw", &server);
    trial.doctor().signal(Signal::STOP);
    let payload = vec![b'x'; server.release().counted_payload()];
    let mut publisher = RawClient::connect(server.address()).unwrap();
    eventually("the server has dropped the subscriber", 2 * SOON, || {
        publisher.call([b"PUBLISH".as_slice(), b"flood", &payload]).unwrap();
        server.log().contains("overcoming of output buffer limits")
    });
    trial.doctor().signal(Signal::CONT);
    recovered(trial)
}

/// The limit is for all clients together and at least 128 KiB; who holds most goes first.
fn evicted() -> Option<Json> {
    let server = RedisServer::start();
    if !server.release().has(7, 0) {
        return None;
    }
    let trial = Trial::start("ping -i 20ms --payload 300000", &server);
    trial.wait_for_answers();
    server.command(["CLIENT", "NO-EVICT", "ON"]);
    server.command(["CONFIG", "SET", "maxmemory-clients", "1"]);
    trial.wait_for("disconnected", 1);
    server.command(["CONFIG", "SET", "maxmemory-clients", "0"]);
    recovered(trial)
}

fn max_clients() -> Option<Json> {
    let server = RedisServer::start();
    let trial = soak(&server);
    // Who is in stays; nobody new is let in.
    server.command(["CONFIG", "SET", "maxclients", "1"]);
    server.command(["CLIENT", "KILL", "ID", &our_id(&trial)]);
    trial.wait_for("path", 2);
    server.command(["CONFIG", "SET", "maxclients", "100"]);
    recovered(trial)
}

fn user_deleted() -> Option<Json> {
    let server = RedisServer::builder().acl("app on >secret ~* &* +@all").start();
    let trial = Trial::with(["soak", "--user", "app", "-a", "secret", "--no-auth-warning"], &server);
    trial.wait_for_messages();
    server.command(["ACL", "DELUSER", "app"]);
    trial.wait_for("path", 2);
    server.command(["ACL", "SETUSER", "app", "on", ">secret", "~*", "&*", "+@all"]);
    recovered(trial)
}

fn password_changed() -> Option<Json> {
    let server = RedisServer::builder().requirepass("first").start();
    let trial = soak(&server);
    server.command(["CONFIG", "SET", "requirepass", "second"]);
    server.command(["CLIENT", "KILL", "ID", &our_id(&trial)]);
    trial.wait_for("path", 2);
    server.command(["CONFIG", "SET", "requirepass", "first"]);
    recovered(trial)
}

fn frozen() -> Option<Json> {
    let server = RedisServer::start();
    let trial = Trial::start("soak --watchdog off --timeout 400ms", &server);
    trial.wait_for_messages();
    server.sigstop();
    trial.wait_for("path", 2);
    server.sigcont();
    trial.wait_for("resumed", 1);
    concluded(trial)
}

fn paused() -> Option<Json> {
    let server = RedisServer::start();
    let trial = Trial::start("soak --watchdog off --timeout 300ms", &server);
    trial.wait_for_messages();
    server.command(["CLIENT", "PAUSE", "2500", "ALL"]);
    trial.wait_for("resumed", 1);
    concluded(trial)
}

/// The whole program is stopped for longer than the server tolerates silence.
fn client_stopped() -> Option<Json> {
    let server = RedisServer::builder().config("timeout", "1").start();
    let trial = Trial::start("soak --workload ping --watchdog off", &server);
    trial.wait_for_answers();
    trial.doctor().signal(Signal::STOP);
    eventually("the server has closed the connection", SOON, || server.clients().is_empty());
    trial.doctor().signal(Signal::CONT);
    recovered(trial)
}

/// A run in the lab of two network namespaces, and the client's end of its connection.
fn in_the_lab(lab: &Lab, arguments: &str) -> (RunningDoctor, std::net::SocketAddr) {
    let words = format!("soak --format json {arguments}");
    let doctor = Doctor::new(words.split_ascii_whitespace())
        .target(&lab.server)
        .inside(lab.client_side())
        .within(Duration::from_secs(60))
        .spawn();
    let line = doctor.wait_for_stderr("connected", SOON);
    let address = line.split_whitespace().skip_while(|word| *word != "from").nth(1);
    (doctor, address.and_then(|address| address.parse().ok()).unwrap())
}

/// Ends it after the lines that tell the cause.
fn out_of_the_lab(doctor: RunningDoctor) -> Option<Json> {
    doctor.wait_for_stderr("reconnected", 2 * SOON);
    doctor.wait_for_stderr("cause", SOON);
    doctor.signal(Signal::INT);
    Some(doctor.finish().json())
}

fn packets_dropped() -> Option<Json> {
    let lab = Lab::start()?;
    let (doctor, flow) = in_the_lab(&lab, "--workload ping --policy library --user-timeout 2s");
    lab.drop_flow(flow);
    out_of_the_lab(doctor)
}

fn everything_dropped() -> Option<Json> {
    let lab = Lab::start()?;
    let (doctor, _) = in_the_lab(&lab, "");
    lab.drop_all();
    doctor.wait_for_stderr("connect_timeout", 2 * SOON);
    lab.heal();
    out_of_the_lab(doctor)
}

fn firewall_resets() -> Option<Json> {
    let lab = Lab::start()?;
    let (doctor, flow) = in_the_lab(&lab, "");
    lab.reject_flow(flow, Reject::Reset);
    out_of_the_lab(doctor)
}

fn icmp_unreachable() -> Option<Json> {
    let lab = Lab::start()?;
    let (doctor, flow) = in_the_lab(&lab, "--workload ping --policy library --user-timeout 2s");
    lab.reject_data(flow, Reject::HostUnreachable);
    out_of_the_lab(doctor)
}

/// A soak with the faults of the lab (separated by spaces) in front of a real server, until its first outage is over
/// and explained.
fn lab(faults: &str, arguments: &str) -> Option<Json> {
    let server = RedisServer::start();
    let faults = faults.split(' ').map(|fault| format!("--fault {fault}")).collect::<Vec<_>>().join(" ");
    let trial = Trial::start(&format!("soak {arguments} {faults}"), &server);
    trial.wait_for_journal("\"event\":\"fault_injected\"");
    evidence(&trial);
    Some(trial.stop().report.clone())
}
