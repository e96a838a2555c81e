//! Connections to a target beside the session under test: staged attempts, RESP over a raw stream, and the server's
//! identity.
//!
//! None of this is redis-rs' connection code, so it sees what the library hides: the stage that failed, the errno, and
//! the server's first words.

mod attempt;
pub(crate) mod identity;
mod own_sockets;
pub(crate) mod reply;
mod resp_stream;
mod watch;

/// A decoded reply.
pub(crate) use redis::Value;

pub(crate) use self::{
    attempt::{Attempt, Route, is_forbidden},
    identity::ClientInfo,
    own_sockets::OwnSockets,
    resp_stream::RespStream,
    watch::{Health, Interest, PathWatch},
};
