//! The sums of an interval: what workers counted since the last hand-over.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{clock::seconds, distribution::Distribution};

/// Counters since the last interval; distributions, where they are attached, since they were last attached.
///
/// In a running process every interval (1 s) carries its distributions. The journal writes counters each second and
/// distributions each 10 s, so that two weeks stay small and a crash still loses no more than a second of counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The time it covers.
    #[serde(with = "seconds")]
    pub span: Duration,
    /// What was counted.
    #[serde(flatten)]
    pub counters: Counters,
    /// Answered probes, from the intended start to the reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Distribution>,
    /// Answered probes, from the real start to the reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Distribution>,
    /// Failed probes, from the real start to the failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_latency: Option<Distribution>,
    /// Time that probes waited for a connection, apart from their latency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waited: Option<Distribution>,
    /// Verified messages, from PUBLISH to receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_to_end: Option<Distribution>,
}

impl Interval {
    /// Answered probes a second; `None` when it covers no time.
    pub fn rate(&self) -> Option<f64> {
        let seconds = self.span.as_secs_f64();
        (seconds > 0.0).then(|| self.counters.ok as f64 / seconds)
    }
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Plain counts; a zero is left out of the JSON.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Counters {
            $($(#[$doc])* #[serde(skip_serializing_if = "is_zero")] pub $name: u64,)*
        }

        impl std::ops::AddAssign for Counters {
            fn add_assign(&mut self, other: Self) {
                $(self.$name += other.$name;)*
            }
        }
    };
}

counters! {
    /// Probes started. Always `ok + failed + timed_out` once none is in flight.
    launched,
    /// Probes with the right answer.
    ok,
    /// Probes that failed with an error, an error reply or a wrong answer.
    failed,
    /// Probes without an answer before their deadline.
    timed_out,
    /// Intended starts that were passed over because earlier probes were still out.
    skipped,
    /// Failed or timed-out probes that may have been executed.
    ambiguous,
    /// Replies to somebody else's question.
    desynced,
    /// Watchdog PINGs answered.
    watchdog_ok,
    /// Watchdog PINGs not answered in time.
    watchdog_missed,
    /// Verification messages that the server accepted.
    published,
    /// Verification messages whose PUBLISH failed or was never answered.
    publish_failed,
    /// Verification messages that the server accepted and passed to nobody.
    published_to_nobody,
    /// Verification messages received for the first time.
    received,
    /// Verification messages received again.
    duplicated,
    /// Verification messages received after a later one.
    reordered,
    /// Verification messages that the server accepted and that will not come any more.
    lost,
    /// Messages of others on the subscribed channels.
    messages,
    /// Bytes of their payloads.
    message_bytes,
    /// Messages received but not shown, because the output was slower than they came.
    messages_not_shown,
    /// Pushes of a connection that had already been replaced.
    stale_pushes,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
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
