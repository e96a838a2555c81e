//! Events of a connection on which no byte moves: ends that follow from its state, and the next moment at which
//! something is due.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use super::{End, Flow};
use crate::{
    clock::{Clock, Stamp},
    fault::{Direction, Moment},
};

/// A connection is idle after this long with nothing in flight.
const IDLE: Duration = Duration::from_millis(10);

/// Interval at which a silenced connection is checked for what waits on it.
const LOOK: Duration = Duration::from_millis(250);

/// Time in which a closed client on another machine refuses the last bytes.
const REFUSAL: Duration = Duration::from_millis(250);

/// A timer whose deadline may change.
#[derive(Default)]
pub(super) struct Timer(Option<(Stamp, Sleep)>);

type Sleep = Pin<Box<dyn Future<Output = ()>>>;

impl Timer {
    fn poll(&mut self, due: Stamp, clock: Clock, cx: &mut Context<'_>) -> Poll<()> {
        let known = self.0.take().filter(|(known, _)| *known == due);
        let (_, sleep) = self
            .0
            .insert(known.unwrap_or_else(|| (due, Box::pin(async move { clock.sleep_until(due).await }) as Sleep)));
        ready!(sleep.as_mut().poll(cx));
        self.0 = None;
        Poll::Ready(())
    }
}

impl Flow {
    /// Ends that follow from the present state.
    pub(super) fn over(&mut self, now: Stamp) -> Option<End> {
        if self.pipes.iter().any(|pipe| pipe.last && pipe.queue.is_empty()) {
            return Some(End::Close);
        }
        if !self.is_in_flight()
            && now.since(self.past.last()) >= IDLE
            && let Some(side) = self.conditions.reset_at(Moment::Idle)
        {
            return Some(End::Reset(side));
        }
        let is_done = self.pipes.iter().all(|pipe| pipe.finished && pipe.ended.is_some());
        (is_done && self.refusal_due().is_none_or(|due| due <= now)).then_some(End::Done)
    }

    /// Returns the time until which it is not known if the client, which has left, has got the last bytes. On this machine a
    /// closed socket refuses them immediately.
    fn refusal_due(&self) -> Option<Stamp> {
        let ended = self.pipes[Direction::Down as usize].ended?;
        let is_unknown = self.dialogue.ledger.as_ref().is_some_and(|ledger| ledger.may_be_undelivered())
            && self.slot.client.is_some_and(|client| !client.ip().to_canonical().is_loopback())
            && self.ends[0].as_ref().is_some_and(|client| !client.is_refused());
        is_unknown.then(|| ended.after(REFUSAL))
    }

    /// Waits for the next moment at which something is due.
    pub(super) fn poll_timer(&mut self, now: Stamp, cx: &mut Context<'_>) -> Poll<()> {
        let queues = Direction::BOTH.into_iter().filter(|direction| !self.conditions.lane(*direction).silent);
        let pieces = queues.filter_map(|direction| self.pipes[direction as usize].queue.front().map(|(due, _)| *due));
        let ends = self.pipes.iter().filter(|pipe| !pipe.finished && pipe.queue.is_empty());
        let ends = ends.filter_map(|pipe| pipe.ended).map(|ended| ended.after(self.conditions.close_delay));
        let idle = matches!(self.conditions.reset, Some((_, Moment::Idle, _))).then(|| self.past.last().after(IDLE));
        let idle = idle.filter(|_| !self.is_in_flight());
        let look = self.is_silenced_and_observed().then(|| now.after(LOOK));
        let refusal = self.refusal_due();
        let Some(due) = pieces.chain(ends).chain(idle).chain(look).chain(refusal).filter(|due| *due > now).min() else {
            self.timer = Timer::default();
            return Poll::Pending;
        };
        let clock = self.state.clock();
        ready!(self.timer.poll(due, clock, cx));
        Poll::Ready(())
    }
}
