//! The findings about an observed application.

use super::finding::List;
use crate::{
    classify::ErrorClass,
    event::StopReason,
    record::{Application, ErrorRow, Figures, RoleRow, RunFigures},
    units::{count, span},
    verdict::Severity,
};

/// Number of connections within 100 ms that are a storm.
const STORM: u64 = 20;

impl List {
    /// Adds what a run of an application observed at all.
    pub(super) fn about_observed_run(&mut self, run: &RunFigures, figures: &Figures) {
        let Some(application) = &figures.application else { return };
        if run.stopped == Some(StopReason::Unreachable) {
            self.about_the_obstacle(run, figures);
        } else if application.connections == 0 {
            self.warning("no client connected");
        } else if run.connected.is_none() && figures.counters.ok == 0 {
            self.critical("no command was ever answered");
        }
    }

    /// Adds what the application has suffered and done.
    pub(super) fn about_application(&mut self, application: &Application) {
        let critical = [
            (application.ran_twice_count, "command ran twice", "commands ran twice"),
            (
                application.elements_lost_count,
                "element was removed at the server and not received",
                "elements were removed at the server and not received",
            ),
            (
                application.locks_orphaned.len() as u64,
                "lock is held by no client that knows of it",
                "locks are held by no client that knows of them",
            ),
        ];
        critical.into_iter().for_each(|(number, one, many)| self.count(Severity::Critical, number, one, many));
        if let Some(ended) = application.ended.as_ref().filter(|ended| ended.failed) {
            self.critical(format!("the application ended: {}", ended.status));
        }
        application.roles.iter().filter(|role| role.unproven).for_each(|role| {
            self.warning(format!("{}: lost, and the application made no connection afterwards: unproven", role.role));
        });
        let warnings = [
            (application.ran_twice_probably.len() as u64, "command probably ran twice", "commands probably ran twice"),
            (application.outcome_unknown, "write has an unknown outcome", "writes have an unknown outcome"),
            (
                application.left_pending.len() as u64,
                "read of a consumer group was not received: its entries stay pending until XAUTOCLAIM",
                "reads of consumer groups were not received: their entries stay pending until XAUTOCLAIM",
            ),
            (application.unreachable, "connection found no server", "connections found no server"),
            (
                application.half_closed,
                "connection was closed by the other side and not by its client",
                "connections were closed by the other side and not by their clients",
            ),
            (
                application.unread,
                "connection was not read for more than 2 s",
                "connections were not read for more than 2 s",
            ),
        ];
        warnings.into_iter().for_each(|(number, one, many)| self.count(Severity::Warning, number, one, many));
        self.about_stale_connections(application);
        if application.attempt_peak >= STORM {
            let peak = application.attempt_peak;
            self.warning(format!("{peak} connections were opened within 100 ms while a role was lost"));
        }
        if let Some(missing) = &application.channels_missing {
            self.info(crate::event::Observed::ChannelsMissing(missing.clone()).to_string());
        }
        if application.totals.as_ref().is_some_and(|totals| totals.incomplete) {
            self.info("a connection had more commands in flight than are followed: its losses are not examined");
        }
    }

    fn about_stale_connections(&mut self, application: &Application) {
        let stale = &application.stale_connections;
        let Some(longest) = stale.iter().map(|stale| stale.waited).max() else { return };
        let waited =
            if longest.is_zero() { String::new() } else { format!(": a command waited up to {}", span(longest)) };
        let number = count(stale.len() as u64, "connection");
        self.warning(format!("{number} of a pool found dead while others worked{waited}"));
    }
}

/// Returns the number of roles that were lost and of which the application showed nothing afterwards.
pub(super) fn unproven(figures: &Figures) -> u64 {
    let roles = figures.application.iter().flat_map(|application| &application.roles);
    roles.filter(|role: &&RoleRow| role.unproven).count() as u64
}

/// Returns the errors that say something about the server or the login. A library may try what the server knows, and an
/// application may expect others.
pub(super) fn telling(figures: &Figures) -> Vec<&ErrorRow> {
    figures.errors.iter().filter(|row| row.key.class != ErrorClass::ServerError).collect()
}
