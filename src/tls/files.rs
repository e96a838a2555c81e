//! The files that the TLS options name, read and checked before anything is done with them.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use rustls::{
    RootCertStore,
    pki_types::{
        CertificateDer, PrivateKeyDer, ServerName,
        pem::{self, PemObject},
    },
};
use thiserror::Error;

use super::{Connector, certificate::Certificate};
use crate::{
    clock::Clock,
    foreign::Foreign,
    plan::{TlsFiles, TlsIdentity, TlsOptions},
};

/// Maximum size of a file, in bytes.
const LARGEST: u64 = 16 << 20;

/// The reason why TLS options cannot be used.
#[derive(Clone, Debug, Error)]
#[error("{flag}: {problem}; {remedy}")]
pub(crate) struct TlsProblem {
    /// Flag or variable.
    pub flag: &'static str,
    pub problem: String,
    pub remedy: String,
}

impl TlsProblem {
    pub(super) fn new(flag: &'static str, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { flag, problem: problem.into(), remedy: remedy.into() }
    }
}

const PEM: &str = "expected a file in PEM form, with -----BEGIN CERTIFICATE-----";

/// Reads the files of the options into them, and checks that they can be used. `variable` replaces the system's
/// certificates, which redis-rs reads in any case.
///
/// # Errors
/// Names the flag or the variable, the file and the remedy.
pub(crate) fn load(options: &mut TlsOptions, variable: Option<&'static str>) -> Result<(), TlsProblem> {
    if let Some(flag) = variable {
        let remedy = format!("correct {flag} or unset it");
        system().map_err(|problem| TlsProblem { flag, remedy, ..problem })?;
    }
    if let Some(sni) = options.sni.as_ref().filter(|sni| ServerName::try_from(sni.as_str()).is_err()) {
        let problem = format!("'{}' is not a name that a certificate can contain", Foreign::new(sni));
        return Err(TlsProblem::new("--sni", problem, "expected for example cache.example"));
    }
    let mut roots = Vec::new();
    if let Some(path) = &options.cacert {
        roots.extend(authorities(path)?);
    }
    if let Some(path) = &options.cacertdir {
        roots.extend(directory(path)?);
    }
    let own_roots = options.cacert.is_some() || options.cacertdir.is_some();
    let identity = match (&options.cert, &options.key) {
        (Some(certificate), Some(key)) => Some(identity(certificate, key)?),
        _ => None,
    };
    options.files = TlsFiles { roots: own_roots.then(|| to_pem(&roots)), identity }.into();
    Connector::new(options.clone()).check()
}

/// Returns the system's trusted certificates, or those of the variables that replace them.
pub(super) fn system() -> Result<Vec<CertificateDer<'static>>, TlsProblem> {
    let problem = |problem: String| {
        let remedy = "install the package ca-certificates, or name the file of the authority with --cacert";
        TlsProblem::new("system certificates", problem, remedy)
    };
    let found = rustls_native_certs::load_native_certs();
    // redis-rs takes any error for a failure.
    match found.errors.first() {
        Some(error) => Err(problem(Foreign::new(&error.to_string()).into())),
        None if found.certs.is_empty() => Err(problem("there is no trusted certificate".to_owned())),
        None => Ok(found.certs),
    }
}

/// Returns the certificates of `--cacert`.
fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsProblem> {
    const FLAG: &str = "--cacert";
    let found = certificates(FLAG, path)?;
    let mut store = RootCertStore::empty();
    if let Some(why) = found.iter().find_map(|der| store.add(der.clone()).err()) {
        return Err(TlsProblem::new(
            FLAG,
            format!("{} holds a certificate that cannot be used: {why}", shown(path)),
            PEM,
        ));
    }
    let clock = Clock::start();
    let now = clock.wall(clock.now());
    let expired = |der: &CertificateDer<'_>| Certificate::read(der).filter(|certificate| certificate.not_after < now);
    let all_expired: Option<Vec<_>> = found.iter().map(expired).collect();
    match all_expired.as_deref() {
        Some([.., last]) => Err(TlsProblem::new(
            FLAG,
            format!(
                "{}: the certificate of {} expired at {}",
                shown(path),
                last.subject,
                last.not_after.to_the_second()
            ),
            "name the file of the authority's current certificate",
        )),
        _ => Ok(found),
    }
}

/// Returns the certificates in the files of a directory; other files are skipped.
fn directory(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsProblem> {
    const FLAG: &str = "--cacertdir";
    const REMEDY: &str = "expected a directory with files in PEM form; use --cacert for a file";
    let cannot = |error: io::Error| TlsProblem::new(FLAG, format!("cannot read {}: {error}", shown(path)), REMEDY);
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(path).map_err(cannot)? {
        files.push(entry.map_err(cannot)?.path());
    }
    files.retain(|file| fs::metadata(file).is_ok_and(|metadata| metadata.is_file()));
    // The same order everywhere: of two problems the same one is reported.
    files.sort();
    let mut store = RootCertStore::empty();
    let found: Vec<_> = files.iter().filter_map(|file| certificates(FLAG, file).ok()).flatten().collect();
    let mut found: Vec<_> = found.into_iter().filter(|der| store.add(der.clone()).is_ok()).collect();
    found.sort_by(|one, other| one.as_ref().cmp(other.as_ref()));
    found.dedup();
    match found.is_empty() {
        true => Err(TlsProblem::new(FLAG, format!("no file in {} contains a certificate", shown(path)), REMEDY)),
        false => Ok(found),
    }
}

fn identity(certificate: &Path, key: &Path) -> Result<TlsIdentity, TlsProblem> {
    certificates("--cert", certificate)?;
    let remedy = "expected a file in PEM form, with -----BEGIN PRIVATE KEY-----";
    let bytes = read("--key", key)?;
    if let Err(why) = PrivateKeyDer::from_pem_slice(&bytes) {
        let encrypted = bytes.windows(9).any(|part| part == b"ENCRYPTED");
        return Err(match why {
            _ if encrypted => TlsProblem::new(
                "--key",
                format!("the private key in {} is encrypted", shown(key)),
                "decrypt it with 'openssl pkey' into a file that only you can read",
            ),
            pem::Error::NoItemsFound => {
                TlsProblem::new("--key", format!("{} contains no private key", shown(key)), remedy)
            }
            why => TlsProblem::new("--key", format!("{} cannot be read: {why}", shown(key)), remedy),
        });
    }
    Ok(TlsIdentity { certificate: read("--cert", certificate)?, key: bytes })
}

/// Returns the certificates of a file, at least one.
fn certificates(flag: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsProblem> {
    let bytes = read(flag, path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) if Certificate::read(&CertificateDer::from(&*bytes)).is_some() => Err(TlsProblem::new(
            flag,
            format!("{} is in DER form", shown(path)),
            "convert it with 'openssl x509 -inform der'",
        )),
        Ok(_) => Err(TlsProblem::new(flag, format!("{} contains no certificate", shown(path)), PEM)),
        Err(why) => Err(TlsProblem::new(flag, format!("{} cannot be read: {why}", shown(path)), PEM)),
    }
}

fn read(flag: &'static str, path: &Path) -> Result<Vec<u8>, TlsProblem> {
    let cannot = |error: io::Error| {
        TlsProblem::new(flag, format!("cannot read {}: {error}", shown(path)), "check the path and its permissions")
    };
    if fs::metadata(path).map_err(cannot)?.is_dir() {
        let remedy = if flag == "--cacert" { "use --cacertdir for a directory" } else { "expected a file in PEM form" };
        return Err(TlsProblem::new(flag, format!("{} is a directory", shown(path)), remedy));
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes)).map_err(cannot)?;
    Ok(bytes)
}

fn shown(path: &Path) -> String {
    format!("'{}'", Foreign::new(&path.display().to_string()))
}

/// Writes certificates in PEM form (RFC 7468).
pub(super) fn to_pem(certificates: &[CertificateDer<'_>]) -> Vec<u8> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let mut pem = Vec::new();
    for der in certificates {
        pem.extend_from_slice(b"-----BEGIN CERTIFICATE-----\n");
        for line in STANDARD.encode(der).as_bytes().chunks(64) {
            pem.extend_from_slice(line);
            pem.push(b'\n');
        }
        pem.extend_from_slice(b"-----END CERTIFICATE-----\n");
    }
    pem
}
