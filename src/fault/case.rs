//! The cases of a drill: a name and fault schedules; for our own clients also the length of the soak and the load.

use std::time::Duration;

use super::{Effect, FaultSchedule, Reach, Shape};

/// One row of the drill.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Case {
    pub name: String,
    /// The faults and when they happen.
    pub faults: Vec<FaultSchedule>,
    /// The length of the soak.
    pub lasts: Duration,
    pub load: Load,
}

/// The client's load during a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    /// PINGs and verified messages.
    Probing,
    /// SET and GET, and verified messages.
    Writing,
    /// Verified messages only; the client sends no commands.
    SubscribeOnly,
    /// One PING every three seconds, so the connection is often silent.
    Sparse,
    /// PINGs and verified messages, with thousands of other channels on the same connection.
    Channels,
}

/// Time before the faults begin, as a healthy baseline.
const QUIET: Duration = Duration::from_secs(2);

/// Time for which a case written by the user continues after its faults end.
const AFTERMATH: Duration = Duration::from_secs(6);

/// Name, schedules, seconds, load. Faults of 11 s outlast the library's retry budget of 9.44 s, and runs of 16 s reach
/// the elasticache policy's attempt at 11.2 s.
const ALL: &[(&str, &[&str], u64, Load)] = &[
    ("reset-idle", &["reset_peer=when=idle@2s"], 5, Load::Probing),
    ("reset-in-flight", &["reset_peer=when=in_flight@2s"], 5, Load::Probing),
    ("reset-client-only", &["reset_peer=side=client@2s"], 5, Load::Probing),
    ("close", &["close@2s"], 5, Load::Probing),
    ("half-close", &["half_close@2s"], 5, Load::Probing),
    ("blackhole", &["blackhole@2s+30s"], 10, Load::Probing),
    ("partition-4s", &["partition@2s+4s"], 14, Load::Probing),
    ("refuse-2s", &["close@2s", "refuse@2s+2s"], 16, Load::Probing),
    ("refuse-12s", &["close@2s", "refuse@2s+12s"], 26, Load::Probing),
    ("refuse-12s-silent", &["close@2s", "refuse@2s+12s"], 26, Load::SubscribeOnly),
    ("stall-accept-4s", &["close@2s", "stall_accept@2s+4s"], 16, Load::Probing),
    ("accept-close-2s", &["close@2s", "accept_close@2s+2s"], 16, Load::Probing),
    ("accept-reset-2s", &["close@2s", "accept_reset@2s+2s"], 16, Load::Probing),
    ("wrongpass-11s", &["close@2s", "error_reply=WRONGPASS,on=HELLO@2s+11s"], 26, Load::Probing),
    ("http-503-11s", &["close@2s", "http_503=on=HELLO@2s+11s"], 26, Load::Probing),
    ("garbage-11s", &["close@2s", "garbage=on=HELLO@2s+11s"], 26, Load::Probing),
    ("max-clients-3s", &["close@2s", "error_reply=MAXCLIENTS,on=HELLO@2s+3s"], 20, Load::Probing),
    ("loading-3s", &["close@2s", "error_reply=LOADING,on=PING@2s+3s"], 10, Load::Probing),
    ("noperm-resubscribe", &["close@2s", "error_reply=NOPERM,on=SUBSCRIBE@2s+30s"], 10, Load::Probing),
    ("slow-resubscribe", &["close@2s", "latency=3s,on=SUBSCRIBE@2s+6s"], 14, Load::Probing),
    ("many-channels", &["close@2s", "bandwidth=50k,direction=down@2s+4s"], 10, Load::Channels),
    ("readonly", &["error_reply=READONLY,on=SET,reach=existing@2s+30s"], 8, Load::Writing),
    ("latency-700ms", &["latency=700ms@2s+3s"], 10, Load::Probing),
    ("slicer", &["slicer=1@2s+3s"], 7, Load::Probing),
    ("truncate", &["truncate=on=PING@2s+300ms"], 6, Load::Probing),
    ("idle-drop-reset", &["idle_drop=1s,then=reset@0s"], 14, Load::Sparse),
    ("maintenance-push", &["push=MOVING@2s"], 5, Load::Probing),
];

/// The cases for an application: name and schedules. It is watched until it is back, so these have no length. What an
/// application does with a connection that the network has forgotten does not depend on its load, if the connection is
/// forgotten while it is used.
const OF_APPLICATIONS: &[(&str, &[&str])] = &[
    ("reset-idle", &["reset_peer=when=idle@2s"]),
    ("reset-in-flight", &["reset_peer=when=in_flight@2s"]),
    ("close", &["close@2s"]),
    ("half-close", &["half_close@2s"]),
    ("partition-8s", &["partition@2s+8s"]),
    ("blackhole-70s", &["blackhole@2s+70s"]),
    ("forgotten", &["blackhole@2s"]),
    ("refuse-12s", &["close@2s", "refuse@2s+12s"]),
    ("noauth-6s", &["close@2s", "error_reply=NOAUTH@2s+6s"]),
    ("max-clients-6s", &["close@2s", "error_reply=MAXCLIENTS@2s+6s"]),
    ("loading-6s", &["close@2s", "error_reply=LOADING@2s+6s"]),
    ("readonly-6s", &["error_reply=READONLY@2s+6s"]),
    ("noperm-resubscribe-6s", &["close@2s", "error_reply=NOPERM,on=SUBSCRIBE@2s+6s"]),
    ("cut-reply-1s", &["truncate@2s+1s"]),
];

impl Case {
    /// Every case for an application.
    pub(crate) fn of_applications() -> Vec<Self> {
        // A test has read every one.
        let read = |faults: &[&str]| faults.iter().filter_map(|text| text.parse().ok()).collect();
        OF_APPLICATIONS.iter().map(|(name, faults)| Self::of((*name).to_owned(), read(faults))).collect()
    }

    /// The name of every case for an application.
    pub(crate) fn names_of_applications() -> impl Iterator<Item = &'static str> {
        OF_APPLICATIONS.iter().map(|(name, _)| *name)
    }

    /// Returns the time at which its first fault begins.
    pub(crate) fn begins(&self) -> Duration {
        let begins = |fault: &FaultSchedule| fault.instances(Duration::MAX).next().map(|(start, _)| start);
        self.faults.iter().filter_map(begins).min().unwrap_or_default()
    }

    /// Returns the time at which its last fault is over; `None` if one lasts to the end.
    pub(crate) fn heals(&self) -> Option<Duration> {
        let heals = |fault: &FaultSchedule| {
            let (start, _) = fault.instances(Duration::MAX).next()?;
            // A reset that waits for its moment is soon over.
            let passes =
                fault.fault.is_momentary() || matches!(fault.fault.effect(), Effect::Shape(Shape::Reset { .. }));
            match fault.period() {
                Some(_) => None,
                None if passes => Some(start),
                None => fault.lasts.map(|lasts| start + lasts),
            }
        };
        self.faults.iter().try_fold(Duration::ZERO, |last, fault| Some(last.max(heals(fault)?)))
    }

    /// Returns true if it silences the connections that exist, and new ones work.
    pub(crate) fn silences_old_connections(&self) -> bool {
        let silences = |fault: &FaultSchedule| {
            matches!(fault.fault.effect(), Effect::Shape(Shape::Silence { reach: Reach::Existing, .. }))
        };
        self.faults.iter().any(silences)
    }

    /// Every case of `--all`.
    pub(crate) fn all() -> Vec<Self> {
        let case = |(name, faults, seconds, load): &(&str, &[&str], u64, Load)| Self {
            name: (*name).to_owned(),
            // A test has read every one.
            faults: faults.iter().filter_map(|text| text.parse().ok()).collect(),
            lasts: Duration::from_secs(*seconds),
            load: *load,
        };
        ALL.iter().map(case).collect()
    }

    /// The name of every case.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        ALL.iter().map(|(name, ..)| *name)
    }

    /// A case written by the user.
    pub(crate) fn of(name: String, faults: Vec<FaultSchedule>) -> Self {
        let end = faults.iter().flat_map(|fault| fault.instances(Duration::from_secs(600)).last()).map(|(_, end)| end);
        let lasts = end.max().unwrap_or(QUIET) + AFTERMATH;
        Self { name, faults, lasts, load: Load::Probing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_can_be_read_and_has_a_name_of_its_own() {
        let cases = Case::all();
        for (case, (name, faults, ..)) in cases.iter().zip(ALL) {
            assert_eq!(case.faults.len(), faults.len(), "{name}");
            assert_eq!(case.name, *name);
        }
        let names: std::collections::BTreeSet<_> = Case::names().collect();
        assert_eq!(names.len(), ALL.len());
        for (case, (name, faults)) in Case::of_applications().iter().zip(OF_APPLICATIONS) {
            assert_eq!(case.faults.len(), faults.len(), "{name}");
            assert_eq!(case.begins(), QUIET, "{name}");
        }
    }

    #[test]
    fn a_case_heals_when_its_last_fault_is_over() {
        let heals = |faults: &[&str]| {
            Case::of(String::new(), faults.iter().map(|text| text.parse().unwrap()).collect()).heals()
        };
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(heals(&["close@2s", "refuse@2s+12s"]), seconds(14));
        assert_eq!(heals(&["reset_peer=when=in_flight@2s"]), seconds(2));
        assert_eq!(heals(&["close@2s", "blackhole@1s"]), None);
        assert_eq!(heals(&["close@every:5s"]), None);
    }
}
