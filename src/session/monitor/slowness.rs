//! Slow stretches: every command is answered, but late.

use std::time::Duration;

use super::Monitor;
use crate::{
    clock::Stamp,
    event::EventKind,
    plan::Pace,
    session::tempo::{Stretch, Tempo},
};

/// Time after a slow reply until redis-doctor's own standstill is known.
const SETTLE: Duration = Duration::from_millis(200);

impl Monitor {
    /// Begins, extends or ends a slow stretch.
    pub(super) fn watch_tempo(&mut self) {
        let now = self.ctx.clock.now();
        self.follow_stretch(now.before(SETTLE));
        let paced = self.ctx.plan.probes.as_ref().is_none_or(|probes| probes.pace != Pace::Unpaced);
        let round_trip = self.ctx.observer.round_trip(self.session.connection);
        let fast = self.session.tempo(|tempo| {
            tempo.adjust(round_trip, paced);
            tempo.fast()
        });
        if self.stretch.as_ref().is_some_and(|stretch| stretch.is_over(fast, now)) {
            self.end_stretch(now);
        }
    }

    /// Ends the slow stretch, if there is one: replies are fast again, or there are none.
    pub(super) fn end_stretch(&mut self, at: Stamp) {
        self.follow_stretch(at);
        if let Some(stretch) = self.stretch.take().filter(|stretch| stretch.reported) {
            let Stretch { since, last, longest, waiting, replies, .. } = stretch;
            self.emit(at, EventKind::SpedUp { after: last.since(since), latency: longest, waiting, slow: replies });
        }
    }

    /// Adds the slow replies until a moment.
    fn follow_stretch(&mut self, until: Stamp) {
        let (bursts, usual) = self.session.tempo(|tempo| (tempo.take(until), Tempo::usual(tempo)));
        for burst in bursts {
            let own = self.ctx.observer.standstill(burst.since, burst.last);
            Stretch::add(&mut self.stretch, burst, own, usual);
        }
        if let Some(stretch) = self.stretch.as_mut()
            && stretch.becomes_news()
        {
            let (since, latency, baseline) = (stretch.since, stretch.longest, stretch.usual);
            self.emit(self.ctx.clock.now(), EventKind::Slowed { since, latency, baseline });
        }
    }
}
