//! The client's own machine, and how long a client on it can be blind.

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

/// More than this share of a table in use is nearly full (percent).
const NEARLY_FULL: u64 = 80;

/// A blackout up to this is what a human would call short.
const SHORT: Duration = Duration::from_secs(60);

/// How long an unanswered connection attempt is repeated: the first repetition after a second, then doubling
/// (ip-sysctl.rst, `tcp_syn_retries`: 127 s for the default of 6).
fn syn_limit(retries: u32) -> u64 {
    (2_u64 << retries.min(62)) - 1
}

pub(super) fn judge(sheet: &mut Sheet<'_>) -> Vec<Blackout> {
    if matches!(sheet.question.target.address, Address::Unix(_)) {
        return Vec::new();
    }
    settings(sheet);
    local_ports(sheet);
    conntrack(sheet);
    // Who cannot connect has another question.
    if sheet.facts.attempt.as_ref().is_none_or(|attempt| attempt.probed.failure.is_some()) {
        return Vec::new();
    }
    let rows = blackout::of_all(&sheet.question.policy, sheet.host);
    blackouts(sheet, &rows);
    keepalive(sheet);
    rows
}

fn settings(sheet: &mut Sheet<'_>) {
    let host = sheet.host;
    let retries = host.tcp_retries2.map(|retries| format!("tcp_retries2 {retries}"));
    // What a client gets that sets nothing of its own.
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
        let text = format!("{used} of {all} local ports towards the server are in use");
        let remedy = "share connections instead of making new ones (each closed one holds its port for a minute), or widen \
                      net.ipv4.ip_local_port_range; with no port left, connecting fails with errno 99";
        let finding = CheckFinding::new(Severity::Warning, finding::LOCAL_PORTS, text);
        mark = sheet.finding(finding.seen(format!("ip_local_port_range {first}-{last}")).remedy(remedy));
    }
    sheet.line("ports", mark, format!("{used} of {all} in use towards this server ({})", whole_percent(used, all)));
}

fn conntrack(sheet: &mut Sheet<'_>) {
    let Some((count, most)) = sheet.host.conntrack.filter(|(_, most)| *most > 0) else {
        return sheet.line("conntrack", Mark::NotAvailable, "not available");
    };
    let mut mark = Mark::Ok;
    if count.saturating_mul(100) >= most.saturating_mul(NEARLY_FULL) {
        let text = format!("the table of tracked connections is nearly full: {count} of {most}");
        let remedy = "raise net.netfilter.nf_conntrack_max: when it is full, packets of new connections are dropped, and \
                      old connections may be forgotten";
        let finding = CheckFinding::new(Severity::Warning, finding::CONNTRACK, text);
        mark =
            sheet.finding(finding.seen(format!("nf_conntrack_count {count} nf_conntrack_max {most}")).remedy(remedy));
    }
    sheet.line("conntrack", mark, format!("{count} of {most} ({})", whole_percent(count, most)));
}

/// `for ever`, `at least 15 min 24 s`, `3 s`
fn held(row: &Blackout, listens: bool) -> String {
    let bound = if listens { row.listens } else { row.sends };
    match (bound.ended_by, bound.after) {
        (EndedBy::Retransmissions, Some(after)) => format!("at least {}", span(after)),
        (EndedBy::Unknown, _) => "for a time that is not known here".into(),
        (_, Some(after)) => span(after),
        (_, None) => "for ever".into(),
    }
}

fn blackouts(sheet: &mut Sheet<'_>, rows: &[Blackout]) {
    let long = |row: &&Blackout| row.sends.exceeds(SHORT) || row.listens.exceeds(SHORT);
    let Some(selected) = rows.iter().find(|row| row.selected) else { return };
    // The table shows them all; in the first place counts the policy in question, then what nobody has chosen.
    let severity = if long(&selected) { Severity::Warning } else { Severity::Info };
    let Some(row) = [Some(selected), rows.first()].into_iter().flatten().find(long) else { return };
    let whose = if row.selected {
        format!("with policy {}", row.policy)
    } else {
        "with redis-rs' defaults (policy library)".to_owned()
    };
    let text = format!(
        "{whose} a dead path goes unnoticed {} by a subscriber, {} by a client that sends",
        held(row, true),
        held(row, false)
    );
    let evidence = match row.sends.ended_by {
        EndedBy::Retransmissions => {
            "no TCP_USER_TIMEOUT and no watchdog: tcp_retries2 decides; errors come after the \
                                     response timeout, but the connection is kept"
        }
        EndedBy::NeverReconnects => "the client never makes another connection",
        _ => "nothing sends on the connection, so nothing finds out",
    };
    let remedy = "set TCP_USER_TIMEOUT (25 s) and keepalive (10/5/3) on the client's sockets, as policy hardened does, and \
                  send a PING of your own each second or so";
    sheet.finding(CheckFinding::new(severity, finding::BLACKOUT, text).seen(evidence).remedy(remedy));
}

fn keepalive(sheet: &mut Sheet<'_>) {
    let policy = &sheet.question.policy;
    if policy.keepalive.is_some() || policy.watchdog.is_some() {
        return;
    }
    let finding = CheckFinding::new(Severity::Warning, finding::NO_KEEPALIVE, "the client sends no keepalive probes")
        .seen(format!("policy {}: keepalive off, watchdog off", policy.name))
        .remedy(
            "switch keepalive on with a time below the path's idle limit (10/5/3): silent connections then survive NATs and \
             load balancers, and dead ones are found",
        );
    sheet.finding(finding);
}
