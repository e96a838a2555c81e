//! Kernel interfaces that redis-rs and tokio do not expose: the socket table, the broadcast of destroyed sockets, the
//! sockets, the memory and the CPU time of this process, and the TCP settings.
//!
//! Nothing here needs privileges. On systems other than Linux each interface is absent.

mod destroyed;
#[cfg_attr(not(target_os = "linux"), path = "kernel/no_listener.rs")]
mod listener;
#[cfg_attr(not(target_os = "linux"), path = "kernel/no_own_connections.rs")]
mod own_connections;
mod own_thread;
mod path;
mod resolver;
#[cfg(target_os = "linux")]
mod sock_diag;
mod socket_owner;
mod sysctl;

#[cfg(target_os = "linux")]
pub(crate) use self::own_connections::{ends, link_of, own_sockets, second};
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
    own_connections::{OwnConnection, OwnConnections, OwnMemory},
    own_thread::{OwnThread, ThreadTimes},
    path::{AcceptQueue, PathFigures},
    socket_owner::SocketOwner,
};
