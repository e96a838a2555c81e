//! The way of a trace's events to their sink.

use crate::{
    clock::{Clock, Stamp},
    event::{Event, EventKind, EventSink},
};

/// A sink, and the clock that dates its events.
pub(crate) struct Output<'a> {
    clock: Clock,
    sink: &'a mut dyn EventSink,
}

impl<'a> Output<'a> {
    pub(crate) fn new(clock: Clock, sink: &'a mut dyn EventSink) -> Self {
        Self { clock, sink }
    }

    pub(crate) fn send(&mut self, at: Stamp, kind: EventKind) {
        self.sink.on_event(&Event { at, time: self.clock.wall(at), target: None, connection: None, kind });
    }

    pub(super) fn show_interim(&mut self, at: Stamp) {
        self.sink.on_interim(at);
    }
}
