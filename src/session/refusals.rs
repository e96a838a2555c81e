//! The refusals of one session: times in which the server answered commands with an error.
//!
//! Pure: outcomes of commands go in, events come out. One refusal is one, however many commands it meets: it lasts until
//! every sender that was refused has been served, and a second longer: a server that refuses every second write does not
//! recover in between.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    classify::{ErrorClass, Failure, Stage},
    clock::Stamp,
    event::{RefusalBegan, RefusalEnd, RefusalEnded},
};

/// Time without an error after which a refusal is over.
const SETTLED: Duration = Duration::from_secs(1);

/// Good replies in a row to other commands of a worker that end what one of its commands was refused: a workload may not
/// send that command again.
const OTHERS: u32 = 4;

/// Refusals open at the same time; there are few classes of error replies.
const OPEN: usize = 32;

/// A sender of one kind of command: its next good reply ends what it was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Asker {
    /// Number of the worker; `None` for the publisher and the subscriptions.
    pub(super) worker: Option<u32>,
    /// Name of the command.
    pub(super) command: &'static str,
}

/// The open refusals.
#[derive(Debug, Default)]
pub(super) struct Refusals(Vec<Refusal>);

#[derive(Debug)]
struct Refusal {
    failure: Failure,
    since: Stamp,
    last: Stamp,
    count: u64,
    /// The senders, with the good replies to other commands since, and the time of the first of these.
    refused: BTreeMap<Asker, (u32, Stamp)>,
    /// Time of the good reply after which no command is refused any more.
    served: Option<Stamp>,
}

impl Refusal {
    fn ended(&self, until: Stamp, end: RefusalEnd) -> RefusalEnded {
        let (class, stage) = self.kind();
        RefusalEnded { class, stage, since: self.since, until: until.max(self.last), count: self.count, end }
    }

    fn kind(&self) -> (ErrorClass, Stage) {
        (self.failure.key.class, self.failure.key.stage)
    }
}

impl Refusals {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Records that a command sent at `launched` was answered with an error; returns the refusal if it is a new one.
    pub(super) fn refused(
        &mut self,
        asker: Asker,
        failure: &Failure,
        launched: Stamp,
        at: Stamp,
    ) -> Option<RefusalBegan> {
        let mut failure = failure.clone();
        if failure.key.stage == Stage::WaitingForReconnect {
            // The reply to the command itself, which came with the connection.
            failure.key.stage = Stage::Command;
        }
        let kind = (failure.key.class, failure.key.stage);
        for other in self.0.iter_mut().filter(|refusal| refusal.kind() != kind) {
            other.answered(asker, at);
        }
        if let Some(known) = self.0.iter_mut().find(|refusal| refusal.kind() == kind) {
            (known.last, known.served) = (known.last.max(at), None);
            known.count += 1;
            known.refused.insert(asker, (0, at));
            return None;
        }
        if self.0.len() == OPEN {
            return None;
        }
        let (key, text, command) = (failure.key, failure.text.clone(), asker.command.into());
        let refused = BTreeMap::from([(asker, (0, at))]);
        self.0.push(Refusal { failure, since: launched, last: at, count: 1, refused, served: None });
        Some(RefusalBegan { key, text, command, since: launched })
    }

    /// Records a good reply.
    pub(super) fn served(&mut self, asker: Asker, at: Stamp) {
        self.0.iter_mut().for_each(|refusal| refusal.answered(asker, at));
    }

    /// Returns the refusals that are over.
    pub(super) fn take_settled(&mut self, now: Stamp) -> Vec<RefusalEnded> {
        let is_over = |refusal: &mut Refusal| refusal.served.is_some_and(|at| now.since(at) >= SETTLED);
        let over = self.0.extract_if(.., is_over);
        over.map(|refusal| refusal.ended(refusal.served.unwrap_or(now), RefusalEnd::Served)).collect()
    }

    /// Ends all refusals: the connection was lost at `at`, or the run ends then.
    pub(super) fn end(&mut self, at: Stamp, end: RefusalEnd) -> Vec<RefusalEnded> {
        let ended = self.0.drain(..).map(|refusal| match refusal.served {
            Some(served) => refusal.ended(served, RefusalEnd::Served),
            None => refusal.ended(at, end),
        });
        ended.collect()
    }
}

impl Refusal {
    fn answered(&mut self, asker: Asker, at: Stamp) {
        let mut served = self.refused.remove(&asker).map(|_| at);
        let of_worker = |known: &Asker| asker.worker.is_some() && known.worker == asker.worker;
        self.refused.retain(|known, (others, first)| {
            if of_worker(known) {
                *first = if *others == 0 { at } else { *first };
                *others += 1;
            }
            let is_over = *others >= OTHERS;
            served = if is_over { served.or(Some(*first)) } else { served };
            !is_over
        });
        if self.refused.is_empty() && self.served.is_none() {
            self.served = served;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Stamp {
        Stamp::from_nanos(ms * 1_000_000)
    }

    fn asker(worker: u32, command: &'static str) -> Asker {
        Asker { worker: Some(worker), command }
    }

    fn reply(line: &str) -> Failure {
        Failure::server(Stage::Command, line)
    }

    #[test]
    fn a_refusal_lasts_until_all_who_were_refused_are_served() {
        let mut refusals = Refusals::default();
        let oom = reply("OOM command not allowed");
        let began = refusals.refused(asker(0, "SET"), &oom, at(100), at(101)).unwrap();
        assert_eq!((began.key.class, began.since, &*began.command), (ErrorClass::Oom, at(100), "SET"));
        assert_eq!(refusals.refused(asker(1, "SET"), &oom, at(150), at(151)), None);
        refusals.served(asker(0, "PING"), at(200));
        refusals.served(asker(0, "SET"), at(300));
        assert!(refusals.take_settled(at(9000)).is_empty(), "the second worker is still refused");
        refusals.served(asker(1, "SET"), at(400));
        assert!(refusals.take_settled(at(1399)).is_empty());
        let over = refusals.take_settled(at(1400));
        let expected = RefusalEnded {
            class: ErrorClass::Oom,
            stage: Stage::Command,
            since: at(100),
            until: at(400),
            count: 2,
            end: RefusalEnd::Served,
        };
        assert_eq!(over, [expected]);
        assert!(refusals.is_empty());
    }

    #[test]
    fn a_server_that_refuses_now_and_then_refuses_once() {
        let mut refusals = Refusals::default();
        let moved = reply("MOVED 1 127.0.0.1:7000");
        let mut began = 0;
        for n in 0..100 {
            began += u64::from(refusals.refused(asker(0, "SET"), &moved, at(n * 400), at(n * 400 + 1)).is_some());
            refusals.served(asker(0, "SET"), at(n * 400 + 200));
            assert!(refusals.take_settled(at(n * 400 + 399)).is_empty());
        }
        let over = refusals.end(at(50_000), RefusalEnd::RunEnded);
        assert_eq!((began, over[0].count, over[0].until, over[0].end), (1, 100, at(39_800), RefusalEnd::Served));
    }

    #[test]
    fn a_command_that_is_not_sent_again_does_not_hold_a_refusal_open() {
        let mut refusals = Refusals::default();
        refusals.refused(asker(0, "PING"), &reply("MISCONF disk"), at(0), at(1));
        refusals.refused(asker(0, "SET"), &reply("MISCONF disk"), at(100), at(101));
        ["SET", "GET", "SET", "GET"].into_iter().zip(2..).for_each(|(command, n)| {
            assert!(refusals.take_settled(at(1900)).is_empty());
            refusals.served(asker(0, command), at(n * 100));
        });
        assert_eq!(refusals.take_settled(at(1200))[0].until, at(200));
    }

    #[test]
    fn a_refused_subscription_is_not_a_refused_publication() {
        let mut refusals = Refusals::default();
        for (stage, command) in [(Stage::Publish, "PUBLISH"), (Stage::Subscribe, "SUBSCRIBE")] {
            let asker = Asker { worker: None, command };
            let began = refusals.refused(asker, &Failure::server(stage, "NOPERM no"), at(0), at(1)).unwrap();
            assert_eq!((began.key.stage, &*began.command), (stage, command));
        }
        (0..9).for_each(|_| refusals.served(Asker { worker: None, command: "PUBLISH" }, at(5)));
        let over = refusals.end(at(10), RefusalEnd::RunEnded);
        let over: Vec<_> = over.iter().map(|over| (over.stage, over.end)).collect();
        assert_eq!(over, [(Stage::Publish, RefusalEnd::Served), (Stage::Subscribe, RefusalEnd::RunEnded)]);
    }

    #[test]
    fn what_a_loading_server_answers_after_a_reconnect_is_a_refusal_too() {
        let mut refusals = Refusals::default();
        let loading = Failure::server(Stage::WaitingForReconnect, "LOADING dataset");
        assert_eq!(refusals.refused(asker(0, "PING"), &loading, at(0), at(1)).unwrap().key.stage, Stage::Command);
        assert!(refusals.refused(asker(0, "PING"), &reply("LOADING dataset"), at(100), at(101)).is_none());
    }

    #[test]
    fn another_error_ends_the_first() {
        let mut refusals = Refusals::default();
        refusals.refused(asker(0, "SET"), &reply("LOADING dataset"), at(0), at(1));
        refusals.refused(asker(0, "SET"), &reply("MISCONF disk"), at(2000), at(2001));
        let over = refusals.take_settled(at(4000));
        let over: Vec<_> = over.iter().map(|over| (over.class, over.until)).collect();
        assert_eq!(over, [(ErrorClass::Loading, at(2001))]);
        let lost = refusals.end(at(5000), RefusalEnd::ConnectionLost);
        assert_eq!((lost[0].class, lost[0].end), (ErrorClass::Misconf, RefusalEnd::ConnectionLost));
    }
}
