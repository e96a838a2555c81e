//! An application under diagnosis, and the clients that may order faults.

use std::{ffi::OsString, net::SocketAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An application that connects through the fault proxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Application {
    /// Address on which the proxy listens.
    pub listen: SocketAddr,
    /// Program that redis-doctor starts, with its arguments, which may be secret; empty for one that is started otherwise.
    #[serde(skip)]
    pub(crate) command: Vec<OsString>,
    /// Clients that may order faults.
    #[serde(skip)]
    pub(crate) orders: Orders,
}

/// The clients that may order faults with `DOCTOR …` commands on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Orders {
    /// None: such commands go to the server.
    #[default]
    Nobody,
    /// Clients on this machine.
    Local,
    /// Clients that have sent `DOCTOR TOKEN` with this token on the same connection.
    Token(String),
}
