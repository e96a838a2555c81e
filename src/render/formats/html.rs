//! HTML: one file that needs no network, with the JSON document inside.

use std::io::{self, Write};

use crate::render::{Style, document::Document};

pub(super) fn write<D: Document + ?Sized>(document: &D, _: Style, out: &mut dyn Write) -> io::Result<()> {
    let page = document.page()?;
    let json = serde_json::to_string(&document.root())?;
    page.write(&json, out)
}
