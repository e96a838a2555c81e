//! The network between client and server was slow.

use std::time::Duration;

use crate::{
    diagnose::{
        argument::{Argument, CauseDef, Weight},
        facts::Facts,
        rules::{silence, wait},
    },
    units::{count, millis},
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD176",
    remedy: "find the slow link (ping, mtr), move the client closer to the server, or send fewer and larger requests",
    rules: &[round_trips_were_slow, segments_were_sent_again, a_relay_may_be_slow],
    objections: &[silence::we_were_late],
    exclusions: &[wait::is_no_slow_stretch],
    refines: &[],
    ..CauseDef::EMPTY
};

/// A smoothed round trip below this may be a delayed acknowledgment of a server that does not answer (Linux delays one
/// by at least 40 ms).
const OF_THE_PATH: Duration = Duration::from_millis(60);

fn round_trips_were_slow(facts: &Facts<'_>) -> Option<Argument> {
    let tcp = wait::figures(facts).filter(|tcp| tcp.rtt >= OF_THE_PATH && tcp.rtt * 2 >= wait::typical(facts))?;
    let rtt = millis(tcp.rtt);
    let why = match tcp.min_rtt.filter(|least| *least * 3 <= tcp.rtt) {
        Some(least) => format!("TCP's own round trip rose from {} to {rtt}", millis(least)),
        None => format!("TCP's own round trip takes {rtt}"),
    };
    Argument::new(Weight::Supports, why)
}

fn segments_were_sent_again(facts: &Facts<'_>) -> Option<Argument> {
    let again = wait::figures(facts)?.total_retransmits;
    let slow = facts.slowness().map_or(0, |slowness| slowness.replies);
    // The count is that of the connection's whole life.
    let weight = if u64::from(again) * 2 >= slow && slow > 0 { Weight::Supports } else { Weight::Suggests };
    let why = format!("packets were lost: {} on this connection", count(again.into(), "retransmission"));
    Argument::when(again > 0, weight, why)
}

fn a_relay_may_be_slow(facts: &Facts<'_>) -> Option<Argument> {
    let relayed = wait::is_slow(facts) && facts.direct() == Some(false);
    let why = "a NAT or proxy is in between: what lies behind it may be slow";
    Argument::when(relayed, Weight::Suggests, why)
}
