//! The verdict on refusals, and the gates of a run that is read from its journal.

use super::*;

#[test]
fn a_refusal_is_a_warning_once_it_is_over_and_critical_while_it_lasts() {
    use crate::event::RefusalEnd::{ConnectionLost, RunEnded, Served};
    for line in
        ["MISCONF cannot save", "READONLY replica", "OOM full", "CLUSTERDOWN no slot", "MOVED 1 h:1", "NOPERM no"]
    {
        let refusal = |end| vec![at(10.0, refused(line, 10.0)), at(20.0, refusal_over(line, 10.0, 20.0, end))];
        for (end, verdict) in
            [(Served, Verdict::Degraded), (ConnectionLost, Verdict::Degraded), (RunEnded, Verdict::Critical)]
        {
            let report = run(refusal(end));
            let finding = &report.findings[0];
            assert_eq!((report.verdict, finding.code), (verdict, Some(report.refusals.rows[0].refusal.code)), "{line}");
            assert!(finding.text.starts_with("SET was refused ") && finding.text.ends_with(line), "{}", finding.text);
            assert!(report.findings.iter().any(|finding| finding.text.contains("see `redis-doctor explain")), "{line}");
            assert_eq!((report.refusals.count, report.refusals.longest), (1, 10.0), "{line}");
        }
        assert_eq!(run(vec![at(10.0, refused(line, 10.0))]).verdict, Verdict::Critical, "without an end: {line}");
    }
}

#[test]
fn journals_are_judged_by_their_own_gates_unless_others_are_given() {
    let figures = |plans: &[crate::plan::Plan]| {
        let mut recorder = Recorder::default();
        for plan in plans {
            [started(plan.clone()), at(0.0, connected(1)), at(1.0, interval(good(1), &[100])), finished(10.0)]
                .iter()
                .for_each(|event| recorder.on_event(event));
        }
        recorder.figures()
    };
    let gated = crate::plan::Plan { fail_on: vec!["max>0".parse().unwrap()], ..plan() };
    let gates = |report: Report| report.gates.iter().map(|result| result.gate.to_string()).collect::<Vec<_>>();
    assert_eq!(gates(Report::replayed(&figures(std::slice::from_ref(&gated)), &[], &[])), ["max>0"]);
    assert_eq!(gates(Report::replayed(&figures(&[gated.clone(), gated.clone()]), &[], &[])), ["max>0"]);
    assert_eq!(
        gates(Report::replayed(&figures(std::slice::from_ref(&gated)), &[], &["p50>1s".parse().unwrap()])),
        ["p50>1s"]
    );
    let mixed = Report::replayed(&figures(&[gated, plan()]), &[], &[]);
    assert!(mixed.findings.iter().any(|finding| finding.text.contains("different gates")), "{:?}", mixed.findings);
    assert_eq!(gates(mixed), [""; 0]);
}
