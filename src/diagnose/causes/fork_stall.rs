//! fork() for a snapshot or a rewrite stopped the server.

use crate::diagnose::{
    Cause,
    argument::CauseDef,
    rules::{process, reasons, silence},
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD172",
    remedy: "make fork() cheaper: turn off transparent huge pages, give the server less memory, take snapshots on a replica",
    rules: &[reasons::forked, reasons::fork_event],
    objections: &[process::was_replaced, silence::we_were_late],
    exclusions: &[reasons::no_silence_of_the_server],
    refines: &[Cause::ServerFrozen, Cause::SlowServer],
    ..CauseDef::EMPTY
};
