//! Size of the binary.

use super::Options;
use super::doctor;
use super::table::Row;

const MB: f64 = 1e6;

/// The release binary, with TLS.
pub(crate) fn binary(_: &Options) -> Vec<Row> {
    let bytes = std::fs::metadata(doctor::binary()).unwrap().len();
    vec![Row::at_most("release binary with TLS", bytes as f64 / MB, "MB", 12.0)]
}
