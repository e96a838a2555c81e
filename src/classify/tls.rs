//! TLS failures in words: the alerts of the other side, and the reasons to refuse its certificate.
//!
//! In TLS 1.3 a server checks the client's certificate after the client has finished its handshake, so its alert is read
//! in place of the first reply (RFC 8446 section 6.2).

use std::time::Duration;

use rustls::{AlertDescription, CertificateError, Error, OtherError, pki_types::ServerName};

use super::ErrorClass;
use crate::clock::{WallTime, nanos};

/// Returns the class of a TLS failure, and its explanation if the library's text is not one.
pub(super) fn explain(error: &Error) -> (ErrorClass, Option<String>) {
    match error {
        Error::AlertReceived(alert) => received(*alert),
        Error::InvalidCertificate(why) => certificate(why),
        Error::InvalidMessage(_) => {
            let text = "the port does not speak TLS; use redis:// instead of rediss://";
            (ErrorClass::Tls, Some(text.to_owned()))
        }
        _ => (ErrorClass::Tls, None),
    }
}

/// Explains an alert: the other side ended the handshake, and says why.
fn received(alert: AlertDescription) -> (ErrorClass, Option<String>) {
    use AlertDescription as Alert;
    let (class, why) = match alert {
        Alert::CertificateRequired => {
            (ErrorClass::ClientCertificate, "the server requires a client certificate, and none was sent")
        }
        Alert::NoCertificate => (ErrorClass::ClientCertificate, "the server got no client certificate"),
        Alert::UnknownCA => (ErrorClass::ClientCertificate, "the server does not know the issuer of the certificate"),
        Alert::CertificateExpired => {
            (ErrorClass::ClientCertificate, "the server finds the client's certificate expired")
        }
        Alert::CertificateRevoked => (ErrorClass::ClientCertificate, "the client's certificate is revoked"),
        Alert::BadCertificate | Alert::CertificateUnknown | Alert::UnsupportedCertificate | Alert::AccessDenied => {
            (ErrorClass::ClientCertificate, "the server refuses the client's certificate, or its absence")
        }
        Alert::HandshakeFailure => (
            ErrorClass::Tls,
            "the server ended the handshake: no cipher in common, or over TLS 1.2 a missing client certificate",
        ),
        Alert::ProtocolVersion => (ErrorClass::Tls, "the server speaks no TLS version of 1.2 or later"),
        Alert::UnrecognisedName => (ErrorClass::Tls, "the server has no certificate for this host name"),
        _ => (ErrorClass::Tls, "the server ended the TLS connection"),
    };
    (class, Some(format!("{why} (TLS alert {}, {alert:?})", u8::from(alert))))
}

/// Explains what is wrong with the server's certificate.
fn certificate(why: &CertificateError) -> (ErrorClass, Option<String>) {
    let text = match why {
        // A CA recreated under the same name shows as a bad signature.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "the server's certificate is not trusted: this machine does not know its issuer; add the issuer to the \
             system's certificates, or name its file with --cacert"
                .to_owned()
        }
        CertificateError::NotValidForName => "the server's certificate is for another name than the host's".to_owned(),
        CertificateError::NotValidForNameContext { expected, .. } => format!(
            "the server's certificate is for another name than {}; connect by the name it was issued for, or give that \
             name with --sni",
            host(expected)
        ),
        CertificateError::Expired => {
            return (ErrorClass::CertificateExpired, Some("the server's certificate has expired".to_owned()));
        }
        CertificateError::ExpiredContext { time, not_after } => {
            let date = WallTime::from_unix_nanos(nanos(Duration::from_secs(not_after.as_secs()))).to_the_second();
            let ago = age(time.as_secs().saturating_sub(not_after.as_secs()));
            let text = format!("the server's certificate expired {ago} ago, at {date}");
            return (ErrorClass::CertificateExpired, Some(text));
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet (or this machine's clock is wrong)".to_owned()
        }
        why if is_of_an_authority(why) => {
            "the server presents the certificate of an authority (CA:TRUE, which `openssl req -x509` sets by default) as \
             its own, which clients with OpenSSL accept and those with rustls, such as redis-rs, do not: let it sign a \
             certificate for the server (CA:FALSE), or give redis-doctor its file with --cacert"
                .to_owned()
        }
        other => format!("the server's certificate is refused: {other}"),
    };
    (ErrorClass::Tls, Some(text))
}

/// Returns true if a server's certificate is refused only because it is that of an authority.
pub(crate) fn is_of_an_authority(why: &CertificateError) -> bool {
    let CertificateError::Other(OtherError(inner)) = why else { return false };
    matches!(inner.downcast_ref::<webpki::Error>(), Some(webpki::Error::CaUsedAsEndEntity))
}

fn host(name: &ServerName<'_>) -> String {
    match name {
        ServerName::IpAddress(address) => std::net::IpAddr::from(*address).to_string(),
        name => name.to_str().into_owned(),
    }
}

/// Formats a time in its largest whole unit.
fn age(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use std::{io, sync::Arc};

    use rustls::pki_types::UnixTime;

    use super::*;
    use crate::classify::{Failure, Stage};

    fn failure(error: Error) -> Failure {
        // As tokio-rustls hands it on.
        Failure::io(Stage::Hello, &io::Error::new(io::ErrorKind::InvalidData, error))
    }

    #[test]
    fn an_alert_about_the_clients_certificate_is_not_one_about_the_servers() {
        for (alert, class, text) in [
            (AlertDescription::CertificateRequired, ErrorClass::ClientCertificate, "none was sent (TLS alert 116, "),
            (AlertDescription::UnknownCA, ErrorClass::ClientCertificate, "(TLS alert 48, UnknownCA)"),
            (AlertDescription::BadCertificate, ErrorClass::ClientCertificate, "(TLS alert 42, BadCertificate)"),
            (AlertDescription::HandshakeFailure, ErrorClass::Tls, "over TLS 1.2 a missing client certificate"),
            (AlertDescription::ProtocolVersion, ErrorClass::Tls, "no TLS version of 1.2 or later"),
            (AlertDescription::InternalError, ErrorClass::Tls, "(TLS alert 80, InternalError)"),
        ] {
            let failure = failure(Error::AlertReceived(alert));
            assert_eq!((failure.key.class, failure.key.errno), (class, None), "{failure}");
            assert!(failure.text.contains(text), "{failure}");
        }
    }

    #[test]
    fn an_expired_certificate_has_its_date_and_age() {
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let (time, not_after) = (at(1_900_003_600), at(1_900_000_000));
        let failure = failure(Error::InvalidCertificate(CertificateError::ExpiredContext { time, not_after }));
        assert_eq!(failure.key.class, ErrorClass::CertificateExpired);
        assert_eq!(failure.text, "the server's certificate expired 1 h ago, at 2030-03-17T17:46:40Z");
    }

    #[test]
    fn a_certificate_of_an_authority_is_named_as_such() {
        let inner = OtherError(Arc::new(webpki::Error::CaUsedAsEndEntity));
        let failure = failure(Error::InvalidCertificate(CertificateError::Other(inner)));
        assert_eq!(failure.key.class, ErrorClass::Tls);
        assert!(failure.text.contains("CA:TRUE"), "{failure}");
    }

    #[test]
    fn the_host_of_another_certificate_is_named() {
        let name = ServerName::try_from("127.0.0.2").unwrap();
        let why = CertificateError::NotValidForNameContext { expected: name, presented: Vec::new() };
        assert!(failure(Error::InvalidCertificate(why)).text.contains("another name than 127.0.0.2;"));
    }

    #[test]
    fn an_age_is_in_its_largest_unit() {
        assert_eq!([59, 60, 7_199, 172_799, 172_800].map(age), ["59 s", "1 min", "1 h", "47 h", "2 days"]);
    }
}
