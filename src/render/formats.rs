//! The writers of the formats, one file each.
//!
//! A new format is a file here with a function `write` like the others', its `mod` line, and its row in
//! `output::formats`: the name, the flags, their help and the completions follow from that row. A missing writer does
//! not compile, and a test writes every pair of content and format that a row allows.

mod csv;
mod hgrm;
mod hlog;
mod html;
mod json;
mod junit;
mod markdown;
mod nagios;
mod ndjson;
mod openmetrics;
mod prometheus;
#[cfg(test)]
mod tests;
mod text;

use std::io::{self, Write};

pub(super) use self::{
    nagios::unknown,
    openmetrics::{PREFIX, families as openmetrics},
    prometheus::families as prometheus,
};
use super::{Style, document::Document};
use crate::output::{self, Format};

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
