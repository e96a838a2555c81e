//! Common idle limits between clients and servers, and their owners: the table that both the search for a limit and the
//! diagnosis of a loss use.
//!
//! Sources: the vendors' documentation as the knowledge base quotes it (`redis-doctor explain ID`).

/// A cloud with its own limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cloud {
    /// Amazon Web Services
    Aws,
    /// Microsoft Azure
    Azure,
    /// Google Cloud
    Gcp,
}

/// The way in which a device ends a connection that was silent for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It closes the connection (FIN).
    Closes,
    /// It answers the next packet with a reset (RST).
    Resets,
    /// It drops later packets silently.
    Drops,
}

/// A common limit.
#[derive(Debug)]
pub struct IdleLimit {
    /// Limit in seconds of silence.
    pub seconds: u64,
    /// Id for `redis-doctor explain`.
    pub id: &'static str,
    /// Name of its owner.
    pub name: &'static str,
    /// Cloud of the owner, if it is of one cloud.
    pub cloud: Option<Cloud>,
    /// Ways in which it ends connections, as documented by its maker.
    pub manners: &'static [Manner],
}

const CLOSES: &[Manner] = &[Manner::Closes];
const DROPS: &[Manner] = &[Manner::Drops];
const DROPS_OR_RESETS: &[Manner] = &[Manner::Drops, Manner::Resets];

const fn limit(
    seconds: u64,
    id: &'static str,
    cloud: Option<Cloud>,
    manners: &'static [Manner],
    name: &'static str,
) -> IdleLimit {
    IdleLimit { seconds, id, name, cloud, manners }
}

/// The common limits, ascending.
pub const IDLE_LIMITS: &[IdleLimit] = &[
    limit(60, "RD012", None, DROPS_OR_RESETS, "a NAT or proxy set to a minute"),
    limit(240, "az-lb", Some(Cloud::Azure), DROPS_OR_RESETS, "Azure Load Balancer"),
    limit(240, "ibm-pgw", None, DROPS, "IBM Cloud public gateway"),
    limit(300, "oci-lb", None, CLOSES, "Oracle Cloud load balancer"),
    limit(350, "aws-nlb", Some(Cloud::Aws), DROPS_OR_RESETS, "AWS Network Load Balancer"),
    limit(350, "aws-natgw", Some(Cloud::Aws), DROPS_OR_RESETS, "AWS NAT gateway"),
    limit(350, "aws-gwlb", Some(Cloud::Aws), DROPS, "AWS Gateway Load Balancer"),
    limit(350, "aws-ec2-ct", Some(Cloud::Aws), DROPS, "EC2 connection tracking (Nitro v6)"),
    limit(600, "gcp-vpc", Some(Cloud::Gcp), DROPS, "Google Cloud VPC firewall"),
    limit(600, "az-redis", Some(Cloud::Azure), CLOSES, "Azure Cache for Redis"),
    limit(900, "ipvs", None, DROPS_OR_RESETS, "IPVS (Docker Swarm, Kubernetes)"),
    limit(1200, "gcp-nat", Some(Cloud::Gcp), DROPS, "Google Cloud NAT"),
    limit(3600, "envoy", None, CLOSES, "Envoy or Istio"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_knowledge_base_explains_every_one_and_names_the_command_that_finds_it() {
        for limit in IDLE_LIMITS {
            let entry = crate::knowledge::entry(limit.id).unwrap_or_else(|| panic!("{} has no entry", limit.id));
            let finds = |line: &String| line.starts_with("$ redis-doctor idle");
            assert!(entry.tell.iter().any(finds), "{}: how to tell does not name idle", limit.id);
        }
    }

    #[test]
    fn the_table_ascends() {
        assert!(IDLE_LIMITS.is_sorted_by_key(|limit| limit.seconds));
    }
}
