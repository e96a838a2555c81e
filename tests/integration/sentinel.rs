//! `--sentinel`: the primary is found, the connections follow a failover, and its steps and its cost are reported.

use std::net::Ipv6Addr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::harness::{Certificates, Doctor, RedisServer, SentinelSet, Signal, closed_port, eventually};

const SOON: Duration = Duration::from_secs(20);

fn doctor(arguments: &str) -> Doctor {
    Doctor::new(arguments.split_ascii_whitespace()).within(Duration::from_secs(60))
}

fn codes(report: &Json) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().filter_map(|finding| finding["code"].as_str()).collect()
}

/// A Sentinel that watches a primary without replicas.
fn watching(primary: &RedisServer, sentinel: RedisServer) -> RedisServer {
    sentinel.command(["SENTINEL", "MONITOR", "mymaster", "127.0.0.1", &primary.port().to_string(), "1"]);
    sentinel
}

#[test]
fn the_primary_is_found_by_flags_and_by_urls() {
    let primary = RedisServer::builder().requirepass("of-the-data").start();
    let sentinel = watching(&primary, RedisServer::builder().sentinel().requirepass("of-the-watch").start());
    let (down, place) = (closed_port(), sentinel.address());
    for (arguments, password) in [
        (format!("--sentinel {down},redis://:of-the-watch@{place} --master mymaster"), "of-the-data"),
        (format!("--sentinel {down} --sentinel redis://:of-the-watch@{place} --master mymaster"), "of-the-data"),
    ] {
        let run = doctor(&format!("ping -c 1 {arguments}")).env("REDISCLI_AUTH", password).run();
        run.code(0).stdout_contains(&format!("PONG from {}", primary.address())).lacks("of-the-");
    }
    let open = watching(&primary, RedisServer::builder().sentinel().start());
    let url = format!("redis+sentinel://:of-the-data@{down},{}/mymaster/3", open.address());
    let run = doctor("soak -d 500ms --format json").arg("-u").arg(&url).run();
    let report = run.code(1).lacks("of-the-").json();
    let plan = &report["runs"][0]["plan"];
    assert_eq!(plan["target"]["address"]["tcp"]["port"], primary.port());
    assert_eq!((&plan["target"]["db"], &plan["sentinels"]["primary"]), (&json!(3), &json!("mymaster")));
    // One of the two Sentinels is down.
    assert!(codes(&report).contains(&"RD157"), "{:?}", report["findings"]);
    let run = doctor("ping -c 1").env("REDIS_URL", &url).run();
    run.code(0).stdout_contains(&primary.address().to_string());
    // A Sentinel that wants the same login as the server is given it.
    let same = watching(&primary, RedisServer::builder().sentinel().requirepass("of-the-data").start());
    let url = format!("redis+sentinel://:of-the-data@{}/mymaster", same.address());
    doctor("ping -c 1").arg(url).run().code(0);
}

#[test]
fn what_names_no_primary_is_refused_with_the_reason() {
    let primary = RedisServer::start();
    let sentinel = watching(&primary, RedisServer::builder().sentinel().start());
    let (place, down) = (sentinel.address(), closed_port());
    let refused = |arguments: String, why: &str| _ = doctor(&arguments).run().code(3).stderr_contains(why);
    let unknown = format!("--master: the Sentinel {place} knows no primary 'other'; expected one of mymaster");
    refused(format!("ping -c 1 --sentinel {place} --master other"), &unknown);
    let no_sentinel = format!("--sentinel: {} answers SENTINEL MASTER with: ERR unknown command", primary.address());
    refused(format!("ping -c 1 --sentinel {} --master mymaster", primary.address()), &no_sentinel);
    refused(format!("ping -c 1 --sentinel {place}"), "--master");
    refused(format!("ping -c 1 --sentinel {place} --master mymaster {}", primary.address()), "omit the server");
    refused(format!("check redis+sentinel://{place}/m"), "only ping, soak and subscribe take the scheme");
    refused(format!("check --sentinel {place}"), "only ping, soak and subscribe find a server by Sentinels");
    refused(format!("ping -c 1 redis+sentinel://{place}"), "the URL does not name the primary; expected");
    refused(format!("ping -c 1 redis+sentinel://{place}/m {down}"), "stands alone; name all of its hosts in one URL");
    refused(
        format!("soak -d 1s redis+sentinel://{place}/mymaster --fault reset_peer@1s"),
        "does not follow a failover",
    );
    let locked = RedisServer::builder().sentinel().requirepass("hunter2").start();
    let login = format!("--sentinel: {} wants a login: NOAUTH", locked.address());
    refused(format!("ping -c 1 --sentinel {} --master mymaster", locked.address()), &login);
    let run = doctor(&format!("soak -d 1s --sentinel {down},{} --master mymaster", closed_port())).run();
    run.code(2).stdout_contains("no connection: Connection refused").stdout_contains("none of the Sentinels answered");
}

#[test]
fn sentinels_that_name_different_primaries_are_a_finding() {
    let (one, other) = (RedisServer::start(), RedisServer::start());
    let sentinels = [&one, &other].map(|primary| watching(primary, RedisServer::builder().sentinel().start()));
    let seeds = sentinels.each_ref().map(|sentinel| sentinel.address().to_string()).join(",");
    let run = doctor(&format!("soak -d 6s --format json --sentinel {seeds} --master mymaster")).run();
    let report = run.code(1).json();
    assert!(codes(&report).contains(&"RD157"), "{:?}", report["findings"]);
    assert!(report["sentinels"]["disagreed"].as_f64().unwrap() >= 5.0, "{}", report["sentinels"]);
    assert_eq!(report["sentinels"]["failovers"], json!([]), "the configuration of neither is newer");
}

#[test]
fn a_killed_primary_is_left_for_the_new_one_and_the_failover_is_named() {
    let mut set = SentinelSet::start(1, 3);
    let run = doctor("soak --workload ledger,pubsub --rate 100 --format json").args(set.flags()).spawn();
    run.wait_for_stderr("connected", SOON);
    set.primary.kill9();
    run.wait_for_stderr("reconnected", SOON);
    let written = || set.replicas[0].command(["KEYS", "redis-doctor:*:ledger:*"]).lines().count();
    eventually("some seconds of writes to the new primary", SOON, || written() > 400);
    run.signal(Signal::INT);
    let report = run.finish().json();
    let (old, new) = (set.primary.address().to_string(), set.replicas[0].address().to_string());
    let failovers = report["sentinels"]["failovers"].as_array().unwrap();
    assert_eq!(failovers.len(), 1, "{failovers:?}");
    let failover = &failovers[0];
    assert_eq!((&failover["from"], &failover["to"]), (&json!(old), &json!(new)));
    for step in ["down", "last_reply", "promoted", "named", "first_reply"] {
        assert!(failover[step].is_string(), "{step}: {failover}");
    }
    assert_eq!((&failover["demoted"], failover["two_primaries"].as_f64()), (&Json::Null, Some(0.0)));
    let outage = &report["outages"]["rows"][0];
    assert_eq!(outage["diagnosis"]["cause"], "failover", "{}", outage["diagnosis"]);
    assert_eq!(report["outages"]["unresolved"], 0);
    assert_eq!(report["sessions"]["replaced_failover"], 1);
    assert_eq!((&report["subscriptions"]["confirmed"], &report["subscriptions"]["wanted"]), (&json!(1), &json!(1)));
    // All that it acknowledged can be read by hand: what is not there is gone.
    let run_id = report["runs"][0]["run_id"].as_str().unwrap();
    let present = set.replicas[0].command(["KEYS", &format!("redis-doctor:{run_id}:ledger:*")]).lines().count() as u64;
    let ledger = &report["ledger"];
    let [acknowledged, gone, unread] = ["acknowledged", "gone", "unread"].map(|name| ledger[name].as_u64().unwrap());
    assert!(acknowledged > 300 && unread == 0, "{ledger}");
    assert!(present >= acknowledged - gone, "{present} present of {ledger}");
}

#[test]
fn a_frozen_primary_is_left_as_soon_as_another_is_named() {
    let set = SentinelSet::start(1, 3);
    let run = doctor("soak --workload ledger --rate 50 --format json").args(set.flags()).spawn();
    run.wait_for_stderr("connected", SOON);
    set.primary.sigstop();
    run.wait_for_stderr("reconnected", SOON);
    let written = || set.replicas[0].command(["KEYS", "redis-doctor:*:ledger:*"]).lines().count();
    eventually("writes to the new primary", SOON, || written() > 20);
    run.signal(Signal::INT);
    let report = run.finish().code(1).json();
    let failover = &report["sentinels"]["failovers"][0];
    assert_eq!(failover["to"], json!(set.replicas[0].address().to_string()), "{failover}");
    assert_eq!(failover["two_primaries"].as_f64(), Some(0.0), "it answers nobody: {failover}");
    let waited = seconds(&failover["first_reply"]) - seconds(&failover["named"]);
    assert!(waited < 0.6, "no wait for the old server: {failover}");
    assert_eq!(report["outages"]["rows"][0]["diagnosis"]["cause"], "failover");
}

/// The seconds of a time since the start of its hour.
fn seconds(time: &Json) -> f64 {
    let time = time.as_str().unwrap();
    let (minutes, rest) = time[14..].split_once(':').unwrap();
    minutes.parse::<f64>().unwrap() * 60.0 + rest.trim_end_matches('Z').parse::<f64>().unwrap()
}

#[test]
fn writes_to_a_primary_beside_the_new_one_are_counted_exactly() {
    let set = SentinelSet::start(1, 1);
    let (old, new) = (&set.primary, &set.replicas[0]);
    // The one stays with its address, as a client without Sentinels does; the other follows.
    let fixed = doctor("soak --workload ledger --rate 50 -d 18s --format json").target(old).spawn();
    let following = doctor("soak --workload ledger --rate 50 -d 18s --format json").args(set.flags()).spawn();
    for run in [&fixed, &following] {
        run.wait_for_stderr("connected", SOON);
    }
    // It refuses until it has asked the replica.
    let begun = || set.sentinels[0].try_command(["SENTINEL", "FAILOVER", "mymaster"]).text() == "OK";
    eventually("the failover to begin", SOON, begun);
    eventually("the old primary to be demoted", SOON, || old.command(["ROLE"]).starts_with("slave"));
    let report = fixed.finish().code(2).json();
    let run_id = report["runs"][0]["run_id"].as_str().unwrap();
    let present = new.command(["KEYS", &format!("redis-doctor:{run_id}:ledger:*")]).lines().count() as u64;
    let [acknowledged, gone] = ["acknowledged", "gone"].map(|name| report["ledger"][name].as_u64().unwrap());
    assert_eq!((gone, report["ledger"]["unread"].as_u64()), (acknowledged - present, Some(0)), "{}", report["ledger"]);
    assert!(gone > 200, "some ten seconds of writes at 50/s: {}", report["ledger"]);
    assert!(codes(&report).contains(&"RD158"), "{:?}", report["findings"]);
    let report = following.finish().json();
    let failover = &report["sentinels"]["failovers"][0];
    assert!(failover["demoted"].is_string() && codes(&report).contains(&"RD156"), "{}", report["findings"]);
    let both = failover["two_primaries"].as_f64().unwrap();
    assert!((5.0..18.0).contains(&both), "{failover}");
    let left = report["ledger"]["gone"].as_u64().unwrap();
    assert!(left < gone / 2, "it left when the new primary was named: {}", report["ledger"]);
}

/// Kills the primary during a run, and expects the failover to be followed and named.
#[track_caller]
fn follows(set: &mut SentinelSet, doctor: Doctor) {
    let run = doctor.within(Duration::from_secs(60)).spawn();
    run.wait_for_stderr("connected", SOON);
    set.primary.kill9();
    let report = run.finish().json();
    let failovers = report["sentinels"]["failovers"].as_array().unwrap();
    let (old, new) = (set.primary.address().to_string(), set.replicas[0].address().to_string());
    let [failover] = failovers.as_slice() else { panic!("{failovers:?}") };
    assert_eq!((&failover["from"], &failover["to"]), (&json!(old), &json!(new)), "{failover}");
    for step in ["down", "promoted", "first_reply"] {
        assert!(failover[step].is_string(), "{step}: {failover}");
    }
    assert_eq!(report["outages"]["unresolved"], 0, "{}", report["findings"]);
    assert_eq!(report["outages"]["rows"][0]["diagnosis"]["cause"], "failover");
    let views = report["sentinels"]["views"].as_array().unwrap();
    let primaries: Vec<_> = views.iter().map(|view| view["primary"].as_str()).collect();
    assert_eq!(primaries, vec![Some(new.as_str()); set.sentinels.len()], "each of them was watched: {views:?}");
}

#[test]
fn encrypted_servers_and_sentinels_are_followed() {
    let directory = tempfile::tempdir().unwrap();
    let certificates = Arc::new(Certificates::create(directory.path(), &["localhost", "127.0.0.1"]));
    let encrypted = || RedisServer::builder().tls_between(&certificates);
    let mut set = SentinelSet::start_with(1, 3, encrypted, encrypted);
    let doctor = Doctor::new("soak --workload ledger --rate 50 -d 9s --format json".split(' '));
    let url = format!("rediss+sentinel://{}/mymaster", set.sentinels[0].address());
    follows(&mut set, doctor.env("SSL_CERT_FILE", &certificates.authority).arg(url));
}

#[test]
fn servers_and_sentinels_at_ipv6_addresses_are_followed() {
    let at = || RedisServer::builder().at(Ipv6Addr::LOCALHOST);
    let mut set = SentinelSet::start_with(1, 3, at, at);
    let doctor = Doctor::new("soak --workload ledger --rate 50 -d 9s --format json".split(' '));
    let flags = set.flags();
    follows(&mut set, doctor.args(flags));
}
