//! Servers that are found by others: `--sentinel`, and URLs of Sentinels and of clusters, such as
//! `redis+sentinel://user:password@one,two:26380/mymaster/0` and `redis+cluster://one:7000,two:7000`.
//!
//! Each is rewritten to the flags that mean the same. The login in such a URL is that of the server.

use percent_encoding::percent_decode_str;

use super::{
    environment::Environment,
    error::UsageError,
    groups::RunArgs,
    target::given,
    uri::{self, DEFAULT_HOST},
};
use crate::{
    plan::{Address, Secret, Sentinels, Target},
    tls,
};

/// The remedy for flags that need a cluster.
pub(super) const ADD_CLUSTER: &str = "add --cluster, or use a URL redis+cluster://";

/// A kind of deployment, in the scheme of its URL.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sentinel,
    Cluster,
}

/// The parts of a URL of a deployment; their escapes stay.
struct Deployment<'a> {
    kind: Kind,
    /// `redis`, `rediss`, `valkey` or `valkeys`
    scheme: &'a str,
    /// With its `@`; empty if there is none.
    login: &'a str,
    hosts: Vec<&'a str>,
    /// The part behind the hosts, with its `/`.
    path: &'a str,
    /// With its `?` or `#`.
    rest: &'a str,
}

impl<'a> Deployment<'a> {
    /// Returns the parts; `None` for a URL of a single server.
    fn read(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once("://")?;
        let (scheme, kind) = scheme.split_once('+')?;
        let kind = match kind {
            "sentinel" => Kind::Sentinel,
            "cluster" => Kind::Cluster,
            _ => return None,
        };
        ["redis", "rediss", "valkey", "valkeys"].contains(&scheme).then_some(())?;
        let (login, place) = rest.split_at(rest.rfind('@').map_or(0, |at| at + 1));
        let (place, rest) = place.split_at(place.find(['?', '#']).unwrap_or(place.len()));
        let (hosts, path) = place.split_at(place.find('/').unwrap_or(place.len()));
        Some(Self { kind, scheme, login, hosts: hosts.split(',').collect(), path, rest })
    }
}

/// Rewrites a URL of a deployment, if there is one, and names a server for the flags of the Sentinels.
pub(super) fn expand(args: &mut RunArgs, environment: &Environment) -> Result<(), UsageError> {
    if let [first, ..] = args.sentinel.as_slice() {
        if !args.connection.servers.is_empty() {
            return Err(UsageError::new(
                "--sentinel",
                "a server is named, too",
                "omit the server: the Sentinels name it",
            ));
        }
        // The place of the server is found before the run.
        let first = uri::parse_sentinel(first.given()).map_err(of_sentinel)?;
        args.connection.uri = vec![Secret::new(format!("redis://{}", first.address))];
        return Ok(());
    }
    let connection = &args.connection;
    let given: Vec<_> = connection.uri.iter().chain(&connection.servers).map(Secret::given).collect();
    let argument = if connection.uri.is_empty() { "TARGET" } else { "--uri" };
    let (argument, text) = match given.as_slice() {
        [] if is_named_otherwise(args) => return Ok(()),
        [] => match environment.first(["REDIS_URL", "VALKEY_URL"])? {
            Some((variable, text)) => (variable, text.to_owned()),
            None => return Ok(()),
        },
        [text] => (argument, (*text).to_owned()),
        several if several.iter().any(|text| Deployment::read(text).is_some()) => {
            let problem = "a URL of Sentinels or of a cluster stands alone";
            return Err(UsageError::new(argument, problem, "name all of its hosts in one URL, separated by commas"));
        }
        _ => return Ok(()),
    };
    let Some(Deployment { kind, scheme, login, hosts, path, rest }) = Deployment::read(&text) else { return Ok(()) };
    if args.connection.targets.is_some() || kind == Kind::Sentinel && args.cluster {
        let problem = "a URL of Sentinels or of a cluster stands alone";
        return Err(UsageError::new(argument, problem, "omit --targets and --cluster"));
    }
    args.connection.servers.clear();
    match kind {
        Kind::Cluster => {
            let url = |host: &&str| Secret::new(format!("{scheme}://{login}{host}{path}{rest}"));
            args.connection.uri = hosts.iter().map(url).collect();
            args.cluster = true;
        }
        Kind::Sentinel => {
            let (name, db) = path.trim_matches('/').split_once('/').unwrap_or((path.trim_matches('/'), ""));
            let name = percent_decode_str(name).decode_utf8_lossy().into_owned();
            if name.is_empty() {
                let problem = "the URL does not name the primary";
                return Err(UsageError::new(argument, problem, "expected redis+sentinel://HOST:PORT,…/NAME"));
            }
            if !args.faults.faults.is_empty() || !args.faults.incidents.is_empty() {
                let remedy = "name the server itself to inject faults";
                return Err(UsageError::new("--fault", "the fault proxy does not follow a failover", remedy));
            }
            let host = hosts.first().filter(|host| !host.is_empty()).unwrap_or(&DEFAULT_HOST);
            args.connection.uri = vec![Secret::new(format!("{scheme}://{login}{host}/{db}{rest}"))];
            args.sentinel = hosts.iter().map(|host| Secret::new(format!("{scheme}://{host}"))).collect();
            args.master = Some(name);
        }
    }
    Ok(())
}

/// Returns true if a flag names the server, so that a variable does not.
fn is_named_otherwise(args: &RunArgs) -> bool {
    let connection = &args.connection;
    let local = connection.sandbox || connection.spawn.is_given() || connection.socket.is_some();
    local || connection.host.is_some() || connection.targets.is_some()
}

/// Returns the Sentinels of the arguments, which are encrypted like the server.
pub(super) fn sentinels(args: &RunArgs, server: &Target) -> Result<Option<Sentinels>, UsageError> {
    let Some(primary) = args.master.clone() else { return Ok(None) };
    if let Some(why) = tls::beyond_redis_rs(server) {
        let problem = format!("{why}, and the relay that does it does not follow a failover");
        return Err(UsageError::new("--sentinel", problem, "change the TLS flags"));
    }
    let sentinel = |text: &Secret| {
        let url = uri::parse_sentinel(text.given()).map_err(of_sentinel)?;
        let Address::Tcp { host, port, tls } = url.address else {
            return Err(UsageError::new("--sentinel", "a Sentinel has no socket", "expected HOST:PORT"));
        };
        Ok(Target {
            address: Address::Tcp { host, port, tls: tls || server.speaks_tls() },
            db: 0,
            user: url.user,
            password: url.password.as_deref().and_then(given),
            tls: server.tls.clone(),
            client_name: None,
            name: None,
            protocol: None,
            named_by: "--sentinel".into(),
        })
    };
    let sentinels = args.sentinel.iter().map(sentinel).collect::<Result<_, _>>()?;
    Ok(Some(Sentinels { primary, sentinels, epoch: None }))
}

fn of_sentinel(source: uri::UrlError) -> UsageError {
    UsageError::Url { argument: "--sentinel", source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_of_a_deployment_has_several_hosts_and_one_login() {
        let read = Deployment::read("rediss+sentinel://me:p%40w@one,two:26380/my%20master/3?protocol=resp2").unwrap();
        assert!(read.kind == Kind::Sentinel);
        assert_eq!(
            (read.scheme, read.login, read.hosts.as_slice()),
            ("rediss", "me:p%40w@", &["one", "two:26380"][..])
        );
        assert_eq!((read.path, read.rest), ("/my%20master/3", "?protocol=resp2"));
        for single in ["redis://one,two", "redis+unix:///s", "one:6379", "http+sentinel://one/m", "redis+sentinel:one"]
        {
            assert!(Deployment::read(single).is_none(), "{single}");
        }
    }

    #[test]
    fn the_port_of_a_sentinel_is_its_own_unless_it_is_named() {
        for (text, port) in [
            ("one", 26_379),
            ("one:6379", 6379),
            ("::1", 26_379),
            ("redis://one", 26_379),
            ("redis://one:6379", 6379),
            ("redis://:6379x@one", 26_379),
        ] {
            let Address::Tcp { port: found, .. } = uri::parse_sentinel(text).unwrap().address else { panic!("{text}") };
            assert_eq!(found, port, "{text}");
        }
    }
}
