//! No other cause fits.

use crate::diagnose::argument::CauseDef;

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD018",
    remedy: "keep a --journal over the next one, and capture its packets (tcpdump): they show who closed first, and how",
    rules: &[],
};
