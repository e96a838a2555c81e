//! The wording of refused values; the argument is added where the error is shown.

use thiserror::Error;

/// A refused value: the problem and the remedy.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(in crate::cli) enum ValueError {
    #[error("'{0}' is not a duration; expected for example 500ms, 30s, 1h 30m or a number of seconds")]
    Duration(String),
    #[error("'{0}' is negative; expected a duration of 0 or more, for example 500ms")]
    Negative(String),
    #[error("'{0}' is more than 100 years; expected for example 30s or 14d")]
    Endless(String),
    #[error("'{text}' is too short; expected at least {least}")]
    Short { text: String, least: &'static str },
    #[error("'{0}' is more than the kernel accepts; expected at most 24d, or off")]
    UserTimeout(String),
    /// From the grammar of rates, which words its own refusals.
    #[error("{0}")]
    Rate(String),
    #[error("'{0}' is not a pace to publish at; expected for example 10/s")]
    Unpaced(String),
    #[error("'{0}' would do nothing; expected at least 1, or omit the flag to run until a signal")]
    NoCount(String),
    #[error("'{0}' is not a count; expected a whole number from 1, or omit the flag to run until a signal")]
    Count(String),
    #[error("'{0}' is out of range; expected a whole number from 1 to 10000")]
    Parallelism(String),
    #[error("'{text}' is out of range; expected 1 to {most}, for example {example}")]
    Steps { text: String, most: usize, example: usize },
    #[error("{source}; or the number of silences to try, for example {example}")]
    Silences { source: Box<ValueError>, example: usize },
    #[error("'{0}' is not a port; expected a whole number from 1 to 65535")]
    Port(String),
    #[error("'{0}' is not a process id; expected a whole number from 1, as pgrep shows it")]
    Pid(String),
    #[error("'{0}' is not a number of cases; expected a whole number from 1 to 64")]
    Jobs(String),
    #[error("'{0}' is not a database number; expected a whole number from 0")]
    Db(String),
    #[error("the host is empty (an unset variable?); expected for example -h 127.0.0.1")]
    NoHost,
    #[error("this is a URL or a part of one, not a host; use -u URL")]
    UrlAsHost,
    #[error("'{text}' contains a port; use -h {name} -p {port}")]
    HostWithPort { text: String, name: String, port: String },
    #[error("{0:?} is not a host; expected a name or an IP address")]
    Host(String),
    #[error("this is a URL, not a name for the connection; use -u URL")]
    UrlAsClientName,
    #[error("{0:?} is not a client name; expected ASCII letters, digits and signs without blanks")]
    ClientName(String),
    #[error("'{0}' is not a size; expected for example 512, 64k or 1m (at most 16m)")]
    Size(String),
    #[error("'{0}' is too large; a probe carries at most 16m")]
    LargeSize(String),
    #[error("'{0}' is not a size of a file; expected for example 500k, 100m or 2g (at least 64k)")]
    FileSize(String),
    #[error("'{0}' is not a limit for a reply; expected for example 16m, 64m or 1g (at least 1m)")]
    ReplySize(String),
    #[error("'{0}' is not a seed; expected a whole number from 0")]
    Seed(String),
    #[error("'{0}' is not a number of retries; expected a whole number from 0, or unlimited")]
    Retries(String),
    #[error("'{0}' is not a backoff factor; expected a number from 1 to 1000")]
    BackoffBase(String),
    #[error("invalid value '{0}'; expected on or off")]
    OnOff(String),
    #[error(
        "'{0}' is not a keepalive setting; expected TIME/INTERVAL/PROBES in whole seconds, for example 10/5/3, or off"
    )]
    Keepalive(String),
    #[error(
        "'{0}' is not a watchdog setting; expected PERIODxMISSES, for example 1sx2 (a PING every second, dead after 2 \
         misses), or off"
    )]
    Watchdog(String),
    #[error("'{0}' is not an address to listen on; expected for example 127.0.0.1:6380")]
    Listen(String),
    #[error("it is empty (an unset variable?); expected a channel name")]
    NoChannel,
    #[error("it is a server's URL, not a channel; use -u URL")]
    UrlAsChannel,
}
