//! Problems with the service behind a good connection: writes refused, large replies lost, a cluster out of reach.

use super::*;
use crate::{checkup::survey::ClusterPrimary, event::CommandTime, kernel::Resolver};

fn cluster(change: impl FnOnce(&mut ClusterFacts)) -> Option<ClusterFacts> {
    let mut cluster = ClusterFacts {
        state: Some("ok".into()),
        slots_assigned: Some(16_384),
        own_slots: 16_384,
        primaries: vec![primary(None)],
        ..ClusterFacts::default()
    };
    change(&mut cluster);
    Some(cluster)
}

fn primary(failure: Option<&str>) -> ClusterPrimary {
    ClusterPrimary {
        address: "172.17.0.2:7001".into(),
        slots: 16_384,
        took: Some(MILLI),
        failure: failure.map(str::to_owned),
        place: ("172.17.0.2".into(), 7001),
    }
}

/// Problems that settings and load do not show.
pub(super) const PROBLEMS: &[Row] = &[
    ("RD182", Severity::Critical, "large", |_, facts, _| {
        facts.large = Some(LargeReply::Lost { what: "replies of 4 KiB do not arrive".into() });
    }),
    ("RD183", Severity::Warning, "dns", |_, facts, _| {
        facts.attempt.as_mut().unwrap().probed.stages[0].took = MILLI * 1_200;
    }),
    ("RD115", Severity::Critical, "persistence", |_, facts, _| {
        let refusal = Failure::server(Stage::Command, "MISCONF Redis is configured to save RDB snapshots");
        facts.attempt.as_mut().unwrap().ping_refused = Some(refusal);
        facts.server.persistence.snapshot_failed = Some(true);
    }),
    ("RD115", Severity::Warning, "persistence", |_, facts, _| facts.server.persistence.aof_failed = Some(true)),
    ("RD184", Severity::Info, "persistence", |_, facts, _| {
        (facts.server.persistence.delayed_fsyncs, facts.server.uptime) = (Some(3), Some(86_400));
    }),
    ("RD184", Severity::Warning, "persistence", |_, facts, _| {
        (facts.server.persistence.delayed_fsyncs, facts.server.uptime) = (Some(3), Some(600));
    }),
    ("RD105", Severity::Critical, "cluster", |_, facts, _| {
        facts.cluster = cluster(|cluster| {
            cluster.state = Some("fail".into());
            cluster.primaries.clear();
        });
    }),
    ("RD185", Severity::Critical, "cluster", |_, facts, _| {
        facts.cluster = cluster(|cluster| cluster.primaries = vec![primary(Some("Connection refused"))]);
    }),
    ("RD185", Severity::Info, "cluster", |_, facts, _| {
        facts.cluster = cluster(|cluster| cluster.announced = Some("172.17.0.2:7001".into()));
    }),
    ("RD116", Severity::Warning, "cluster", |_, facts, _| {
        facts.cluster = cluster(|cluster| cluster.own_slots = 0);
    }),
    ("RD186", Severity::Critical, "replication", |_, facts, _| {
        (facts.server.min_replicas_to_write, facts.server.good_replicas) = (Some(2), Some(1));
    }),
    ("RD187", Severity::Warning, "slow", |_, facts, _| {
        facts.slow.window = MILLI * 1_500;
        facts.slow.commands = vec![CommandTime { name: "keys".into(), calls: 2, time: MILLI * 900 }];
    }),
    ("RD188", Severity::Warning, "queue", |_, facts, _| {
        facts.pings.queue = Some(AcceptQueue { waiting: 5, backlog: 4 });
    }),
    ("RD188", Severity::Warning, "queue", |_, facts, _| {
        facts.pings.queue = Some(AcceptQueue { waiting: 3, backlog: 4 });
        facts.slow.listen_overflows = Some(1);
    }),
];

#[test]
fn a_lookup_as_long_as_the_resolvers_retry_has_lost_an_answer() {
    let after = |millis| {
        let resolver = Resolver { name_servers: vec!["10.96.0.10".into()], timeout: MILLI * 5_000, attempts: 2 };
        let checkup = changed(|_, facts, host| {
            facts.attempt.as_mut().unwrap().probed.stages[0].took = MILLI * millis;
            host.resolver = Some(resolver);
        });
        checkup.findings.into_iter().find(|finding| finding.code.as_deref() == Some("RD183"))
    };
    for (millis, lost) in [(5_012, true), (10_030, true), (4_900, false), (7_400, false)] {
        let finding = after(millis).unwrap();
        assert_eq!(finding.text.contains("a DNS answer was lost"), lost, "{millis} ms: {finding:?}");
        assert_eq!(finding.evidence, "name servers: 10.96.0.10");
    }
    assert_eq!(after(900), None);
}

#[test]
fn time_lost_to_name_lookups_is_not_held_against_the_connection() {
    let ended = |lookup| {
        changed(|_, facts, _| {
            facts.attempt.as_mut().unwrap().probed.stages[0].took = lookup;
            facts.end = SurveyEnd::Broken(Failure::doctor(ErrorClass::ResponseTimeout, Stage::Command, "too late"));
        })
    };
    assert_eq!(ended(MILLI).verdict, Verdict::Critical);
    let slow = ended(MILLI * 5_010);
    assert_eq!(found(&slow), [(Severity::Warning, "RD183".to_owned()), (Severity::Warning, "RD183".to_owned())]);
}

#[test]
fn a_node_of_a_healthy_cluster_explains_moved_and_stays_healthy() {
    let checkup = changed(|_, facts, _| facts.cluster = cluster(|cluster| cluster.own_slots = 5_461));
    assert_eq!(found(&checkup), [(Severity::Info, "RD116".to_owned())]);
    assert_eq!((line(&checkup, "cluster").mark, checkup.verdict), (Mark::Ok, Verdict::Healthy));
    assert!(line(&checkup, "cluster").text.starts_with("ok · 16384 of 16384 slots covered · 5461 here"));
}

#[test]
fn without_large_replies_nothing_is_called_missing_at_the_server() {
    let checkup = changed(|_, facts, _| {
        facts.large = Some(LargeReply::Lost { what: "so".into() });
        facts.server = ServerFacts::default();
    });
    assert_eq!(line(&checkup, "clients").text, "not queried, because large replies are lost (INFO)");
}

#[test]
fn a_port_that_hangs_up_in_both_languages_is_no_tls_port() {
    let hang_up = |speaks| {
        let failure = Failure::doctor(ErrorClass::ConnectionClosed, Stage::Hello, "accepted, then closed");
        let checkup = changed(|_, facts, _| {
            facts.attempt.as_mut().unwrap().probed.failure = Some(failure);
            facts.speaks_other_encryption = speaks;
        });
        checkup.findings[0].remedy.clone()
    };
    assert!(hang_up(None).contains("rediss://") && !hang_up(Some(false)).contains("rediss://"));
    assert!(hang_up(Some(false)).contains("127.0.0.1 inside the container"));
}
