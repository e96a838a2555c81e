//! The reconnect policy of the connection under test: the presets, and the exact schedule that a policy produces.

use std::{fmt, time::Duration};

use backon::BackoffBuilder;
use serde::{Deserialize, Serialize};

use crate::{clock::seconds, fault::Random};

/// Tells the stream of first delays from the other random numbers of a seed.
const FIRST_DELAYS: u64 = 0x6669_7273_7400_0000;

/// A preset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyName {
    /// A plain multiplexed connection that never reconnects: the client of the incident (redis-rs issue 1603).
    Bare,
    /// redis-rs' own defaults.
    Library,
    /// The settings published for the ElastiCache reset incident in 2025, in today's terms.
    Elasticache,
    /// What redis-doctor recommends: nothing below can end it.
    #[default]
    Hardened,
}

impl fmt::Display for PolicyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Bare => "bare",
            Self::Library => "library",
            Self::Elasticache => "elasticache",
            Self::Hardened => "hardened",
        })
    }
}

/// How the connection under test is set up and what it does when it is lost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReconnectPolicy {
    /// The preset it started from.
    pub name: PolicyName,
    /// Whether a ConnectionManager holds the connection; otherwise it is a plain connection that never reconnects.
    pub managed: bool,
    /// Attempts after the first of a reconnect cycle; `None` is without end.
    pub retries: Option<u64>,
    /// The first delay between attempts, before jitter.
    #[serde(with = "seconds")]
    pub min_delay: Duration,
    /// What each connection adds to the first delay: a random part of this, its own. Zero, as redis-rs has it, makes
    /// all of them sleep the same delays.
    #[serde(default, with = "seconds")]
    pub spread: Duration,
    /// The largest delay, before jitter; `None` leaves the library's hidden 60 s.
    #[serde(with = "seconds::option")]
    pub max_delay: Option<Duration>,
    /// The factor between one delay and the next.
    pub backoff_base: f32,
    /// The limit of one connection attempt: name look-up, TCP, TLS and HELLO together.
    #[serde(with = "seconds")]
    pub connect_timeout: Duration,
    /// The library's limit for a reply on an established connection.
    #[serde(with = "seconds")]
    pub response_timeout: Duration,
    /// TCP keepalive, if set on the socket.
    pub keepalive: Option<Keepalive>,
    /// TCP_USER_TIMEOUT (Linux): unacknowledged data older than this ends the connection.
    #[serde(with = "seconds::option")]
    pub user_timeout: Option<Duration>,
    /// TCP_NODELAY.
    pub nodelay: bool,
    /// Our own PING that replaces a manager which merely times out.
    pub watchdog: Option<Watchdog>,
    /// Whether the library resubscribes after a reconnect.
    pub resubscribe: bool,
}

/// TCP keepalive as the kernel takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keepalive {
    /// Idle time before the first keepalive probe (whole seconds).
    #[serde(with = "seconds")]
    pub time: Duration,
    /// Between keepalive probes (whole seconds).
    #[serde(with = "seconds")]
    pub interval: Duration,
    /// Unanswered keepalive probes that end the connection.
    pub probes: u32,
}

/// A nonced PING each `period`; after `misses` unanswered ones in a row the manager is replaced by a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watchdog {
    /// Between two PINGs, and the deadline of each.
    #[serde(with = "seconds")]
    pub period: Duration,
    /// Unanswered PINGs in a row that condemn the connection.
    pub misses: u32,
}

impl ReconnectPolicy {
    /// The preset of this name.
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
                ..library
            },
        }
    }

    /// The delays between the attempts of one reconnect cycle, exactly as redis-rs will sleep them.
    ///
    /// They can be told in advance because redis-rs uses `backon` without its `std` feature: the "jitter" then comes
    /// from a constant seed, the same in every process and every cycle. This crate must therefore never enable that
    /// feature, or it would change the client under test.
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

    /// When each attempt of a reconnect cycle starts, counted from the loss, if every attempt fails at once: at most
    /// `limit` of them. An attempt that hangs adds up to the connect timeout.
    pub fn schedule(&self, limit: usize) -> Vec<Duration> {
        let mut at = Duration::ZERO;
        let first = self.managed.then_some(at);
        let later = self.delays().map(|delay| {
            at += delay;
            at
        });
        first.into_iter().chain(later).take(limit).collect()
    }

    /// The policy of one of several connections, each with a first delay of its own where they are spread.
    #[must_use]
    pub fn of_connection(&self, number: u32, seed: u64) -> Self {
        let share = Random::new(seed, FIRST_DELAYS ^ u64::from(number)).unit();
        Self { min_delay: self.min_delay + self.spread.mul_f64(share), ..self.clone() }
    }

    /// The retry budget in the library's terms.
    pub fn retry_budget(&self) -> usize {
        self.retries.map_or(usize::MAX, |retries| usize::try_from(retries).unwrap_or(usize::MAX))
    }

    /// The longest a live reconnect cycle can stay silent: the largest delay (jitter doubles it) and one attempt.
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
        assert_eq!(policy.of_connection(7, 42), policy, "nothing is random unless asked for");
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
