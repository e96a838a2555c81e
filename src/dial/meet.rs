//! The servers that several connections to one address reach.

use std::{net::SocketAddr, time::Duration};

use futures_util::future::join_all;

use super::{
    attempt::{Attempt, Route},
    identity::{ClientInfo, from_info},
    reply::{Text, text},
    resp_stream::RespStream,
};
use crate::{
    clock::within,
    event::{Peer, ServerIdentity},
    foreign::Foreign,
};

/// Time limit of each connection, with its queries.
const LIMIT: Duration = Duration::from_secs(2);

impl Route {
    /// Opens `count` connections, each `apart` from the one before, and queries which server each reached. A connection
    /// that fails or is not answered counts for nothing.
    pub(crate) async fn meet(&self, count: u32, apart: Duration) -> Vec<Peer> {
        let meet = async |number: u32| {
            tokio::time::sleep(apart * number).await;
            let met = async {
                let (attempt, mut stream) = self.connect().await.ok()?;
                Some(introduction(&attempt, &mut stream).await)
            };
            within(LIMIT, met).await.flatten()
        };
        join_all((0..count).map(meet)).await.into_iter().flatten().collect()
    }
}

/// Queries which server a new connection reached. What the user may not query is as HELLO describes it, or unknown.
async fn introduction(attempt: &Attempt, stream: &mut RespStream) -> Peer {
    let mut sections = Vec::new();
    for section in ["server", "replication"] {
        sections.extend(stream.command(&["INFO", section]).await.ok().as_ref().and_then(text));
    }
    let client = stream.command(&["CLIENT", "INFO"]).await.ok().as_ref().and_then(text);
    let known = from_info(sections.into_iter().collect::<Text>().part());
    let server = ServerIdentity {
        role: known.role.or_else(|| attempt.server.role.clone()),
        mode: known.mode.or_else(|| attempt.server.mode.clone()),
        ..known
    };
    Peer::new(&server, client.and_then(|line| ClientInfo::parse(line.part()).laddr))
}

impl Attempt {
    /// Returns true if another connection may reach another server: the name has several addresses, or the server sees
    /// other ends of this connection than we do; `None` if it does not report them.
    pub(crate) fn is_indirect(&self, seen: &ClientInfo) -> Option<bool> {
        let several = self.addresses.len() > 1;
        let translated = self.local.zip(self.peer).and_then(|ends| translated(ends, seen));
        if several { Some(true) } else { translated }
    }
}

/// Returns true if the server sees different ends of the connection than we do; `None` if it does not report both.
pub(crate) fn translated((local, peer): (SocketAddr, SocketAddr), seen: &ClientInfo) -> Option<bool> {
    let same = |ours: SocketAddr, theirs: &Option<Foreign>| {
        let theirs: SocketAddr = theirs.as_deref()?.parse().ok()?;
        // A server that listens on IPv6 may write IPv4 addresses in mapped form.
        Some((ours.ip().to_canonical(), ours.port()) == (theirs.ip().to_canonical(), theirs.port()))
    };
    Some(!(same(local, &seen.addr)? && same(peer, &seen.laddr)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_translated_if_either_end_has_a_different_address_on_the_other_side() {
        let ends = ("10.0.9.4:51322".parse().unwrap(), "10.0.3.17:6379".parse().unwrap());
        for (line, expected) in [
            ("addr=10.0.9.4:51322 laddr=10.0.3.17:6379", Some(false)),
            ("addr=[::ffff:10.0.9.4]:51322 laddr=[::ffff:10.0.3.17]:6379", Some(false)),
            ("addr=10.0.9.4:40000 laddr=10.0.3.17:6379", Some(true)),
            ("addr=10.0.9.4:51322 laddr=172.17.0.2:6379", Some(true)),
            ("addr=10.0.9.4:51322", None),
            ("addr=/s:0 laddr=/s:0", None),
        ] {
            assert_eq!(translated(ends, &ClientInfo::parse(line.into())), expected, "{line}");
        }
    }
}
