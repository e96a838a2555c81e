//! The end of a run: its connections become history, and the record becomes figures.

use super::{Figures, List, Samples, SlowFigures, Story, Tracer};
use crate::{clock::Stamp, event::Confirmations};

impl Story {
    /// Turns the current run's connections into history.
    pub(super) fn close_run(&mut self, now: Stamp) {
        let Some(run) = self.runs.last_mut() else { return };
        if run.stopped.is_none() {
            run.elapsed = run.elapsed.max(now.since(run.began));
        }
        let end = run.end();
        for wait in self.slow.close_run(end) {
            self.service.unserved(wait.connection, wait.from, wait.to);
        }
        let unheard = run.started.plan.connections.saturating_sub(self.tracks.len() as u32);
        let unheard = (run.elapsed - self.service.paused_within(Stamp::START, end)) * unheard;
        self.history.downtime.never_up(unheard);
        self.service.close_refusals(end);
        for (id, mut track) in std::mem::take(&mut self.tracks) {
            track.subscribed.close(end);
            for (from, to) in track.subscribed.gaps.drain(..) {
                self.service.unserved(id, from, to);
            }
            for outage in track.previous.take().into_iter().chain(track.latest.take()) {
                self.settle(outage, end);
            }
            let downtime = &mut self.history.downtime;
            let begin = track.first_up.unwrap_or_default();
            let watched = end.since(begin) - self.service.paused_within(begin, end);
            if track.first_up.is_none() {
                downtime.never_up(watched);
            } else {
                downtime.watched += watched;
                downtime.unserved += self.service.unserved_within(id, begin, end);
            }
            downtime.longest_up = downtime.longest_up.max(track.longest_up_until(end));
            self.tally.lost_in_outages = self.tally.lost_in_outages.saturating_add(track.lost_in_outages);
            self.tally.pinned += u64::from(track.pinned);
            if let Some(Confirmations { wanted, confirmed, .. }) = track.subscribed.latest {
                self.tally.subscriptions_wanted += wanted;
                self.tally.subscriptions_confirmed += confirmed;
            }
        }
        self.service.end_run();
        self.sentinels.close_run(end);
    }

    pub(super) fn into_figures(self, samples: &Samples) -> Figures {
        let regularities = self.regularities();
        let mut tally = self.tally;
        // Counters arrive once a second, events immediately: where they differ, the larger is the later one.
        tally.lost = tally.lost.max(samples.counters.lost);
        tally.desynced = tally.desynced.max(samples.counters.desynced);
        tally.duplicated = tally.duplicated.max(samples.counters.duplicated);
        tally.reordered = tally.reordered.max(samples.counters.reordered);
        tally.lost_in_outages = tally.lost_in_outages.min(tally.lost);
        let downtime = self.history.downtime;
        Figures {
            regularities,
            interim: false,
            elapsed: self.runs.iter().map(|run| run.elapsed).sum(),
            runs: self.runs,
            counters: samples.counters,
            latency: samples.latency.summary(),
            service: samples.service.summary(),
            failed_latency: samples.failed_latency.summary(),
            waited: samples.waited.summary(),
            end_to_end: samples.end_to_end.summary(),
            outages: List { kept: self.history.kept.rows(), total: downtime.drops + downtime.stalls },
            slices: self.timeline.into_slices(),
            connections: self.connections.rows(),
            incidents: List { kept: self.incidents.rows(), total: self.incidents.total() },
            faults: self.faults.into_rows(),
            slow: SlowFigures {
                totals: self.slow.totals,
                stretches: List { kept: self.slow.rows(), total: self.slow.totals.count },
            },
            downtime,
            own_pauses: self.service.own_pauses,
            refusals: self.service.refusals.rows(),
            refusal_totals: self.service.refusals.totals(),
            errors: self.errors.rows(),
            reconnect_peak: self.herd.peak,
            states: self.states.to_list(),
            notes: self.notes.to_list(),
            servers: self.address,
            sentinels: self.sentinels.set(),
            failovers: self.sentinels.failovers().to_vec(),
            vantage: self.views.figures(),
            ledger: self.ledger,
            application: self.application.map(|application| application.concluded()),
            trace: self.trace.map(Tracer::into_figures),
            changes: List::default(),
            tally,
        }
    }
}
