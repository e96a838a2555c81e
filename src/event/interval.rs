//! Counters and distributions of an interval, as workers deliver them.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{clock::Seconds, distribution::Distribution};

/// Counters and distributions since the last interval.
///
/// In a running process an interval has one second. The journal has intervals of one second in the first ten minutes
/// and around outages, and of ten seconds elsewhere: two weeks stay small, and a crash loses at most ten seconds of
/// counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Interval {
    /// Length of the interval.
    #[serde(with = "Seconds")]
    pub span: Duration,
    /// Counters of the interval.
    #[serde(flatten)]
    pub counters: Counters,
    /// Latency of answered probes, from the intended start to the reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Distribution>,
    /// Latency of answered probes, from the real start to the reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Distribution>,
    /// Latency of failed probes, from the real start to the failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_latency: Option<Distribution>,
    /// Time that probes waited for a connection; not part of their latency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waited: Option<Distribution>,
    /// Latency of numbered messages, from PUBLISH to receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_to_end: Option<Distribution>,
    /// Ended probes of each connection, in order; absent if there is one connection, or more than 32.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub connections: Vec<ConnectionCounts>,
}

/// The ended probes of one connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ConnectionCounts {
    /// Probes with the right reply.
    #[serde(skip_serializing_if = "is_zero")]
    pub ok: u64,
    /// Probes that failed with an error, an error reply or a wrong reply.
    #[serde(skip_serializing_if = "is_zero")]
    pub failed: u64,
    /// Probes without a reply before their deadline.
    #[serde(skip_serializing_if = "is_zero")]
    pub timed_out: u64,
}

impl std::ops::AddAssign for ConnectionCounts {
    fn add_assign(&mut self, other: Self) {
        let sum = |one: u64, other: u64| one.saturating_add(other).min(MOST);
        *self = Self {
            ok: sum(self.ok, other.ok),
            failed: sum(self.failed, other.failed),
            timed_out: sum(self.timed_out, other.timed_out),
        };
    }
}

impl Interval {
    /// Appends the interval that follows.
    pub fn extend(&mut self, next: &Self) {
        self.span += next.span;
        self.counters += next.counters;
        for (sum, part) in [
            (&mut self.latency, &next.latency),
            (&mut self.service, &next.service),
            (&mut self.failed_latency, &next.failed_latency),
            (&mut self.waited, &next.waited),
            (&mut self.end_to_end, &next.end_to_end),
        ] {
            if let Some(part) = part.as_ref().filter(|part| !part.is_empty()) {
                sum.get_or_insert_default().merge(part);
            }
        }
        self.connections.resize(self.connections.len().max(next.connections.len()), ConnectionCounts::default());
        self.connections.iter_mut().zip(&next.connections).for_each(|(sum, part)| *sum += *part);
    }

    /// Returns answered probes a second; `None` for an interval of no length.
    pub fn rate(&self) -> Option<f64> {
        let seconds = self.span.as_secs_f64();
        (seconds > 0.0).then(|| self.counters.ok as f64 / seconds)
    }
}

/// Maximum of a counter: a journal can hold any numbers, and sums of a few counters must still fit.
const MOST: u64 = 1 << 60;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Counters of an interval; a zero is left out of the JSON.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(default)]
        pub struct Counters {
            $($(#[$doc])* #[serde(skip_serializing_if = "is_zero")] pub $name: u64,)*
        }

        impl std::ops::AddAssign for Counters {
            fn add_assign(&mut self, other: Self) {
                $(self.$name = self.$name.saturating_add(other.$name).min(MOST);)*
            }
        }

        /// The fields of an [`Interval`] on one level. Serde would keep them aside to find those of a flattened struct.
        #[derive(Deserialize)]
        struct Flat {
            #[serde(with = "Seconds")]
            span: Duration,
            latency: Option<Distribution>,
            service: Option<Distribution>,
            failed_latency: Option<Distribution>,
            waited: Option<Distribution>,
            end_to_end: Option<Distribution>,
            #[serde(default)]
            connections: Vec<ConnectionCounts>,
            $(#[serde(default)] $name: u64,)*
        }

        impl<'de> Deserialize<'de> for Interval {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let Flat { span, latency, service, failed_latency, waited, end_to_end, connections, $($name,)* } =
                    Flat::deserialize(deserializer)?;
                let counters = Counters { $($name,)* };
                Ok(Self { span, counters, latency, service, failed_latency, waited, end_to_end, connections })
            }
        }
    };
}

counters! {
    /// Probes started: `ok + failed + timed_out + paused` once none is in flight.
    launched,
    /// Probes with the right reply.
    ok,
    /// Probes that failed with an error, an error reply or a wrong reply.
    failed,
    /// Probes without a reply before their deadline.
    timed_out,
    /// Probes without a reply because redis-doctor itself was paused: neither failed nor timed out.
    paused,
    /// Answered probes whose time is no latency: an outage, a stall or a pause of redis-doctor itself fell into it.
    untimed,
    /// Intended starts that were skipped because earlier probes were still in flight.
    skipped,
    /// Failed or timed-out probes whose outcome is unknown: they were sent and may have run.
    ambiguous,
    /// Replies to another command.
    desynced,
    /// Watchdog PINGs answered.
    watchdog_ok,
    /// Watchdog PINGs not answered in time.
    watchdog_missed,
    /// Numbered messages that the server accepted.
    published,
    /// Numbered messages whose PUBLISH failed or was never answered.
    publish_failed,
    /// Numbered messages that the server accepted and delivered to no subscriber.
    published_to_nobody,
    /// Numbered messages received for the first time.
    received,
    /// Numbered messages received again.
    duplicated,
    /// Numbered messages received after a later one.
    reordered,
    /// Numbered messages that the server accepted and that never arrived.
    lost,
    /// Messages of other publishers on the subscribed channels.
    messages,
    /// Payload bytes of the messages of other publishers.
    message_bytes,
    /// Messages received but not shown because the output was too slow.
    messages_not_shown,
    /// Push messages from a connection that had already been replaced.
    stale_pushes,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeroes_are_left_out_and_read_back() {
        let counters = Counters { launched: 3, ok: 3, ..Counters::default() };
        let json = serde_json::to_string(&counters).unwrap();
        assert_eq!(json, r#"{"launched":3,"ok":3}"#);
        assert_eq!(serde_json::from_str::<Counters>(&json).unwrap(), counters);
    }

    #[test]
    fn counters_add_up() {
        let mut sum = Counters { launched: 3, lost: 1, ..Counters::default() };
        sum += Counters { launched: 4, ok: 4, ..Counters::default() };
        assert_eq!(sum, Counters { launched: 7, ok: 4, lost: 1, ..Counters::default() });
    }
}
