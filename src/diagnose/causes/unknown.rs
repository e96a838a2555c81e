//! No other cause fits.

use crate::diagnose::argument::CauseDef;

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD018",
    remedy: "keep a --journal and capture packets (tcpdump) during the next outage: they show which end closed first, and how",
    ..CauseDef::EMPTY
};
