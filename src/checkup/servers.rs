//! The check of how many servers are behind the address.

use super::{
    Mark, Sheet,
    finding::{self, CheckFinding},
    survey::CheckFacts,
};
use crate::{event::Peer, report::several, verdict::Severity};

pub(super) fn judge(sheet: &mut Sheet<'_>) {
    let met = &sheet.facts.met;
    if met.is_empty() {
        return;
    }
    let servers = distinct(sheet.facts);
    let own = sheet.facts.attempt.as_ref().is_some_and(|attempt| attempt.server.run_id.is_some());
    let identified = met.iter().filter(|server| server.run_id.is_some()).count() + usize::from(own);
    if identified == 0 {
        return sheet.line("servers", Mark::NotAvailable, "none identifies itself (INFO)");
    }
    let Some((severity, text)) = several(&servers, false) else {
        return sheet.line("servers", Mark::Ok, format!("1 behind this address, on {} connections", identified));
    };
    let evidence = format!("{} connections reached {} server processes (run_id)", identified, servers.len());
    let remedy = "give the primary a separate address (a Service that selects only the primary, Sentinel, or a proxy \
                  that checks the role), and use it for writes and pub/sub";
    let remedy = if severity == Severity::Info { "" } else { remedy };
    let finding = CheckFinding::new(severity, finding::SEVERAL_SERVERS, &text).evidence(evidence).remedy(remedy);
    let mark = sheet.finding(finding);
    sheet.line("servers", if severity == Severity::Info { Mark::Ok } else { mark }, text);
}

/// Returns the servers that identified themselves, primaries first.
pub(super) fn distinct(facts: &CheckFacts) -> Vec<Peer> {
    let own = facts.attempt.as_ref().map(|attempt| Peer::new(&attempt.server, facts.seen_at.clone()));
    let mut servers: Vec<Peer> = Vec::new();
    for server in own.iter().chain(&facts.met).filter(|server| server.run_id.is_some()) {
        if servers.iter().all(|known| known.run_id != server.run_id) {
            servers.push(server.clone());
        }
    }
    servers.sort_by_key(|server| !server.is_primary());
    servers
}
