//! `trace`: the connections of applications that already run, as the kernel sees them. Nothing is sent, and no privileges
//! are needed.
//!
//! The kernel knows what a client cannot: that what it sent is not acknowledged, that the server has acknowledged a command
//! and not read it, that the end of the stream waits to be read. A sample of the socket table shows a state; several a short time
//! apart show whether it lasts. `connection` derives the facts about one socket from the samples, `rules`
//! compare the connections to one server, and `ending` says how a connection ended, from the last figures of its socket.
//!
//! On loopback both ends are in the table. The client's end is reported, and the server's end is proof: what it has not
//! read shows there.
//!
//! Not visible: commands, TLS alerts, the owners of other users' sockets, other network namespaces, TCP_USER_TIMEOUT.

mod connection;
mod ending;
mod follow;
mod output;
mod rows;
mod rules;
mod run;
mod sampler;
mod scope;
#[cfg(test)]
mod tests;
mod vanished;

pub(crate) use self::{
    output::Output,
    run::{TraceError, TracePlan, run},
    scope::TraceScope,
};
