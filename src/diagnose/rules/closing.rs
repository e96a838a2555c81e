//! Clients that a living server closes: its idle timeout, its limits, its other reasons.

use std::time::Duration;

use crate::{
    classify::{ErrorClass, Stage},
    diagnose::{
        argument::{Argument, Weight},
        facts::Facts,
    },
    event::SocketEnd,
};

/// The server checks each client's idle time once a second, in whole seconds (redis `src/server.c` clientsCron,
/// `src/timeout.c`), so it closes up to 2 s late; 1 s more to detect the loss.
const LATE: Duration = Duration::from_secs(3);

/// The shortest `timeout`.
const SHORTEST: Duration = Duration::from_secs(1);

/// Our last packet may have arrived this much earlier than its reply.
pub(crate) const EARLY: Duration = Duration::from_millis(200);

/// Probably closed by the server: it ended, and the same process is not known to list it.
pub(crate) fn closed_by_the_server(facts: &Facts<'_>) -> bool {
    let ended = facts.may_be_closed() || facts.ended(SocketEnd::Reset);
    ended && facts.lives() != Some(false) && facts.listed() != Some(true)
}

/// Rules out that a living server closed its client.
pub(crate) fn was_not_closed_by_the_server(facts: &Facts<'_>) -> Option<Argument> {
    let excludes = |why| Argument::new(Weight::Refutes, why);
    if facts.peek(Facts::gone) == Some(true) {
        return excludes("another server process answers");
    }
    match facts.closed_by_the_server()? {
        true => None,
        false if facts.was_open() => excludes("the server had not closed it"),
        false => excludes("the server still lists the connection"),
    }
}

/// On a direct path only the server's own kernel can have sent the FIN.
pub(crate) fn the_server_closed_it(facts: &Facts<'_>) -> Option<Argument> {
    let by_server = facts.closed() == Some(true) && facts.is_direct() && facts.listed() == Some(false);
    Argument::when(by_server, Weight::Refutes, "the server itself closed it (FIN): nothing is in between")
}

pub(crate) fn the_server_has_a_reason(facts: &Facts<'_>) -> Option<Argument> {
    if facts.was_open() || facts.listed() == Some(true) {
        return None;
    }
    let reason = facts.servers_reason()?;
    Argument::new(Weight::Weakens, format!("{reason} during the outage"))
}

/// The server's `timeout`, and a silence that fits it.
pub(crate) fn past_the_timeout(facts: &Facts<'_>) -> Option<(Duration, Duration)> {
    let quiet = facts.quiet().filter(|quiet| *quiet + EARLY >= SHORTEST)?;
    let timeout = facts.timeout().filter(|timeout| !timeout.is_zero())?;
    // While we were stopped, it may have been closed at any time.
    let late = || quiet <= timeout + LATE || was_our_silence(facts, quiet);
    let fits = quiet + EARLY >= timeout && !facts.circumstances().subscribed && late();
    (fits && closed_by_the_server(facts)).then_some((timeout, quiet))
}

/// A silence that fits the server's `timeout` speaks for the server.
pub(crate) fn at_the_servers_timeout(facts: &Facts<'_>) -> Option<Argument> {
    let (timeout, _) = past_the_timeout(facts)?;
    Argument::new(Weight::Weakens, format!("the server's own 'timeout' is {} s", timeout.as_secs()))
}

/// redis-doctor itself was late for most of a silence: stopped, or without CPU time.
pub(crate) fn was_our_silence(facts: &Facts<'_>, quiet: Duration) -> bool {
    facts.lag().is_some_and(|lag| lag * 5 >= quiet * 4)
}

/// The limits of a subscriber's output buffer, if the server closed the connection itself and counts no reason for it.
pub(crate) fn an_uncounted_limit(facts: &Facts<'_>) -> Option<String> {
    let after = facts.ours_after().filter(|after| after.output_buffer_disconnections.is_none())?;
    let forgotten = facts.listed() == Some(false) && facts.is_direct() && facts.circumstances().subscribed;
    let counted = facts.servers_reason().is_some();
    limit_of("pubsub", after.output_buffer_limit.as_deref()?).filter(|_| forgotten && !counted)
}

/// The limits of a class of clients in `client-output-buffer-limit`; `None` if there are none.
pub(crate) fn limit_of(class: &str, setting: &str) -> Option<String> {
    limits(class, setting).map(|limits| limits.join(" "))
}

/// The same as words: the hard limit and the soft limit in bytes, and the seconds of the soft one.
pub(crate) fn limits<'a>(class: &str, setting: &'a str) -> Option<[&'a str; 3]> {
    let mut words = setting.split_ascii_whitespace().skip_while(|word| *word != class).skip(1);
    let limits @ [hard, soft, _] = [words.next()?, words.next()?, words.next()?];
    (hard != "0" || soft != "0").then_some(limits)
}

/// Something else answers at the server's address.
pub(crate) fn refused_by_something_else(facts: &Facts<'_>) -> Option<Argument> {
    let refused = facts.was_refused() || facts.path_failed(&[ErrorClass::Reset], &[Stage::Tcp]).is_some();
    let why =
        "new connections were refused while the server stayed up: a proxy or load balancer is answering for the server";
    Argument::when(refused && !facts.silent() && facts.is_same_process(), Weight::Supports, why)
}

/// Behind a proxy, the FIN or RST may be the proxy's own, whatever the server counted for others.
pub(crate) fn a_proxy_may_have_closed_it(facts: &Facts<'_>) -> Option<Argument> {
    let proxy = facts.peek(Facts::direct) != Some(true);
    Argument::when(proxy, Weight::Qualifies, "a proxy in between may have closed it")
}
