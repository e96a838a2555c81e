//! A set of servers that redis-doctor starts for a drill and ends with it: a primary with a replica and Sentinels, or a
//! cluster.

mod cluster;
mod directory;

use std::{fs, io, net::SocketAddr, time::Duration};

use thiserror::Error;

use self::directory::Directory;
use crate::{
    classify::Failure,
    clock::{Clock, within},
    dial::{Route, Value},
    plan::{Address, LabCase, LabKind, Protocol, Target},
    supervise::{Role, SpawnError, SpawnedServer},
    topology::sentinel::places,
};

/// Name of the primary in the Sentinels of the lab.
pub(crate) const MASTER: &str = "lab";

/// Sentinels of the lab: two of them decide.
const SENTINELS: usize = 3;

/// Time limit of a connection attempt and of a command.
const LIMIT: Duration = Duration::from_secs(2);

/// Time from the start of the processes until they are ready for a failover.
const READY: Duration = Duration::from_secs(40);

/// Pause between two checks.
const PAUSE: Duration = Duration::from_millis(100);

/// The reason why there is no lab.
#[derive(Debug, Error)]
pub(crate) enum LabError {
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    #[error("the files of the lab cannot be written: {0}")]
    Files(#[from] io::Error),
    #[error("the lab was not ready within {} s: {why}", READY.as_secs())]
    Late { why: &'static str },
    #[error("{command}: {failure}")]
    Command { command: String, failure: Failure },
    #[error("no key of the workload was found")]
    NoKey,
}

/// The servers of a drill; dropping it ends them.
#[derive(Debug)]
pub(crate) struct Lab {
    kind: LabKind,
    /// The primary and its replica; or three primaries, and then the replica of each.
    servers: Vec<SpawnedServer>,
    sentinels: Vec<SpawnedServer>,
    clock: Clock,
    /// Last, so that it goes after the processes that write to it.
    directory: Directory,
}

impl Lab {
    /// Starts the servers, and waits until they are ready for a failover.
    ///
    /// # Errors
    /// If there is no server in the PATH, or it does not become ready.
    pub(crate) async fn start(kind: LabKind, clock: Clock) -> Result<Self, LabError> {
        let directory = Directory::create()?;
        let mut lab = Self { kind, servers: Vec::new(), sentinels: Vec::new(), clock, directory };
        match kind {
            LabKind::Sentinel => lab.start_sentinels().await?,
            LabKind::Cluster => lab.start_cluster().await?,
        }
        Ok(lab)
    }

    /// Returns the servers that a client of the lab is given: the Sentinels, or the primaries of the cluster.
    pub(crate) fn seeds(&self) -> Vec<Target> {
        let seeds = match self.kind {
            LabKind::Sentinel => &self.sentinels[..],
            LabKind::Cluster => &self.servers[..cluster::PRIMARIES],
        };
        seeds.iter().map(|server| target(server.address())).collect()
    }

    /// Does what the case is about.
    ///
    /// # Errors
    /// If a server refuses it.
    pub(crate) async fn act(&mut self, case: LabCase) -> Result<(), LabError> {
        match case {
            LabCase::SentinelFailover => {
                // It refuses until it has asked the replica.
                let ordered = async |lab: &Self| {
                    lab.command(lab.sentinels[0].address(), &["SENTINEL", "FAILOVER", MASTER]).await.is_ok()
                };
                self.until(ordered, "the Sentinel refuses SENTINEL FAILOVER").await?;
            }
            LabCase::KillPrimary | LabCase::KillNode => self.servers[0].kill(),
            LabCase::FreezePrimary => self.servers[0].freeze(),
            LabCase::ClusterFailover => {
                self.command(self.servers[cluster::PRIMARIES].address(), &["CLUSTER", "FAILOVER"]).await.map(drop)?;
            }
            LabCase::MoveSlot => self.move_slot().await?,
            LabCase::LoseSlots => {
                self.servers[0].kill();
                self.servers[cluster::PRIMARIES].kill();
            }
        }
        Ok(())
    }

    async fn start_sentinels(&mut self) -> Result<(), LabError> {
        let primary = SpawnedServer::start(None)?;
        let address = primary.address();
        let replica = SpawnedServer::start_as(None, &Role::ReplicaOf(address))?;
        self.servers.extend([primary, replica]);
        let lines = format!(
            "sentinel monitor {MASTER} {} {} 2\nsentinel down-after-milliseconds {MASTER} 1000\nsentinel failover-timeout \
             {MASTER} 5000\n",
            address.ip(),
            address.port()
        );
        for number in 0..SENTINELS {
            let file = self.directory.path().join(format!("sentinel-{number}.conf"));
            fs::write(&file, &lines)?;
            self.sentinels.push(SpawnedServer::start_as(None, &Role::Sentinel(&file))?);
        }
        let all_known = async |lab: &Self| {
            for sentinel in &lab.sentinels {
                let count = async |of: &str| {
                    let known = lab.command(sentinel.address(), &["SENTINEL", of, MASTER]).await;
                    known.map_or(0, |reply| places(&reply).len())
                };
                if count("REPLICAS").await < 1 || count("SENTINELS").await < SENTINELS - 1 {
                    return false;
                }
            }
            true
        };
        self.until(all_known, "the Sentinels do not know each other").await
    }

    /// Waits until a condition holds.
    ///
    /// # Errors
    /// Returns `why` if it does not within the time limit.
    async fn until(&self, holds: impl AsyncFn(&Self) -> bool, why: &'static str) -> Result<(), LabError> {
        let waiting = async {
            while !holds(self).await {
                self.clock.sleep_until(self.clock.now().after(PAUSE)).await;
            }
        };
        within(READY, waiting).await.ok_or(LabError::Late { why })
    }

    async fn command(&self, server: SocketAddr, words: &[&str]) -> Result<Value, LabError> {
        let name = || words.iter().take(2).copied().collect::<Vec<_>>().join(" ");
        let failed = |failure| LabError::Command { command: name(), failure };
        let route = Route::new(target(server), Protocol::Auto, LIMIT, self.clock).with_ping(false);
        let (_, mut stream) = route.connect().await.map_err(failed)?;
        stream.command(words).await.map_err(failed)
    }
}

/// Returns a server of the lab as the target of a run.
fn target(address: SocketAddr) -> Target {
    Target::new(Address::Tcp { host: address.ip().to_string(), port: address.port(), tls: false }, "--lab")
}
