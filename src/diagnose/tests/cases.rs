//! The table: what is special about an outage, and what it must be put down to. Pairs that can be confused stand next
//! to each other, and so do the same outages with evidence missing.

use super::fixture::{LOST, Scene};
use crate::{
    classify::{ErrorClass, Failure, Stage},
    diagnose::{Cause, Confidence},
    event::{ClientState, Event, EventKind, SocketEnd},
    plan::Pace,
    record::fixture::*,
};
use Cause::*;
use Confidence::*;

type Row = (&'static str, Cause, Confidence, fn(&mut Scene));

fn garbage() -> Option<Failure> {
    Some(Failure::doctor(ErrorClass::ProtocolGarbage, Stage::Command, "Parse error at 1"))
}

pub(super) const CASES: &[Row] = &[
    // The server process.
    ("closed, refused, another process in the same place", ServerRestarted, Likely, |s| {
        s.process(1);
        s.refused();
    }),
    ("another process, and nothing else is known", ServerRestarted, Likely, |s| {
        s.evidence = None;
        s.same_process = Some(false);
    }),
    ("LOADING, where run_id is not told", ServerRestarted, Likely, |s| {
        s.same_process = None;
        s.evidence = None;
        s.says("LOADING Redis is loading the dataset in memory");
    }),
    ("uptime began anew, where run_id is not told", ServerRestarted, Likely, |s| {
        s.process(1);
        s.same_process = None;
        (s.before().run_id, s.after().run_id) = (None, None);
    }),
    ("its offset was kept over an orderly end", ServerRestarted, Likely, |s| s.process(0)),
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
    ("always a command under way: a reset tells nothing of the end", ServerRestarted, Likely, |s| {
        s.process(1);
        s.ends(SocketEnd::Reset);
        s.plan.probes.as_mut().unwrap().pace = Pace::Unpaced;
    }),
    ("reset, another process: killed with unread bytes", ServerCrashed, Likely, |s| {
        s.process(1);
        s.ends(SocketEnd::Reset);
        s.after().replication_offset = Some(10);
    }),
    ("reset, then refused, and nothing more is known", ServerCrashed, Likely, |s| {
        s.same_process = None;
        s.evidence = None;
        s.failure = Some(reset());
        s.refused();
    }),
    ("the machine went down without a word", ServerCrashed, Likely, |s| {
        s.process(1);
        s.fails(110);
        s.ends(SocketEnd::TimedOut);
        s.silent = 20.0;
        s.unreachable();
    }),
    ("refused while the same process lives: a proxy's door", NetworkReset, Likely, Scene::refused),
    ("another node, up long since", Failover, Likely, |s| {
        s.process(90_000);
        s.elsewhere();
    }),
    ("a replica was promoted, and the name followed it", Failover, Likely, |s| {
        s.process(90_000);
        s.moved_name();
    }),
    ("demoted, and all clients closed", Failover, Certain, |s| {
        s.after().role = Some("slave".into());
        s.kills(2);
    }),
    ("demoted, but CLIENT KILL may not be counted", Failover, Likely, |s| {
        s.after().role = Some("slave".into());
        (s.before().client_kills, s.after().client_kills) = (None, None);
    }),
    ("demoted long ago, reset now", NetworkReset, Likely, |s| {
        s.after().role = Some("slave".into());
        s.before().at = stamp(LOST - 900.0);
        s.ends(SocketEnd::Reset);
    }),
    ("a failover is under way, a replica answers", Failover, Likely, |s| {
        s.process(90_000);
        s.elsewhere();
        s.after().failover_state = Some("waiting-for-sync".into());
        s.path = vec![Failure::server(Stage::Command, "READONLY You can't write against a read only replica.")];
    }),
    ("announced, closed, another node", PlannedMaintenance, Certain, |s| {
        s.announced(12.0, "MOVING");
        s.process(90_000);
        s.elsewhere();
    }),
    ("announced, then reset while it is still listed", PlannedMaintenance, Likely, |s| {
        s.announced(12.0, "MOVING");
        s.ends(SocketEnd::Reset);
    }),
    ("announced on the connection itself", PlannedMaintenance, Likely, |s| {
        s.evidence = None;
        s.earlier = vec![at(LOST - 5.0, EventKind::Announced { kind: "FAILING_OVER".into() })];
    }),
    ("announced ten minutes ago is not announced", NetworkReset, Possible, |s| {
        s.earlier = vec![at(LOST - 600.0, EventKind::Announced { kind: "MOVING".into() })];
    }),
    ("the name stands for another server", DnsMoved, Likely, |s| {
        s.process(90_000);
        s.moved_name();
        (s.before().replication_offset, s.after().replication_offset) = (Some(0), Some(0));
    }),
    ("a new server at a new address", DnsMoved, Likely, |s| {
        s.process(1);
        s.moved_name();
    }),
    ("a name of many addresses, and another of them answers", Failover, Likely, |s| {
        s.process(90_000);
        s.elsewhere();
        s.before().addresses = vec!["10.0.3.17".into(), "10.0.3.18".into()];
        s.after().addresses = vec!["10.0.3.18".into(), "10.0.3.19".into()];
    }),
    ("the same process at another address", DnsMoved, Possible, |s| {
        s.moved_name();
        s.kills(1);
        s.listed(None);
        s.before().at = stamp(LOST - 900.0);
    }),
    // What the server closes.
    ("CLIENT KILL was called", ClientKilled, Likely, |s| s.kills(1)),
    ("CLIENT KILL crossed a command", ClientKilled, Likely, |s| {
        s.kills(1);
        s.ends(SocketEnd::Reset);
    }),
    ("CLIENT KILL was called some time in the last quarter of an hour", ClientKilled, Possible, |s| {
        s.kills(3);
        s.before().at = stamp(LOST - 900.0);
    }),
    ("closed, and CLIENT KILL cannot be counted", ClientKilled, Possible, |s| {
        (s.before().client_kills, s.after().client_kills) = (None, None);
    }),
    ("CLIENT KILL was called, but the server still lists it", NetworkReset, Certain, |s| {
        s.kills(1);
        s.ends(SocketEnd::Reset);
        s.listed(Some(true));
    }),
    ("closed at the server's timeout", ServerIdleTimeout, Certain, |s| {
        s.idle = 301.0;
        (s.before().timeout, s.after().timeout) = (Some(300), Some(300));
    }),
    ("closed at the server's timeout, but CLIENT KILL was called, too", ClientKilled, Likely, |s| {
        s.idle = 301.0;
        s.after().timeout = Some(300);
        s.kills(1);
    }),
    ("closed at the server's timeout, and that may just have been set", ServerIdleTimeout, Likely, |s| {
        s.idle = 301.0;
        s.after().timeout = Some(300);
        s.after().config_changes = Some(2);
    }),
    ("closed at the server's timeout, as far as it can be told", ServerIdleTimeout, Likely, |s| {
        s.idle = 301.0;
        s.after().timeout = Some(300);
        s.known().death = None;
        s.listed(None);
    }),
    ("a subscriber is never timed out", NetworkReset, Possible, |s| {
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
    ("the output-buffer limit struck somebody in the last quarter of an hour", OutputBufferLimit, Possible, |s| {
        s.after().output_buffer_disconnections = Some(3);
        s.before().at = stamp(LOST - 900.0);
    }),
    (
        "a subscriber was cut off in the middle of a message, on a server that does not count",
        OutputBufferLimit,
        Likely,
        |s| {
            (s.before().output_buffer_disconnections, s.after().output_buffer_disconnections) = (None, None);
            s.subscribed = true;
            s.failure = Some(Failure::doctor(ErrorClass::Other, Stage::Command, "cut"));
            s.known().host.lag = secs(0.8);
        },
    ),
    ("the output-buffer limit does not strike all at once", OutputBufferLimit, Possible, |s| {
        s.after().output_buffer_disconnections = Some(3);
        s.plan.connections = 2;
        s.later = vec![Event { connection: Some(1), ..at(LOST + 2.5, reconnected(2, 2.3)) }];
        s.earlier = vec![Event { connection: Some(1), ..at(LOST - 0.2, disconnected(1, None)) }];
    }),
    ("clients were evicted", ClientEvicted, Likely, |s| s.after().evicted_clients = Some(1)),
    ("clients were evicted, and one was killed long ago", ClientEvicted, Possible, |s| {
        s.after().evicted_clients = Some(1);
        s.before().at = stamp(LOST - 900.0);
    }),
    ("killed, and then not let in", MaxClients, Likely, |s| {
        s.kills(1);
        s.after().rejected_connections = Some(9);
        s.says("ERR max number of clients reached");
    }),
    ("not let in, and nothing else is known", MaxClients, Likely, |s| {
        s.evidence = None;
        s.says("ERR max number of clients reached");
    }),
    ("rejections alone are a hint", MaxClients, Possible, |s| s.after().rejected_connections = Some(9)),
    ("restarted, and then not let in", ServerRestarted, Likely, |s| {
        s.process(1);
        s.says("ERR max number of clients reached");
    }),
    ("the password was changed", AuthenticationChanged, Likely, |s| {
        s.says("WRONGPASS invalid username-password pair or user is disabled.");
        s.after().acl_changes = Some(1);
    }),
    ("a password was set", AuthenticationChanged, Likely, |s| {
        s.evidence = None;
        s.says("NOAUTH Authentication required.");
    }),
    // The network.
    ("reset in use, and still listed", NetworkReset, Certain, |s| {
        s.ends(SocketEnd::Reset);
        s.listed(Some(true));
    }),
    ("reset in use, and gone from the server, too", NetworkReset, Likely, |s| s.ends(SocketEnd::Reset)),
    ("reset, and nothing is known of the server", NetworkReset, Possible, |s| {
        s.evidence = None;
        s.same_process = None;
        s.failure = Some(reset());
    }),
    ("reset, and the server process lives", NetworkReset, Likely, |s| {
        s.evidence = None;
        s.failure = Some(reset());
    }),
    ("closed towards us only", NetworkReset, Likely, |s| s.listed(Some(true))),
    ("it was gone without an end", NetworkReset, Possible, |s| s.ends(SocketEnd::Gone)),
    ("still listed after a pause: it may have been forgotten", MiddleboxIdleLimit, Likely, |s| {
        s.pauses(3.0);
        s.earlier = vec![at(LOST - 4.0, disconnected(1, None)), at(LOST - 3.5, reconnected(1, 0.5))];
        s.ends(SocketEnd::Reset);
        s.listed(Some(true));
    }),
    ("reset after a pause as it had survived many", NetworkReset, Likely, |s| {
        s.pauses(3.0);
        s.ends(SocketEnd::Reset);
        s.listed(Some(true));
    }),
    ("reset after 350 s of silence", MiddleboxIdleLimit, Likely, |s| {
        s.idle = 350.4;
        s.in_flight = 0;
        s.ends(SocketEnd::Reset);
    }),
    ("closed after an hour of silence", MiddleboxIdleLimit, Possible, |s| s.idle = 3600.5),
    ("messages of others may have come", MiddleboxIdleLimit, Likely, |s| {
        s.idle = 350.4;
        s.in_flight = 0;
        s.ends(SocketEnd::Reset);
        s.plan.subscription = plan().subscription.map(|mut subscription| {
            subscription.verify = None;
            subscription
        });
        s.subscribed = true;
    }),
    ("verification messages come all the time", NetworkReset, Likely, |s| {
        s.idle = 350.4;
        s.plan.subscription = plan().subscription;
        s.subscribed = true;
        s.ends(SocketEnd::Reset);
    }),
    ("always after the same silence", MiddleboxIdleLimit, Likely, |s| {
        s.losses_before(3, 42.0);
        s.idle = 42.0;
        s.in_flight = 0;
        s.ends(SocketEnd::Reset);
    }),
    ("the same silence by plan, survived before", NetworkReset, Likely, |s| {
        s.losses_before(3, 42.0);
        s.pauses(42.0);
        s.in_flight = 0;
        s.ends(SocketEnd::Reset);
    }),
    ("the first packet after a pause was lost", MiddleboxIdleLimit, Likely, |s| {
        s.watchdog();
        s.idle = 100.0;
        s.states = vec![ClientState::HalfOpen];
        s.listed(Some(true));
    }),
    ("the kernel gave up in use, new connections were served", PathLost, Certain, |s| {
        s.fails(110);
        s.ends(SocketEnd::TimedOut);
        s.silent = 25.0;
        s.states = vec![ClientState::HalfOpen];
        s.listed(Some(true));
        s.tcp(2, 7);
    }),
    ("the kernel gave up, and the path was ill", PathLost, Likely, |s| {
        s.fails(113);
        s.ends(SocketEnd::TimedOut);
        s.silent = 25.0;
        s.unreachable();
    }),
    ("the watchdog gave it up while new connections were served", PathLost, Likely, |s| {
        s.watchdog();
        s.states = vec![ClientState::HalfOpen];
        s.listed(Some(true));
    }),
    ("the watchdog gave it up, and no connection could be made", PathLost, Likely, |s| {
        s.watchdog();
        s.unreachable();
    }),
    ("it fell silent, and nothing else is known", PathLost, Possible, |s| {
        s.watchdog();
        s.evidence = None;
    }),
    ("a stall that healed, and packets were lost", PathLost, Likely, |s| {
        s.heals(3.0);
        s.tcp(1, 3);
    }),
    // Silence.
    ("new connections were accepted and not answered, the old one healed", ServerFrozen, Likely, |s| {
        s.heals(5.0);
        s.mute();
    }),
    ("the watchdog gave it up, and new connections were not answered", ServerFrozen, Likely, |s| {
        s.watchdog();
        s.mute();
    }),
    ("its kernel acknowledged everything", ServerFrozen, Likely, |s| {
        s.heals(2.0);
        s.tcp(0, 0);
    }),
    ("a stall that healed, and nothing is known", ServerFrozen, Possible, |s| {
        s.heals(2.0);
        s.evidence = None;
    }),
    ("our own timers explain a stall", ClientStall, Certain, |s| {
        s.heals(1.0);
        s.known().host.lag = secs(0.95);
    }),
    ("our own timers were late, and the path was ill, too", ServerFrozen, Likely, |s| {
        s.heals(5.0);
        s.mute();
        s.known().host.lag = secs(0.4);
    }),
    ("our own timers were late, and so was the server", ClientStall, Likely, |s| {
        s.heals(4.0);
        s.known().host.lag = secs(0.9);
    }),
    ("the machine slept", ClientStall, Certain, |s| {
        s.ends(SocketEnd::Reset);
        s.known().host.suspended = Some(secs(3600.0));
    }),
    ("the machine dozed", ClientStall, Likely, |s| {
        s.ends(SocketEnd::TimedOut);
        s.known().host.suspended = Some(secs(2.0));
    }),
    ("the machine slept, and the server was restarted meanwhile", ServerRestarted, Likely, |s| {
        s.process(30);
        s.known().host.suspended = Some(secs(3600.0));
        s.after().at = stamp(LOST + 60.0);
    }),
    ("garbage, and we hung up", ProtocolError, Certain, |s| {
        s.failure = garbage();
        s.ends(SocketEnd::Local);
    }),
    ("garbage, and somebody closed it", ProtocolError, Likely, |s| s.failure = garbage()),
    ("an HTTP answer to new connections", ProtocolError, Likely, |s| {
        s.evidence = None;
        s.path = garbage().into_iter().collect();
    }),
    ("a last reply cut off by a restart", ServerRestarted, Likely, |s| {
        s.failure = garbage();
        s.process(1);
    }),
    // Nothing.
    ("no word of anything", Unknown, Possible, |s| {
        s.evidence = None;
        s.same_process = None;
    }),
    ("it was closed, and the same process lives; nothing more was permitted", Unknown, Possible, |s| s.evidence = None),
];
