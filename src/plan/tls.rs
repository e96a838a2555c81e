//! The encryption of connections to a server: the name that it must prove, the trusted authorities, and the client's
//! certificate.

use std::{fmt, path::PathBuf, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The TLS settings of a target, as redis-cli names them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TlsOptions {
    /// Name that is sent as SNI and must be in the certificate; null is the host.
    #[serde(default)]
    pub sni: Option<String>,
    /// File of the trusted certificates; null, as with `cacertdir`, is the system's certificates.
    #[serde(default)]
    pub cacert: Option<PathBuf>,
    /// Directory of trusted certificates.
    #[serde(default)]
    pub cacertdir: Option<PathBuf>,
    /// File of the client's certificate; null if it presents none.
    #[serde(default)]
    pub cert: Option<PathBuf>,
    /// File of its private key.
    #[serde(default)]
    pub key: Option<PathBuf>,
    /// True if the server's certificate is not checked.
    #[serde(default)]
    pub insecure: bool,
    /// Contents of the files, as read at the start.
    #[serde(skip)]
    pub(crate) files: Arc<TlsFiles>,
}

impl TlsOptions {
    /// Returns true if nothing is set.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Returns the name that the server must prove.
    pub(crate) fn name<'a>(&'a self, host: &'a str) -> &'a str {
        self.sni.as_deref().unwrap_or(host)
    }
}

/// The contents of the files in PEM form.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// The trusted certificates; `None` for the system's.
    pub roots: Option<Vec<u8>>,
    /// The client's certificate.
    pub identity: Option<TlsIdentity>,
}

/// A client's certificate, in PEM form.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct TlsIdentity {
    /// The certificate, followed by those of its issuers.
    pub certificate: Vec<u8>,
    /// The private key.
    pub key: Vec<u8>,
}

/// Without the contents, which are a secret.
impl fmt::Debug for TlsIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsIdentity").finish_non_exhaustive()
    }
}

/// Without the contents: one of them is a secret.
impl fmt::Debug for TlsFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsFiles")
            .field("roots", &self.roots.is_some())
            .field("identity", &self.identity.is_some())
            .finish()
    }
}
