//! Advice on a connection that could not be made: one sentence for each kind of failure whose own text is not enough.

use crate::{
    classify::{ErrorClass, Failure, Origin, Stage},
    plan::{Address, Target},
};

/// Errnos without a class of their own.
const ENOENT: i32 = 2;
const EACCES: i32 = 13;
const EMFILE: i32 = 24;

const TLS: &str = "check that the port speaks TLS and that the certificate is for this name and from an issuer that this \
                   machine trusts (or set SSL_CERT_FILE to its file)";

/// Returns advice on a failure to connect; `None` if the text of the failure is enough.
pub(crate) fn on_connecting(failure: &Failure, target: &Target) -> Option<String> {
    let known = on_concluding(failure).or_else(|| on_errno(failure.key.errno?)).or_else(|| on_reply(failure.key.class));
    if let Some(advice) = known {
        return Some(advice.to_owned());
    }
    let user = target.user.as_deref().unwrap_or("default");
    Some(match (failure.key.class, failure.key.stage) {
        (ErrorClass::Refused, _) if matches!(target.address, Address::Unix(_)) => {
            "nothing is listening on this socket: check its path and the server's 'unixsocket' setting".into()
        }
        (ErrorClass::Refused, _) => {
            "nothing is listening there: check host and port, and that the server runs and binds this address".into()
        }
        (ErrorClass::Dns, _) => "check the spelling of the host name and this machine's name servers".into(),
        (ErrorClass::ConnectTimeout, Stage::Tcp) => {
            "no reply to any packet: a firewall or security group may drop them, or the host is down".into()
        }
        (ErrorClass::ConnectTimeout, Stage::Hello) | (ErrorClass::ResponseTimeout, _) => {
            "the port is open but nothing answers: the server hangs, or something else is listening there".into()
        }
        (ErrorClass::HostUnreachable | ErrorClass::NetworkUnreachable, _) => {
            "this machine has no route to the host: check routing, VPN and firewall".into()
        }
        (ErrorClass::NoAuth, _) => {
            "the server requires a password: set it in REDISCLI_AUTH, in the URL, or with --askpass".into()
        }
        (ErrorClass::WrongPass, _) => {
            format!("check the password of user '{user}' (--user, REDISCLI_AUTH, --askpass, the URL)")
        }
        (ErrorClass::NoPerm, _) => {
            format!("the ACL of user '{user}' forbids it: see ACL GETUSER {user} on the server")
        }
        (ErrorClass::ConnectionClosed | ErrorClass::Reset, _) => {
            "the peer accepted, then closed: look for a proxy or firewall without a server behind it, or a port that \
             expects TLS, and check the server log"
                .into()
        }
        (ErrorClass::KernelTimeout, _) => {
            "packets went unanswered until the kernel gave up: a firewall may drop them, or the host is down".into()
        }
        (ErrorClass::Tls, _) => TLS.into(),
        (ErrorClass::ServerError, Stage::Subscribe) => {
            "the server refused the subscription: shard channels (--shard) need Redis 7.0 or later".into()
        }
        (ErrorClass::ProtocolGarbage, _) => "this is not a Redis server: check host and port".into(),
        // A new class has no advice until it needs some: its text is shown in any case.
        _ => return None,
    })
}

/// Returns advice on an errno whose class has none.
fn on_errno(errno: i32) -> Option<&'static str> {
    match errno {
        ENOENT => Some(
            "the socket file does not exist: the server is not running, or its 'unixsocket' setting names another path",
        ),
        EACCES => {
            Some("this user may not use the socket: check its group, 'unixsocketperm', and the directories above it")
        }
        EMFILE => Some(
            "this process has no file descriptor left: raise its limit (ulimit -n, LimitNOFILE), or close connections",
        ),
        _ => None,
    }
}

/// Returns advice on an error reply that means the same on every server.
fn on_reply(class: ErrorClass) -> Option<&'static str> {
    match class {
        ErrorClass::Loading => Some("the server is still loading its dataset: try again when INFO shows loading:0"),
        ErrorClass::MaxClients => {
            Some("raise maxclients on the server, or find out which clients hold its connections (CLIENT LIST)")
        }
        ErrorClass::ProtectedMode => {
            Some("set a password on the server, or turn protected-mode off there if the network is trusted")
        }
        ErrorClass::MasterDown => {
            Some("this replica has lost its primary: connect to the primary, or check why the link is down")
        }
        ErrorClass::Moved | ErrorClass::Ask => {
            Some("this node of a cluster does not hold the key: use a client that knows clusters and follows MOVED")
        }
        ErrorClass::ReadOnly => {
            Some("a replica answers here: connect to the primary, and resolve the name at each attempt")
        }
        // The others depend on the target, or their text is enough.
        _ => None,
    }
}

/// Returns advice on a failure that redis-doctor concluded from several replies.
fn on_concluding(failure: &Failure) -> Option<&'static str> {
    match (failure.key.origin, failure.key.class, failure.key.stage) {
        (Origin::Doctor, ErrorClass::NoAuth, _) => {
            Some("the password was given: check how the proxy or server that answers here expects the login")
        }
        (Origin::Doctor, ErrorClass::ServerError, Stage::Subscribe) => Some(
            "there is no pub/sub here: subscribe on a direct connection to a server, or leave it out (soak --workload \
             ping,kv)",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Target;

    fn target(address: Address) -> Target {
        Target { address, db: 0, user: None, password: None, client_name: None, named_by: "default".into() }
    }

    #[test]
    fn each_way_not_to_connect_has_a_remedy() {
        let tcp = target(Address::Tcp { host: "h".into(), port: 1, tls: false });
        for (line, remedy) in [
            ("NOAUTH Authentication required.", "REDISCLI_AUTH"),
            ("WRONGPASS invalid username-password pair or user is disabled.", "user 'default'"),
            ("NOPERM this user has no permissions to run the 'ping' command", "ACL GETUSER default"),
            ("LOADING Redis is loading the dataset in memory", "loading:0"),
            ("ERR max number of clients reached", "maxclients"),
            ("DENIED Redis is running in protected mode", "protected-mode"),
            ("MASTERDOWN Link with MASTER is down", "connect to the primary"),
        ] {
            let advice = on_connecting(&Failure::server(Stage::Hello, line), &tcp).unwrap();
            assert!(advice.contains(remedy), "{line}: {advice}");
        }
        let refused = Failure::io(Stage::Tcp, &std::io::Error::from_raw_os_error(111));
        assert!(on_connecting(&refused, &tcp).unwrap().contains("nothing is listening"));
        assert!(on_connecting(&refused, &target(Address::Unix("/s".into()))).unwrap().contains("unixsocket"));
        for (class, remedy) in [
            (ErrorClass::ConnectionClosed, "then closed"),
            (ErrorClass::Reset, "then closed"),
            (ErrorClass::KernelTimeout, "firewall"),
            (ErrorClass::Tls, "SSL_CERT_FILE"),
        ] {
            let advice = on_connecting(&Failure::doctor(class, Stage::Hello, "so"), &tcp).unwrap();
            assert!(advice.contains(remedy), "{class}: {advice}");
        }
        let given = Failure::doctor(ErrorClass::NoAuth, Stage::Hello, "neither HELLO nor AUTH");
        assert!(on_connecting(&given, &tcp).unwrap().contains("the password was given"));
        let no_pubsub =
            Failure::doctor(ErrorClass::ServerError, Stage::Subscribe, "the proxy does not pass on PUBLISH");
        assert!(on_connecting(&no_pubsub, &tcp).unwrap().contains("--workload ping,kv"));
        let other = Failure::server(Stage::Hello, "ERR something new");
        assert_eq!(on_connecting(&other, &tcp), None);
    }
}
