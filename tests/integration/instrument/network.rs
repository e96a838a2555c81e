//! What a network does, made by a firewall between two network namespaces.

use std::{net::SocketAddr, time::Duration};

use serde_json::Value as Json;

use super::{PATIENT, Row, SOON, cause};
use crate::harness::{Doctor, Lab, Reject, RunningDoctor, Signal};

const LOST: &[&str] = &["path_lost"];
/// The kernel gives up two seconds after data was not acknowledged.
const GIVING_UP: &str = "soak --workload ping --policy library --user-timeout 2s";

pub(super) const ROWS: &[Row] = &[
    cause("packets of one connection dropped", LOST, || flow_lost(GIVING_UP, Lab::drop_flow)),
    cause("packets of one connection dropped, subscriber", LOST, || flow_lost("soak", Lab::drop_flow)),
    cause("packets to the server dropped", LOST, || flow_lost(GIVING_UP, Lab::drop_to_server)),
    cause("packets to the client dropped", LOST, || flow_lost(GIVING_UP, Lab::drop_to_client)),
    cause("packets to the client dropped, watchdog", LOST, || flow_lost("soak", Lab::drop_to_client)),
    cause("everything dropped", LOST, || {
        until_it_heals("soak", |lab, doctor| {
            lab.drop_all();
            doctor.wait_for_stderr("connect_timeout", 2 * SOON);
        })
    }),
    cause("everything dropped and back before the client gives up", LOST, everything_dropped_for_a_while),
    cause("the server's interface goes down", LOST, || {
        until_it_heals("soak", |lab, doctor| {
            lab.server_link_down();
            doctor.wait_for_stderr("replaced", 2 * SOON);
        })
    }),
    cause("our own interface goes down", LOST, || {
        until_it_heals("soak", |lab, doctor| {
            lab.client_link_down();
            doctor.wait_for_stderr("replaced", 2 * SOON);
        })
    }),
    cause("our route becomes unreachable", LOST, || {
        until_it_heals(GIVING_UP, |lab, doctor| {
            lab.client_route("unreachable");
            doctor.wait_for_stderr("disconnected", 2 * SOON);
        })
    }),
    cause("our route leads nowhere", LOST, || {
        until_it_heals("soak", |lab, doctor| {
            lab.client_route("blackhole");
            doctor.wait_for_stderr("replaced", 2 * SOON);
        })
    }),
    cause("large packets dropped", &["path_lost", "mtu_black_hole"], || {
        until_it_heals("soak --workload ping --payload 3000", |lab, doctor| {
            lab.drop_longer_than(1000);
            doctor.wait_for_stderr("replaced", 2 * SOON);
        })
    }),
    cause("RST by a firewall", &["network_reset"], || {
        flow_lost("soak", |lab, flow| lab.reject_flow(flow, Reject::Reset))
    }),
    cause("RST by a firewall, PINGs only", &["network_reset"], || {
        flow_lost("soak --workload ping", |lab, flow| lab.reject_data(flow, Reject::Reset))
    }),
    cause("RST by a firewall, hot", &["network_reset"], || {
        flow_lost("soak --workload ping --rate 0 --concurrency 20", |lab, flow| lab.reject_data(flow, Reject::Reset))
    }),
    cause("ICMP host unreachable", LOST, || refused_by(Reject::HostUnreachable)),
    cause("ICMP net unreachable", LOST, || refused_by(Reject::NetUnreachable)),
    cause("ICMP port unreachable", LOST, || refused_by(Reject::PortUnreachable)),
    cause("ICMP administratively prohibited", LOST, || refused_by(Reject::AdminProhibited)),
];

/// Starts the program in the lab of two network namespaces, and waits until it is answered; also gives the client's end
/// of its connection.
pub(super) fn start(lab: &Lab, arguments: &str) -> (RunningDoctor, SocketAddr) {
    let words = format!("{arguments} --format json");
    let doctor = Doctor::new(words.split_ascii_whitespace())
        .target(&lab.server)
        .inside(lab.client_side())
        .within(Duration::from_secs(60))
        .spawn();
    let line = doctor.wait_for_stderr("connected", SOON);
    let address = line.split_whitespace().skip_while(|word| *word != "from").nth(1);
    lab.server.wait_until_queried();
    (doctor, address.and_then(|address| address.parse().ok()).unwrap())
}

/// Ends it after the lines that name the cause.
pub(super) fn finish(doctor: RunningDoctor, line: &str) -> Option<Json> {
    doctor.wait_for_stderr(line, 2 * SOON);
    doctor.wait_for_stderr("cause", SOON);
    doctor.signal(Signal::INT);
    Some(doctor.finish().json())
}

/// Something happens to the packets of our connection, and to no others.
fn flow_lost(arguments: &str, fault: fn(&Lab, SocketAddr)) -> Option<Json> {
    let lab = Lab::start()?;
    let (doctor, flow) = start(&lab, arguments);
    fault(&lab, flow);
    finish(doctor, "reconnected")
}

/// Something happens to all packets, until it has taken effect.
fn until_it_heals(arguments: &str, fault: fn(&Lab, &RunningDoctor)) -> Option<Json> {
    let lab = Lab::start()?;
    let (doctor, _) = start(&lab, arguments);
    fault(&lab, &doctor);
    lab.heal();
    finish(doctor, "reconnected")
}

/// The client waits, and the packets go on in the end.
fn everything_dropped_for_a_while() -> Option<Json> {
    let lab = Lab::start()?;
    let (doctor, _) = start(&lab, PATIENT);
    lab.drop_all();
    doctor.wait_for_stderr("stalled", SOON);
    doctor.wait_for_stderr("path", SOON);
    lab.heal();
    finish(doctor, "resumed")
}

fn refused_by(how: Reject) -> Option<Json> {
    let lab = Lab::start()?;
    let (doctor, flow) = start(&lab, GIVING_UP);
    lab.reject_data(flow, how);
    finish(doctor, "reconnected")
}
