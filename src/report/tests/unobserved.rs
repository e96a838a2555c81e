//! The verdict on a run in which redis-doctor itself was paused or busy.

use super::*;

#[test]
fn a_missing_reply_is_not_excused_by_a_busy_program() {
    let report = run(vec![at(30.0, busy(20.0, 30.0)), at(40.0, stalled(22.0)), at(41.0, resumed(19.0))]);
    assert_eq!((report.verdict, report.outages.total), (Verdict::Degraded, 19.0));
    assert_eq!((report.own_pauses.count, report.own_pauses.total, report.own_pauses.busy), (0, 0.0, 10.0));
}

proptest::proptest! {
    /// A run that could not observe the server does not call it healthy, however good the rest is.
    #[test]
    fn a_run_that_observed_too_little_is_not_healthy(
        spans in proptest::collection::vec((0.2_f64..20.0, 0.05_f64..5.0, proptest::bool::ANY), 0..30),
        (answered, unanswered) in (1_u64..1000, 0_u64..100),
    ) {
        let (mut now, mut unobserved, mut events) = (1.0, 0.0, Vec::new());
        for (length, between, is_busy) in spans {
            let end: f64 = now + length;
            if end > 99.0 {
                break;
            }
            events.push(at(end, if is_busy { busy(now, end) } else { own_pause(now, end) }));
            unobserved += length;
            now = end + between;
        }
        let counters = Counters { paused: unanswered, ..good(answered) };
        let launched = answered + unanswered;
        events.push(at(99.5, interval(Counters { launched, ..counters }, &[100])));
        // The run of the fixture has a hundred probes and a hundred seconds.
        let blind = unobserved > 50.001 || unanswered * 20 > launched + 100;
        let seen = unobserved < 49.999 && unanswered * 20 <= launched + 100;
        let report = run(events);
        proptest::prop_assert!(!blind || report.verdict == Verdict::Degraded, "{:?}", report.findings);
        proptest::prop_assert!(!seen || report.verdict == Verdict::Healthy, "{:?}", report.findings);
    }
}
