//! The report of a run in every format.

mod cluster;
mod course;
mod failovers;
mod incidents;
mod metrics;
mod overview;
mod plugin;
mod rows;
mod tables;
mod targets;
mod text;
mod vantage;

use std::io::{self, Write};

use serde::Serialize;

pub(super) use failovers::steps;
pub(super) use tables::value_of;
pub(super) use vantage::lines as vantage_lines;

use super::{
    Style,
    document::Document,
    html::{self, Page},
    views::{Family, Overview, PluginLine, Records, Table},
};
use crate::{
    output::Rows,
    report::{Log, Percentiles, Report},
};

impl Document for Report {
    fn root(&self) -> impl Serialize {
        self
    }

    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        text::write(self, style, out)
    }

    /// The report without its lists as `summary`, then each entry of each list.
    fn records(&self, records: &mut Records<'_>) -> io::Result<()> {
        records.summary(self)?;
        records.each("run", &self.runs)?;
        records.each("incident", &self.incidents.rows)?;
        records.each("vantage_incident", self.vantage.as_ref().map_or(&[][..], |vantage| &vantage.rows))?;
        records.each("fault", &self.faults)?;
        records.each("outage", &self.outages.rows)?;
        records.each("connection", &self.connections)?;
        records.each("interval", &self.intervals)?;
        records.each("regularity", &self.regularities)?;
        records.each("slow_stretch", &self.slow.rows)?;
        records.each("refusal", &self.refusals.rows)?;
        records.each("error", &self.errors)?;
        records.each("state", &self.states)?;
        records.each("gate", &self.gates)?;
        records.each("finding", &self.findings)?;
        if let Some(application) = &self.application {
            records.without_lists("application", application)?;
            records.each("client", &application.clients)?;
            records.each("role", &application.roles)?;
            records.each("ran_twice", &application.ran_twice)?;
            records.each("element_lost", &application.elements_lost)?;
            records.each("lock_orphaned", &application.locks_orphaned)?;
        }
        records.each("note", &self.notes)
    }

    fn rows(&self, of: Rows) -> io::Result<Table> {
        rows::table(self, of)
    }

    fn overview(&self, style: Style) -> io::Result<Overview> {
        Ok(overview::of(self, style))
    }

    fn plugin_line(&self) -> io::Result<PluginLine> {
        Ok(plugin::line(self))
    }

    fn page(&self) -> io::Result<Page> {
        Ok(html::of_report(self))
    }

    fn percentiles(&self) -> io::Result<Percentiles> {
        Ok(self.percentiles())
    }

    fn log(&self) -> io::Result<Log> {
        Ok(self.log())
    }

    fn metrics(&self) -> io::Result<Vec<Family<'_>>> {
        Ok(metrics::families(self))
    }
}
