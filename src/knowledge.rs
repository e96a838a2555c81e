//! The knowledge base of `redis-doctor explain`: causes of a lost connection, client states, findings, errors, and
//! vendor limits, each with its meaning, remedy and sources.
//!
//! The data is one file, `knowledge/entries.toml`; this module reads and searches it. The code that detects a cause
//! or a finding is elsewhere and refers to an entry by its code only.

mod errno;
mod log;
mod search;
#[cfg(test)]
mod tests;
mod wording;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::LazyLock,
};

use schemars::JsonSchema;
use serde::{
    Deserialize, Serialize,
    de::{Error, IntoDeserializer, value},
};

pub(crate) use log::{Cleaned, Log, Survey, survey};
pub(crate) use search::{Answer, nearest, search};

/// Parsed on first use, so that only `explain` pays for it. A test parses the file.
static ENTRIES: LazyLock<Vec<Entry>> =
    LazyLock::new(|| read(include_str!("knowledge/entries.toml")).unwrap_or_default());

/// Returns every entry in file order: causes, states, findings, errors, facts.
pub fn entries() -> &'static [Entry] {
    &ENTRIES
}

/// Returns the words that name an entry: every code or id, and every name in reports, without duplicates.
pub(crate) fn words() -> Vec<&'static str> {
    let names = entries().iter().flat_map(|entry| [entry.id.as_str(), entry.name.as_str()]);
    names.filter(|name| !name.is_empty()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Returns the entry with exactly this code (`RD012`) or id (`aws-nlb`).
pub(crate) fn entry(id: &str) -> Option<&'static Entry> {
    entries().iter().find(|entry| entry.id == id)
}

/// An entry of the knowledge base.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The code (`RD012`) or, for a fact, the readable id (`aws-nlb`); unique and never reused.
    pub id: String,
    #[serde(skip_deserializing)]
    pub(crate) kind: Kind,
    /// The name in reports (`middlebox_idle_limit`); unique within its kind, empty for a fact.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) name: String,
    pub(crate) title: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) errno: Vec<Errno>,
    /// Other names, including the wording of log lines.
    #[serde(default)]
    pub(crate) aliases: Vec<String>,
    #[serde(default)]
    pub(crate) said_by: Vec<Voice>,
    pub(crate) meaning: String,
    /// Ids of possible causes, likeliest first.
    #[serde(default)]
    pub(crate) causes: Vec<String>,
    /// Steps to recognize it: sentences, and commands that begin with `$ `.
    pub tell: Vec<String>,
    /// Steps to fix it, in the same form.
    pub remedy: Vec<String>,
    /// Ids of related entries.
    #[serde(default)]
    pub(crate) see: Vec<String>,
    pub(crate) sources: Vec<Source>,
}

/// The section of the file that an entry belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// The reason for a lost connection.
    Cause,
    /// A client state.
    State,
    /// A problem to fix before it causes an outage.
    Finding,
    /// An error, as a client sees it.
    Error,
    /// A limit, default or rule of a vendor, a kernel, a server or a library.
    #[default]
    Fact,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Cause => "cause",
            Self::State => "state",
            Self::Finding => "finding",
            Self::Error => "error",
            Self::Fact => "fact",
        })
    }
}

/// A kernel error number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Errno {
    /// The symbolic name: `ECONNRESET`.
    pub(crate) name: String,
    /// The number on Linux (`asm-generic/errno.h`).
    pub(crate) linux: u16,
    /// The number on macOS (`sys/errno.h`), if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) macos: Option<u16>,
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, linux, macos } = self;
        match macos {
            Some(macos) if macos != linux => write!(f, "{name} {linux} (macOS {macos})"),
            _ => write!(f, "{name} {linux}"),
        }
    }
}

/// The component that reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Voice {
    /// The operating system.
    #[serde(rename = "kernel")]
    Kernel,
    /// The client library.
    #[serde(rename = "redis-rs")]
    Library,
    /// Another client library.
    #[serde(rename = "client")]
    Client,
    /// Redis or Valkey, or a proxy that answers in its place.
    #[serde(rename = "server")]
    Server,
    /// redis-doctor, based on the other three.
    #[serde(rename = "redis-doctor")]
    Doctor,
}

impl fmt::Display for Voice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Kernel => "kernel",
            Self::Library => "redis-rs",
            Self::Client => "client library",
            Self::Server => "server",
            Self::Doctor => "redis-doctor",
        })
    }
}

/// The source of a statement; in the file `{ tried = "Redis 7.0.15" }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "BTreeMap<String, String>")]
pub(crate) struct Source {
    pub(crate) how: Evidence,
    /// The version, page, file or thread.
    pub(crate) place: String,
}

impl TryFrom<BTreeMap<String, String>> for Source {
    type Error = value::Error;

    fn try_from(mut source: BTreeMap<String, String>) -> Result<Self, Self::Error> {
        let only = source.pop_first().filter(|_| source.is_empty());
        let (how, place) = only.ok_or_else(|| value::Error::custom("a source has exactly one key"))?;
        Ok(Self { how: Evidence::deserialize(how.into_deserializer())?, place })
    }
}

/// The reliability of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Evidence {
    /// Run on the version named.
    Tried,
    /// Read in the source code named.
    Code,
    Documented,
    /// Reported in an issue tracker.
    Thread,
    /// Reported, but not checked.
    Unverified,
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Tried => "tried",
            Self::Code => "code",
            Self::Documented => "documented",
            Self::Thread => "thread",
            Self::Unverified => "unverified",
        })
    }
}

/// The file: one list of tables per kind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    cause: Vec<Entry>,
    state: Vec<Entry>,
    finding: Vec<Entry>,
    error: Vec<Entry>,
    fact: Vec<Entry>,
}

fn read(text: &str) -> Result<Vec<Entry>, toml::de::Error> {
    let File { cause, state, finding, error, fact } = toml::from_str(text)?;
    let kinds = [
        (Kind::Cause, cause),
        (Kind::State, state),
        (Kind::Finding, finding),
        (Kind::Error, error),
        (Kind::Fact, fact),
    ];
    let tagged = |(kind, list): (Kind, Vec<Entry>)| list.into_iter().map(move |entry| Entry { kind, ..entry });
    Ok(kinds.into_iter().flat_map(tagged).collect())
}
