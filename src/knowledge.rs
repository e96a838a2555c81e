//! What is known about lost connections: their causes, the states a client gets into, findings, errors, and the
//! numbers of the field, each with what it means, what to do, and who says so.
//!
//! The data is one file for people, `knowledge/entries.toml`; here it is read, and [`search`]ed. It is separate from
//! the code that finds a cause or a finding: that code only needs the entry's code.

mod errno;
mod search;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fmt, sync::LazyLock};

use serde::{
    Deserialize, Serialize,
    de::{Error, IntoDeserializer, value},
};

pub use search::{Answer, nearest, search};

/// Parsed on first use, so that only `explain` pays for it. A test parses the file.
static ENTRIES: LazyLock<Vec<Entry>> =
    LazyLock::new(|| read(include_str!("knowledge/entries.toml")).unwrap_or_default());

/// Every entry, in the order of the file: causes, states, findings, errors, facts.
pub fn entries() -> &'static [Entry] {
    &ENTRIES
}

/// The entry with this code (`RD012`) or id (`aws-nlb`), written exactly so.
pub fn entry(id: &str) -> Option<&'static Entry> {
    entries().iter().find(|entry| entry.id == id)
}

/// Something to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its code (`RD012`) or, for a fact, its id (`aws-nlb`): unique, and never given to something else.
    pub id: String,
    /// What sort of thing it is.
    #[serde(skip_deserializing)]
    pub kind: Kind,
    /// Its name in reports (`middlebox_idle_limit`); unique within its kind, empty for a fact.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// A line.
    pub title: String,
    /// The kernel's error numbers that mean it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errno: Vec<Errno>,
    /// Other words for it, also the wording of log lines.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Who says it.
    #[serde(default)]
    pub said_by: Vec<Voice>,
    /// What it means: a paragraph.
    pub meaning: String,
    /// Ids of what may be behind it, likeliest first.
    #[serde(default)]
    pub causes: Vec<String>,
    /// How to tell: sentences, and commands, which begin with `$ `.
    pub tell: Vec<String>,
    /// What to do, in the same form.
    pub remedy: Vec<String>,
    /// Ids of what else to read.
    #[serde(default)]
    pub see: Vec<String>,
    /// Where it is known from, and how well.
    pub sources: Vec<Source>,
}

/// The sorts of entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Why a connection was lost.
    Cause,
    /// What a client can get into.
    State,
    /// Something to fix before it hurts.
    Finding,
    /// An error, as a client sees it.
    Error,
    /// A number or a rule of a vendor, a kernel, a server or a library.
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

/// An error number of the kernel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Errno {
    /// `ECONNRESET`.
    pub name: String,
    /// Its number on Linux (`asm-generic/errno.h`).
    pub linux: u16,
    /// Its number on macOS (`sys/errno.h`), where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub macos: Option<u16>,
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

/// Who says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Voice {
    /// The operating system.
    #[serde(rename = "kernel")]
    Kernel,
    /// The client library.
    #[serde(rename = "redis-rs")]
    Library,
    /// Redis or Valkey, or whatever answers in its place.
    #[serde(rename = "server")]
    Server,
    /// This program, from what the others say.
    #[serde(rename = "redis-doctor")]
    Doctor,
}

impl fmt::Display for Voice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Kernel => "kernel",
            Self::Library => "redis-rs",
            Self::Server => "server",
            Self::Doctor => "redis-doctor",
        })
    }
}

/// Where something is known from; in the file `{ tried = "Redis 7.0.15" }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>")]
pub struct Source {
    /// How well it is known.
    pub how: Evidence,
    /// The version, the page, the file or the thread.
    pub place: String,
}

impl TryFrom<BTreeMap<String, String>> for Source {
    type Error = value::Error;

    fn try_from(mut source: BTreeMap<String, String>) -> Result<Self, Self::Error> {
        let only = source.pop_first().filter(|_| source.is_empty());
        let (how, place) = only.ok_or_else(|| value::Error::custom("a source has one place"))?;
        Ok(Self { how: Evidence::deserialize(how.into_deserializer())?, place })
    }
}

/// How well something is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// It was run, on the version named.
    Tried,
    /// It was read in this source code.
    Code,
    /// The documentation says so.
    Documented,
    /// A thread of an issue tracker says so.
    Thread,
    /// It is said, and nobody here has checked it.
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

/// The file: a list of tables for each kind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    cause: Vec<Entry>,
    state: Vec<Entry>,
    finding: Vec<Entry>,
    error: Vec<Entry>,
    fact: Vec<Entry>,
}

fn read(text: &str) -> Result<Vec<Entry>, basic_toml::Error> {
    let File { cause, state, finding, error, fact } = basic_toml::from_str(text)?;
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
