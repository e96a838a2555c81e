//! Values of flags that are not on the command line: from the environment (`REDIS_DOCTOR_POLICY`) and from the
//! configuration file.
//!
//! They come in layers: the command line, the variables, the target of the file, its section for the command, its
//! defaults. A value is added as an argument unless a higher layer has the flag or one that excludes it, so every rule of
//! the parser holds for it, too. The parser runs once more for each value, and only once if there is none.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
};

use clap::{
    Arg, ArgMatches, Command,
    error::{ContextKind, ErrorKind},
    parser::ValueSource,
};

use super::{
    commands,
    config::{Config, DEFAULTS},
    environment::Environment,
    error::UsageError,
    refusal, uri,
};
use crate::plan::Secret;

/// Beginning of the names of the variables.
pub(super) const PREFIX: &str = "REDIS_DOCTOR_";

/// Arguments that name the server: with one of them, another is not taken from a lower layer.
pub(super) const SERVER: [&str; 7] = ["uri", "targets", "host", "port", "socket", "sandbox", "servers"];
/// The same for the password.
pub(super) const LOGIN: [&str; 4] = ["pass", "pass_command", "pass_file", "askpass"];
/// Flags without a variable: REDIS_URL and REDISCLI_AUTH exist, and a file is named by `REDIS_DOCTOR_CONFIG` first of all.
const WITHOUT_VARIABLE: [&str; 4] = ["uri", "pass", "help", "config"];

/// Beginning of the value with which Kubernetes sets `REDIS_DOCTOR_PORT` in every pod beside a Service named `redis-doctor`
/// (<https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables>).
const SERVICE: &[u8] = b"tcp://";

/// A value for a flag, and the place where it is written.
#[derive(Clone, Debug)]
pub(super) struct Preset {
    /// Long name of the flag.
    pub(super) flag: String,
    pub(super) values: Vec<OsString>,
    /// Variable, or file, line and key.
    pub(super) origin: String,
}

/// A command line with the values from elsewhere.
pub(super) struct Line {
    pub(super) args: Vec<OsString>,
    pub(super) matches: Result<ArgMatches, clap::Error>,
    pub(super) added: Vec<Added>,
    /// Number of the current layer.
    layer: usize,
    has_target: bool,
}

/// A flag whose value is not from the command line.
pub(super) struct Added {
    flag: String,
    origin: String,
    layer: usize,
}

impl Line {
    /// Parses the arguments.
    pub(super) fn new(args: Vec<OsString>) -> Self {
        Self { matches: parsed(&args), args, added: Vec::new(), layer: 0, has_target: false }
    }

    /// Adds the values of the environment and of the configuration file.
    pub(super) fn complete(&mut self, environment: &Environment) -> Result<(), UsageError> {
        let unfinished = |error: &clap::Error| error.kind() == ErrorKind::MissingRequiredArgument;
        if self.matches.as_ref().is_err_and(|error| !unfinished(error)) {
            return Ok(());
        }
        let name = self.args.get(1).and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let named = self.value("config").map(|path| ("--config", path.into()));
        let config = Config::read(named, environment)?;
        let variables = environment.with_prefix(PREFIX);
        if config.is_empty() && variables.is_empty() && self.value("target").is_none() {
            return Ok(());
        }
        let Some(command) = commands::definition_of(&name).filter(|command| flag(command, "config").is_some()) else {
            return Ok(());
        };
        self.add_target(&command, &config)?;
        self.add(&command, of_variables(&command, &variables))?;
        self.add_target(&command, &config)?;
        // A server of the environment overrides the target that the file has as a default.
        let elsewhere = ["REDIS_URL", "VALKEY_URL"].iter().any(|name| environment.has(name));
        for section in [name.as_str(), DEFAULTS] {
            let presets = config.section(section).iter().filter(|preset| preset.flag != "target" || !elsewhere);
            self.add(&command, presets.cloned().collect())?;
            self.add_target(&command, &config)?;
        }
        Ok(())
    }

    /// Adds the values of the target that the arguments name, once.
    fn add_target(&mut self, command: &Command, config: &Config) -> Result<(), UsageError> {
        let Some(name) = self.value("target").filter(|_| !self.has_target) else { return Ok(()) };
        self.has_target = true;
        if let Some(other) = SERVER.iter().find(|other| self.is_given(other)) {
            let other = if *other == "servers" { "TARGET".to_owned() } else { format!("--{other}") };
            let problem = format!("{other} names a server, too");
            return Err(named(UsageError::new("--target", problem, "use one of them"), &self.added));
        }
        let presets = config.target(&name.to_string_lossy()).map_err(|error| named(error, &self.added))?;
        self.add(command, presets)
    }

    /// Adds the values of one layer.
    fn add(&mut self, command: &Command, presets: Vec<Preset>) -> Result<(), UsageError> {
        self.layer += 1;
        let mut waiting = presets;
        while !waiting.is_empty() {
            let before = waiting.len();
            let mut refused = Vec::new();
            for preset in waiting {
                if !self.accept(command, &preset)? {
                    refused.push(preset);
                }
            }
            // A value may need another one of its layer, so it is tried again. Without it, it has no effect.
            if refused.len() == before {
                break;
            }
            waiting = refused;
        }
        Ok(())
    }

    /// Adds a value, if it is valid and nothing overrides it. Returns false for one that needs a flag which is missing.
    fn accept(&mut self, command: &Command, preset: &Preset) -> Result<bool, UsageError> {
        let Some(arg) = flag(command, &preset.flag).filter(|arg| !self.is_overridden(arg)) else { return Ok(true) };
        let mut args = self.args.clone();
        args.splice(2..2, words(arg, preset)?);
        let matches = parsed(&args);
        if let Err(error) = &matches {
            match (error.kind(), self.rival(error)) {
                (ErrorKind::ArgumentConflict, None) => return Ok(true),
                (ErrorKind::ArgumentConflict, Some(rival)) => {
                    return Err(preset.refused(format!("it cannot be used with {rival}; remove one of them")));
                }
                (ErrorKind::MissingRequiredArgument, _) if self.matches.is_ok() => return Ok(false),
                (ErrorKind::MissingRequiredArgument, _) => {}
                _ => return Err(preset.refused(refusal::value_problem(error, &args))),
            }
        }
        self.added.push(Added { flag: preset.flag.clone(), origin: preset.origin.clone(), layer: self.layer });
        (self.args, self.matches) = (args, matches);
        Ok(true)
    }

    /// Returns the origin of the value in the same layer with which another one conflicts.
    fn rival(&self, error: &clap::Error) -> Option<String> {
        let parties = [ContextKind::PriorArg, ContextKind::InvalidArg].into_iter();
        let parties: Vec<_> = parties.flat_map(|kind| refusal::context(error, kind)).collect();
        let flags = parties.iter().filter_map(|party| party.strip_prefix("--")?.split([' ', '=']).next());
        flags
            .filter_map(|flag| self.added.iter().find(|added| added.flag == flag && added.layer == self.layer))
            .map(|added| added.origin.clone())
            .next()
    }

    /// Returns true if a higher layer has the flag, or one that takes its place.
    fn is_overridden(&self, arg: &Arg) -> bool {
        let id = arg.get_id().as_str();
        let is_higher = |other: &&str| {
            let of_this_layer =
                |added: &Added| added.layer == self.layer && added.flag.bytes().eq(other.replace('_', "-").bytes());
            self.is_given(other) && !self.added.iter().any(of_this_layer)
        };
        // The parts of one address.
        let completes = |other: &&str| matches!((id, *other), ("host", "port") | ("port", "host"));
        let is_off = || self.added.iter().any(|added| Some(added.flag.as_str()) == arg.get_long());
        let by_server = || SERVER.iter().any(|other| is_higher(other) && !completes(other));
        self.is_given(id)
            || is_off()
            || (SERVER.contains(&id) || id == "target") && by_server()
            || LOGIN.contains(&id) && (LOGIN.iter().any(&is_higher) || is_higher(&"uri") && self.has_password_in_url())
    }

    /// Reads the arguments of the command, as far as they can be parsed.
    fn known<T>(&self, read: impl FnOnce(&ArgMatches) -> T) -> Option<T> {
        let read = |matches: &ArgMatches| matches.subcommand().map(|(_, matches)| read(matches));
        match &self.matches {
            Ok(matches) => read(matches),
            Err(_) => read(&commands::definition().ignore_errors(true).try_get_matches_from(&self.args).ok()?),
        }
    }

    fn is_given(&self, id: &str) -> bool {
        self.known(|matches| matches.value_source(id) == Some(ValueSource::CommandLine)).unwrap_or_default()
    }

    /// Returns the text of a flag.
    fn value(&self, id: &str) -> Option<OsString> {
        self.known(|matches| matches.try_get_raw(id).ok()??.next().map(ToOwned::to_owned))?
    }

    /// Returns true if a URL of the server has its own password.
    fn has_password_in_url(&self) -> bool {
        let has = |matches: &ArgMatches| {
            let mut servers = matches.try_get_many::<Secret>("uri").ok().flatten().into_iter().flatten();
            servers.any(|server| uri::has_password(server.given()))
        };
        self.known(has).unwrap_or_default()
    }
}

impl Preset {
    fn refused(&self, problem: impl Into<String>) -> UsageError {
        UsageError::Preset { origin: self.origin.clone(), problem: problem.into() }
    }
}

/// Names the origin of a value that a command refuses.
pub(super) fn named(error: UsageError, added: &[Added]) -> UsageError {
    let (argument, problem) = match &error {
        UsageError::Argument { argument, problem, remedy } => (*argument, format!("{problem}; {remedy}")),
        UsageError::Value { argument, source } => (*argument, source.to_string()),
        UsageError::Url { argument, source } => (*argument, source.to_string()),
        UsageError::Parser(_) | UsageError::Preset { .. } | UsageError::NotUtf8 { .. } | UsageError::Password(_) => {
            return error;
        }
    };
    let origin = argument.strip_prefix("--").and_then(|flag| added.iter().find(|added| added.flag == flag));
    match origin {
        Some(Added { origin, .. }) => UsageError::Preset { origin: origin.clone(), problem },
        None => error,
    }
}

fn parsed(args: &[OsString]) -> Result<ArgMatches, clap::Error> {
    commands::definition().try_get_matches_from(args)
}

/// Returns the flag with a long name.
pub(super) fn flag<'a>(command: &'a Command, long: &str) -> Option<&'a Arg> {
    command.get_arguments().find(|arg| arg.get_long() == Some(long))
}

/// Returns the values that the variables have for the flags of a command.
fn of_variables(command: &Command, variables: &BTreeMap<&str, &OsStr>) -> Vec<Preset> {
    let flags = command.get_arguments().filter_map(Arg::get_long).filter(|flag| !WITHOUT_VARIABLE.contains(flag));
    let preset = |flag: &str| {
        let name = flag.to_ascii_uppercase().replace('-', "_");
        let value = (*variables.get(name.as_str())?).to_owned();
        let of_service = name == "PORT" && value.as_encoded_bytes().starts_with(SERVICE);
        (!of_service).then_some(Preset {
            flag: flag.to_owned(),
            values: vec![value],
            origin: format!("{PREFIX}{name}"),
        })
    };
    flags.filter_map(preset).collect()
}

/// Returns the arguments that give a flag its value: none, if a switch is off.
fn words(arg: &Arg, preset: &Preset) -> Result<Vec<OsString>, UsageError> {
    let flag = format!("--{}", preset.flag);
    if arg.get_action().takes_values() {
        let word = |value: &OsString| [OsStr::new(&flag), OsStr::new("="), value].into_iter().collect();
        return Ok(preset.values.iter().map(word).collect());
    }
    let text = preset.values.first().and_then(|value| value.to_str()).unwrap_or_default();
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(vec![flag.into()]),
        "0" | "false" | "no" | "off" => Ok(Vec::new()),
        _ => Err(preset.refused("expected true or false")),
    }
}
