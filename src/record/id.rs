//! The ids of outages, slow stretches and incidents: the same in every output of a run.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

/// The id of an outage (`o1`), a slow stretch (`s1`) or an incident (`i1`), unique within its run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id {
    kind: IdKind,
    /// Number from 1, in the order in which the record learned of them; 0 before it is given.
    number: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum IdKind {
    Group,
    #[default]
    Single,
    Slow,
}

impl Id {
    pub(super) const fn incident(number: u32) -> Self {
        Self { kind: IdKind::Group, number }
    }

    pub(super) const fn outage(number: u32) -> Self {
        Self { kind: IdKind::Single, number }
    }

    pub(super) const fn stretch(number: u32) -> Self {
        Self { kind: IdKind::Slow, number }
    }

    /// Returns true before a number is given.
    pub(super) const fn is_due(self) -> bool {
        self.number == 0
    }

    /// Returns the number.
    pub(crate) const fn number(self) -> u32 {
        self.number
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = match self.kind {
            IdKind::Group => 'i',
            IdKind::Single => 'o',
            IdKind::Slow => 's',
        };
        write!(f, "{letter}{}", self.number)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Id {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Id".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[ios][1-9][0-9]*$" })
    }
}
