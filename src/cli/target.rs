//! The server to connect to: flags, then environment, then 127.0.0.1:6379.

use super::{
    environment::Environment,
    error::UsageError,
    groups::ConnectionArgs,
    targets,
    uri::{self, DEFAULT_HOST, DEFAULT_PORT, ServerUrl},
};
use crate::plan::{Address, Protocol, Scope, Secret, Target};

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
    let (server, named_by) = locate(args, environment, &mut warnings)?;
    for parameter in &server.ignored {
        warnings.push(format!("{named_by}: unknown parameter '{parameter}' is ignored"));
    }
    warnings.extend(password_warning(args));
    let protocol = args.protocol.or(server.protocol).unwrap_or_default();
    let password = password(args, environment, server.password.clone())?;
    let target = Target {
        db: args.db.or(server.db).unwrap_or(0),
        user: args.user.clone().or(server.user).filter(|user| !user.is_empty()),
        password: password.filter(|password| !password.is_empty()).map(Secret::new),
        address: server.address,
        client_name: args.name.clone(),
        name: None,
        protocol: None,
        named_by,
    };
    Ok(Connection { target, scope: None, protocol, warnings })
}

/// Returns one of several targets. What its URL says holds for it alone; flags and variables hold for all that say nothing.
pub(super) fn of(
    args: &ConnectionArgs,
    environment: &Environment,
    server: ServerUrl,
    named_by: &str,
) -> Result<Target, UsageError> {
    let own = server.password.is_some();
    let password = if own { server.password } else { password(args, environment, None)? };
    let user = server.user.or_else(|| args.user.clone().filter(|_| !own));
    Ok(Target {
        address: server.address,
        db: server.db.or(args.db).unwrap_or(0),
        user: user.filter(|user| !user.is_empty()),
        password: password.filter(|password| !password.is_empty()).map(Secret::new),
        client_name: args.name.clone(),
        name: None,
        protocol: server.protocol.filter(|_| args.protocol.is_none()),
        named_by: named_by.to_owned(),
    })
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

/// Returns the password of `--pass`, of the URL, or of the variable, in this order. `--askpass` overrides them all, but
/// later: the user types only after everything else is checked.
fn password(
    args: &ConnectionArgs,
    environment: &Environment,
    of_url: Option<String>,
) -> Result<Option<String>, UsageError> {
    if let Some(password) = &args.pass {
        return Ok(Some(password.given().to_owned()));
    }
    if of_url.is_some() || args.sandbox {
        return Ok(of_url);
    }
    let variable = environment.first(["REDISCLI_AUTH", "VALKEYCLI_AUTH"])?;
    Ok(variable.map(|(_, password)| password.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Prompts for the password if `--askpass` is given.
pub(super) fn ask(target: &mut Target, args: &ConnectionArgs, environment: &Environment) -> Result<(), UsageError> {
    if args.askpass {
        let password = (environment.ask_password)().map_err(UsageError::Password)?;
        target.password = Some(password).filter(|password| !password.is_empty()).map(Secret::new);
    }
    Ok(())
}

fn at(address: Address) -> ServerUrl {
    ServerUrl { address, db: None, user: None, password: None, protocol: None, ignored: Vec::new() }
}

fn tcp(host: &str, port: u16) -> Address {
    Address::Tcp { host: host.to_owned(), port, tls: false }
}
