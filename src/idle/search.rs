//! The search for an idle limit: many silences at the same time, then those between the longest that was survived and the
//! shortest that was not.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Cloud, Ending, Silence, Steps, ladder, suspects};
use crate::clock::Seconds;

/// So many connections must have died before the rest of a round is not waited for, and before a limit is believed: one
/// may be an accident.
const CONFIRMED_BY: usize = 2;

/// Rounds of a search, however it goes: each narrows the limit by at least a half.
const MOST_ROUNDS: u32 = 12;

/// How often a ladder is gone on with whose connections died for another reason than their silence.
const REPEATS: u32 = 2;

/// A limit is known well enough within one part in fifty, but a tenth of a second is fine enough.
const FINE: f64 = 0.02;
const FINEST: Duration = Duration::from_millis(100);

/// By how much a timer of this length may be late. Redis looks at each client once a second and counts whole seconds
/// (`timeout.c`); tables elsewhere are swept now and then, too.
pub(super) fn slack(limit: Duration) -> Duration {
    Duration::from_secs(2) + limit.mul_f64(FINE)
}

/// An idle limit, as far as it is known.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Limit {
    /// Longest silence that was survived; if the ends are dated, the earliest end.
    #[serde(with = "Seconds")]
    pub at_least: Duration,
    /// Shortest silence that was not survived; if the ends are dated, the latest end.
    #[serde(with = "Seconds")]
    pub at_most: Duration,
    /// Kind of end at the limit.
    #[schemars(extend("enum" = Ending::deaths()))]
    pub ending: Ending,
    /// True if the connections ended before their PING: the times of the ends are known.
    pub dated: bool,
    /// Number of connections that ended so.
    #[schemars(range(min = 1))]
    pub connections: usize,
}

/// A search for the idle limit.
#[derive(Clone, Debug)]
pub struct Search {
    ladder: Vec<Duration>,
    /// Connections at once.
    most: usize,
    /// What is asked for instead of one part in fifty.
    resolution: Option<Duration>,
    /// The server's own `timeout`: an end at that moment needs no confirmation.
    expected: Option<Duration>,
    silences: Vec<Silence>,
    running: Vec<Duration>,
    round: u32,
    repeats: u32,
    /// What was known before the last round, so that one that brings nothing new is the last.
    known: Option<Limit>,
}

impl Search {
    /// A search for limits up to `max` (a list of steps has its own end).
    pub fn new(steps: &Steps, max: Duration, cloud: Option<Cloud>, resolution: Option<Duration>) -> Self {
        let ladder = match steps {
            Steps::Count(count) => ladder::silences(*count, max, cloud),
            Steps::List(list) => list.clone(),
        };
        Self {
            most: ladder.len(),
            ladder,
            resolution,
            expected: None,
            silences: Vec::new(),
            running: Vec::new(),
            round: 0,
            repeats: 0,
            known: None,
        }
    }

    /// Tells the search the server's own idle limit.
    pub fn expect(&mut self, timeout: Option<Duration>) {
        self.expected = timeout;
    }

    /// Tells the search which silence must be tried, to the second, and not only one a little longer.
    pub fn require(&mut self, silence: Option<Duration>) {
        let Some(silence) = silence.filter(|silence| !self.ladder.contains(silence)) else { return };
        let place = self.ladder.iter().take_while(|rung| **rung < silence).count();
        self.ladder.insert(place, silence);
        self.most = self.ladder.len();
    }

    /// The number of the next round and its silences, which are to begin together; `None` when there is nothing left to
    /// find out.
    pub fn next_round(&mut self) -> Option<(u32, Vec<Duration>)> {
        self.running.clear();
        let limit = self.limit();
        let silences = match &limit {
            _ if self.round == 0 => self.ladder.clone(),
            None => self.untried(),
            Some(limit) if self.known.as_ref() == Some(limit) => Vec::new(),
            Some(limit) if limit.dated => self.again(limit),
            Some(limit) => self.narrower(limit),
        };
        if silences.is_empty() || self.round == MOST_ROUNDS {
            return None;
        }
        self.known = limit;
        self.round += 1;
        self.running.clone_from(&silences);
        Some((self.round, silences))
    }

    /// A silence of the present round has ended; `None` when its connection could not be opened.
    pub fn ended(&mut self, planned: Duration, silence: Option<Silence>) {
        if let Some(place) = self.running.iter().position(|running| *running == planned) {
            self.running.swap_remove(place);
        }
        self.silences.extend(silence);
    }

    /// Whether what still runs in this round can say nothing new.
    pub fn settled(&self) -> bool {
        let survived = self.survived();
        let beyond = self.deaths().filter(|death| death.lasted > survived);
        // Ends that come by themselves come to all: if they do not, they were no limit.
        self.limit().is_some_and(|limit| {
            !limit.dated
                && beyond.count() >= CONFIRMED_BY
                && self.running.iter().all(|running| *running >= limit.at_most)
        })
    }

    /// The longest silence that a connection survived.
    pub fn survived(&self) -> Duration {
        let survivors = self.silences.iter().filter(|silence| silence.ending == Ending::Answered);
        survivors.map(|silence| silence.lasted).max().unwrap_or_default()
    }

    /// Connections that died although others survived much longer silences.
    pub fn strays(&self) -> usize {
        let survived = self.survived();
        self.deaths().filter(|death| is_stray(death, survived)).count()
    }

    /// Every silence that has ended.
    pub fn silences(&self) -> &[Silence] {
        &self.silences
    }

    /// Rounds so far.
    pub fn rounds(&self) -> u32 {
        self.round
    }

    /// The longest silence of the first round.
    pub fn longest(&self) -> Duration {
        self.ladder.last().copied().unwrap_or_default()
    }

    /// Connections at once, at most.
    pub fn connections(&self) -> usize {
        self.most
    }

    /// The limit, as far as it is known; `None` when nothing has died of its silence.
    pub fn limit(&self) -> Option<Limit> {
        let survived = self.survived();
        let deaths: Vec<_> = self.deaths().filter(|death| !is_stray(death, survived)).collect();
        let beyond = deaths.iter().filter(|death| death.lasted > survived);
        let first = beyond.chain(&deaths).min_by_key(|death| (death.lasted <= survived, death.lasted))?;
        let (mut at_least, mut at_most) = (survived.min(first.lasted), survived.max(first.lasted));
        if first.dated {
            // The ends themselves are the measurement.
            let near = deaths.iter().filter(|death| death.dated && death.lasted <= first.lasted + slack(first.lasted));
            let ages: Vec<_> = near.map(|death| death.lasted).collect();
            at_least = ages.iter().copied().min().unwrap_or(first.lasted);
            at_most = ages.iter().copied().max().unwrap_or(first.lasted);
        }
        Some(Limit { at_least, at_most, ending: first.ending, dated: first.dated, connections: deaths.len() })
    }

    fn deaths(&self) -> impl Iterator<Item = &Silence> {
        self.silences.iter().filter(|silence| silence.died())
    }

    /// The rungs above the longest silence that was survived: their connections died early, or were never opened.
    fn untried(&mut self) -> Vec<Duration> {
        let survived = self.survived();
        self.repeats += 1;
        if self.repeats > REPEATS || self.silences.is_empty() {
            return Vec::new();
        }
        self.ladder.iter().copied().filter(|rung| *rung > survived).collect()
    }

    /// Whether it was the silence, and not the moment: all connections of a round are equally old, so whatever ends them
    /// at one moment looks like a limit. Others, begun later, must die at the same age.
    fn again(&self, limit: &Limit) -> Vec<Duration> {
        let expected = self.expected.is_some_and(|timeout| suspects::agrees(timeout, limit));
        let at_this_age = |death: &&Silence| death.dated && death.lasted >= limit.at_least;
        let mut rounds: Vec<_> = self.deaths().filter(at_this_age).map(|death| death.round).collect();
        rounds.dedup();
        if expected || rounds.len() > 1 {
            return Vec::new();
        }
        let longer = limit.at_most + slack(limit.at_most) * 2;
        // No two alike, to tell them apart.
        (0..CONFIRMED_BY as u32).map(|number| longer + FINEST * number).collect()
    }

    /// Silences between what was survived and what was not; but first a single death must not have been an accident.
    fn narrower(&self, limit: &Limit) -> Vec<Duration> {
        if limit.connections < CONFIRMED_BY {
            return vec![limit.at_most + slack(limit.at_most).mul_f64(1.1); CONFIRMED_BY];
        }
        let width = self.resolution.unwrap_or_else(|| limit.at_most.mul_f64(FINE).max(FINEST));
        // What is planned lasts a little longer, and the gap between two rungs is a little wider for it.
        if limit.at_most - limit.at_least <= width + width / 20 {
            return Vec::new();
        }
        ladder::between(limit.at_least, limit.at_most, width, self.most)
    }
}

/// Whether a connection died of something else, for others survived much longer silences.
fn is_stray(death: &Silence, survived: Duration) -> bool {
    death.lasted + slack(death.lasted) < survived
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands between: how a connection ends that is left alone for so long, and after how long.
    type Box<'a> = &'a dyn Fn(u32, Duration) -> (Duration, Ending, bool);

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// A box that forgets, and shows it only to who speaks.
    fn forgets(limit: Duration, ending: Ending) -> impl Fn(u32, Duration) -> (Duration, Ending, bool) {
        move |_, planned| (planned, if planned >= limit { ending } else { Ending::Answered }, false)
    }

    /// Runs a search; silences end in the order of their lengths, and a settled round ends early. Returns how long it
    /// took in all.
    fn run(search: &mut Search, what: Box<'_>) -> Duration {
        let mut took = Duration::ZERO;
        while let Some((round, mut planned)) = search.next_round() {
            planned.sort();
            let mut longest = Duration::ZERO;
            for planned in planned {
                let (lasted, ending, dated) = what(round, planned);
                longest = longest.max(lasted);
                search.ended(planned, Some(Silence { round, planned, lasted, ending, dated }));
                if search.settled() {
                    break;
                }
            }
            took += longest;
        }
        took
    }

    fn search(count: usize, max: Duration) -> Search {
        Search::new(&Steps::Count(count), max, None, None)
    }

    #[test]
    fn a_common_limit_is_found_in_one_round() {
        for seconds in [60, 240, 350, 600, 900, 1200] {
            let mut search = search(48, ms(1_200_000));
            let limit = Duration::from_secs(seconds);
            let took = run(&mut search, &forgets(limit, Ending::Unanswered));
            let found = search.limit().unwrap();
            assert!(found.at_least < limit && limit <= found.at_most, "{found:?}");
            assert!(found.at_most - found.at_least <= limit.mul_f64(0.0201), "{found:?}");
            assert_eq!(search.rounds(), 1, "{seconds}");
            assert!(took <= limit.mul_f64(1.031), "{took:?} for {limit:?}");
        }
    }

    #[test]
    fn any_limit_is_found_within_a_fiftieth() {
        for millis in [180, 700, 1000, 1500, 2222, 37_000, 123_456, 500_000, 1_190_000] {
            for (count, ending) in [(48, Ending::Reset), (4, Ending::Unanswered), (1, Ending::Reset)] {
                let limit = ms(millis);
                let mut search = search(count, ms(1_200_000));
                run(&mut search, &forgets(limit, ending));
                let found = search.limit().unwrap();
                assert_eq!((found.ending, found.dated), (ending, false));
                assert!(found.at_least < limit && limit <= found.at_most, "{found:?}");
                let fine = found.at_most.mul_f64(0.0211).max(ms(105));
                // One connection at a time halves the gap each time, and there is an end to that.
                let fine = if count == 1 { fine.max(ms(1_224_000) / (1 << 10)) } else { fine };
                assert!(found.at_most - found.at_least <= fine, "{count} {millis} {found:?}");
                assert!(found.connections >= CONFIRMED_BY);
            }
        }
    }

    #[test]
    fn a_resolution_that_is_asked_for_is_reached() {
        let mut search = Search::new(&Steps::Count(20), ms(4000), None, Some(ms(10)));
        run(&mut search, &forgets(ms(2345), Ending::Reset));
        let found = search.limit().unwrap();
        assert!(found.at_most - found.at_least <= ms(11), "{found:?}");
    }

    #[test]
    fn a_path_without_a_limit_takes_one_round() {
        let mut search = search(48, ms(1_200_000));
        let took = run(&mut search, &|_, planned| (planned, Ending::Answered, false));
        assert_eq!((search.limit(), search.rounds()), (None, 1));
        assert_eq!((search.survived(), took), (search.longest(), search.longest()));
    }

    #[test]
    fn ends_that_come_by_themselves_are_dated_and_confirmed_once() {
        let closes = |_, planned: Duration| match planned {
            planned if planned < ms(350_000) => (planned, Ending::Answered, false),
            _ => (ms(350_400), Ending::Closed, true),
        };
        let mut search = search(48, ms(1_200_000));
        let took = run(&mut search, &closes);
        let found = search.limit().unwrap();
        assert_eq!((found.at_least, found.at_most), (ms(350_400), ms(350_400)));
        assert!(found.dated && found.ending == Ending::Closed);
        assert_eq!((search.rounds(), took), (2, ms(700_800)));
    }

    #[test]
    fn the_servers_own_timeout_needs_no_confirmation_and_may_be_late() {
        let closes = |_, planned: Duration| match planned {
            planned if planned < ms(2700) => (planned, Ending::Answered, false),
            planned => (planned.min(ms(3100)), Ending::Closed, planned > ms(3100)),
        };
        let mut search = Search::new(&Steps::Count(40), ms(5000), None, None);
        search.expect(Some(ms(2000)));
        let closes = |round, planned: Duration| {
            let (lasted, ending, dated) = closes(round, planned);
            if ending == Ending::Closed { (lasted, ending, true) } else { (lasted, ending, dated) }
        };
        run(&mut search, &closes);
        let found = search.limit().unwrap();
        assert!(found.dated && found.at_least >= ms(2600) && found.at_most <= ms(3100), "{found:?}");
        assert_eq!(search.rounds(), 1);
    }

    #[test]
    fn a_moment_that_ends_all_connections_is_no_limit() {
        // A failover at 100 s into the first round; later rounds are not disturbed.
        let failover = |round, planned: Duration| match (round, planned) {
            (1, planned) if planned > ms(100_000) => (ms(100_000), Ending::Closed, true),
            _ => (planned, Ending::Answered, false),
        };
        let mut search = search(48, ms(1_200_000));
        run(&mut search, &failover);
        assert_eq!((search.limit(), search.survived()), (None, search.longest()));
        assert!(search.strays() > 10, "{}", search.strays());
    }

    #[test]
    fn a_single_loss_is_no_limit() {
        let unlucky = |round, planned: Duration| match (round, planned) {
            (1, planned) if planned == ms(1_224_000) => (planned, Ending::Unanswered, false),
            _ => (planned, Ending::Answered, false),
        };
        let mut search = search(12, ms(1_200_000));
        run(&mut search, &unlucky);
        assert_eq!((search.limit(), search.rounds()), (None, 2), "{:?}", search.silences());
    }

    #[test]
    fn a_path_on_which_nothing_survives_is_narrowed_down_to_nothing() {
        let mut search = search(16, ms(60_000));
        run(&mut search, &forgets(Duration::ZERO, Ending::Unanswered));
        let found = search.limit().unwrap();
        assert_eq!((search.survived(), found.at_least), (Duration::ZERO, Duration::ZERO));
        assert!(found.at_most <= ms(105), "{found:?}");
    }

    #[test]
    fn a_search_ends_when_no_connection_can_be_opened() {
        let mut search = search(16, ms(60_000));
        let mut rounds = 0;
        while let Some((_, planned)) = search.next_round() {
            rounds += 1;
            planned.iter().for_each(|planned| search.ended(*planned, None));
        }
        assert_eq!((rounds, search.limit()), (1, None));
    }

    #[test]
    fn a_search_ends_when_rounds_bring_nothing_new() {
        let mut search = search(16, ms(60_000));
        let mut rounds = 0;
        while let Some((round, planned)) = search.next_round() {
            rounds += 1;
            for planned in planned {
                let ending = if planned > ms(10_000) { Ending::Reset } else { Ending::Answered };
                let opened = round == 1;
                let silence = Silence { round, planned, lasted: planned, ending, dated: false };
                search.ended(planned, opened.then_some(silence));
            }
        }
        assert_eq!(rounds, 2);
    }
}
