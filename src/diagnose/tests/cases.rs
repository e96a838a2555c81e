//! The table of outages and their expected causes. Outages that can be confused are next to each other, as are the same
//! outages with evidence missing.

mod limits;
mod network;
mod reasons;
mod server;

use super::fixture::Scene;
use crate::{
    classify::{ErrorClass, Failure, Stage},
    diagnose::{Cause, Confidence},
};

/// A name, the expected cause and confidence, and the change to the scene.
pub(super) type Row = (&'static str, Cause, Confidence, fn(&mut Scene));

pub(super) fn cases() -> Vec<Row> {
    [server::CASES, limits::CASES, network::CASES, reasons::CASES].concat()
}

fn oversized() -> Option<Failure> {
    Some(Failure::doctor(ErrorClass::ReplyTooLarge, Stage::Command, "a reply takes more than 64 MiB"))
}

fn garbage() -> Option<Failure> {
    Some(Failure::doctor(ErrorClass::ProtocolGarbage, Stage::Command, "Parse error at 1"))
}
