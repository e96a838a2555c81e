//! What is taken from outside the arguments: environment variables, and a password from the terminal.
//!
//! The variables are read here and not by the argument parser, because a flag must be able to override a *part* of
//! what `REDIS_URL` says, and because a variable's value must never be shown.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io::{self, BufRead, IsTerminal},
};

const VARIABLES: [&str; 6] =
    ["REDIS_URL", "VALKEY_URL", "REDISCLI_AUTH", "VALKEYCLI_AUTH", "NO_COLOR", "CLICOLOR_FORCE"];

/// The surroundings of the process; a test brings its own.
pub(super) struct Environment {
    /// Variables by name.
    pub(super) variables: BTreeMap<&'static str, OsString>,
    /// Asks the user for a password.
    pub(super) ask_password: fn() -> io::Result<String>,
}

impl Environment {
    /// The real ones.
    pub(super) fn of_the_process() -> Self {
        let value = |name| Some((name, std::env::var_os(name)?));
        Self { variables: VARIABLES.into_iter().filter_map(value).collect(), ask_password }
    }

    /// Whether the variable is set to something.
    pub(super) fn has(&self, name: &str) -> bool {
        self.variables.get(name).is_some_and(|value| !value.is_empty())
    }

    /// The first of the variables that is set to something, with its name.
    pub(super) fn first(&self, names: [&'static str; 2]) -> Result<Option<(&'static str, &str)>, String> {
        let Some(name) = names.into_iter().find(|name| self.has(name)) else {
            return Ok(None);
        };
        let text = self.variables.get(name).and_then(|value| value.to_str());
        text.map(|text| Some((name, text)))
            .ok_or_else(|| format!("{name}: its value is not valid UTF-8; set it anew or unset it"))
    }
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
