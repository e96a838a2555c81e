//! The finding about connections that came back together, and its remedy.

use std::time::Duration;

use crate::record::{Figures, RECONNECT_WINDOW, ReconnectPeak};

/// The smallest herd.
const FEWEST: u32 = 3;

/// The remedy for an attempt after a delay.
const SPREAD: &str = "give each process its own min_delay (--spread shows the effect), or enable the feature std of backon \
                      in the application's Cargo.toml, which makes the jitter random";

/// The remedy for an immediate attempt.
const ROOM: &str = "no library setting delays it, so the server or a proxy in front of it must accept all connections at \
                    the same time (maxclients, tcp-backlog)";

/// Returns a sentence about connections that came back together; `None` if they were few or less than half of all.
pub(super) fn finding(figures: &Figures) -> Option<String> {
    let peak = figures.reconnect_peak.filter(|peak| peak.connections >= FEWEST && peak.connections * 2 >= peak.of)?;
    let why = match peak.attempt {
        Some(Duration::ZERO) => {
            format!("redis-rs makes its first attempt immediately, in every process; {ROOM}")
        }
        Some(attempt) => format!(
            "every process with this policy retries {} s after a loss, at the same moment, because the jitter of \
             redis-rs has a constant seed; {SPREAD}",
            short(attempt)
        ),
        None if is_spread(figures, &peak) => "their first delays are not spread enough for this outage".to_owned(),
        None => format!(
            "redis-rs makes its attempts at the same moments in every process: the first immediately, the others with \
             a jitter that has a constant seed; for the others, {SPREAD}"
        ),
    };
    Some(format!("{}: {why}", together(&peak)))
}

/// True if the connections of that run had different first delays.
fn is_spread(figures: &Figures, peak: &ReconnectPeak) -> bool {
    let run = figures.runs.get(peak.run.saturating_sub(1) as usize);
    run.is_some_and(|run| !run.started.plan.policy.spread.is_zero())
}

/// `50 of 50 connections came back within 100 ms, 4.35 s after their loss`
pub(crate) fn together(peak: &ReconnectPeak) -> String {
    format!(
        "{} of {} connections came back within {} ms, {} s after their loss",
        peak.connections,
        peak.of,
        RECONNECT_WINDOW.as_millis(),
        short(peak.after)
    )
}

/// Seconds to the millisecond, without trailing zeroes.
fn short(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::WallTime;

    fn said(connections: u32, of: u32, after: u64, attempt: Option<u64>) -> Option<String> {
        let peak = ReconnectPeak {
            connections,
            of,
            run: 1,
            time: WallTime::default(),
            after: Duration::from_millis(after),
            attempt: attempt.map(Duration::from_millis),
        };
        finding(&Figures { reconnect_peak: Some(peak), ..Figures::default() })
    }

    #[test]
    fn a_herd_is_named_with_its_moment_and_the_remedy_that_fits() {
        let later = said(50, 50, 4347, Some(4313)).unwrap();
        assert!(
            later.starts_with("50 of 50 connections came back within 100 ms, 4.347 s after their loss: "),
            "{later}"
        );
        assert!(later.contains("4.313 s after a loss") && later.contains("--spread"), "{later}");
        let at_once = said(25, 50, 2, Some(0)).unwrap();
        assert!(at_once.contains("0.002 s") && at_once.contains("maxclients") && !at_once.contains("--spread"));
        assert!(said(25, 50, 5000, None).unwrap().contains("constant seed"));
    }

    #[test]
    fn a_few_or_a_minority_are_no_herd() {
        assert_eq!(said(2, 2, 0, Some(0)), None);
        assert_eq!(said(24, 50, 0, Some(0)), None);
        assert_eq!(finding(&Figures::default()), None);
    }
}
