//! TLS towards a server: the roots that are trusted, the handshake, and what is wrong in words when it fails. The path
//! probe and the fault proxy use it; the connection under test is redis-rs' own.

use std::{
    io,
    sync::{Arc, OnceLock},
};

use rustls::{CertificateError, ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::classify::{ErrorClass, Failure, FailureKey, Stage};

/// The system's root certificates, read at the first handshake (it takes milliseconds) and shared by later ones.
#[derive(Clone, Debug, Default)]
pub struct Roots(Arc<OnceLock<Arc<ClientConfig>>>);

impl Roots {
    /// Makes a handshake for `host`, which the server is asked for by name (SNI), and checks its certificate.
    ///
    /// # Errors
    /// What is wrong with the certificate or the port, and the remedy.
    pub async fn handshake(&self, host: &str, stream: TcpStream) -> Result<TlsStream<TcpStream>, Failure> {
        let config = self.0.get_or_init(|| Arc::new(client_config()));
        let done = match ServerName::try_from(host.to_owned()) {
            Ok(name) => TlsConnector::from(Arc::clone(config)).connect(name, stream).await,
            Err(error) => Err(io::Error::other(error)),
        };
        done.map_err(|error| failure(host, &error))
    }
}

fn client_config() -> ClientConfig {
    let mut roots = RootCertStore::empty();
    // Unreadable certificates are skipped, as redis-rs does: the handshake will say which issuer is unknown.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()
}

/// Whatever breaks a handshake, the user's question is about TLS; the errno stays.
fn failure(host: &str, error: &io::Error) -> Failure {
    let io = Failure::io(Stage::Tls, error);
    let cause = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
    let text = match cause {
        Some(rustls::Error::InvalidCertificate(why)) => certificate(host, why),
        Some(rustls::Error::InvalidMessage(_)) => {
            "the port does not speak TLS; use redis:// instead of rediss://".to_owned()
        }
        _ => format!("the TLS handshake failed: {io}"),
    };
    Failure { key: FailureKey { class: ErrorClass::Tls, ..io.key }, text }
}

/// What is wrong with the server's certificate.
fn certificate(host: &str, why: &CertificateError) -> String {
    match why {
        // A bad signature is what an authority made anew under its old name looks like.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "the server's certificate is not trusted: this machine does not know its \
            issuer; add the issuer to the system's certificates, or name its file in SSL_CERT_FILE"
                .to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("the server's certificate is for another name than {host}; connect by the name it was issued for")
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the server's certificate has expired; renew it (or this machine's clock is wrong)".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet (or this machine's clock is wrong)".to_owned()
        }
        other => format!("the server's certificate is refused: {other}"),
    }
}

/// `TLS 1.3`, as people write it.
pub fn version(stream: &TlsStream<TcpStream>) -> Option<String> {
    let (_, session) = stream.get_ref();
    session.protocol_version().map(|version| match version {
        rustls::ProtocolVersion::TLSv1_2 => "TLS 1.2".to_owned(),
        rustls::ProtocolVersion::TLSv1_3 => "TLS 1.3".to_owned(),
        other => format!("{other:?}"),
    })
}
