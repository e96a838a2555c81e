//! Several servers: repeated `--uri`, positional targets, and the list of `--targets`.
//!
//! A line of the list is a URL, or a host with or without a port, and an optional `name=NAME`; `#` begins a comment. A line
//! that cannot be read costs only itself. No message repeats a line, which may hold a password.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
    path::Path,
};

use super::{
    environment::Environment,
    error::UsageError,
    groups::ConnectionArgs,
    target::{self, Common, Connection},
    uri::{self, ServerUrl},
};
use crate::plan::{Password, RejectedLine, Scope, Target};

/// Largest list.
const LONGEST_LIST: u64 = 16 << 20;

/// Longest name of a target, in characters.
const LONGEST_NAME: usize = 64;

/// Rejected lines that a message quotes.
const QUOTED: usize = 3;

/// Returns true if the arguments name a scope: several servers, or a list.
pub(super) fn are_given(args: &ConnectionArgs) -> bool {
    args.targets.is_some() || args.uri.len() + args.servers.len() > 1
}

/// Decides from flags, environment and list.
pub(super) fn resolve(args: &ConnectionArgs, environment: &Environment) -> Result<Connection, UsageError> {
    if args.askpass && args.targets.as_deref().is_some_and(is_stdin) {
        let remedy = "write the password into the URLs, or set REDISCLI_AUTH";
        return Err(UsageError::new("--askpass", "the standard input is the list of --targets", remedy));
    }
    let mut list = List::new(Common::new(args, environment)?);
    for given in &args.uri {
        let server = uri::parse(given.given()).map_err(|source| UsageError::Url { argument: "--uri", source })?;
        list.add(server, None, Place::Argument("--uri"))?;
    }
    for given in &args.servers {
        let server = target::positional(args, given)?;
        list.add(server, None, Place::Argument("TARGET"))?;
    }
    if let Some(path) = &args.targets {
        list.read(path)?;
    }
    let List { common, targets, rejected, mut warnings, .. } = list;
    let Some(first) = targets.first().cloned() else { return Err(empty(&rejected)) };
    common.check_tls()?;
    warnings.extend(rejected.iter().map(|RejectedLine { line, why }| format!("--targets: line {line}: {why}")));
    warnings.extend(target::password_warning(args));
    let scope = Some(Scope { targets, rejected, ..Scope::default() });
    Ok(Connection { target: first, scope, protocol: args.protocol.unwrap_or_default(), warnings })
}

/// Asks for the password if `--askpass`, `--pass-command` or `--pass-file` is given: that of the server, or of those whose
/// URL has none.
pub(super) fn ask_for(
    connection: &mut Connection,
    args: &ConnectionArgs,
    environment: &Environment,
) -> Result<(), UsageError> {
    match &mut connection.scope {
        Some(scope) => ask(scope, args, environment),
        None => target::ask(&mut connection.target, args, environment),
    }
}

/// The same for a scope.
pub(super) fn ask(scope: &mut Scope, args: &ConnectionArgs, environment: &Environment) -> Result<(), UsageError> {
    if !args.askpass {
        // Those that fetch it share one source.
        let fetches = |target: &&mut Target| matches!(target.password, Some(Password::Asked(_)));
        return scope.targets.iter_mut().find(fetches).map_or(Ok(()), |target| target::ask(target, args, environment));
    }
    let Some(first) = scope.targets.first() else { return Ok(()) };
    let mut asked = Target { password: None, ..first.clone() };
    target::ask(&mut asked, args, environment)?;
    for target in scope.targets.iter_mut().filter(|target| target.password.is_none()) {
        target.password.clone_from(&asked.password);
    }
    Ok(())
}

/// Refuses several servers for a command that examines one.
pub(super) fn refuse(args: &ConnectionArgs, command: &str) -> Result<(), UsageError> {
    let (argument, remedy) = match args.targets {
        Some(_) => ("--targets", "use -u URL"),
        None if are_given(args) => ("--uri", "name one server"),
        None => return Ok(()),
    };
    let problem =
        format!("{command} examines a single server; only ping, soak, subscribe, check and wait take several");
    Err(UsageError::new(argument, problem, remedy))
}

fn empty(rejected: &[RejectedLine]) -> UsageError {
    if rejected.is_empty() {
        let remedy = "write one URL or HOST:PORT a line, with an optional name=NAME";
        return UsageError::new("--targets", "the list has no targets", remedy);
    }
    let quoted: Vec<_> =
        rejected.iter().take(QUOTED).map(|RejectedLine { line, why }| format!("line {line}: {why}")).collect();
    let more = if rejected.len() > QUOTED { " …" } else { "" };
    UsageError::new("--targets", "no line of the list can be read", format!("{}{more}", quoted.join("; ")))
}

/// The place where a target is named.
#[derive(Clone, Copy)]
enum Place {
    Argument(&'static str),
    Line(usize),
}

/// The targets read so far.
struct List<'a> {
    common: Common<'a>,
    targets: Vec<Target>,
    rejected: Vec<RejectedLine>,
    warnings: Vec<String>,
    /// Place of each label.
    labels: BTreeMap<String, Place>,
}

impl<'a> List<'a> {
    fn new(common: Common<'a>) -> Self {
        let labels = BTreeMap::new();
        Self { common, targets: Vec::new(), rejected: Vec::new(), warnings: Vec::new(), labels }
    }

    /// Adds a target, unless its label is taken.
    fn add(&mut self, server: ServerUrl, name: Option<String>, place: Place) -> Result<(), UsageError> {
        let named_by = match place {
            Place::Argument(argument) => argument,
            Place::Line(_) => "--targets",
        };
        let target = Target { name, ..self.common.target(server, named_by, &mut self.warnings)? };
        let label = target.label();
        let Some(earlier) = self.labels.get(&label) else {
            self.labels.insert(label, place);
            self.targets.push(target);
            return Ok(());
        };
        match place {
            Place::Argument(argument) => {
                let problem = format!("'{label}' is named twice");
                Err(UsageError::new(argument, problem, "name each server once, or use --targets with name=NAME"))
            }
            Place::Line(line) => {
                let earlier = match earlier {
                    Place::Argument(argument) => format!("a target of {argument}"),
                    Place::Line(line) => format!("line {line}"),
                };
                let why = format!("'{label}' is also the name of {earlier}; add another name=NAME, or remove the line");
                self.rejected.push(RejectedLine { line, why });
                Ok(())
            }
        }
    }

    fn read(&mut self, path: &Path) -> Result<(), UsageError> {
        let bytes = read(path).map_err(|error| {
            UsageError::new("--targets", format!("cannot read {}: {error}", path.display()), "name a readable file")
        })?;
        let Some(bytes) = bytes else {
            let problem = format!("{} is larger than 16 MiB", path.display());
            return Err(UsageError::new("--targets", problem, "name a file with one target a line"));
        };
        for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
            match entry(line) {
                Ok(None) => {}
                Ok(Some((server, name))) => {
                    let ignored = server.ignored.iter();
                    self.warnings.extend(ignored.map(|parameter| {
                        format!("--targets: line {number}: unknown parameter '{parameter}' is ignored")
                    }));
                    self.add(server, name, Place::Line(number))?;
                }
                Err(why) => self.rejected.push(RejectedLine { line: number, why }),
            }
        }
        Ok(())
    }
}

/// Returns true for a name of the standard input.
fn is_stdin(path: &Path) -> bool {
    path == Path::new("-") || path == Path::new("/dev/stdin")
}

/// Returns the bytes of a file, or of the standard input as `-`; `None` if there are too many.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let input: &mut dyn Read = if is_stdin(path) { &mut io::stdin().lock() } else { &mut File::open(path)? };
    let length = input.take(LONGEST_LIST + 1).read_to_end(&mut bytes)?;
    Ok((length as u64 <= LONGEST_LIST).then_some(bytes))
}

/// Returns the server of a line and its name; `None` if the line has none.
fn entry(line: &[u8]) -> Result<Option<(ServerUrl, Option<String>)>, String> {
    let text = std::str::from_utf8(line).map_err(|_| "not valid UTF-8; write the file in UTF-8".to_owned())?;
    let text = text.trim_start_matches('\u{feff}');
    let mut words = text.split_whitespace().take_while(|word| !word.starts_with('#'));
    let Some(server) = words.next() else { return Ok(None) };
    let mut name = None;
    for word in words {
        let value = word.strip_prefix("name=").ok_or("only name=NAME may follow the target; write %20 for a blank")?;
        if name.is_some() {
            return Err("the target has two names; keep one".into());
        }
        if value.is_empty() || value.chars().count() > LONGEST_NAME || value.chars().any(char::is_control) {
            return Err(format!("the name is empty, longer than {LONGEST_NAME} characters, or not printable"));
        }
        name = Some(value.to_owned());
    }
    uri::parse_server(server).map(|server| Some((server, name))).map_err(|error| error.to_string())
}
