//! Judgment of a server's persistence: writes that it refuses because it cannot save, and a disk that slows it down.

use std::time::Duration;

use super::{
    Mark, Sheet,
    finding::{self, CheckFinding},
    survey::SurveyCommand,
};
use crate::{
    classify::{ErrorClass, Failure},
    units::count,
    verdict::Severity,
};

const REMEDY: &str = "see the server's log for the reason: no space left, a directory that is not writable (CONFIG GET dir), \
                      or no memory to fork (vm.overcommit_memory); writes are accepted again after the next successful \
                      save (BGSAVE)";

/// More delayed writes than this in an hour are a warning.
const DELAYED_IN_AN_HOUR: u64 = 1;

pub(super) fn judge(sheet: &mut Sheet<'_>) {
    let facts = sheet.facts;
    let state = &facts.server.persistence;
    let refused = facts.attempt.as_ref().and_then(|attempt| attempt.ping_refused.as_ref());
    let refused = refused.filter(|failure| failure.key.class == ErrorClass::Misconf);
    if refused.is_none() && state.snapshot_failed.is_none() {
        let why = facts.no_answer(SurveyCommand::Info);
        return sheet.line("persistence", Mark::NotAvailable, format!("{why} (INFO)"));
    }
    let failed: Vec<&str> = [
        (state.snapshot_failed, "the last snapshot failed"),
        (state.aof_failed, "the last write of the append-only file failed"),
    ]
    .into_iter()
    .filter_map(|(failed, text)| failed.unwrap_or_default().then_some(text))
    .collect();
    let failed = failed.join(", ");
    let mut mark = match (refused, failed.is_empty()) {
        (Some(failure), _) => sheet.finding(no_writes(failure, &failed)),
        (None, false) => {
            let finding = CheckFinding::new(Severity::Warning, finding::MISCONF, failed.clone());
            sheet.finding(finding.evidence("rdb_last_bgsave_status or aof_last_write_status in INFO").remedy(REMEDY))
        }
        (None, true) => Mark::Ok,
    };
    let delayed = state.delayed_fsyncs.unwrap_or_default();
    if delayed > 0 {
        let hours = facts.server.uptime.unwrap_or_default().div_ceil(3_600).max(1);
        let often = delayed > DELAYED_IN_AN_HOUR * hours;
        let severity = if often { Severity::Warning } else { Severity::Info };
        let text = format!("the disk is too slow for the append-only file: {} waited for it", count(delayed, "write"));
        let finding = CheckFinding::new(severity, finding::DELAYED_FSYNC, text);
        let evidence = format!("aof_delayed_fsync:{delayed} since the server started");
        mark = mark.max(sheet.finding(finding.evidence(evidence).remedy(
            "a write waits when an fsync takes longer than 2 s, and every client with it: give the file a faster, \
             separate disk, or set no-appendfsync-on-rewrite yes",
        )));
    }
    let mut parts = Vec::new();
    match (refused, failed.is_empty()) {
        (Some(_), _) => parts.push("writes are refused (MISCONF)".to_owned()),
        (None, false) => parts.push(failed),
        (None, true) => {}
    }
    parts.extend(saved(sheet));
    sheet.line("persistence", mark, parts.join(" · "));
}

fn no_writes(failure: &Failure, failed: &str) -> CheckFinding {
    let text = "connected, but the server refuses writes because it cannot save its data (MISCONF)";
    let known = if failed.is_empty() { String::new() } else { format!("{failed}; ") };
    CheckFinding::new(Severity::Critical, finding::MISCONF, text)
        .evidence(format!("{known}PING is answered with: {failure}"))
        .remedy(REMEDY)
}

/// Describes what is saved, and when it last was.
fn saved(sheet: &Sheet<'_>) -> Vec<String> {
    let server = &sheet.facts.server;
    let state = &server.persistence;
    let mut parts = Vec::new();
    let now = server.unix_time.unwrap_or(sheet.time.unix_nanos() / 1_000_000_000);
    // The time of the start counts as a save.
    let started = now.saturating_sub(server.uptime.unwrap_or_default());
    match (state.schedule.as_deref(), state.last_save) {
        (Some(""), _) => parts.push("no snapshots".to_owned()),
        (_, Some(at)) if at > started + 1 => {
            let ago = Duration::from_secs(now.saturating_sub(at));
            parts.push(format!("last snapshot {} ago", crate::units::span(ago)));
        }
        (_, Some(_)) => parts.push("no snapshot since the start".to_owned()),
        (_, None) => {}
    }
    if state.aof_enabled == Some(true) {
        parts.push("append-only file".to_owned());
    }
    if state.saving {
        parts.push("saving now".to_owned());
    }
    parts
}
