//! Judgment of the round trips: their length, whose time it is, and whether large replies arrive.

use std::time::Duration;

use super::{
    Mark, Sheet, connection,
    finding::{self, CheckFinding},
    survey::{LargeReply, SurveyCommand},
};
use crate::{
    classify::Stage,
    dial::Attempt,
    plan::Range,
    report::MTU,
    units::{millis, span, span_range},
    verdict::Severity,
};

/// A median PING above this is slow, unless the user sets a threshold.
const SLOW: Duration = Duration::from_millis(200);

/// A median of which this much is not the path's is slow.
const SLOW_SERVER: Duration = Duration::from_millis(50);

/// A single PING that waited this much longer than the path takes has met a stall.
const STALL: Duration = Duration::from_millis(250);

pub(super) fn judge(sheet: &mut Sheet<'_>, attempt: &Attempt) {
    match sheet.facts.refusal(SurveyCommand::Ping) {
        Some(refused) => no_ping(sheet, &refused.why),
        None => ping(sheet, attempt),
    }
    large(sheet);
}

/// The round trips in figures.
struct Replies {
    middle: Duration,
    most: Duration,
    /// The path's share: TCP's measurement, or else the time of the TCP handshake, which the kernel answers.
    path: Option<Duration>,
    own_lag: Duration,
}

/// A finding about the round trips: its severity, text, and the limit that was exceeded.
type Tripped = Option<(Severity, String)>;

fn ping(sheet: &mut Sheet<'_>, attempt: &Attempt) {
    let facts = sheet.facts;
    let (least, most) = (facts.pings.times.iter().min(), facts.pings.times.iter().max());
    let (Some(least), Some(middle), Some(most)) = (least, facts.ping(), most) else {
        return sheet.line("ping", Mark::Bad, "no reply");
    };
    let path = facts.pings.rtt.or(connection::took(attempt, Stage::Tcp));
    let replies = Replies { middle, most: *most, path, own_lag: facts.pings.own_lag };
    let tripped = replies.beyond(sheet.subject.critical, sheet.subject.warning);
    let mut mark = Mark::Ok;
    if let Some((severity, text)) = tripped {
        let (evidence, remedy) = replies.whose();
        let finding = CheckFinding::new(severity, finding::SLOW, text);
        mark = sheet.finding(finding.evidence(evidence).remedy(remedy));
    }
    let text = format!("median of {} ({})", facts.pings.times.len(), span_range(*least, *most));
    sheet.timed("ping", mark, Some(middle), text);
}

impl Replies {
    /// Compares with the user's thresholds, or else with our own.
    fn beyond(&self, critical: Option<Range>, warning: Option<Range>) -> Tripped {
        let value = self.middle.as_secs_f64() * 1e3;
        let median = |limit: String| format!("PING takes {} ({limit})", millis(self.middle));
        let trips = |range: Option<Range>| range.filter(|range| range.alerts(value));
        match (trips(critical), trips(warning)) {
            (Some(range), _) => return Some((Severity::Critical, median(format!("--critical {range}")))),
            (None, Some(range)) => return Some((Severity::Warning, median(format!("--warning {range}")))),
            (None, None) if critical.is_some() || warning.is_some() => return None,
            (None, None) => {}
        }
        if self.middle > SLOW {
            return Some((Severity::Warning, median(format!("more than {}", millis(SLOW)))));
        }
        let beyond_path = |time: Duration| self.path.map(|path| time.saturating_sub(path));
        let (median_beyond, most_beyond) = (beyond_path(self.middle)?, beyond_path(self.most)?);
        // Not if our own delay may explain it.
        let text = if most_beyond > STALL && self.own_lag * 4 < most_beyond {
            format!("one PING took {}, the median {}", span(self.most), span(self.middle))
        } else if median_beyond > SLOW_SERVER && self.own_lag * 4 < median_beyond {
            median(format!("the path takes {}", span(self.path?)))
        } else {
            return None;
        };
        Some((Severity::Warning, text))
    }

    /// Returns the evidence about whose time it is, and the remedy.
    fn whose(&self) -> (String, &'static str) {
        let Some(path) = self.path else { return (String::new(), "see SLOWLOG GET on the server, and its load") };
        let evidence = format!("the path alone takes {} (measured by TCP)", span(path));
        let slow_path = path * 2 > self.middle && self.most < self.middle + STALL;
        let remedy = if slow_path {
            "the path is slow, not the server: its kernel is no faster than its process; move client and server \
             closer together, or expect this time for every command that waits for its reply"
        } else {
            "the server is slow, not the path: its kernel answers faster than its process; see the line 'slow', \
             SLOWLOG GET and LATENCY DOCTOR on the server, and the load of its machine"
        };
        (evidence, remedy)
    }
}

/// Adds the finding of a user who may not PING. With a threshold for PING, the missing time counts as a violation.
fn no_ping(sheet: &mut Sheet<'_>, why: &str) {
    let severity = match (sheet.subject.critical, sheet.subject.warning) {
        (Some(_), _) => Severity::Critical,
        (None, Some(_)) => Severity::Warning,
        (None, None) => Severity::Info,
    };
    let user = sheet.subject.target.user.as_deref().unwrap_or("default").to_owned();
    let finding = CheckFinding::new(severity, finding::AUTHENTICATION, format!("user {user} may not PING"));
    let remedy = format!("allow it for clients that use it as a heartbeat: ACL SETUSER {user} +ping");
    sheet.finding(finding.evidence(why).remedy(remedy));
    sheet.line("ping", Mark::NotAvailable, "PING is not permitted");
}

fn large(sheet: &mut Sheet<'_>) {
    match &sheet.facts.large {
        Some(LargeReply::Arrived { took }) => {
            sheet.timed("large", Mark::Ok, Some(*took), "a reply of 4 KiB arrives");
        }
        Some(LargeReply::Lost { what }) => {
            let text = "large packets are lost on the path, short ones arrive (an MTU black hole)";
            let finding = CheckFinding::new(Severity::Critical, finding::MTU_BLACK_HOLE, text).evidence(what);
            let mark = sheet.finding(finding.remedy(MTU));
            sheet.line("large", mark, what);
        }
        None => sheet.line("large", Mark::NotAvailable, "not tested"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replies(middle: u64, most: u64, path: u64, own_lag: u64) -> Replies {
        let [middle, most, path, own_lag] = [middle, most, path, own_lag].map(Duration::from_millis);
        Replies { middle, most, path: Some(path), own_lag }
    }

    #[test]
    fn a_round_trip_is_compared_with_the_paths() {
        let server = "the server is slow";
        for (replies, text, remedy) in [
            (replies(1, 2, 1, 0), None, ""),
            (replies(190, 195, 180, 0), None, ""),
            (replies(250, 260, 240, 0), Some("PING takes 250 ms (more than 200 ms)"), "the path is slow"),
            (replies(250, 260, 1, 0), Some("PING takes 250 ms (more than 200 ms)"), server),
            (replies(80, 90, 1, 0), Some("PING takes 80.0 ms (the path takes 1 ms)"), server),
            (replies(80, 90, 60, 0), None, ""),
            (replies(1, 600, 1, 0), Some("one PING took 600 ms, the median 1 ms"), server),
            (replies(1, 600, 1, 300), None, "our own stop"),
            (replies(80, 90, 1, 40), None, "our own stop"),
        ] {
            let tripped = replies.beyond(None, None);
            assert_eq!(tripped.as_ref().map(|(_, text)| text.as_str()), text);
            assert!(text.is_none() || replies.whose().1.starts_with(remedy), "{tripped:?} {:?}", replies.whose());
        }
        let unknown = Replies { path: None, ..replies(100, 900, 0, 0) };
        assert_eq!(unknown.beyond(None, None), None, "without the path's time there is no comparison");
    }

    #[test]
    fn thresholds_of_the_user_replace_our_own() {
        let range = |text: &str| Some(text.parse().unwrap());
        assert_eq!(replies(250, 900, 1, 0).beyond(None, range("300")), None);
        assert_eq!(replies(250, 900, 1, 0).beyond(range("200"), None).unwrap().0, Severity::Critical);
    }
}
