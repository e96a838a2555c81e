//! Judgment of replication: the primary that a replica follows, and the replicas that a primary has and needs.

use std::time::Duration;

use super::{
    Mark, Sheet,
    finding::{self, CheckFinding},
    server::unknown,
    survey::{ServerFacts, SurveyCommand},
};
use crate::{units::span, verdict::Severity};

/// A replica lags if its last acknowledgement is older (seconds); replicas acknowledge every second.
const LAG: u64 = 10;

pub(super) fn judge(sheet: &mut Sheet<'_>, server: &ServerFacts) {
    if server.role.is_none() {
        return unknown(sheet, "replication", SurveyCommand::Info);
    }
    if let Some(up) = server.primary_link_up {
        let age = server.primary_last_io.filter(|age| *age >= 0).map(|age| format!("last data {age} s ago"));
        let age = age.unwrap_or_else(|| "no data since".into());
        let primary = server.primary.as_deref().unwrap_or("its primary");
        if up {
            return sheet.line("replication", Mark::Ok, format!("the link to {primary} is up · {age}"));
        }
        let down = server.primary_link_down_for.and_then(|seconds| u64::try_from(seconds).ok());
        let down = down.map(|seconds| format!(" for {}", span(Duration::from_secs(seconds)))).unwrap_or_default();
        let text = format!("the replica has lost its primary {primary}");
        let finding = CheckFinding::new(Severity::Warning, finding::REPLICATION, text)
            .evidence(format!("master_link_status:down{down} · {age}"))
            .remedy(format!(
                "check that {primary} is a server of yours; if it is, see the replica's log: until the link is restored it \
                 serves stale data, and messages published on the primary do not reach its subscribers; if it is not, an \
                 intruder has set it: make this server a primary again, then set a password and close the port"
            ));
        let mark = sheet.finding(finding);
        return sheet.line("replication", mark, format!("the link to {primary} is down{down} · {age}"));
    }
    if server.replicas.is_empty() {
        let mark = required(sheet, server);
        return sheet.line("replication", mark, "no replicas");
    }
    let behind: Vec<String> = server
        .replicas
        .iter()
        .filter(|replica| replica.state != "online" || replica.lag.is_some_and(|lag| lag > LAG))
        .map(|replica| {
            let lag = replica.lag.map(|lag| format!(", last acknowledged {lag} s ago")).unwrap_or_default();
            format!("{} {}{lag}", replica.address, replica.state)
        })
        .collect();
    let worst = server.replicas.iter().filter_map(|replica| replica.lag).max();
    let worst = worst.map(|lag| format!(" · longest lag {lag} s")).unwrap_or_default();
    let count = server.replicas.len();
    let replicas = if count == 1 { "replica" } else { "replicas" };
    let mut mark = required(sheet, server);
    if !behind.is_empty() {
        let are = if behind.len() == 1 { "is" } else { "are" };
        let text = format!("{} of {count} {replicas} {are} not up to date", behind.len());
        let finding = CheckFinding::new(Severity::Warning, finding::REPLICATION, text).evidence(behind.join("; "));
        mark = mark.max(sheet.finding(finding.remedy(
            "a failover to such a replica loses writes; see its log and the primary's client-output-buffer-limit \
             replica",
        )));
    }
    sheet.line("replication", mark, format!("{count} {replicas}, {} up to date{worst}", count - behind.len()));
}

/// Adds the finding about a primary that refuses writes because too few replicas follow it.
fn required(sheet: &mut Sheet<'_>, server: &ServerFacts) -> Mark {
    let required = server.min_replicas_to_write.filter(|required| *required > 0);
    let (Some(required), Some(good)) = (required, server.good_replicas) else { return Mark::Ok };
    if good >= required {
        return Mark::Ok;
    }
    let text = format!("writes are refused (NOREPLICAS): {good} of {required} required replicas are up to date");
    let remedy = "bring the replicas back, or lower min-replicas-to-write; min-replicas-max-lag is the lag up to which a \
                  replica counts";
    let finding = CheckFinding::new(Severity::Critical, finding::TOO_FEW_REPLICAS, text);
    let evidence = format!("min-replicas-to-write {required} · min_slaves_good_slaves:{good}");
    sheet.finding(finding.evidence(evidence).remedy(remedy))
}
