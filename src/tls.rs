//! TLS to a server: the trusted roots, the handshake, and explained failures. Used by the path probe and the fault
//! proxy; the connection under test uses redis-rs' own TLS.

use std::{
    io,
    sync::{Arc, OnceLock},
    time::Duration,
};

use rustls::{
    CertificateError, ClientConfig, RootCertStore,
    client::{Resumption, WebPkiServerVerifier, danger::ServerCertVerifier},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    classify::{ErrorClass, Failure, FailureKey, Stage},
    clock::{WallTime, nanos},
};

/// A time after which no certificate is valid (the year 2500; nanoseconds since 1970 fit in a `u64`).
const FAR: Duration = Duration::from_secs(530 * 31_557_600);

/// The system's root certificates, read at the first handshake (it takes milliseconds) and shared by later ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roots(Arc<OnceLock<(Arc<ClientConfig>, Arc<RootCertStore>)>>);

impl Roots {
    /// Performs a handshake for `host`, which is also sent as SNI, and checks the certificate.
    ///
    /// # Errors
    /// Explains what is wrong with the certificate or the port, with the remedy.
    pub(crate) async fn handshake(&self, host: &str, stream: TcpStream) -> Result<TlsStream<TcpStream>, Failure> {
        let (config, _) = self.0.get_or_init(client_config);
        let done = match ServerName::try_from(host.to_owned()) {
            Ok(name) => TlsConnector::from(Arc::clone(config)).connect(name, stream).await,
            Err(error) => Err(io::Error::other(error)),
        };
        done.map_err(|error| failure(&error))
    }

    /// Returns when the certificate of a chain accepted for `host` expires. The verifier is asked to check it for a
    /// time far in the future: its error contains the date, so no parser for certificates is needed.
    pub(crate) fn expiry(&self, host: &str, chain: &[CertificateDer<'_>]) -> Option<WallTime> {
        let (_, roots) = self.0.get()?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::clone(roots), provider).build().ok()?;
        let (own, intermediates) = chain.split_first()?;
        let name = ServerName::try_from(host).ok()?;
        match verifier.verify_server_cert(own, intermediates, &name, &[], UnixTime::since_unix_epoch(FAR)) {
            Err(rustls::Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
                Some(WallTime::from_unix_nanos(nanos(Duration::from_secs(not_after.as_secs()))))
            }
            _ => None,
        }
    }
}

fn client_config() -> (Arc<ClientConfig>, Arc<RootCertStore>) {
    let mut roots = RootCertStore::empty();
    // Unreadable certificates are skipped, as in redis-rs: the handshake then reports an unknown issuer.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let roots = Arc::new(roots);
    let mut config = ClientConfig::builder().with_root_certificates(Arc::clone(&roots)).with_no_client_auth();
    // A resumed session shows no certificate: one that has expired since would go unnoticed.
    config.resumption = Resumption::disabled();
    (Arc::new(config), roots)
}

/// Classifies any failed handshake as a TLS failure, and keeps the errno.
fn failure(error: &io::Error) -> Failure {
    let io = Failure::io(Stage::Tls, error);
    if io.key.class.is_tls() {
        return io;
    }
    let text = format!("the TLS handshake failed: {io}");
    Failure { key: FailureKey { class: ErrorClass::Tls, ..io.key }, text: text.into() }
}

/// Returns the TLS version in its usual spelling, such as `TLS 1.3`.
pub(crate) fn version(stream: &TlsStream<TcpStream>) -> Option<String> {
    let (_, session) = stream.get_ref();
    session.protocol_version().map(|version| match version {
        rustls::ProtocolVersion::TLSv1_2 => "TLS 1.2".to_owned(),
        rustls::ProtocolVersion::TLSv1_3 => "TLS 1.3".to_owned(),
        other => format!("{other:?}"),
    })
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn the_date_of_expiry_is_that_of_the_servers_own_certificate() {
        let authority_key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_certificate = authority.self_signed(&authority_key).unwrap();
        let issuer = Issuer::new(authority, authority_key);
        let issued = |year| {
            let key = KeyPair::generate().unwrap();
            let mut own = CertificateParams::new(vec!["cache.example".to_owned()]).unwrap();
            own.not_after = date_time_ymd(year, 3, 1);
            own.signed_by(&key, &issuer).unwrap().der().clone()
        };
        let mut store = RootCertStore::empty();
        store.add(authority_certificate.der().clone()).unwrap();
        let roots = Roots::default();
        roots.0.set((client_config().0, Arc::new(store))).unwrap();
        let expires = |year| roots.expiry("cache.example", &[issued(year)]).map(|time| time.to_string());
        assert_eq!(expires(2031).as_deref(), Some("2031-03-01T00:00:00.000000Z"));
        assert_eq!(expires(2600), None, "beyond the supported range");
        assert!(roots.expiry("other.example", &[issued(2031)]).is_some(), "the date is checked before the name");
        assert_eq!(roots.expiry("cache.example", &[]), None);
    }
}
