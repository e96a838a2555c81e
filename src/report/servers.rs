//! The findings about the servers behind the address.

use super::finding::List;
use crate::{
    classify::ErrorClass,
    event::{ClientState, list_of},
    record::{Figures, Servers},
    verdict::Severity,
};

/// Several servers behind one address.
const SEVERAL: &str = "RD153";

/// The address leads to another server than an old connection.
const MOVED: &str = "RD154";

/// A server was made a replica.
const BECAME_REPLICA: &str = "RD155";

/// The server is a replica.
const REPLICA: &str = "RD050";

impl List {
    pub(super) fn about_servers(&mut self, figures: &Figures) {
        let servers = &figures.servers;
        let refused = figures.errors.iter().filter(|row| row.key.class == ErrorClass::ReadOnly);
        let refused: u64 = refused.map(|row| row.count).sum();
        self.about_several(servers, refused > 0);
        for row in &servers.moves {
            let text = format!("new connections reach the {}, and old ones stay with the {}", row.moved.to, row.moved.from);
            self.push_coded(Severity::Warning, Some(MOVED), text);
        }
        self.about_roles(servers);
        let demoted = figures.tally.states.contains_key(&ClientState::Pinned);
        if refused > 0 && !demoted && servers.together.is_empty() {
            let text = "writes were refused: the server is a replica";
            self.push_coded(Severity::Critical, Some(REPLICA), text);
        }
    }

    fn about_several(&mut self, servers: &Servers, writes_refused: bool) {
        let together = &servers.together;
        if together.is_empty() {
            return;
        }
        let (number, list) = (together.len(), list_of(together));
        let primaries = together.iter().filter(|server| server.is_primary()).count();
        let replicas = together.iter().any(|server| server.is_replica());
        let cluster = together.iter().any(|server| server.mode.as_deref() == Some("cluster"));
        let (severity, text) = match primaries {
            1.. if replicas && writes_refused => {
                let text = "writes were refused by a replica, and a primary is behind the same address";
                (Severity::Critical, format!("{text}: {list}"))
            }
            1.. if replicas => {
                (Severity::Warning, format!("{number} servers of different roles are behind this address: {list}"))
            }
            2.. if !cluster => {
                let text = "primaries are behind this address, each with its own data";
                (Severity::Warning, format!("{primaries} {text}: {list}"))
            }
            _ => (Severity::Info, format!("{number} servers are behind this address: {list}")),
        };
        self.push_coded(severity, Some(SEVERAL), text);
    }

    fn about_roles(&mut self, servers: &Servers) {
        for change in servers.role_changes.iter().map(|row| &row.change) {
            if !change.is_demotion() {
                self.info(change.to_string());
                continue;
            }
            let stranger = change.server.primary.as_deref().filter(|primary| !servers.include(primary));
            let question = stranger.map_or(String::new(), |primary| {
                format!("; if {primary} is not one of your servers, this one was taken over")
            });
            let nowhere = servers.together.is_empty() && servers.moves.is_empty();
            let nowhere = if nowhere { "; no primary was found at its address" } else { "" };
            self.push_coded(Severity::Warning, Some(BECAME_REPLICA), format!("{change}{nowhere}{question}"));
        }
    }
}
