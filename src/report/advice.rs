//! What to do about a connection that could not even be made: one sentence for each kind of failure whose own text
//! does not say it.

use crate::{
    classify::{ErrorClass, Failure, Stage},
    plan::{Address, Target},
};

/// What helps against a failure to connect; `None` where the failure's text says all there is.
pub fn on_connecting(failure: &Failure, target: &Target) -> Option<String> {
    let user = target.user.as_deref().unwrap_or("default");
    Some(match (failure.key.class, failure.key.stage) {
        (ErrorClass::Refused, _) if matches!(target.address, Address::Unix(_)) => {
            "no server listens on this socket: check its path, and the server's setting 'unixsocket'".into()
        }
        (ErrorClass::Refused, _) => {
            "nothing listens there: check host and port, and whether the server runs and binds this address".into()
        }
        (ErrorClass::Dns, _) => "check the spelling of the host, and this machine's name servers".into(),
        (ErrorClass::ConnectTimeout, Stage::Tcp) => {
            "no packet comes back: a firewall or security group may drop them, or the host is down".into()
        }
        (ErrorClass::ConnectTimeout, Stage::Hello) | (ErrorClass::ResponseTimeout, _) => {
            "the port is open but nobody answers: the server hangs, or something else listens there".into()
        }
        (ErrorClass::HostUnreachable | ErrorClass::NetworkUnreachable, _) => {
            "this machine has no route to the host: check routing, VPN and firewall".into()
        }
        (ErrorClass::NoAuth, _) => {
            "the server asks for a password: give it in REDISCLI_AUTH, in the URL, or with --askpass".into()
        }
        (ErrorClass::WrongPass, _) => {
            format!("check the password of user '{user}' (--user, REDISCLI_AUTH, --askpass, the URL)")
        }
        (ErrorClass::NoPerm, _) => {
            format!("the ACL of user '{user}' forbids it: see ACL GETUSER {user} on the server")
        }
        (ErrorClass::Loading, _) => "the server still reads its dataset: try again when INFO says loading:0".into(),
        (ErrorClass::MaxClients, _) => {
            "raise maxclients on the server, or find out who holds its connections (CLIENT LIST)".into()
        }
        (ErrorClass::ProtectedMode, _) => {
            "set a password on the server, or turn protected-mode off there if the network is trusted".into()
        }
        (ErrorClass::MasterDown, _) => {
            "this replica has lost its primary: use the primary's name, or see why the link is down".into()
        }
        (ErrorClass::ConnectionClosed | ErrorClass::Reset, _) => {
            "somebody accepted and hung up: look for a proxy or firewall without a server behind it, a port that wants \
             TLS, and the server's log"
                .into()
        }
        (ErrorClass::KernelTimeout, _) => {
            "packets went unanswered until the kernel gave up: look for a firewall or a host that is down".into()
        }
        (ErrorClass::Tls, _) => {
            "check whether the port speaks TLS, and whether the certificate is for this name and from an issuer that this \
             machine trusts (or name its file in SSL_CERT_FILE)"
                .into()
        }
        (ErrorClass::ServerError, Stage::Subscribe) => {
            "it refuses the subscription: shard channels (--shard) came with Redis 7.0; leave them out on an older one"
                .into()
        }
        (ErrorClass::ProtocolGarbage, _) => "this is not a Redis server: check host and port".into(),
        _ => return None,
    })
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
            ("MASTERDOWN Link with MASTER is down", "primary's name"),
        ] {
            let advice = on_connecting(&Failure::server(Stage::Hello, line), &tcp).unwrap();
            assert!(advice.contains(remedy), "{line}: {advice}");
        }
        let refused = Failure::io(Stage::Tcp, &std::io::Error::from_raw_os_error(111));
        assert!(on_connecting(&refused, &tcp).unwrap().contains("nothing listens"));
        assert!(on_connecting(&refused, &target(Address::Unix("/s".into()))).unwrap().contains("unixsocket"));
        for (class, remedy) in [
            (ErrorClass::ConnectionClosed, "hung up"),
            (ErrorClass::Reset, "hung up"),
            (ErrorClass::KernelTimeout, "firewall"),
            (ErrorClass::Tls, "SSL_CERT_FILE"),
        ] {
            let advice = on_connecting(&Failure::doctor(class, Stage::Hello, "so"), &tcp).unwrap();
            assert!(advice.contains(remedy), "{class}: {advice}");
        }
        let other = Failure::server(Stage::Hello, "ERR something new");
        assert_eq!(on_connecting(&other, &tcp), None);
    }
}
