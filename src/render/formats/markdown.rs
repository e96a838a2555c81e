//! Markdown: paragraphs, a table, and a list. It is for tickets, where a text of a server may be no markup.

use std::io::{self, Write};

use crate::render::{
    Style,
    document::Document,
    views::{Overview, Table, escaped},
};

pub(super) fn write<D: Document + ?Sized>(document: &D, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let Overview { above, table: Table { header, rows }, below } = document.overview(style)?;
    above.iter().try_for_each(|paragraph| writeln!(out, "{paragraph}\n"))?;
    writeln!(out, "| {} |", header.join(" | "))?;
    writeln!(out, "|{}", " --- |".repeat(header.len()))?;
    for row in rows {
        let cells: Vec<_> = row.iter().map(|cell| escaped(cell)).collect();
        writeln!(out, "| {} |", cells.join(" | "))?;
    }
    if !below.is_empty() {
        writeln!(out)?;
    }
    below.iter().try_for_each(|remark| writeln!(out, "- {remark}"))
}
