//! Reconnect policies of the connection under test: the presets, and the exact schedule of a policy.

use std::time::Duration;

use backon::BackoffBuilder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{Display, IntoStaticStr, VariantArray};

use crate::{
    clock::{OptionalSeconds, Seconds},
    fault::Random,
};

/// Separates the stream of first delays from the other random numbers of a seed.
const FIRST_DELAYS: u64 = 0x6669_7273_7400_0000;

/// The name of a policy preset.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Display, IntoStaticStr, VariantArray, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum PolicyName {
    /// A plain multiplexed connection that never reconnects, as in the incident of redis-rs issue 1603.
    Bare,
    /// The defaults of redis-rs.
    Library,
    /// The settings published after the ElastiCache reset incident of 2025, in current terms.
    Elasticache,
    /// The settings that redis-doctor recommends: the client never stops trying.
    #[default]
    Hardened,
}

/// The reconnect settings of the connection under test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReconnectPolicy {
    /// Preset that the settings started from.
    pub name: PolicyName,
    /// True if a `ConnectionManager` holds the connection; otherwise it is a plain connection that never reconnects.
    pub managed: bool,
    /// Attempts of a reconnect cycle after the first; null is no limit.
    pub retries: Option<u64>,
    /// First delay between attempts, before jitter.
    #[serde(with = "Seconds")]
    pub min_delay: Duration,
    /// Range of the random time that each connection adds to its first delay. With zero, as in redis-rs, all connections
    /// sleep the same delays.
    #[serde(default, with = "Seconds")]
    pub spread: Duration,
    /// Largest delay, before jitter; null is the library's hidden 60 s.
    #[serde(with = "OptionalSeconds")]
    pub max_delay: Option<Duration>,
    /// Factor between one delay and the next.
    pub backoff_base: f32,
    /// Timeout of one connection attempt: name lookup, TCP, TLS and HELLO together.
    #[serde(with = "Seconds")]
    pub connect_timeout: Duration,
    /// Client-library response timeout on an established connection.
    #[serde(with = "Seconds")]
    pub response_timeout: Duration,
    /// TCP keepalive of the socket; null is off.
    pub keepalive: Option<Keepalive>,
    /// TCP_USER_TIMEOUT (Linux): age of unacknowledged data that ends the connection; null is not set.
    #[serde(with = "OptionalSeconds")]
    pub user_timeout: Option<Duration>,
    /// True if TCP_NODELAY is set.
    pub nodelay: bool,
    /// Watchdog that replaces a connection which only times out; null is off.
    pub watchdog: Option<Watchdog>,
    /// True if the client resubscribes after a reconnect.
    pub resubscribe: bool,
    /// Way in which it resubscribes.
    #[serde(default)]
    pub resubscription: Resubscription,
    /// Reaction to a write that a demoted server refuses.
    #[serde(default)]
    pub on_readonly: OnReadonly,
}

/// A way to renew the subscriptions after a reconnect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Display, VariantArray, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Resubscription {
    /// The library sends them together, before the first command, and waits for one confirmation.
    #[default]
    Library,
    /// The client sends them in chunks, each after all confirmations of the one before.
    Paced,
}

/// A reaction to a write that is refused by a server which was a primary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Display, VariantArray, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum OnReadonly {
    /// Keep the connection.
    #[default]
    Stay,
    /// Replace the connection, and resolve the name again.
    Rebuild,
}

/// TCP keepalive settings of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Keepalive {
    /// Idle time before the first keepalive probe, in whole seconds.
    #[serde(with = "Seconds")]
    pub time: Duration,
    /// Time between keepalive probes, in whole seconds.
    #[serde(with = "Seconds")]
    pub interval: Duration,
    /// Unanswered keepalive probes that end the connection.
    #[schemars(range(min = 1))]
    pub probes: u32,
}

/// A PING with a nonce each `period`; after `misses` unanswered ones in a row a new connection replaces the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Watchdog {
    /// Time between two PINGs, and the deadline of each.
    #[serde(with = "Seconds")]
    pub period: Duration,
    /// Unanswered PINGs in a row after which the connection is declared dead.
    #[schemars(range(min = 1))]
    pub misses: u32,
}

impl ReconnectPolicy {
    /// Returns the preset of this name.
    pub fn preset(name: PolicyName) -> Self {
        let library = Self {
            name,
            managed: true,
            // redis-rs 1.8.1, aio/connection_manager.rs `ConnectionManagerConfig` and client.rs `DEFAULT_*`.
            retries: Some(6),
            min_delay: Duration::from_millis(100),
            spread: Duration::ZERO,
            max_delay: None,
            backoff_base: 2.0,
            connect_timeout: Duration::from_secs(1),
            response_timeout: Duration::from_millis(500),
            keepalive: None,
            user_timeout: None,
            nodelay: false,
            watchdog: None,
            resubscribe: true,
            resubscription: Resubscription::Library,
            on_readonly: OnReadonly::Stay,
        };
        match name {
            PolicyName::Library => library,
            PolicyName::Bare => Self { managed: false, retries: Some(0), resubscribe: false, ..library },
            // As published for redis-rs 0.29: `set_factor(100)` was the multiplier there, and the first delay 1 s.
            PolicyName::Elasticache => Self {
                retries: Some(100),
                min_delay: Duration::from_secs(1),
                max_delay: Some(Duration::from_secs(5)),
                backoff_base: 100.0,
                connect_timeout: Duration::from_secs(30),
                ..library
            },
            PolicyName::Hardened => Self {
                retries: None,
                max_delay: Some(Duration::from_secs(5)),
                connect_timeout: Duration::from_secs(5),
                response_timeout: Duration::from_secs(2),
                keepalive: Some(Keepalive {
                    time: Duration::from_secs(10),
                    interval: Duration::from_secs(5),
                    probes: 3,
                }),
                user_timeout: Some(Duration::from_secs(25)),
                nodelay: true,
                watchdog: Some(Watchdog { period: Duration::from_secs(1), misses: 2 }),
                resubscription: Resubscription::Paced,
                on_readonly: OnReadonly::Rebuild,
                ..library
            },
        }
    }

    /// Returns the delays between the attempts of one reconnect cycle, exactly as redis-rs will sleep them.
    ///
    /// They are known in advance because redis-rs uses `backon` without its `std` feature: the "jitter" then comes from a
    /// constant seed, the same in every process and every cycle. So this crate must never enable that feature, or it
    /// would change the client under test.
    pub fn delays(&self) -> impl Iterator<Item = Duration> + use<> {
        let mut backoff = backon::ExponentialBuilder::default()
            .with_factor(self.backoff_base)
            .with_min_delay(self.min_delay)
            .with_max_times(self.retry_budget())
            .with_jitter();
        if let Some(max_delay) = self.max_delay {
            backoff = backoff.with_max_delay(max_delay);
        }
        let count = if self.managed { usize::MAX } else { 0 };
        backoff.build().take(count)
    }

    /// Returns the starts of the first `limit` attempts of a reconnect cycle, counted from the loss, if every attempt
    /// fails immediately. An attempt that hangs adds up to the connect timeout.
    pub fn schedule(&self, limit: usize) -> Vec<Duration> {
        let mut at = Duration::ZERO;
        let first = self.managed.then_some(at);
        let later = self.delays().map(|delay| {
            at += delay;
            at
        });
        first.into_iter().chain(later).take(limit).collect()
    }

    /// Returns the policy of one of several connections, with its own first delay if they are spread.
    #[must_use]
    pub fn of_connection(&self, number: u32, seed: u64) -> Self {
        let share = Random::new(seed, FIRST_DELAYS ^ u64::from(number)).unit();
        Self { min_delay: self.min_delay + self.spread.mul_f64(share), ..self.clone() }
    }

    /// Returns the retry limit in the library's terms.
    pub fn retry_budget(&self) -> usize {
        self.retries.map_or(usize::MAX, |retries| usize::try_from(retries).unwrap_or(usize::MAX))
    }

    /// Returns the longest silence of a live reconnect cycle: the largest delay (jitter doubles it) and one attempt.
    pub fn longest_silence(&self) -> Duration {
        let largest = self.max_delay.unwrap_or(Duration::from_secs(60)).max(self.min_delay);
        largest * 2 + self.connect_timeout
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(policy: &ReconnectPolicy, limit: usize) -> Vec<f64> {
        let round = |at: Duration| (at.as_secs_f64() * 1000.0).round() / 1000.0;
        policy.schedule(limit).into_iter().map(round).collect()
    }

    #[test]
    fn the_librarys_schedule_is_the_measured_one() {
        let library = ReconnectPolicy::preset(PolicyName::Library);
        assert_eq!(seconds(&library, 100), [0.0, 0.148, 0.538, 1.149, 2.444, 4.313, 9.442]);
    }

    #[test]
    fn the_elasticache_schedule_starts_as_published() {
        let elasticache = ReconnectPolicy::preset(PolicyName::Elasticache);
        assert_eq!(elasticache.schedule(1000).len(), 101);
        let start: Vec<_> = seconds(&elasticache, 5).iter().map(|at| (at * 10.0).round() / 10.0).collect();
        assert_eq!(start, [0.0, 1.5, 11.2, 18.9, 27.0]);
    }

    #[test]
    fn a_hardened_client_never_stops_trying() {
        let hardened = ReconnectPolicy::preset(PolicyName::Hardened);
        assert_eq!(hardened.schedule(5000).len(), 5000);
    }

    #[test]
    fn spread_connections_have_first_delays_of_their_own_the_same_for_the_same_seed() {
        let mut policy = ReconnectPolicy::preset(PolicyName::Library);
        assert_eq!(policy.of_connection(7, 42), policy, "nothing is random by default");
        policy.spread = Duration::from_millis(100);
        let delays: Vec<_> = (0..50).map(|number| policy.of_connection(number, 42).min_delay).collect();
        assert!(delays.iter().all(|delay| (100..200).contains(&delay.as_millis())), "{delays:?}");
        let different: std::collections::HashSet<_> = delays.iter().collect();
        assert_eq!(different.len(), 50);
        assert_eq!(policy.of_connection(7, 42).min_delay, delays[7]);
        assert_ne!(policy.of_connection(7, 43).min_delay, delays[7]);
    }

    #[test]
    fn a_bare_connection_never_tries() {
        assert!(ReconnectPolicy::preset(PolicyName::Bare).schedule(10).is_empty());
    }
}
