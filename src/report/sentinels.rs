//! The findings about failovers, the Sentinels, and the acknowledged writes that are gone.

use super::finding::List;
use crate::{
    record::{Failover, Figures, LedgerFigures},
    units::{count, span},
    verdict::Severity,
};

/// Two servers were primaries of one set.
const TWO_PRIMARIES: &str = "RD156";

/// Sentinels name different primaries, or one does not answer.
const DISAGREE: &str = "RD157";

/// Acknowledged writes are gone.
const GONE: &str = "RD158";

impl List {
    pub(super) fn about_sentinels(&mut self, figures: &Figures) {
        for Failover { from, to, epoch, two_primaries, demoted, .. } in &figures.failovers {
            self.info(match epoch {
                None => format!("failover: the Sentinels replaced the primary {from} by {to}"),
                Some(epoch) => {
                    format!("failover: the cluster replaced the primary {from} by {to} (configuration epoch {epoch})")
                }
            });
            if !two_primaries.is_zero() {
                let lasted = span(*two_primaries);
                let end = if demoted.is_some() { "until the demotion" } else { "and it was not demoted" };
                let text = format!(
                    "{from} and {to} were both primaries for {lasted} {end}: what was written to {from} in that time is gone"
                );
                self.push_coded(Severity::Warning, Some(TWO_PRIMARIES), text);
            }
        }
        let Some(set) = &figures.sentinels else { return };
        if !set.disagreed.is_zero() {
            let text = format!("the Sentinels named different primaries for {}", span(set.disagreed));
            self.push_coded(Severity::Warning, Some(DISAGREE), text);
        }
        let silent: Vec<_> =
            set.views.iter().filter(|view| view.primary.is_none()).map(|view| &*view.sentinel).collect();
        if !silent.is_empty() {
            let text =
                format!("{} of {} Sentinels did not answer: {}", silent.len(), set.views.len(), silent.join(", "));
            self.push_coded(Severity::Warning, Some(DISAGREE), text);
        }
    }

    pub(super) fn about_ledger(&mut self, figures: &Figures) {
        let Some(LedgerFigures { acknowledged, gone, unread, .. }) = figures.ledger.clone() else { return };
        if gone > 0 {
            let text = format!("{gone} of {} are gone", count(acknowledged, "acknowledged write"));
            self.push_coded(Severity::Critical, Some(GONE), text);
        }
        if unread > 0 {
            let text = format!("{} could not be read back", count(unread, "acknowledged write"));
            self.push_coded(Severity::Warning, Some(GONE), text);
        }
    }
}
