//! The TLS stage of the path probe.

use std::{
    io,
    sync::{Arc, OnceLock},
};

use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

/// The system's root certificates, read at the first handshake (it takes milliseconds) and shared by later ones.
#[derive(Clone, Default)]
pub(super) struct Roots(Arc<OnceLock<Arc<ClientConfig>>>);

impl Roots {
    /// Makes a handshake for `host` and checks its certificate.
    pub(super) async fn handshake(&self, host: &str, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let config = self.0.get_or_init(|| Arc::new(client_config()));
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        TlsConnector::from(Arc::clone(config)).connect(name, stream).await
    }
}

fn client_config() -> ClientConfig {
    let mut roots = RootCertStore::empty();
    // Unreadable certificates are skipped, as redis-rs does: the handshake will say which issuer is unknown.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()
}

/// `TLS 1.3`, as people write it.
pub(super) fn version(stream: &TlsStream<TcpStream>) -> Option<String> {
    let (_, session) = stream.get_ref();
    session.protocol_version().map(|version| match version {
        rustls::ProtocolVersion::TLSv1_2 => "TLS 1.2".to_owned(),
        rustls::ProtocolVersion::TLSv1_3 => "TLS 1.3".to_owned(),
        other => format!("{other:?}"),
    })
}
