//! The output formats, as the command line names them and [`crate::render`] writes them.

/// A format of the report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON document.
    Json,
    /// One JSON object a line, each with its `type`.
    Ndjson,
    /// `name,value`, the names being those of the JSON document.
    Csv,
    /// OpenMetrics text, for Prometheus and its kin.
    Openmetrics,
    /// One line with performance data, for Nagios and its kin.
    Nagios,
}
