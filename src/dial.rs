//! Connections to a target apart from the session under test: staged attempts, RESP over a raw stream, and the server's
//! identity.
//!
//! Nothing here uses redis-rs' connection code, so it sees what the library hides: the failed stage, the errno, and the
//! server's first line.

mod attempt;
mod dialect;
pub(crate) mod identity;
pub(crate) mod large;
mod lookup;
mod meet;
mod own_sockets;
pub(crate) mod reply;
mod resp_stream;
pub(crate) mod slowness;
mod watch;

/// A decoded reply, and the types that it converts to.
pub(crate) use redis::Value;

pub(crate) use self::{
    attempt::{Attempt, Route, is_forbidden},
    dialect::{Dialect, Nonce},
    identity::ClientInfo,
    meet::translated,
    own_sockets::OwnSockets,
    resp_stream::RespStream,
    watch::{Health, Interest, PathWatch},
};
