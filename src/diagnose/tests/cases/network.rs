//! Outages from the network, the client's own machine, or an unknown cause.

use super::{Row, garbage};
use crate::{
    diagnose::{Cause::*, Confidence::*, tests::fixture::LOST},
    event::{ClientState, SocketEnd},
    record::fixture::*,
};

pub(super) const CASES: &[Row] = &[
    // The network.
    ("reset in use, and still listed", NetworkReset, Certain, |s| {
        s.ends(SocketEnd::Reset);
        s.listed(Some(true));
    }),
    ("reset in use, and gone from the server, too", NetworkReset, Likely, |s| s.ends(SocketEnd::Reset)),
    ("the same on a server that does not count CLIENT KILL", NetworkReset, Possible, |s| {
        s.ends(SocketEnd::Reset);
        (s.before().client_kills, s.after().client_kills) = (None, None);
    }),
    ("the same before the server was first queried", NetworkReset, Possible, |s| {
        s.ends(SocketEnd::Reset);
        s.known().before = None;
    }),
    ("the same where CLIENT KILL was never called", NetworkReset, Likely, |s| {
        s.ends(SocketEnd::Reset);
        s.known().before = None;
        s.after().client_kills = Some(0);
    }),
    ("reset, and the server is unknown", NetworkReset, Possible, |s| {
        s.evidence = None;
        s.same_process = None;
        s.failure = Some(reset());
    }),
    ("reset, and the server stayed up", NetworkReset, Likely, |s| {
        s.evidence = None;
        s.failure = Some(reset());
    }),
    ("closed on our side only", NetworkReset, Likely, |s| s.listed(Some(true))),
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
    ("the same behind a proxy, healed: it may be the way behind it", ServerFrozen, Possible, |s| {
        s.heals(5.0);
        s.mute();
        s.relayed(Some(true));
    }),
    ("the same behind a proxy, given up: it may be the server", PathLost, Possible, |s| {
        s.watchdog();
        s.mute();
        s.relayed(Some(true));
    }),
    ("the same, and whether there is a proxy is not known", PathLost, Possible, |s| {
        s.watchdog();
        s.mute();
        s.relayed(None);
    }),
    ("a proxy's kernel acknowledged everything", ServerFrozen, Possible, |s| {
        s.heals(2.0);
        s.tcp(0, 0);
        s.relayed(Some(true));
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
        s.late(0.95);
    }),
    ("our own timers were late, and the path was ill, too", ServerFrozen, Likely, |s| {
        s.heals(5.0);
        s.mute();
        s.late(0.4);
    }),
    ("our own timers were late, and so was the server", ClientStall, Likely, |s| {
        s.heals(1.7);
        s.late(0.9);
    }),
    ("our own timers were late for a small part of the silence", ServerFrozen, Possible, |s| {
        s.heals(4.0);
        s.late(0.9);
    }),
    ("the machine slept", ClientStall, Certain, |s| {
        s.ends(SocketEnd::Reset);
        s.known().host.suspended = Some(secs(3600.0));
    }),
    ("the machine dozed", ClientStall, Likely, |s| {
        s.ends(SocketEnd::TimedOut);
        s.known().host.suspended = Some(secs(2.0));
    }),
    ("the machine slept, and the server was restarted during that time", ServerRestarted, Likely, |s| {
        s.process(30);
        s.known().host.suspended = Some(secs(3600.0));
        s.after().at = stamp(LOST + 60.0);
    }),
    ("garbage, and the client closed it", ProtocolError, Certain, |s| {
        s.failure = garbage();
        s.ends(SocketEnd::Local);
    }),
    ("garbage, and the other side closed it", ProtocolError, Likely, |s| s.failure = garbage()),
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
