//! Failures that go on: the first of a kind has a line, those after it are counted until there are no more.

use std::{collections::HashMap, time::Duration};

use crate::{
    classify::FailureKey,
    clock::Stamp,
    event::{CommandFailed, Event, PathProbed},
    foreign::Foreign,
    render::{Times, event_line, units::span},
};

/// Time without another failure after which a streak is over. Failures are reported once a second.
const OVER: Duration = Duration::from_millis(2500);

/// Maximum number of streaks; the kinds of failures of many targets may be more.
const STREAKS: usize = 1_000;

/// The streaks of a run.
#[derive(Debug, Default)]
pub(super) struct Streaks {
    open: Vec<Streak>,
    /// Kind of the latest failure of the path to a target.
    path: HashMap<Option<Foreign>, FailureKey>,
}

#[derive(Debug)]
struct Streak {
    /// The latest event.
    last: Event,
    /// Failures without a line.
    more: CommandFailed,
}

impl Streaks {
    /// Returns true if a failure continues a streak, which counts it.
    pub(super) fn continues(&mut self, event: &Event, failed: &CommandFailed) -> bool {
        let same = |streak: &&mut Streak| streak.more.key == failed.key && streak.last.target == event.target;
        if let Some(Streak { last, more }) = self.open.iter_mut().find(same) {
            let first = if more.count == 0 { failed.first } else { more.first };
            if more.count == 0 {
                more.text.clone_from(&failed.text);
            }
            let (count, ambiguous) = (more.count.saturating_add(failed.count), more.ambiguous + failed.ambiguous);
            *more = CommandFailed { count, ambiguous, first, last: failed.last, ..more.clone() };
            *last = event.clone();
            return true;
        }
        if self.open.len() < STREAKS {
            let more = CommandFailed { count: 0, ambiguous: 0, ..failed.clone() };
            self.open.push(Streak { last: event.clone(), more });
        }
        false
    }

    /// Returns true if the path still fails as it did.
    pub(super) fn path_continues(&mut self, event: &Event, probed: &PathProbed) -> bool {
        let before = self.path.remove(&event.target);
        let Some(failure) = &probed.failure else { return false };
        _ = self.path.insert(event.target.clone(), failure.key);
        before == Some(failure.key)
    }

    /// Ends the streaks without a failure in the time before `now`, or all of them. Returns their last events and lines.
    pub(super) fn ended(&mut self, now: Option<Stamp>, times: Times) -> Vec<(Event, String)> {
        let is_over = |streak: &mut Streak| now.is_none_or(|now| now.since(streak.last.at) > OVER);
        let ended = self.open.extract_if(.., is_over).filter(|streak| streak.more.count > 0);
        ended.map(|Streak { last, more }| (last.clone(), line(&last, &more, times))).collect()
    }
}

/// `14:02:59.204  failed        47 × Connection refused (os error 111) [refused, command, kernel] · again, over 46 s`
fn line(last: &Event, more: &CommandFailed, times: Times) -> String {
    let over = match more.last.since(more.first) {
        Duration::ZERO => String::new(),
        time => format!(", over {}", span(time)),
    };
    event_line::line(last, times, "failed", &format!("{} · again{over}", event_line::failed_details(more)))
}
