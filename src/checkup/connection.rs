//! Checks of the path to the server: name, TCP, TLS, login, protocol, PING, pub/sub, and devices in between.

mod tls;

use std::{
    borrow::Cow,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use super::{
    Mark, Sheet,
    finding::{self, CheckFinding},
    ping, pubsub,
    survey::{SurveyCommand, SurveyEnd},
};
use crate::{
    classify::{ErrorClass, Failure, FailureKey, Stage},
    dial::Attempt,
    event::{ProxyKind, ServerIdentity},
    plan::{Address, Protocol},
    report::{ACCEPTED_THEN_CLOSED, on_connecting},
    units::span,
    verdict::Severity,
};

/// A lookup that takes longer is slow.
const SLOW_LOOKUP: Duration = Duration::from_secs(1);

/// Time after a retry of the resolver within which its answer arrives.
const RETRY_SLACK: Duration = Duration::from_millis(700);

pub(super) fn judge(sheet: &mut Sheet<'_>) {
    let Some(attempt) = &sheet.facts.attempt else {
        return ended_early(sheet);
    };
    name_and_addresses(sheet, attempt);
    tcp_and_tls(sheet, attempt);
    login_and_protocol(sheet, attempt);
    if attempt.probed.failure.is_some() {
        obstacle(sheet, attempt);
        return;
    }
    ping::judge(sheet, attempt);
    pubsub::judge(sheet);
    in_between(sheet, attempt);
    ended_early(sheet);
}

fn ended_early(sheet: &mut Sheet<'_>) {
    let (severity, code, text, evidence) = match &sheet.facts.end {
        SurveyEnd::Complete => return,
        // Each connection looks the name up again; the finding about it says the rest.
        SurveyEnd::Broken(failure) if waited_for_names(sheet) => {
            let text = "the check ran out of time because of the slow name lookup";
            (Severity::Warning, Some(finding::SLOW_LOOKUP.into()), text, failure.to_string())
        }
        SurveyEnd::Stopped => (Severity::Info, None, "a signal ended the check early", String::new()),
        SurveyEnd::Broken(failure) => {
            let text = "the connection was lost or too slow during the check";
            (Severity::Critical, Some(finding::SLOW.into()), text, failure.to_string())
        }
    };
    let remedy = "see the server's log and load, watch the connection with `redis-doctor soak`, or give the check \
                  longer with --timeout";
    let remedy = if severity == Severity::Info { String::new() } else { remedy.to_owned() };
    sheet.finding(CheckFinding { severity, code, text: text.to_owned(), evidence, remedy });
}

/// Returns true if the first name lookup was slow and the connection then worked.
fn waited_for_names(sheet: &Sheet<'_>) -> bool {
    let attempt = sheet.facts.attempt.as_ref().filter(|attempt| attempt.probed.failure.is_none());
    attempt.and_then(|attempt| took(attempt, Stage::Dns)).is_some_and(|lookup| lookup >= SLOW_LOOKUP)
}

/// Returns the server's identity as far as known, such as `Redis 7.0.15 primary`.
pub(super) fn name(server: &ServerIdentity) -> String {
    server.introduction().unwrap_or_else(|| "the server".to_owned())
}

/// Returns the duration of a stage, if it was completed.
pub(super) fn took(attempt: &Attempt, stage: Stage) -> Option<Duration> {
    attempt.probed.stages.iter().find(|done| done.stage == stage).map(|done| done.took)
}

fn failure_at(attempt: &Attempt, stage: Stage) -> Option<&Failure> {
    attempt.probed.failure.as_ref().filter(|failure| failure.key.stage == stage)
}

/// Adds the line of a stage that failed or was never reached.
fn unfinished(sheet: &mut Sheet<'_>, attempt: &Attempt, stage: Stage, name: &'static str) {
    match failure_at(attempt, stage) {
        Some(failure) => sheet.line(name, Mark::Bad, failure.to_string()),
        None => sheet.line(name, Mark::NotAvailable, "not reached"),
    }
}

fn name_and_addresses(sheet: &mut Sheet<'_>, attempt: &Attempt) {
    let Address::Tcp { host, .. } = &sheet.subject.target.address else {
        return sheet.line("dns", Mark::NotAvailable, "a unix socket has no host name");
    };
    let Some(lookup) = took(attempt, Stage::Dns) else {
        return unfinished(sheet, attempt, Stage::Dns, "dns");
    };
    let mut ips: Vec<String> = attempt.addresses.iter().map(|address| address.ip().to_string()).collect();
    ips.dedup();
    let mut mark = Mark::Ok;
    if ips.len() > 1 {
        let dead: Vec<String> = sheet
            .facts
            .dialled
            .iter()
            .filter_map(|dialled| Some(format!("{}: {}", dialled.address, dialled.failure.as_ref()?)))
            .collect();
        let text = match dead.len() {
            0 => format!("{host} resolves to {} addresses", ips.len()),
            dead => format!("{host} resolves to {} addresses; {dead} cannot be reached", ips.len()),
        };
        let evidence = if dead.is_empty() { ips.join(", ") } else { dead.join("; ") };
        let remedy = "make sure that each of them may serve this client: redis-rs dials all of them and uses the \
                      fastest; with a dead address or a replica among them, reconnects are a matter of luck";
        let finding = CheckFinding::new(Severity::Info, finding::ADDRESSES, text).evidence(evidence).remedy(remedy);
        mark = sheet.finding(finding);
    }
    mark = mark.max(slow_lookup(sheet, lookup));
    let literal = host.parse::<IpAddr>().is_ok();
    let text = if literal { format!("{host} is an address") } else { ips.join(" · ") };
    sheet.timed("dns", mark, Some(lookup), text);
}

/// Adds the finding about a slow lookup; one that takes as long as the resolver waits for an answer lost one.
fn slow_lookup(sheet: &mut Sheet<'_>, lookup: Duration) -> Mark {
    if lookup < SLOW_LOOKUP {
        return Mark::Ok;
    }
    let resolver = sheet.host.resolver.as_ref();
    let lost = resolver.and_then(|resolver| {
        let rounds = lookup.as_secs_f64() / resolver.timeout.as_secs_f64();
        let late = lookup.saturating_sub(resolver.timeout.mul_f64(rounds.floor()));
        (rounds >= 1.0 && late < RETRY_SLACK).then_some(resolver)
    });
    let (text, remedy) = match lost {
        Some(resolver) => (
            format!(
                "the name lookup took {}: a DNS answer was lost, and the resolver waited {} for it",
                span(lookup),
                span(resolver.timeout)
            ),
            "use a name server on this machine (NodeLocal DNSCache), or 'options single-request-reopen' or 'timeout:1' in \
             resolv.conf: the queries for IPv4 and IPv6 go out together, and a NAT can lose one of them; redis-rs looks \
             the name up at every reconnect",
        ),
        None => (
            format!("the name lookup took {}", span(lookup)),
            "see the load of the name server and the path to it; redis-rs looks the name up at every reconnect",
        ),
    };
    let servers = resolver.map(|resolver| resolver.name_servers.join(", ")).unwrap_or_default();
    let evidence = if servers.is_empty() { String::new() } else { format!("name servers: {servers}") };
    let finding = CheckFinding::new(Severity::Warning, finding::SLOW_LOOKUP, text);
    sheet.finding(finding.evidence(evidence).remedy(remedy))
}

fn tcp_and_tls(sheet: &mut Sheet<'_>, attempt: &Attempt) {
    let (stage, name) = match sheet.subject.target.address {
        Address::Unix(_) => (Stage::Unix, "unix"),
        Address::Tcp { .. } => (Stage::Tcp, "tcp"),
    };
    match took(attempt, stage) {
        Some(time) => {
            let ends = match (attempt.local, attempt.peer) {
                (Some(local), Some(peer)) => format!("{local} → {peer}"),
                _ => sheet.subject.target.address.to_string(),
            };
            sheet.timed(name, Mark::Ok, Some(time), ends);
        }
        None => unfinished(sheet, attempt, stage, name),
    }
    tls::judge(sheet, attempt);
}

fn login_and_protocol(sheet: &mut Sheet<'_>, attempt: &Attempt) {
    let target = &sheet.subject.target;
    let user = target.user.as_deref().unwrap_or("default");
    let refused = attempt.probed.failure.as_ref().filter(|failure| is_login(&failure.key));
    let reached = took(attempt, Stage::Hello).is_some();
    match (refused, &target.password) {
        (Some(failure), _) => sheet.line("auth", Mark::Bad, failure.to_string()),
        (None, _) if !reached => sheet.line("auth", Mark::NotAvailable, "not reached"),
        (None, Some(_)) => {
            // The login is part of HELLO; this is the time of a second one.
            sheet.timed("auth", Mark::Ok, sheet.facts.login, format!("user {user}"));
        }
        (None, None) => sheet.line("auth", Mark::Ok, "no password needed"),
    }
    if !reached {
        return match (refused, failure_at(attempt, Stage::Hello)) {
            (Some(_), _) | (None, None) => sheet.line("hello", Mark::NotAvailable, "not reached"),
            (None, Some(failure)) => sheet.line("hello", Mark::Bad, failure.to_string()),
        };
    }
    let mut mark = Mark::Ok;
    if attempt.resp == 2 && sheet.subject.protocol != Protocol::Resp2 {
        let severity = if sheet.subject.protocol == Protocol::Auto { Severity::Info } else { Severity::Warning };
        let text = match attempt.server.proxy {
            Some(_) => "a proxy that speaks RESP2 only answers here",
            None => "the server does not speak RESP3",
        };
        let answer = match &attempt.hello_refused {
            Some(failure) if failure.key.class.is_hang_up() => "closed the connection after HELLO 3".to_owned(),
            Some(failure) => format!("refused HELLO 3: {failure}"),
            None => "refused HELLO 3".to_owned(),
        };
        let finding = CheckFinding::new(severity, finding::NO_RESP3, text)
            .evidence(match attempt.server.proxy {
                Some(_) => format!("it {answer}"),
                None => format!("{} {answer}", name(&attempt.server)),
            })
            .remedy(
                "use RESP2 (--protocol auto or resp2): a redis-rs client then needs a second connection for \
                 subscriptions and detects a loss only with its next command; RESP3 requires Redis 6, without a proxy \
                 that does not pass on HELLO",
            );
        mark = sheet.finding(finding);
    }
    let text = format!("RESP{} · {}", attempt.resp, name(&attempt.server));
    sheet.timed("hello", mark, took(attempt, Stage::Hello), text);
}

/// Returns true if the server refused the login rather than a command.
fn is_login(key: &FailureKey) -> bool {
    match key.class {
        ErrorClass::NoAuth | ErrorClass::WrongPass | ErrorClass::NoPassword => true,
        ErrorClass::NoPerm => key.stage == Stage::Hello,
        _ => false,
    }
}

/// Returns the knowledge entry for a failure: of its class, its errno, or else of the error.
fn by_failure(key: &FailureKey) -> Option<Cow<'static, str>> {
    let of_class = match key.class {
        ErrorClass::MaxClients => finding::MAX_CLIENTS,
        ErrorClass::NoAuth | ErrorClass::WrongPass | ErrorClass::NoPerm => finding::AUTHENTICATION,
        ErrorClass::Loading => finding::LOADING,
        ErrorClass::ProtectedMode => finding::PROTECTED_MODE,
        ErrorClass::Resp3Unsupported => finding::NO_RESP3,
        ErrorClass::ResponseTimeout => finding::SLOW,
        class => return key.errno.map(|errno| errno.to_string().into()).or(by_class(class).map(Cow::from)),
    };
    Some(of_class.into())
}

fn by_class(class: ErrorClass) -> Option<&'static str> {
    Some(match class {
        ErrorClass::ConnectionClosed => "RD106",
        ErrorClass::ConnectTimeout => "RD107",
        ErrorClass::Dns => "RD109",
        ErrorClass::MasterDown => "RD113",
        ErrorClass::ProtocolGarbage => "RD123",
        ErrorClass::Tls
        | ErrorClass::CertificateExpired
        | ErrorClass::ClientCertificate
        | ErrorClass::MtuBlackHole
        | ErrorClass::NoPassword => class.code(),
        _ => return None,
    })
}

/// Adds the finding about why there is no usable connection.
fn obstacle(sheet: &mut Sheet<'_>, attempt: &Attempt) {
    let Some(failure) = &attempt.probed.failure else { return };
    if failure.key.stage == Stage::Command {
        sheet.line("ping", Mark::Bad, failure.to_string());
    }
    let mixed_up = sheet.facts.speaks_other_encryption == Some(true);
    let code = if mixed_up { Some(finding::TLS_MIXED_UP.into()) } else { by_failure(&failure.key) };
    let encrypted = matches!(sheet.subject.target.address, Address::Tcp { tls: true, .. });
    let advice = on_connecting(failure, &sheet.subject.target);
    let (text, remedy) = match (mixed_up, encrypted) {
        (true, true) => (
            "the port speaks plaintext, but TLS was used".to_owned(),
            Some("use redis:// instead of rediss://, or the server's TLS port".to_owned()),
        ),
        (true, false) => (
            "the port speaks TLS, but plaintext was sent".to_owned(),
            Some("use rediss:// instead of redis://".to_owned()),
        ),
        (false, false) if sheet.facts.speaks_other_encryption == Some(false) && failure.key.class.is_hang_up() => (
            format!("no connection: {failure} (not a TLS port: that was tried)"),
            Some(ACCEPTED_THEN_CLOSED.to_owned()),
        ),
        (false, _) if failure.key.class == ErrorClass::Loading => {
            ("the server is still loading its dataset".to_owned(), advice)
        }
        (false, _) => (format!("no connection: {failure}"), advice),
    };
    let errno = failure.key.errno.map(|errno| format!(", errno {errno}")).unwrap_or_default();
    let said = if mixed_up { format!(": {failure}") } else { String::new() };
    let evidence = format!("in stage {}, from the {}{errno}{said}", failure.key.stage, failure.key.origin);
    let finding =
        CheckFinding { severity: Severity::Critical, code, text, evidence, remedy: remedy.unwrap_or_default() };
    sheet.finding(finding);
}

/// Compares both ends of the connection with the server's view of them.
fn in_between(sheet: &mut Sheet<'_>, attempt: &Attempt) {
    if let (Some(proxy), None) = (attempt.server.proxy, &sheet.facts.seen_from) {
        return behind_proxy(sheet, proxy);
    }
    let (Some(local), Some(peer)) = (attempt.local, attempt.peer) else {
        return sheet.line("between", Mark::NotAvailable, "a unix socket: nothing can be in between");
    };
    let Some(from) = &sheet.facts.seen_from else {
        let why = sheet.facts.no_answer(SurveyCommand::ClientInfo);
        return sheet.line("between", Mark::NotAvailable, format!("{why} (CLIENT INFO)"));
    };
    let differs = |ours: SocketAddr, theirs: &str| {
        theirs
            .parse::<SocketAddr>()
            .is_ok_and(|theirs| (theirs.ip().to_canonical(), theirs.port()) != (ours.ip().to_canonical(), ours.port()))
    };
    let changed_from = differs(local, from);
    // Before Redis 6.2 the server does not report its own end.
    let changed_to = sheet.facts.seen_at.as_ref().filter(|at| differs(peer, at));
    if !changed_from && changed_to.is_none() {
        return sheet.line("between", Mark::Ok, "no NAT or proxy detected: both sides see the same addresses");
    }
    let mut evidence = Vec::new();
    if changed_from {
        evidence.push(format!("our end is {local} here and {from} at the server"));
    }
    evidence.extend(changed_to.map(|at| format!("the server's end is {peer} here and {at} at the server")));
    let evidence = evidence.join("; ");
    let text = "a proxy, load balancer or NAT is between client and server";
    let remedy = "it has its own idle limit and can silently drop connections: keep keepalive or PINGs \
                  below that limit, and find it with `redis-doctor idle`";
    let finding = CheckFinding::new(Severity::Info, finding::IN_BETWEEN, text).evidence(&evidence).remedy(remedy);
    let mark = sheet.finding(finding);
    sheet.line("between", mark, evidence);
}

/// Adds the line of a proxy that answers for the servers behind it.
fn behind_proxy(sheet: &mut Sheet<'_>, proxy: ProxyKind) {
    match &sheet.facts.backend {
        Some(Err(failure)) => {
            let remedy = "start the server behind the proxy, or correct its address and password in the proxy's \
                          configuration; see the proxy's log";
            let text = "the proxy answers, but no server behind it does";
            let finding = CheckFinding::new(Severity::Critical, finding::IN_BETWEEN, text);
            let mark = sheet.finding(finding.evidence(format!("GET of a missing key: {failure}")).remedy(remedy));
            sheet.line("between", mark, format!("{proxy}; GET: {failure}"));
        }
        Some(Ok(took)) => {
            let text = format!("{proxy}; a server behind it answers GET");
            sheet.timed("between", Mark::Ok, Some(*took), text);
        }
        None => sheet.line("between", Mark::Ok, proxy.to_string()),
    }
}
