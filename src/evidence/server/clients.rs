//! The clients that a server lists.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
};

use crate::{clock::Stamp, dial::ClientInfo, dial::reply::Part, event::ListedClient, foreign::Foreign};

/// Clients to look up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::evidence) struct Wanted {
    pub(in crate::evidence) ids: Vec<u64>,
    /// Addresses of connections whose ids are not known: those of an application.
    pub(in crate::evidence) addresses: HashSet<SocketAddr>,
}

impl Wanted {
    pub(in crate::evidence) fn is_empty(&self) -> bool {
        self.ids.is_empty() && self.addresses.is_empty()
    }
}

/// Clients by their id.
#[derive(Clone, Debug, Default)]
pub(in crate::evidence) struct Clients(HashMap<u64, (Option<Foreign>, ListedClient)>);

impl Clients {
    /// Reads a reply to `CLIENT LIST`.
    pub(super) fn parse(list: Part<'_>, at: Stamp) -> Self {
        let client = |line| {
            let client = ClientInfo::parse(line);
            Some((client.id?, (client.addr, described(line, at))))
        };
        Self(list.lines().filter_map(client).collect())
    }

    /// Returns the address of a client; `None` if it is not listed.
    pub(in crate::evidence) fn address(&self, id: u64) -> Option<Option<&Foreign>> {
        self.0.get(&id).map(|(address, _)| address.as_ref())
    }

    pub(in crate::evidence) fn by_id(&self, id: u64) -> Option<&ListedClient> {
        self.0.get(&id).map(|(_, listed)| listed)
    }

    pub(in crate::evidence) fn by_address(&self, wanted: SocketAddr) -> Option<&ListedClient> {
        let same = |address: &Option<Foreign>| {
            let address: Option<SocketAddr> = address.as_deref().and_then(|address| address.parse().ok());
            // A server that listens on IPv6 may write IPv4 addresses in mapped form.
            address.map(|address| (address.ip().to_canonical(), address.port()))
                == Some((wanted.ip().to_canonical(), wanted.port()))
        };
        self.0.values().find(|(address, _)| same(address)).map(|(_, listed)| listed)
    }
}

/// Reads a line of CLIENT LIST.
fn described(line: Part<'_>, at: Stamp) -> ListedClient {
    let field = |name: &str| line.field(' ', name);
    let number = |name: &str| field(name)?.parse::<u64>();
    let unsent = [number("obl"), number("omem")].into_iter().flatten().reduce(u64::saturating_add);
    ListedClient {
        at,
        flags: field("flags").map(Part::shown).unwrap_or_default(),
        command: field("cmd").filter(|command| !command.is("NULL")).map(Part::shown),
        unread: number("qbuf"),
        unsent,
    }
}

#[cfg(test)]
impl Clients {
    /// The clients of a reply to `CLIENT LIST`.
    pub(in crate::evidence) fn shown(list: &str, at: Stamp) -> Self {
        Self::parse(Part::from(list), at)
    }

    /// The clients with these ids and addresses.
    pub(in crate::evidence) fn of(listed: &[(u64, &str)]) -> Self {
        Self(listed.iter().map(|(id, address)| (*id, (Some((*address).into()), ListedClient::default()))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::Fuzz;

    #[test]
    fn a_line_of_the_client_list_shows_what_a_client_waits_for() {
        let line =
            "id=4 addr=127.0.0.1:5 flags=b db=0 qbuf=24 qbuf-free=20450 obl=10 oll=0 omem=5 cmd=blpop user=default";
        let shown = described(line.into(), Stamp::START);
        assert_eq!((&*shown.flags, shown.command.as_deref()), ("b", Some("blpop")));
        assert_eq!((shown.unread, shown.unsent), (Some(24), Some(15)));
        let bare = described("id=4 cmd=NULL".into(), Stamp::START);
        assert_eq!((bare.command, bare.unread, bare.unsent), (None, None, None));
    }

    #[test]
    fn a_client_is_found_by_its_id_or_its_address() {
        let list = "id=4 addr=127.0.0.1:5 cmd=get\nid=7 addr=[::ffff:10.0.0.1]:6 cmd=set\nid=8 cmd=ping\n";
        let clients = Clients::parse(list.into(), Stamp::START);
        let command =
            |listed: Option<&ListedClient>| listed.and_then(|listed| listed.command.as_deref().map(str::to_owned));
        assert_eq!(command(clients.by_id(8)).as_deref(), Some("ping"));
        assert_eq!(command(clients.by_address("127.0.0.1:5".parse().unwrap())).as_deref(), Some("get"));
        assert_eq!(command(clients.by_address("10.0.0.1:6".parse().unwrap())).as_deref(), Some("set"));
        assert_eq!(command(clients.by_address("127.0.0.1:6".parse().unwrap())), None);
    }

    #[test]
    fn fuzz_client_lists() {
        Fuzz::new("clients", &["obl=", "omem=", "qbuf=", "cmd=", " "])
            .run_on_text(|list| drop(Clients::parse(list.into(), Stamp::START)));
    }
}
