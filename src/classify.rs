//! The error taxonomy, and the rules that classify an error.
//!
//! An error is classified once, where it happens, with its stage and errno; from then on it is a [`Failure`] whose
//! `text` is only ever shown. The sources of errors are the kernel (`io::Error`), the server (an error reply) and the
//! library (`RedisError`, read in [`client`]); the [`Origin`] names the source, because redis-rs makes up a "broken pipe"
//! *without* an errno after a connection ended in another way.

pub(crate) mod client;
mod code;
mod tls;

use std::io;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use self::tls::is_of_an_authority;
use crate::foreign::Foreign;

/// The kind of a failure, with a stable name: snake_case, and Redis' own code words in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(test, derive(strum::VariantArray))]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// ECONNABORTED (103): the connection was aborted on this host.
    Aborted,
    /// `-ASK`: a cluster slot is being migrated.
    Ask,
    /// `-BUSY`: a script blocks the server.
    Busy,
    /// EPIPE (32) from the kernel: a write to a connection that was already closed.
    BrokenPipeKernel,
    /// The server's TLS certificate has expired.
    CertificateExpired,
    /// The server requires a TLS client certificate, or refuses the one it got.
    ClientCertificate,
    /// `-CLUSTERDOWN`: the cluster does not serve requests.
    #[serde(rename = "clusterdown")]
    ClusterDown,
    /// The connection ended (FIN, or for a reason the library hides): redis-rs' synthetic "broken pipe", or end of file.
    ConnectionClosed,
    /// No connection within the connect timeout (name lookup, TCP, TLS and HELLO together).
    ConnectTimeout,
    /// `-CROSSSLOT`: the keys of one command are in different cluster slots.
    #[serde(rename = "crossslot")]
    CrossSlot,
    /// A reply to another command: the replies are out of step.
    Desync,
    /// The host name could not be resolved.
    Dns,
    /// `-EXECABORT`: the transaction was discarded, because a command in it was refused.
    #[serde(rename = "execabort")]
    ExecAbort,
    /// EHOSTUNREACH (113).
    HostUnreachable,
    /// ETIMEDOUT (110): the kernel gave up retransmitting, or keepalive or TCP_USER_TIMEOUT expired.
    KernelTimeout,
    /// `-LOADING`: the server is still loading its dataset.
    Loading,
    /// `-MASTERDOWN`: a replica lost its primary and serves no stale data.
    #[serde(rename = "masterdown")]
    MasterDown,
    /// `-ERR max number of clients reached`.
    #[serde(rename = "maxclients")]
    MaxClients,
    /// `-MISCONF`: the server refuses writes because persistence fails.
    Misconf,
    /// `-MOVED`: the cluster slot lives on another node.
    Moved,
    /// Short packets pass, and large ones do not.
    MtuBlackHole,
    /// ENETUNREACH (101).
    NetworkUnreachable,
    /// `-NOAUTH`: no password was given.
    #[serde(rename = "noauth")]
    NoAuth,
    /// The command of `--pass-command` or the file of `--pass-file` yields no password.
    NoPassword,
    /// `-NOPERM`: the ACL forbids the command, key or channel.
    #[serde(rename = "noperm")]
    NoPerm,
    /// `-NOREPLICAS`: too few healthy replicas, so the primary refuses writes.
    #[serde(rename = "noreplicas")]
    NoReplicas,
    /// `-OOM`: the server refuses writes at maxmemory.
    Oom,
    /// Any other error; see its text.
    Other,
    /// `-DENIED`: protected mode refuses clients from other hosts.
    ProtectedMode,
    /// Bytes that are not RESP: an HTTP server, a truncated reply, garbage.
    ProtocolGarbage,
    /// `-READONLY`: a write reached a replica.
    #[serde(rename = "readonly")]
    ReadOnly,
    /// ECONNREFUSED (111): nothing is listening; for a unix socket also ENOENT (2).
    Refused,
    /// One reply passed the limit of its size.
    ReplyTooLarge,
    /// ECONNRESET (104): the peer, or something in between, sent RST.
    Reset,
    /// The server does not support HELLO or protocol version 3.
    Resp3Unsupported,
    /// No reply within the response timeout or the probe's own deadline.
    ResponseTimeout,
    /// Another error reply.
    ServerError,
    /// The TLS handshake failed, or a certificate was refused.
    Tls,
    /// `-TRYAGAIN`: a multi-key command met a slot in migration.
    #[serde(rename = "tryagain")]
    TryAgain,
    /// A command waited for a reconnect until its deadline.
    WaitingTimeout,
    /// `-WRONGPASS`, or the library's "Password authentication failed".
    #[serde(rename = "wrongpass")]
    WrongPass,
}

impl ErrorClass {
    /// The server answered with an error: the connection itself works.
    pub fn is_server_reply(self) -> bool {
        self.server_code().is_some() || self == Self::ServerError
    }

    /// The two sides did not agree about TLS.
    pub(crate) fn is_tls(self) -> bool {
        matches!(self, Self::Tls | Self::CertificateExpired | Self::ClientCertificate)
    }

    /// No reply in time; the connection may still work.
    pub fn is_timeout(self) -> bool {
        matches!(self, Self::ResponseTimeout | Self::WaitingTimeout)
    }

    /// The kernel closed the connection after a long silence of the peer: the outage is older than the error.
    pub fn follows_silence(self) -> bool {
        matches!(self, Self::KernelTimeout | Self::HostUnreachable | Self::NetworkUnreachable)
    }

    /// The connection has ended, or could not be made.
    pub fn is_connection_loss(self) -> bool {
        !self.is_server_reply() && !self.is_timeout() && self != Self::Desync
    }

    /// Returns true if the peer ended a connection that it had accepted.
    pub(crate) fn is_hang_up(self) -> bool {
        matches!(self, Self::Aborted | Self::BrokenPipeKernel | Self::ConnectionClosed | Self::Reset)
    }

    /// Returns true if a server that was demoted refuses a write with it.
    pub fn is_by_demoted(self) -> bool {
        matches!(self, Self::ReadOnly | Self::Moved)
    }

    /// Returns true if another server may serve the command: the one that answered does not, or not any more.
    pub(crate) fn is_misplaced(self) -> bool {
        matches!(self, Self::ReadOnly | Self::Moved | Self::ClusterDown)
    }

    /// The server is connected and logged in, but in a state in which it refuses commands that it will accept later.
    pub(crate) fn is_state_of_server(self) -> bool {
        matches!(
            self,
            Self::Busy
                | Self::ClusterDown
                | Self::Loading
                | Self::MasterDown
                | Self::Misconf
                | Self::NoReplicas
                | Self::Oom
                | Self::ReadOnly
        )
    }

    /// Returns the code word of the error replies of this class; [`ErrorClass::from_server_line`] is its inverse.
    fn server_code(self) -> Option<&'static str> {
        SERVER_CODES.iter().find(|(_, class)| *class == self).map(|(code, _)| *code)
    }

    /// Classifies an error reply (without its leading `-`) by its first word, plain `ERR` replies by their wording.
    pub fn from_server_line(line: &str) -> Self {
        let code = line.split_ascii_whitespace().next().unwrap_or_default();
        if let Some((_, class)) = SERVER_CODES.iter().find(|(known, _)| *known == code) {
            return *class;
        }
        // The server has no code word for these, so the wording decides.
        let detail = line.strip_prefix("ERR ").unwrap_or(line).to_ascii_lowercase();
        let is_unknown = detail.starts_with("unknown command") || detail.starts_with("unsupported command");
        if detail.starts_with("max number of clients") {
            Self::MaxClients
        } else if is_unknown && detail.split(',').next().is_some_and(|command| command.contains("hello")) {
            Self::Resp3Unsupported
        } else if detail.starts_with("invalid password") {
            // Redis before version 6, twemproxy and Envoy.
            Self::WrongPass
        } else {
            Self::ServerError
        }
    }

    /// Classifies an error of the kernel or the TLS layer.
    pub fn from_io(error: &io::Error) -> Self {
        match (error.raw_os_error(), error.kind()) {
            (Some(_), io::ErrorKind::BrokenPipe) => Self::BrokenPipeKernel,
            (None, io::ErrorKind::BrokenPipe) | (_, io::ErrorKind::UnexpectedEof | io::ErrorKind::NotConnected) => {
                Self::ConnectionClosed
            }
            (_, io::ErrorKind::ConnectionReset) => Self::Reset,
            (_, io::ErrorKind::ConnectionAborted) => Self::Aborted,
            (_, io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) => Self::Refused,
            (_, io::ErrorKind::HostUnreachable) => Self::HostUnreachable,
            (_, io::ErrorKind::NetworkUnreachable) => Self::NetworkUnreachable,
            (Some(_), io::ErrorKind::TimedOut) => Self::KernelTimeout,
            (None, io::ErrorKind::TimedOut) => Self::ResponseTimeout,
            // rustls reports a bad certificate or record as InvalidData without an errno.
            (None, io::ErrorKind::InvalidData) => Self::Tls,
            // getaddrinfo failures carry neither an errno nor a specific kind.
            (None, kind) if kind != io::ErrorKind::Other => Self::Dns,
            _ => Self::Other,
        }
    }
}

/// The stable name, as in JSON: serde knows which names keep to the server's code word.
impl std::fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.serialize(f)
    }
}

/// First words of error replies. Source: redis `src/server.c` (createSharedObjects), `src/networking.c`, `src/acl.c`.
const SERVER_CODES: &[(&str, ErrorClass)] = &[
    ("ASK", ErrorClass::Ask),
    ("BUSY", ErrorClass::Busy),
    ("CLUSTERDOWN", ErrorClass::ClusterDown),
    ("CROSSSLOT", ErrorClass::CrossSlot),
    ("DENIED", ErrorClass::ProtectedMode),
    ("EXECABORT", ErrorClass::ExecAbort),
    ("LOADING", ErrorClass::Loading),
    ("MASTERDOWN", ErrorClass::MasterDown),
    ("MISCONF", ErrorClass::Misconf),
    ("MOVED", ErrorClass::Moved),
    ("NOAUTH", ErrorClass::NoAuth),
    ("NOPERM", ErrorClass::NoPerm),
    ("NOPROTO", ErrorClass::Resp3Unsupported),
    ("NOREPLICAS", ErrorClass::NoReplicas),
    ("OOM", ErrorClass::Oom),
    ("READONLY", ErrorClass::ReadOnly),
    ("TRYAGAIN", ErrorClass::TryAgain),
    ("WRONGPASS", ErrorClass::WrongPass),
];

/// The operation that failed.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, strum::Display, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Stage {
    /// The host name lookup.
    Dns,
    /// The TCP connect.
    Tcp,
    /// The connect to a unix socket.
    Unix,
    /// The TLS handshake.
    Tls,
    /// HELLO, AUTH and SELECT.
    Hello,
    /// The connection setup, if the library does not report the part.
    Connect,
    /// A command on an established connection.
    Command,
    /// A command that waited for the library to reconnect.
    WaitingForReconnect,
    /// Subscribing, or resubscribing after a reconnect.
    Subscribe,
    /// Publishing a verification message from the second connection.
    Publish,
}

/// The source of an error.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, strum::Display, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Origin {
    /// The operating system, with an errno.
    Kernel,
    /// redis-rs made up the error; an error of the kernel, if any, is lost.
    Library,
    /// The server sent an error reply.
    Server,
    /// redis-doctor itself: its deadline passed, or a reply carried the wrong nonce.
    Doctor,
}

/// The key of a row in the error table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct FailureKey {
    /// The class.
    pub class: ErrorClass,
    /// The operation that failed.
    pub stage: Stage,
    /// The errno, if the error came from the kernel.
    pub errno: Option<i32>,
    /// The source of an error.
    pub origin: Origin,
}

impl FailureKey {
    /// Returns true if the server answered a command of the workload with an error: it was reached, and refused to serve.
    pub fn is_refusal(&self) -> bool {
        match self.stage {
            Stage::Command | Stage::Subscribe | Stage::Publish => self.class.is_server_reply(),
            // The reply to the command itself: no handshake is answered with these.
            Stage::WaitingForReconnect => self.class.is_state_of_server(),
            Stage::Dns | Stage::Tcp | Stage::Unix | Stage::Tls | Stage::Hello | Stage::Connect => false,
        }
    }
}

/// One classified failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// Its row in the error table.
    #[serde(flatten)]
    pub key: FailureKey,
    /// The message of the source: shown, but never compared or parsed.
    pub text: Foreign,
}

impl Failure {
    /// A failure that redis-doctor itself declares.
    pub fn doctor(class: ErrorClass, stage: Stage, text: impl Into<Foreign>) -> Self {
        Self::new(class, stage, Origin::Doctor, text)
    }

    /// An error reply, given without its leading `-`.
    pub fn server(stage: Stage, line: &str) -> Self {
        // Redis ends some of its errors with a comma and a space: the list of a command's arguments.
        let text = Foreign::new(line.trim_end().trim_end_matches(','));
        Self::new(ErrorClass::from_server_line(line), stage, Origin::Server, text)
    }

    /// An error of the kernel, or of a library in its style without an errno.
    pub fn io(stage: Stage, error: &io::Error) -> Self {
        // One that went through the library.
        if let Some(failure) = error.get_ref().and_then(|inner| inner.downcast_ref::<Self>()) {
            return failure.clone();
        }
        let errno = error.raw_os_error();
        let origin = if errno.is_some() { Origin::Kernel } else { Origin::Library };
        let tls = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>()).map(tls::explain);
        let (class, text) = tls.unwrap_or_else(|| (ErrorClass::from_io(error), None));
        // Without an errno it may name what the peer sent.
        let foreign = || if errno.is_some() { error.to_string().into() } else { Foreign::new(&error.to_string()) };
        Self { key: FailureKey { class, stage, errno, origin }, text: text.map_or_else(foreign, Foreign::from) }
    }

    fn new(class: ErrorClass, stage: Stage, origin: Origin, text: impl Into<Foreign>) -> Self {
        Self { key: FailureKey { class, stage, errno: None, origin }, text: text.into() }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.text.fmt(f)
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::{Fuzz, assert_clean};

    #[test]
    fn every_class_has_a_stable_snake_case_name() {
        assert_eq!(ErrorClass::ConnectionClosed.to_string(), "connection_closed");
        assert_eq!(ErrorClass::NoAuth.to_string(), "noauth");
        assert_eq!(ErrorClass::BrokenPipeKernel.to_string(), "broken_pipe_kernel");
        assert_eq!(format!("{:>8}", ErrorClass::Reset), "   reset");
    }

    #[test]
    fn the_errno_decides_between_the_kernels_broken_pipe_and_the_librarys() {
        let kernel = Failure::io(Stage::Command, &io::Error::from_raw_os_error(32));
        assert_eq!((kernel.key.class, kernel.key.origin), (ErrorClass::BrokenPipeKernel, Origin::Kernel));
        assert_eq!(kernel.key.errno, Some(32));
        let library = Failure::io(Stage::Command, &io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!((library.key.class, library.key.origin), (ErrorClass::ConnectionClosed, Origin::Library));
        assert_eq!(library.key.errno, None);
    }

    #[test]
    fn kernel_errors_have_their_own_classes() {
        for (errno, class) in [
            (101, ErrorClass::NetworkUnreachable),
            (103, ErrorClass::Aborted),
            (104, ErrorClass::Reset),
            (110, ErrorClass::KernelTimeout),
            (111, ErrorClass::Refused),
            (113, ErrorClass::HostUnreachable),
            (2, ErrorClass::Refused),
        ] {
            assert_eq!(ErrorClass::from_io(&io::Error::from_raw_os_error(errno)), class, "errno {errno}");
        }
    }

    #[test]
    fn error_replies_are_sorted_by_their_code_word() {
        for (line, class) in [
            ("WRONGPASS invalid username-password pair or user is disabled.", ErrorClass::WrongPass),
            ("NOAUTH Authentication required.", ErrorClass::NoAuth),
            ("LOADING Redis is loading the dataset in memory", ErrorClass::Loading),
            ("ERR max number of clients reached", ErrorClass::MaxClients),
            ("DENIED Redis is running in protected mode", ErrorClass::ProtectedMode),
            ("NOREPLICAS Not enough good replicas to write.", ErrorClass::NoReplicas),
            ("EXECABORT Transaction discarded because of previous errors.", ErrorClass::ExecAbort),
            ("CROSSSLOT Keys in request don't hash to the same slot", ErrorClass::CrossSlot),
            ("ERR unknown command `HELLO`, with args beginning with: `3`, ", ErrorClass::Resp3Unsupported),
            ("ERR unknown command 'HELLO', with args beginning with: '3' ", ErrorClass::Resp3Unsupported),
            ("ERR unsupported command `hello`", ErrorClass::Resp3Unsupported),
            ("unsupported command 'HELLO'", ErrorClass::Resp3Unsupported),
            ("unsupported command 'CLIENT'", ErrorClass::ServerError),
            ("ERR invalid password", ErrorClass::WrongPass),
            ("ERR unknown command `SSUBSCRIBE`, with args beginning with: `hello`, ", ErrorClass::ServerError),
            ("ERR DB index is out of range", ErrorClass::ServerError),
            ("", ErrorClass::ServerError),
        ] {
            assert_eq!(ErrorClass::from_server_line(line), class, "{line}");
        }
    }

    #[test]
    fn fuzz_error_replies() {
        Fuzz::new("errors", &["ERR ", "unknown command", "hello", "LOADING", ","]).run_on_text(|line| {
            let failure = Failure::server(Stage::Command, line);
            assert_clean(&failure.to_string());
            let json = serde_json::to_string(&failure).unwrap();
            assert_eq!(serde_json::from_str::<Failure>(&json).unwrap(), failure);
        });
    }
}
