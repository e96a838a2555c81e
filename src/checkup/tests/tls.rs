//! The encryption: the line of the certificate, its expiry, and a certificate that is not checked.

use super::*;
use crate::tls::{Certificate, TlsSession};

fn encrypted(days: u64) -> TlsSession {
    let own = Certificate {
        subject: "CN=h".into(),
        issuer: "CN=authority".into(),
        names: vec!["h".into(), "10.0.0.1".into()],
        not_before: WallTime::from_unix_nanos(NOW - DAY),
        not_after: WallTime::from_unix_nanos(NOW + days * DAY),
        authority: false,
    };
    let (protocol, cipher) = ("TLS 1.3".into(), "TLS_AES_128_GCM_SHA256".into());
    TlsSession { protocol, cipher, verified: true, chain: vec![own.clone(), own] }
}

#[test]
fn an_unchecked_certificate_is_a_remark_and_its_expiry_a_warning() {
    let unchecked = |days: u64| {
        changed(|subject, facts, _| {
            subject.target.address = Address::Tcp { host: "h".into(), port: 1, tls: true };
            let attempt = facts.attempt.as_mut().unwrap();
            attempt.probed.stages.push(StageTime { stage: Stage::Tls, took: MILLI });
            attempt.tls = Some(TlsSession { verified: false, ..encrypted(days) });
        })
    };
    let checkup = unchecked(90);
    assert_eq!(found(&checkup), [(Severity::Info, "RD211".to_owned())]);
    assert!(line(&checkup, "tls").text.ends_with(" · certificate not checked (--insecure)"));
    assert_eq!(found(&unchecked(3))[0], (Severity::Warning, "RD062".to_owned()));
}

#[test]
fn a_certificate_is_a_warning_in_its_last_two_weeks() {
    let expiring = |days: u64| {
        changed(|subject, facts, _| {
            subject.target.address = Address::Tcp { host: "h".into(), port: 1, tls: true };
            let attempt = facts.attempt.as_mut().unwrap();
            attempt.probed.stages.push(StageTime { stage: Stage::Tls, took: MILLI });
            attempt.tls = Some(encrypted(days));
        })
    };
    assert_eq!(found(&expiring(14)), []);
    assert_eq!(line(&expiring(90), "tls").text, "TLS 1.3 · TLS_AES_128_GCM_SHA256");
    let text = "h, 10.0.0.1 · issued by CN=authority · chain of 2 · valid for 90 more days";
    assert_eq!(line(&expiring(90), "certificate").text, text);
    assert_eq!(found(&expiring(13)), [(Severity::Warning, "RD062".to_owned())]);
}
