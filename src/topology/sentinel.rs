//! A primary and its replicas, as a Sentinel describes them. Pure, like the map of a cluster.

use super::Place;
use crate::{
    dial::{
        Value,
        reply::{Text, shown, text},
    },
    foreign::Foreign,
};

/// The channels of a Sentinel on which a failover shows.
pub(crate) const CHANNELS: [&str; 15] = [
    "+sdown",
    "-sdown",
    "+odown",
    "-odown",
    "+try-failover",
    "+failover-state-wait-promotion",
    "+promoted-slave",
    "+switch-master",
    "+convert-to-slave",
    "+failover-end",
    "-failover-abort-no-good-slave",
    "-failover-abort-not-elected",
    "-failover-abort-slave-timeout",
    "+tilt",
    "-tilt",
];

/// The primary that a Sentinel names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Primary {
    pub(crate) place: Place,
    /// Configuration epoch: each failover raises it.
    pub(crate) epoch: u64,
    /// True while the Sentinel reconfigures the replicas: it names the new primary only in GET-MASTER-ADDR-BY-NAME.
    pub(crate) failing_over: bool,
}

/// An event that a Sentinel published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Published {
    /// Name of the channel.
    pub(crate) name: &'static str,
    /// The server or Sentinel that it is about.
    pub(crate) node: Option<Foreign>,
    /// The new primary of `+switch-master`.
    pub(crate) to: Option<Foreign>,
}

/// Reads the reply to SENTINEL MASTER.
pub(crate) fn primary(reply: &Value) -> Option<Primary> {
    let field = |wanted| field(reply, wanted);
    let place = place(reply)?;
    let flags = field("flags").unwrap_or_default();
    let failing_over = flags.part().split(',').any(|flag| flag.is("failover_in_progress"));
    let epoch = field("config-epoch").and_then(|epoch| epoch.part().parse()).unwrap_or(0);
    Some(Primary { place, epoch, failing_over })
}

/// Reads the reply to SENTINEL REPLICAS or SENTINEL SENTINELS.
pub(crate) fn places(reply: &Value) -> Vec<Place> {
    let Value::Array(entries) = reply else { return Vec::new() };
    entries.iter().filter_map(place).collect()
}

/// Reads the reply to SENTINEL GET-MASTER-ADDR-BY-NAME.
pub(crate) fn pair(reply: &Value) -> Option<Place> {
    let Value::Array(items) = reply else { return None };
    let [host, port] = items.as_slice() else { return None };
    place_of(&text(host)?, &text(port)?)
}

/// Reads the names in the reply to SENTINEL MASTERS.
pub(crate) fn names(reply: &Value) -> Vec<Foreign> {
    let Value::Array(entries) = reply else { return Vec::new() };
    entries.iter().filter_map(|entry| field(entry, "name")).map(|name| name.part().shown()).collect()
}

/// Reads a message of a Sentinel; `None` if it is not about this primary or its replicas.
pub(crate) fn published(push: &Value, primary: &str) -> Option<Published> {
    let (channel, message) = match push {
        Value::Push { data, .. } => match data.as_slice() {
            [channel, message] => (text(channel)?, text(message)?),
            _ => return None,
        },
        Value::Array(items) => match items.as_slice() {
            [kind, channel, message] if shown(kind)? == "message" => (text(channel)?, text(message)?),
            _ => return None,
        },
        _ => return None,
    };
    let name = CHANNELS.into_iter().find(|name| channel.part().is(name))?;
    let words: Vec<_> = message.part().split(' ').collect();
    let at = |index: usize| Some(words.get(index)?.at(*words.get(index + 1)?));
    let (node, to) = match (name, words.as_slice()) {
        ("+tilt" | "-tilt", _) => (None, None),
        // name ip port ip port
        ("+switch-master", [of, _, _, _, _, ..]) if of.is(primary) => (at(1), at(3)),
        // master name ip port, slave name ip port @ primary ip port
        (_, [kind, of, _, _, ..]) if kind.is("master") && of.is(primary) => (at(2), None),
        (_, [_, _, _, _, at_sign, of, ..]) if at_sign.is("@") && of.is(primary) => (at(2), None),
        _ => return None,
    };
    Some(Published { name, node, to })
}

fn place(entry: &Value) -> Option<Place> {
    place_of(&field(entry, "ip")?, &field(entry, "port")?)
}

fn place_of(host: &Text, port: &Text) -> Option<Place> {
    let (host, number, shown) = (host.part().host()?, port.part().parse()?, host.part().at(port.part()));
    Some(Place { host, port: number, shown })
}

/// Returns a field of a map, which RESP2 sends as a list.
fn field(entry: &Value, wanted: &str) -> Option<Text> {
    let mut pairs = entry.as_map_iter()?;
    pairs.find(|(name, _)| text(name).is_some_and(|name| name.part().is(wanted))).and_then(|(_, value)| text(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::{self, Fuzz};

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn list(words: &[&str]) -> Value {
        Value::Array(words.iter().map(|word| bulk(word)).collect())
    }

    #[test]
    fn a_primary_is_read_from_a_list_and_from_a_map() {
        let words = ["name", "mymaster", "ip", "10.0.0.1", "port", "6379", "config-epoch", "7", "flags", "master"];
        let map = words.chunks(2).map(|pair| (bulk(pair[0]), bulk(pair[1]))).collect();
        let place = Place { host: "10.0.0.1".into(), port: 6379, shown: "10.0.0.1:6379".into() };
        for reply in [list(&words), Value::Map(map)] {
            assert_eq!(primary(&reply), Some(Primary { place: place.clone(), epoch: 7, failing_over: false }));
            assert_eq!(places(&Value::Array(vec![reply.clone(), Value::Nil])), std::slice::from_ref(&place));
            assert_eq!(names(&Value::Array(vec![reply])), ["mymaster"]);
        }
        let busy = list(&[&words[..8], &["flags", "master,failover_in_progress"]].concat());
        assert!(primary(&busy).unwrap().failing_over);
        assert_eq!(pair(&list(&["10.0.0.1", "6379"])), Some(place));
        assert_eq!(primary(&Value::Nil), None);
        assert_eq!(primary(&list(&["ip", "a b", "port", "6379"])), None);
        assert_eq!(primary(&list(&["ip", "a", "port", "70000"])), None);
    }

    #[test]
    fn an_event_is_about_its_server_and_this_primary_only() {
        let read = |name: &str, message: &str| {
            let push = list(&["message", name, message]);
            published(&push, "mymaster").map(|event| (event.node.unwrap_or_default(), event.to))
        };
        let is = |found: Option<(Foreign, Option<Foreign>)>, node: &str, to: Option<&str>| {
            assert_eq!(found, Some((node.into(), to.map(Foreign::from))));
        };
        is(read("+sdown", "master mymaster 10.0.0.1 6379"), "10.0.0.1:6379", None);
        is(read("+odown", "master mymaster 10.0.0.1 6379 #quorum 2/2"), "10.0.0.1:6379", None);
        is(read("+switch-master", "mymaster 10.0.0.1 6379 10.0.0.2 6380"), "10.0.0.1:6379", Some("10.0.0.2:6380"));
        let of_replica = "slave 10.0.0.2:6380 10.0.0.2 6380 @ mymaster 10.0.0.1 6379";
        is(read("+convert-to-slave", of_replica), "10.0.0.2:6380", None);
        for (name, message) in [
            ("+sdown", "master other 10.0.0.1 6379"),
            ("+sdown", "slave 10.0.0.2:6380 10.0.0.2 6380 @ other 10.0.0.1 6379"),
            ("+switch-master", "other 10.0.0.1 6379 10.0.0.2 6380"),
            ("+switch-master", "mymaster 10.0.0.1"),
            ("+unheard-of", "master mymaster 10.0.0.1 6379"),
        ] {
            assert_eq!(read(name, message), None, "{name} {message}");
        }
        let push =
            Value::Push { kind: redis::PushKind::Message, data: vec![bulk("+tilt"), bulk("#tilt mode entered")] };
        assert_eq!(published(&push, "mymaster").map(|event| event.name), Some("+tilt"));
        assert_eq!(published(&list(&["subscribe", "+sdown", "1"]), "mymaster"), None);
    }

    #[test]
    fn fuzz_sentinel_replies() {
        Fuzz::new("values", &["*3\r\n", "$2\r\nip\r\n", "$7\r\nmessage\r\n", "$6\r\n+sdown\r\n"]).run(|input| {
            if let Some(value) = fuzz::value(input) {
                let _ = (primary(&value), pair(&value), published(&value, "mymaster"));
                assert!(places(&value).len() <= input.len() && names(&value).len() <= input.len());
            }
        });
    }
}
