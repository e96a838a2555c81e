//! The search for an idle limit: many silences at the same time, then those between the longest that was survived and the
//! shortest that was not.

use std::time::Duration;

use super::{
    Cloud, Ending, Silence, Steps, ladder,
    limit::{Limit, PRECISION, slack},
};

/// Minimum number of dead connections before a round ends early and before a limit is believed: one may be an accident.
const CONFIRMED_BY: usize = 2;

/// Maximum number of rounds: each narrows the limit by at least a half.
const MOST_ROUNDS: u32 = 12;

/// Maximum number of repetitions of a ladder whose connections died for another reason than their silence.
const REPEATS: u32 = 2;

/// Finest precision of a limit, however short it is.
const FINEST: Duration = Duration::from_millis(100);

/// A search for the idle limit.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    ladder: Vec<Duration>,
    /// Connections at the same time.
    most: usize,
    /// Requested precision, instead of one part in fifty.
    resolution: Option<Duration>,
    /// The server's own `timeout`: an end at that time needs no confirmation.
    expected: Option<Duration>,
    silences: Vec<Silence>,
    running: Vec<Duration>,
    round: u32,
    repeats: u32,
    /// The limit before the last round: a round that changes nothing is the last.
    known: Option<Limit>,
}

impl Search {
    /// Creates a search for limits up to `max`; a list of steps has its own end.
    pub(crate) fn new(steps: &Steps, max: Duration, cloud: Option<Cloud>, resolution: Option<Duration>) -> Self {
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

    /// Sets the server's own idle limit.
    pub(crate) fn expect(&mut self, timeout: Option<Duration>) {
        self.expected = timeout;
    }

    /// Adds a silence that must be tried exactly, not only a slightly longer one.
    pub(crate) fn require(&mut self, silence: Option<Duration>) {
        let Some(silence) = silence.filter(|silence| !self.ladder.contains(silence)) else { return };
        let place = self.ladder.iter().take_while(|rung| **rung < silence).count();
        self.ladder.insert(place, silence);
        self.most = self.ladder.len();
    }

    /// Returns the number of the next round and its silences, which must begin together; `None` if there is nothing
    /// left to find out.
    pub(crate) fn next_round(&mut self) -> Option<(u32, Vec<Duration>)> {
        self.running.clear();
        let limit = self.limit();
        let silences = match &limit {
            _ if self.round == 0 => self.ladder.clone(),
            None => self.untried(),
            Some(limit) if self.known.as_ref() == Some(limit) => Vec::new(),
            Some(limit) if limit.dated => self.confirmation(limit),
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

    /// Records the end of a silence of this round; `None` if its connection could not be opened.
    pub(crate) fn ended(&mut self, planned: Duration, silence: Option<Silence>) {
        if let Some(place) = self.running.iter().position(|running| *running == planned) {
            self.running.swap_remove(place);
        }
        self.silences.extend(silence);
    }

    /// Returns true if the connections still running in this round cannot change the result.
    pub(crate) fn settled(&self) -> bool {
        let survived = self.survived();
        let beyond = self.deaths().filter(|death| death.lasted > survived);
        // Dated ends must happen to all connections; otherwise they were no limit.
        self.limit().is_some_and(|limit| {
            !limit.dated
                && beyond.count() >= CONFIRMED_BY
                && self.running.iter().all(|running| *running >= limit.at_most)
        })
    }

    /// Returns the longest silence that a connection survived.
    pub(crate) fn survived(&self) -> Duration {
        let survivors = self.silences.iter().filter(|silence| silence.ending == Ending::Answered);
        survivors.map(|silence| silence.lasted).max().unwrap_or_default()
    }

    /// Returns the number of connections that died although others survived much longer silences.
    pub(crate) fn strays(&self) -> usize {
        let survived = self.survived();
        self.deaths().filter(|death| is_stray(death, survived)).count()
    }

    /// Returns every silence that has ended.
    pub(crate) fn silences(&self) -> &[Silence] {
        &self.silences
    }

    /// Returns the number of rounds so far.
    pub(crate) fn rounds(&self) -> u32 {
        self.round
    }

    /// Returns the longest silence of the first round.
    pub(crate) fn longest(&self) -> Duration {
        self.ladder.last().copied().unwrap_or_default()
    }

    /// Returns the limit, as far as it is known; `None` if no connection was lost to silence.
    pub(crate) fn limit(&self) -> Option<Limit> {
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

    /// Returns the rungs above the longest silence survived: their connections died early, or were never opened.
    fn untried(&mut self) -> Vec<Duration> {
        let survived = self.survived();
        self.repeats += 1;
        if self.repeats > REPEATS || self.silences.is_empty() {
            return Vec::new();
        }
        self.ladder.iter().copied().filter(|rung| *rung > survived).collect()
    }

    /// Returns silences that confirm a dated limit. All connections of a round have the same age, so an event that ends
    /// them all at one time looks like a limit: connections opened later must die at the same age.
    fn confirmation(&self, limit: &Limit) -> Vec<Duration> {
        let expected = self.expected.is_some_and(|timeout| limit.agrees_with(timeout));
        let at_this_age = |death: &&Silence| death.dated && death.lasted >= limit.at_least;
        let mut rounds: Vec<_> = self.deaths().filter(at_this_age).map(|death| death.round).collect();
        rounds.dedup();
        if expected || rounds.len() > 1 {
            return Vec::new();
        }
        let longer = limit.at_most + slack(limit.at_most) * 2;
        // All different, to distinguish them.
        (0..CONFIRMED_BY as u32).map(|number| longer + FINEST * number).collect()
    }

    /// Returns silences between those survived and those not; before that, repeats a single death to rule out an
    /// accident.
    fn narrower(&self, limit: &Limit) -> Vec<Duration> {
        if limit.connections < CONFIRMED_BY {
            return vec![limit.at_most + slack(limit.at_most).mul_f64(1.1); CONFIRMED_BY];
        }
        let width = self.resolution.unwrap_or_else(|| limit.at_most.mul_f64(PRECISION).max(FINEST));
        // A silence lasts slightly longer than planned, which widens the gap between two rungs.
        if limit.at_most - limit.at_least <= width + width / 20 {
            return Vec::new();
        }
        ladder::between(limit.at_least, limit.at_most, width, self.most)
    }
}

/// Returns true if a connection died of something else, because others survived much longer silences.
fn is_stray(death: &Silence, survived: Duration) -> bool {
    death.lasted + slack(death.lasted) < survived
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A device on the path: returns the duration and end of a silence.
    type Box<'a> = &'a dyn Fn(u32, Duration) -> (Duration, Ending, bool);

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// A device that silently drops idle connections, which shows only in the next command.
    fn forgets(limit: Duration, ending: Ending) -> impl Fn(u32, Duration) -> (Duration, Ending, bool) {
        move |_, planned| (planned, if planned >= limit { ending } else { Ending::Answered }, false)
    }

    /// Runs a search; silences end in the order of their lengths, and a settled round ends early. Returns the total
    /// duration.
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
                // With one connection each round only halves the gap, and the number of rounds is limited.
                let fine = if count == 1 { fine.max(ms(1_224_000) / (1 << 10)) } else { fine };
                assert!(found.at_most - found.at_least <= fine, "{count} {millis} {found:?}");
                assert!(found.connections >= CONFIRMED_BY);
            }
        }
    }

    #[test]
    fn a_requested_resolution_is_reached() {
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
    fn connections_that_end_on_their_own_are_dated_and_confirmed_once() {
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
    fn an_event_that_ends_all_connections_is_no_limit() {
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
    fn a_path_without_survivors_is_narrowed_down_to_zero() {
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
    fn a_search_ends_when_a_round_changes_nothing() {
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
