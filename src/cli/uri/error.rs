//! The wording of refused URLs.
//!
//! A URL that cannot be parsed may hold a password anywhere: a message shows the URL only as
//! [`masked`](super::masked) allows, and no other part of it than a port.

use thiserror::Error;

use super::SCHEMES;

const ENCODE: &str = "in a user or password, write @ as %40, : as %3A, / as %2F, ? as %3F, # as %23, % as %25";
const PORT: &str = "expected 1 to 65535";

/// A refused URL.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}{problem}", shown.as_ref().map(|shown| format!("'{shown}': ")).unwrap_or_default())]
pub(in crate::cli) struct UrlError {
    /// The part of it that may be shown.
    pub(super) shown: Option<String>,
    #[source]
    pub(super) problem: UrlProblem,
}

/// The problem of a URL, and the remedy.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(in crate::cli) enum UrlProblem {
    #[error("the URL contains a blank or a line break; expected one line, with %20 for a blank")]
    Blank,
    #[error("this is not a URL; expected redis://{0}")]
    HostAndPort(String),
    #[error("this is not a URL; expected for example redis://127.0.0.1:6379")]
    NoScheme,
    #[error("the scheme {}is not supported; expected one of {}", quoted(.0.as_deref()), SCHEMES.join(", "))]
    Scheme(Option<String>),
    #[error("only ping, soak and subscribe take the scheme '{0}'; name a single server")]
    Deployment(String),
    #[error("'{0}:' must be followed by //; expected for example {0}://…")]
    NoSlashes(String),
    #[error(
        "the URL has a '#' part, which has no meaning here; {}",
        if *.login { ENCODE } else { "remove it (only #insecure is known, after rediss:// or valkeys://)" }
    )]
    Fragment { login: bool },
    #[error("the URL has an '@' after its '?'; {ENCODE}")]
    LoginInQuery,
    #[error("the URL cannot be read ({0}); {ENCODE}")]
    Unreadable(#[source] url::ParseError),
    #[error("an IPv6 address in a URL needs brackets; expected for example redis://[::1]:6379")]
    Ipv6,
    #[error("the port {0} does not exist; {PORT}")]
    NoSuchPort(String),
    #[error("the part after the host's ':' is not a port; {PORT} (a password goes before the host, with an @)")]
    NotAPort,
    #[error("the port in the URL is 0; {PORT}")]
    PortZero,
    #[error("the URL has no host; expected for example redis://127.0.0.1:6379; {ENCODE}")]
    NoHost,
    #[error("the host in the URL is not a name or an IP address; expected for example redis://127.0.0.1:6379")]
    Host,
    #[error("the URL has several hosts; expected one")]
    Hosts,
    #[error("the URL names no socket; expected the whole path: {scheme}:///path/to/socket")]
    NoSocket { scheme: String },
    /// A password with a '/' in it ends up here, with the '@' that follows it.
    #[error(
        "the database in the URL is not a whole number from 0; {}",
        if *.login { ENCODE } else { "expected for example redis://127.0.0.1:6379/0" }
    )]
    Db { login: bool },
    #[error("invalid protocol in the URL; expected protocol=resp3, protocol=resp2 or protocol=auto")]
    Protocol,
    #[error("the {part} in the URL is not valid UTF-8; write its bytes as %XX, in UTF-8")]
    NotUtf8 { part: &'static str },
}

fn quoted(scheme: Option<&str>) -> String {
    scheme.map(|scheme| format!("'{scheme}' ")).unwrap_or_default()
}
