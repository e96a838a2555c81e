//! The pages that a scraper gets, in the format that it accepts.

use std::io;

use super::{document::Document, formats, protobuf, views::Family};
use crate::output::Exposition;

/// Writes the metrics of a result.
///
/// # Errors
/// [`io::ErrorKind::Unsupported`] if the result has none.
pub(crate) fn page<D: Document + ?Sized>(document: &D, exposition: Exposition) -> io::Result<Vec<u8>> {
    Ok(exposed(&document.metrics()?, exposition))
}

/// Writes these families.
pub(super) fn exposed(families: &[Family<'_>], exposition: Exposition) -> Vec<u8> {
    let mut out = Vec::new();
    // Writing into memory cannot fail.
    let _ = match exposition {
        Exposition::OpenMetrics => formats::openmetrics(families, &mut out),
        Exposition::Text => formats::prometheus(families, &mut out),
        Exposition::Protobuf => {
            protobuf::families(families, &mut out);
            Ok(())
        }
    };
    out
}
