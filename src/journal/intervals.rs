//! The resolution of a journal: intervals of one second where something happens, and of ten seconds elsewhere.

use std::{collections::BTreeMap, mem, time::Duration};

use crate::{
    clock::Stamp,
    event::{Event, EventKind, Interval},
    foreign::Foreign,
};

/// Time from the start of a run in which every interval is written as it is.
const SHORT_RUN: Duration = Duration::from_secs(600);

/// Time after an event of interest in which every interval is written as it is.
const AFTERWARDS: Duration = Duration::from_secs(30);

/// Length of the intervals elsewhere, and time before an event of interest in which they are written as they are.
const SPAN: Duration = Duration::from_secs(10);

/// The intervals of a run that are not written yet.
#[derive(Default)]
pub(super) struct Intervals {
    /// Those of each target, without a label if there is a single one.
    targets: BTreeMap<Option<Foreign>, Held>,
}

/// The intervals of one target that are not written yet.
#[derive(Default)]
struct Held {
    events: Vec<Event>,
    /// Time until which every interval is written as it is.
    exact_until: Stamp,
}

impl Intervals {
    /// Takes an event. Returns the intervals to write before it, and whether to write the event itself.
    pub(super) fn take(&mut self, event: &Event) -> (Vec<Event>, bool) {
        if let EventKind::Interval(_) = &event.kind {
            return self.targets.entry(event.target.clone()).or_default().take(event);
        }
        // An event without a target concerns all of them.
        let concerned =
            self.targets.iter_mut().filter(|(target, _)| event.target.is_none() || **target == event.target);
        (concerned.flat_map(|(_, held)| held.due(event)).collect(), true)
    }

    /// Returns what is held as one interval for each target and connection.
    pub(super) fn rest(&mut self) -> Vec<Event> {
        self.targets.values_mut().flat_map(Held::rest).collect()
    }
}

impl Held {
    /// Returns the intervals to write before an event of another kind.
    fn due(&mut self, event: &Event) -> Vec<Event> {
        match interest(&event.kind) {
            Interest::None => Vec::new(),
            Interest::End => self.rest(),
            Interest::Around => {
                self.exact_until = self.exact_until.max(event.at.after(AFTERWARDS));
                mem::take(&mut self.events)
            }
        }
    }

    /// Takes an interval. Returns those to write before it, and whether to write it as it is.
    fn take(&mut self, event: &Event) -> (Vec<Event>, bool) {
        if event.at <= self.exact_until.max(Stamp::START.after(SHORT_RUN)) {
            // Held ones ended before the event of interest that has made this one exact.
            return (mem::take(&mut self.events), true);
        }
        self.events.push(event.clone());
        let span: Duration = self.events.iter().filter_map(interval).map(|interval| interval.span).sum();
        // Each of them ends a little late.
        let is_due = span + SPAN / 20 >= SPAN;
        (if is_due { self.rest() } else { Vec::new() }, false)
    }

    /// Returns what is held as one interval for each connection.
    fn rest(&mut self) -> Vec<Event> {
        let mut sums: Vec<Event> = Vec::new();
        for event in mem::take(&mut self.events) {
            let same = sums.iter_mut().find(|sum| sum.connection == event.connection);
            match (same, &event.kind) {
                (Some(sum), EventKind::Interval(next)) => {
                    if let EventKind::Interval(interval) = &mut sum.kind {
                        interval.extend(next);
                    }
                    (sum.at, sum.time) = (event.at, event.time);
                }
                _ => sums.push(event),
            }
        }
        sums
    }
}

fn interval(event: &Event) -> Option<&Interval> {
    match &event.kind {
        EventKind::Interval(interval) => Some(interval),
        _ => None,
    }
}

/// The effect of an event on the resolution.
enum Interest {
    /// None.
    None,
    /// The intervals around it are written as they are.
    Around,
    /// The run is over.
    End,
}

fn interest(kind: &EventKind) -> Interest {
    match kind {
        EventKind::RunFinished { .. } | EventKind::RunStarted(_) => Interest::End,
        EventKind::Disconnected(_)
        | EventKind::Stalled { .. }
        | EventKind::Resumed { .. }
        | EventKind::Slowed { .. }
        | EventKind::SpedUp { .. }
        | EventKind::Reconnected(_)
        | EventKind::Resubscribed(_)
        | EventKind::Unsubscribed { .. }
        | EventKind::RefusalBegan(_)
        | EventKind::RefusalEnded(_)
        | EventKind::OwnPause(_)
        | EventKind::MessagesMissed { .. }
        | EventKind::Silent { .. }
        | EventKind::Desynced { .. }
        | EventKind::StateEntered { .. }
        | EventKind::SessionReplaced { .. }
        | EventKind::FaultInjected { .. }
        | EventKind::FaultCleared { .. } => Interest::Around,
        EventKind::Connected(_)
        | EventKind::Superseded { .. }
        | EventKind::Subscribed(_)
        | EventKind::CommandFailed(_)
        | EventKind::Duplicated { .. }
        | EventKind::Reordered { .. }
        | EventKind::StateLeft { .. }
        | EventKind::Announced { .. }
        | EventKind::ServersFound { .. }
        | EventKind::AddressMoved(_)
        | EventKind::RoleChanged(_)
        | EventKind::NewProcess(_)
        | EventKind::Sentinel(_)
        | EventKind::Cluster(_)
        | EventKind::ClusterClient(_)
        | EventKind::LedgerRead(_)
        | EventKind::ServerClock(_)
        | EventKind::Evidence(_)
        | EventKind::PathProbed(_)
        | EventKind::FlowOpened(_)
        | EventKind::FlowClosed(_)
        | EventKind::Observed(_)
        | EventKind::Traced(_)
        | EventKind::Interval(_)
        | EventKind::SubscriptionDropped { .. }
        | EventKind::JournalGap { .. }
        | EventKind::Note { .. } => Interest::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fixture::{at, disconnected, finished, good, interval as of, reconnected};

    /// Ends of the lines that are written, and their spans in seconds.
    fn lines(events: &[Event]) -> Vec<(u64, u64)> {
        let mut intervals = Intervals::default();
        let mut lines = Vec::new();
        for event in events {
            let (due, itself) = intervals.take(event);
            let written = due.into_iter().chain(itself.then(|| event.clone()));
            lines.extend(
                written.filter_map(|event| Some((event.at.elapsed().as_secs(), interval(&event)?.span.as_secs()))),
            );
        }
        lines
    }

    fn seconds(from: u64, to: u64) -> impl Iterator<Item = Event> {
        (from..=to).map(|second| at(second as f64, of(good(10), &[100, 200])))
    }

    #[test]
    fn a_run_is_exact_for_ten_minutes_and_around_what_happens() {
        let events: Vec<_> = seconds(1, 705)
            .chain([at(705.5, disconnected(1, None)), at(706.5, reconnected(2, 1.0))])
            .chain(seconds(706, 760))
            .chain([finished(760.5)])
            .collect();
        let lines = lines(&events);
        assert_eq!(lines.iter().map(|(_, span)| span).sum::<u64>(), 760, "no second is lost or counted twice");
        assert!(
            lines.iter().all(|(end, span)| (*end <= 600 || (701..=736).contains(end)) == (*span == 1)),
            "{lines:?}"
        );
        assert!(lines.iter().all(|(_, span)| *span <= 10));
    }

    #[test]
    fn what_is_held_adds_up() {
        let mut intervals = Intervals::default();
        seconds(1_001, 1_004).for_each(|event| assert!(intervals.take(&event).0.is_empty()));
        let rest = intervals.rest();
        let sum = interval(&rest[0]).unwrap();
        assert_eq!((rest.len(), sum.counters, sum.span), (1, good(40), Duration::from_secs(4)));
        assert_eq!(sum.latency.as_ref().map(|latency| latency.count()), Some(8));
    }

    #[test]
    fn each_target_has_its_own_resolution() {
        let of = |target: &str, event: Event| Event { target: Some(target.into()), ..event };
        let mut intervals = Intervals::default();
        let mut lines = Vec::new();
        for second in 1_001..=1_020 {
            for target in ["one", "two"] {
                if (second, target) == (1_005, "two") {
                    let lost = of("two", at(second as f64, disconnected(1, None)));
                    lines.extend(intervals.take(&lost).0);
                }
                let event = of(target, seconds(second, second).next().unwrap());
                let (due, itself) = intervals.take(&event);
                lines.extend(due.into_iter().chain(itself.then_some(event)));
            }
        }
        let spans = |target: &str| {
            let lines = lines.iter().filter(|line| line.target.as_deref() == Some(target));
            lines.filter_map(interval).map(|interval| interval.span.as_secs()).collect::<Vec<_>>()
        };
        assert_eq!(spans("one"), [10, 10]);
        assert_eq!(spans("two"), [1; 20]);
        assert!(intervals.rest().is_empty());
    }
}
