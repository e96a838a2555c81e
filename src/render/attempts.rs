//! The client's reconnect attempts during an outage, in one line.

use super::units::span;
use crate::{
    clock::Stamp,
    event::{Attempt, AttemptEnd, ClientState},
    report::OutageRow,
};

/// Times of one kind that are shown: the first ones, and the last.
const MOMENTS: usize = 5;

/// `5 failed: refused at +0 s, +148 ms, +538 ms; no answer from +1.15 s to +6.15 s; answered at +7.4 s`
pub(super) fn line(row: &OutageRow) -> Option<String> {
    let evidence = row.outage.circumstances.evidence.as_ref()?;
    let failed = evidence.tried.map(|tried| tried.all()).filter(|failed| *failed > 0)?;
    let after = |at: Stamp| format!("+{}", span(at.since(evidence.lost)));
    let mut parts = Vec::new();
    for alike in evidence.attempts.chunk_by(|one, next| one.end == next.end) {
        let moments = |end: bool| {
            let moments = alike.iter().map(|attempt| match attempt.started.filter(|_| end) {
                Some(started) => format!("{} to {}", after(started), after(attempt.at)),
                None => after(attempt.started.unwrap_or(attempt.at)),
            });
            few(moments.collect())
        };
        parts.push(match alike.first()? {
            Attempt { end: Some(AttemptEnd::Refused), .. } => format!("refused at {}", moments(false)),
            Attempt { end: Some(AttemptEnd::Unanswered), .. } => format!("no answer from {}", moments(true)),
            Attempt { end: Some(AttemptEnd::Dropped), .. } => {
                format!("connected, then dropped at {}", moments(false))
            }
            Attempt { failure: None, .. } => format!("answered at {}", moments(false)),
            Attempt { failure: Some(text), .. } => format!("\"{text}\" at {}", moments(false)),
        });
    }
    if row.outage.circumstances.states.contains(&ClientState::Exhausted) {
        parts.push("retries exhausted".to_owned());
    }
    Some(format!("{failed} failed: {}", parts.join("; ")))
}

fn few(mut moments: Vec<String>) -> String {
    if moments.len() > MOMENTS + 1 {
        moments.splice(MOMENTS - 1..moments.len() - 1, ["…".to_owned()]);
    }
    moments.join(", ")
}
