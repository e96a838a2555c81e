//! The server waited for its disk.

use crate::diagnose::{
    Cause,
    argument::CauseDef,
    rules::{process, reasons, silence},
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD171",
    remedy: "move the append-only file to a faster disk that nothing else writes to, and see appendfsync and no-appendfsync-on-rewrite",
    rules: &[reasons::fsync_was_delayed, reasons::disk_event],
    objections: &[process::was_replaced, silence::we_were_late],
    exclusions: &[reasons::no_silence_of_the_server],
    refines: &[Cause::ServerFrozen, Cause::SlowServer],
    ..CauseDef::EMPTY
};
