//! Outages that the server has to do with.

use super::Row;
use crate::{
    classify::{Failure, Stage},
    diagnose::{Cause::*, Confidence::*, tests::fixture::LOST},
    event::{EventKind, SocketEnd},
    plan::{Cluster, Pace},
    record::fixture::*,
};

pub(super) const CASES: &[Row] = &[
    // The server process.
    ("closed, refused, another process in the same place", ServerRestarted, Likely, |s| {
        s.process(1);
        s.refused();
    }),
    ("another process, and nothing else is known", ServerRestarted, Possible, |s| {
        s.evidence = None;
        s.same_process = Some(false);
    }),
    ("LOADING, and run_id is unknown", ServerRestarted, Possible, |s| {
        s.same_process = None;
        s.evidence = None;
        s.says("LOADING Redis is loading the dataset in memory");
    }),
    ("uptime started again, and run_id is unknown", ServerRestarted, Likely, |s| {
        s.process(1);
        s.same_process = None;
        (s.before().run_id, s.after().run_id) = (None, None);
    }),
    ("its offset was kept across a clean shutdown", ServerRestarted, Likely, |s| s.process(0)),
    (
        "a silence, a reset, another process: killed while frozen, or saved before its end",
        ServerRestarted,
        Likely,
        |s| {
            s.process(1);
            s.ends(SocketEnd::Reset);
            s.silent = 2.0;
        },
    ),
    ("always a command in flight: a reset shows nothing about the end", ServerRestarted, Likely, |s| {
        s.process(1);
        s.ends(SocketEnd::Reset);
        s.plan.probes.as_mut().unwrap().pace = Pace::Unpaced;
    }),
    ("reset, another process: killed with unread bytes, or a command crossed its end", ServerRestarted, Likely, |s| {
        s.process(1);
        s.ends(SocketEnd::Reset);
        s.after().replication_offset = Some(10);
    }),
    ("reset, then refused, and nothing more is known", ServerCrashed, Possible, |s| {
        s.same_process = None;
        s.evidence = None;
        s.failure = Some(reset());
        s.refused();
    }),
    ("closed, refused, and never back", ServerCrashed, Possible, |s| {
        (s.same_process, s.evidence, s.gone) = (None, None, true);
        s.refused();
    }),
    ("the machine went down without a word", ServerCrashed, Likely, |s| {
        s.process(1);
        s.fails(110);
        s.ends(SocketEnd::TimedOut);
        s.silent = 20.0;
        s.unreachable();
    }),
    ("refused while the same process lives: a proxy's door", ProxyClosed, Likely, |s| {
        s.refused();
        s.relayed(Some(true));
    }),
    ("reset and refused while the same process lives: a proxy's door", NetworkReset, Likely, |s| {
        s.refused();
        s.ends(SocketEnd::Reset);
        s.relayed(Some(true));
    }),
    ("another node, up long since", Failover, Likely, |s| {
        s.process(90_000);
        s.elsewhere();
    }),
    ("a replica was promoted and the name followed it", Failover, Likely, |s| {
        s.process(90_000);
        s.moved_name();
    }),
    ("a replica continued the primary's history", Failover, Likely, |s| {
        s.process(90_000);
        s.elsewhere();
        s.before().replication_id = Some("8f1a".into());
        s.after().former_replication_id = Some("8f1a".into());
    }),
    ("a restarted primary continues its own history", ServerRestarted, Likely, |s| {
        s.process(1);
        s.before().replication_id = Some("8f1a".into());
        s.after().former_replication_id = Some("8f1a".into());
    }),
    ("the Sentinels named another primary, and the client went to it", Failover, Likely, |s| {
        s.sentinels_replace_the_primary();
        s.process(90_000);
        s.elsewhere();
    }),
    ("the same, and the new primary was not queried", Failover, Possible, |s| {
        s.sentinels_replace_the_primary();
        s.known().after = None;
        s.same_process = None;
    }),
    ("a write was refused, and the client left for another node", Failover, Likely, |s| {
        s.refuses_writes();
        s.process(90_000);
        s.elsewhere();
    }),
    ("a write was refused, and the client left; the server was not met again", Failover, Possible, |s| {
        s.refuses_writes();
        s.known().after = None;
        s.same_process = None;
    }),
    ("a write was refused by something between client and primary", Unknown, Possible, |s| {
        s.refuses_writes();
        s.listed(None);
    }),
    ("demoted, and all clients closed", Failover, Likely, |s| {
        s.demoted();
        s.kills(2);
    }),
    ("demoted, but CLIENT KILL may not be counted", Failover, Likely, |s| {
        s.demoted();
        (s.before().client_kills, s.after().client_kills) = (None, None);
    }),
    ("demoted, another client killed, closed by a proxy", Failover, Likely, |s| {
        s.demoted();
        s.kills(1);
        s.relayed(Some(true));
    }),
    ("demoted long ago, reset now", NetworkReset, Likely, |s| {
        s.demoted();
        s.before().at = stamp(LOST - 900.0);
        s.ends(SocketEnd::Reset);
    }),
    ("a failover is in progress, and a replica answers", Failover, Likely, |s| {
        s.process(90_000);
        s.elsewhere();
        s.after().failover_state = Some("waiting-for-sync".into());
        s.path = vec![Failure::server(Stage::Command, "READONLY You can't write against a read only replica.")];
    }),
    ("announced, closed, another node", PlannedMaintenance, Likely, |s| {
        s.announced(12.0, "MOVING");
        s.process(90_000);
        s.elsewhere();
    }),
    ("announced, then reset while it is still listed", PlannedMaintenance, Likely, |s| {
        s.announced(12.0, "MOVING");
        s.ends(SocketEnd::Reset);
    }),
    ("announced on the connection itself", PlannedMaintenance, Possible, |s| {
        s.evidence = None;
        s.earlier = vec![at(LOST - 5.0, EventKind::Announced { kind: "FAILING_OVER".into() })];
    }),
    ("announced ten minutes ago is not announced", Unknown, Possible, |s| {
        s.earlier = vec![at(LOST - 600.0, EventKind::Announced { kind: "MOVING".into() })];
    }),
    ("the name resolves to another server", DnsMoved, Likely, |s| {
        s.process(90_000);
        s.moved_name();
        (s.before().replication_offset, s.after().replication_offset) = (Some(0), Some(0));
    }),
    ("the connections of a cluster go to another node: no name is involved", Failover, Likely, |s| {
        s.plan.cluster = Some(Cluster::default());
        s.process(90_000);
        s.moved_name();
    }),
    ("a new server at a new address", DnsMoved, Likely, |s| {
        s.process(1);
        s.moved_name();
    }),
    ("a name of many addresses, and another of them answers", Failover, Likely, |s| {
        s.process(90_000);
        s.elsewhere();
        s.before().addresses = ["10.0.3.17".into(), "10.0.3.18".into()].into();
        s.after().addresses = ["10.0.3.18".into(), "10.0.3.19".into()].into();
    }),
    ("the same process at another address", DnsMoved, Possible, |s| {
        s.moved_name();
        s.kills(1);
        s.listed(None);
        s.before().at = stamp(LOST - 900.0);
    }),
    // One address is not one server.
    ("a pod was replaced: a fresh process at another place", ServerRestarted, Likely, |s| {
        s.process(1);
        s.elsewhere();
        s.before().addresses = ["10.0.3.1".into()].into();
        s.after().addresses = ["10.0.3.1".into()].into();
        s.relayed(Some(true));
        s.lost_server().laddr = Some("10.1.0.4:6379".into());
        s.new_server().laddr = Some("10.1.0.5:6379".into());
        s.after().laddr = Some("10.1.0.5:6379".into());
    }),
    ("a virtual address moved: an older process at the same place", Failover, Likely, |s| s.process(90_000)),
    ("two servers behind one address: the lost one lives on, the client met the other", ProxyClosed, Likely, |s| {
        s.same_process = Some(false);
        s.new_server().run_id = Some("77e0b3".into());
        s.new_server().role = Some("slave".into());
        s.relayed(Some(true));
    }),
    ("the same, and the query beside it met the other, too", Failover, Possible, |s| {
        s.process(90_000);
        s.demoted();
        s.relayed(Some(true));
        (s.lost_server().laddr, s.after().laddr) = (Some("10.1.0.4:6379".into()), Some("10.1.0.5:6379".into()));
    }),
    ("the state before the loss is another server's: its counters do not count", ClientKilled, Possible, |s| {
        s.kills(1);
        s.lost_server().run_id = Some("0b0b0b".into());
        s.before().run_id = Some("77e0b3".into());
        s.after().run_id = Some("0b0b0b".into());
    }),
    ("restarted while we were stopped", ServerRestarted, Likely, |s| {
        s.plan.subscription = plan().subscription;
        s.subscribed = true;
        s.idle = 4.2;
        s.late(4.0);
        s.process(6);
        s.in_flight = 0;
    }),
    ("SIGTERM with a slow save: a silence, then another process", ServerRestarted, Likely, |s| {
        s.process(0);
        s.silent = 3.0;
        s.tcp(0, 0);
        s.mute();
    }),
    // Announcements.
    ("announced and closed by the server itself, which counts no reason", PlannedMaintenance, Certain, |s| {
        s.announced(12.0, "MOVING");
        s.in_flight = 0;
    }),
    ("the same behind a proxy, which may have closed it", PlannedMaintenance, Likely, |s| {
        s.announced(12.0, "MOVING");
        s.in_flight = 0;
        s.relayed(Some(true));
    }),
    ("a failover was announced and was over, then a proxy closed it", ProxyClosed, Likely, |s| {
        s.announced(25.0, "FAILING_OVER");
        s.announced(20.0, "FAILED_OVER");
        s.relayed(Some(true));
    }),
    ("a failover was announced and was over, then the server closed it", PlannedMaintenance, Possible, |s| {
        s.announced(25.0, "FAILING_OVER");
        s.announced(20.0, "FAILED_OVER");
    }),
    ("an old announcement", PlannedMaintenance, Possible, |s| s.announced(50.0, "MOVING")),
    // What the server closes.
    ("CLIENT KILL ran", ClientKilled, Likely, |s| s.kills(1)),
    ("CLIENT KILL crossed a command", ClientKilled, Likely, |s| {
        s.kills(1);
        s.ends(SocketEnd::Reset);
    }),
    ("CLIENT KILL ran some time in the last quarter of an hour", ClientKilled, Possible, |s| {
        s.kills(3);
        s.before().at = stamp(LOST - 900.0);
    }),
    ("closed, and CLIENT KILL cannot be counted", ClientKilled, Possible, |s| {
        (s.before().client_kills, s.after().client_kills) = (None, None);
    }),
    ("CLIENT KILL ran, but the server still lists it", NetworkReset, Certain, |s| {
        s.kills(1);
        s.ends(SocketEnd::Reset);
        s.listed(Some(true));
    }),
    ("closed at the server's timeout", ServerIdleTimeout, Certain, |s| {
        s.idle = 301.0;
        s.in_flight = 0;
        (s.before().timeout, s.after().timeout) = (Some(300), Some(300));
    }),
    ("a proxy with the same limit as the server's timeout", ServerIdleTimeout, Possible, |s| {
        s.idle = 301.0;
        s.in_flight = 0;
        (s.before().timeout, s.after().timeout) = (Some(300), Some(300));
        s.relayed(Some(true));
    }),
    ("closed at the server's timeout, because redis-doctor was stopped", ClientStall, Likely, |s| {
        s.idle = 301.0;
        (s.before().timeout, s.after().timeout) = (Some(300), Some(300));
        s.late(300.0);
    }),
    ("closed at the server's timeout, but CLIENT KILL ran, too", ServerIdleTimeout, Likely, |s| {
        s.idle = 301.0;
        s.after().timeout = Some(300);
        s.kills(1);
    }),
    ("closed at the server's timeout, and that may just have been set", ServerIdleTimeout, Likely, |s| {
        s.idle = 301.0;
        s.after().timeout = Some(300);
        s.after().config_changes = Some(2);
    }),
    ("closed at the server's timeout, as far as is known", ServerIdleTimeout, Possible, |s| {
        s.idle = 301.0;
        s.after().timeout = Some(300);
        s.known().death = None;
        s.listed(None);
    }),
    ("a subscriber is never timed out", Unknown, Possible, |s| {
        s.idle = 31.0;
        s.after().timeout = Some(30);
        s.plan.subscription = plan().subscription;
        s.subscribed = true;
    }),
    ("the timeout is not known", ServerIdleTimeout, Possible, |s| {
        s.idle = 31.0;
        s.after().timeout = None;
        (s.before().client_kills, s.after().client_kills) = (Some(5), Some(5));
        s.listed(Some(false));
        s.known().death = None;
    }),
    ("the output-buffer limit struck", OutputBufferLimit, Likely, |s| {
        s.after().output_buffer_disconnections = Some(3);
        s.subscribed = true;
    }),
];
