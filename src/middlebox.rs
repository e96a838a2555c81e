//! The table of common idle limits and their products, shared by the idle-limit search and the diagnosis.
//!
//! Sources: the vendors' documentation, as listed in the knowledge base (`redis-doctor explain ID`).

/// A cloud with its own idle limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cloud {
    /// Amazon Web Services
    Aws,
    /// Microsoft Azure
    Azure,
    /// Google Cloud
    Gcp,
}

/// The reaction of a middlebox to a connection that was idle for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It closes the connection (FIN).
    Closes,
    /// It answers the next packet with RST.
    Resets,
    /// It silently drops further packets.
    Drops,
}

/// The idle limit of a product.
#[derive(Debug)]
pub(crate) struct IdleLimit {
    pub(crate) seconds: u64,
    /// The product's id in the knowledge base.
    pub(crate) id: &'static str,
    /// The product's name.
    pub(crate) name: &'static str,
    /// The only cloud that has it, if there is one.
    pub(crate) cloud: Option<Cloud>,
    /// The reactions that the vendor documents.
    pub(crate) manners: &'static [Manner],
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

/// The common limits in ascending order.
pub(crate) const IDLE_LIMITS: &[IdleLimit] = &[
    limit(60, "RD012", None, DROPS_OR_RESETS, "a NAT or proxy with a limit of one minute"),
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
    fn the_knowledge_base_explains_every_limit_and_names_the_command_that_finds_it() {
        for limit in IDLE_LIMITS {
            let entry = crate::knowledge::entry(limit.id).unwrap_or_else(|| panic!("{} has no entry", limit.id));
            let finds = |line: &String| line.starts_with("$ redis-doctor idle");
            assert!(entry.tell.iter().any(finds), "{}: no step runs redis-doctor idle", limit.id);
        }
    }

    #[test]
    fn the_table_ascends() {
        assert!(IDLE_LIMITS.is_sorted_by_key(|limit| limit.seconds));
    }
}
