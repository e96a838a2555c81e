//! Refusals, the pauses of redis-doctor itself, and the service that is left.

use super::{super::fixture::*, run};
use crate::event::{EventKind, RefusalEnd};

const OOM: &str = "OOM command not allowed when used memory > 'maxmemory'.";
const MISCONF: &str = "MISCONF Redis is configured to save RDB snapshots";

#[test]
fn service_is_what_is_left_without_outages_refusals_and_missing_subscriptions() {
    let figures = run(vec![
        at(0.0, EventKind::Subscribed(confirmations(1, 0.1))),
        at(10.0, refused(OOM, 10.0)),
        at(11.0, refused(MISCONF, 11.0)),
        at(14.0, refusal_over(OOM, 10.0, 14.0, RefusalEnd::Served)),
        at(15.0, refusal_over(MISCONF, 11.0, 15.0, RefusalEnd::Served)),
        at(20.0, disconnected(1, None)),
        at(22.0, reconnected(2, 2.0)),
        at(25.0, EventKind::Resubscribed(confirmations(1, 5.0))),
        at(90.0, refused(OOM, 90.0)),
    ]);
    let share = |share: Option<f64>| (share.unwrap() * 1000.0).round() / 1000.0;
    assert_eq!((share(figures.downtime.availability()), share(figures.downtime.service())), (0.98, 0.8));
    let rows: Vec<_> =
        figures.refusals.kept.iter().map(|row| (row.code, row.duration(stamp(100.0)), row.end)).collect();
    assert_eq!(
        rows,
        [
            ("RD120", secs(4.0), Some(RefusalEnd::Served)),
            ("RD115", secs(4.0), Some(RefusalEnd::Served)),
            ("RD120", secs(10.0), None),
        ]
    );
    let totals: Vec<_> =
        figures.refusal_totals.iter().map(|of| (of.lasting, of.over, of.commands, of.longest)).collect();
    assert_eq!(totals, [(1, 1, 21, secs(10.0)), (0, 1, 20, secs(4.0))]);
}

#[test]
fn a_time_in_which_redis_doctor_stood_still_counts_in_no_figure() {
    let figures = run(vec![
        at(10.0, own_pause(5.0, 10.0)),
        at(20.0, stalled(16.0)),
        at(21.0, own_pause(18.0, 20.0)),
        at(21.0, resumed(5.0)),
        at(30.0, refused(OOM, 28.0)),
        at(31.0, own_pause(29.0, 30.0)),
        at(32.0, refusal_over(OOM, 28.0, 32.0, RefusalEnd::Served)),
    ]);
    let pauses = figures.own_pauses;
    assert_eq!((pauses.count, pauses.total, pauses.longest), (3, secs(8.0), secs(5.0)));
    let downtime = figures.downtime;
    assert_eq!((downtime.watched, downtime.total, downtime.longest), (secs(92.0), secs(3.0), secs(3.0)));
    assert_eq!(downtime.unserved, secs(6.0));
    let only_a_pause = run(vec![at(20.0, own_pause(10.0, 20.0))]).downtime;
    assert_eq!((only_a_pause.availability(), only_a_pause.service()), (Some(1.0), Some(1.0)));
}

#[test]
fn the_path_is_healthy_after_the_loss_also_if_that_was_silent() {
    let figures = run(vec![at(11.0, stalled(10.0)), at(13.0, disconnected(1, None)), at(14.0, reconnected(2, 1.0))]);
    let outage = &figures.outages.kept[0];
    assert_eq!((outage.path_healthy_after, outage.backoff()), (Some(secs(3.5)), Some(secs(0.5))));
}
