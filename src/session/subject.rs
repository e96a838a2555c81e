//! The subject: an unmodified redis-rs ConnectionManager (or a plain MultiplexedConnection, for the policy `bare`),
//! configured by the policy.

use std::time::Duration;

use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo,
    ProtocolVersion, PushInfo, RedisConnectionInfo, RedisResult, TlsCertificates, Value,
    aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection, PubSub},
    io::tcp::{TcpSettings, socket2::TcpKeepalive},
};

use super::credentials::Provider;
use crate::{
    classify::{Failure, Stage, client},
    clock::within,
    dial::Dialect,
    plan::{Address, Name, Pace, Password, Plan, ProbePlan, ReconnectPolicy, Resubscription, SubscriptionPlan, Target},
};

/// Channels per SUBSCRIBE: with a round trip each, thousands of channels would take seconds.
const CHANNELS_PER_COMMAND: usize = 250;

/// Parts into which the commands of many workers are divided.
const PARTS: u32 = 4;

/// The connection under test; clones share it.
#[derive(Clone)]
pub(super) enum Subject {
    /// Reconnects on its own.
    Managed(ConnectionManager),
    /// Never reconnects.
    Bare(MultiplexedConnection),
}

impl Subject {
    /// Sends one command; an error reply is an error.
    #[inline]
    pub(super) async fn send(&mut self, command: &Cmd) -> RedisResult<Value> {
        let reply = match self {
            Self::Managed(manager) => manager.send_packed_command(command).await,
            Self::Bare(connection) => connection.send_packed_command(command).await,
        };
        reply.and_then(Value::extract_error)
    }

    /// Completes once there is a connection to send commands on; false if the library gave up. It sends nothing: redis-rs
    /// refuses an empty command, but only after it has waited for the connection.
    pub(super) async fn connected(&mut self) -> bool {
        match self {
            Self::Managed(manager) => {
                let refused = manager.send_packed_command(&Cmd::new()).await;
                refused.is_err_and(|error| error.kind() == ErrorKind::Client)
            }
            Self::Bare(_) => true,
        }
    }

    /// Returns the number of commands that [`Self::subscribe`] sends one after the other.
    pub(super) fn subscribing_commands(wanted: &SubscriptionPlan) -> usize {
        wanted.channels.len().div_ceil(CHANNELS_PER_COMMAND) + wanted.patterns.len() + wanted.shards.len()
    }

    /// Subscribes to everything in the plan; succeeds when the server has confirmed all of it.
    pub(super) async fn subscribe(&mut self, wanted: &SubscriptionPlan) -> RedisResult<()> {
        for channels in wanted.channels.chunks(CHANNELS_PER_COMMAND) {
            let names: Vec<_> = channels.iter().map(Name::as_bytes).collect();
            match self {
                Self::Managed(manager) => manager.subscribe(names).await?,
                Self::Bare(connection) => connection.subscribe(names).await?,
            }
        }
        for pattern in &wanted.patterns {
            match self {
                Self::Managed(manager) => manager.psubscribe(pattern.as_bytes()).await?,
                Self::Bare(connection) => connection.psubscribe(pattern.as_bytes()).await?,
            }
        }
        for shard in &wanted.shards {
            // redis-rs has a method for this only in its cluster client, but the confirmation arrives as the reply
            // here, too.
            self.send(redis::cmd("SSUBSCRIBE").arg(shard.as_bytes())).await?;
        }
        Ok(())
    }
}

/// Opens connections to one target under one policy.
pub(super) struct Dialer {
    client: Client,
    policy: ReconnectPolicy,
    resp3: bool,
    /// Commands that the library queues before it writes; `None` is its default.
    queue: Option<usize>,
    /// The user and the password that each attempt asks for.
    asked: Option<(Option<String>, Password)>,
}

impl Dialer {
    /// Prepares connections to a target, with the queue that the plan needs.
    pub(super) fn new(plan: &Plan, target: &Target, policy: ReconnectPolicy, dialect: Dialect) -> RedisResult<Self> {
        let queue = plan.probes.as_ref().and_then(queue);
        let asked = target.password.clone().filter(|password| matches!(password, Password::Asked(_)));
        let asked = asked.map(|password| (target.user.clone(), password));
        Ok(Self { client: client(target, &policy, dialect)?, policy, resp3: dialect.resp3, queue, asked })
    }

    /// Creates a managed connection; its first command connects it.
    pub(super) fn managed<F>(&self, push: F) -> RedisResult<ConnectionManager>
    where
        F: Fn(PushInfo) -> Result<(), String> + Send + Sync + 'static,
    {
        let policy = &self.policy;
        let mut config = ConnectionManagerConfig::new()
            .set_number_of_retries(policy.retry_budget())
            .set_min_delay(policy.min_delay)
            .set_exponent_base(policy.backoff_base)
            .set_connection_timeout(Some(policy.connect_timeout))
            .set_response_timeout(Some(policy.response_timeout));
        if let Some(queue) = self.queue {
            config = config.set_pipeline_buffer_size(queue);
        }
        if let Some((user, password)) = self.asked.clone() {
            config = config.set_credentials_provider(Provider { user, password });
        }
        if let Some(max_delay) = policy.max_delay {
            config = config.set_max_delay(max_delay);
        }
        if self.resp3 {
            config = config.set_push_sender(push);
            if policy.resubscribe && policy.resubscription == Resubscription::Library {
                config = config.set_automatic_resubscription();
            }
        }
        self.client.get_connection_manager_lazy(config)
    }

    /// Opens a plain connection.
    pub(super) async fn plain<F>(&self, push: Option<F>) -> RedisResult<MultiplexedConnection>
    where
        F: Fn(PushInfo) -> Result<(), String> + Send + Sync + 'static,
    {
        let mut config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.policy.connect_timeout))
            .set_response_timeout(Some(self.policy.response_timeout));
        if let Some(queue) = self.queue {
            config = config.set_pipeline_buffer_size(queue);
        }
        if let Some((user, password)) = self.asked.clone() {
            config = config.set_credentials_provider(Provider { user, password });
        }
        if let Some(push) = push.filter(|_| self.resp3) {
            config = config.set_push_sender(push);
        }
        // The library's own limit is the same.
        let made =
            within(self.policy.connect_timeout, self.client.get_multiplexed_async_connection_with_config(&config));
        made.await.unwrap_or_else(timed_out)
    }

    /// Opens the second connection for subscriptions over RESP2, and waits for all confirmations.
    pub(super) async fn subscriber(&self, wanted: &SubscriptionPlan) -> Result<PubSub, Failure> {
        let made = within(self.policy.connect_timeout, self.pubsub()).await;
        let made = made.unwrap_or_else(timed_out);
        let mut pubsub = made.map_err(|error| client::failure(Stage::Connect, &error))?;
        let patience = self.policy.response_timeout;
        subscribe(&mut pubsub, wanted, patience).await.map_err(|error| client::failure(Stage::Subscribe, &error))?;
        Ok(pubsub)
    }

    async fn pubsub(&self) -> RedisResult<PubSub> {
        let Some((user, password)) = self.asked.clone() else { return self.client.get_async_pubsub().await };
        // This kind of connection has no provider.
        let login = Provider::credentials(user, password).await?;
        let info = self.client.get_connection_info();
        let settings = info.redis_settings().clone().set_username(login.username()).set_password(login.password());
        Client::open(info.clone().set_redis_settings(settings))?.get_async_pubsub().await
    }
}

/// Subscribes, with a limit on the wait for each confirmation: redis-rs sets none on this kind of connection.
async fn subscribe(pubsub: &mut PubSub, wanted: &SubscriptionPlan, patience: Duration) -> RedisResult<()> {
    for channels in wanted.channels.chunks(CHANNELS_PER_COMMAND) {
        let names = channels.iter().map(Name::as_bytes).collect::<Vec<_>>();
        within(patience, pubsub.subscribe(names)).await.unwrap_or_else(timed_out)?;
    }
    for pattern in &wanted.patterns {
        within(patience, pubsub.psubscribe(pattern.as_bytes())).await.unwrap_or_else(timed_out)?;
    }
    Ok(())
}

/// Returns the error that redis-rs returns after its own timeout.
fn timed_out<T>() -> RedisResult<T> {
    Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into())
}

/// Returns the queue length for many unpaced workers on one connection. With the default they fall into lockstep with
/// the server: it replies to all of them together, they all send together, and one side always sleeps while the other
/// works. A queue for a part of them makes the library write that part while the others prepare theirs.
fn queue(probes: &ProbePlan) -> Option<usize> {
    let many = probes.pace == Pace::Unpaced && probes.concurrency >= 4 * PARTS;
    many.then(|| probes.concurrency.div_ceil(PARTS) as usize)
}

/// Returns the library's client of a target.
fn client(target: &Target, policy: &ReconnectPolicy, dialect: Dialect) -> RedisResult<Client> {
    let info = connection_info(target, policy, dialect)?;
    match certificates(target) {
        Some(certificates) => Client::build_with_tls(info, certificates),
        None => Client::open(info),
    }
}

/// Returns the certificates of a target that are not the system's.
pub(super) fn certificates(target: &Target) -> Option<TlsCertificates> {
    let files = &target.tls.files;
    if !target.speaks_tls() || files.roots.is_none() && files.identity.is_none() {
        return None;
    }
    let client_tls = files.identity.as_ref().map(|identity| ClientTlsConfig {
        client_cert: identity.certificate.clone(),
        client_key: identity.key.clone(),
    });
    Some(TlsCertificates { client_tls, root_cert: files.roots.clone() })
}

pub(super) fn connection_info(
    target: &Target,
    policy: &ReconnectPolicy,
    dialect: Dialect,
) -> RedisResult<ConnectionInfo> {
    let address = match &target.address {
        Address::Tcp { host, port, tls: false } => ConnectionAddr::Tcp(host.clone(), *port),
        Address::Tcp { host, port, tls: true } => {
            let insecure = target.tls.insecure;
            ConnectionAddr::TcpTls { host: host.clone(), port: *port, insecure, tls_params: None }
        }
        Address::Unix(path) => ConnectionAddr::Unix(path.clone()),
    };
    let protocol = if dialect.resp3 { ProtocolVersion::RESP3 } else { ProtocolVersion::RESP2 };
    let mut settings = RedisConnectionInfo::default()
        .set_protocol(protocol)
        .set_db(target.db)
        .set_lib_name("redis-doctor", env!("CARGO_PKG_VERSION"));
    if !dialect.client {
        // redis-rs ignores an error reply to CLIENT SETINFO, but a proxy that closes the connection on it ends the login.
        settings = settings.set_skip_set_lib_name();
    }
    if let Some(user) = &target.user {
        settings = settings.set_username(user);
    }
    if let Some(Password::Given(password)) = &target.password {
        settings = settings.set_password(password.reveal());
    }
    let info = address.into_connection_info()?.set_redis_settings(settings);
    Ok(info.set_tcp_settings(tcp_settings(policy)))
}

pub(super) fn tcp_settings(policy: &ReconnectPolicy) -> TcpSettings {
    let mut tcp = TcpSettings::default().set_nodelay(policy.nodelay);
    if let Some(keepalive) = policy.keepalive {
        let keepalive = TcpKeepalive::new()
            .with_time(keepalive.time)
            .with_interval(keepalive.interval)
            .with_retries(keepalive.probes);
        tcp = tcp.set_keepalive(keepalive);
    }
    #[cfg(target_os = "linux")]
    if let Some(user_timeout) = policy.user_timeout {
        tcp = tcp.set_user_timeout(user_timeout);
    }
    tcp
}
