//! The labs of a drill: servers that redis-doctor starts itself, and what happens to them.

use strum::{Display, IntoStaticStr, VariantArray};

/// A kind of lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum LabKind {
    /// A primary, a replica and three Sentinels.
    Sentinel,
    /// Three primaries, each with a replica.
    Cluster,
}

/// A case of a drill in a lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum LabCase {
    /// A Sentinel is ordered to replace the primary.
    SentinelFailover,
    /// The primary is killed.
    KillPrimary,
    /// The primary is frozen (SIGSTOP).
    FreezePrimary,
    /// A replica of the cluster is ordered to replace its primary.
    ClusterFailover,
    /// A primary of the cluster is killed.
    KillNode,
    /// A slot that the workload uses moves to another primary.
    MoveSlot,
    /// A primary of the cluster and its replica are killed.
    LoseSlots,
}

impl LabCase {
    /// Returns the lab of the case.
    pub(crate) fn lab(self) -> LabKind {
        match self {
            Self::SentinelFailover | Self::KillPrimary | Self::FreezePrimary => LabKind::Sentinel,
            Self::ClusterFailover | Self::KillNode | Self::MoveSlot | Self::LoseSlots => LabKind::Cluster,
        }
    }

    /// Returns all cases of a lab.
    pub(crate) fn of(lab: LabKind) -> impl Iterator<Item = Self> {
        Self::VARIANTS.iter().copied().filter(move |case| case.lab() == lab)
    }

    /// Returns what happens, as a noun phrase.
    pub(crate) fn about(self) -> &'static str {
        match self {
            Self::SentinelFailover => "SENTINEL FAILOVER",
            Self::KillPrimary => "kill -9 of the primary",
            Self::FreezePrimary => "kill -STOP of the primary",
            Self::ClusterFailover => "CLUSTER FAILOVER on a replica",
            Self::KillNode => "kill -9 of a primary",
            Self::MoveSlot => "a slot of the keys moves to another primary",
            Self::LoseSlots => "kill -9 of a primary and its replica",
        }
    }
}
