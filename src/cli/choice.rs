//! The words that flags take for the plain enums of the plan and the output, so that those need not know the parser.

use std::ffi::OsStr;

use clap::{
    Arg, Command, ValueEnum,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};

use crate::{
    idle::Cloud,
    output::{ColorChoice, Content, Format, MessageFormat, Rows},
    plan::{LabKind, OnReadonly, PolicyName, Protocol, Readiness, Resubscription, Via},
};

/// Parses the names of the formats in which a command writes its content; help and completions list exactly these.
pub(super) fn formats(content: Content) -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::all_of(content).map(Format::name)).try_map(|name| name.parse::<Format>())
}

/// Parses with `parser`, and completes `words`, with which a valid value begins. Help does not list them.
pub(super) fn completed<P: TypedValueParser>(parser: P, words: fn() -> Vec<&'static str>) -> Completed<P> {
    Completed { parser, words }
}

/// A parser with words to complete, see [`completed`].
#[derive(Clone)]
pub(super) struct Completed<P> {
    parser: P,
    words: fn() -> Vec<&'static str>,
}

impl<P: TypedValueParser> TypedValueParser for Completed<P> {
    type Value = P::Value;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<P::Value, clap::Error> {
        self.parser.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.words)().into_iter().map(PossibleValue::new)))
    }
}

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
    Resubscription { Library = "library", Paced = "paced" }
    OnReadonly { Stay = "stay", Rebuild = "rebuild" }
    Protocol { Resp3 = "resp3", Resp2 = "resp2", Auto = "auto" }
    Cloud { Aws = "aws", Azure = "azure", Gcp = "gcp" }
    Via { Direct = "direct", ClusterClient = "cluster-client" }
    LabKind { Sentinel = "sentinel", Cluster = "cluster" }
    Readiness { Ready = "ready", Primary = "primary", Replica = "replica" }
    MessageFormat { Text = "text", Ndjson = "ndjson", Raw = "raw" }
    Rows { Figures = "figures", Intervals = "intervals", Outages = "outages", Errors = "errors" }
    ColorChoice { Auto = "auto", Always = "always", Never = "never" }
}
