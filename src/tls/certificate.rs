//! The content of a certificate in human-readable form: names, issuer and dates.

use rustls::pki_types::CertificateDer;
use schemars::JsonSchema;
use serde::Serialize;
use x509_parser::{
    prelude::{FromDer, X509Certificate},
    time::ASN1Time,
};

use crate::{clock::WallTime, foreign::Foreign};

/// A certificate of a server or an authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Certificate {
    /// Distinguished name of its owner.
    pub subject: String,
    /// Distinguished name of its issuer.
    pub issuer: String,
    /// Host names and IP addresses that it is valid for (subjectAltName).
    pub names: Vec<String>,
    /// Start of its validity.
    pub not_before: WallTime,
    /// End of its validity.
    pub not_after: WallTime,
    /// True if it may sign other certificates (CA:TRUE).
    pub authority: bool,
}

impl Certificate {
    /// Parses a certificate; `None` if it is not one.
    pub(crate) fn read(der: &CertificateDer<'_>) -> Option<Self> {
        use x509_parser::extensions::GeneralName;
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let names = certificate.subject_alternative_name().ok().flatten();
        let names = names.iter().flat_map(|names| &names.value.general_names);
        let names = names.filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(Foreign::new(name).into()),
            GeneralName::IPAddress(bytes) => address(bytes),
            _ => None,
        });
        Some(Self {
            subject: Foreign::new(&certificate.subject().to_string()).into(),
            issuer: Foreign::new(&certificate.issuer().to_string()).into(),
            names: names.collect(),
            not_before: wall(certificate.validity().not_before),
            not_after: wall(certificate.validity().not_after),
            authority: certificate.is_ca(),
        })
    }
}

fn address(bytes: &[u8]) -> Option<String> {
    let v4 = <[u8; 4]>::try_from(bytes).map(|bytes| std::net::Ipv4Addr::from(bytes).to_string());
    let v6 = || <[u8; 16]>::try_from(bytes).map(|bytes| std::net::Ipv6Addr::from(bytes).to_string());
    v4.or_else(|_| v6()).ok()
}

/// Converts a date; one that does not fit is the first or the last that does.
fn wall(time: ASN1Time) -> WallTime {
    let seconds = u64::try_from(time.timestamp()).unwrap_or(0);
    WallTime::from_unix_nanos(seconds.saturating_mul(1_000_000_000))
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn names_issuer_and_dates_are_read() {
        let mut own = CertificateParams::new(vec!["cache.example".to_owned(), "10.0.0.1".to_owned()]).unwrap();
        own.not_after = date_time_ymd(2031, 3, 1);
        own.distinguished_name.push(DnType::CommonName, "a\u{1b}[31mb");
        let der = |own: &CertificateParams| own.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone();
        let certificate = Certificate::read(&der(&own)).unwrap();
        assert_eq!(certificate.names, ["cache.example", "10.0.0.1"]);
        assert_eq!(certificate.not_after.to_the_second(), "2031-03-01T00:00:00Z");
        assert!(!certificate.authority && !certificate.subject.contains('\u{1b}'), "{}", certificate.subject);
        own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        own.not_after = date_time_ymd(4096, 1, 1);
        let certificate = Certificate::read(&der(&own)).unwrap();
        assert!(certificate.authority && certificate.not_after > WallTime::from_unix_nanos(u64::MAX / 2));
        assert_eq!(Certificate::read(&CertificateDer::from(vec![1, 2, 3])), None);
    }
}
