//! The counts and times of all connections of an application.

use std::{collections::BTreeMap, time::Duration};

use super::ledger::{Fresh, Ledger};
use crate::{
    classify::{Failure, FailureKey},
    clock::Stamp,
    distribution::Distribution,
    event::{CommandFailed, Counters, Interval, Quantiles, Totals},
};

/// Counts and times since the last interval, and since the start.
#[derive(Debug, Default)]
pub(super) struct Sums {
    began: Stamp,
    counters: Counters,
    latency: Distribution,
    service: Distribution,
    failures: BTreeMap<FailureKey, CommandFailed>,
    commands: u64,
    errors: u64,
    /// Since the start: times of the server, of the proxy and of the application.
    times: [Distribution; 3],
    incomplete: bool,
}

impl Sums {
    /// Takes what has happened on a connection.
    pub(super) fn add(&mut self, fresh: &Fresh, ledger: &mut Ledger) {
        let errors = fresh.errors.len() as u64;
        self.counters += Counters { launched: fresh.commands, ok: fresh.ok, failed: errors, ..Counters::default() };
        self.commands += fresh.commands;
        self.errors += errors;
        self.incomplete |= ledger.overflown;
        fresh.errors.iter().for_each(|failure| self.failed(failure, ledger.now));
        let [server, proxy, application] = &mut self.times;
        for timed in ledger.pace.timed.drain(..) {
            server.record(timed.server);
            proxy.record(timed.proxy);
            self.service.record(timed.server);
            self.latency.record(timed.server + timed.proxy);
        }
        ledger.pace.thought.drain(..).for_each(|thought| application.record(thought));
    }

    fn failed(&mut self, failure: &Failure, now: Stamp) {
        let Failure { key, text } = failure;
        let none = || CommandFailed { key: *key, text: text.clone(), count: 0, ambiguous: 0, first: now, last: now };
        let failed = self.failures.entry(*key).or_insert_with(none);
        failed.count += 1;
        failed.last = now;
    }

    /// Takes the failures and the counts since the last call.
    pub(super) fn take(&mut self, now: Stamp) -> (Vec<CommandFailed>, Interval) {
        let some = |times: &mut Distribution| Some(std::mem::take(times)).filter(|times| !times.is_empty());
        let interval = Interval {
            span: now.since(self.began),
            counters: std::mem::take(&mut self.counters),
            latency: some(&mut self.latency),
            service: some(&mut self.service),
            ..Interval::default()
        };
        self.began = now;
        (std::mem::take(&mut self.failures).into_values().collect(), interval)
    }

    pub(super) fn totals(&self) -> Totals {
        let quantile = |times: &Distribution, part: f64| times.quantile(part).unwrap_or(Duration::ZERO);
        let quantiles = |times: &Distribution| {
            (!times.is_empty()).then(|| Quantiles { p50: quantile(times, 0.5), p99: quantile(times, 0.99) })
        };
        let [server, proxy, application] = self.times.each_ref().map(quantiles);
        let (commands, errors, incomplete) = (self.commands, self.errors, self.incomplete);
        Totals { commands, errors, server, proxy, application, incomplete }
    }
}
