//! Silences and slow stretches with a reason that the server, the path or this machine counts.

use super::Row;
use crate::{
    classify::{ErrorClass, Failure, Stage},
    diagnose::{
        Cause::*,
        Confidence::*,
        tests::fixture::{LOST, Scene},
    },
    record::fixture::*,
};

/// A stall of 1.3 s whose packets were acknowledged.
fn frozen(s: &mut Scene) {
    s.heals(1.3);
    s.tcp(0, 0);
}

/// A counter that rose from 0 by one.
macro_rules! rises {
    ($scene:ident, $counter:ident) => {
        ($scene.before().$counter, $scene.after().$counter) = (Some(0), Some(1))
    };
}

pub(super) const CASES: &[Row] = &[
    ("a silence, and nothing explains it", ServerFrozen, Possible, frozen),
    ("KEYS in the slow log for the whole silence", SlowCommand, Likely, |s| {
        frozen(s);
        s.logged("keys", 1.2);
    }),
    ("several commands in the slow log fill the silence", SlowCommand, Likely, |s| {
        frozen(s);
        (0..4).for_each(|_| s.logged("eval", 0.2));
    }),
    ("a slow command too short for the silence", ServerFrozen, Possible, |s| {
        frozen(s);
        s.logged("keys", 0.3);
    }),
    ("a PING that took 1.2 s: the process was paused", ServerFrozen, Possible, |s| {
        frozen(s);
        s.logged("ping", 1.2);
    }),
    ("the slow log is another process\'", ServerRestarted, Possible, |s| {
        frozen(s);
        s.healed = false;
        s.process(1);
        s.logged("keys", 1.2);
    }),
    ("a single call as long as the silence, by the statistics", SlowCommand, Likely, |s| {
        frozen(s);
        s.spent("debug", 1, 1.3);
    }),
    ("many short calls explain no long silence", ServerFrozen, Possible, |s| {
        frozen(s);
        s.spent("hgetall", 20_000, 30.0);
    }),
    ("we were late as well", SlowCommand, Likely, |s| {
        frozen(s);
        s.logged("keys", 1.2);
        s.late(0.4);
    }),
    ("we were stopped for the whole silence, in which KEYS ran, too", ClientStall, Likely, |s| {
        s.heals(1.3);
        s.late(1.3);
        s.logged("keys", 1.2);
    }),
    ("writes of the append-only file were delayed", SlowDisk, Likely, |s| {
        frozen(s);
        rises!(s, delayed_fsyncs);
    }),
    ("the latency monitor saw the disk", SlowDisk, Likely, |s| {
        frozen(s);
        s.spike("aof-fsync-always", 1.2);
    }),
    ("a short wait for the disk", ServerFrozen, Possible, |s| {
        frozen(s);
        s.spike("aof-fsync-always", 0.1);
    }),
    ("another process counts its own fsyncs", ServerRestarted, Possible, |s| {
        frozen(s);
        s.healed = false;
        s.process(1);
        rises!(s, delayed_fsyncs);
    }),
    ("a fork as long as the silence", ForkStall, Likely, |s| {
        frozen(s);
        rises!(s, forks);
        s.after().latest_fork = Some(secs(1.1));
    }),
    ("the latency monitor saw a fork", ForkStall, Likely, |s| {
        frozen(s);
        s.spike("fork", 1.1);
    }),
    ("a fork too short for the silence", ServerFrozen, Possible, |s| {
        frozen(s);
        rises!(s, forks);
        s.after().latest_fork = Some(secs(0.01));
    }),
    ("CLIENT PAUSE was called", ClientsPaused, Likely, |s| {
        frozen(s);
        rises!(s, client_pauses);
    }),
    ("the server held back our PING", ClientsPaused, Likely, |s| {
        frozen(s);
        s.blocked("ping");
    }),
    ("CLIENT PAUSE, and the watchdog left", ClientsPaused, Likely, |s| {
        s.watchdog();
        s.mute();
        s.tcp(0, 0);
        rises!(s, client_pauses);
    }),
    ("our connection waits in BLPOP", BlockingCommand, Likely, |s| {
        frozen(s);
        s.blocked("blpop");
    }),
    ("our connection waits in XREAD, and we were late", BlockingCommand, Likely, |s| {
        frozen(s);
        s.blocked("xread");
        s.late(0.4);
    }),
    ("connects were not answered while an accept queue was full", AcceptQueueFull, Likely, |s| {
        s.watchdog();
        s.path = vec![Failure::doctor(ErrorClass::ConnectTimeout, Stage::Tcp, "no connection within 2 s")];
        s.listed(None);
        s.known().listen_overflows = Some(3);
    }),
    ("mute behind a full accept queue", AcceptQueueFull, Likely, |s| {
        s.watchdog();
        s.mute();
        s.listed(None);
        s.known().listen_overflows = Some(3);
    }),
    ("a full accept queue silences no established connection", ServerFrozen, Likely, |s| {
        frozen(s);
        s.mute();
        s.known().listen_overflows = Some(3);
    }),
    // Slow stretches.
    ("slow, and nothing explains it", Unknown, Possible, |s| s.slows(0.4, 2.0)),
    ("slow without any evidence", Unknown, Possible, |s| {
        s.slows(0.4, 2.0);
        s.evidence = None;
    }),
    ("slow while KEYS ran", SlowCommand, Likely, |s| {
        s.slows(0.4, 2.0);
        s.round_trips(0.0003, 0.0002);
        s.logged("keys", 0.35);
    }),
    ("slow, and a busy server", SlowCommand, Possible, |s| {
        s.slows(0.4, 2.0);
        s.before().at = stamp(LOST - 1.0);
        s.after().at = stamp(LOST + 9.0);
        s.spent("hgetall", 20_000, 9.0);
    }),
    ("slow while a counter of the disk rose", SlowDisk, Likely, |s| {
        s.slows(0.4, 2.0);
        s.round_trips(0.0003, 0.0002);
        rises!(s, delayed_fsyncs);
    }),
    ("the round trip rose with the replies", SlowNetwork, Likely, |s| {
        s.slows(0.4, 2.0);
        s.round_trips(0.35, 0.0002);
    }),
    ("a packet was lost for each slow reply", SlowNetwork, Likely, |s| {
        s.slows(0.4, 2.0);
        s.round_trips(0.0003, 0.0002);
        s.known().tcp.as_mut().unwrap().total_retransmits = 4;
    }),
    ("a packet was lost at some time", SlowNetwork, Possible, |s| {
        s.slows(0.4, 2.0);
        s.round_trips(0.0003, 0.0002);
        s.known().tcp.as_mut().unwrap().total_retransmits = 1;
        s.late(0.4);
    }),
    ("slow behind a proxy", SlowNetwork, Possible, |s| {
        s.slows(0.4, 2.0);
        s.round_trips(0.0003, 0.0002);
        s.relayed(Some(true));
    }),
    ("the round trip stayed, on another machine", SlowServer, Likely, |s| {
        s.slows(0.4, 2.0);
        s.round_trips(0.001, 0.0002);
        s.remote();
    }),
    ("the round trip stayed, on this machine", SlowServer, Possible, |s| {
        s.slows(0.4, 2.0);
        s.round_trips(0.001, 0.0002);
        s.at_home();
    }),
    ("the round trip stayed, but this machine was busy", Unknown, Possible, |s| {
        s.slows(0.4, 2.0);
        s.round_trips(0.001, 0.0002);
        s.at_home();
        s.late(0.06);
    }),
    ("the round trip stayed, and we were as late as the replies of another machine", Unknown, Possible, |s| {
        s.slows(0.4, 2.0);
        s.round_trips(0.001, 0.0002);
        s.remote();
        s.late(0.32);
    }),
];
