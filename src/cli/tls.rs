//! The TLS flags, and what they mean together with the URL.

use std::path::PathBuf;

use clap::Args;

use super::{environment::Environment, error::UsageError, value};
use crate::{
    plan::{Address, TlsOptions},
    tls::{self, TlsProblem},
};

/// The encryption of the connection, with the names of redis-cli.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "TLS")]
pub(super) struct TlsArgs {
    /// Encrypt the connection, as with rediss://
    #[arg(long)]
    pub(super) tls: bool,
    /// Name to send and to check in the certificate [default: the host]
    ///
    /// For a server that is reached by an address or a name that its certificate does not contain.
    #[arg(long, value_name = "NAME", value_parser = value::host)]
    pub(super) sni: Option<String>,
    /// Trust the authorities in this file (PEM)
    ///
    /// Instead of the system's certificates. A server that presents one of these certificates as its own is trusted, too.
    #[arg(long, value_name = "FILE")]
    pub(super) cacert: Option<PathBuf>,
    /// Trust the authorities in the files of this directory
    #[arg(long, value_name = "DIR")]
    pub(super) cacertdir: Option<PathBuf>,
    /// Certificate to present to the server (PEM)
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(super) cert: Option<PathBuf>,
    /// Private key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(super) key: Option<PathBuf>,
    /// Do not check the server's certificate
    ///
    /// Anything on the path can then read and change the traffic, the password included. In a URL: #insecure.
    #[arg(long)]
    pub(super) insecure: bool,
}

impl TlsArgs {
    /// Encrypts the connection if the flags ask for it, and reads their files. `insecure` is that of the URL.
    pub(super) fn resolve(
        &self,
        address: &mut Address,
        insecure: bool,
        environment: &Environment,
        warnings: &mut Vec<String>,
    ) -> Result<TlsOptions, UsageError> {
        match address {
            Address::Tcp { tls, .. } => *tls |= self.tls,
            Address::Unix(_) if self.tls => {
                return Err(UsageError::new("--tls", "a unix socket has no TLS", "remove it, or name host and port"));
            }
            Address::Unix(_) => {}
        }
        let insecure = insecure || self.insecure;
        if !matches!(address, Address::Tcp { tls: true, .. }) {
            return self.refuse_unused("the connection is not encrypted").map(|()| TlsOptions::default());
        }
        if insecure {
            let authority = [("--cacert", &self.cacert), ("--cacertdir", &self.cacertdir)];
            if let Some((flag, _)) = authority.iter().find(|(_, path)| path.is_some()) {
                let problem = "no certificate is checked with --insecure (or #insecure in the URL)";
                return Err(UsageError::new(flag, problem, "remove one of the two"));
            }
            warnings.push(
                "--insecure: the server's certificate is not checked: anything on the path can read and change the \
                 traffic, the password included"
                    .into(),
            );
        }
        let mut options = TlsOptions {
            sni: self.sni.clone(),
            cacert: self.cacert.clone(),
            cacertdir: self.cacertdir.clone(),
            cert: self.cert.clone(),
            key: self.key.clone(),
            insecure,
            ..TlsOptions::default()
        };
        // The system's certificates are otherwise read at the first handshake: that takes milliseconds.
        let variable = ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().find(|name| environment.has(name));
        if !options.is_default() || variable.is_some() {
            tls::load(&mut options, variable)
                .map_err(|TlsProblem { flag, problem, remedy }| UsageError::new(flag, problem, remedy))?;
        }
        Ok(options)
    }

    /// Refuses a flag that only an encrypted connection needs.
    pub(super) fn refuse_unused(&self, problem: &'static str) -> Result<(), UsageError> {
        let remedy = "add --tls, or use rediss:// in the URL";
        self.used().map_or(Ok(()), |flag| Err(UsageError::new(flag, problem, remedy)))
    }

    /// Returns the first flag that only an encrypted connection needs.
    fn used(&self) -> Option<&'static str> {
        let flags = [
            ("--sni", self.sni.is_some()),
            ("--cacert", self.cacert.is_some()),
            ("--cacertdir", self.cacertdir.is_some()),
            ("--cert", self.cert.is_some()),
            ("--insecure", self.insecure),
        ];
        flags.into_iter().find(|(_, used)| *used).map(|(flag, _)| flag)
    }
}
