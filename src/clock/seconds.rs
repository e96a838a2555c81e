//! Durations as seconds in JSON: types to name in `#[serde(with = "…")]`, each with its schema.

use std::{borrow::Cow, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A [`Duration`] as a JSON number.
#[derive(Debug)]
pub(crate) enum Seconds {}

impl Seconds {
    /// Writes seconds as a floating-point number.
    ///
    /// # Errors
    /// The serializer's.
    pub(crate) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(to_f64(*duration))
    }

    /// Reads seconds.
    ///
    /// # Errors
    /// A negative, infinite or very large number.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        from_f64(f64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl JsonSchema for Seconds {
    fn schema_name() -> Cow<'static, str> {
        "Seconds".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "description": "A duration in seconds." })
    }
}

/// An optional [`Duration`] as a JSON number or `null`.
#[derive(Debug)]
pub(crate) enum OptionalSeconds {}

impl OptionalSeconds {
    /// Writes seconds, or `null`.
    ///
    /// # Errors
    /// The serializer's.
    pub(crate) fn serialize<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        duration.map(to_f64).serialize(serializer)
    }

    /// Reads seconds, or `null`.
    ///
    /// # Errors
    /// A negative, infinite or very large number.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        Option::<f64>::deserialize(deserializer)?.map(from_f64).transpose().map_err(D::Error::custom)
    }
}

impl JsonSchema for OptionalSeconds {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "OptionalSeconds".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Option::<Seconds>::json_schema(generator)
    }
}

/// A list of [`Duration`]s as JSON numbers.
#[derive(Debug)]
pub(crate) enum SecondsList {}

impl SecondsList {
    /// Writes a list of seconds.
    ///
    /// # Errors
    /// The serializer's.
    pub(crate) fn serialize<S: Serializer>(list: &[Duration], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(list.iter().map(|duration| to_f64(*duration)))
    }

    /// Reads a list of seconds.
    ///
    /// # Errors
    /// A negative, infinite or very large number.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Duration>, D::Error> {
        Vec::<f64>::deserialize(deserializer)?
            .into_iter()
            .map(|seconds| from_f64(seconds).map_err(D::Error::custom))
            .collect()
    }
}

impl JsonSchema for SecondsList {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "SecondsList".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Vec::<Seconds>::json_schema(generator)
    }
}

fn to_f64(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1e9
}

/// Rounds to the nearest nanosecond, so that a round trip is exact.
fn from_f64(seconds: f64) -> Result<Duration, String> {
    let nanos = (seconds * 1e9).round();
    if (0.0..1.8e19).contains(&nanos) {
        Ok(Duration::from_nanos(nanos as u64))
    } else {
        Err(format!("{seconds} is not a duration in seconds"))
    }
}
