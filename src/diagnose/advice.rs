//! Advice on a connection that could not be made: one sentence for each kind of failure whose own text is not enough.

use crate::{
    classify::{ErrorClass, Failure, FailureKey, Origin, Stage},
    plan::{Address, Target},
};

/// Errnos that have no class.
const ENOENT: i32 = 2;
const EACCES: i32 = 13;
const EMFILE: i32 = 24;

const TLS: &str = "check that the port speaks TLS and that the certificate is for this name and from an issuer that this \
                   machine trusts (or name its file with --cacert)";

const EXPIRED: &str = "if it has been renewed, the server still serves the old one: load the new files (CONFIG SET \
                       tls-cert-file and tls-key-file, or a restart); otherwise renew it, unless this machine's clock is \
                       wrong";

const NO_CERTIFICATE: &str = "present a certificate from an issuer in the server's tls-ca-cert-file (--cert and --key), \
                              or set tls-auth-clients to optional or no on the server";

const NO_PASSWORD: &str = "run the command of --pass-command by hand, or read the file of --pass-file: its first line \
                           must be the password, within 10 s";

/// The usual reasons for a connection that is accepted and closed or reset before its first reply.
pub(crate) const ACCEPTED_THEN_CLOSED: &str = "look for a published container port whose server listens only on 127.0.0.1 inside the container, and for a proxy, \
     load balancer or firewall without a live server behind it; the server's log and maxclients show the rest";

/// The remedy for a path that loses large packets.
pub(crate) const MTU: &str = "a tunnel, VPN or overlay on the path has a smaller MTU, and its ICMP messages are lost: lower the MTU at both ends (ip \
     link set dev eth0 mtu 1300), clamp the MSS on the router, or let ICMP type 3 code 4 through";

/// Returns advice on a failure to connect; `None` if the text of the failure is enough.
pub(crate) fn on_connecting(failure: &Failure, target: &Target) -> Option<String> {
    let known = on_concluding(failure).or_else(|| on_errno(failure.key.errno?)).map(str::to_owned);
    if let Some(advice) = known.or_else(|| on_reply(failure.key, target)) {
        return Some(advice);
    }
    Some(match (failure.key.class, failure.key.stage) {
        (ErrorClass::Refused, _) if matches!(target.address, Address::Unix(_)) => {
            "nothing is listening on this socket: check its path and the server's 'unixsocket' setting".into()
        }
        (ErrorClass::Refused, _) => {
            "nothing is listening there: check host and port, and that the server runs and binds this address".into()
        }
        (ErrorClass::Dns, _) => "check the spelling of the host name, and that this machine's name servers (resolv.conf) answer".into(),
        (ErrorClass::ConnectTimeout, Stage::Tcp) => {
            "no reply to any packet: a firewall or security group may drop them, or the host is down".into()
        }
        (ErrorClass::ConnectTimeout, Stage::Hello) | (ErrorClass::ResponseTimeout, _) => {
            "the port is open but nothing answers: the server hangs, a proxy or load balancer has no live server behind \
             it, or something else is listening there"
                .into()
        }
        (ErrorClass::HostUnreachable | ErrorClass::NetworkUnreachable, _) => {
            "this machine has no route to the host: check routing, VPN and firewall".into()
        }
        (ErrorClass::ConnectionClosed | ErrorClass::Reset, _) => {
            let tls = if target.speaks_tls() { "" } else { "; or the port speaks TLS (rediss://)" };
            format!("{ACCEPTED_THEN_CLOSED}{tls}")
        }
        (ErrorClass::KernelTimeout, _) => {
            "packets went unanswered until the kernel gave up: a firewall may drop them, or the host is down".into()
        }
        (ErrorClass::Tls, _) => TLS.into(),
        (ErrorClass::CertificateExpired, _) => EXPIRED.into(),
        (ErrorClass::ClientCertificate, _) => NO_CERTIFICATE.into(),
        (ErrorClass::NoPassword, _) => NO_PASSWORD.into(),
        (ErrorClass::MtuBlackHole, _) => MTU.into(),
        (ErrorClass::Other, Stage::Unix) if failure.key.errno == Some(EACCES) => {
            "add this user to the group of the socket and set unixsocketperm 770, or open the directories on its path \
             to the user (chmod o+x)"
                .into()
        }
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
            "the socket file does not exist: check its path against the server's 'unixsocket' setting, and that the server \
             is running",
        ),
        EMFILE => Some(
            "this process has no file descriptor left: raise its limit (ulimit -n, LimitNOFILE), or close connections",
        ),
        _ => None,
    }
}

/// Returns advice on an error reply to a login or to a first command.
fn on_reply(key: FailureKey, target: &Target) -> Option<String> {
    let user = target.user.as_deref().unwrap_or("default");
    Some(match key.class {
        ErrorClass::NoAuth => {
            "the server requires a password: set it in REDISCLI_AUTH, in the URL, or with --askpass".to_owned()
        }
        ErrorClass::WrongPass => {
            format!("check the password of user '{user}' (--user, REDISCLI_AUTH, --askpass, the URL)")
        }
        ErrorClass::NoPerm => format!("the ACL of user '{user}' forbids it: see ACL GETUSER {user} on the server"),
        _ => on_error_reply(key)?.to_owned(),
    })
}

/// Returns the remedy for an error reply of a server whose targets are the nodes of a cluster: the run knows the slots of
/// each, so a redirection shows that one has moved.
pub(crate) fn on_cluster_reply(key: FailureKey) -> Option<&'static str> {
    match key.class {
        ErrorClass::Moved | ErrorClass::Ask | ErrorClass::TryAgain => Some(
            "a slot of this node moved to another one (a resharding or a failover), and the commands on it were redirected \
             until the run had its new place: an application needs a client that follows redirections; redis-cli --cluster \
             check shows whether the move is complete",
        ),
        _ => on_error_reply(key),
    }
}

/// Returns the remedy for an error reply of a server; `None` if its text is all that is known.
pub(crate) fn on_error_reply(key: FailureKey) -> Option<&'static str> {
    Some(match (key.class, key.stage) {
        (ErrorClass::Misconf, _) => {
            "the last snapshot failed: see its log, make its directory writable or free disk space, then BGSAVE"
        }
        (ErrorClass::Oom, _) => "raise maxmemory, choose an eviction policy (maxmemory-policy), or delete keys",
        (ErrorClass::NoReplicas, _) => {
            "too few replicas are in sync: repair them, or lower min-replicas-to-write (INFO replication)"
        }
        (ErrorClass::MasterDown, _) => {
            "this replica has lost its primary (INFO replication: master_host, master_link_status): repair the link, \
             or connect to the primary"
        }
        (ErrorClass::ClusterDown, _) => {
            "slots have no node: see CLUSTER INFO and CLUSTER SHARDS, and add what is missing"
        }
        (ErrorClass::ReadOnly, _) => "this is a replica: connect to the primary, and reconnect after a failover",
        (ErrorClass::Moved | ErrorClass::Ask | ErrorClass::TryAgain, _) => {
            "this is a cluster: use a cluster client, which follows the redirection to the node of the slot"
        }
        (ErrorClass::CrossSlot, _) => "give keys of one command the same hash tag, as in {user:42}:profile",
        (ErrorClass::Loading, _) => "the server is still loading its dataset: try again when INFO shows loading:0",
        (ErrorClass::Busy, _) => {
            "a script blocks the server: end it with SCRIPT KILL (or FUNCTION KILL), and shorten it"
        }
        (ErrorClass::NoPerm, Stage::Subscribe) => {
            "the ACL of this user forbids the channel: grant it (ACL SETUSER NAME resetchannels '&CHANNEL'); until \
             then no message arrives"
        }
        (ErrorClass::NoPerm, _) => {
            "the ACL of this user forbids the command, key or channel: see ACL LOG and ACL GETUSER"
        }
        (ErrorClass::NoAuth | ErrorClass::WrongPass, _) => {
            "the server does not accept the login: check the credentials"
        }
        (ErrorClass::ExecAbort, _) => "the reply to the queued command that was refused has the reason",
        (ErrorClass::MaxClients, _) => {
            "raise maxclients on the server, or find out which clients hold its connections (CLIENT LIST)"
        }
        (ErrorClass::ProtectedMode, _) => {
            "set a password on the server, or turn protected-mode off there if the network is trusted"
        }
        // The others are no replies of a server, or their text is all that is known.
        _ => return None,
    })
}

/// Returns advice on a failure that redis-doctor concluded from several replies.
fn on_concluding(failure: &Failure) -> Option<&'static str> {
    match (failure.key.origin, failure.key.class, failure.key.stage) {
        (Origin::Doctor, ErrorClass::Dns, Stage::Dns) => Some(
            "allow more time (--connect-timeout 12s): a lost answer costs the resolver's own retry, 5 s by default \
             (resolv.conf, options timeout); if that helps, packets to the name server are lost; if not, it is down",
        ),
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
    use strum::VariantArray;

    use super::*;

    fn target(address: Address) -> Target {
        Target::new(address, "default")
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
            (ErrorClass::ConnectionClosed, "inside the container"),
            (ErrorClass::Reset, "rediss://"),
            (ErrorClass::KernelTimeout, "firewall"),
            (ErrorClass::Tls, "--cacert"),
            (ErrorClass::CertificateExpired, "tls-cert-file"),
            (ErrorClass::ClientCertificate, "tls-auth-clients"),
            (ErrorClass::MtuBlackHole, "ICMP type 3 code 4"),
            (ErrorClass::Misconf, "free disk space"),
        ] {
            let advice = on_connecting(&Failure::doctor(class, Stage::Hello, "so"), &tcp).unwrap();
            assert!(advice.contains(remedy), "{class}: {advice}");
        }
        let silent =
            Failure::doctor(ErrorClass::Dns, Stage::Dns, "timed out after 5 s: no answer from the name servers");
        let advice = on_connecting(&silent, &tcp).unwrap();
        assert!(advice.contains("--connect-timeout 12s") && !advice.contains("spelling"), "{advice}");
        let denied = Failure::io(Stage::Unix, &std::io::Error::from_raw_os_error(13));
        assert!(on_connecting(&denied, &target(Address::Unix("/s".into()))).unwrap().contains("unixsocketperm"));
        let given = Failure::doctor(ErrorClass::NoAuth, Stage::Hello, "neither HELLO nor AUTH");
        assert!(on_connecting(&given, &tcp).unwrap().contains("the password was given"));
        let no_pubsub =
            Failure::doctor(ErrorClass::ServerError, Stage::Subscribe, "the proxy does not pass on PUBLISH");
        assert!(on_connecting(&no_pubsub, &tcp).unwrap().contains("--workload ping,kv"));
        let other = Failure::server(Stage::Hello, "ERR something new");
        assert_eq!(on_connecting(&other, &tcp), None);
    }

    #[test]
    fn every_code_word_of_a_server_has_a_remedy() {
        for class in ErrorClass::VARIANTS.iter().filter(|class| class.is_server_reply()) {
            let key = FailureKey { class: *class, stage: Stage::Command, errno: None, origin: Origin::Server };
            let known = on_error_reply(key).is_some();
            assert_eq!(known, !matches!(class, ErrorClass::ServerError | ErrorClass::Resp3Unsupported), "{class}");
        }
    }
}
