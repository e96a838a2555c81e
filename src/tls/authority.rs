//! The authority of a drill: it issues a certificate to the proxy, so that an application can speak TLS to it.
//!
//! The private key of the authority is never written, and is gone when the certificate has been issued: a program that
//! trusts the authority trusts this certificate and no other.

use std::{net::SocketAddr, time::Duration};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};

use super::{
    TlsProblem,
    files::{system, to_pem},
};
use crate::{
    clock::{Clock, Stamp},
    plan::TlsIdentity,
};

const DAY: Duration = Duration::from_secs(86_400);

/// Validity of the certificates, from a day ago: clocks differ.
const VALID: Duration = Duration::from_secs(30 * 86_400);

/// An authority with the only certificate that it issues.
pub(crate) struct Authority {
    /// Its own certificate, in PEM form.
    pub certificate: Vec<u8>,
    /// The certificate that it has issued.
    pub identity: TlsIdentity,
}

impl Authority {
    /// Creates an authority, and a certificate for a server that listens on this address.
    ///
    /// # Errors
    /// The system has no randomness.
    pub(crate) fn create(listen: SocketAddr, clock: Clock) -> Result<Self, TlsProblem> {
        Self::issue(listen, clock).map_err(|error| {
            TlsProblem::new("--listen-tls", format!("cannot make a certificate: {error}"), "drill it without TLS")
        })
    }

    fn issue(listen: SocketAddr, clock: Clock) -> Result<Self, rcgen::Error> {
        let now = Duration::from_nanos(clock.wall(Stamp::START).unix_nanos());
        let valid = |mut own: CertificateParams, name: &str| {
            own.distinguished_name.push(DnType::CommonName, name);
            own.not_before = date_time_ymd(1970, 1, 1) + now.saturating_sub(DAY);
            own.not_after = date_time_ymd(1970, 1, 1) + now + VALID;
            own.use_authority_key_identifier_extension = true;
            own
        };
        let key = KeyPair::generate()?;
        let mut own = valid(CertificateParams::new(Vec::new())?, "redis-doctor drill");
        own.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        own.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = own.self_signed(&key)?.pem().into_bytes();
        let issuer = Issuer::new(own, key);
        let names = vec![listen.ip().to_string(), "localhost".to_owned()];
        let mut server = valid(CertificateParams::new(names)?, "redis-doctor proxy");
        server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let issued = server.signed_by(&key, &issuer)?.pem().into_bytes();
        let identity = TlsIdentity { certificate: issued, key: key.serialize_pem().into_bytes() };
        Ok(Self { certificate, identity })
    }

    /// Returns its certificate with those that this system trusts, in PEM form: an application that trusts only this
    /// authority could reach nothing else.
    pub(crate) fn with_system(&self) -> Vec<u8> {
        // A system without certificates trusts nothing that would be lost.
        [self.certificate.clone(), to_pem(&system().unwrap_or_default())].concat()
    }
}
