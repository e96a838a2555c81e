//! One JSON document a line, for each record of a document.

use std::io::{self, Write};

use crate::render::{Style, document::Document, views::Records};

pub(super) fn write<D: Document + ?Sized>(document: &D, _: Style, out: &mut dyn Write) -> io::Result<()> {
    document.records(&mut Records::new(out))
}
