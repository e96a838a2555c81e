//! Human-readable text, laid out by the document itself.

use std::io::{self, Write};

use crate::render::{Style, document::Document};

pub(super) fn write<D: Document + ?Sized>(document: &D, style: Style, out: &mut dyn Write) -> io::Result<()> {
    document.text(style, out)
}
