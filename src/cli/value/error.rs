//! The wording of refused values; the argument is added where the error is shown.

use thiserror::Error;

/// A refused value: the problem and the remedy.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(in crate::cli) enum ValueError {
    #[error("'{0}' is not a duration; write for example 500ms, 30s, 1h 30m or a number of seconds")]
    Duration(String),
    #[error("'{0}' is negative; write a duration of 0 or more, for example 500ms")]
    Negative(String),
    #[error("'{0}' is more than 100 years; write for example 30s or 14d")]
    Endless(String),
    #[error("'{text}' is too short; write at least {least}")]
    Short { text: String, least: &'static str },
    #[error("'{0}' is more than the kernel accepts; write at most 24d, or off")]
    UserTimeout(String),
    /// From the grammar of rates, which words its own refusals.
    #[error("{0}")]
    Rate(String),
    #[error("'{0}' is not a pace to publish at; write for example 10/s")]
    Unpaced(String),
    #[error("'{0}' would do nothing; write at least 1, or leave it out to go on until a signal")]
    NoCount(String),
    #[error("'{0}' is not a count; write a whole number from 1, or leave it out to go on until a signal")]
    Count(String),
    #[error("'{0}' is out of range; write a whole number from 1 to 10000")]
    Parallelism(String),
    #[error("'{text}' is out of range; write 1 to {most}, for example {example}")]
    Steps { text: String, most: usize, example: usize },
    #[error("{source}; or write how many silences to try, for example {example}")]
    Silences { source: Box<ValueError>, example: usize },
    #[error("'{0}' is not a port; write a whole number from 1 to 65535")]
    Port(String),
    #[error("'{0}' is not a database number; write a whole number from 0")]
    Db(String),
    #[error("the host is empty (an unset variable?); write for example -h 127.0.0.1")]
    NoHost,
    #[error("this is a URL or a part of one, not a host; give it with -u")]
    UrlAsHost,
    #[error("'{text}' has a port in it; write -h {name} -p {port}")]
    HostWithPort { text: String, name: String, port: String },
    #[error("{0:?} is not a host; write a name or an IP address")]
    Host(String),
    #[error("this is a URL, not a name for the connection; give it with -u")]
    UrlAsClientName,
    #[error("{0:?} is not a client name; the server takes letters, digits and signs without blanks")]
    ClientName(String),
    #[error("'{0}' is not a size; write for example 512, 64k or 1m (at most 16m)")]
    Size(String),
    #[error("'{0}' is too large; a probe carries at most 16m")]
    LargeSize(String),
    #[error("'{0}' is not a seed; write a whole number from 0")]
    Seed(String),
    #[error("'{0}' is not a number of retries; write a whole number from 0, or unlimited")]
    Retries(String),
    #[error("'{0}' is not a backoff factor; write a number from 1 to 1000")]
    BackoffBase(String),
    #[error("'{0}' is neither; write on or off")]
    OnOff(String),
    #[error(
        "'{0}' is not a keepalive setting; write TIME/INTERVAL/PROBES in whole seconds, for example 10/5/3, or off"
    )]
    Keepalive(String),
    #[error(
        "'{0}' is not a watchdog setting; write PERIODxMISSES, for example 1sx2 (a PING each second, dead after 2 \
         misses), or off"
    )]
    Watchdog(String),
    #[error("'{0}' is not an address to listen on; write for example 127.0.0.1:6380")]
    Listen(String),
    #[error("it is empty (an unset variable?); write a channel name")]
    NoChannel,
    #[error("it is a server's URL, not a channel; give it with -u")]
    UrlAsChannel,
}
