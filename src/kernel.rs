//! Kernel interfaces that redis-rs and tokio do not expose: the socket table, the broadcast of destroyed sockets, and
//! the TCP settings.
//!
//! Nothing here needs privileges. On systems other than Linux each interface is absent.

mod destroyed;
#[cfg_attr(not(target_os = "linux"), path = "kernel/no_listener.rs")]
mod listener;
mod path;
mod resolver;
#[cfg(target_os = "linux")]
mod sock_diag;
mod sysctl;

#[cfg(test)]
pub(crate) use self::resolver::Resolver;
#[cfg(target_os = "linux")]
pub(crate) use self::sock_diag::{Pair, Table, TcpState};
#[cfg(test)]
pub(crate) use self::sysctl::KeepaliveDefaults;
pub(crate) use self::sysctl::{HostFacts, listen_overflows};
pub(crate) use self::{
    destroyed::Destroyed,
    listener::Listener,
    path::{AcceptQueue, PathFigures},
};
