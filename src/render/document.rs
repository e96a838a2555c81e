//! A result that can be written, as the views that the formats need.

use std::io::{self, Write};

use serde::Serialize;

use super::{
    Style,
    html::Page,
    views::{Family, Overview, PluginLine, Records, Suite, Table},
};
use crate::{
    output::Rows,
    report::{Log, Percentiles},
};

/// A result that can be written. A view that it does not have is an error of kind [`io::ErrorKind::Unsupported`]; the
/// table of formats in `output` says which formats, and so which views, a command offers.
pub(crate) trait Document {
    /// Returns the value that is serialized as JSON.
    fn root(&self) -> impl Serialize;

    /// Writes it as human-readable text.
    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()>;

    /// Writes it as one JSON document for each of its records.
    fn records(&self, _records: &mut Records<'_>) -> io::Result<()> {
        Err(unsupported("records"))
    }

    /// Returns its rows; by default, each figure is a row. Only a report has others.
    fn rows(&self, _of: Rows) -> io::Result<Table> {
        Ok(Table::of_figures(&serde_json::to_value(self.root())?))
    }

    /// Returns a human-readable table, and the remarks around it.
    fn overview(&self, _style: Style) -> io::Result<Overview> {
        Err(unsupported("overview"))
    }

    /// Returns its verdict and figures for a monitoring plugin.
    fn plugin_line(&self) -> io::Result<PluginLine> {
        Err(unsupported("plugin line"))
    }

    /// Returns its rows as tests.
    fn suite(&self) -> io::Result<Suite> {
        Err(unsupported("tests"))
    }

    /// Returns it as a page for a browser.
    fn page(&self) -> io::Result<Page> {
        Err(unsupported("page"))
    }

    /// Returns the distribution of its latency.
    fn percentiles(&self) -> io::Result<Percentiles> {
        Err(unsupported("distribution"))
    }

    /// Returns the distributions of its latency over time.
    fn log(&self) -> io::Result<Log> {
        Err(unsupported("distributions over time"))
    }

    /// Returns its metric families.
    fn metrics(&self) -> io::Result<Vec<Family<'_>>> {
        Err(unsupported("metrics"))
    }
}

fn unsupported(view: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, format!("this result has no {view}"))
}
