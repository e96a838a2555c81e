//! The words that flags take for the plain enums of the plan and the output, so that those need not know the parser.

use clap::{ValueEnum, builder::PossibleValue};

use crate::{
    idle::Cloud,
    output::{CheckFormat, ColorChoice, DocumentFormat, DrillFormat, EventFormat, Format, IdleFormat, MessageFormat},
    plan::{PolicyName, Protocol, Readiness},
};

/// Implements `ValueEnum` for an enum defined elsewhere.
macro_rules! words {
    ($($choice:ident { $($variant:ident = $word:literal),+ $(,)? })+) => {
        $(impl ValueEnum for $choice {
            fn value_variants<'a>() -> &'a [Self] {
                &[$(Self::$variant),+]
            }

            fn to_possible_value(&self) -> Option<PossibleValue> {
                Some(PossibleValue::new(match self {
                    $(Self::$variant => $word),+
                }))
            }
        })+
    };
}

words! {
    PolicyName { Hardened = "hardened", Library = "library", Elasticache = "elasticache", Bare = "bare" }
    Protocol { Resp3 = "resp3", Resp2 = "resp2", Auto = "auto" }
    Format {
        Text = "text",
        Json = "json",
        Ndjson = "ndjson",
        Csv = "csv",
        Openmetrics = "openmetrics",
        Nagios = "nagios",
    }
    CheckFormat { Text = "text", Json = "json", Nagios = "nagios" }
    IdleFormat { Text = "text", Json = "json", Ndjson = "ndjson", Nagios = "nagios" }
    DrillFormat { Text = "text", Json = "json", Csv = "csv", Markdown = "markdown" }
    DocumentFormat { Text = "text", Json = "json" }
    Cloud { Aws = "aws", Azure = "azure", Gcp = "gcp" }
    Readiness { Ready = "ready", Primary = "primary", Replica = "replica" }
    EventFormat { Text = "text", Ndjson = "ndjson" }
    MessageFormat { Text = "text", Ndjson = "ndjson", Raw = "raw" }
    ColorChoice { Auto = "auto", Always = "always", Never = "never" }
}
