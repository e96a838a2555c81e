//! The result of a search: the limit, its likely owner, and a safe keepalive.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Ending, Limit, Search, Silence, Suspect, suspects};
use crate::{
    clock::{OptionalSeconds, Seconds, WallTime},
    foreign::Foreign,
    plan::Keepalive,
    verdict::Verdict,
};

/// Version of the JSON form.
const SCHEMA_VERSION: u32 = 1;

/// Keepalives within the time of a limit: two may be lost.
const SIGNS: u32 = 3;

/// Longest period of a keepalive: a longer one saves nothing, and detects a dead peer late. Also Google's advice for
/// its VPC.
const RAREST: Duration = Duration::from_secs(60);

/// Unanswered keepalive probes that end the connection.
const PROBES: u32 = 3;

/// The outcome of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// No connection ended because of its silence.
    NoLimit,
    /// A limit was found.
    Limit,
    /// No connection survived any silence.
    Dead,
    /// The server could not be reached, or no connection could be opened.
    Unreachable,
    /// The search was interrupted before anything was known.
    Unknown,
}

/// The settings of the server, as it reports them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub(crate) struct ServerSummary {
    /// Product, version and role; null is not known.
    pub identity: Option<String>,
    /// Distinguishes one process from the next.
    #[serde(skip)]
    pub run_id: Option<Foreign>,
    /// `timeout`: idle time after which the server closes a client; 0 is never, null is not known.
    #[serde(with = "OptionalSeconds")]
    pub timeout: Option<Duration>,
    /// `tcp-keepalive`: time between its keepalive probes to an idle client; 0 is never, null is not known.
    #[serde(with = "OptionalSeconds")]
    pub tcp_keepalive: Option<Duration>,
    /// Reason why the two settings are not known.
    pub refused: Option<String>,
    /// Number of further clients that the server admits; null is not known.
    pub free_clients: Option<u64>,
    /// Error reply of the server if the ACL forbids PING to this user.
    #[serde(skip)]
    pub ping_refused: Option<String>,
}

/// Connections that could not be opened.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct RefusedConnections {
    /// Failure of the latest one.
    pub why: String,
    /// Number of connections.
    #[schemars(range(min = 1))]
    pub count: usize,
}

/// The advice about a limit.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Advice {
    /// Safe TCP keepalive; null if its period would have to be shorter than a second, or if it does not help.
    pub keepalive: Option<Keepalive>,
    /// Reason why TCP keepalive does not help.
    pub no_keepalive: Option<&'static str>,
    /// Safe time between two PINGs, regardless of the owner of the limit.
    #[serde(with = "Seconds")]
    pub ping_every: Duration,
}

/// The result of a search for the idle limit.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct IdleReport {
    /// Version of this JSON.
    #[schemars(extend("const" = SCHEMA_VERSION))]
    pub schema_version: u32,
    /// Version of redis-doctor.
    pub version: &'static str,
    /// Server as a URL without credentials.
    pub target: String,
    /// The flag or variable that named the server.
    pub named_by: String,
    /// Start of the search.
    pub started: WallTime,
    /// Duration of the search.
    #[serde(with = "Seconds")]
    pub lasted: Duration,
    /// True if a signal or the deadline ended the search early.
    pub interrupted: bool,
    /// Outcome of the search.
    pub outcome: Outcome,
    /// Silence that connections must survive; null if none was given.
    #[serde(with = "OptionalSeconds")]
    pub must_survive: Option<Duration>,
    /// Verdict; null if the search ended too early for one.
    pub verdict: Option<Verdict>,
    /// Idle limit; null if none was found.
    pub limit: Option<Limit>,
    /// Longest silence that was survived.
    #[serde(with = "Seconds")]
    pub survived: Duration,
    /// True if the limit is the server's own `timeout`.
    pub is_server_timeout: bool,
    /// Devices and services that may have this limit, the most likely first.
    pub suspects: Vec<Suspect>,
    /// Advice about the limit; null if there is none.
    pub advice: Option<Advice>,
    /// Settings of the server.
    pub server: ServerSummary,
    /// Reason why the server could not be reached; null if it was.
    pub failure: Option<String>,
    /// Connections that could not be opened; null if there were none.
    pub refused: Option<RefusedConnections>,
    /// Number of connections that ended although others survived much longer silences.
    pub strays: usize,
    /// Further remarks, one sentence each.
    pub notes: Vec<String>,
    /// Number of rounds.
    pub rounds: u32,
    /// Silences in the order of their ends.
    pub silences: Vec<Silence>,
}

/// The context of a search.
#[derive(Clone, Debug)]
pub(crate) struct SearchContext {
    /// The server as a URL without credentials.
    pub target: String,
    /// The flag or variable that named the server.
    pub named_by: String,
    /// Start of the search.
    pub started: WallTime,
    /// Duration of the search.
    pub lasted: Duration,
    /// True if a signal or the deadline ended it early.
    pub interrupted: bool,
    /// The server's settings, or why it could not be reached.
    pub server: Result<ServerSummary, String>,
    /// Connections that could not be opened.
    pub refused: Option<RefusedConnections>,
    /// The server process is not the one that was there at the start.
    pub restarted: bool,
    /// The silence that had to be survived.
    pub must_survive: Option<Duration>,
}

impl IdleReport {
    /// Creates the report of a search.
    pub(crate) fn new(search: &Search, context: SearchContext) -> Self {
        let SearchContext { target, named_by, started, lasted, interrupted, server, refused, restarted, must_survive } =
            context;
        let (server, failure) = match server {
            Ok(server) => (server, None),
            Err(failure) => (ServerSummary::default(), Some(failure)),
        };
        let limit = search.limit();
        let survived = search.survived();
        let timeout = server.timeout.filter(|timeout| !timeout.is_zero());
        let agrees = |limit: &Limit| timeout.is_some_and(|timeout| limit.agrees_with(timeout));
        let is_server_timeout = limit.as_ref().is_some_and(|limit| limit.ending == Ending::Closed && agrees(limit));
        let outcome = match &limit {
            _ if failure.is_some() || (search.silences().is_empty() && refused.is_some()) => Outcome::Unreachable,
            Some(limit) if limit.at_least.is_zero() && !interrupted => Outcome::Dead,
            Some(_) => Outcome::Limit,
            None if search.silences().iter().all(|silence| silence.ending != Ending::Answered) => Outcome::Unknown,
            None => Outcome::NoLimit,
        };
        let mut report = Self {
            schema_version: SCHEMA_VERSION,
            version: env!("CARGO_PKG_VERSION"),
            target,
            named_by,
            started,
            lasted,
            interrupted,
            outcome,
            must_survive,
            verdict: None,
            survived,
            is_server_timeout,
            suspects: limit.as_ref().map(suspects::suspects).unwrap_or_default(),
            advice: None,
            server,
            failure,
            refused,
            strays: search.strays(),
            notes: Vec::new(),
            rounds: search.rounds(),
            silences: search.silences().to_vec(),
            limit,
        };
        report.advice = report.limit.as_ref().and_then(|limit| report.advice_on(limit));
        report.notes = report.remarks(restarted);
        // Rungs are missing if their connections could not be opened or have not ended yet.
        let complete = survived >= search.longest();
        if outcome == Outcome::NoLimit && !complete && !interrupted {
            report.notes.push(format!("silences up to {} s could not be tested", search.longest().as_secs_f64()));
        }
        report.verdict = report.judged(complete);
        report
    }

    /// Returns true if the required silence was not survived; `None` if unknown.
    fn fell_short(&self, of: Duration) -> Option<bool> {
        match &self.limit {
            Some(limit) if limit.at_least < of => (limit.at_most <= of || !self.interrupted).then_some(true),
            _ => (self.survived >= of).then_some(false),
        }
    }

    /// Returns the verdict; a search that ended early does not pass.
    fn judged(&self, complete: bool) -> Option<Verdict> {
        let clean = if self.strays == 0 { Verdict::Healthy } else { Verdict::Degraded };
        match (self.outcome, self.must_survive) {
            (Outcome::Dead | Outcome::Unreachable, _) => Some(Verdict::Critical),
            (Outcome::Unknown, _) => None,
            (_, Some(must)) => self.fell_short(must).map(|short| if short { Verdict::Critical } else { clean }),
            (Outcome::NoLimit, None) if complete => Some(clean),
            (Outcome::NoLimit, None) if self.interrupted => None,
            (Outcome::NoLimit | Outcome::Limit, None) => Some(Verdict::Degraded),
        }
    }

    /// Returns the server's keepalive period, if enabled.
    fn server_keepalive(&self) -> Option<Duration> {
        self.server.tcp_keepalive.filter(|period| !period.is_zero())
    }

    fn advice_on(&self, limit: &Limit) -> Option<Advice> {
        if limit.at_least.is_zero() {
            return None;
        }
        // Redis closes late, never early.
        let own = self.server.timeout.filter(|_| self.is_server_timeout).unwrap_or(limit.at_least);
        let often = (limit.at_least.min(own) / SIGNS).min(RAREST);
        let outlived = self.server_keepalive().is_some_and(|period| period < limit.at_least);
        let no_keepalive = if self.is_server_timeout {
            Some("the server counts commands, not TCP keepalive probes")
        } else if limit.dated && limit.ending == Ending::Closed {
            Some("a device that closes with a FIN terminates TCP itself, and counts data, not keepalive probes")
        } else if outlived {
            Some("the server's own keepalive probes did not keep the connection alive either")
        } else if often < Duration::from_secs(1) {
            Some("its shortest period is one second")
        } else {
            None
        };
        let time = Duration::from_secs(often.as_secs());
        let interval = Duration::from_secs((time.as_secs() / 4).max(1));
        let keepalive = no_keepalive.is_none().then_some(Keepalive { time, interval, probes: PROBES });
        Some(Advice { keepalive, no_keepalive, ping_every: whole(often) })
    }

    fn remarks(&self, restarted: bool) -> Vec<String> {
        let mut notes = Vec::new();
        if restarted {
            notes.push(
                "the server process changed during the search: the restart ended the connections of that time"
                    .to_owned(),
            );
        }
        if self.strays > 0 {
            notes.push(format!(
                "{} died although longer silences were survived: not an idle limit (a failover, packet loss, or \
                 several paths with separate limits); `redis-doctor soak` watches for it",
                plural(self.strays, "connection")
            ));
        }
        let interrupted = self.silences.iter().filter(|silence| silence.ending == Ending::Interrupted).count();
        if interrupted > 0 {
            notes.push(format!("{} ended by data from the server and not counted", plural(interrupted, "silence")));
        }
        if self.outcome == Outcome::Unreachable {
            notes.push("`redis-doctor check` shows the stage that fails, and what to do about it".to_owned());
            return notes;
        }
        notes.extend(self.server.ping_refused.as_ref().map(|why| {
            format!("this user may not PING ({why}): HELLO is sent after each silence instead, which no ACL forbids")
        }));
        let seconds = |time: Duration| time.as_secs();
        match (self.server_keepalive(), &self.limit) {
            (Some(period), None) if period < self.survived => notes.push(format!(
                "the server's own keepalive refreshes the path every {} s: it hides a longer limit of a device that \
                 counts any TCP traffic, which is harmless while tcp-keepalive stays as it is",
                seconds(period)
            )),
            (Some(period), Some(limit)) if period < limit.at_least && !self.is_server_timeout => notes.push(format!(
                "the server's own keepalive probes, every {} s, do not refresh it: the device counts only data, or \
                 the probes do not reach it",
                seconds(period)
            )),
            (Some(period), Some(limit)) if period >= limit.at_most && !self.is_server_timeout => notes.push(format!(
                "the server's own keepalive probes are sent every {} s, too late for this limit",
                seconds(period)
            )),
            (None, _) if self.server.tcp_keepalive.is_none() => {
                let why = self.server.refused.as_deref().unwrap_or("not reported");
                notes.push(format!(
                    "the server's own tcp-keepalive is unknown ({why}); at its default of 300 s it refreshes the path \
                     and hides a longer limit"
                ));
            }
            _ => {}
        }
        notes
    }
}

/// Rounds down to whole seconds, or to tenths below a second.
fn whole(time: Duration) -> Duration {
    match time.as_secs() {
        0 => Duration::from_millis((time.as_millis() as u64 / 100).max(1) * 100),
        seconds => Duration::from_secs(seconds),
    }
}

fn plural(number: usize, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::idle::Steps;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn context(server: ServerSummary) -> SearchContext {
        SearchContext {
            target: "redis://cache".into(),
            named_by: "--uri".into(),
            started: WallTime::default(),
            lasted: s(1),
            interrupted: false,
            server: Ok(server),
            refused: None,
            restarted: false,
            must_survive: None,
        }
    }

    /// Creates a report on silences with the given ends, at a server with these settings.
    fn report(silences: &[(u64, Ending, bool)], timeout: Option<u64>, keepalive: Option<u64>) -> IdleReport {
        let planned = silences.iter().map(|(seconds, ..)| s(*seconds)).collect();
        let mut search = Search::new(&Steps::List(planned), s(1), None, None);
        search.next_round();
        for (seconds, ending, dated) in silences {
            let planned = s(*seconds);
            let silence = Silence { round: 1, planned, lasted: planned, ending: *ending, dated: *dated };
            search.ended(planned, Some(silence));
        }
        let server =
            ServerSummary { timeout: timeout.map(s), tcp_keepalive: keepalive.map(s), ..ServerSummary::default() };
        IdleReport::new(&search, context(server))
    }

    #[test]
    fn a_forgetful_box_gets_a_keepalive_of_at_most_a_minute() {
        use Ending::{Answered, Reset, Unanswered};
        for (at_least, expected) in [(346, (60, 15)), (60, (20, 5)), (4, (1, 1))] {
            let silences =
                [(at_least, Answered, false), (at_least + 5, Reset, false), (at_least + 9, Unanswered, false)];
            let report = report(&silences, Some(0), Some(0));
            let advice = report.advice.unwrap();
            let keepalive = advice.keepalive.unwrap();
            assert_eq!((keepalive.time, keepalive.interval), (s(expected.0), s(expected.1)));
            assert_eq!(advice.ping_every, s(expected.0));
        }
    }

    #[test]
    fn the_servers_own_timeout_is_distinguished_from_a_device() {
        let silences = [(1, Ending::Answered, false), (600, Ending::Closed, true)];
        let own = report(&silences, Some(600), Some(300));
        assert!(own.is_server_timeout && own.advice.as_ref().unwrap().keepalive.is_none());
        let other = report(&silences, Some(0), Some(0));
        assert!(!other.is_server_timeout);
        assert_eq!(other.suspects[0].id, "az-redis");
    }

    #[test]
    fn a_note_warns_when_the_servers_keepalive_hides_a_limit() {
        let survived = [(500, Ending::Answered, false)];
        let hidden = report(&survived, Some(0), Some(300));
        assert_eq!(hidden.outcome, Outcome::NoLimit);
        assert!(hidden.notes[0].contains("every 300 s: it hides a longer limit"), "{:?}", hidden.notes);
        assert_eq!(report(&survived, Some(0), Some(0)).notes, Vec::<String>::new());
        assert!(report(&survived, None, None).notes[0].contains("is unknown"));
        let late = report(&[(230, Ending::Answered, false), (240, Ending::Reset, false)], Some(0), Some(300));
        assert!(late.notes[0].contains("too late"), "{:?}", late.notes);
        let deaf = report(&[(590, Ending::Answered, false), (610, Ending::Unanswered, false)], Some(0), Some(300));
        assert!(deaf.notes[0].contains("do not refresh it"), "{:?}", deaf.notes);
        assert!(deaf.advice.unwrap().keepalive.is_none());
    }

    #[test]
    fn untested_silences_are_not_healthy() {
        let mut search = Search::new(&Steps::List(vec![s(1), s(9)]), s(1), None, None);
        search.next_round();
        let silence = Silence { round: 1, planned: s(1), lasted: s(1), ending: Ending::Answered, dated: false };
        search.ended(s(1), Some(silence));
        search.ended(s(9), None);
        let refused = Some(RefusedConnections { why: "max number of clients reached".into(), count: 1 });
        let report = IdleReport::new(&search, SearchContext { refused, ..context(ServerSummary::default()) });
        assert_eq!((report.outcome, report.verdict), (Outcome::NoLimit, Some(Verdict::Degraded)));
        assert!(report.notes.iter().any(|note| note == "silences up to 9 s could not be tested"), "{:?}", report.notes);
    }

    #[test]
    fn a_limit_below_three_seconds_needs_pings() {
        let report = report(&[(2, Ending::Answered, false), (3, Ending::Reset, false)], Some(0), Some(0));
        let advice = report.advice.unwrap();
        assert_eq!((advice.keepalive, advice.ping_every), (None, Duration::from_millis(600)));
    }

    #[test]
    fn a_path_without_survivors_has_no_limit() {
        let report = report(&[(1, Ending::Unanswered, false)], Some(0), Some(0));
        assert_eq!((report.outcome, report.advice), (Outcome::Dead, None));
    }
}
