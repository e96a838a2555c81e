//! One proxied connection: a state machine that is polled, both directions in one task.
//!
//! Reading stops while more than a limit waits to be written, so a slow reader slows its writer down and memory stays
//! bounded. An end of stream passes in one direction at a time, behind the bytes before it.

mod answer;
mod delivery;
mod dialing;
mod ending;
mod look;
mod waiting;

use std::{
    collections::VecDeque,
    future::poll_fn,
    io,
    net::SocketAddr,
    rc::Rc,
    sync::atomic::Ordering,
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use bytes::Bytes;

pub(super) use self::ending::End;
use self::{answer::Judge, waiting::Timer};
use super::{
    conditions::{Conditions, Mark},
    dialogue::{Dialogue, Passed},
    observer::{Watched, Whose, ledger::Ledger},
    shaping::{Chunk, ChunkAction, Past},
    slot::{Conduct, Slot},
    state::ProxyState,
    stream::Stream,
};
use crate::{
    clock::Stamp,
    event::{EventKind, FlowClosed, FlowOpened},
    fault::{Direction, Moment, Order, Random},
    foreign::Foreign,
};

/// Bytes that may wait in one direction before reading stops.
const QUEUE_LIMIT: usize = 1 << 20;

/// One direction.
#[derive(Default)]
struct Pipe {
    queue: VecDeque<(Stamp, Bytes)>,
    queued: usize,
    /// True if its source has sent the end of the stream.
    ended: Option<Stamp>,
    /// True if the end of the stream has been passed on.
    finished: bool,
    /// True if the connection ends when the queue is empty.
    last: bool,
    received: u64,
    /// Bytes written to its destination.
    sent: u64,
}

/// A proxied connection.
pub(super) struct Flow {
    pub(super) number: u64,
    state: Rc<ProxyState>,
    slot: Rc<Slot>,
    /// Client and server; `None` is a server not connected yet, or an end that was reset alone.
    ends: [Option<Stream>; 2],
    pipes: [Pipe; 2],
    version: u64,
    conditions: Conditions,
    /// True if no fault affects this connection.
    at_ease: bool,
    past: Past,
    dialogue: Dialogue,
    /// True if the client has sent bytes since the server's last bytes.
    unanswered: bool,
    random: Random,
    timer: Timer,
    watched: Watched,
    /// Our end of the connection to the server.
    outgoing: Option<SocketAddr>,
}

impl Flow {
    pub(super) fn new(state: Rc<ProxyState>, client: Stream) -> Self {
        let (number, slot) = state.open(client.peer());
        let random = Random::new(state.config.seed, number);
        let now = state.clock().now();
        let mut dialogue = Dialogue::new();
        let mut watched = Watched::default();
        if let Some(observer) = &state.observer {
            watched = observer.opened(number, now);
            dialogue.ledger = Some(Box::<Ledger>::default());
        }
        Self {
            watched,
            number,
            slot,
            ends: [Some(client), None],
            pipes: Default::default(),
            version: 0,
            conditions: Conditions::default(),
            at_ease: true,
            past: Past::new(now),
            dialogue,
            unanswered: false,
            random,
            timer: Timer::default(),
            outgoing: None,
            state,
        }
    }

    /// Relays until the connection ends, and closes its sockets accordingly.
    pub(super) async fn run(mut self) {
        let peer = self.ends[0].as_ref().and_then(Stream::peer);
        let client = peer.map_or_else(|| Foreign::from("unknown"), |peer| peer.to_string().into());
        let began = self.state.clock().now();
        self.state.emit(EventKind::FlowOpened(FlowOpened { flow: self.number, client: client.clone() }));
        // On the heap while it lasts: the handshake with a server is much larger than the rest.
        let end = match Box::pin(self.connect()).await {
            Ok(()) => poll_fn(|cx| self.poll(cx)).await,
            Err(end) => end,
        };
        let [up, down] = self.pipes.each_ref().map(|pipe| pipe.received);
        let after = self.state.clock().now().since(began);
        self.conclude(end);
        let closed = FlowClosed { flow: self.number, client, how: end.how(), after, up, down };
        self.state.emit(EventKind::FlowClosed(closed));
        self.state.close(self.number);
        let [client, server] = self.ends;
        Box::pin(end.carry_out(client, server, &self.state)).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        self.slot.register(cx.waker());
        let mut now = self.state.clock().now();
        loop {
            if let Some(end) = self.obey() {
                return Poll::Ready(end);
            }
            let mut moved = false;
            self.look_at_silence(now);
            for direction in Direction::BOTH {
                match self.drive(direction, now, cx) {
                    Ok(some) => moved |= some,
                    Err(end) => return Poll::Ready(end),
                }
            }
            if let Some(end) = self.over(now) {
                return Poll::Ready(end);
            }
            // With nothing to time, the clock need not be read again.
            let timeless = self.is_timeless();
            if !moved {
                if timeless {
                    self.timer = Timer::default();
                    return Poll::Pending;
                }
                ready!(self.poll_timer(now, cx));
            }
            if !timeless {
                now = self.state.clock().now();
            }
        }
    }

    /// True if nothing is in flight and no fault affects the connection: only bytes and orders can change that.
    fn is_timeless(&self) -> bool {
        self.at_ease && self.pipes.iter().all(|pipe| pipe.queue.is_empty() && pipe.ended.is_none())
    }

    /// Updates the conditions, and carries out orders.
    fn obey(&mut self) -> Option<End> {
        if self.slot.is_exempt() {
            self.slot.inbox.borrow_mut().clear();
            (self.version, self.conditions, self.at_ease) = (0, Conditions::default(), true);
            return None;
        }
        if self.slot.answering.get() {
            if self.dialogue.waiting() > 0 || !self.pipes[Direction::Down as usize].queue.is_empty() {
                return None;
            }
            self.slot.answering.set(false);
        }
        if let Some((version, conditions)) = self.state.conditions(self.number, self.version) {
            self.at_ease = conditions == Conditions::default();
            (self.version, self.conditions) = (version, conditions);
        }
        loop {
            let (order, mark) = self.slot.inbox.borrow_mut().pop_front()?;
            if !matches!(order, Order::Push(_)) {
                mark.strike();
            }
            match order {
                Order::Reset(side) => return Some(End::Reset(side)),
                Order::Close => return Some(End::Close),
                Order::HalfClose => {
                    self.pipes[Direction::Down as usize].finished = true;
                    self.watched.closed(self.state.clock().now());
                    if let Some(client) = &mut self.ends[0] {
                        // Only the notice of TLS would have to wait, for a client that does not read.
                        let _ = client.poll_finish(&mut Context::from_waker(Waker::noop()));
                    }
                }
                Order::Push(frame) => {
                    let now = self.state.clock().now();
                    if self.dialogue.push(&frame) {
                        mark.strike();
                    }
                    let due = self.dialogue.due();
                    self.send(due, now);
                }
            }
        }
    }

    /// Delivers and reads in one direction; true if anything moved.
    fn drive(&mut self, direction: Direction, now: Stamp, cx: &mut Context<'_>) -> Result<bool, End> {
        if self.conditions.lane(direction).silent {
            return Ok(false);
        }
        let mut moved = self.deliver(direction, now, cx)?;
        if moved {
            self.note_moved(direction, now);
        }
        let pipe = &self.pipes[direction as usize];
        let ending = self.pipes.iter().any(|pipe| pipe.last);
        if pipe.ended.is_none()
            && !ending
            && pipe.queued < QUEUE_LIMIT
            && !(direction == Direction::Up && self.owes_much())
        {
            moved |= self.read(direction, now, cx)?;
        }
        let pipe = &mut self.pipes[direction as usize];
        let due = |ended: Stamp| ended.after(self.conditions.close_delay) <= now;
        if pipe.ended.is_some_and(due) && pipe.queue.is_empty() && !pipe.finished {
            let to = self.ends[1 - direction as usize].as_mut();
            pipe.finished = to.is_none_or(|to| to.poll_finish(cx).is_ready());
            moved |= pipe.finished;
            if pipe.finished && direction == Direction::Down {
                self.watched.closed(now);
            }
        }
        Ok(moved)
    }

    /// True if the client does not read the proxy's own answers. (It need not read the server's replies yet: a client may
    /// write all its commands first.)
    fn owes_much(&self) -> bool {
        let waiting = self.dialogue.waiting();
        self.pipes[Direction::Down as usize].queued + waiting > 4 * QUEUE_LIMIT
    }

    fn read(&mut self, direction: Direction, now: Stamp, cx: &mut Context<'_>) -> Result<bool, End> {
        let state = Rc::clone(&self.state);
        let mut scratch = state.scratch.borrow_mut();
        let Some(from) = &mut self.ends[direction as usize] else { return Ok(false) };
        let Poll::Ready(read) = from.poll_read(cx, &mut scratch) else { return Ok(false) };
        let length = read.map_err(|error: io::Error| End::broken(direction as usize, &error))?;
        self.pipes[direction as usize].received += length as u64;
        // Only this thread writes it, so no locked instruction is needed.
        let received = &state.shared.received[direction as usize];
        received.store(received.load(Ordering::Relaxed) + length as u64, Ordering::Relaxed);
        let chunk = Chunk { direction, at: now, length, extra: Duration::ZERO };
        let mut bytes = &scratch[..length];
        match self.past.admit(&self.conditions, chunk) {
            ChunkAction::Drop => {
                self.look_at_dropped(direction, length, now);
                // The end of a forgotten connection does not arrive, either.
                if length == 0 {
                    (self.pipes[direction as usize].ended, self.pipes[direction as usize].finished) = (Some(now), true);
                }
                return Ok(true);
            }
            ChunkAction::Refuse => return Err(End::Forgotten(direction)),
            ChunkAction::Cut(room) => {
                bytes = &bytes[..room.min(length)];
                self.pipes[direction as usize].last = true;
            }
            ChunkAction::Pass | ChunkAction::Hold | ChunkAction::Delay(_) => {}
        }
        if length == 0 {
            self.pipes[direction as usize].ended = Some(now);
            self.conditions.late.iter().for_each(Mark::strike);
            if direction == Direction::Up {
                self.left(now);
            }
        }
        self.pass(direction, bytes, now, cx)?;
        Ok(true)
    }

    /// Passes a chunk on, or its replacement.
    fn pass(&mut self, direction: Direction, bytes: &[u8], now: Stamp, cx: &mut Context<'_>) -> Result<(), End> {
        if (direction, bytes.is_empty(), self.is_in_flight()) == (Direction::Down, false, true)
            && let Some(side) = self.conditions.reset_at(Moment::InFlight)
        {
            if self.begin_look(now) {
                // The client does not get these replies, but the server has answered.
                let _ = self.dialogue.replies(bytes);
            }
            return Err(End::Reset(side));
        }
        if !bytes.is_empty() {
            self.unanswered = direction == Direction::Up;
        }
        if direction == Direction::Up && self.pipes[0].received == bytes.len() as u64 && self.is_misled(bytes) {
            return Err(End::Misled);
        }
        let observing = self.begin_look(now);
        match direction {
            Direction::Up => {
                let Self { dialogue, state, slot, conditions, random, number, .. } = self;
                let idle = conditions.rules.is_empty() && slot.conduct.get() == Conduct::Application;
                let mut judge = Judge { state, slot, flow: *number, conditions, random };
                let passed = dialogue.requests(bytes, idle, &mut |words| judge.answer(words));
                let due = dialogue.due();
                self.send(due, now);
                match passed {
                    Passed::Whole => self.forward(direction, bytes, now, cx)?,
                    Passed::Instead(bytes) => self.forward(direction, &bytes, now, cx)?,
                }
            }
            Direction::Down => match self.dialogue.replies(bytes) {
                Passed::Whole => self.forward(direction, bytes, now, cx)?,
                Passed::Instead(segments) => self.send(segments, now),
            },
        }
        if observing {
            self.end_look(direction, now);
        }
        let learned = self.dialogue.learned();
        if !learned.is_empty() {
            self.state.learn(learned);
        }
        let ended = Direction::BOTH.map(|direction| self.pipes[direction as usize].ended.is_some());
        let kept = self.dialogue.abandoned(ended);
        for (direction, bytes) in Direction::BOTH.into_iter().zip(kept) {
            self.forward(direction, &bytes, now, cx)?;
        }
        Ok(())
    }

    /// The connection, for the observer.
    fn whose(&self) -> Whose {
        Whose { flow: self.number, client: self.slot.client, outgoing: self.outgoing }
    }

    fn is_in_flight(&self) -> bool {
        self.dialogue.in_flight().unwrap_or(self.unanswered)
    }
}
