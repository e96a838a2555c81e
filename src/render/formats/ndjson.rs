//! One JSON document a line, for each record of a document.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use crate::render::{Style, document::Document};

pub(super) fn write<D: Document + ?Sized>(document: &D, _: Style, out: &mut dyn Write) -> io::Result<()> {
    document.records(&mut Records { out })
}

/// Lines that records are written to. The first field of each is its `type`.
pub(crate) struct Records<'a> {
    out: &'a mut dyn Write,
}

impl Records<'_> {
    /// Writes a result without its lists.
    pub(in crate::render) fn summary(&mut self, of: &impl Serialize) -> io::Result<()> {
        let mut summary = serde_json::to_value(of)?;
        if let Value::Object(fields) = &mut summary {
            fields.retain(|_, value| !value.is_array());
        }
        if let Some(Value::Object(outages)) = summary.get_mut("outages") {
            outages.remove("rows");
        }
        self.line("summary", &summary)
    }

    /// Writes each entry of a list.
    pub(in crate::render) fn each<T: Serialize>(&mut self, kind: &str, records: &[T]) -> io::Result<()> {
        records.iter().try_for_each(|record| self.line(kind, record))
    }

    /// Writes one record.
    pub(in crate::render) fn line<T: Serialize>(&mut self, kind: &str, record: &T) -> io::Result<()> {
        // Not flattened into a type of its own, which would be code for every type of record once more. None is empty.
        let record = serde_json::to_vec(record)?;
        let fields = record.strip_prefix(b"{").unwrap_or(&record);
        write!(self.out, "{{\"type\":\"{kind}\",")?;
        self.out.write_all(fields)?;
        self.out.write_all(b"\n")
    }

    /// Writes an event, which has its kind in itself.
    pub(in crate::render) fn event(&mut self, event: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut *self.out, event)?;
        self.out.write_all(b"\n")
    }
}
