//! Clients that a living server closes: its idle timeout, its limits, its other reasons.

use std::time::Duration;

use crate::{
    diagnose::{
        argument::{Argument, Weight},
        facts::Facts,
    },
    event::SocketEnd,
};

/// The server checks each client's idle time once a second, in whole seconds (redis `src/server.c` clientsCron,
/// `src/timeout.c`), so it closes up to 2 s late; 1 s more to detect the loss.
const LATE: Duration = Duration::from_secs(3);

/// Our last packet may have arrived this much earlier than its reply.
pub(crate) const EARLY: Duration = Duration::from_millis(200);

/// Probably closed by the server: it ended, and the same process no longer lists it.
pub(crate) fn closed_by_the_server(facts: &Facts<'_>) -> bool {
    let ended = facts.may_be_closed() || facts.end() == Some(SocketEnd::Reset);
    ended && !facts.another_process() && facts.listed() != Some(true)
}

/// Rules out that a living server closed its client.
pub(crate) fn was_not_closed_by_the_server(facts: &Facts<'_>) -> Option<Argument> {
    let excludes = |why| Argument::new(Weight::Refutes, why);
    if facts.another_process() {
        return excludes("another server process answers");
    }
    if facts.listed() == Some(true) {
        return excludes("the server still lists the connection");
    }
    let open = matches!(facts.end(), Some(SocketEnd::TimedOut | SocketEnd::Local))
        || facts.is_stall()
        || facts.left_by_policy();
    if open { excludes("the server had not closed it") } else { None }
}

pub(crate) fn the_server_has_a_reason(facts: &Facts<'_>) -> Option<Argument> {
    let reason = facts.servers_reason().filter(|_| facts.listed() != Some(true))?;
    Argument::new(Weight::Weakens, format!("{reason} during the outage"))
}

/// The server's `timeout`, and a silence that fits it.
pub(crate) fn past_the_timeout(facts: &Facts<'_>) -> Option<(Duration, Duration)> {
    let timeout = facts.after()?.timeout.filter(|timeout| *timeout > 0).map(Duration::from_secs)?;
    let quiet = facts.quiet()?;
    let fits = quiet + EARLY >= timeout && quiet <= timeout + LATE && closed_by_the_server(facts);
    fits.then_some((timeout, quiet))
}

/// redis-doctor itself was late for most of a silence: stopped, or without CPU time.
pub(crate) fn was_our_silence(facts: &Facts<'_>, quiet: Duration) -> bool {
    facts.host().lag * 5 >= quiet * 4
}

/// The output-buffer limits of a subscriber that the server no longer lists without a counted reason; `None` if the
/// server counts closes over this limit.
pub(crate) fn an_uncounted_limit(facts: &Facts<'_>) -> Option<String> {
    let after = facts.after().filter(|after| after.output_buffer_disconnections.is_none())?;
    let forgotten = facts.listed() == Some(false) && facts.is_same_process() && facts.circumstances().subscribed;
    let left = forgotten && facts.server_did_nothing() && facts.is_direct();
    pubsub_limit(after.output_buffer_limit.as_deref()?).filter(|_| left)
}

/// The limits of subscribers in `client-output-buffer-limit`; `None` if there are none.
fn pubsub_limit(setting: &str) -> Option<String> {
    let mut words = setting.split_ascii_whitespace().skip_while(|word| *word != "pubsub").skip(1);
    let (hard, soft, seconds) = (words.next()?, words.next()?, words.next()?);
    (hard != "0" || soft != "0").then(|| format!("{hard} {soft} {seconds}"))
}
