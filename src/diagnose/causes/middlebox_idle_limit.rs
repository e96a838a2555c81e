//! Something between client and server drops connections that are idle too long.

use crate::{
    diagnose::{
        argument::{Argument, CauseDef, Weight},
        facts::Facts,
        rules::{closing, pause, process},
    },
    event::SocketEnd,
    middlebox::{IDLE_LIMITS, IdleLimit},
    units::seconds,
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD012",
    remedy: "send keepalive or PING well within the limit, or raise the limit",
    rules: &[
        known_limit,
        pause::first_packet_after_a_pause_was_refused,
        pause::first_packet_after_a_pause_was_lost,
        same_pause_each_time,
    ],
    objections: &[
        pause::survived_such_pauses,
        others_may_have_sent,
        process::was_replaced,
        closing::the_server_has_a_reason,
        closing::at_the_servers_timeout,
    ],
    exclusions: &[was_in_use, closing::the_server_closed_it],
    ..CauseDef::EMPTY
};

/// Losses after the same pause that make a pattern.
const PATTERN: usize = 3;

/// It ended or fell silent like a flow that a middlebox has forgotten.
fn forgotten(facts: &Facts<'_>) -> bool {
    let end = matches!(facts.end(), Some(SocketEnd::Reset | SocketEnd::TimedOut | SocketEnd::Gone));
    end || facts.listed() == Some(true) || facts.others_were_served()
}

/// A proxy closes in order; what only forwards packets cannot.
fn known_limit(facts: &Facts<'_>) -> Option<Argument> {
    let quiet = pause::length(facts)?;
    let closed = facts.may_be_closed() && !forgotten(facts);
    let near = |limit: &&IdleLimit| limit.ends(quiet) && limit.only_closes() == closed;
    let limit = IDLE_LIMITS.iter().find(near)?.seconds;
    let same = IDLE_LIMITS.iter().filter(near).filter(|other| other.seconds == limit);
    let whose = same.map(|other| other.name).collect::<Vec<_>>().join(", ");
    let by_a_proxy = closed && !facts.is_direct() && facts.is_same_process() && facts.server_did_nothing();
    let weight = if forgotten(facts) || by_a_proxy { Weight::Supports } else { Weight::Suggests };
    let why = format!("it ended after {} of silence; {limit} s is the limit of {whose}", seconds(quiet));
    Argument::when(forgotten(facts) || closed, weight, why)
}

fn same_pause_each_time(facts: &Facts<'_>) -> Option<Argument> {
    let quiet = pause::length(facts)?;
    // After a planned pause every loss is detected then, so only connections that died after their first pause count.
    let by_plan = facts.pause().is_some_and(|pause| quiet.abs_diff(pause) <= pause / 5);
    let alike = facts.alike();
    let telling = alike + 1 >= PATTERN && (!by_plan || facts.circumstances().up <= quiet * 2);
    let weight = if forgotten(facts) { Weight::Supports } else { Weight::Suggests };
    let why = format!("losses at {alike} other times in this run followed the same {} of silence", seconds(quiet));
    Argument::when(telling, weight, why)
}

fn was_in_use(facts: &Facts<'_>) -> Option<Argument> {
    Argument::when(facts.in_use(), Weight::Refutes, "it was in use when it was lost")
}

fn others_may_have_sent(facts: &Facts<'_>) -> Option<Argument> {
    let guessed = facts.quiet_is_guessed();
    Argument::when(guessed, Weight::Qualifies, "messages from other publishers may have arrived during that time")
}
