//! The findings about outages and their causes.

use std::{collections::BTreeMap, time::Duration};

use super::{finding::List, on_connecting};
use crate::{
    diagnose::{Cause, Diagnosis},
    record::{Figures, Outage, OutageKind},
    verdict::Severity,
};

/// An outage that began this long before the end of a run, or less, might have been over a moment later: a client with the
/// usual policies has made few attempts by then.
const UNDECIDED: Duration = Duration::from_secs(1);

impl List {
    /// Adds the number of recovered outages and their causes.
    pub(super) fn about_recovered(&mut self, recovered: u64, figures: &Figures, diagnoses: &[Diagnosis]) {
        if recovered == 0 {
            return;
        }
        let over = |outage: &Outage| outage.restored.is_some() && outage.by_itself != Some(false);
        let kept = figures.outages.kept.iter().zip(diagnoses).filter(|(outage, _)| over(outage));
        let tally = tally(kept.map(|(_, diagnosis)| diagnosis));
        let words = if recovered == 1 { "outage, recovered on its own" } else { "outages, recovered on their own" };
        let omitted = figures.outages.omitted();
        let causes: Vec<_> = tally.iter().map(|(diagnosis, count)| named(diagnosis, *count, recovered)).collect();
        let mut text = format!("{recovered} {words}: {}", causes.join(", "));
        if omitted > 0 {
            text += &format!(" (listed ones only; {omitted} are not listed)");
        }
        let code = tally.first().filter(|_| tally.len() == 1).map(|(diagnosis, _)| diagnosis.code);
        self.push_coded(Severity::Warning, code, text);
    }

    /// Adds the number of outages that lasted to the end, and the obstacle to a new connection, which may differ from the
    /// cause of the loss.
    pub(super) fn about_open(&mut self, open: u64, figures: &Figures) {
        let run_of = |outage: &Outage| figures.runs.get((outage.run as usize).saturating_sub(1));
        // What keeps new connections out would have kept the client out a moment longer.
        let free = |outage: &Outage| outage.circumstances.path_failures.is_empty();
        let late = |outage: &Outage| run_of(outage).is_some_and(|run| run.end().since(outage.lost) < UNDECIDED);
        let lasting = || figures.outages.kept.iter().filter(|outage| outage.restored.is_none());
        let undecided = open.min(lasting().filter(|outage| free(outage) && late(outage)).count() as u64);
        let began = (
            "outage began in the last second: its end was not observed",
            "outages began in the last second: their ends were not observed",
        );
        self.count(Severity::Warning, undecided, began.0, began.1);
        let open = open - undecided;
        if open == 0 {
            return;
        }
        let words = if open == 1 { "outage was not over at the end" } else { "outages were not over at the end" };
        let text = format!("{open} {words}");
        let Some((outage, failure)) =
            lasting().rev().filter_map(|outage| Some((outage, outage.circumstances.path_failures.last()?))).next()
        else {
            return self.push_coded(Severity::Critical, None, text);
        };
        self.push_coded(Severity::Critical, None, format!("{text}; new connections failed: {failure}"));
        let target = run_of(outage).map(|run| &run.started.plan.target);
        if let Some(advice) = target.and_then(|target| on_connecting(failure, target)) {
            self.push_coded(Severity::Info, Some(failure.key.code()), advice);
        }
    }

    /// Adds the remedy of each cause found.
    pub(super) fn about_causes(&mut self, diagnoses: &[Diagnosis]) {
        // A connection that redis-doctor closed itself has no cause to advise on: the state behind it has a finding.
        let ours = |diagnosis: &&Diagnosis| diagnosis.cause == Cause::Unknown && !diagnosis.evidence_for.is_empty();
        let advised = diagnoses.iter().filter(|diagnosis| !ours(diagnosis));
        // One cause has several remedies only if they depend on which queries were allowed.
        let mut named: Vec<_> = advised.map(|diagnosis| (diagnosis.cause, diagnosis.remedy)).collect();
        named.sort_unstable();
        named.dedup();
        for (cause, remedy) in named {
            let text = format!("{}: {remedy}; see `redis-doctor explain {}`", cause.words(), cause.code());
            self.push_coded(Severity::Info, Some(cause.code()), text);
        }
    }

    /// Adds the remedy of each obstacle that prolonged an outage which is over.
    pub(super) fn about_obstacles(&mut self, figures: &Figures, diagnoses: &[Diagnosis]) {
        let over = figures.outages.kept.iter().zip(diagnoses).filter(|(outage, _)| outage.restored.is_some());
        let mut met: Vec<_> = over.filter_map(|(_, diagnosis)| diagnosis.obstacle.as_ref()).collect();
        met.sort_unstable_by_key(|obstacle| obstacle.code);
        met.dedup_by_key(|obstacle| obstacle.code);
        for obstacle in met {
            let text = format!("{} kept the client out: {}", obstacle.name, obstacle.remedy);
            self.push_coded(Severity::Info, Some(obstacle.code), text);
        }
    }

    /// Adds the number of lost connections that the server still listed.
    pub(super) fn about_ghosts(&mut self, figures: &Figures) {
        let ghost = |outage: &&Outage| {
            let evidence = outage.circumstances.evidence.as_ref();
            outage.kind == OutageKind::Drop && evidence.and_then(|evidence| evidence.old_client_listed) == Some(true)
        };
        let ghosts = figures.outages.kept.iter().filter(ghost).count();
        let text = "still listed by the server as connected: PUBLISH and PUBSUB NUMSUB count such ghosts as receivers";
        match ghosts {
            0 => {}
            1 => self.push_coded(Severity::Info, Some("RD058"), format!("1 lost connection was {text}")),
            many => self.push_coded(Severity::Info, Some("RD058"), format!("{many} lost connections were {text}")),
        }
    }
}

/// `2 network_reset (certain)`; without the number for a single outage.
pub(super) fn named(diagnosis: &Diagnosis, count: u64, of: u64) -> String {
    let number = if of == 1 { String::new() } else { format!("{count} ") };
    match diagnosis.cause {
        Cause::Unknown => format!("{number}{}", diagnosis.cause),
        cause => format!("{number}{cause} ({})", diagnosis.confidence),
    }
}

/// Counts each cause and confidence, most frequent first.
pub(super) fn tally<'a>(diagnoses: impl Iterator<Item = &'a Diagnosis>) -> Vec<(&'a Diagnosis, u64)> {
    let mut counts: BTreeMap<_, (&Diagnosis, u64)> = BTreeMap::new();
    for diagnosis in diagnoses {
        counts.entry((diagnosis.cause, diagnosis.confidence)).or_insert((diagnosis, 0)).1 += 1;
    }
    let mut counts: Vec<_> = counts.into_values().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}
