//! Which server the tests run against, and what it is: the one that the variable REDIS_SERVER names, else the one on the
//! PATH, else the one that `tests/run` put beside the build.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use super::free_port;

/// Who makes a server, and which one it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Release {
    /// `Redis` or `Valkey`.
    pub(crate) product: &'static str,
    /// As the server writes it.
    pub(crate) version: String,
}

impl Release {
    /// `Redis server v=7.0.15 sha=…`, `Valkey server v=9.1.2 …`
    fn of(program: &Path) -> Self {
        let output = Command::new(program).arg("--version").output();
        let output = output.unwrap_or_else(|error| panic!("{} cannot be run: {error}", program.display()));
        let words = String::from_utf8_lossy(&output.stdout).into_owned();
        let version = words.split_whitespace().find_map(|word| word.strip_prefix("v="));
        let product = if words.starts_with("Valkey") { "Valkey" } else { "Redis" };
        Self { product, version: version.unwrap_or_else(|| panic!("no version in {words:?}")).to_owned() }
    }

    /// Whether it has what came with this version of Redis; every Valkey has what Redis 7.2 had.
    pub(crate) fn has(&self, major: u32, minor: u32) -> bool {
        let mut numbers = self.version.split('.').map(|number| number.parse().unwrap());
        let own: (u32, u32) = (numbers.next().unwrap(), numbers.next().unwrap());
        if self.product == "Valkey" { (7, 2) >= (major, minor) } else { own >= (major, minor) }
    }

    /// Bytes of a message that a subscriber's output buffer is charged for: Valkey 9.1 counts no more than a reference
    /// of strings from 16 KiB on.
    pub(crate) fn counted_payload(&self) -> usize {
        if self.product == "Valkey" { 8 << 10 } else { 16 << 10 }
    }
}

/// A server to start.
pub(super) struct Program {
    pub(super) path: PathBuf,
    pub(super) release: Release,
}

impl Program {
    fn new(path: PathBuf) -> Self {
        Self { release: Release::of(&path), path }
    }

    /// A server without TLS cannot stand for itself where a test needs TLS: there the one on the PATH does.
    pub(super) fn choose(tls: bool) -> &'static Self {
        static DEFAULT: LazyLock<Program> = LazyLock::new(|| Program::new(program("server")));
        static CHOSEN: LazyLock<Option<Program>> = LazyLock::new(|| {
            let path = std::env::var_os("REDIS_SERVER").filter(|path| !path.is_empty())?;
            Some(Program::new(path.into()))
        });
        static CHOSEN_HAS_TLS: LazyLock<bool> = LazyLock::new(|| CHOSEN.as_ref().is_some_and(Program::has_tls));
        match &*CHOSEN {
            Some(chosen) if !tls || *CHOSEN_HAS_TLS => chosen,
            _ => &DEFAULT,
        }
    }

    /// Asked for TLS without a certificate it ends at once: one that has TLS misses the certificate, others TLS.
    fn has_tls(&self) -> bool {
        let port = free_port().to_string();
        let output =
            Command::new(&self.path).args(["--port", "0", "--save", "", "--tls-port", &port]).output().unwrap();
        let has = String::from_utf8_lossy(&output.stdout).contains("tls-cert-file");
        if !has {
            eprintln!("{} has no TLS: tests with TLS use the server on the PATH", self.path.display());
        }
        has
    }
}

/// `redis-NAME` or `valkey-NAME` from the PATH, or the one that `tests/run` put beside the build.
pub(super) fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let tools = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("tools");
    let directories: Vec<_> = std::env::split_paths(&path).chain([tools]).collect();
    ["redis", "valkey"]
        .iter()
        .map(|project| format!("{project}-{name}"))
        .flat_map(|file| directories.iter().map(move |directory| directory.join(&file)))
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| PathBuf::from(format!("redis-{name}")))
}

/// A program on the PATH, where Debian puts it, or where `tests/run` put it beside the build.
pub(crate) fn installed(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let tools = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("tools");
    let directories = std::env::split_paths(&path).chain(["/usr/sbin".into(), tools]);
    directories.map(|directory| directory.join(name)).find(|file| file.is_file())
}
