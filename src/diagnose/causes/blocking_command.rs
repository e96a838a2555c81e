//! A blocking command held up everything behind it on the same connection.

use crate::diagnose::{
    Cause,
    argument::CauseDef,
    rules::{reasons, silence},
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD174",
    remedy: "give BLPOP, XREAD BLOCK, WAIT and other blocking commands a separate connection",
    rules: &[reasons::waits_in_a_blocking_command],
    objections: &[silence::we_were_late],
    exclusions: &[reasons::no_silence_of_the_server],
    refines: &[Cause::PathLost, Cause::ServerFrozen, Cause::SlowServer],
    ..CauseDef::EMPTY
};
