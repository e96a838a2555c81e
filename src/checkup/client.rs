//! Checks of the client's machine, and of the longest blackout of a client on it.

use std::time::Duration;

use super::{
    Blackout, EndedBy, Mark, Sheet, blackout,
    finding::{self, CheckFinding},
};
use crate::{
    plan::Address,
    units::{span, whole_percent},
    verdict::Severity,
};

/// A table above this share is nearly full (percent).
const NEARLY_FULL: u64 = 80;

/// The longest blackout that counts as short.
const SHORT: Duration = Duration::from_secs(60);

/// Returns for how long an unanswered SYN is retransmitted: first after a second, then doubling (ip-sysctl.rst,
/// `tcp_syn_retries`: 127 s for the default of 6).
fn syn_limit(retries: u32) -> u64 {
    (2_u64 << retries.min(62)) - 1
}

pub(super) fn judge(sheet: &mut Sheet<'_>) -> Vec<Blackout> {
    if matches!(sheet.subject.target.address, Address::Unix(_)) {
        return Vec::new();
    }
    settings(sheet);
    local_ports(sheet);
    conntrack(sheet);
    // Without a connection the blackout does not matter.
    if sheet.facts.attempt.as_ref().is_none_or(|attempt| attempt.probed.failure.is_some()) {
        return Vec::new();
    }
    let rows = blackout::of_all(&sheet.subject.policy, sheet.host);
    blackouts(sheet, &rows);
    keepalive(sheet);
    rows
}

fn settings(sheet: &mut Sheet<'_>) {
    let host = sheet.host;
    let retries = host.tcp_retries2.map(|retries| format!("tcp_retries2 {retries}"));
    // The defaults of a socket without its own settings.
    let keepalive = host.tcp_keepalive.map(|keepalive| {
        let (time, interval, probes) = (keepalive.time, keepalive.interval, keepalive.probes);
        format!("tcp_keepalive {time}/{interval}/{probes} = {} s", keepalive.limit().as_secs())
    });
    let syn = host.tcp_syn_retries.map(|retries| format!("tcp_syn_retries {retries} = {} s", syn_limit(retries)));
    let known: Vec<String> = [retries, keepalive, syn].into_iter().flatten().collect();
    if known.is_empty() {
        return sheet.line("kernel", Mark::NotAvailable, "not available");
    }
    sheet.line("kernel", Mark::Ok, known.join(" · "));
}

fn local_ports(sheet: &mut Sheet<'_>) {
    let (Some((first, last)), Some(used)) = (sheet.host.local_ports, sheet.host.local_ports_used) else {
        return sheet.line("ports", Mark::NotAvailable, "not available");
    };
    let all = u64::from(last - first) + 1;
    let mut mark = Mark::Ok;
    if used * 100 >= all * NEARLY_FULL {
        let text = format!("{used} of {all} local ports toward the server are in use");
        let remedy = "share connections instead of opening new ones (each closed one holds its port for a minute), or \
                      widen net.ipv4.ip_local_port_range; with no port left, connecting fails with errno 99";
        let finding = CheckFinding::new(Severity::Warning, finding::LOCAL_PORTS, text);
        mark = sheet.finding(finding.evidence(format!("ip_local_port_range {first}-{last}")).remedy(remedy));
    }
    sheet.line("ports", mark, format!("{used} of {all} in use toward this server ({})", whole_percent(used, all)));
}

fn conntrack(sheet: &mut Sheet<'_>) {
    let Some((count, most)) = sheet.host.conntrack.filter(|(_, most)| *most > 0) else {
        return sheet.line("conntrack", Mark::NotAvailable, "not available");
    };
    let mut mark = Mark::Ok;
    if count.saturating_mul(100) >= most.saturating_mul(NEARLY_FULL) {
        let text = format!("the conntrack table is nearly full: {count} of {most}");
        let remedy = "raise net.netfilter.nf_conntrack_max: when it is full, packets of new connections are dropped, \
                      and old connections may be forgotten";
        let finding = CheckFinding::new(Severity::Warning, finding::CONNTRACK, text);
        mark = sheet
            .finding(finding.evidence(format!("nf_conntrack_count {count} nf_conntrack_max {most}")).remedy(remedy));
    }
    sheet.line("conntrack", mark, format!("{count} of {most} ({})", whole_percent(count, most)));
}

/// Formats a bound: `forever`, `for at least 15 min 24 s`, `for 3 s`.
fn held(row: &Blackout, listens: bool) -> String {
    let bound = if listens { row.listens } else { row.sends };
    match (bound.ended_by, bound.after) {
        (EndedBy::Retransmissions, Some(after)) => format!("for at least {}", span(after)),
        (EndedBy::Unknown, _) => "for an unknown time".into(),
        (_, Some(after)) => format!("for {}", span(after)),
        (_, None) => "forever".into(),
    }
}

fn blackouts(sheet: &mut Sheet<'_>, rows: &[Blackout]) {
    let long = |row: &&Blackout| row.sends.exceeds(SHORT) || row.listens.exceeds(SHORT);
    let Some(selected) = rows.iter().find(|row| row.selected) else { return };
    // The table shows every policy; the finding is about the selected one, or else the library's defaults.
    let severity = if long(&selected) { Severity::Warning } else { Severity::Info };
    let Some(row) = [Some(selected), rows.first()].into_iter().flatten().find(long) else { return };
    let whose = if row.selected {
        format!("with policy {}", row.policy)
    } else {
        "with redis-rs' defaults (policy library)".to_owned()
    };
    let text = format!(
        "{whose}, a dead path goes unnoticed {} by a subscriber and {} by an active client",
        held(row, true),
        held(row, false)
    );
    let evidence = match row.sends.ended_by {
        EndedBy::Retransmissions => {
            "no TCP_USER_TIMEOUT and no watchdog: tcp_retries2 decides; commands fail after the \
             response timeout, but the connection is kept"
        }
        EndedBy::NeverReconnects => "the client never reconnects",
        EndedBy::Watchdog | EndedBy::UserTimeout | EndedBy::Keepalive | EndedBy::Nothing | EndedBy::Unknown => {
            "nothing is sent on the connection, so nothing detects the loss"
        }
    };
    let remedy = "set TCP_USER_TIMEOUT (25 s) and keepalive (10/5/3) on the client's sockets, as policy hardened does, \
                  and send an application-level PING about once a second";
    sheet.finding(CheckFinding::new(severity, finding::BLACKOUT, text).evidence(evidence).remedy(remedy));
}

fn keepalive(sheet: &mut Sheet<'_>) {
    let policy = &sheet.subject.policy;
    if policy.keepalive.is_some() || policy.watchdog.is_some() {
        return;
    }
    let finding = CheckFinding::new(Severity::Warning, finding::NO_KEEPALIVE, "the client sends no keepalive probes")
        .evidence(format!("policy {}: keepalive off, watchdog off", policy.name))
        .remedy(
            "enable keepalive with a time below the path's idle limit (10/5/3): idle connections then survive NATs and \
             load balancers, and dead ones are detected",
        );
    sheet.finding(finding);
}
