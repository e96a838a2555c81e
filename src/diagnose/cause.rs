//! The causes: a closed list with stable names and codes.

use std::fmt;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// What can end or silence a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum Cause {
    /// The server process ended and a new one took its place.
    ServerRestarted,
    /// The server process was killed, or its machine went down.
    ServerCrashed,
    /// Another node took over, or this one was demoted.
    Failover,
    /// The service had announced it.
    PlannedMaintenance,
    /// CLIENT KILL, by an operator or a program.
    ClientKilled,
    /// The server's `timeout` for silent clients.
    ServerIdleTimeout,
    /// The client read too slowly for the server's `client-output-buffer-limit`.
    OutputBufferLimit,
    /// The server freed memory by closing clients (`maxmemory-clients`).
    ClientEvicted,
    /// The server has as many clients as it takes, and does not let this one in.
    MaxClients,
    /// The credentials or rights of the user were changed.
    AuthenticationChanged,
    /// Something between client and server reset the connection.
    NetworkReset,
    /// Something between client and server forgets connections that are silent for so long.
    MiddleboxIdleLimit,
    /// Packets stopped to get through, and nobody was told.
    PathLost,
    /// The name stands for another address now.
    DnsMoved,
    /// The server process answered nobody for a while.
    ServerFrozen,
    /// This machine, or this program, was the one that was late.
    ClientStall,
    /// What came was not the protocol.
    ProtocolError,
    /// Nothing fits.
    Unknown,
}

impl Cause {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 18] = [
        Self::ServerRestarted,
        Self::ServerCrashed,
        Self::Failover,
        Self::PlannedMaintenance,
        Self::ClientKilled,
        Self::ServerIdleTimeout,
        Self::OutputBufferLimit,
        Self::ClientEvicted,
        Self::MaxClients,
        Self::AuthenticationChanged,
        Self::NetworkReset,
        Self::MiddleboxIdleLimit,
        Self::PathLost,
        Self::DnsMoved,
        Self::ServerFrozen,
        Self::ClientStall,
        Self::ProtocolError,
        Self::Unknown,
    ];

    /// The stable name, as JSON has it.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// Its code, for `redis-doctor explain`.
    pub fn code(self) -> &'static str {
        self.row().1
    }

    /// What can be done, in a sentence.
    pub fn remedy(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> &'static Row {
        // The table is in the order of the causes; a test keeps it so.
        ROWS.get(self as usize).unwrap_or(&ROWS[0])
    }
}

/// A name, a code, and what can be done.
type Row = (&'static str, &'static str, &'static str);

const ROWS: [Row; Cause::ALL.len()] = [
    (
        "server_restarted",
        "RD001",
        "find out who restarts it (deployment, supervisor, maintenance window), and let the client retry without limit",
    ),
    (
        "server_crashed",
        "RD002",
        "read the server's log and the kernel's (out of memory?), and let the client retry without limit",
    ),
    (
        "failover",
        "RD003",
        "let the client retry without limit and resolve the name at each attempt; READONLY must end the connection",
    ),
    ("planned_maintenance", "RD004", "choose the service's maintenance window, and let the client retry without limit"),
    ("client_killed", "RD005", "find out who sends CLIENT KILL: an operator, a script, or a failover manager"),
    ("server_idle_timeout", "RD006", "set the server's 'timeout' to 0, or let the client PING more often than that"),
    (
        "output_buffer_limit",
        "RD007",
        "read messages faster than they are published, or raise client-output-buffer-limit",
    ),
    ("client_evicted", "RD008", "raise maxmemory-clients, or use CLIENT NO-EVICT ON for clients that must stay"),
    ("max_clients", "RD009", "raise maxclients, or find out with CLIENT LIST who holds the connections"),
    (
        "authentication_changed",
        "RD010",
        "give the client its present credentials and rights; ACL LOG on the server names what is refused",
    ),
    (
        "network_reset",
        "RD011",
        "look at what is between client and server (firewall, NAT, load balancer, proxy): it ended the flow",
    ),
    ("middlebox_idle_limit", "RD012", "send keepalive or PING well within the limit, or raise the limit"),
    (
        "path_lost",
        "RD013",
        "set keepalive, TCP_USER_TIMEOUT or a watchdog, so that the client notices within seconds, not after 16 minutes",
    ),
    ("dns_moved", "RD014", "keep the name's TTL short, and let the client resolve it at each attempt"),
    (
        "server_frozen",
        "RD015",
        "look for what blocks the server: SLOWLOG, CLIENT PAUSE, fork and swap, a stopped virtual machine",
    ),
    ("client_stall", "RD016", "give this machine more CPU time, and do not let it sleep: the server is not to blame"),
    ("protocol_error", "RD017", "look at proxies on the way: one answers in another protocol, or cuts replies off"),
    (
        "unknown",
        "RD018",
        "keep a --journal over the next one, and capture its packets (tcpdump): they show who closed first, and how",
    ),
];

/// The stable name, as JSON has it.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Cause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
