//! The findings about the servers behind the address.

use super::finding::List;
use crate::{
    classify::ErrorClass,
    event::{ClientState, Peer, StopReason, list_of},
    plan::ProbeKind,
    record::{Failover, Figures, RunFigures, Servers},
    verdict::Severity,
};

/// Several servers behind one address.
const SEVERAL: &str = "RD153";

/// The address leads to another server than an old connection.
const MOVED: &str = "RD154";

/// A server was made a replica.
const BECAME_REPLICA: &str = "RD155";

/// Acknowledged writes are gone.
const GONE: &str = "RD158";

/// A replica has lost its primary.
const LOST_PRIMARY: &str = "RD061";

/// The server is a replica.
const REPLICA: &str = "RD050";

impl List {
    pub(super) fn about_servers(&mut self, figures: &Figures) {
        let servers = &figures.servers;
        let refused = figures.errors.iter().filter(|row| row.key.class == ErrorClass::ReadOnly);
        let refused = refused.map(|row| row.count).fold(0, u64::saturating_add);
        if let Some((severity, text)) = several(&servers.together, refused > 0) {
            self.push_coded(severity, Some(SEVERAL), text);
        }
        for row in &servers.moves {
            self.push_coded(Severity::Warning, Some(MOVED), row.moved.to_string());
        }
        let kind = |run: &RunFigures| run.started.plan.probes.as_ref().map(|probes| probes.kind);
        // The ledger counts what the others may have lost.
        let wrote = figures.runs.iter().filter_map(kind).any(|kind| matches!(kind, ProbeKind::Kv | ProbeKind::Mixed));
        let left = figures.runs.last().is_some_and(|run| run.stopped == Some(StopReason::Left));
        self.about_roles(servers, &figures.failovers, wrote, left);
        self.about_lost_primaries(figures);
        let pinned = figures.tally.states.contains_key(&ClientState::Pinned);
        let demoted = pinned || figures.tally.replaced_readonly > 0;
        if refused > 0 && !demoted && servers.together.is_empty() {
            let text = "writes were refused: the server is a replica";
            self.push_coded(Severity::Critical, Some(REPLICA), text);
        }
    }

    /// Adds the changes of roles. A node whose slots have all moved away has `left`, and becomes a replica without a failover.
    fn about_roles(&mut self, servers: &Servers, failovers: &[Failover], wrote: bool, left: bool) {
        for change in servers.role_changes.iter().map(|row| &row.change) {
            if left || !change.is_demotion() {
                self.info(change.to_string());
                continue;
            }
            // The run has followed that failover, so the new primary is one of the user's servers.
            if failovers.iter().any(|failover| change.server.primary.as_ref() == Some(&failover.to)) {
                self.info(change.to_string());
                self.writes_may_be_gone(wrote);
                continue;
            }
            let stranger = change.server.primary.as_deref().filter(|primary| !servers.include(primary));
            let question =
                stranger.map_or(String::new(), |primary| format!("; check that {primary} is one of your servers"));
            let nowhere = servers.together.is_empty() && servers.moves.is_empty();
            let nowhere = if nowhere { "; no primary was found at its address" } else { "" };
            self.push_coded(Severity::Warning, Some(BECAME_REPLICA), format!("{change}{nowhere}{question}"));
            self.writes_may_be_gone(wrote);
        }
    }

    fn writes_may_be_gone(&mut self, wrote: bool) {
        if wrote {
            let text = "writes that it acknowledged shortly before may be gone; --workload ledger counts them";
            self.push_coded(Severity::Warning, Some(GONE), text);
        }
    }

    /// Adds the replicas that had lost their primary when the run connected: nothing new reaches their subscribers.
    fn about_lost_primaries(&mut self, figures: &Figures) {
        let connected = figures.runs.iter().filter_map(|run| run.connected.as_ref());
        for server in connected.map(|connected| &connected.server).filter(|server| server.primary_link == Some(false)) {
            let primary = server.primary.as_deref().unwrap_or("its primary");
            let text =
                format!("the server is a replica without a link to {primary}; check that it is one of your servers");
            self.push_coded(Severity::Warning, Some(LOST_PRIMARY), text);
        }
    }
}

/// Judges servers that are behind one address together, primaries first: the severity and a sentence; `None` unless there
/// are several.
pub(crate) fn several(together: &[Peer], writes_refused: bool) -> Option<(Severity, String)> {
    if together.len() < 2 {
        return None;
    }
    let (number, list) = (together.len(), list_of(together));
    let primaries = together.iter().filter(|server| server.is_primary()).count();
    let replicas = together.iter().any(|server| server.is_replica());
    let cluster = together.iter().any(|server| server.mode.as_deref() == Some("cluster"));
    let (severity, text) = match primaries {
        1.. if replicas && writes_refused => (
            Severity::Critical,
            "writes were refused by a replica, and a primary is behind the same address".to_owned(),
        ),
        1.. if replicas && !cluster => {
            (Severity::Warning, format!("{number} servers of different roles are behind this address"))
        }
        2.. if !cluster => {
            let text = "primaries are behind this address, each with its own data unless a proxy shards it";
            (Severity::Warning, format!("{primaries} {text}"))
        }
        _ => (Severity::Info, format!("{number} servers are behind this address")),
    };
    Some((severity, format!("{text}: {list}")))
}
