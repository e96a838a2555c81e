//! One JSON document.

use std::io::{self, Write};

use crate::render::{Style, document::Document};

pub(super) fn write<D: Document + ?Sized>(document: &D, _: Style, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &document.root())?;
    out.write_all(b"\n")
}
