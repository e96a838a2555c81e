//! CLIENT PAUSE held back the commands of all clients.

use crate::diagnose::{
    Cause,
    argument::CauseDef,
    rules::{process, reasons, silence},
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD173",
    remedy: "find what calls CLIENT PAUSE (a failover tool, an upgrade script) and let clients wait longer than it pauses",
    rules: &[reasons::pause_was_called, reasons::held_by_a_pause],
    objections: &[process::was_replaced, silence::we_were_late],
    exclusions: &[reasons::no_silence_of_the_server],
    refines: &[Cause::PathLost, Cause::ServerFrozen, Cause::SlowServer],
    ..CauseDef::EMPTY
};
