//! The end of a connection whose reply passes the limit of its size.

use std::net::SocketAddr;

use super::Session;
use crate::{
    classify::{ErrorClass, Failure, Stage},
    clock::Stamp,
    event::{ClientState, EventKind},
    foreign::Foreign,
    session::context::RunContext,
};

impl Session {
    /// Records our address on the connection, as the server sees it.
    pub(in crate::session) fn seen_from(&self, address: Option<SocketAddr>) {
        self.lock().address = address;
    }

    /// Returns our address on the connection, as the server sees it, if it reported it.
    pub(in crate::session) fn address(&self) -> Option<SocketAddr> {
        self.lock().address
    }

    /// Returns the time of the last complete reply or message.
    pub(in crate::session) fn last_received(&self) -> Stamp {
        self.link(super::Link::last_reply).max(self.inbox.last_message())
    }

    /// Begins an outage: the connection was ended because of the size of a reply.
    pub(in crate::session) fn cut_off(&self, why: impl Into<Foreign>) {
        let why = why.into();
        let now = self.ctx.clock.now();
        let failure = too_large(Stage::Command, &why);
        self.abandon(now, Some(&failure));
        self.ctx.emit(now, Some(self.connection), EventKind::StateEntered { state: ClientState::Flooded, why });
    }

    /// Returns the failure of a command sent at `launched` whose connection was ended like this.
    pub(super) fn cut_off_since(&self, launched: Stamp) -> Option<Failure> {
        let state = self.lock();
        let failure = state.link.loss().filter(|loss| launched <= loss.at)?.failure.clone();
        failure.filter(|failure| failure.key.class == ErrorClass::ReplyTooLarge)
    }

    /// Reports the same of a connection that is not under test.
    pub(in crate::session) fn cut_off_another(ctx: &RunContext, why: impl Into<Foreign>) {
        let why = why.into();
        let now = ctx.clock.now();
        ctx.fail(None, &too_large(Stage::Publish, &why), now, false);
        ctx.emit(now, None, EventKind::StateEntered { state: ClientState::Flooded, why });
    }
}

fn too_large(stage: Stage, why: &Foreign) -> Failure {
    Failure::doctor(ErrorClass::ReplyTooLarge, stage, why.clone())
}
