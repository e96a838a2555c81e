//! The writers of the formats, one file each.
//!
//! A new format is a file here with a function `write` like the others', its `mod` line, and its row in
//! `output::formats`: the name, the flags, their help and the completions follow from that row. The compiler misses a
//! writer that is not there, and a test writes every pair of content and format that a row allows.

mod csv;
mod json;
mod markdown;
mod nagios;
mod ndjson;
mod openmetrics;
#[cfg(test)]
mod tests;
mod text;

use std::io::{self, Write};

pub(super) use self::{
    csv::figures,
    nagios::{Figure, PluginLine, rounded, unknown},
    ndjson::Records,
    openmetrics::Family,
};
use super::{Style, document::Document};
use crate::output::{self, Format};

/// A table of texts.
#[derive(Debug)]
pub(crate) struct Table {
    pub(super) header: &'static [&'static str],
    pub(super) rows: Vec<Vec<String>>,
}

macro_rules! dispatch {
    ($($(#[$meta:meta])* $format:ident in $module:ident: $($content:ident),+;)+) => {
        /// Writes a document with the writer of its format.
        pub(super) fn write<D: Document + ?Sized>(
            document: &D,
            format: Format,
            style: Style,
            out: &mut dyn Write,
        ) -> io::Result<()> {
            match format {
                $(Format::$format => $module::write(document, style, out),)+
            }
        }
    };
}
output::formats!(dispatch);
