//! Decides about bytes that arrive: a pure function of the conditions on the connection, the direction, the time, and
//! the connection's past. It needs no socket.

use std::time::Duration;

use super::conditions::{self, Conditions};
use crate::{
    clock::Stamp,
    fault::{Direction, Forgotten, Random},
};

/// With a limited rate, bytes are delivered in portions of this much time.
const PORTION: u64 = 50;

/// The decision about a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ChunkAction {
    /// It passes immediately.
    Pass,
    /// It passes later, in these pieces.
    Delay(Vec<Piece>),
    /// It vanishes.
    Drop,
    /// It is not read yet.
    Hold,
    /// This many bytes pass immediately, then the connection ends (FIN).
    Cut(usize),
    /// Its sender gets a reset.
    Refuse,
}

/// A part of a chunk, and the time at which it passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) due: Stamp,
    pub(super) length: usize,
}

/// The properties of a chunk on which the decision depends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk {
    pub(super) direction: Direction,
    pub(super) at: Stamp,
    pub(super) length: usize,
    /// Delay added by a fault that affects the command which these bytes answer.
    pub(super) extra: Duration,
}

/// The past of a connection.
#[derive(Clone, Debug)]
pub(super) struct Past {
    last: Stamp,
    forgotten: Option<Forgotten>,
    /// The fault that limits, and the bytes sent to the client since it began.
    limited: (u64, u64),
    lanes: [Lane; 2],
}

/// The past of one direction.
#[derive(Clone, Debug, Default)]
struct Lane {
    /// Time at which the last piece passes: no later piece may overtake it.
    due: Stamp,
    /// Time at which the last byte has passed, at a limited rate.
    free: Stamp,
}

impl Past {
    pub(super) fn new(now: Stamp) -> Self {
        Self { last: now, forgotten: None, limited: (u64::MAX, 0), lanes: <[Lane; 2]>::default() }
    }

    /// Time of the last bytes in either direction.
    pub(super) fn last(&self) -> Stamp {
        self.last
    }

    /// Decides if bytes (or an end) may arrive, by the conditions on the connection as a whole.
    pub(super) fn admit(&mut self, conditions: &Conditions, chunk: Chunk) -> ChunkAction {
        if conditions.lane(chunk.direction).silent {
            return ChunkAction::Hold;
        }
        let silence = chunk.at.since(self.last);
        if let Some((after, then, mark)) = conditions.idle.as_ref().filter(|(after, ..)| silence >= *after) {
            debug_assert!(!after.is_zero());
            mark.strike();
            self.forgotten.get_or_insert(*then);
        }
        match self.forgotten {
            // A forgotten connection stays forgotten when the fault is over.
            Some(Forgotten::Drop) => return ChunkAction::Drop,
            Some(Forgotten::Reset) => return ChunkAction::Refuse,
            None => self.last = chunk.at,
        }
        if let Some((id, bytes, mark)) = conditions.limit.as_ref().filter(|_| chunk.direction == Direction::Down) {
            if self.limited.0 != *id {
                self.limited = (*id, 0);
            }
            let room = bytes.saturating_sub(self.limited.1);
            self.limited.1 += chunk.length as u64;
            if chunk.length as u64 >= room {
                mark.strike();
                return ChunkAction::Cut(usize::try_from(room).unwrap_or(usize::MAX));
            }
        }
        ChunkAction::Pass
    }

    /// Decides when the bytes pass, and in which pieces.
    pub(super) fn shape(&mut self, conditions: &Conditions, chunk: Chunk, random: &mut Random) -> ChunkAction {
        let direction = conditions.lane(chunk.direction);
        let lane = &mut self.lanes[chunk.direction as usize];
        let shaped = !direction.delays.is_empty()
            || direction.rate.is_some()
            || direction.slice.is_some()
            || !chunk.extra.is_zero();
        if !shaped && lane.due <= chunk.at {
            return ChunkAction::Pass;
        }
        direction.marks.iter().for_each(conditions::Mark::strike);
        let delay: Duration = direction.delays.iter().map(|(delay, jitter)| jittered(*delay, *jitter, random)).sum();
        let base = chunk.at.after(delay + chunk.extra).max(lane.due);
        ChunkAction::Delay(lane.pieces(direction, base, chunk.length))
    }
}

impl Lane {
    fn pieces(&mut self, direction: &conditions::Lane, base: Stamp, length: usize) -> Vec<Piece> {
        let portion = direction.rate.map_or(u64::MAX, |rate| (rate / PORTION).max(1));
        let (slice, pause) = direction.slice.unwrap_or((u64::MAX, Duration::ZERO));
        let most = usize::try_from(portion.min(slice)).unwrap_or(usize::MAX);
        let (mut left, mut due) = (length, base);
        let mut pieces = Vec::with_capacity(length.div_ceil(most));
        while left > 0 {
            let length = left.min(most);
            if let Some(rate) = direction.rate {
                due = due.max(self.free).after(Duration::from_secs_f64(length as f64 / rate as f64));
                self.free = due;
            }
            pieces.push(Piece { due, length });
            self.due = due;
            due = due.after(pause);
            left -= length;
        }
        pieces
    }
}

/// `delay` plus or minus up to `jitter`.
pub(super) fn jittered(delay: Duration, jitter: Duration, random: &mut Random) -> Duration {
    if jitter.is_zero() {
        return delay;
    }
    let spread = jitter.mul_f64(2.0 * random.unit());
    (delay + spread).saturating_sub(jitter)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::conditions::Active, *};

    const SECOND: u64 = 1_000_000_000;

    fn conditions(faults: &[&str]) -> Conditions {
        let active = |(id, text): (u64, &&str)| Active {
            id,
            fault: text.parse().unwrap(),
            since: Stamp::START,
            until: None,
            below: 10,
            mark: conditions::Mark::default(),
        };
        Conditions::of(&(0..).zip(faults).map(active).collect::<Vec<_>>(), 5)
    }

    fn chunk(direction: Direction, at: f64, length: usize) -> Chunk {
        Chunk { direction, at: stamp(at), length, extra: Duration::ZERO }
    }

    fn stamp(seconds: f64) -> Stamp {
        Stamp::from_nanos((seconds * SECOND as f64) as u64)
    }

    /// When the pieces of a chunk go on, in seconds, with their lengths.
    fn shaped(past: &mut Past, conditions: &Conditions, chunk: Chunk) -> Vec<(f64, usize)> {
        match past.shape(conditions, chunk, &mut Random::new(1, 1)) {
            ChunkAction::Pass => vec![(chunk.at.elapsed().as_secs_f64(), chunk.length)],
            ChunkAction::Delay(pieces) => {
                pieces.iter().map(|piece| (piece.due.elapsed().as_secs_f64(), piece.length)).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn delays_add_up_and_the_narrowest_limit_counts() {
        let mut past = Past::new(Stamp::START);
        let both = conditions(&["latency=1s", "latency=2s,direction=both", "bandwidth=100", "bandwidth=1m"]);
        assert_eq!(shaped(&mut past, &both, chunk(Direction::Down, 1.0, 2)), [(4.02, 2)]);
        let up = shaped(&mut past, &both, chunk(Direction::Up, 1.0, 100));
        assert_eq!((up.len(), up[0], up[49]), (50, (3.02, 2), (4.0, 2)));
    }

    #[test]
    fn slices_come_apart() {
        let mut past = Past::new(Stamp::START);
        let sliced = conditions(&["slicer=2,delay=1s,direction=down"]);
        assert_eq!(shaped(&mut past, &sliced, chunk(Direction::Down, 1.0, 5)), [(1.0, 2), (2.0, 2), (3.0, 1)]);
        assert_eq!(shaped(&mut past, &sliced, chunk(Direction::Up, 1.0, 5)), [(1.0, 5)]);
    }

    #[test]
    fn what_comes_after_a_fault_does_not_overtake_what_came_under_it() {
        let mut past = Past::new(Stamp::START);
        assert_eq!(shaped(&mut past, &conditions(&["latency=5s"]), chunk(Direction::Down, 1.0, 3)), [(6.0, 3)]);
        assert_eq!(shaped(&mut past, &conditions(&[]), chunk(Direction::Down, 2.0, 3)), [(6.0, 3)]);
        assert_eq!(shaped(&mut past, &conditions(&[]), chunk(Direction::Down, 7.0, 3)), [(7.0, 3)]);
    }

    #[test]
    fn silence_holds_what_it_covers() {
        let mut past = Past::new(Stamp::START);
        for (fault, up, down) in [
            ("blackhole", ChunkAction::Hold, ChunkAction::Hold),
            ("blackhole=direction=up", ChunkAction::Hold, ChunkAction::Pass),
            ("blackhole=direction=down", ChunkAction::Pass, ChunkAction::Hold),
            ("partition", ChunkAction::Hold, ChunkAction::Hold),
            ("stall_accept", ChunkAction::Pass, ChunkAction::Pass),
        ] {
            let conditions = conditions(&[fault]);
            assert_eq!(past.admit(&conditions, chunk(Direction::Up, 1.0, 1)), up, "{fault}");
            assert_eq!(past.admit(&conditions, chunk(Direction::Down, 1.0, 1)), down, "{fault}");
        }
        let active = Active {
            id: 0,
            fault: "blackhole".parse().unwrap(),
            since: Stamp::START,
            until: None,
            below: 5,
            mark: conditions::Mark::default(),
        };
        assert!(!Conditions::of(std::slice::from_ref(&active), 5).lanes[0].silent, "a connection made later");
        let stalled = Active { fault: "stall_accept".parse().unwrap(), ..active };
        assert!(Conditions::of(&[stalled], 5).stalled);
    }

    #[test]
    fn a_connection_is_forgotten_by_silence_and_for_good() {
        for (fault, action) in [("idle_drop=5s", ChunkAction::Drop), ("idle_drop=5s,then=reset", ChunkAction::Refuse)] {
            let (mut past, forgetful) = (Past::new(Stamp::START), conditions(&[fault, "idle_drop=60s"]));
            assert_eq!(past.admit(&forgetful, chunk(Direction::Up, 4.0, 1)), ChunkAction::Pass);
            assert_eq!(past.admit(&forgetful, chunk(Direction::Down, 8.9, 1)), ChunkAction::Pass);
            assert_eq!(past.admit(&forgetful, chunk(Direction::Down, 13.9, 1)), action);
            assert_eq!(past.admit(&conditions(&[]), chunk(Direction::Up, 14.0, 1)), action);
        }
    }

    #[test]
    fn a_limit_counts_from_its_beginning() {
        let (mut past, limited) = (Past::new(Stamp::START), conditions(&["limit_data=10"]));
        assert_eq!(past.admit(&conditions(&[]), chunk(Direction::Down, 1.0, 100)), ChunkAction::Pass);
        assert_eq!(past.admit(&limited, chunk(Direction::Up, 1.0, 100)), ChunkAction::Pass);
        assert_eq!(past.admit(&limited, chunk(Direction::Down, 1.0, 9)), ChunkAction::Pass);
        assert_eq!(past.admit(&limited, chunk(Direction::Down, 1.0, 5)), ChunkAction::Cut(1));
    }

    proptest! {
        #[test]
        fn every_byte_goes_on_once_and_in_order(
            lengths in prop::collection::vec((1_usize..2000, 0.0..3.0), 1..20),
            faults in prop::collection::vec(prop::sample::select(vec![
                "latency=1s~1s", "latency=20ms~3ms", "bandwidth=999", "bandwidth=7", "slicer=3", "slicer=100,delay=1ms",
            ]), 0..4),
            seed in any::<u64>(),
        ) {
            let (conditions, mut past) = (conditions(&faults), Past::new(Stamp::START));
            let (mut random, mut at, mut before) = (Random::new(seed, 1), 0.0, Stamp::START);
            for (length, pause) in lengths {
                at += pause;
                let chunk = chunk(Direction::Down, at, length);
                let pieces = match past.shape(&conditions, chunk, &mut random) {
                    ChunkAction::Delay(pieces) => pieces,
                    action => {
                        prop_assert_eq!(action, ChunkAction::Pass);
                        vec![Piece { due: chunk.at, length }]
                    }
                };
                prop_assert_eq!(pieces.iter().map(|piece| piece.length).sum::<usize>(), length);
                for piece in pieces {
                    prop_assert!(piece.due >= before && piece.due >= chunk.at);
                    before = piece.due;
                }
            }
        }
    }
}
