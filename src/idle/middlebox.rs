//! What usually has which idle limit, by the ids of the knowledge base.
//!
//! Sources: the vendors' documentation as the knowledge base quotes it (`redis-doctor explain ID`).

use std::time::Duration;

use serde::Serialize;

use super::{Cloud, Ending, Limit};
use crate::clock::seconds;
use crate::order;

/// Something that may be the one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Suspect {
    /// What `redis-doctor explain` knows it by.
    pub id: &'static str,
    /// What it is.
    pub name: &'static str,
    /// Its limit.
    #[serde(with = "seconds")]
    pub limit: Duration,
    /// Whether it also ends connections in the way that was seen.
    pub ends_so: bool,
}

/// A common limit.
struct Common {
    seconds: u64,
    id: &'static str,
    name: &'static str,
    cloud: Option<Cloud>,
    /// How it ends connections, as far as its maker says so.
    ends: &'static [Ending],
}

const SILENT: &[Ending] = &[Ending::Unanswered];
const SILENT_OR_RESET: &[Ending] = &[Ending::Unanswered, Ending::Reset];

const fn common(
    seconds: u64,
    id: &'static str,
    cloud: Option<Cloud>,
    ends: &'static [Ending],
    name: &'static str,
) -> Common {
    Common { seconds, id, name, cloud, ends }
}

const COMMON: &[Common] = &[
    common(60, "RD012", None, SILENT_OR_RESET, "a NAT or proxy set to a minute"),
    common(240, "az-lb", Some(Cloud::Azure), SILENT_OR_RESET, "Azure Load Balancer"),
    common(240, "ibm-pgw", None, SILENT, "IBM Cloud public gateway"),
    common(300, "oci-lb", None, &[Ending::Closed], "Oracle Cloud load balancer"),
    common(350, "aws-nlb", Some(Cloud::Aws), SILENT_OR_RESET, "AWS Network Load Balancer"),
    common(350, "aws-natgw", Some(Cloud::Aws), SILENT_OR_RESET, "AWS NAT gateway"),
    common(350, "aws-gwlb", Some(Cloud::Aws), SILENT, "AWS Gateway Load Balancer"),
    common(350, "aws-ec2-ct", Some(Cloud::Aws), SILENT, "EC2 connection tracking (Nitro v6)"),
    common(600, "gcp-vpc", Some(Cloud::Gcp), SILENT, "Google Cloud VPC firewall"),
    common(600, "az-redis", Some(Cloud::Azure), &[Ending::Closed], "Azure Cache for Redis"),
    common(900, "ipvs", None, SILENT_OR_RESET, "IPVS (Docker Swarm, Kubernetes)"),
    common(1200, "gcp-nat", Some(Cloud::Gcp), SILENT, "Google Cloud NAT"),
    common(3600, "envoy", None, &[Ending::Closed], "Envoy or Istio"),
];

impl Cloud {
    /// The longest of the limits that are common there.
    pub fn longest_limit(self) -> Duration {
        limits(Some(self)).last().copied().unwrap_or_default()
    }
}

/// The common limits, ascending, each once; of one cloud, if that is known.
pub(super) fn limits(cloud: Option<Cloud>) -> Vec<Duration> {
    let wanted = COMMON.iter().filter(|common| cloud.is_none() || common.cloud == cloud);
    let mut limits: Vec<_> = wanted.map(|common| Duration::from_secs(common.seconds)).collect();
    limits.dedup();
    limits
}

/// Whether a limit agrees with what was measured: timers are looked at now and then, so an end may come later than its
/// limit, by up to two seconds and one part in fifty.
pub(super) fn agrees(seconds: Duration, measured: &Limit) -> bool {
    let late = super::search::slack(seconds);
    let early = if measured.dated { seconds.mul_f64(0.01).max(Duration::from_millis(50)) } else { Duration::ZERO };
    measured.at_least <= seconds + late && measured.at_most + early >= seconds
}

/// What the limit may be the limit of, the likeliest first.
pub(super) fn suspects(measured: &Limit) -> Vec<Suspect> {
    let near = COMMON.iter().filter(|common| agrees(Duration::from_secs(common.seconds), measured));
    let mut suspects: Vec<_> = near
        .map(|common| Suspect {
            id: common.id,
            name: common.name,
            limit: Duration::from_secs(common.seconds),
            ends_so: common.ends.contains(&measured.ending),
        })
        .collect();
    order::sort_by_key(&mut suspects, |suspect| !suspect.ends_so);
    suspects
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
    fn a_box_is_named_by_its_limit_and_the_likeliest_by_its_manner() {
        let reset = ids(&limit(346, 353, Ending::Reset, false));
        let like = [("aws-nlb", true), ("aws-natgw", true), ("aws-gwlb", false), ("aws-ec2-ct", false)];
        assert_eq!(reset, like);
        let closed = ids(&limit(600, 601, Ending::Closed, true));
        assert_eq!(closed, [("az-redis", true), ("gcp-vpc", false)]);
        assert_eq!(ids(&limit(594, 606, Ending::Unanswered, false))[0], ("gcp-vpc", true));
        assert_eq!(ids(&limit(59, 61, Ending::Unanswered, false)), [("RD012", true)]);
    }

    #[test]
    fn a_limit_that_is_nobodys_names_nobody() {
        for measured in [limit(100, 102, Ending::Reset, false), limit(2, 3, Ending::Closed, true)] {
            assert_eq!(suspects(&measured), []);
        }
    }

    #[test]
    fn a_dated_end_may_be_late_and_not_early() {
        assert!(agrees(Duration::from_secs(2), &limit(2, 4, Ending::Closed, true)));
        assert!(agrees(Duration::from_secs(600), &limit(610, 613, Ending::Closed, true)));
        assert!(!agrees(Duration::from_secs(600), &limit(580, 590, Ending::Closed, true)));
    }

    #[test]
    fn the_knowledge_base_explains_every_one() {
        for id in COMMON.iter().map(|common| common.id).chain(["r-timeout"]) {
            assert!(crate::knowledge::entry(id).is_some(), "{id}");
        }
    }

    #[test]
    fn the_table_ascends() {
        assert!(COMMON.windows(2).all(|pair| pair[0].seconds <= pair[1].seconds));
        assert_eq!(limits(Some(Cloud::Azure)), [240, 600].map(Duration::from_secs));
    }
}
