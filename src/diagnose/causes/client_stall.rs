//! This machine or redis-doctor itself was late, not the server.

use std::time::Duration;

use crate::{
    diagnose::{
        argument::{Argument, CauseDef, Weight},
        facts::Facts,
        rules::{closing, process, silence},
    },
    units::seconds,
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD016",
    remedy: "give this machine more CPU time and keep it from sleeping: the server is not the cause",
    rules: &[we_slept, silence::we_were_stalled, we_were_stopped_past_the_timeout],
    objections: &[process::was_replaced],
    exclusions: &[silence::we_ran],
    ..CauseDef::EMPTY
};

fn we_slept(facts: &Facts<'_>) -> Option<Argument> {
    let slept = facts.suspended().filter(|slept| *slept >= Duration::from_secs(1))?;
    Argument::new(Weight::Supports, format!("this machine slept for {} during the outage", seconds(slept)))
}

fn we_were_stopped_past_the_timeout(facts: &Facts<'_>) -> Option<Argument> {
    let (timeout, quiet) =
        closing::past_the_timeout(facts).filter(|(_, quiet)| closing::was_our_silence(facts, *quiet))?;
    let (lag, timeout) = (seconds(facts.lag()?), timeout.as_secs());
    let why = format!(
        "redis-doctor itself was paused for {lag} of the {} of silence; the server's 'timeout' is {timeout} s",
        seconds(quiet)
    );
    Argument::new(Weight::Supports, why)
}
