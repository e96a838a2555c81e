//! Certificate authorities and certificates in PEM files, made for one test.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd};

const DAY: Duration = Duration::from_secs(86_400);

/// A certificate and its private key.
pub(crate) struct Issued {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// An authority that issues certificates.
pub(crate) struct Authority {
    directory: PathBuf,
    issuer: Issuer<'static, KeyPair>,
    /// What others must trust.
    pub(crate) file: PathBuf,
}

impl Authority {
    /// Makes an authority whose files begin with `name`.
    pub(crate) fn create(directory: &Path, name: &str) -> Self {
        Self::until(directory, name, now() + 365 * DAY)
    }

    /// Makes an authority that expired long ago.
    pub(crate) fn expired(directory: &Path, name: &str) -> Self {
        Self::until(directory, name, now() - 365 * DAY)
    }

    fn until(directory: &Path, name: &str, end: Duration) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut own = CertificateParams::new(Vec::new()).unwrap();
        own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        own.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        own.distinguished_name.push(DnType::CommonName, format!("redis-doctor test authority {name}"));
        own.not_after = date_time_ymd(1970, 1, 1) + end;
        let file = write(directory, &format!("{name}.pem"), &own.self_signed(&key).unwrap().pem());
        Self { directory: directory.to_owned(), issuer: Issuer::new(own, key), file }
    }

    /// Issues a certificate for `names` (host names or addresses).
    pub(crate) fn issue(&self, file: &str, names: &[&str]) -> Issued {
        self.issue_for(file, names, 90 * DAY)
    }

    /// Issues a certificate that expires after `validity`, in whole seconds.
    pub(crate) fn issue_for(&self, file: &str, names: &[&str], validity: Duration) -> Issued {
        let key = KeyPair::generate().unwrap();
        let mut own = params(names);
        own.not_after = date_time_ymd(1970, 1, 1) + now() + validity;
        let certificate = own.signed_by(&key, &self.issuer).unwrap();
        Issued::write(&self.directory, file, &certificate.pem(), &key)
    }
}

impl Issued {
    /// Makes a certificate as `openssl req -x509` does: self-signed, and that of an authority (CA:TRUE).
    pub(crate) fn self_signed(directory: &Path, file: &str, names: &[&str]) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut own = params(names);
        own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self::write(directory, file, &own.self_signed(&key).unwrap().pem(), &key)
    }

    fn write(directory: &Path, file: &str, certificate: &str, key: &KeyPair) -> Self {
        Self {
            certificate: write(directory, &format!("{file}.pem"), certificate),
            key: write(directory, &format!("{file}.key"), &key.serialize_pem()),
        }
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap()
}

fn params(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap()
}

fn write(directory: &Path, name: &str, text: &str) -> PathBuf {
    let path = directory.join(name);
    fs::write(&path, text).unwrap();
    path
}

/// The certificates of a server for `localhost` and `127.0.0.1`.
pub(crate) struct Certificates {
    /// The issuer, which is also the one whose clients the server knows.
    pub(crate) issuer: Authority,
    /// What a client must trust.
    pub(crate) authority: PathBuf,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Certificates {
    /// Makes an authority and a certificate signed by it, valid for `names` (host names or addresses).
    pub(crate) fn create(directory: &Path, names: &[&str]) -> Self {
        let issuer = Authority::create(directory, "ca");
        let Issued { certificate, key } = issuer.issue("server", names);
        Self { authority: issuer.file.clone(), issuer, certificate, key }
    }
}
