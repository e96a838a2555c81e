//! Texts for the end of a run: faults that had no effect, and servers that clients reach without the proxy.

use std::{collections::BTreeSet, net::SocketAddr};

use super::dialogue::Node;
use crate::fault::{Effect, Fault, Moment, Order, Shape};

/// Addresses that a text names.
const NAMED: usize = 8;

/// Describes a fault that began and had no effect.
pub(super) fn missed(fault: &Fault) -> String {
    let why = match fault.effect() {
        Effect::Door(_) => "no client connected while it was active",
        Effect::Reply(..) => "no command that it affects came while it was active",
        Effect::Order(Order::Reset(_) | Order::Close | Order::HalfClose) => "no connection was open",
        Effect::Order(Order::Push(_)) => "no connection spoke RESP3",
        Effect::Shape(shape) => match shape {
            Shape::Silence { .. } => "no connection that it affects was open",
            Shape::Delay { .. } | Shape::Rate { .. } | Shape::Slice { .. } => "no bytes passed while it was active",
            Shape::Limit { .. } => "no connection received that many bytes while it was active",
            Shape::Forget { .. } => "no connection was silent for that long and then used",
            Shape::LateEnd { .. } => "no connection ended while it was active",
            Shape::Reset { at: Moment::Idle, .. } => "no connection that it waits for was idle",
            Shape::Reset { at: Moment::InFlight, .. } => "no connection that it waits for had a reply in flight",
        },
    };
    format!("the fault {fault} never struck: {why}")
}

/// Describes the servers that clients reach without the proxy, if they know any.
pub(super) fn bypass(nodes: &BTreeSet<Node>, listen: SocketAddr) -> Option<String> {
    let beyond: Vec<_> = nodes.iter().filter(|node| !is_proxy(node, listen)).collect();
    if beyond.is_empty() {
        return None;
    }
    let named: Vec<_> = beyond.iter().take(NAMED).map(|node| format!("{}:{}", node.host, node.port)).collect();
    let more = if beyond.len() > NAMED { ", …" } else { "" };
    let (count, all) = (beyond.len(), nodes.len());
    let verb = if count == 1 { "bypasses" } else { "bypass" };
    let plural = if all == 1 { "node" } else { "nodes" };
    Some(format!(
        "WARNING: {count} of {all} {plural} {verb} the proxy: {}{more}. A client received these addresses from the server; on \
         connections to them the proxy sees nothing and injects nothing",
        named.join(", ")
    ))
}

/// True if a client that connects to the node reaches the proxy.
fn is_proxy(node: &Node, listen: SocketAddr) -> bool {
    let host = node.host.parse::<std::net::IpAddr>();
    let here = node.host.is_empty()
        || node.host == "localhost" && listen.ip().is_loopback()
        || host.is_ok_and(|host| host.to_canonical() == listen.ip().to_canonical() || listen.ip().is_unspecified());
    node.port == listen.port() && here
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_other_addresses_bypass_the_proxy() {
        let listen = "127.0.0.1:6380".parse().unwrap();
        let nodes = |texts: &[(&str, u16)]| -> BTreeSet<_> {
            texts.iter().map(|(host, port)| Node { host: (*host).to_owned(), port: *port }).collect()
        };
        assert_eq!(bypass(&nodes(&[("127.0.0.1", 6380), ("", 6380), ("localhost", 6380)]), listen), None);
        let text = bypass(&nodes(&[("127.0.0.1", 6380), ("127.0.0.1", 7001), ("10.0.0.1", 6380)]), listen).unwrap();
        assert!(text.contains("2 of 3 nodes bypass the proxy: 10.0.0.1:6380, 127.0.0.1:7001."), "{text}");
        let many: Vec<_> = (1..=9).map(|port| ("10.0.0.1", port)).collect();
        assert!(bypass(&nodes(&many), listen).unwrap().contains("9 of 9 nodes bypass the proxy"));
    }
}
