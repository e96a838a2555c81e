//! The tables of limits and periods that products have by default or by common configuration: of silence, of age, of the
//! clock. Shared by the idle-limit search, the diagnosis and the report.
//!
//! Each row names an entry of the knowledge base (`redis-doctor explain ID`), which has the sources.

use std::time::Duration;

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

/// Precision of the timers of a proxy, which closes connections itself.
const EXACT: Duration = Duration::from_millis(500);

/// Interval at which other devices check their timers.
const SWEEP: Duration = Duration::from_secs(2);

impl IdleLimit {
    /// Returns true if the product closes idle connections (FIN) and does nothing else: the end comes when the limit is
    /// reached, not with the next packet.
    pub(crate) fn only_closes(&self) -> bool {
        self.manners == CLOSES
    }

    /// Returns true if a silence of this length may have reached the limit.
    pub(crate) fn ends(&self, silence: Duration) -> bool {
        let limit = Duration::from_secs(self.seconds);
        let delay = if self.only_closes() { EXACT } else { SWEEP };
        silence.abs_diff(limit) <= delay.max(limit / 100)
    }
}

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
    limit(30, "haproxy", None, CLOSES, "HAProxy ('timeout client 30s', a common setting)"),
    limit(50, "haproxy", None, CLOSES, "HAProxy (Debian's configuration)"),
    limit(60, "RD012", None, DROPS_OR_RESETS, "a NAT or proxy with a limit of one minute"),
    limit(60, "haproxy", None, CLOSES, "HAProxy (Red Hat's configuration)"),
    limit(240, "az-lb", Some(Cloud::Azure), DROPS_OR_RESETS, "Azure Load Balancer"),
    limit(240, "ibm-pgw", None, DROPS, "IBM Cloud public gateway"),
    limit(300, "oci-lb", None, CLOSES, "Oracle Cloud load balancer"),
    limit(330, "haproxy", None, CLOSES, "HAProxy (the Helm chart redis-ha)"),
    limit(350, "aws-nlb", Some(Cloud::Aws), DROPS_OR_RESETS, "AWS Network Load Balancer"),
    limit(350, "aws-natgw", Some(Cloud::Aws), DROPS_OR_RESETS, "AWS NAT gateway"),
    limit(350, "aws-gwlb", Some(Cloud::Aws), DROPS, "AWS Gateway Load Balancer"),
    limit(350, "aws-ec2-ct", Some(Cloud::Aws), DROPS, "EC2 connection tracking (Nitro v6)"),
    limit(600, "gcp-vpc", Some(Cloud::Gcp), DROPS, "Google Cloud VPC firewall"),
    limit(600, "az-redis", Some(Cloud::Azure), CLOSES, "Azure Cache for Redis"),
    limit(600, "nginx", None, CLOSES, "nginx (stream proxy)"),
    limit(900, "ipvs", None, DROPS_OR_RESETS, "IPVS (Docker Swarm, Kubernetes)"),
    limit(1200, "gcp-nat", Some(Cloud::Gcp), DROPS, "Google Cloud NAT"),
    limit(3600, "envoy", None, CLOSES, "Envoy or Istio"),
];

/// A fixed time after which a product acts.
#[derive(Debug)]
pub(crate) struct Timer {
    pub(crate) seconds: u64,
    /// The product's id in the knowledge base.
    pub(crate) id: &'static str,
    /// The product and its setting.
    pub(crate) name: &'static str,
}

const fn timer(seconds: u64, id: &'static str, name: &'static str) -> Timer {
    Timer { seconds, id, name }
}

/// Maximum ages of connections.
pub(crate) const AGES: &[Timer] = &[timer(43_200, "aws-iam", "ElastiCache and MemoryDB with IAM authentication")];

/// Times after which a supervisor restarts a server that is not ready.
pub(crate) const RESTARTS: &[Timer] = &[
    timer(30, "kube-probe", "a Kubernetes liveness probe (3 failures, 10 s apart)"),
    timer(60, "RD190", "a job that runs every minute"),
    timer(90, "systemd", "systemd's start timeout (TimeoutStartSec)"),
    timer(120, "monit", "Monit's cycle (Debian's configuration)"),
    timer(300, "kube-backoff", "the longest back-off of Kubernetes (CrashLoopBackOff)"),
    timer(300, "RD190", "a job that runs every five minutes"),
    timer(3600, "RD190", "a job that runs every hour"),
    timer(86_400, "RD190", "a job that runs every day"),
];

/// Intervals at which something acts on a server or a network.
pub(crate) const JOBS: &[Timer] = &[
    timer(60, "RD190", "a job that runs every minute"),
    timer(60, "r-save", "Redis' snapshots ('save 60 10000')"),
    timer(300, "RD190", "a job that runs every five minutes"),
    timer(300, "r-save", "Redis' snapshots ('save 300 100')"),
    timer(3600, "RD190", "a job that runs every hour"),
    timer(3600, "r-save", "Redis' snapshots ('save 3600 1')"),
    timer(86_400, "RD190", "a job that runs every day"),
];

impl Timer {
    /// Returns true if this is the period of what the timer does. It may be longer by `work`, the time that the product
    /// then takes.
    pub(crate) fn has(&self, period: Duration, work: Duration) -> bool {
        let seconds = Duration::from_secs(self.seconds);
        period + seconds / 100 >= seconds && period <= seconds + seconds / 100 + work
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_knowledge_base_explains_every_limit_and_names_the_command_that_finds_it() {
        for limit in IDLE_LIMITS {
            let entry = crate::knowledge::entry(limit.id).unwrap_or_else(|| panic!("{} has no entry", limit.id));
            let finds = |line: &String| line.starts_with("$ redis-doctor idle");
            assert!(entry.tell.iter().any(finds), "{}: no step runs redis-doctor idle", limit.id);
            assert!(!entry.sources.is_empty(), "{}", limit.id);
        }
        for timer in [AGES, RESTARTS, JOBS].into_iter().flatten() {
            assert!(crate::knowledge::entry(timer.id).is_some(), "{} has no entry", timer.id);
        }
    }

    #[test]
    fn the_tables_ascend() {
        assert!(IDLE_LIMITS.is_sorted_by_key(|limit| limit.seconds));
        assert!([AGES, RESTARTS, JOBS].iter().all(|table| table.is_sorted_by_key(|timer| timer.seconds)));
    }

    #[test]
    fn a_proxy_is_punctual_and_a_supervisor_takes_its_time() {
        let ms = Duration::from_millis;
        let haproxy = &IDLE_LIMITS[0];
        assert!(haproxy.ends(ms(30_300)) && !haproxy.ends(ms(31_000)));
        let nat = IDLE_LIMITS.iter().find(|limit| limit.id == "RD012").unwrap();
        assert!(nat.ends(ms(61_900)) && !nat.ends(ms(62_500)));
        let systemd = RESTARTS.iter().find(|timer| timer.id == "systemd").unwrap();
        assert!(systemd.has(ms(90_150), ms(5_000)) && systemd.has(ms(95_000), ms(5_000)));
        assert!(!systemd.has(ms(88_000), ms(5_000)) && !systemd.has(ms(97_000), ms(5_000)));
    }
}
