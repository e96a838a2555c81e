//! Input from outside the arguments: environment variables, a password from the terminal, and a random seed.
//!
//! The variables are read here and not by the argument parser, because a flag can override a *part* of `REDIS_URL`, and
//! because a variable's value must never be shown.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    hash::{BuildHasher, RandomState},
    io::{self, BufRead, IsTerminal},
    path::PathBuf,
};

use super::{error::UsageError, presets::PREFIX};
use crate::output::ColorChoice;

/// Variables that are read, besides those that begin with [`PREFIX`].
const VARIABLES: [&str; 13] = [
    "REDIS_URL",
    "VALKEY_URL",
    "REDISCLI_AUTH",
    "VALKEYCLI_AUTH",
    "NO_COLOR",
    "CLICOLOR_FORCE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "OTEL_EXPORTER_OTLP_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "XDG_CONFIG_HOME",
    "HOME",
];

/// The environment of the process; a test brings another.
pub(super) struct Environment {
    /// Variables by name.
    pub(super) variables: BTreeMap<String, OsString>,
    /// Prompts for a password.
    pub(super) ask_password: fn() -> io::Result<String>,
}

impl Environment {
    /// Returns the real environment.
    pub(super) fn of_the_process() -> Self {
        let is_read = |name: &str| VARIABLES.contains(&name) || name.starts_with(PREFIX);
        let variable = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value));
        let variables = std::env::vars_os().filter_map(variable).filter(|(name, _)| is_read(name)).collect();
        Self { variables, ask_password }
    }

    /// Returns true if the variable is set and not empty.
    pub(super) fn has(&self, name: &str) -> bool {
        self.variables.get(name).is_some_and(|value| !value.is_empty())
    }

    /// Returns the first of the variables that is set and not empty, with its name.
    pub(super) fn first(&self, names: [&'static str; 2]) -> Result<Option<(&'static str, &str)>, UsageError> {
        let Some(variable) = names.into_iter().find(|name| self.has(name)) else {
            return Ok(None);
        };
        let text = self.variables.get(variable).and_then(|value| value.to_str());
        text.map(|text| Some((variable, text))).ok_or(UsageError::NotUtf8 { variable })
    }

    /// Returns a variable that is set and not empty, as a path.
    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        self.variables.get(name).filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    /// Returns the variables that are set, not empty, and begin with `prefix`, by the rest of their names.
    pub(super) fn with_prefix(&self, prefix: &str) -> BTreeMap<&str, &OsStr> {
        let variables = self.variables.iter().filter(|(_, value)| !value.is_empty());
        variables.filter_map(|(name, value)| Some((name.strip_prefix(prefix)?, value.as_os_str()))).collect()
    }

    /// Returns the choice of `--color`, with `auto` decided by the environment where it has a say.
    pub(super) fn color(&self, choice: ColorChoice) -> ColorChoice {
        match choice {
            ColorChoice::Auto if self.has("NO_COLOR") => ColorChoice::Never,
            ColorChoice::Auto if self.has("CLICOLOR_FORCE") => ColorChoice::Always,
            choice => choice,
        }
    }
}

/// Returns a random number, short enough to be typed again.
pub(super) fn fresh_seed() -> u64 {
    RandomState::new().hash_one(std::process::id()) >> 32
}

/// Returns 64 random bits as hexadecimal digits.
pub(super) fn fresh_token() -> String {
    format!("{:016x}", RandomState::new().hash_one(std::process::id()))
}

fn ask_password() -> io::Result<String> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return rpassword::prompt_password("Password: ");
    }
    let mut line = String::new();
    stdin.lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
