//! The prognosis of a lost connection: its state, and the chance that the client reconnects on its own. Pure.

use std::time::Duration;

use super::request::WaitingFailure;
use crate::{classify::ErrorClass, clock::Stamp, dial::Health, event::ClientState, plan::ReconnectPolicy};

/// An error returned sooner than this was stored in the library and is not the result of a new attempt.
const STORED_ERROR: Duration = Duration::from_millis(5);

/// Safety margin on top of the computed end of the reconnect cycle.
const MARGIN: Duration = Duration::from_secs(1);

/// The facts about a lost connection.
pub(super) struct Situation<'a> {
    pub(super) policy: &'a ReconnectPolicy,
    pub(super) lost_at: Stamp,
    pub(super) now: Stamp,
    pub(super) health: &'a Health,
    /// The latest error that the library returned to a waiting command.
    pub(super) waiting: Option<&'a WaitingFailure>,
    /// Commands may be sent; a plain subscriber sends none.
    pub(super) may_send: bool,
}

/// A state and the evidence for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Prognosis {
    pub(super) state: ClientState,
    pub(super) why: String,
    /// The client cannot leave the state on its own.
    pub(super) hopeless: bool,
}

/// Returns the state of a lost connection, if the evidence suffices.
pub(super) fn prognosis(situation: &Situation<'_>) -> Option<Prognosis> {
    let policy = situation.policy;
    if !policy.managed {
        let why = "this client never reconnects: from now on every command fails unsent".into();
        return Some(Prognosis { state: ClientState::Dead, why, hopeless: true });
    }
    // An unlimited budget is never exhausted.
    policy.retries?;
    match situation.waiting {
        Some(failed) => after_error(situation, failed),
        None if !situation.may_send => after_silence(situation),
        None => None,
    }
}

/// The state after an error: a finite budget is exhausted, or the error is left over from an earlier attempt.
fn after_error(situation: &Situation<'_>, failed: &WaitingFailure) -> Option<Prognosis> {
    let path_was_healthy = situation.health.healthy_since.is_some_and(|since| since <= failed.launched);
    let stored = failed.at.since(failed.launched) < STORED_ERROR;
    let text = &failed.failure;
    match (failed.wedges, path_was_healthy && stored) {
        (true, true) => Some(Prognosis {
            state: ClientState::Wedged,
            why: format!("the server is healthy, but every command fails with the error of the last attempt: {text}"),
            hopeless: true,
        }),
        (false, true) => Some(Prognosis {
            state: ClientState::StaleError,
            why: format!("a command failed with an old error, although the server was healthy again: {text}"),
            hopeless: false,
        }),
        // While the path fails, too, a wedging error may still be current; the next command decides.
        (true, false) => None,
        (false, false) if failed.failure.key.class.is_timeout() => None,
        // The library returns an error only when its budget is exhausted. An earlier one is left over from the dead
        // connection: redis-rs does not recognize every loss as one (a kernel timeout, for example).
        (false, false) if failed.at < cycle_end(situation) => None,
        (false, false) => Some(Prognosis {
            state: ClientState::Exhausted,
            why: format!("{}; the next command starts another cycle (last error: {text})", exhausted(situation.policy)),
            hopeless: false,
        }),
    }
}

/// The state without any command, in which the library never reports an exhausted budget: its end is computed.
fn after_silence(situation: &Situation<'_>) -> Option<Prognosis> {
    let healthy = situation.health.healthy_since?;
    let attempts = u32::try_from(situation.policy.retry_budget()).unwrap_or(u32::MAX).saturating_add(1);
    let attempt = situation.health.slowest_failure.min(situation.policy.connect_timeout);
    let end = cycle_end(situation).after(attempt * attempts + MARGIN);
    let over = situation.now > end && situation.now > healthy.after(MARGIN);
    over.then(|| Prognosis {
        state: ClientState::Exhausted,
        why: format!(
            "{}, and a client that only subscribes sends no command to restart it",
            exhausted(situation.policy)
        ),
        hopeless: true,
    })
}

/// Returns the end of the cycle if every attempt fails immediately: the delays are known.
fn cycle_end(situation: &Situation<'_>) -> Stamp {
    situation.lost_at.after(situation.policy.delays().sum())
}

fn exhausted(policy: &ReconnectPolicy) -> String {
    format!("the retry budget of {} is exhausted", policy.retries.unwrap_or_default())
}

/// Returns the server's real refusal, which redis-rs hides behind "broken pipe": it waits for three replies and gets
/// one.
pub(super) fn masked(health: &Health) -> Option<String> {
    let (class, text) = health.failure.as_ref()?;
    matches!(class, ErrorClass::MaxClients | ErrorClass::ProtectedMode)
        .then(|| format!("the server's reply is '{text}', but redis-rs reports 'broken pipe'"))
}

/// Describes what a client that still reconnects is up against, as far as the path probe knows.
pub(super) fn retrying(health: &Health) -> String {
    let path = match (&health.failure, health.healthy_since, health.checked) {
        (Some((_, text)), _, _) => text,
        (None, Some(_), _) => "the server answers new connections",
        (None, None, Some(_)) => "the server answers new connections, but late",
        (None, None, None) => "no path probe has finished yet",
    };
    format!("still reconnecting: {path}")
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::{
        classify::{Failure, Stage},
        plan::PolicyName,
    };

    fn at(ms: u64) -> Stamp {
        Stamp::from_nanos(ms * 1_000_000)
    }

    fn healthy_since(ms: u64) -> Health {
        Health { checked: Some(at(ms)), healthy_since: Some(at(ms)), ..Health::default() }
    }

    fn refused(launched: u64, done: u64) -> WaitingFailure {
        let failure = Failure::io(Stage::WaitingForReconnect, &io::Error::from_raw_os_error(111));
        WaitingFailure { launched: at(launched), at: at(done), failure, wedges: false }
    }

    fn wrong_password(launched: u64, done: u64) -> WaitingFailure {
        let failure = Failure::server(Stage::WaitingForReconnect, "WRONGPASS invalid username-password pair");
        WaitingFailure { launched: at(launched), at: at(done), failure, wedges: true }
    }

    fn state(
        policy: PolicyName,
        now: u64,
        health: &Health,
        waiting: Option<&WaitingFailure>,
        may_send: bool,
    ) -> Option<(ClientState, bool)> {
        let policy = ReconnectPolicy::preset(policy);
        let situation = Situation { policy: &policy, lost_at: at(0), now: at(now), health, waiting, may_send };
        prognosis(&situation).map(|prognosis| (prognosis.state, prognosis.hopeless))
    }

    #[test]
    fn each_policy_has_its_own_failure_states() {
        use ClientState::*;
        use PolicyName::*;
        let failing = Health::default();
        let healthy = healthy_since(12_000);
        assert_eq!(state(Bare, 1, &failing, None, true), Some((Dead, true)));
        assert_eq!(state(Library, 9_000, &failing, None, true), None);
        assert_eq!(state(Library, 9_500, &failing, Some(&refused(1, 9_443)), true), Some((Exhausted, false)));
        assert_eq!(state(Library, 100, &failing, Some(&refused(1, 2)), true), None, "the dead connection's own error");
        assert_eq!(state(Library, 12_501, &healthy, Some(&refused(12_500, 12_501)), true), Some((StaleError, false)));
        assert_eq!(state(Library, 12_501, &healthy, Some(&wrong_password(12_500, 12_501)), true), Some((Wedged, true)));
        assert_eq!(state(Library, 9_500, &failing, Some(&wrong_password(1, 9_443)), true), None);
        assert_eq!(state(Hardened, 60_000, &healthy, None, true), None);
    }

    #[test]
    fn a_silent_subscriber_is_exhausted_after_the_computed_end_of_its_budget() {
        use PolicyName::Library;
        assert_eq!(state(Library, 10_000, &healthy_since(8_000), None, false), None);
        assert_eq!(state(Library, 11_000, &healthy_since(8_000), None, false), Some((ClientState::Exhausted, true)));
        assert_eq!(state(Library, 60_000, &Health::default(), None, false), None);
        let slow = Health { slowest_failure: Duration::from_secs(3), ..healthy_since(8_000) };
        assert_eq!(state(Library, 15_000, &slow, None, false), None, "attempts of 1 s each prolong the cycle");
        assert_eq!(state(Library, 18_000, &slow, None, false), Some((ClientState::Exhausted, true)));
    }

    #[test]
    fn a_server_answers_only_if_a_path_probe_has_seen_it() {
        let none = Health::default();
        assert_eq!(retrying(&none), "still reconnecting: no path probe has finished yet");
        let late = Health { checked: Some(at(1)), ..Health::default() };
        assert_eq!(retrying(&late), "still reconnecting: the server answers new connections, but late");
        let healthy = Health { checked: Some(at(1)), healthy_since: Some(at(1)), ..Health::default() };
        assert_eq!(retrying(&healthy), "still reconnecting: the server answers new connections");
        let refused = Health { failure: Some((ErrorClass::Refused, "connection refused".into())), ..healthy };
        assert_eq!(retrying(&refused), "still reconnecting: connection refused");
    }
}
