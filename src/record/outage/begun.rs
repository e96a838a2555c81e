//! The start of an outage, of which nothing more is known yet.

use super::{Outage, OutageKind};
use crate::{
    clock::Stamp,
    event::Event,
    record::{Id, circumstances::Circumstances},
};

impl Outage {
    /// Creates an outage that has just begun.
    pub(in crate::record) fn begun(
        kind: OutageKind,
        (run, connection, generation): (u32, u32, u64),
        lost: Stamp,
        event: &Event,
    ) -> Self {
        Self {
            id: Id::default(),
            incident: Id::default(),
            run,
            connection,
            generation,
            kind,
            time: event.wall_of(lost),
            lost,
            detected: event.at.max(lost),
            restored: None,
            resubscribed: None,
            failure: None,
            idle: None,
            in_flight: 0,
            failed: 0,
            ambiguous: 0,
            messages_lost: 0,
            old_client_id: None,
            client_id: None,
            same_process: None,
            by_itself: None,
            replaced: None,
            path_healthy_after: None,
            slowness: None,
            circumstances: Circumstances::default(),
        }
    }
}
