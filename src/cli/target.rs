//! The server to connect to: flags, then environment, then 127.0.0.1:6379.

use super::{
    environment::Environment,
    error::UsageError,
    groups::ConnectionArgs,
    targets,
    uri::{self, DEFAULT_HOST, DEFAULT_PORT, ServerUrl},
};
use crate::{
    credentials,
    plan::{Address, Password, PasswordPlace, Protocol, Scope, Secret, Target, TlsOptions},
    units::clean,
};

/// The meaning of the connection flags.
#[derive(Debug)]
pub(super) struct Connection {
    /// The server; the first, if there are several.
    pub(super) target: Target,
    /// All servers; `None` if there is one, which is no list.
    pub(super) scope: Option<Scope>,
    pub(super) protocol: Protocol,
    pub(super) warnings: Vec<String>,
}

/// Decides from flags and environment. The prompt of `--askpass` comes later, see [`ask`].
pub(super) fn resolve(args: &ConnectionArgs, environment: &Environment) -> Result<Connection, UsageError> {
    if targets::are_given(args) {
        return targets::resolve(args, environment);
    }
    let mut warnings = Vec::new();
    let (mut server, named_by) = locate(args, environment, &mut warnings)?;
    let named_by = args.target.as_ref().map_or(named_by, |name| format!("--target {}", clean(name)));
    for parameter in &server.ignored {
        warnings.push(format!("{named_by}: unknown parameter '{parameter}' is ignored"));
    }
    let tls = args.tls.resolve(&mut server.address, server.insecure, environment, &mut warnings)?;
    warnings.extend(password_warning(args));
    let protocol = args.protocol.or(server.protocol).unwrap_or_default();
    let password = password(args, environment, server.password)?;
    let target = Target {
        db: args.db.or(server.db).unwrap_or(0),
        user: args.user.clone().or(server.user).filter(|user| !user.is_empty()),
        password,
        address: server.address,
        tls,
        client_name: args.name.clone(),
        name: None,
        protocol: None,
        named_by,
    };
    Ok(Connection { target, scope: None, protocol, warnings })
}

/// The settings of several targets that flags and variables give.
pub(super) struct Common<'a> {
    args: &'a ConnectionArgs,
    environment: &'a Environment,
    password: Option<Password>,
    /// Settings of the encrypted targets whose certificate is checked, and of the others: their files are read once.
    tls: [Option<TlsOptions>; 2],
}

impl<'a> Common<'a> {
    pub(super) fn new(args: &'a ConnectionArgs, environment: &'a Environment) -> Result<Self, UsageError> {
        Ok(Self { args, environment, password: password(args, environment, None)?, tls: [None, None] })
    }

    /// Returns one of the targets. What its URL says holds for it alone, and the rest for all whose URL says nothing; a
    /// place where passwords are fetched holds for all, as for a single target.
    pub(super) fn target(
        &mut self,
        mut server: ServerUrl,
        named_by: &str,
        warnings: &mut Vec<String>,
    ) -> Result<Target, UsageError> {
        let args = self.args;
        let fetched = matches!(self.password, Some(Password::Asked(_)));
        let own = server.password.as_deref().filter(|_| !fetched);
        let password = own.map_or_else(|| self.password.clone(), given);
        let user = server.user.or_else(|| args.user.clone().filter(|_| own.is_none()));
        let tls = self.tls(&mut server.address, server.insecure, warnings)?;
        Ok(Target {
            address: server.address,
            db: server.db.or(args.db).unwrap_or(0),
            user: user.filter(|user| !user.is_empty()),
            password,
            tls,
            client_name: args.name.clone(),
            name: None,
            protocol: server.protocol.filter(|_| args.protocol.is_none()),
            named_by: named_by.to_owned(),
        })
    }

    /// Returns the TLS settings of a target; the defaults for one that is not encrypted.
    fn tls(
        &mut self,
        address: &mut Address,
        insecure: bool,
        warnings: &mut Vec<String>,
    ) -> Result<TlsOptions, UsageError> {
        let Address::Tcp { tls, .. } = &*address else { return Ok(TlsOptions::default()) };
        if !*tls && !self.args.tls.tls {
            return Ok(TlsOptions::default());
        }
        let known = &mut self.tls[usize::from(insecure || self.args.tls.insecure)];
        if let (Address::Tcp { tls, .. }, Some(known)) = (&mut *address, &known) {
            *tls = true;
            return Ok(known.clone());
        }
        let options = self.args.tls.resolve(address, insecure, self.environment, warnings)?;
        Ok(known.insert(options).clone())
    }

    /// Refuses a TLS flag if no target is encrypted.
    pub(super) fn check_tls(&self) -> Result<(), UsageError> {
        let encrypted = self.tls.iter().any(Option::is_some);
        if encrypted { Ok(()) } else { self.args.tls.refuse_unused("no target is encrypted") }
    }
}

/// Parses a positional target.
pub(super) fn positional(args: &ConnectionArgs, given: &Secret) -> Result<ServerUrl, UsageError> {
    let text = given.given();
    if (args.pass.is_some() || args.askpass) && !uri::is_server(text) {
        // It may be the rest of a password with a blank in it, so it must not even be looked up as a name.
        let problem = "beside --pass or --askpass, a target must be a URL or HOST:PORT";
        let remedy = "quote a password that contains a blank; --askpass takes none";
        return Err(UsageError::new("TARGET", problem, remedy));
    }
    uri::parse_server(text).map_err(|source| UsageError::Url { argument: "TARGET", source })
}

/// Returns the warning about a password on the command line, if there is one.
pub(super) fn password_warning(args: &ConnectionArgs) -> Option<String> {
    (args.pass.is_some() && !args.no_auth_warning).then(|| {
        "a password given with --pass can be seen in the process list and the shell history; \
         use REDISCLI_AUTH or --askpass instead (--no-auth-warning silences this)"
            .into()
    })
}

/// Returns the server, with everything else that its URL contains, and the flag or variable that names it.
fn locate(
    args: &ConnectionArgs,
    environment: &Environment,
    warnings: &mut Vec<String>,
) -> Result<(ServerUrl, String), UsageError> {
    if args.spawn.is_given() {
        return Ok((at(tcp(DEFAULT_HOST, 0)), "--spawn".into()));
    }
    if args.sandbox {
        // The port is found when the sandbox starts.
        return Ok((at(tcp(DEFAULT_HOST, 0)), "--sandbox".into()));
    }
    if let Some(given) = args.servers.first() {
        return Ok((positional(args, given)?, "TARGET".into()));
    }
    if let Some(url) = args.uri.first() {
        let server = uri::parse(url.given()).map_err(|source| UsageError::Url { argument: "--uri", source })?;
        return Ok((server, "--uri".into()));
    }
    let variable = environment.first(["REDIS_URL", "VALKEY_URL"])?;
    let own = match (&args.socket, &args.host) {
        (Some(path), _) if path.as_os_str().is_empty() => {
            return Err(UsageError::new("--socket", "the path is empty", "expected for example /run/redis/redis.sock"));
        }
        (Some(path), _) => Some((Address::Unix(path.clone()), "--socket")),
        (None, Some(host)) => Some((tcp(host, args.port.unwrap_or(DEFAULT_PORT)), "--host")),
        (None, None) => None,
    };
    // A flag names another server: the rest of the variable's URL, above all its password, is not for this one.
    if let Some((address, flag)) = own {
        if let Some((name, _)) = variable.filter(|(_, url)| uri::parse(url).is_ok_and(|url| url.password.is_some())) {
            warnings.push(format!("{name} is not used, nor its password, because {flag} names the server"));
        }
        return Ok((at(address), flag.into()));
    }
    let Some((name, url)) = variable else {
        let named_by = if args.port.is_some() { "--port" } else { "default" };
        return Ok((at(tcp(DEFAULT_HOST, args.port.unwrap_or(DEFAULT_PORT))), named_by.into()));
    };
    let mut server = uri::parse(url).map_err(|source| UsageError::Url { argument: name, source })?;
    match (&mut server.address, args.port) {
        (_, None) => Ok((server, name.into())),
        (Address::Tcp { port, .. }, Some(wanted)) => {
            *port = wanted;
            Ok((server, format!("{name} and --port")))
        }
        (Address::Unix(_), Some(port)) => Ok((at(tcp(DEFAULT_HOST, port)), "--port".into())),
    }
}

/// Returns the password of a flag, of the URL, or of the variable, in this order. `--askpass` overrides them all, but
/// later: the user types only after everything else is checked.
fn password(
    args: &ConnectionArgs,
    environment: &Environment,
    of_url: Option<String>,
) -> Result<Option<Password>, UsageError> {
    let command = args.pass_command.as_ref().map(|line| PasswordPlace::Command(line.clone()));
    let place = command.or_else(|| args.pass_file.as_ref().map(|path| PasswordPlace::File(path.clone())));
    if let Some(place) = place {
        return Ok(Some(Password::asked(place)));
    }
    if let Some(password) = &args.pass {
        return Ok(given(password.given()));
    }
    if of_url.is_some() || args.sandbox || args.spawn.is_given() {
        return Ok(of_url.as_deref().and_then(given));
    }
    let variable = environment.first(["REDISCLI_AUTH", "VALKEYCLI_AUTH"])?;
    Ok(variable.and_then(|(_, password)| given(password.trim_end_matches(['\r', '\n']))))
}

/// Returns a password that does not change; an empty one is none.
pub(super) fn given(password: &str) -> Option<Password> {
    (!password.is_empty()).then(|| Password::Given(Secret::new(password)))
}

/// Asks for the password if `--askpass`, `--pass-command` or `--pass-file` is given.
pub(super) fn ask(target: &mut Target, args: &ConnectionArgs, environment: &Environment) -> Result<(), UsageError> {
    if args.askpass {
        let password = (environment.ask_password)().map_err(UsageError::Password)?;
        target.password = given(&password);
    }
    match target.password.as_ref().map_or(Ok(()), credentials::prepare) {
        Ok(()) => Ok(()),
        Err(why) => Err(UsageError::new(why.flag, why.problem, why.remedy)),
    }
}

fn at(address: Address) -> ServerUrl {
    ServerUrl { address, db: None, user: None, password: None, protocol: None, insecure: false, ignored: Vec::new() }
}

fn tcp(host: &str, port: u16) -> Address {
    Address::Tcp { host: host.to_owned(), port, tls: false }
}
