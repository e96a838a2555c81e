//! The current standing of a run, cheap enough for a line that is drawn each second.

use super::{Downtime, OutageKind, Recorder};
use crate::clock::Stamp;

/// The standing of a run, for a progress line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Losses of a connection.
    pub drops: u64,
    /// Stalls that recovered on the same connection, or have not ended.
    pub stalls: u64,
    /// True if an outage has not ended.
    pub is_down: bool,
    /// Connections of the current run that are down, and all of them.
    pub down: u64,
    pub connections: u64,
    /// Start of the first outage that has not ended; if there is none, the end of the latest one.
    pub since: Stamp,
    /// Probes that failed.
    pub failed: u64,
    /// Probes without a reply in time.
    pub timed_out: u64,
    /// Numbered messages that never arrived.
    pub lost: u64,
}

impl Standing {
    /// Returns what makes a target worse than another: it is down, has been down, has failed.
    pub(crate) fn badness(&self) -> (bool, u64, u64) {
        let Self { drops, stalls, is_down, failed, timed_out, lost, .. } = self;
        (*is_down, drops + stalls, failed + timed_out + lost)
    }

    /// Returns the sums of both.
    #[must_use]
    pub(crate) fn plus(self, other: &Self) -> Self {
        Self {
            drops: self.drops + other.drops,
            stalls: self.stalls + other.stalls,
            is_down: self.is_down || other.is_down,
            down: self.down + other.down,
            connections: self.connections + other.connections,
            since: self.since.max(other.since),
            failed: self.failed + other.failed,
            timed_out: self.timed_out + other.timed_out,
            lost: self.lost + other.lost,
        }
    }
}

impl Recorder {
    /// Returns the standing: the same numbers as the figures, but cheaper.
    pub(crate) fn standing(&self) -> Standing {
        let (story, counters) = (&self.story, &self.samples.counters);
        let Downtime { mut drops, mut stalls, unresolved, .. } = story.history.downtime;
        let mut is_down = unresolved > 0;
        for outage in story.tracks.values().flat_map(|track| track.previous.iter().chain(&track.latest)) {
            match outage.kind {
                OutageKind::Drop => drops += 1,
                OutageKind::Stall => stalls += 1,
                // Not in this list.
                OutageKind::Slow => continue,
            }
            is_down |= outage.restored.is_none();
        }
        let open =
            || story.tracks.values().filter_map(|track| track.latest.as_ref()).filter(|it| it.restored.is_none());
        let up_since = story.tracks.values().filter_map(|track| track.up_since).max();
        let since = open().map(|outage| outage.lost).min().or(up_since).unwrap_or_default();
        let (down, connections) = (open().count() as u64, story.tracks.len() as u64);
        let lost = story.tally.lost.max(counters.lost);
        let (failed, timed_out) = (counters.failed, counters.timed_out);
        Standing { drops, stalls, is_down, down, connections, since, failed, timed_out, lost }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{event::EventSink, record::fixture::rich};

    #[test]
    fn a_glance_shows_what_the_figures_say() {
        let mut recorder = Recorder::default();
        let mut was_down = 0;
        for event in rich() {
            recorder.on_event(&event);
            let (standing, figures) = (recorder.standing(), recorder.interim(event.at));
            let downtime = figures.downtime;
            assert_eq!((standing.drops, standing.stalls), (downtime.drops, downtime.stalls), "{event:?}");
            assert_eq!(standing.is_down, downtime.unresolved > 0, "{event:?}");
            assert_eq!(standing.down > 0, standing.is_down, "{event:?}");
            let counters = figures.counters;
            assert_eq!((standing.failed, standing.timed_out), (counters.failed, counters.timed_out));
            assert_eq!(standing.lost, figures.tally.lost);
            was_down += u32::from(standing.is_down);
        }
        let standing = recorder.standing();
        assert!(was_down > 0 && standing.drops > 1 && standing.stalls > 0 && standing.lost > 0, "{standing:?}");
    }
}
