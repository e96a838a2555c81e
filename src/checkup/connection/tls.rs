//! Checks of the encryption: protocol, cipher, the server's certificate and its expiry.

use std::time::Duration;

use super::{
    super::{Mark, Sheet},
    CheckFinding, finding, took, unfinished,
};
use crate::{
    classify::Stage,
    dial::Attempt,
    plan::Address,
    tls::{Certificate, TlsSession},
    verdict::Severity,
};

const DAY: u64 = 86_400;

/// Names that are shown of a certificate.
const NAMES: usize = 4;

/// Adds the lines of the encryption and of the certificate.
pub(super) fn judge(sheet: &mut Sheet<'_>, attempt: &Attempt) {
    if !matches!(sheet.subject.target.address, Address::Tcp { tls: true, .. }) {
        return sheet.line("tls", Mark::NotAvailable, "plaintext");
    }
    let (Some(time), Some(session)) = (took(attempt, Stage::Tls), &attempt.tls) else {
        return unfinished(sheet, attempt, Stage::Tls, "tls");
    };
    let mut text = session.protocol.clone();
    if !session.cipher.is_empty() {
        text += &format!(" · {}", session.cipher);
    }
    let mut mark = Mark::Ok;
    if !session.verified {
        text += " · certificate not checked (--insecure)";
        let finding = CheckFinding::new(
            Severity::Info,
            finding::INSECURE,
            "the server's certificate is not checked: anything on the path can read and change the traffic",
        );
        let remedy = "trust its issuer with --cacert, and name the server as its certificate does (--sni)";
        mark = sheet.finding(finding.evidence("--insecure, or #insecure in the URL").remedy(remedy));
    }
    sheet.timed("tls", mark, Some(time), text);
    if let Some(own) = session.chain.first() {
        let mark = expiry(sheet, own);
        sheet.line("certificate", mark, summary(session, own, days_left(sheet, own)));
    }
}

/// Returns the names of the certificate, its issuers, and the time that it has left.
fn summary(session: &TlsSession, own: &Certificate, days: Option<u64>) -> String {
    let mut names = own.names.iter().take(NAMES).cloned().collect::<Vec<_>>();
    if own.names.len() > NAMES {
        names.push(format!("{} more", own.names.len() - NAMES));
    }
    let names = match names.is_empty() {
        true => format!("{} (no host name)", own.subject),
        false => names.join(", "),
    };
    let issuer = match own.issuer == own.subject {
        true => "self-signed".to_owned(),
        false => format!("issued by {}", own.issuer),
    };
    let others = match session.chain.len() {
        0 | 1 => String::new(),
        length => format!(" · chain of {length}"),
    };
    let validity = match days {
        Some(days) => format!("valid for {days} more days"),
        None => format!("expired at {}", own.not_after.to_the_second()),
    };
    format!("{names} · {issuer}{others} · {validity}")
}

/// Returns the days until the certificate expires; `None` if it has expired.
fn days_left(sheet: &Sheet<'_>, own: &Certificate) -> Option<u64> {
    let left = own.not_after.unix_nanos().checked_sub(sheet.time.unix_nanos())?;
    Some(Duration::from_nanos(left).as_secs() / DAY)
}

/// Adds the finding about a certificate that expires soon.
fn expiry(sheet: &mut Sheet<'_>, own: &Certificate) -> Mark {
    let left = Duration::from_nanos(own.not_after.unix_nanos().saturating_sub(sheet.time.unix_nanos()));
    if left >= sheet.subject.certificate_warning {
        return Mark::Ok;
    }
    let what = match days_left(sheet, own) {
        Some(days) => format!("the server's certificate expires in {days} days"),
        None => "the server's certificate has expired, which --insecure ignores".to_owned(),
    };
    let finding = CheckFinding::new(Severity::Warning, finding::CERTIFICATE, what);
    let remedy =
        "renew it: once it has expired no client can connect, and connected clients fail at their next reconnect";
    sheet.finding(finding.evidence(format!("valid until {}", own.not_after)).remedy(remedy))
}
