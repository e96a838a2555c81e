//! The tempo of one connection: which replies are slow, compared with those before them, and which slow replies form a
//! slow stretch. Pure: times go in, [`Stretch`]es come out.
//!
//! A slow stretch is no outage: every command is answered, only late. It is measured by the time in which a slow reply
//! was awaited, not by the number of slow replies: a paced client sends one probe into a stall of a second and is
//! answered fast between two stalls, so a percentile shows neither.

use std::{collections::VecDeque, time::Duration};

use crate::clock::Stamp;

/// A reply within this time is never slow, whatever the usual time: a busy machine is that late at times.
const QUICK: Duration = Duration::from_millis(50);

/// A reply is slow if it takes this many times the median.
const TIMES: u32 = 20;

/// A reply is slow if it takes this much longer than the median, however long that is.
const LONGER: Duration = Duration::from_millis(200);

/// Replies after which the median is known.
const KNOWN: u32 = 20;

/// A reply is slow if it takes this time and a few round trips, even if all replies do.
const STEADY: Duration = Duration::from_millis(100);
const ROUND_TRIPS: u32 = 3;

/// The same for any distance, and where the round trip is unknown.
const STEADY_ANYWHERE: Duration = Duration::from_millis(400);
const STEADY_UNKNOWN: Duration = Duration::from_millis(200);

/// Time beyond [`QUICK`] in slow replies that makes a stretch; less is a few hiccups.
const MUCH: Duration = Duration::from_millis(250);

/// A stretch is over this long after its last slow reply, if others have been fast since.
const QUIET: Duration = Duration::from_secs(2);

/// Bursts of slow replies kept until the monitor takes them.
const KEPT: usize = 64;

/// The replies of one connection.
#[derive(Debug)]
pub(super) struct Tempo {
    limit: Duration,
    usual: Usual,
    /// Time of the latest reply that was not slow.
    fast: Stamp,
    bursts: VecDeque<Burst>,
}

/// Slow replies whose waits overlap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Burst {
    pub(super) since: Stamp,
    pub(super) last: Stamp,
    longest: Duration,
    replies: u64,
}

impl Tempo {
    pub(super) fn new() -> Self {
        Self { limit: STEADY_UNKNOWN, usual: Usual::default(), fast: Stamp::START, bursts: VecDeque::new() }
    }

    /// Counts a reply at `done` to a command that was sent at `sent`, or had a connection from then on.
    #[inline]
    pub(super) fn on_reply(&mut self, sent: Stamp, done: Stamp) {
        let took = done.since(sent);
        if took < self.limit {
            self.usual.count(took);
            self.fast = done;
            return;
        }
        let full = self.bursts.len() == KEPT;
        match self.bursts.back_mut().filter(|burst| full || sent <= burst.last) {
            Some(burst) => {
                burst.since = burst.since.min(sent);
                burst.last = burst.last.max(done);
                burst.longest = burst.longest.max(took);
                burst.replies += 1;
            }
            None => self.bursts.push_back(Burst { since: sent, last: done, longest: took, replies: 1 }),
        }
    }

    /// Takes the bursts that ended at `until` or before.
    pub(super) fn take(&mut self, until: Stamp) -> Vec<Burst> {
        let ended = self.bursts.iter().take_while(|burst| burst.last <= until).count();
        self.bursts.drain(..ended).collect()
    }

    /// Returns the time of the latest reply that was not slow.
    pub(super) fn fast(&self) -> Stamp {
        self.fast
    }

    /// Returns the usual time to a reply, once it is known.
    pub(super) fn usual(&self) -> Option<Duration> {
        self.usual.median()
    }

    /// Sets the limit for the next replies. `paced` is false if the client sends as fast as it can: it then waits for
    /// its own commands, and only a change counts.
    pub(super) fn adjust(&mut self, round_trip: Option<Duration>, paced: bool) {
        let steady =
            round_trip.map_or(STEADY_UNKNOWN, |round_trip| (STEADY + round_trip * ROUND_TRIPS).min(STEADY_ANYWHERE));
        let usual = self.usual();
        let changed = usual.map(|usual| (usual * TIMES).min(usual + LONGER).max(QUICK));
        self.limit = match (changed, paced) {
            (Some(changed), true) => changed.min(steady),
            (Some(changed), false) => changed,
            (None, true) => steady,
            (None, false) => Duration::MAX,
        };
    }
}

/// The times to a reply that were not slow, in steps of about 1.4.
#[derive(Debug)]
struct Usual {
    counts: [u32; Self::STEPS],
    total: u32,
}

impl Default for Usual {
    fn default() -> Self {
        Self { counts: [0; Self::STEPS], total: 0 }
    }
}

impl Usual {
    const STEPS: usize = 80;

    #[inline]
    fn count(&mut self, took: Duration) {
        let micros = (took.as_nanos() as u64 / 1000).max(1);
        let power = micros.ilog2();
        // The upper half of each power of two begins at 1.5 times it.
        let upper = power > 0 && micros >> (power - 1) & 1 == 1;
        let step = (power as usize * 2 + usize::from(upper)).min(Self::STEPS - 1);
        self.counts[step] += 1;
        self.total += 1;
        if self.total == u32::MAX / 2 {
            self.total = 0;
            for count in &mut self.counts {
                *count /= 2;
                self.total += *count;
            }
        }
    }

    fn median(&self) -> Option<Duration> {
        let mut left = (self.total >= KNOWN).then_some(self.total / 2)?;
        let step = self.counts.iter().position(|count| {
            let here = *count > left;
            left = left.saturating_sub(*count);
            here
        })?;
        let base = 1_u64 << (step / 2).min(40);
        Some(Duration::from_micros(if step % 2 == 0 { base * 5 / 4 } else { base * 7 / 4 }))
    }
}

/// Slow replies that belong together.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stretch {
    pub(super) since: Stamp,
    pub(super) last: Stamp,
    pub(super) longest: Duration,
    pub(super) waiting: Duration,
    /// The part of it beyond what a busy machine may take.
    excess: Duration,
    pub(super) replies: u64,
    /// Usual time to a reply before the stretch.
    pub(super) usual: Option<Duration>,
    /// Reported: it took enough time.
    pub(super) reported: bool,
}

impl Stretch {
    /// Begins or extends a stretch with a burst, of which redis-doctor itself was paused for `own`: that part was not
    /// waiting. Returns false if nothing slow is left.
    pub(super) fn add(current: &mut Option<Self>, burst: Burst, own: Duration, usual: Option<Duration>) -> bool {
        let waiting = burst.last.since(burst.since).saturating_sub(own);
        let longest = burst.longest.saturating_sub(own);
        if longest < QUICK {
            return false;
        }
        let stretch = current.get_or_insert_with(|| Self {
            since: burst.since,
            last: burst.last,
            longest: Duration::ZERO,
            waiting: Duration::ZERO,
            excess: Duration::ZERO,
            replies: 0,
            usual,
            reported: false,
        });
        stretch.last = stretch.last.max(burst.last);
        stretch.longest = stretch.longest.max(longest);
        stretch.waiting += waiting;
        stretch.excess += waiting.saturating_sub(QUICK);
        stretch.replies += burst.replies;
        true
    }

    /// Returns true the first time that the stretch has taken enough time to be reported.
    pub(super) fn becomes_news(&mut self) -> bool {
        let news = !self.reported && self.excess >= MUCH;
        self.reported |= news;
        news
    }

    /// Returns true if the stretch is over, with the latest fast reply at `fast`.
    pub(super) fn is_over(&self, fast: Stamp, now: Stamp) -> bool {
        fast > self.last && now.since(self.last) >= QUIET
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Stamp {
        Stamp::from_nanos(ms * 1_000_000)
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// A connection that is usually answered within `usual`, with the limit that follows.
    fn accustomed(usual: Duration) -> Tempo {
        let mut tempo = Tempo::new();
        (0..100).for_each(|n| tempo.on_reply(at(n * 100), at(n * 100).after(usual)));
        tempo.adjust(Some(ms(0)), true);
        tempo
    }

    /// The stretch after replies to commands sent at a time that took some time, both in milliseconds.
    fn stretch(tempo: &mut Tempo, replies: &[(u64, u64)]) -> Option<Stretch> {
        let usual = tempo.usual();
        replies.iter().for_each(|(sent, took)| tempo.on_reply(at(*sent), at(sent + took)));
        let mut stretch = None;
        for burst in tempo.take(at(u64::MAX / 2_000_000)) {
            Stretch::add(&mut stretch, burst, Duration::ZERO, usual);
        }
        stretch
    }

    #[test]
    fn the_median_is_near_the_usual_time() {
        for micros in [1, 90, 250, 1000, 30_000] {
            let usual = accustomed(Duration::from_micros(micros)).usual().unwrap().as_micros() as f64;
            assert!((0.7..1.4).contains(&(usual / micros as f64)), "{micros}: {usual}");
        }
        assert_eq!(Tempo::new().usual(), None);
    }

    #[test]
    fn the_limit_follows_the_usual_time_and_the_distance() {
        let limit = |usual: Option<u64>, round_trip: Option<u64>, paced| {
            let mut tempo = usual.map_or_else(Tempo::new, |usual| accustomed(ms(usual)));
            tempo.adjust(round_trip.map(ms), paced);
            tempo.limit
        };
        assert_eq!(limit(Some(0), Some(0), true), QUICK, "a fast server");
        assert_eq!(limit(None, Some(0), true), STEADY, "nothing is known yet");
        assert_eq!(limit(None, None, true), STEADY_UNKNOWN);
        assert_eq!(limit(None, Some(80), true), ms(340), "another continent");
        assert_eq!(limit(None, Some(980), true), STEADY_ANYWHERE, "no distance is that long");
        assert_eq!(limit(None, Some(0), false), Duration::MAX, "it may wait for its own commands");
        assert_eq!(limit(Some(0), Some(0), false), QUICK);
        let far = limit(Some(80), Some(80), true);
        assert!(far > ms(240) && far < ms(340), "{far:?}");
    }

    #[test]
    fn a_hiccup_is_no_stretch_and_a_second_is_one() {
        for (name, replies, news) in [
            ("a busy machine", &[(0, 60), (100, 70), (500, 40)][..], false),
            ("one command of 1.3 s", &[(0, 1300)], true),
            ("three that waited for it together", &[(0, 200), (100, 100), (150, 50)], false),
            (
                "a machine that is always busy",
                &[(0, 70), (400, 80), (1000, 70), (1500, 100), (2000, 60), (2500, 80)],
                false,
            ),
            ("KEYS every second", &[(0, 150), (200, 1), (1000, 150), (2000, 150)], true),
        ] {
            let stretch = stretch(&mut accustomed(ms(1)), replies);
            assert_eq!(stretch.is_some_and(|mut stretch| stretch.becomes_news()), news, "{name}");
        }
    }

    #[test]
    fn slow_from_the_first_reply_is_slow_without_a_usual_time() {
        let mut tempo = Tempo::new();
        tempo.adjust(Some(ms(1)), true);
        let replies: Vec<_> = (0..10).map(|n| (n * 1000, 980)).collect();
        let mut stretch = stretch(&mut tempo, &replies).unwrap();
        assert!(stretch.becomes_news() && !stretch.becomes_news());
        assert_eq!((stretch.usual, stretch.waiting, stretch.replies), (None, ms(9800), 10));
        assert!(!stretch.is_over(tempo.fast(), at(60_000)), "nothing has been fast since");
    }

    #[test]
    fn waits_that_overlap_count_once() {
        let stretch = stretch(&mut accustomed(ms(1)), &[(0, 1000), (100, 900), (200, 1300), (2000, 100)]).unwrap();
        assert_eq!((stretch.waiting, stretch.longest, stretch.replies), (ms(1600), ms(1300), 4));
        assert_eq!((stretch.since, stretch.last), (at(0), at(2100)));
        assert!(stretch.is_over(at(2200), at(4100)) && !stretch.is_over(at(2200), at(4000)));
    }

    #[test]
    fn our_own_standstill_is_no_slow_reply() {
        let burst = Burst { since: at(0), last: at(1300), longest: ms(1300), replies: 1 };
        let mut stretch = None;
        assert!(!Stretch::add(&mut stretch, burst, ms(1290), None) && stretch.is_none());
        assert!(Stretch::add(&mut stretch, burst, ms(300), None));
        assert_eq!(stretch.map(|stretch| (stretch.waiting, stretch.longest)), Some((ms(1000), ms(1000))));
    }

    #[test]
    fn the_number_of_bursts_kept_is_limited() {
        let mut tempo = accustomed(ms(1));
        (0..10_000).for_each(|n| tempo.on_reply(at(n * 1000), at(n * 1000 + 100)));
        assert_eq!(tempo.bursts.len(), KEPT);
        assert_eq!(tempo.bursts.iter().map(|burst| burst.replies).sum::<u64>(), 10_000);
    }
}
