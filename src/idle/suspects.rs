//! The likely owners of a measured limit, from the table of common limits.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Cloud, Ending, limit::Limit};
use crate::{
    clock::Seconds,
    middlebox::{IDLE_LIMITS, IdleLimit, Manner},
};

/// A device or service that may have the measured limit.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Suspect {
    /// Id for `redis-doctor explain`.
    pub id: &'static str,
    /// Name of the device or service.
    pub name: &'static str,
    /// Usual limit.
    #[serde(with = "Seconds")]
    pub limit: Duration,
    /// True if it also ends connections in the observed manner.
    pub ends_so: bool,
}

impl Cloud {
    /// Returns the longest common limit of this cloud.
    pub(crate) fn longest_limit(self) -> Duration {
        limits(Some(self)).last().copied().unwrap_or_default()
    }
}

/// Returns the common limits that the ladder has to enclose, ascending and without duplicates; of one cloud, if given.
/// Elsewhere, a limit that closes connections is left out: the end is dated, whatever the silence.
pub(super) fn limits(cloud: Option<Cloud>) -> Vec<Duration> {
    let enclosed = |common: &&IdleLimit| match cloud {
        Some(_) => common.cloud == cloud,
        None => !common.only_closes(),
    };
    let wanted = IDLE_LIMITS.iter().filter(enclosed);
    let mut limits: Vec<_> = wanted.map(|common| Duration::from_secs(common.seconds)).collect();
    limits.dedup();
    limits
}

/// Returns the likely owners of a limit, the likeliest first.
pub(super) fn suspects(measured: &Limit) -> Vec<Suspect> {
    let manner = manner(measured.ending);
    let near = IDLE_LIMITS.iter().filter(|common| measured.agrees_with(Duration::from_secs(common.seconds)));
    let mut suspects: Vec<_> = near
        .map(|common| Suspect {
            id: common.id,
            name: common.name,
            limit: Duration::from_secs(common.seconds),
            ends_so: manner.is_some_and(|manner| common.manners.contains(&manner)),
        })
        .collect();
    suspects.sort_by_key(|suspect| !suspect.ends_so);
    suspects
}

/// Returns the manner in which a device ends connections like this.
fn manner(ending: Ending) -> Option<Manner> {
    match ending {
        Ending::Closed => Some(Manner::Closes),
        Ending::Reset => Some(Manner::Resets),
        Ending::Unanswered => Some(Manner::Drops),
        Ending::Answered | Ending::Interrupted => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(at_least: u64, at_most: u64, ending: Ending, dated: bool) -> Limit {
        let seconds = Duration::from_secs;
        Limit { at_least: seconds(at_least), at_most: seconds(at_most), ending, dated, connections: 2 }
    }

    fn ids(measured: &Limit) -> Vec<(&'static str, bool)> {
        suspects(measured).iter().map(|suspect| (suspect.id, suspect.ends_so)).collect()
    }

    #[test]
    fn a_device_is_found_by_its_limit_and_ranked_by_its_manner() {
        let reset = ids(&limit(346, 353, Ending::Reset, false));
        let like = [("aws-nlb", true), ("aws-natgw", true), ("aws-gwlb", false), ("aws-ec2-ct", false)];
        assert_eq!(reset, like);
        let closed = ids(&limit(600, 601, Ending::Closed, true));
        assert_eq!(closed, [("az-redis", true), ("nginx", true), ("gcp-vpc", false)]);
        assert_eq!(ids(&limit(594, 606, Ending::Unanswered, false))[0], ("gcp-vpc", true));
        assert_eq!(ids(&limit(59, 61, Ending::Unanswered, false)), [("RD012", true), ("haproxy", false)]);
        assert_eq!(ids(&limit(30, 31, Ending::Closed, true)), [("haproxy", true)]);
    }

    #[test]
    fn an_uncommon_limit_has_no_suspects() {
        for measured in [limit(100, 102, Ending::Reset, false), limit(2, 3, Ending::Closed, true)] {
            assert_eq!(suspects(&measured), []);
        }
    }

    #[test]
    fn a_dated_end_may_be_late_and_not_early() {
        assert!(limit(2, 4, Ending::Closed, true).agrees_with(Duration::from_secs(2)));
        assert!(limit(610, 613, Ending::Closed, true).agrees_with(Duration::from_secs(600)));
        assert!(!limit(580, 590, Ending::Closed, true).agrees_with(Duration::from_secs(600)));
    }

    #[test]
    fn the_limits_of_a_cloud_are_listed_once() {
        assert_eq!(limits(Some(Cloud::Azure)), [240, 600].map(Duration::from_secs));
        assert_eq!(limits(Some(Cloud::Aws)), [Duration::from_secs(350)]);
    }
}
