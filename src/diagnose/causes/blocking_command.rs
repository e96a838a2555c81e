//! A blocking command held up everything behind it on the same connection.

use crate::diagnose::{
    argument::CauseDef,
    rules::{reasons, silence},
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD174",
    remedy: "give BLPOP, XREAD BLOCK, WAIT and other blocking commands a separate connection",
    rules: &[reasons::waits_in_a_blocking_command, silence::we_were_late],
};
