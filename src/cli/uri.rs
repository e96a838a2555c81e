//! Server URLs: `redis://user:password@host:port/db` and its relatives.
//!
//! A refused URL is shown without what may be a password in it, see [`error`] and [`masked`].

mod error;
mod line;
mod masked;

use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::PathBuf};

use percent_encoding::percent_decode_str;
use url::Url;

pub(super) use self::error::UrlError;
use self::error::UrlProblem;
pub(crate) use self::line::without_secrets;
pub(super) use self::masked::masked as masked_url;
use crate::plan::{Address, Protocol};

/// Host of a server that no flag, URL or variable names.
pub(super) const DEFAULT_HOST: &str = "127.0.0.1";
/// Its port.
pub(super) const DEFAULT_PORT: u16 = 6379;

const SCHEMES: [&str; 7] = ["redis", "rediss", "valkey", "valkeys", "unix", "redis+unix", "valkey+unix"];

/// The parts of a URL; absent parts are `None`.
#[derive(Debug, PartialEq)]
pub(super) struct ServerUrl {
    pub(super) address: Address,
    pub(super) db: Option<i64>,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) protocol: Option<Protocol>,
    /// The server's certificate is not checked (`#insecure`).
    pub(super) insecure: bool,
    /// Names of unknown parameters.
    pub(super) ignored: Vec<String>,
}

/// Returns true if this starts like a server's URL.
pub(super) fn has_known_scheme(text: &[u8]) -> bool {
    SCHEMES.iter().any(|scheme| {
        let start = text.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes()))
            && text[scheme.len()..].starts_with(b"://")
    })
}

/// Port of a Sentinel whose URL names none.
const SENTINEL_PORT: u16 = 26_379;

/// Parses the URL or the place of a Sentinel.
pub(super) fn parse_sentinel(text: &str) -> Result<ServerUrl, UrlError> {
    parse_place(text, SENTINEL_PORT)
}

/// Parses a URL; blanks and line ends around it are ignored.
pub(super) fn parse(text: &str) -> Result<ServerUrl, UrlError> {
    parse_url(text, DEFAULT_PORT)
}

/// Parses a URL, or a host with or without a port: `cache.example`, `10.0.0.1:6379`, `[::1]:6379`, `::1`.
pub(super) fn parse_server(text: &str) -> Result<ServerUrl, UrlError> {
    parse_place(text, DEFAULT_PORT)
}

fn parse_place(text: &str, default_port: u16) -> Result<ServerUrl, UrlError> {
    let text = text.trim();
    // A login needs a URL: without its scheme, the place of a password is a guess.
    if text.contains("://") || text.contains('@') || has_socket_scheme(text) {
        return parse_url(text, default_port);
    }
    let bare_ipv6 = text.parse::<std::net::Ipv6Addr>().is_ok();
    let url = if bare_ipv6 { format!("redis://[{text}]") } else { format!("redis://{text}") };
    parse_url(&url, default_port)
}

fn parse_url(text: &str, default_port: u16) -> Result<ServerUrl, UrlError> {
    let text = text.trim();
    read(text, default_port).map_err(|problem| UrlError { shown: masked::masked(text), problem })
}

/// Returns true for `unix:/path`, the only form of URL without two slashes.
fn has_socket_scheme(text: &str) -> bool {
    text.split_once(":/").is_some_and(|(scheme, _)| scheme.ends_with("unix") && SCHEMES.contains(&scheme))
}

/// Returns true if this URL has a password, or may have one although it cannot be read.
pub(super) fn has_password(text: &str) -> bool {
    parse_server(text).map_or_else(|_| text.contains(['@', '?']), |url| url.password.is_some())
}

/// Returns true if this can only be a server: a URL, or a name or address with a port.
pub(super) fn is_server(text: &str) -> bool {
    has_known_scheme(text.as_bytes()) || masked::is_host_and_port(text)
}

fn read(text: &str, default_port: u16) -> Result<ServerUrl, UrlProblem> {
    if text.contains(|char: char| char.is_whitespace() || char.is_control()) {
        return Err(UrlProblem::Blank);
    }
    if masked::is_host_and_port(text) {
        return Err(UrlProblem::HostAndPort(text.to_owned()));
    }
    let (scheme, _) = text.split_once(':').ok_or(UrlProblem::NoScheme)?;
    let scheme = scheme.to_ascii_lowercase();
    if scheme
        .split_once('+')
        .is_some_and(|(base, kind)| SCHEMES.contains(&base) && ["sentinel", "cluster"].contains(&kind))
    {
        return Err(UrlProblem::Deployment(scheme));
    }
    if !SCHEMES.contains(&&*scheme) {
        // Without "://" the text may be anything, a password included.
        let may_be_shown = text.contains("://") && masked::is_scheme(&scheme);
        return Err(UrlProblem::Scheme(Some(scheme).filter(|_| may_be_shown)));
    }
    if !text[scheme.len()..].starts_with(if scheme.ends_with("unix") { ":/" } else { "://" }) {
        return Err(UrlProblem::NoSlashes(scheme));
    }
    let url = Url::parse(text).map_err(|why| unreadable(text, why))?;
    // As in redis-rs.
    let insecure = url.fragment() == Some("insecure") && speaks_tls(&url);
    if url.fragment().is_some() && !insecure {
        return Err(UrlProblem::Fragment { login: text.contains('@') });
    }
    if url.query().is_some_and(|query| query.contains('@')) {
        // The start of a password with a '?' in it would else pass for host and port, and its end for a parameter.
        return Err(UrlProblem::LoginInQuery);
    }
    Ok(ServerUrl { insecure, ..from_url(&url, default_port)? })
}

fn speaks_tls(url: &Url) -> bool {
    matches!(url.scheme(), "rediss" | "valkeys")
}

/// Returns the problem of a URL that cannot be parsed.
fn unreadable(text: &str, why: url::ParseError) -> UrlProblem {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    let authority = place.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = authority.rsplit_once(':').unwrap_or_default();
    let is_number =
        !host.is_empty() && !port.is_empty() && port.len() <= 6 && port.bytes().all(|byte| byte.is_ascii_digit());
    let before = rest.strip_suffix(place).unwrap_or_default();
    match why {
        // Before the '@' something else ended the host first.
        _ if before.contains(['/', '?', '#']) => UrlProblem::Unreadable(why),
        _ if authority.starts_with('[') || authority.parse::<std::net::Ipv6Addr>().is_ok() => UrlProblem::Ipv6,
        url::ParseError::InvalidPort if is_number => UrlProblem::NoSuchPort(port.to_owned()),
        url::ParseError::InvalidPort => UrlProblem::NotAPort,
        url::ParseError::EmptyHost => UrlProblem::NoHost,
        _ => UrlProblem::Unreadable(why),
    }
}

fn from_url(url: &Url, default_port: u16) -> Result<ServerUrl, UrlProblem> {
    let unix = url.scheme().ends_with("unix");
    // As in redis-cli: what stands alone before the '@' is the password.
    let (user, password) = match url.password() {
        None => ("", url.username()),
        Some(password) => (url.username(), password),
    };
    let mut server = ServerUrl {
        address: if unix { socket(url)? } else { host_and_port(url, default_port)? },
        db: if unix { None } else { path_db(url)? },
        user: decode(user, "user")?,
        password: decode(password, "password")?,
        protocol: None,
        insecure: false,
        ignored: Vec::new(),
    };
    for (name, value) in url.query_pairs() {
        match &*name {
            "db" => server.db = Some(number(&value)?),
            "user" | "username" => server.user = Some(value.into_owned()),
            "pass" | "password" => server.password = Some(value.into_owned()),
            "protocol" => server.protocol = Some(protocol(&value)?),
            _ => server.ignored.push(name.escape_default().collect()),
        }
    }
    Ok(server)
}

fn host_and_port(url: &Url, default_port: u16) -> Result<Address, UrlProblem> {
    let host = url.host_str().unwrap_or_default();
    let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    let host = decode(host, "host")?.unwrap_or_else(|| DEFAULT_HOST.into());
    if host.contains(|char: char| char.is_whitespace() || char.is_control() || "/@".contains(char)) {
        return Err(UrlProblem::Host);
    }
    if host.contains(',') {
        return Err(UrlProblem::Hosts);
    }
    let port = url.port().unwrap_or(default_port);
    if port == 0 {
        return Err(UrlProblem::PortZero);
    }
    Ok(Address::Tcp { host, port, tls: speaks_tls(url) })
}

fn socket(url: &Url) -> Result<Address, UrlProblem> {
    if url.host_str().is_some_and(|host| !host.is_empty()) || url.path().len() < 2 {
        return Err(UrlProblem::NoSocket { scheme: url.scheme().to_owned() });
    }
    let path: Vec<u8> = percent_decode_str(url.path()).collect();
    Ok(Address::Unix(PathBuf::from(OsStr::from_bytes(&path))))
}

fn path_db(url: &Url) -> Result<Option<i64>, UrlProblem> {
    match url.path().trim_matches('/') {
        "" => Ok(None),
        text => number(text).map(Some),
    }
}

fn number(text: &str) -> Result<i64, UrlProblem> {
    let db = text.parse().ok().filter(|db| *db >= 0);
    db.ok_or(UrlProblem::Db { login: text.contains('@') })
}

fn protocol(text: &str) -> Result<Protocol, UrlProblem> {
    match text.to_ascii_lowercase().as_str() {
        "resp3" | "3" => Ok(Protocol::Resp3),
        "resp2" | "2" => Ok(Protocol::Resp2),
        "auto" => Ok(Protocol::Auto),
        _ => Err(UrlProblem::Protocol),
    }
}

/// Percent-decodes one part; an empty part is absent.
fn decode(text: &str, part: &'static str) -> Result<Option<String>, UrlProblem> {
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| UrlProblem::NotUtf8 { part })?;
    Ok(Some(decoded.into_owned()).filter(|decoded| !decoded.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::{Fuzz, assert_clean};

    fn tcp(host: &str, port: u16, tls: bool) -> Address {
        let host = host.to_owned();
        Address::Tcp { host, port, tls }
    }

    #[test]
    fn addresses_are_read_in_every_scheme() {
        for (text, address) in [
            ("redis://cache.example", tcp("cache.example", 6379, false)),
            (" redis://cache.example:1234/\r\n", tcp("cache.example", 1234, false)),
            ("REDISS://cache.example:6380", tcp("cache.example", 6380, true)),
            ("valkey://10.0.0.1", tcp("10.0.0.1", 6379, false)),
            ("valkeys://[2001:db8::1]:7000/3", tcp("2001:db8::1", 7000, true)),
            ("redis://", tcp("127.0.0.1", 6379, false)),
            ("redis:///3", tcp("127.0.0.1", 6379, false)),
            ("unix:///run/redis.sock", Address::Unix("/run/redis.sock".into())),
            ("redis+unix:///tmp/a%20b.sock?db=2", Address::Unix("/tmp/a b.sock".into())),
            ("unix:/run/redis.sock", Address::Unix("/run/redis.sock".into())),
        ] {
            assert_eq!(parse(text).unwrap().address, address, "{text}");
        }
    }

    #[test]
    fn credentials_are_decoded() {
        for (text, user, password) in [
            ("redis://host", None, None),
            ("redis://:@host", None, None),
            ("redis://:pw@host", None, Some("pw")),
            ("redis://pw@host", None, Some("pw")),
            ("redis://me:p%40ss%2Fw%C3%B6rd@host/2", Some("me"), Some("p@ss/wörd")),
            ("redis://me:p@ss@host", Some("me"), Some("p@ss")),
            ("unix:///s?user=me&pass=p%26w", Some("me"), Some("p&w")),
        ] {
            let server = parse(text).unwrap();
            assert_eq!((server.user.as_deref(), server.password.as_deref()), (user, password), "{text}");
        }
    }

    #[test]
    fn insecure_is_a_fragment_of_an_encrypted_url() {
        for (text, insecure) in [("rediss://h#insecure", true), ("valkeys://me:pw@h:1/2?protocol=3#insecure", true)] {
            assert_eq!(parse(text).unwrap().insecure, insecure, "{text}");
        }
        assert!(!parse("rediss://h").unwrap().insecure);
        for text in ["redis://h#insecure", "rediss://h#secure", "rediss://h#", "unix:///s#insecure"] {
            assert!(parse(text).unwrap_err().to_string().contains("has a '#' part"), "{text}");
        }
    }

    #[test]
    fn parameters_are_taken_or_named() {
        let server = parse("rediss://host/4?protocol=resp2&ssl_cert_reqs=none").unwrap();
        assert_eq!((server.db, server.protocol), (Some(4), Some(Protocol::Resp2)));
        assert_eq!(server.ignored, ["ssl_cert_reqs"]);
        assert_eq!(parse("unix:///s?db=7").unwrap().db, Some(7));
        assert_eq!(parse("redis://h?protocol=3").unwrap().protocol, Some(Protocol::Resp3));
    }

    #[test]
    fn no_refusal_repeats_what_it_refuses() {
        for text in [
            "",
            "hunter2",
            "cache.example:6379",
            ":hunter2@cache.example",
            "http://:hunter2@cache.example",
            "redis:hunter2@cache.example",
            "redis:/hunter2@cache.example",
            "redis://:hunter2@ho st:6379",
            "redis://:hunter2@host:6379\nredis://:hunter2@other:6379",
            "redis://:hun\tter2@host",
            "redis://:hunter2@host:port",
            "redis://:hunter2@host:0",
            "redis://:hunter2@host:70000",
            "redis://:hunter2@host/zero",
            "redis://:hunter2@host/-1",
            "redis://:hunter2/x@host",
            "redis://:hunter2#x@host",
            "redis://:hunter2?x@host",
            "redis://other:12?hunter2@host",
            "redis://:hunter2@host?protocol=hunter2",
            "redis://:hunter2@host?db=hunter2",
            "redis://:hunter2@[::1",
            "redis://:hunter2@",
            "redis://:hunter2%ff@host",
            "redis://:hunter2@h%20st",
            "unix://:hunter2@",
            "unix://hunter2/redis.sock",
            "unix://",
        ] {
            let why = parse(text).unwrap_err().to_string();
            for part in ["hunter2", "hun\tter2"] {
                assert!(!why.contains(part), "{text:?}: {why}");
            }
            assert!(["; expected ", "write "].iter().any(|remedy| why.contains(remedy)), "{text:?}: {why}");
        }
    }

    #[test]
    fn a_refusal_names_what_is_wrong_in_it() {
        for (text, why) in [
            ("valkey://host:99999", "'valkey://host:99999': the port 99999 does not exist; expected 1 to 65535"),
            ("redis://me:pw@host:70000", "'redis://***@host:70000': the port 70000 does not exist"),
            ("redis://host:-1", "'redis://host:-1': the part after the host's ':' is not a port; expected 1"),
            ("redis://me:pw", "'redis://me:***': the part after the host's ':' is not a port"),
            ("redis://host:0", "'redis://host:0': the port in the URL is 0; expected 1"),
            ("cache.example:6379", "this is not a URL; expected redis://cache.example:6379"),
            ("localhost", "this is not a URL; expected for example redis://"),
            ("http://host:80", "'http://host:80': the scheme 'http' is not supported; expected one of redis"),
            ("redis://[::1", "'redis://[::1': an IPv6 address in a URL needs brackets"),
            ("redis://::1:6379", "'redis://::1:6379': an IPv6 address in a URL needs brackets"),
            ("redis://host/zero", "is not a whole number from 0; expected for example redis://127.0.0.1:6379/0"),
            ("redis://me:12/pw@host", "is not a whole number from 0; in a user or password, write"),
            ("redis://:p/w@host", "'redis://***@***': the URL cannot be read (empty host); in a user or password"),
            ("redis://host#x", "'redis://host#***': the URL has a '#' part, which has no meaning here; remove it"),
            ("redis://:p#w@host", "'redis://***': the URL cannot be read (empty host); in a user or password"),
            ("redis://a,b:6379", "'redis://a,b:6379': the URL has several hosts; expected one"),
            ("redis://ho%20st", "is not a name or an IP address; expected"),
            ("redis://host?protocol=4", "'redis://host?***': invalid protocol in the URL; expected protocol=resp3"),
            ("unix://", "'unix://': the URL names no socket; expected the whole path"),
            ("redis://me:pw@", "'redis://***@': the URL has no host; expected"),
            ("redis:host", "'redis:' must be followed by //"),
        ] {
            let said = parse(text).unwrap_err().to_string();
            assert!(said.contains(why), "{text:?}: {said}");
        }
    }

    #[test]
    fn fuzz_urls() {
        Fuzz::new("uri", &["redis://", "@", ":", "?pass=", "&db=", "#", "%40", "[::1]", "valkey+unix"]).run_on_text(
            |text| {
                match parse(text) {
                    Ok(url) => {
                        assert!(url.db.is_none_or(|db| db >= 0), "{url:?}");
                        // The address is shown, and must not hold a part of the login.
                        let shown = url.address.to_string();
                        let host =
                            text.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@')).map(|(_, host)| host);
                        let secret = url.password.as_deref().filter(|secret| secret.len() > 8);
                        // The same word may be the host's name, too.
                        let secret = secret.filter(|secret| host.is_some_and(|host| !host.contains(*secret)));
                        assert!(secret.is_none_or(|secret| !shown.contains(secret)), "{shown}");
                        url.ignored.iter().for_each(|name| assert_clean(name));
                    }
                    Err(error) => assert_clean(&error.to_string().replace('\n', " ")),
                }
            },
        );
    }

    /// The message of a refused URL has no part of a password between `:` and `@`.
    #[test]
    fn fuzz_secrets_in_urls() {
        Fuzz::new("uri", &["redis://", "@", ":", "?", "#", "[::1]", "/"]).run_on_text(|text| {
            let at = text.find("://").map_or(0, |at| at + 3);
            let text = format!("{}:s3cr3tW0rd{}", &text[..at], &text[at..]);
            if let (true, Err(error)) = (text.contains('@') && at > 0, parse(&text)) {
                assert!(!error.to_string().contains("3cr3"), "{text:?}: {error}");
            }
        });
    }
}
