//! What a finding of a checkup is, and the codes that it can have.

use serde::{Serialize, Serializer};

use crate::report::Severity;

/// Something worth knowing, with what it stands on and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckFinding {
    /// How bad it is.
    pub severity: Severity,
    /// Where more is written about it (`redis-doctor explain CODE`).
    pub code: Option<Code>,
    /// A sentence.
    pub text: String,
    /// What was seen.
    pub evidence: String,
    /// What to do.
    pub remedy: String,
}

impl CheckFinding {
    /// A finding without evidence and remedy; [`CheckFinding::seen`] and [`CheckFinding::remedy`] add them.
    pub(super) fn new(severity: Severity, code: Code, text: impl Into<String>) -> Self {
        Self { severity, code: Some(code), text: text.into(), evidence: String::new(), remedy: String::new() }
    }

    pub(super) fn seen(self, evidence: impl Into<String>) -> Self {
        Self { evidence: evidence.into(), ..self }
    }

    pub(super) fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: remedy.into(), ..self }
    }
}

/// A code of the knowledge base: `RD044`, or an errno.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// `RD` and three digits; kept for ever.
    Rd(u16),
    /// The kernel's error number.
    Errno(i32),
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rd(number) => write!(f, "RD{number:03}"),
            Self::Errno(number) => write!(f, "{number}"),
        }
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The server has as many clients as it may have.
pub(super) const MAX_CLIENTS: Code = Code::Rd(9);
/// Credentials are missing, wrong, or do not suffice.
pub(super) const AUTHENTICATION: Code = Code::Rd(10);
/// A subscriber gets nothing.
pub(super) const NOT_DELIVERED: Code = Code::Rd(24);
/// A long silent blackout is possible.
pub(super) const BLACKOUT: Code = Code::Rd(44);
/// The client has no keepalive.
pub(super) const NO_KEEPALIVE: Code = Code::Rd(45);
/// The server's `tcp-keepalive` is off, or too long.
pub(super) const SERVER_KEEPALIVE: Code = Code::Rd(46);
/// Connections are near `maxclients`.
pub(super) const NEAR_MAX_CLIENTS: Code = Code::Rd(47);
/// The output buffer of subscribers is near its limit, or the limit is too small.
pub(super) const OUTPUT_BUFFER: Code = Code::Rd(48);
/// Memory.
pub(super) const MEMORY: Code = Code::Rd(49);
/// Connected to a replica.
pub(super) const REPLICA: Code = Code::Rd(50);
/// A proxy or NAT in between.
pub(super) const IN_BETWEEN: Code = Code::Rd(51);
/// No RESP3.
pub(super) const NO_RESP3: Code = Code::Rd(52);
/// TLS on one side, plain text on the other.
pub(super) const TLS_MIXED_UP: Code = Code::Rd(53);
/// Protected mode.
pub(super) const PROTECTED_MODE: Code = Code::Rd(54);
/// The table of tracked connections is nearly full.
pub(super) const CONNTRACK: Code = Code::Rd(55);
/// The local ports are nearly used up.
pub(super) const LOCAL_PORTS: Code = Code::Rd(56);
/// Several addresses behind the name.
pub(super) const ADDRESSES: Code = Code::Rd(57);
/// The server closes silent clients.
pub(super) const SERVER_TIMEOUT: Code = Code::Rd(59);
/// The server is loading its dataset.
pub(super) const LOADING: Code = Code::Rd(60);
/// Replication is broken or lags.
pub(super) const REPLICATION: Code = Code::Rd(61);
/// The certificate expires soon.
pub(super) const CERTIFICATE: Code = Code::Rd(62);
/// A slow path or a slow server.
pub(super) const SLOW: Code = Code::Rd(64);
