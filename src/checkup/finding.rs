//! The codes of the findings of a checkup.

pub(crate) use crate::verdict::CheckFinding;

/// The server has reached its maximum number of clients.
pub(super) const MAX_CLIENTS: &str = "RD009";
/// Credentials are missing, wrong, or insufficient.
pub(super) const AUTHENTICATION: &str = "RD010";
/// A message did not reach its subscriber.
pub(super) const NOT_DELIVERED: &str = "RD024";
/// A dead connection can stay unnoticed for long.
pub(super) const BLACKOUT: &str = "RD044";
/// The client has no keepalive.
pub(super) const NO_KEEPALIVE: &str = "RD045";
/// The server's `tcp-keepalive` is off, or too long.
pub(super) const SERVER_KEEPALIVE: &str = "RD046";
/// Connections are near `maxclients`.
pub(super) const NEAR_MAX_CLIENTS: &str = "RD047";
/// The output buffer of subscribers is near its limit, or the limit is too small.
pub(super) const OUTPUT_BUFFER: &str = "RD048";
/// Memory.
pub(super) const MEMORY: &str = "RD049";
/// Connected to a replica.
pub(super) const REPLICA: &str = "RD050";
/// A proxy or NAT in between.
pub(super) const IN_BETWEEN: &str = "RD051";
/// No RESP3.
pub(super) const NO_RESP3: &str = "RD052";
/// TLS on one side, plaintext on the other.
pub(super) const TLS_MIXED_UP: &str = "RD053";
/// Protected mode.
pub(super) const PROTECTED_MODE: &str = "RD054";
/// The conntrack table is nearly full.
pub(super) const CONNTRACK: &str = "RD055";
/// The local ports are nearly exhausted.
pub(super) const LOCAL_PORTS: &str = "RD056";
/// The host name resolves to several addresses.
pub(super) const ADDRESSES: &str = "RD057";
/// The server closes idle clients.
pub(super) const SERVER_TIMEOUT: &str = "RD059";
/// The server is loading its dataset.
pub(super) const LOADING: &str = "RD060";
/// Replication is broken or lags.
pub(super) const REPLICATION: &str = "RD061";
/// The certificate expires soon.
pub(super) const CERTIFICATE: &str = "RD062";
/// The certificate of the server is not checked.
pub(super) const INSECURE: &str = "RD211";
/// A slow path or a slow server.
pub(super) const SLOW: &str = "RD064";
/// Several servers answer at the address.
pub(super) const SEVERAL_SERVERS: &str = "RD153";
/// Connected to a Sentinel.
pub(super) const SENTINEL: &str = "RD065";
/// The server cannot save its data, and may refuse writes.
pub(super) const MISCONF: &str = "RD115";
/// The cluster does not serve all of its slots.
pub(super) const CLUSTER_DOWN: &str = "RD105";
/// A key belongs to another node of the cluster.
pub(super) const MOVED: &str = "RD116";
/// Large packets are lost on the path.
pub(super) const MTU_BLACK_HOLE: &str = "RD182";
/// The name lookup is slow.
pub(super) const SLOW_LOOKUP: &str = "RD183";
/// Writes wait for the disk.
pub(super) const DELAYED_FSYNC: &str = "RD184";
/// The cluster announces an address that clients cannot use.
pub(super) const CLUSTER_ADDRESS: &str = "RD185";
/// Fewer replicas than `min-replicas-to-write`.
pub(super) const TOO_FEW_REPLICAS: &str = "RD186";
/// A blocking command holds up its own connection.
pub(super) const BLOCKING_COMMAND: &str = "RD174";
/// CLIENT PAUSE holds back commands.
pub(super) const CLIENTS_PAUSED: &str = "RD173";
/// Slow commands hold up all clients.
pub(super) const SLOW_COMMANDS: &str = "RD187";
/// The accept queue is full.
pub(super) const ACCEPT_QUEUE: &str = "RD188";
