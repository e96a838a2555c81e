//! The configuration file: named targets, and default values of flags.
//!
//! ```toml
//! [targets.prod]
//! url = "rediss://cache.example:6380"
//! pass-command = "vault read -field=password secret/redis"
//!
//! [defaults]
//! policy = "library"
//!
//! [soak]
//! fail-on = ["p99>5ms", "lost>0"]
//! ```
//!
//! The whole file is checked, whatever part of it a command needs.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs::{File, Metadata},
    io::{self, Read},
    ops::Range,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use clap::Arg;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    commands,
    environment::Environment,
    error::UsageError,
    presets::{LOGIN, Preset, SERVER},
    uri,
};
use crate::{suggestion, units};

/// The section of values for all commands.
pub(super) const DEFAULTS: &str = "defaults";

const TARGETS: &str = "targets";

/// Largest file.
const LARGEST: u64 = 1 << 20;

/// Keys of a target. `url` is the flag `--uri`.
pub(super) const KEYS: [&str; 18] = [
    "url",
    "host",
    "port",
    "socket",
    "db",
    "user",
    "pass",
    "pass-command",
    "pass-file",
    "name",
    "protocol",
    "tls",
    "sni",
    "cacert",
    "cacertdir",
    "cert",
    "key",
    "insecure",
];

/// Flags whose values are files, in which `~/` is the home directory.
const FILES: [&str; 9] = ["socket", "pass-file", "cacert", "cacertdir", "cert", "key", "output", "journal", "baseline"];

/// The values of a file.
#[derive(Default)]
pub(super) struct Config {
    /// File that was read, or the one that would have been.
    path: PathBuf,
    targets: BTreeMap<String, Vec<Preset>>,
    /// Values by the name of a command, or [`DEFAULTS`].
    sections: BTreeMap<String, Vec<Preset>>,
}

impl Config {
    /// Reads the file that an argument names, or a variable, or the user's own, which may be missing.
    pub(super) fn read(named: Option<(&'static str, PathBuf)>, environment: &Environment) -> Result<Self, UsageError> {
        const VARIABLE: &str = "REDIS_DOCTOR_CONFIG";
        let named = named.or_else(|| environment.path(VARIABLE).map(|path| (VARIABLE, path)));
        let Some((argument, path)) = named.clone().or_else(|| Some(("configuration", own_file(environment)?))) else {
            return Ok(Self::default());
        };
        let unreadable = |problem: String| UsageError::new(argument, problem, "name a readable TOML file");
        let (text, metadata) = match contents(&path) {
            Ok((text, metadata)) if text.len() as u64 <= LARGEST => (text, metadata),
            Ok(_) => return Err(unreadable(format!("{} is larger than 1 MiB", path.display()))),
            Err(error)
                if named.is_none()
                    && matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
            {
                return Ok(Self { path, ..Self::default() });
            }
            Err(error) => return Err(unreadable(format!("cannot read {}: {error}", path.display()))),
        };
        Reader { path: &path, text: &text, metadata: &metadata, home: environment.path("HOME") }.read()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.targets.is_empty() && self.sections.is_empty()
    }

    /// Returns the values of a section.
    pub(super) fn section(&self, name: &str) -> &[Preset] {
        self.sections.get(name).map_or(&[], Vec::as_slice)
    }

    /// Returns the names of the targets.
    pub(super) fn targets(&self) -> impl Iterator<Item = &str> {
        self.targets.keys().map(String::as_str)
    }

    /// Returns the values of a target.
    pub(super) fn target(&self, name: &str) -> Result<Vec<Preset>, UsageError> {
        if let Some(presets) = self.targets.get(name) {
            return Ok(presets.clone());
        }
        let shown = if name.contains("://") { "this" } else { name };
        let remedy = match () {
            () if shown != name => "a URL needs -u".to_owned(),
            () if humantime::parse_duration(name).is_ok() || name.parse::<f64>().is_ok() => {
                "-t is a target of the configuration file; for a time limit, use the flag's long name".to_owned()
            }
            () if self.targets.is_empty() => {
                format!("write [targets.NAME] with a url into {}, or use -u URL", self.path.display())
            }
            () => suggestion::instead(name, self.targets()),
        };
        Err(UsageError::new("--target", format!("there is no target '{shown}' in the configuration file"), remedy))
    }
}

/// Returns the path of the user's file.
fn own_file(environment: &Environment) -> Option<PathBuf> {
    let absolute = environment.path("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
    let directory = absolute.or_else(|| environment.path("HOME").map(|home| home.join(".config")))?;
    Some(directory.join("redis-doctor/config.toml"))
}

fn contents(path: &Path) -> io::Result<(String, Metadata)> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    let mut text = String::new();
    file.take(LARGEST + 1).read_to_string(&mut text)?;
    Ok((text, metadata))
}

type Entry<'a, 'i> = (&'a Spanned<std::borrow::Cow<'i, str>>, &'a Spanned<DeValue<'i>>);

/// A file that is being read.
struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    metadata: &'a Metadata,
    home: Option<PathBuf>,
}

impl Reader<'_> {
    fn read(&self) -> Result<Config, UsageError> {
        // The parser's own text quotes the line, which may have a password.
        let parsed = DeTable::parse(self.text).map_err(|error| {
            let span = error.span().unwrap_or_default();
            self.refused(&span, format!("this is not valid TOML: {}", error.message()))
        })?;
        let mut config = Config { path: self.path.to_owned(), ..Config::default() };
        for entry @ (key, _) in parsed.get_ref() {
            let name: &str = key.get_ref();
            match name {
                TARGETS => {
                    for target @ (name, _) in self.table(entry)? {
                        config.targets.insert(name.get_ref().to_string(), self.target(target)?);
                    }
                }
                DEFAULTS => {
                    let flags: BTreeSet<_> = commands::names()
                        .filter_map(commands::definition_of)
                        .flat_map(|command| flags(&command))
                        .collect();
                    config.sections.insert(DEFAULTS.to_owned(), self.section(entry, &flags)?);
                }
                name => {
                    let Some(command) = commands::definition_of(name) else {
                        let known = [TARGETS, DEFAULTS].into_iter().chain(commands::names());
                        let problem = format!("unknown section '{name}'; {}", suggestion::instead(name, known));
                        return Err(self.refused(&key.span(), problem));
                    };
                    config
                        .sections
                        .insert(name.to_owned(), self.section(entry, &flags(&command).into_iter().collect())?);
                }
            }
        }
        Ok(config)
    }

    /// Reads the keys of a target.
    fn target(&self, entry: Entry<'_, '_>) -> Result<Vec<Preset>, UsageError> {
        let mut presets = Vec::new();
        for (key, value) in self.table(entry)? {
            let name: &str = key.get_ref();
            if !KEYS.contains(&name) {
                let problem = format!("unknown key '{name}' of a target; {}", suggestion::instead(name, KEYS));
                return Err(self.refused(&key.span(), problem));
            }
            let preset = self.preset(if name == "url" { "uri" } else { name }, key, value)?;
            let in_clear = preset.values.iter().filter_map(|value| value.to_str());
            if name == "pass" || name == "url" && in_clear.into_iter().any(uri::has_password) {
                self.require_privacy(key)?;
            }
            presets.push(preset);
        }
        if !presets.iter().any(|preset| ["uri", "host", "socket"].contains(&preset.flag.as_str())) {
            return Err(self.refused(&entry.0.span(), "the target has no server; add url = \"redis://HOST:PORT\""));
        }
        Ok(presets)
    }

    /// Reads default values of the flags of a command, or of all.
    fn section(&self, entry: Entry<'_, '_>, flags: &BTreeSet<String>) -> Result<Vec<Preset>, UsageError> {
        let mut presets = Vec::new();
        for (key, value) in self.table(entry)? {
            let name: &str = key.get_ref();
            let id = name.replace('-', "_");
            if SERVER.contains(&id.as_str()) || LOGIN.contains(&id.as_str()) || ["url", "user"].contains(&name) {
                let remedy = "name the server in [targets.NAME], and write target = \"NAME\" here";
                return Err(self.refused(&key.span(), format!("'{name}' belongs to a target; {remedy}")));
            }
            if !flags.contains(name) {
                let meant = suggestion::closest(name, flags.iter().map(String::as_str));
                let section = entry.0.get_ref();
                let remedy = meant.map_or_else(
                    || "expected the name of a flag without its dashes".to_owned(),
                    |meant| format!("did you mean {meant}?"),
                );
                return Err(self.refused(&key.span(), format!("unknown key '{name}' in [{section}]; {remedy}")));
            }
            presets.push(self.preset(name, key, value)?);
        }
        Ok(presets)
    }

    fn preset(
        &self,
        flag: &str,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<Preset, UsageError> {
        let values = match value.get_ref() {
            DeValue::Array(items) => items.iter().map(|item| self.scalar(flag, item)).collect::<Result<_, _>>()?,
            _ => vec![self.scalar(flag, value)?],
        };
        let origin = format!("{}: {}", self.place(&key.span()), key.get_ref());
        Ok(Preset { flag: flag.to_owned(), values, origin })
    }

    /// Returns a value as it would be written on the command line.
    fn scalar(&self, flag: &str, value: &Spanned<DeValue<'_>>) -> Result<OsString, UsageError> {
        Ok(match value.get_ref() {
            DeValue::String(text) => match (text.strip_prefix("~/"), &self.home) {
                (Some(rest), Some(home)) if FILES.contains(&flag) => home.join(rest).into_os_string(),
                _ => text.as_ref().into(),
            },
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().into(),
            DeValue::Float(number) => number.as_str().into(),
            DeValue::Boolean(on) => on.to_string().into(),
            DeValue::Integer(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => {
                let problem = format!("{flag}: expected a string, a decimal number, true, false, or a list of these");
                return Err(self.refused(&value.span(), problem));
            }
        })
    }

    fn table<'t, 'i>(&self, (key, value): Entry<'t, 'i>) -> Result<&'t DeTable<'i>, UsageError> {
        let name = key.get_ref();
        value.get_ref().as_table().ok_or_else(|| {
            let written = if name == TARGETS { "[targets.NAME]".to_owned() } else { format!("[{name}]") };
            self.refused(&key.span(), format!("'{name}' is a section; write {written}"))
        })
    }

    /// Refuses a password in a file that others can read or write.
    fn require_privacy(&self, key: &Spanned<std::borrow::Cow<'_, str>>) -> Result<(), UsageError> {
        let problem = match () {
            () if self.metadata.mode() & 0o077 != 0 => "and other users can read or write the file",
            () if self.metadata.uid() != rustix::process::geteuid().as_raw() => "and the file belongs to another user",
            () => return Ok(()),
        };
        let remedy = "use pass-file or pass-command, or run chmod 600 as its owner";
        Err(self.refused(&key.span(), format!("'{}' has a password, {problem}; {remedy}", key.get_ref())))
    }

    fn refused(&self, span: &Range<usize>, problem: impl Into<String>) -> UsageError {
        UsageError::Preset { origin: self.place(span), problem: problem.into() }
    }

    /// Returns the file and the line.
    fn place(&self, span: &Range<usize>) -> String {
        let line = 1 + self.text.bytes().take(span.start).filter(|byte| *byte == b'\n').count();
        format!("{}:{line}", units::clean(&self.path.to_string_lossy()))
    }
}

/// Returns the long names of a command's flags.
fn flags(command: &clap::Command) -> Vec<String> {
    let apart = ["help", "config"];
    let names = command.get_arguments().filter_map(Arg::get_long).filter(|name| !apart.contains(name));
    names.map(str::to_owned).collect()
}
