//! An application under diagnosis, and the clients that may order faults.

use std::{
    ffi::OsString,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TlsIdentity;

/// An application that connects through the fault proxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Application {
    /// Address on which the proxy listens.
    pub listen: SocketAddr,
    /// The way in which redis-doctor starts it; `None` for one that is started otherwise.
    #[serde(skip)]
    pub(crate) launch: Option<Launch>,
    /// Clients that may order faults.
    #[serde(skip)]
    pub(crate) orders: Orders,
    /// Certificate with which the proxy speaks TLS to it; `None` for plaintext.
    #[serde(skip)]
    pub(crate) identity: Option<TlsIdentity>,
    /// True if the schedules of the faults wait until the application is healthy.
    #[serde(skip)]
    pub(crate) held: bool,
}

/// A command that redis-doctor starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Launch {
    /// Program with its arguments, which may be secret; {url} is replaced in them.
    pub command: Vec<OsString>,
    /// Environment variables that get the URL, besides REDIS_URL.
    pub url_names: Vec<String>,
    /// File to which its output is appended; `None` is stderr.
    pub log: Option<PathBuf>,
    /// The authority of the proxy; `None` if it does not speak TLS.
    pub trust: Option<Trust>,
}

/// The authority that an application trusts, so that it can speak TLS to the proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trust {
    /// File of its certificate, which replaces {ca} in commands.
    pub authority: PathBuf,
    /// File of its certificate, with those that this system trusts.
    pub roots: PathBuf,
}

impl Launch {
    /// Returns a command that a shell runs.
    pub(crate) fn shell(command: &OsString) -> Self {
        Self { command: vec!["sh".into(), "-c".into(), command.clone()], ..Self::default() }
    }
}

/// The application of a drill.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Subject {
    /// Shell command that starts it, which may contain secrets; `None` if it runs already.
    pub command: Option<OsString>,
    /// Environment variables that get the URL of the proxy, besides REDIS_URL.
    pub url_names: Vec<String>,
    /// Shell command that succeeds while the application is healthy.
    pub health: Option<OsString>,
    /// Shell command that makes it work.
    pub load: Option<OsString>,
    /// Address of the proxy; with port 0, each case has its own.
    pub listen: SocketAddr,
    /// The authority of the proxy; `None` if it does not speak TLS.
    pub trust: Option<Trust>,
}

impl Subject {
    /// Returns the way in which one of its commands is started.
    pub(crate) fn launch(&self, command: &OsString, log: Option<&Path>) -> Launch {
        let (url_names, trust) = (self.url_names.clone(), self.trust.clone());
        Launch { url_names, trust, log: log.map(Path::to_owned), ..Launch::shell(command) }
    }
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
