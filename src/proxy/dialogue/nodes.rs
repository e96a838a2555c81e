//! Addresses of other servers in replies: a client that learns them can leave the proxy.

/// Levels of nested arrays that are read.
const DEEPEST: usize = 8;

/// The address of a server, as a reply has it. An empty host is the host that the client has connected to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::proxy) struct Node {
    pub(in crate::proxy) host: String,
    pub(in crate::proxy) port: u16,
}

/// A form in which a reply lists servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listing {
    /// CLUSTER SLOTS: for each range of slots its bounds, and then host and port of each server.
    Slots,
    /// CLUSTER NODES: a line for each server.
    Lines,
    /// Names and values, among them `ip` and `port`: CLUSTER SHARDS, and several commands of a Sentinel.
    Fields,
    /// SENTINEL GET-MASTER-ADDR-BY-NAME: host and port.
    Pair,
}

impl Listing {
    /// The form of the reply to this command; `None` if it lists no servers.
    pub(super) fn of(name: &[u8], words: &[Vec<u8>]) -> Option<Self> {
        let second = words.get(1)?.to_ascii_uppercase();
        match (name, &second[..]) {
            (b"CLUSTER", b"SLOTS") => Some(Self::Slots),
            (b"CLUSTER", b"NODES" | b"REPLICAS" | b"SLAVES") => Some(Self::Lines),
            (b"CLUSTER", b"SHARDS") => Some(Self::Fields),
            (b"SENTINEL", b"GET-MASTER-ADDR-BY-NAME") => Some(Self::Pair),
            (
                b"SENTINEL",
                b"MASTER" | b"MASTERS" | b"PRIMARY" | b"PRIMARIES" | b"REPLICAS" | b"SLAVES" | b"SENTINELS",
            ) => Some(Self::Fields),
            _ => None,
        }
    }

    /// Reads the servers from a reply; those that it does not understand are left out.
    pub(super) fn read(self, reply: &[u8]) -> Vec<Node> {
        let Some(value) = Value::read(reply, &mut 0, DEEPEST) else { return Vec::new() };
        let mut nodes = Vec::new();
        match self {
            Self::Slots => {
                let servers = value.items().iter().flat_map(|range| range.items().iter().skip(2));
                nodes.extend(servers.filter_map(|server| Node::pair(server.items())));
            }
            Self::Pair => nodes.extend(Node::pair(value.items())),
            Self::Fields => value.fields(&mut nodes),
            Self::Lines => value.each_text(&mut |text| {
                nodes.extend(text.lines().filter_map(|line| {
                    let (address, _) = line.split(' ').nth(1)?.split_once('@')?;
                    Node::joined(address)
                }));
            }),
        }
        nodes
    }
}

impl Node {
    /// Reads the address from an error that sends the client to another server, `MOVED 3999 127.0.0.1:6381`.
    pub(super) fn redirected(error: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(error).ok()?;
        let mut words = text.split(' ');
        matches!(words.next()?, "MOVED" | "ASK").then_some(())?;
        Self::joined(words.nth(1)?)
    }

    /// Reads `host:port`; an IPv6 address has no brackets here.
    fn joined(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        Self::new(host, port.parse().ok()?)
    }

    fn pair(items: &[Value<'_>]) -> Option<Self> {
        match items {
            [host, Value::Text(port), ..] => Self::new(host.text(), port.parse().ok()?),
            _ => None,
        }
    }

    fn new(host: &str, port: u16) -> Option<Self> {
        let host = if host == "?" { "" } else { host };
        (port > 0).then(|| Self { host: host.chars().take(255).collect(), port })
    }
}

/// A reply, with numbers as text and maps as flat arrays.
enum Value<'a> {
    Text(&'a str),
    Items(Vec<Value<'a>>),
    Other,
}

impl<'a> Value<'a> {
    fn read(input: &'a [u8], at: &mut usize, depth: usize) -> Option<Self> {
        let line_end = *at + input.get(*at..)?.iter().position(|byte| *byte == b'\n')?;
        let line = std::str::from_utf8(&input[*at..line_end]).ok()?.trim_end_matches('\r');
        let (kind, rest) = line.split_at_checked(1)?;
        *at = line_end + 1;
        match kind {
            "$" | "=" => {
                let Ok(length) = rest.parse::<usize>() else { return Some(Self::Other) };
                let text = input.get(*at..at.checked_add(length)?)?;
                *at += length + 2;
                let text = std::str::from_utf8(text).unwrap_or_default();
                // A verbatim string begins with its format.
                Some(Self::Text(if kind == "=" { text.split_at_checked(4)?.1 } else { text }))
            }
            "*" | "~" | "%" => {
                let Ok(count) = rest.parse::<usize>() else { return Some(Self::Other) };
                let count = if kind == "%" { count.checked_mul(2)? } else { count };
                let deeper = depth.checked_sub(1)?;
                (0..count).map(|_| Self::read(input, at, deeper)).collect::<Option<_>>().map(Self::Items)
            }
            ":" | "+" => Some(Self::Text(rest)),
            _ => Some(Self::Other),
        }
    }

    fn items(&self) -> &[Self] {
        match self {
            Self::Items(items) => items,
            Self::Text(_) | Self::Other => &[],
        }
    }

    fn text(&self) -> &'a str {
        match self {
            Self::Text(text) => text,
            Self::Items(_) | Self::Other => "",
        }
    }

    /// Collects the address of each array that has the fields of one.
    fn fields(&self, nodes: &mut Vec<Node>) {
        let field = |name: &str| {
            let [_, value] = self.items().chunks_exact(2).find(|pair| pair[0].text() == name)? else { return None };
            Some(value.text()).filter(|text| !text.is_empty())
        };
        let port = field("port").or_else(|| field("tls-port")).and_then(|port| port.parse().ok());
        if let Some(port) = port {
            let host = field("endpoint").filter(|host| *host != "?").or_else(|| field("ip"));
            nodes.extend(Node::new(host.unwrap_or_default(), port));
        }
        self.items().iter().for_each(|item| item.fields(nodes));
    }

    fn each_text(&self, take: &mut impl FnMut(&str)) {
        take(self.text());
        self.items().iter().for_each(|item| item.each_text(take));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::Fuzz;

    fn read(command: &str, reply: &str) -> Vec<String> {
        let words: Vec<_> = command.split(' ').map(|word| word.as_bytes().to_vec()).collect();
        let nodes = Listing::of(&words[0], &words).map(|listing| listing.read(reply.as_bytes())).unwrap_or_default();
        nodes.iter().map(|node| format!("{}:{}", node.host, node.port)).collect()
    }

    #[test]
    fn the_servers_of_a_cluster_are_read_from_every_form_of_their_list() {
        let slots = "*1\r\n*4\r\n:0\r\n:16383\r\n*4\r\n$8\r\n10.0.0.1\r\n:7001\r\n$2\r\nid\r\n*0\r\n*4\r\n$-1\r\n:7002\r\n$2\r\nid\r\n*0\r\n";
        assert_eq!(read("CLUSTER SLOTS", slots), ["10.0.0.1:7001", ":7002"]);
        let lines = "id 10.0.0.1:7001@17001,host myself,master - 0 0 1 connected 0-16383\nid ::1:7002@17002 slave id 0 0 1 connected\n";
        let nodes = format!("${}\r\n{lines}\r\n", lines.len());
        assert_eq!(read("CLUSTER nodes", &nodes), ["10.0.0.1:7001", "::1:7002"]);
        let verbatim = format!("={}\r\ntxt:{lines}\r\n", lines.len() + 4);
        assert_eq!(read("CLUSTER NODES", &verbatim), ["10.0.0.1:7001", "::1:7002"]);
        let shards = "*1\r\n*4\r\n$5\r\nslots\r\n*0\r\n$5\r\nnodes\r\n*1\r\n*6\r\n$4\r\nport\r\n:7001\r\n$2\r\nip\r\n$8\r\n10.0.0.1\r\n$8\r\nendpoint\r\n$1\r\n?\r\n";
        assert_eq!(read("CLUSTER SHARDS", shards), ["10.0.0.1:7001"]);
        let master = "*2\r\n$8\r\n10.0.0.9\r\n$4\r\n6379\r\n";
        assert_eq!(read("SENTINEL get-master-addr-by-name m", master), ["10.0.0.9:6379"]);
        let replicas = "*1\r\n%2\r\n$2\r\nip\r\n$8\r\n10.0.0.8\r\n$4\r\nport\r\n$4\r\n6380\r\n";
        assert_eq!(read("SENTINEL REPLICAS m", replicas), ["10.0.0.8:6380"]);
        assert!(read("CLUSTER INFO", slots).is_empty());
        assert!(read("CLUSTER SLOTS", "-ERR This instance has cluster support disabled\r\n").is_empty());
    }

    #[test]
    fn a_redirection_names_a_server() {
        let node = Node::redirected(b"MOVED 3999 10.0.0.2:6381").unwrap();
        assert_eq!((node.host.as_str(), node.port), ("10.0.0.2", 6381));
        assert_eq!(Node::redirected(b"ASK 1 :6382").unwrap().port, 6382);
        for other in [&b"ERR MOVED 1 a:1"[..], b"MOVED", b"MOVED 1 a", b"MOVED 1 a:0", b"\xff"] {
            assert_eq!(Node::redirected(other), None);
        }
    }

    #[test]
    fn fuzz_node_lists() {
        let words =
            ["*1\r\n", "*99999999999\r\n", "%1\r\n", "$4\r\nport\r\n", ":7001\r\n", "=4\r\ntxt:\r\n", "$-1\r\n"];
        Fuzz::new("nodes", &words).run(|input| {
            for listing in [Listing::Slots, Listing::Lines, Listing::Fields, Listing::Pair] {
                assert!(listing.read(input).iter().all(|node| node.port > 0));
            }
        });
    }
}
