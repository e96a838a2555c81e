//! Kernel interfaces that redis-rs and tokio do not expose: the socket table, the broadcast of destroyed sockets, and
//! the TCP settings.
//!
//! Nothing here needs privileges. On systems other than Linux each interface is absent.

mod destroyed;
#[cfg_attr(not(target_os = "linux"), path = "kernel/no_listener.rs")]
mod listener;
mod netstat;
#[cfg(target_os = "linux")]
mod sock_diag;
mod sysctl;

#[cfg(target_os = "linux")]
pub(crate) use self::sock_diag::{Pair, Table, TcpState};
pub(crate) use self::sysctl::HostFacts;
#[cfg(test)]
pub(crate) use self::sysctl::KeepaliveDefaults;
pub(crate) use self::{destroyed::Destroyed, listener::Listener, netstat::listen_overflows};
