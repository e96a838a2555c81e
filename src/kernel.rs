//! Kernel interfaces that redis-rs and tokio do not expose: the socket table, the broadcast of destroyed sockets, the
//! sockets, the memory and the CPU time of this process, and the TCP settings.
//!
//! Nothing here needs privileges. On systems other than Linux each interface is absent.

#[cfg(target_os = "linux")]
mod bytes;
#[cfg(target_os = "linux")]
mod cgroups;
mod destroyed;
#[cfg_attr(not(target_os = "linux"), path = "kernel/no_listener.rs")]
mod listener;
#[cfg_attr(not(target_os = "linux"), path = "kernel/no_own_connections.rs")]
mod own_connections;
mod own_thread;
mod pair;
mod path;
mod process;
mod resolver;
#[cfg(target_os = "linux")]
mod sock_diag;
mod socket;
#[cfg(target_os = "linux")]
mod socket_filter;
#[cfg_attr(not(target_os = "linux"), path = "kernel/no_socket_list.rs")]
mod socket_list;
mod socket_owner;
mod sysctl;
mod tcp_info;
mod tcp_state;

#[cfg(target_os = "linux")]
pub(crate) use self::own_connections::{ends, link_of, own_sockets, second};
#[cfg(test)]
pub(crate) use self::resolver::Resolver;
#[cfg(target_os = "linux")]
pub(crate) use self::sock_diag::Table;
pub(crate) use self::sysctl::{HostFacts, listen_overflows};
pub(crate) use self::{
    destroyed::Destroyed,
    listener::Listener,
    own_connections::{OwnConnection, OwnConnections, OwnMemory},
    own_thread::{OwnThread, ThreadTimes},
    pair::Pair,
    path::{AcceptQueue, PathFigures},
    process::{Process, ProcessError},
    socket::{Ends, Selection, Socket, Timer},
    socket_list::SocketList,
    socket_owner::SocketOwner,
    tcp_info::TcpInfo,
    tcp_state::TcpState,
};
#[cfg(test)]
pub(crate) use self::{sysctl::KeepaliveDefaults, tcp_info::SentBytes};
