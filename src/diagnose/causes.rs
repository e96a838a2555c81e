//! The causes, in one list: the name of a cause is the name of its file.
//!
//! The order is the precedence: where two causes fit equally well, the first is named, so the more particular one comes
//! first. A new cause is a file in `causes/`, a line here, an entry in the knowledge base under its code, and its cases
//! in the tests. The macro declares the files, so rustfmt does not find them on its own; `tests/run` names them.

use std::{cmp::Ordering, fmt};

use schemars::JsonSchema;
use serde::Serialize;

use super::argument::CauseDef;

macro_rules! causes {
    ($($file:ident => $cause:ident,)*) => {
        $(mod $file;)*

        /// A cause of a lost or silent connection.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum Cause {
            $(#[doc = concat!("`", stringify!($file), "`")] $cause,)*
        }

        impl Cause {
            /// Every cause, in the order of precedence.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$cause),*];

            /// The stable name, as in JSON.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$cause => stringify!($file),)* }
            }

            pub(super) fn def(self) -> &'static CauseDef {
                match self { $(Self::$cause => &$file::CAUSE,)* }
            }
        }
    };
}

causes! {
    planned_maintenance => PlannedMaintenance,
    authentication_changed => AuthenticationChanged,
    max_clients => MaxClients,
    client_stall => ClientStall,
    protocol_error => ProtocolError,
    oversized_reply => OversizedReply,
    failover => Failover,
    dns_moved => DnsMoved,
    server_crashed => ServerCrashed,
    server_restarted => ServerRestarted,
    server_idle_timeout => ServerIdleTimeout,
    client_evicted => ClientEvicted,
    output_buffer_limit => OutputBufferLimit,
    query_buffer_limit => QueryBufferLimit,
    client_killed => ClientKilled,
    middlebox_idle_limit => MiddleboxIdleLimit,
    blocking_command => BlockingCommand,
    clients_paused => ClientsPaused,
    slow_command => SlowCommand,
    slow_disk => SlowDisk,
    fork_stall => ForkStall,
    slow_network => SlowNetwork,
    slow_server => SlowServer,
    accept_queue_full => AcceptQueueFull,
    path_lost => PathLost,
    server_frozen => ServerFrozen,
    network_reset => NetworkReset,
    proxy_closed => ProxyClosed,
    unknown => Unknown,
}

impl Cause {
    /// True if it can make replies late without ending or silencing the connection.
    pub(super) fn slows(self) -> bool {
        matches!(
            self,
            Self::BlockingCommand
                | Self::ClientStall
                | Self::ClientsPaused
                | Self::ForkStall
                | Self::SlowCommand
                | Self::SlowDisk
                | Self::SlowNetwork
                | Self::SlowServer
        )
    }

    /// The code, for `redis-doctor explain`.
    pub(crate) fn code(self) -> &'static str {
        self.def().code
    }

    /// The remedy, in one sentence.
    pub(crate) fn remedy(self) -> &'static str {
        self.def().remedy
    }

    /// `network_reset` in prose: `network reset`.
    pub(crate) fn words(self) -> String {
        self.name().replace('_', " ")
    }
}

/// Lists are in the order of the codes.
impl Ord for Cause {
    fn cmp(&self, other: &Self) -> Ordering {
        self.code().cmp(other.code())
    }
}

impl PartialOrd for Cause {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
