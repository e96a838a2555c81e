//! Clients closed by the server's limits, by kills and by credentials.

use super::Row;
use crate::{
    classify::{ErrorClass, Failure, Stage},
    diagnose::{Cause::*, Confidence::*, tests::fixture::LOST},
    event::{Event, ReplaceReason, SocketEnd, TcpFigures},
    record::fixture::*,
};

pub(super) const CASES: &[Row] = &[
    ("the output-buffer limit closed some client in the last quarter of an hour", OutputBufferLimit, Possible, |s| {
        s.after().output_buffer_disconnections = Some(3);
        s.subscribed = true;
        s.before().at = stamp(LOST - 900.0);
    }),
    (
        "a subscriber was cut off in the middle of a message, on a server that does not count",
        OutputBufferLimit,
        Possible,
        |s| {
            (s.before().output_buffer_disconnections, s.after().output_buffer_disconnections) = (None, None);
            s.subscribed = true;
            s.failure = Some(Failure::doctor(ErrorClass::Other, Stage::Command, "cut"));
            s.late(0.8);
        },
    ),
    (
        "a subscriber is closed, the server does not count over-full buffers, and nothing is in between",
        OutputBufferLimit,
        Possible,
        |s| {
            (s.before().output_buffer_disconnections, s.after().output_buffer_disconnections) = (None, None);
            s.after().output_buffer_limit = Some("normal 0 0 0 slave 268435456 67108864 60 pubsub 1024 1024 1".into());
            s.subscribed = true;
        },
    ),
    ("the same with a proxy in between", ProxyClosed, Likely, |s| {
        (s.before().output_buffer_disconnections, s.after().output_buffer_disconnections) = (None, None);
        s.after().output_buffer_limit = Some("normal 0 0 0 slave 268435456 67108864 60 pubsub 1024 1024 1".into());
        s.subscribed = true;
        s.relayed(Some(true));
    }),
    ("the same where subscribers have no limit", Unknown, Possible, |s| {
        (s.before().output_buffer_disconnections, s.after().output_buffer_disconnections) = (None, None);
        s.after().output_buffer_limit = Some("normal 0 0 0 slave 0 0 0 pubsub 0 0 0".into());
        s.subscribed = true;
    }),
    ("a subscriber is reset, and over-full buffers are not counted", NetworkReset, Likely, |s| {
        (s.before().output_buffer_disconnections, s.after().output_buffer_disconnections) = (None, None);
        s.after().output_buffer_limit = Some("normal 0 0 0 slave 268435456 67108864 60 pubsub 1024 1024 1".into());
        s.subscribed = true;
        s.ends(SocketEnd::Reset);
    }),
    ("redis-doctor left a connection that had lost its subscription", Unknown, Possible, |s| {
        s.ends(SocketEnd::Local);
        s.replaced = Some(ReplaceReason::Terminal);
        s.subscribed = true;
    }),
    ("the output-buffer limit does not close all clients at the same time", OutputBufferLimit, Possible, |s| {
        s.after().output_buffer_disconnections = Some(3);
        s.subscribed = true;
        s.plan.connections = 2;
        s.later = vec![Event { connection: Some(1), ..at(LOST + 2.5, reconnected(2, 2.3)) }];
        s.earlier = vec![Event { connection: Some(1), ..at(LOST - 0.2, disconnected(1, None)) }];
    }),
    ("a kill was counted after redis-doctor was stopped", ClientKilled, Likely, |s| {
        (s.before().output_buffer_disconnections, s.after().output_buffer_disconnections) = (None, None);
        s.kills(1);
        s.subscribed = true;
        s.late(0.8);
    }),
    ("a proxy's reset after redis-doctor was stopped", NetworkReset, Possible, |s| {
        (s.before().output_buffer_disconnections, s.after().output_buffer_disconnections) = (None, None);
        s.subscribed = true;
        s.late(0.8);
        s.relayed(Some(true));
        s.ends(SocketEnd::Reset);
    }),
    ("stopped, then closed by the server, but next to nothing had arrived", Unknown, Possible, |s| {
        (s.before().output_buffer_disconnections, s.after().output_buffer_disconnections) = (None, None);
        s.subscribed = true;
        s.late(0.8);
        s.known().tcp = Some(TcpFigures { at: stamp(LOST), bytes_received: Some(2_000), ..TcpFigures::default() });
    }),
    ("the same, but one message exceeds the limit", OutputBufferLimit, Possible, |s| {
        (s.before().output_buffer_disconnections, s.after().output_buffer_disconnections) = (None, None);
        s.subscribed = true;
        s.late(0.8);
        s.after().output_buffer_limit = Some("normal 0 0 0 slave 0 0 0 pubsub 1024 1024 1".into());
        s.known().tcp = Some(TcpFigures { at: stamp(LOST), bytes_received: Some(2_000), ..TcpFigures::default() });
    }),
    ("a large command, and the query-buffer limit is counted", QueryBufferLimit, Likely, |s| {
        s.plan.probes.as_mut().unwrap().payload = 2_000_000;
        s.after().query_buffer_disconnections = Some(1);
        s.ends(SocketEnd::Reset);
    }),
    ("a large command, and no limit is counted by this version", QueryBufferLimit, Possible, |s| {
        s.plan.probes.as_mut().unwrap().payload = 2_000_000;
        (s.before().output_buffer_disconnections, s.after().output_buffer_disconnections) = (None, None);
        (s.before().query_buffer_disconnections, s.after().query_buffer_disconnections) = (None, None);
        s.ends(SocketEnd::Reset);
    }),
    (
        "a large reply, and normal clients have a limit that this version does not count",
        OutputBufferLimit,
        Possible,
        |s| {
            s.plan.probes.as_mut().unwrap().payload = 500_000;
            (s.before().output_buffer_disconnections, s.after().output_buffer_disconnections) = (None, None);
            s.after().output_buffer_limit = Some("normal 100000 0 0 slave 0 0 0 pubsub 0 0 0".into());
        },
    ),
    ("CLIENT KILL ran, and then the counters were reset", ClientKilled, Possible, |s| {
        (s.before().client_kills, s.after().client_kills) = (Some(0), Some(0));
        s.after().connections_received = Some(1);
    }),
    ("clients were evicted", ClientEvicted, Likely, |s| s.after().evicted_clients = Some(1)),
    ("clients were evicted, and one was killed long ago", ClientEvicted, Possible, |s| {
        s.after().evicted_clients = Some(1);
        s.before().at = stamp(LOST - 900.0);
    }),
    ("killed, and then not let in", ClientKilled, Likely, |s| {
        s.kills(1);
        s.after().rejected_connections = Some(9);
        s.says("ERR max number of clients reached");
    }),
    ("not let in, and nothing else is known", MaxClients, Possible, |s| {
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
    ("a password was set", AuthenticationChanged, Possible, |s| {
        s.evidence = None;
        s.says("NOAUTH Authentication required.");
    }),
];
