//! Events from JSON.
//!
//! Nearly all lines of a journal are intervals, so these are read field by field. Serde's own way with a tag among the
//! fields keeps every field of a line aside until it has found the tag.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::{Map, Value};

use super::{Event, EventKind, Interval};

/// The name of a field.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Key {
    T,
    Time,
    Target,
    Connection,
    /// Belongs to the line, not to the event.
    Run,
    /// Belongs to the line, not to the event.
    Copy,
    Event,
    Detail(Cow<'static, str>),
}

/// The kind of an event.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Tag {
    Interval,
    Other(Cow<'static, str>),
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EventVisitor)
    }
}

struct EventVisitor;

impl<'de> Visitor<'de> for EventVisitor {
    type Value = Event;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Event, M::Error> {
        let (mut at, mut time, mut target, mut connection, mut details) = (None, None, None, None, Map::new());
        while let Some(key) = map.next_key()? {
            match key {
                Key::T => at = Some(map.next_value()?),
                Key::Time => time = Some(map.next_value()?),
                Key::Target => target = map.next_value()?,
                Key::Connection => connection = map.next_value()?,
                Key::Run | Key::Copy => drop(map.next_value::<IgnoredAny>()?),
                Key::Event => match (map.next_value()?, at, time) {
                    (Tag::Interval, Some(at), Some(time)) if details.is_empty() => {
                        let interval = Interval::deserialize(MapAccessDeserializer::new(map))?;
                        let kind = EventKind::Interval(Box::new(interval));
                        return Ok(Event { at, time, target, connection, kind });
                    }
                    (Tag::Interval, ..) => drop(details.insert("event".to_owned(), "interval".into())),
                    (Tag::Other(tag), ..) => drop(details.insert("event".to_owned(), tag.into_owned().into())),
                },
                Key::Detail(name) => drop(details.insert(name.into_owned(), map.next_value()?)),
            }
        }
        Ok(Event {
            at: at.ok_or_else(|| M::Error::missing_field("t"))?,
            time: time.ok_or_else(|| M::Error::missing_field("time"))?,
            target,
            connection,
            kind: EventKind::deserialize(Value::Object(details)).map_err(M::Error::custom)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Counters;

    const LINE: &str = r#"{"run":"a","t":1.5,"time":"2026-11-22T14:02:12.000000Z","target":"one","connection":3,"event":"interval","span":1.0,"launched":4,"ok":3,"new":null}"#;

    #[test]
    fn an_interval_is_read_wherever_its_tag_is() {
        let event: Event = serde_json::from_str(LINE).unwrap();
        let EventKind::Interval(interval) = &event.kind else { panic!("{event:?}") };
        assert_eq!((event.connection, event.at.as_nanos()), (Some(3), 1_500_000_000));
        assert_eq!(event.target.as_deref(), Some("one"));
        assert_eq!(interval.counters, Counters { launched: 4, ok: 3, ..Counters::default() });
        assert_eq!(interval.span.as_secs(), 1);
        let last = LINE.replace(r#""event":"interval","#, "").replace('}', r#","event":"interval"}"#);
        assert_eq!(serde_json::from_str::<Event>(&last).unwrap(), event);
        let first = LINE.replace(r#""event":"interval","#, "").replace('{', r#"{"event":"interval","#);
        assert_eq!(serde_json::from_str::<Event>(&first).unwrap(), event);
    }

    #[test]
    fn what_is_missing_is_named() {
        for (field, rest) in [("t", r#""t":1.5,"#), ("span", r#""span":1.0,"#), ("event", r#""event":"interval","#)] {
            let error = serde_json::from_str::<Event>(&LINE.replace(rest, "")).unwrap_err().to_string();
            assert!(error.contains(&format!("missing field `{field}`")), "{error}");
        }
        let error = serde_json::from_str::<Event>(&LINE.replace("interval", "sneezed")).unwrap_err().to_string();
        assert!(error.contains("unknown variant `sneezed`"), "{error}");
    }
}
