//! The lines above a run: the target, the policy with its effective values, and the plan.

use crate::{
    event::RunStarted,
    plan::{Command, OnReadonly, Pace, Plan, ProbeKind, ProbePlan, Protocol, Resubscription, SubscriptionPlan},
    render::{
        fit::{self, INDENT},
        units::{clean, count, span},
    },
};

/// Number of reconnect attempts shown.
const ATTEMPTS: usize = 5;

/// Channels that are shown by name.
const NAMES_SHOWN: usize = 20;

/// Returns the lines for target, policy (with the exact reconnect schedule), plan, and the faults if there are any, wrapped
/// for a terminal of this width.
pub(super) fn header(started: &RunStarted, columns: Option<usize>) -> Vec<String> {
    // The first event of a trace says what it watches.
    if started.plan.trace.is_some() {
        return Vec::new();
    }
    let mut lines = vec![target_line(started)];
    lines.extend(policy_line(started));
    lines.push(plan_line(&started.plan));
    lines.extend(faults_line(&started.plan));
    lines.iter().map(|line| fit::wrapped(&clean(line), 0, INDENT, fit::readable(columns))).collect()
}

/// `redis-doctor 0.1.0 · soak · redis://127.0.0.1:6379 (--uri) · redis-rs 1.8.1 · run 7f3a`
pub(super) fn target_line(started: &RunStarted) -> String {
    let plan = &started.plan;
    let named_by = if plan.sandbox { "sandbox" } else { &plan.target.named_by };
    let mut parts = vec![format!("redis-doctor {}", started.version), plan.command.to_string()];
    match &plan.scope {
        Some(scope) => {
            let what = if plan.cluster.is_some() { "cluster node" } else { "target" };
            parts.push(format!("{} ({named_by})", count(scope.targets.len() as u64, what)));
            let unchecked = scope.targets.iter().filter(|target| target.tls.insecure).count();
            if unchecked > 0 {
                parts.push(format!("CERTIFICATE NOT CHECKED (--insecure, {})", count(unchecked as u64, "target")));
            }
        }
        None => {
            parts.push(format!("{} ({named_by})", plan.target));
            if plan.target.tls.insecure {
                parts.push("CERTIFICATE NOT CHECKED (--insecure)".to_owned());
            }
            parts.extend(plan.target.tls.sni.as_ref().map(|sni| format!("sni {sni}")));
            parts.extend(plan.target.user.as_ref().map(|user| format!("user {user}")));
        }
    }
    match &plan.application {
        Some(application) => parts.push(format!("an application at {}", application.listen)),
        None => parts.push(format!("redis-rs {}", started.client_version)),
    }
    parts.push(format!("run {}", started.run_id));
    parts.join(" · ")
}

/// `policy hardened · retries unlimited at 0 / 0.148 / 0.538 … s · connect 5 s · …`; `None` for an application.
pub(super) fn policy_line(started: &RunStarted) -> Option<String> {
    let policy = started.plan.known_policy()?;
    let mut parts = vec![format!("policy {}", policy.name), retries(started)];
    if !policy.spread.is_zero() {
        parts.push(format!("first delay up to {} more", span(policy.spread)));
    }
    parts.push(format!("connect {}", span(policy.connect_timeout)));
    parts.push(format!("response {}", span(policy.response_timeout)));
    parts.push(policy.keepalive.map_or("no keepalive".into(), |keepalive| {
        format!("keepalive {}/{}/{}", keepalive.time.as_secs(), keepalive.interval.as_secs(), keepalive.probes)
    }));
    parts.push(
        policy.user_timeout.map_or("no user-timeout".into(), |timeout| format!("user-timeout {}", span(timeout))),
    );
    if policy.nodelay {
        parts.push("nodelay".into());
    }
    parts.push(
        policy.watchdog.map_or("no watchdog".into(), |watchdog| {
            format!("watchdog {} × {}", span(watchdog.period), watchdog.misses)
        }),
    );
    match policy.resubscription {
        _ if !policy.resubscribe => parts.push("no resubscription".into()),
        Resubscription::Library => {}
        Resubscription::Paced => parts.push("paced resubscription".into()),
    }
    match policy.on_readonly {
        OnReadonly::Stay => {}
        OnReadonly::Rebuild => parts.push("rebuild on READONLY".into()),
    }
    Some(parts.join(" · "))
}

fn retries(started: &RunStarted) -> String {
    let policy = &started.plan.policy;
    if !policy.managed {
        return "never reconnects".into();
    }
    let budget = policy.retries.map_or("unlimited".into(), |retries| retries.to_string());
    let starts: Vec<String> = started
        .schedule
        .iter()
        .take(ATTEMPTS)
        .map(|start| format!("{}", (start.as_secs_f64() * 1000.0).round() / 1000.0))
        .collect();
    let all = policy.retries.is_some_and(|retries| retries < starts.len() as u64);
    let more = if all { "" } else { " …" };
    format!("retries {budget} at {}{more} s", starts.join(" / "))
}

/// `plan ping 10/s · 1 connection · timeout 2 s · verified messages 10/s on a · for 1 min · seed 42`
pub(super) fn plan_line(plan: &Plan) -> String {
    let mut parts = Vec::new();
    parts.extend(plan.probes.as_ref().map(probes));
    parts.extend(plan.subscription.as_ref().map(subscription));
    if plan.application.is_none() {
        parts.push(count(u64::from(plan.connections), "connection"));
        parts.push(match plan.protocol {
            Protocol::Auto => "RESP3, else RESP2".into(),
            protocol => protocol.to_string(),
        });
    }
    let unit = if plan.command == Command::Subscribe { "message" } else { "probe" };
    parts.extend(plan.stop.count.map(|number| format!("until {}", count(number, unit))));
    parts.extend(plan.stop.duration.map(|duration| format!("for {}", span(duration))));
    if plan.stop.on_critical {
        parts.push("until critical".into());
    }
    parts.extend(plan.fail_on.iter().map(|gate| format!("fail on {gate}")));
    parts.extend(plan.warn_on.iter().map(|gate| format!("warn on {gate}")));
    parts.push(format!("seed {}", plan.seed));
    format!("plan {}", parts.join(" · "))
}

/// `faults reset_peer@10s · blackhole@30s+20s · TLS from the fault proxy to the server, plaintext to the client`
pub(super) fn faults_line(plan: &Plan) -> Option<String> {
    let mut parts: Vec<_> = plan.faults.iter().map(ToString::to_string).collect();
    if parts.is_empty() {
        return None;
    }
    parts.extend(
        plan.target.speaks_tls().then(|| "TLS from the fault proxy to the server, plaintext to the client".into()),
    );
    Some(format!("faults {}", parts.join(" · ")))
}

fn probes(probes: &ProbePlan) -> String {
    let kind = match probes.kind {
        ProbeKind::Ping => "PING",
        ProbeKind::Kv => "SET+GET (only on keys redis-doctor:*, which expire)",
        ProbeKind::Ledger => "SET of numbered keys (only redis-doctor:*, which expire), read back at the end",
        ProbeKind::Mixed => "PING and SET+GET (only on keys redis-doctor:*, which expire)",
    };
    let mut text = format!("{kind} {}", probes.pace);
    if probes.concurrency > 1 {
        text += &format!(" · {} in flight", probes.concurrency);
    }
    if probes.payload > 0 {
        text += &format!(" · {} bytes", probes.payload);
    }
    text + &format!(" · timeout {}", span(probes.timeout))
}

fn subscription(subscription: &SubscriptionPlan) -> String {
    let names = subscription.channels.iter().chain(&subscription.patterns).chain(&subscription.shards);
    let mut names: Vec<_> = names.map(ToString::to_string).take(NAMES_SHOWN).collect();
    let others = subscription.wanted().saturating_sub(NAMES_SHOWN);
    if others > 0 {
        names.push(format!("and {others} more"));
    }
    let (mut text, preposition) = match subscription.verify {
        Some(Pace::Unpaced) => ("verified messages, unpaced".into(), "on"),
        Some(pace) => (format!("verified messages {pace}"), "on"),
        None => ("subscribe".into(), "to"),
    };
    if !names.is_empty() {
        text += &format!(" {preposition} {}", names.join(" "));
    }
    if subscription.sharded {
        text += " on shard channels";
    }
    if subscription.private > 1 {
        text += &format!(" on the first of {} channels", subscription.private);
    }
    if let Some(silence) = subscription.expect_every {
        text += &format!(" · alert after {} of silence", span(silence));
    }
    text
}
