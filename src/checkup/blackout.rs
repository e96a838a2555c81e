//! The longest blackout: the time for which a client can hold a dead connection after the path falls silent (packets
//! vanish, and no FIN or RST arrives).
//!
//! For an active client the kernel acts on unacknowledged data; for a client that only subscribes nothing is
//! unacknowledged, and only keepalive probes can detect the loss. Sources: ip-sysctl.rst (`tcp_retries2`), tcp(7)
//! (TCP_USER_TIMEOUT, SO_KEEPALIVE), and the tests with real network faults in `tests/integration/netns.rs`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    clock::{OptionalSeconds, Seconds},
    kernel::HostFacts,
    plan::{Keepalive, PolicyName, ReconnectPolicy},
};

/// Shortest and longest retransmission timeout of Linux (`TCP_RTO_MIN`, `TCP_RTO_MAX`).
const RTO_MIN: Duration = Duration::from_millis(200);
const RTO_MAX: Duration = Duration::from_secs(120);

/// Doublings from the shortest to the longest: the whole part of log2(120 / 0.2).
const DOUBLINGS: u32 = 9;

/// The worst case before a client under a policy notices a dead path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Blackout {
    /// Name of the policy; `NAME with your flags` if flags override it.
    pub policy: String,
    /// True for the policy that the command line names.
    pub selected: bool,
    /// Worst case for an active client.
    pub sends: Bound,
    /// Worst case for a client that is a subscriber only.
    pub listens: Bound,
    /// Time until an active client gets its first error: the response timeout of the library, which does not end the
    /// connection.
    #[serde(rename = "first_error_seconds", with = "Seconds")]
    pub first_error: Duration,
}

/// The time for which a dead connection is held, and its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Bound {
    /// Mechanism that ends the connection.
    pub ended_by: EndedBy,
    /// Time to the end; null is never, or unknown. A lower bound with `retransmissions`.
    #[serde(rename = "seconds", with = "OptionalSeconds")]
    pub after: Option<Duration>,
    /// Time to the end without redis-doctor's watchdog, for an application that has none; null is never, or unknown.
    #[serde(rename = "kernel_alone_seconds", with = "OptionalSeconds")]
    pub kernel_alone: Option<Duration>,
}

/// A mechanism that ends a dead connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EndedBy {
    /// PINGs of the application went unanswered.
    Watchdog,
    /// TCP_USER_TIMEOUT expired.
    UserTimeout,
    /// Unanswered keepalive probes.
    Keepalive,
    /// Unanswered retransmissions (`tcp_retries2`); the time is a lower bound.
    Retransmissions,
    /// Nothing ends it.
    Nothing,
    /// The client never reconnects, whatever ends the connection.
    NeverReconnects,
    /// The kernel, whose settings are unknown.
    Unknown,
}

impl Bound {
    /// Returns true if this is longer than `limit`; an unknown bound is not.
    pub(crate) fn exceeds(&self, limit: Duration) -> bool {
        match self.ended_by {
            EndedBy::Nothing | EndedBy::NeverReconnects => true,
            EndedBy::Unknown => false,
            _ => self.after.is_some_and(|after| after > limit),
        }
    }
}

/// Returns the presets that a client may use, and the selected policy if it is none of them.
pub(super) fn of_all(selected: &ReconnectPolicy, host: &HostFacts) -> Vec<Blackout> {
    let presets = [PolicyName::Library, PolicyName::Elasticache, PolicyName::Hardened];
    let mut rows: Vec<Blackout> = presets
        .into_iter()
        .map(|name| {
            let preset = ReconnectPolicy::preset(name);
            of(preset.name.to_string(), &preset, preset == *selected, host)
        })
        .collect();
    if rows.iter().all(|row| !row.selected) {
        let changed = *selected != ReconnectPolicy::preset(selected.name);
        let name = format!("{}{}", selected.name, if changed { " with your flags" } else { "" });
        rows.push(of(name, selected, true, host));
    }
    rows
}

fn of(name: String, policy: &ReconnectPolicy, selected: bool, host: &HostFacts) -> Blackout {
    Blackout {
        policy: name,
        selected,
        sends: bound(policy, sender(policy, host)),
        listens: bound(policy, listener(policy)),
        first_error: policy.response_timeout,
    }
}

/// Returns the shorter of the kernel's bound and the watchdog's.
fn bound(policy: &ReconnectPolicy, (ended_by, after): (EndedBy, Option<Duration>)) -> Bound {
    if !policy.managed {
        return Bound { ended_by: EndedBy::NeverReconnects, after: None, kernel_alone: after };
    }
    // Up to one period passes before the first PING without a reply.
    let watchdog = policy.watchdog.map(|watchdog| watchdog.period * (watchdog.misses + 1));
    match watchdog {
        Some(watchdog) if after.is_none_or(|after| watchdog < after) => {
            Bound { ended_by: EndedBy::Watchdog, after: Some(watchdog), kernel_alone: after }
        }
        _ => Bound { ended_by, after, kernel_alone: after },
    }
}

/// Returns the kernel's bound for an active client; with unacknowledged data the kernel sends no keepalive probes.
fn sender(policy: &ReconnectPolicy, host: &HostFacts) -> (EndedBy, Option<Duration>) {
    // The option exists only on Linux, where the other setting is known as well.
    match (policy.user_timeout, host.tcp_retries2) {
        (Some(limit), Some(_)) => (EndedBy::UserTimeout, Some(limit)),
        (None, Some(retries)) => (EndedBy::Retransmissions, Some(retransmissions(retries))),
        (_, None) => (EndedBy::Unknown, None),
    }
}

/// Returns the kernel's bound for a subscriber; without keepalive nothing is sent, and TCP_USER_TIMEOUT has no effect.
fn listener(policy: &ReconnectPolicy) -> (EndedBy, Option<Duration>) {
    match policy.keepalive {
        None => (EndedBy::Nothing, None),
        Some(keepalive) => (EndedBy::Keepalive, Some(keepalive_limit(keepalive, policy.user_timeout))),
    }
}

/// Returns the sum of the doubling intervals: `tcp_model_timeout` in Linux' tcp_timer.c. 924.6 s for the default of 15.
fn retransmissions(retries: u32) -> Duration {
    let doubled = RTO_MIN * ((2 << retries.min(DOUBLINGS)) - 1);
    doubled + RTO_MAX * retries.saturating_sub(DOUBLINGS)
}

/// Returns when keepalive ends the connection. A user timeout replaces the number of probes: the connection ends at the
/// first probe after the timeout, but not before one probe went unanswered (`tcp_keepalive_timer` in tcp_timer.c).
fn keepalive_limit(keepalive: Keepalive, user_timeout: Option<Duration>) -> Duration {
    let interval = keepalive.interval.max(Duration::from_secs(1));
    let Some(limit) = user_timeout.filter(|limit| !limit.is_zero()) else {
        return keepalive.time + interval * keepalive.probes;
    };
    let missing = limit.saturating_sub(keepalive.time).as_nanos().div_ceil(interval.as_nanos()).max(1);
    keepalive.time + interval * u32::try_from(missing).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Watchdog;

    const SECOND: Duration = Duration::from_secs(1);

    fn linux() -> HostFacts {
        HostFacts { tcp_retries2: Some(15), ..HostFacts::default() }
    }

    fn keepalive(time: u64, interval: u64, probes: u32) -> Keepalive {
        Keepalive { time: SECOND * time as u32, interval: SECOND * interval as u32, probes }
    }

    #[test]
    fn retransmissions_end_as_the_kernels_documentation_says() {
        // ip-sysctl.rst: 15 "yields a hypothetical timeout of 924.6 seconds", RFC 1122's 100 s need at least 8.
        for (retries, millis) in [(15, 924_600), (8, 102_200), (5, 12_600), (0, 200), (9, 204_600), (10, 324_600)] {
            assert_eq!(retransmissions(retries), Duration::from_millis(millis), "{retries}");
        }
        assert!(retransmissions(255) > Duration::from_secs(29_000));
    }

    #[test]
    fn keepalive_ends_by_its_probes_or_by_the_user_timeout() {
        let table = [
            (keepalive(7200, 75, 9), None, 7875),
            (keepalive(10, 5, 3), None, 25),
            (keepalive(10, 5, 3), Some(25), 25),
            (keepalive(10, 5, 3), Some(60), 60),
            (keepalive(10, 5, 3), Some(58), 60),
            // One probe must go unanswered first.
            (keepalive(10, 5, 3), Some(3), 15),
            (keepalive(1, 1, 10), Some(3), 3),
        ];
        for (keepalive, user_timeout, seconds) in table {
            let limit = keepalive_limit(keepalive, user_timeout.map(Duration::from_secs));
            assert_eq!(limit, Duration::from_secs(seconds), "{keepalive:?} {user_timeout:?}");
        }
    }

    #[test]
    fn each_preset_has_its_bounds() {
        let rows = of_all(&ReconnectPolicy::preset(PolicyName::Hardened), &linux());
        let names: Vec<_> = rows.iter().map(|row| (row.policy.as_str(), row.selected)).collect();
        assert_eq!(names, [("library", false), ("elasticache", false), ("hardened", true)]);
        for row in &rows[..2] {
            assert_eq!(row.sends.ended_by, EndedBy::Retransmissions);
            assert_eq!(row.sends.after, Some(Duration::from_millis(924_600)));
            assert_eq!((row.listens.ended_by, row.listens.after), (EndedBy::Nothing, None));
        }
        assert_eq!(rows[0].first_error, Duration::from_millis(500));
        for bound in [rows[2].sends, rows[2].listens] {
            assert_eq!((bound.ended_by, bound.after), (EndedBy::Watchdog, Some(SECOND * 3)));
            assert_eq!(bound.kernel_alone, Some(SECOND * 25));
        }
    }

    #[test]
    fn flags_and_other_policies_have_a_separate_row() {
        let library = ReconnectPolicy::preset(PolicyName::Library);
        let changed = ReconnectPolicy { user_timeout: Some(SECOND * 20), ..library.clone() };
        let row = of_all(&changed, &linux()).pop().unwrap();
        assert_eq!((row.policy.as_str(), row.selected), ("library with your flags", true));
        assert_eq!((row.sends.ended_by, row.sends.after), (EndedBy::UserTimeout, Some(SECOND * 20)));
        // A user timeout alone does nothing for a client that sends nothing.
        assert_eq!(row.listens.ended_by, EndedBy::Nothing);
        let slow = Watchdog { period: SECOND * 600, misses: 2 };
        let row = of_all(&ReconnectPolicy { watchdog: Some(slow), ..library }, &linux()).pop().unwrap();
        assert_eq!((row.sends.ended_by, row.listens.ended_by), (EndedBy::Retransmissions, EndedBy::Watchdog));
        let row = of_all(&ReconnectPolicy::preset(PolicyName::Bare), &linux()).pop().unwrap();
        assert_eq!((row.policy.as_str(), row.sends.ended_by), ("bare", EndedBy::NeverReconnects));
        assert!(row.sends.exceeds(Duration::MAX) && row.listens.exceeds(Duration::MAX));
    }

    #[test]
    fn without_the_kernels_settings_the_bound_is_unknown() {
        let library = ReconnectPolicy::preset(PolicyName::Library);
        let row = &of_all(&library, &HostFacts::default())[0];
        assert_eq!((row.sends.ended_by, row.sends.after), (EndedBy::Unknown, None));
        assert!(!row.sends.exceeds(Duration::ZERO) && row.listens.exceeds(Duration::MAX));
    }
}
