//! The cluster of a lab: how it is formed, and how a slot moves.

use std::{net::SocketAddr, time::Duration};

use super::{Lab, LabError};
use crate::{
    dial::{Value, reply::text},
    supervise::{Role, SpawnedServer},
    topology::{SLOTS, nodes::View, slot_of},
};

/// Primaries, each of which has a replica.
pub(super) const PRIMARIES: usize = 3;

/// Time after which a primary that does not answer is replaced. On a busy machine, a node may not run for a second.
const NODE_TIMEOUT: Duration = Duration::from_secs(2);

/// Time limit of the copy of one key, in milliseconds.
const MIGRATION: &str = "1000";

impl Lab {
    pub(super) async fn start_cluster(&mut self) -> Result<(), LabError> {
        for _ in 0..2 * PRIMARIES {
            let role = Role::Node(NODE_TIMEOUT, self.directory.path());
            self.servers.push(SpawnedServer::start_as(None, &role)?);
        }
        let addresses: Vec<_> = self.servers.iter().map(SpawnedServer::address).collect();
        for (number, address) in addresses.iter().enumerate() {
            if number < PRIMARIES {
                let bound = |number: usize| usize::from(SLOTS) * number / PRIMARIES;
                let slots: Vec<_> = (bound(number)..bound(number + 1)).map(|slot| slot.to_string()).collect();
                let words: Vec<_> =
                    ["CLUSTER", "ADDSLOTS"].into_iter().chain(slots.iter().map(String::as_str)).collect();
                self.command(*address, &words).await?;
            }
            // No two nodes may have the same.
            self.command(*address, &["CLUSTER", "SET-CONFIG-EPOCH", &(number + 1).to_string()]).await?;
        }
        for other in &addresses[1..] {
            let (host, port) = (other.ip().to_string(), other.port().to_string());
            self.command(addresses[0], &["CLUSTER", "MEET", &host, &port]).await?;
        }
        self.all_agree("the nodes do not know each other", |view| view.nodes.len() == 2 * PRIMARIES).await?;
        for (primary, replica) in addresses.iter().zip(&addresses[PRIMARIES..]) {
            let id = self.id(*primary).await?;
            self.command(*replica, &["CLUSTER", "REPLICATE", &id]).await?;
        }
        let replicas = |view: &View| view.nodes.iter().filter(|node| node.primary.is_some()).count();
        self.all_agree("the replicas are not known", |view| replicas(view) == PRIMARIES).await?;
        let ready = async |lab: &Self| {
            for (number, address) in addresses.iter().enumerate() {
                let has = async |words: &[&str], field: &str, wanted: &str| {
                    let reply = lab.command(*address, words).await.ok().as_ref().and_then(text);
                    reply.and_then(|info| info.part().info().has(field, wanted)) == Some(true)
                };
                let synced = number < PRIMARIES || has(&["INFO", "replication"], "master_link_status", "up").await;
                if !synced || !has(&["CLUSTER", "INFO"], "cluster_state", "ok").await {
                    return false;
                }
            }
            true
        };
        self.until(ready, "the cluster does not serve its slots").await
    }

    /// Waits until every node describes the cluster in this way.
    async fn all_agree(&self, otherwise: &'static str, is_right: impl Fn(&View) -> bool) -> Result<(), LabError> {
        let agree = async |lab: &Self| {
            for server in &lab.servers {
                let reply = lab.command(server.address(), &["CLUSTER", "NODES"]).await;
                if !reply.is_ok_and(|reply| is_right(&View::read(&reply, &[], "127.0.0.1"))) {
                    return false;
                }
            }
            true
        };
        self.until(agree, otherwise).await
    }

    async fn id(&self, node: SocketAddr) -> Result<String, LabError> {
        let reply = self.command(node, &["CLUSTER", "MYID"]).await?;
        Ok(text(&reply).map(|id| id.part().shown().into()).unwrap_or_default())
    }

    /// Moves the slot of the workload's keys on the first node to the second, as a resharding does.
    pub(super) async fn move_slot(&self) -> Result<(), LabError> {
        let [from, to] = [0, 1].map(|number: usize| self.servers[number].address());
        let keys = self.keys(from, &["KEYS", "redis-doctor:*"]).await?;
        let slot = keys.first().map(|key| slot_of(key)).ok_or(LabError::NoKey)?.to_string();
        let [old, new] = [self.id(from).await?, self.id(to).await?];
        self.command(to, &["CLUSTER", "SETSLOT", &slot, "IMPORTING", &old]).await?;
        self.command(from, &["CLUSTER", "SETSLOT", &slot, "MIGRATING", &new]).await?;
        let (host, port) = (to.ip().to_string(), to.port().to_string());
        for key in self.keys(from, &["CLUSTER", "GETKEYSINSLOT", &slot, "1000"]).await? {
            // One that has expired since is not copied.
            let _ = self.command(from, &["MIGRATE", &host, &port, &key, "0", MIGRATION, "REPLACE"]).await;
        }
        for node in [to, from] {
            self.command(node, &["CLUSTER", "SETSLOT", &slot, "NODE", &new]).await?;
        }
        Ok(())
    }

    async fn keys(&self, node: SocketAddr, words: &[&str]) -> Result<Vec<String>, LabError> {
        let Value::Array(keys) = self.command(node, words).await? else { return Ok(Vec::new()) };
        Ok(keys.iter().filter_map(text).map(|key| key.part().shown().into()).collect())
    }
}
