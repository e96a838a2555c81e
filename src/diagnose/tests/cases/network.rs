//! Outages from the network, the client's own machine, or an unknown cause.

use super::{Row, garbage, oversized};
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
    ("the same where CLIENT KILL was never counted: the counters may have been reset", NetworkReset, Possible, |s| {
        s.ends(SocketEnd::Reset);
        s.known().before = None;
        s.after().client_kills = Some(0);
    }),
    ("reset, and the server is unknown", NetworkReset, Possible, |s| {
        s.evidence = None;
        s.same_process = None;
        s.failure = Some(reset());
    }),
    ("reset, and the server stayed up", NetworkReset, Possible, |s| {
        s.evidence = None;
        s.failure = Some(reset());
    }),
    ("closed on our side only", ProxyClosed, Likely, |s| s.listed(Some(true))),
    ("a clean close behind a proxy, and the server counts no reason", ProxyClosed, Likely, |s| {
        s.relayed(Some(true));
    }),
    ("the same behind a proxy, and CLIENT KILL cannot be counted", ClientKilled, Possible, |s| {
        s.relayed(Some(true));
        (s.before().client_kills, s.after().client_kills) = (None, None);
    }),
    ("it was gone without an end", NetworkReset, Possible, |s| s.ends(SocketEnd::Gone)),
    ("still listed after a short pause", NetworkReset, Likely, |s| {
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
    ("closed after an hour of silence, behind a proxy", ProxyClosed, Likely, |s| {
        s.idle = 3600.5;
        s.relayed(Some(true));
    }),
    ("closed after an hour of silence, and whether there is a proxy is unknown", MiddleboxIdleLimit, Possible, |s| {
        s.idle = 3600.5;
        s.relayed(None);
    }),
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
        s.tcp(2, 3);
        s.states = vec![ClientState::HalfOpen];
        s.listed(Some(true));
    }),
    ("the watchdog gave it up, and no connection could be made", PathLost, Likely, |s| {
        s.watchdog();
        s.tcp(2, 3);
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
    ("paused writes: everything was acknowledged on a direct path", PathLost, Possible, |s| {
        s.watchdog();
        s.tcp(0, 0);
        s.states = vec![ClientState::HalfOpen];
        s.listed(Some(true));
    }),
    ("a full accept queue: no connection can be made, and the old one is acknowledged", ServerFrozen, Likely, |s| {
        s.watchdog();
        s.tcp(0, 0);
        s.unreachable();
        s.listed(Some(true));
    }),
    ("reset after a short silence on a young connection", NetworkReset, Likely, |s| {
        s.idle = 1.5;
        s.earlier = vec![at(LOST - 4.0, disconnected(1, None)), at(LOST - 3.5, reconnected(1, 0.5))];
        s.ends(SocketEnd::Reset);
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
    ("its kernel acknowledged everything", ServerFrozen, Possible, |s| {
        s.heals(2.0);
        s.tcp(0, 0);
    }),
    ("a stall that healed, and nothing is known", ServerFrozen, Possible, |s| {
        s.heals(2.0);
        s.evidence = None;
    }),
    ("our own timers explain a stall", ClientStall, Likely, |s| {
        s.heals(1.0);
        s.late(0.95);
    }),
    ("we were stopped before a silence that is not ours", ServerFrozen, Possible, |s| {
        s.heals(0.7);
        (s.known().host.lag, s.known().host.paused) = (secs(2.9), Some(secs(0.05)));
        s.tcp(0, 0);
    }),
    ("our own timers were late, and the path was ill, too", ServerFrozen, Likely, |s| {
        s.heals(5.0);
        s.mute();
        s.late(0.4);
    }),
    ("our own timers were late, and so was the server", ClientStall, Possible, |s| {
        s.heals(1.7);
        s.late(0.9);
    }),
    ("our own timers were late for a small part of the silence", ServerFrozen, Possible, |s| {
        s.heals(4.0);
        s.late(0.9);
    }),
    ("the machine slept", ClientStall, Likely, |s| {
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
    ("an HTTP answer to new connections", ProtocolError, Possible, |s| {
        s.evidence = None;
        s.path = garbage().into_iter().collect();
    }),
    ("a last reply cut off by a restart", ServerRestarted, Likely, |s| {
        s.failure = garbage();
        s.process(1);
    }),
    ("a reply without end, which redis-doctor ended", OversizedReply, Likely, |s| {
        s.failure = oversized();
        s.ends(SocketEnd::Local);
    }),
    ("the same, and the server answered the end with a reset", OversizedReply, Likely, |s| {
        s.ends(SocketEnd::Reset);
        s.failure = oversized();
    }),
    // Nothing.
    ("no word of anything", Unknown, Possible, |s| {
        s.evidence = None;
        s.same_process = None;
    }),
    ("it was closed, and the same process lives; nothing more was permitted", Unknown, Possible, |s| s.evidence = None),
];
