//! TLS to a server: whom to trust, the handshake, what the certificates say, and explained failures. Used by the path
//! probe and the fault proxy; the connection under test uses redis-rs' own TLS.

mod authority;
mod certificate;
mod files;
mod verify;

use std::{
    fmt, io,
    sync::{Arc, OnceLock},
    time::Duration,
};

use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    client::{Resumption, WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector, client::TlsStream};

use self::verify::{Trusted, Unverified};
pub(crate) use self::{
    authority::Authority,
    certificate::Certificate,
    files::{TlsProblem, load},
};
use crate::{
    classify::{ErrorClass, Failure, FailureKey, Stage},
    clock::within,
    plan::{Address, Target, TlsIdentity, TlsOptions},
};

/// An encrypted connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct TlsSession {
    /// Protocol version, such as `TLS 1.3`.
    pub protocol: String,
    /// Cipher suite.
    pub cipher: String,
    /// True if the server's certificate was checked.
    pub verified: bool,
    /// Certificates that the server presented, its own first.
    pub chain: Vec<Certificate>,
}

/// Makes TLS connections to one target. The system's certificates are read at the first handshake (it takes
/// milliseconds) and shared by later ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connector {
    options: TlsOptions,
    config: Arc<OnceLock<Result<Arc<ClientConfig>, TlsProblem>>>,
}

impl Connector {
    /// Creates a connector for these options, whose files were read before.
    pub(crate) fn new(options: TlsOptions) -> Self {
        Self { options, config: Arc::default() }
    }

    /// Returns a connector for other options; the same if they are equal.
    pub(crate) fn with(&self, options: &TlsOptions) -> Self {
        if self.options == *options { self.clone() } else { Self::new(options.clone()) }
    }

    /// Performs a handshake with `host` within `limit`, and checks the certificate.
    ///
    /// # Errors
    /// Explains what is wrong with the certificate or the port, with the remedy.
    pub(crate) async fn handshake(
        &self,
        host: &str,
        stream: TcpStream,
        limit: Duration,
    ) -> Result<TlsStream<TcpStream>, Failure> {
        let config = match self.config() {
            Ok(config) => Arc::clone(config),
            Err(problem) => return Err(Failure::doctor(ErrorClass::Tls, Stage::Tls, problem.to_string())),
        };
        let done = match ServerName::try_from(self.options.name(host).to_owned()) {
            Ok(name) => within(limit, TlsConnector::from(config).connect(name, stream))
                .await
                .unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into())),
            Err(error) => Err(io::Error::other(error)),
        };
        done.map_err(|error| failure(&error))
    }

    /// Describes a connection.
    pub(crate) fn describe(&self, stream: &TlsStream<TcpStream>) -> TlsSession {
        let (_, session) = stream.get_ref();
        let chain = session.peer_certificates().unwrap_or_default();
        let cipher = session.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str());
        TlsSession {
            protocol: session.protocol_version().map(version).unwrap_or_default(),
            // In the names of the standards, TLS 1.3 has no separate prefix.
            cipher: cipher.unwrap_or_default().replace("TLS13_", "TLS_"),
            verified: !self.options.insecure,
            chain: chain.iter().filter_map(Certificate::read).collect(),
        }
    }

    fn check(&self) -> Result<(), TlsProblem> {
        self.config().as_ref().map(drop).map_err(Clone::clone)
    }

    fn config(&self) -> &Result<Arc<ClientConfig>, TlsProblem> {
        self.config.get_or_init(|| client_config(&self.options).map(Arc::new))
    }
}

/// Accepts TLS connections with one certificate.
#[derive(Clone)]
pub struct Acceptor(TlsAcceptor);

impl Acceptor {
    /// Creates an acceptor with this certificate.
    ///
    /// # Errors
    /// The certificate does not belong to the key.
    pub(crate) fn new(identity: &TlsIdentity) -> Result<Self, TlsProblem> {
        let problem = |why: rustls::Error| TlsProblem::new("TLS", why.to_string(), "report this as a bug");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(problem)?.with_no_client_auth();
        let chain = CertificateDer::pem_slice_iter(&identity.certificate).filter_map(Result::ok).collect();
        let key = PrivateKeyDer::from_pem_slice(&identity.key).map_err(rustls_error);
        let config = key.and_then(|key| builder.with_single_cert(chain, key)).map_err(problem)?;
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    /// Begins the handshake with a client.
    pub(crate) fn accept(&self, stream: TcpStream) -> tokio_rustls::Accept<TcpStream> {
        self.0.accept(stream)
    }
}

/// Without the certificate's key.
impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptor").finish_non_exhaustive()
    }
}

fn client_config(options: &TlsOptions) -> Result<ClientConfig, TlsProblem> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = verifier(options, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    // The provider supports the default versions.
    let builder = builder.map_err(|error| TlsProblem::new("TLS", error.to_string(), "report this as a bug"))?;
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
    let mut config = match &options.files.identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let chain: Vec<_> = CertificateDer::pem_slice_iter(&identity.certificate).filter_map(Result::ok).collect();
            let key = PrivateKeyDer::from_pem_slice(&identity.key).map_err(rustls_error);
            let config = key.and_then(|key| builder.with_client_auth_cert(chain, key));
            config.map_err(|why| identity_problem(options, &why))?
        }
    };
    // A resumed session shows no certificate: one that has expired since would go unnoticed.
    config.resumption = Resumption::disabled();
    // As in redis-rs and in redis-cli.
    config.enable_sni = !options.insecure || options.sni.is_some();
    Ok(config)
}

fn verifier(options: &TlsOptions, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, TlsProblem> {
    if options.insecure {
        return Ok(Arc::new(Unverified(Arc::clone(provider))));
    }
    let mut store = RootCertStore::empty();
    let problem = |flag| TlsProblem::new(flag, "no certificate can be used", "name the file of an authority");
    if let Some(pem) = &options.files.roots {
        let roots: Vec<_> = CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).collect();
        store.add_parsable_certificates(roots.iter().cloned());
        let trusted = Trusted::new(Arc::new(store), roots, Arc::clone(provider));
        return trusted.map(|trusted| Arc::new(trusted) as _).ok_or_else(|| problem("--cacert"));
    }
    store.add_parsable_certificates(files::system()?);
    let webpki = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider)).build();
    webpki.map(|webpki| webpki as _).map_err(|_| problem("system certificates"))
}

fn rustls_error(error: rustls::pki_types::pem::Error) -> rustls::Error {
    rustls::Error::General(error.to_string())
}

fn identity_problem(options: &TlsOptions, why: &rustls::Error) -> TlsProblem {
    let path =
        |path: &Option<std::path::PathBuf>| path.as_deref().unwrap_or(std::path::Path::new("")).display().to_string();
    let (certificate, key) = (path(&options.cert), path(&options.key));
    match why {
        rustls::Error::InconsistentKeys(_) => TlsProblem::new(
            "--key",
            format!("'{key}' is not the private key of the certificate in '{certificate}'"),
            "name the key that the certificate was made with; the client's own certificate comes first in its file",
        ),
        why => TlsProblem::new(
            "--cert",
            format!("'{certificate}' cannot be used with the key '{key}': {why}"),
            "expected a certificate with an RSA, ECDSA or Ed25519 key",
        ),
    }
}

/// Returns why redis-rs itself cannot connect with the target's options; a relay of ours must then make the TLS
/// connection for it.
pub(crate) fn beyond_redis_rs(target: &Target) -> Option<&'static str> {
    let Address::Tcp { host, tls: true, .. } = &target.address else { return None };
    let options = &target.tls;
    if options.sni.as_ref().is_some_and(|sni| options.insecure || sni != host) {
        return Some("redis-rs sends no other SNI than the host, and none at all without verification");
    }
    let name = ServerName::try_from(options.name(host)).ok()?;
    let presents_itself = |der: &CertificateDer<'_>| {
        let own =
            webpki::EndEntityCert::try_from(der).is_ok_and(|own| own.verify_is_valid_for_subject_name(&name).is_ok());
        own && Certificate::read(der).is_some_and(|certificate| certificate.authority)
    };
    let roots = options.files.roots.as_deref().filter(|_| !options.insecure).unwrap_or_default();
    let found = CertificateDer::pem_slice_iter(roots).filter_map(Result::ok).any(|der| presents_itself(&der));
    found.then_some("redis-rs accepts no certificate of an authority (CA:TRUE) as the server's own")
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

/// Returns a TLS version in its usual spelling, such as `TLS 1.3`.
fn version(version: rustls::ProtocolVersion) -> String {
    match version {
        rustls::ProtocolVersion::TLSv1_2 => "TLS 1.2".to_owned(),
        rustls::ProtocolVersion::TLSv1_3 => "TLS 1.3".to_owned(),
        other => format!("{other:?}"),
    }
}
