//! `subscribe`: messages on stdout as they are, everything else on stderr, and delivery accounted for.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::time::Duration;

use crate::harness::{Doctor, RedisServer, Signal, Tap, Trial, cluster_node, eventually, join_cluster, skipped};

const SOON: Duration = Duration::from_secs(10);

#[test]
fn messages_go_to_stdout_and_events_to_stderr() {
    let server = RedisServer::start();
    let running = Doctor::new(["subscribe", "news", "--pattern", "weather.*"]).target(&server).spawn();
    running.wait_for_stderr("  subscribed  ", SOON);
    server.command(["PUBLISH", "news", "first"]);
    server.command(["PUBLISH", "weather.today", "second"]);
    running.wait_for_stdout("first", SOON);
    running.wait_for_stdout("second", SOON);
    server.command(["CLIENT", "KILL", "TYPE", "pubsub"]);
    running.wait_for_stderr("disconnected", SOON);
    running.wait_until("back and subscribed", SOON, |_, stderr| {
        stderr.contains("resubscribed  2 of 2") && stderr.contains("reconnected")
    });
    server.command(["PUBLISH", "news", "third"]);
    running.wait_for_stdout("third", SOON);
    running.signal(Signal::INT);
    let output = running.finish();
    output.code(1);
    assert_eq!(output.stdout().lines().count(), 3, "{}", output.stdout());
    assert!(!output.stderr().contains("first"), "messages are stdout's");
}

#[test]
fn raw_messages_come_out_byte_for_byte_from_channels_of_any_bytes() {
    let server = RedisServer::start();
    let channel = b"bin\xff\x01 ary".to_vec();
    let running = Doctor::new([
        OsString::from("subscribe"),
        OsString::from_vec(channel.clone()),
        "--format".into(),
        "raw".into(),
        "--count".into(),
        "2".into(),
    ])
    .target(&server)
    .spawn();
    running.wait_for_stderr("  subscribed  ", SOON);
    let payload = b"\x00\xfe\r\xff".to_vec();
    server.command([b"PUBLISH".to_vec(), channel.clone(), payload.clone()]);
    server.command([b"PUBLISH".to_vec(), channel, payload.clone()]);
    let output = running.finish();
    output.code(0);
    assert_eq!(output.stdout_bytes(), [payload.as_slice(), b"\n", payload.as_slice(), b"\n"].concat());
}

#[test]
fn ndjson_names_channel_pattern_and_payload() {
    let server = RedisServer::start();
    let running = Doctor::new(["subscribe", "--pattern", "weather.*", "--format", "ndjson", "--count", "1"])
        .target(&server)
        .spawn();
    running.wait_for_stderr("  subscribed  ", SOON);
    server.command(["PUBLISH", "weather.today", "rain"]);
    let output = running.finish();
    output.code(0);
    let message = &output.ndjson()[0];
    assert_eq!(message["channel"], "weather.today", "{message}");
    assert_eq!(message["pattern"], "weather.*", "{message}");
    assert_eq!(message["payload"], "rain", "{message}");
}

#[test]
fn a_duration_ends_a_subscription_without_any_message() {
    let server = RedisServer::start();
    let story = Trial::start("subscribe quiet -d 1s", &server).finish();
    story.code(0);
    assert_eq!(story.the("run_finished")["reason"], "duration");
    assert_eq!(story.count("subscriptions.confirmed"), 1);
}

#[test]
fn silence_longer_than_expected_is_an_alarm() {
    let server = RedisServer::start();
    let trial = Trial::start("subscribe heartbeat --expect-every 500ms", &server);
    trial.wait_for("silent", 2);
    let story = trial.stop();
    story.code(2);
    assert!(story.count("subscriptions.silences") >= 2);
    assert!(story.number("subscriptions.longest_silence") >= 1.0);
}

#[test]
fn shard_channels_are_subscribed_verified_and_come_back() {
    let server = RedisServer::start();
    if !server.release().has(7, 0) {
        return skipped("shard channels", "this server is older than they are");
    }
    let trial = Trial::start("subscribe plain --shard orders --verify --rate 50", &server);
    eventually("both are published to", SOON, || server.command(["INFO", "commandstats"]).contains("cmdstat_spublish"));
    server.command(["CLIENT", "KILL", "TYPE", "pubsub"]);
    trial.wait_for("reconnected", 1);
    trial.wait_for("resubscribed", 1);
    trial.wait_for_messages();
    let story = trial.stop();
    story.balances();
    assert_eq!(story.the("subscribed")["confirmed"], 2);
    assert_eq!(story.the("resubscribed")["confirmed"], 2, "the library resubscribes shard channels, too");
    assert!(story.count("delivery.received") > 0);
    assert_eq!(story.count("delivery.lost"), story.count("delivery.lost_in_outages"));
    story.code(1);
}

/// As before Redis 7.0.
#[test]
fn a_server_without_shard_channels_differs_from_one_that_is_down() {
    let mut server = RedisServer::start();
    if server.release().has(7, 0) {
        server = RedisServer::builder().config("rename-command", "SSUBSCRIBE \"\"").start();
    }
    let refused = Doctor::new(["subscribe", "--shard", "hello"]).target(&server).run();
    refused.code(2).stderr_contains("unknown command").stderr_contains("Redis 7.0").lacks(", \n");
}

#[test]
fn a_verified_channel_counts_every_message_of_every_outage_and_shows_none_of_its_own() {
    const FAULTS: usize = 5;
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = Trial::start("subscribe orders --verify --rate 200", &tap);
    for fault in 1..=FAULTS {
        let before = tap.commands_named("PUBLISH");
        eventually("messages flow", SOON, || tap.commands_named("PUBLISH") >= before + 30);
        tap.reset_all();
        trial.wait_for("reconnected", fault);
        trial.wait_for("resubscribed", fault);
    }
    server.command(["PUBLISH", "orders", "somebody else's"]);
    trial.doctor().wait_for_stdout("somebody else's", SOON);
    let story = trial.stop();
    story.code(1).balances();
    assert_eq!(story.output.stdout().lines().count(), 1, "{}", story.output.stdout());
    assert_eq!(story.count("delivery.messages"), 1);
    assert_eq!(story.count("outages.reconnects"), FAULTS as u64);
    assert_eq!(story.count("delivery.lost"), story.count("delivery.lost_in_outages"));
    let missed: u64 = story.events("messages_missed").iter().map(|event| event["count"].as_u64().unwrap()).sum();
    assert_eq!(missed, story.count("delivery.lost"), "every loss has its event");
}

#[test]
fn messages_published_while_only_the_subscriber_is_away_are_lost_and_counted() {
    let server = RedisServer::start();
    let trial = Trial::start("subscribe orders --verify --rate 100", &server);
    trial.wait_for_messages();
    // The publisher's connection is of another type, and stays; the subscriber finds no room.
    server.command(["CONFIG", "SET", "maxclients", "1"]);
    server.command(["CLIENT", "KILL", "TYPE", "pubsub"]);
    trial.wait_for("state", 1);
    server.command(["CONFIG", "SET", "maxclients", "100"]);
    trial.wait_for("reconnected", 1);
    trial.wait_for("resubscribed", 1);
    trial.wait_for("lost", 1);
    let story = trial.stop();
    story.code(1).balances();
    assert_eq!(story.states()[0], "masked", "the library shows a bare broken pipe");
    let lost = story.count("delivery.lost");
    assert!(lost > 0);
    assert_eq!(story.outages()[0]["messages_lost"], lost);
    assert!(story.count("delivery.published_to_nobody") <= lost);
}

/// The server ends the subscription of a shard channel whose slot another node gets, on a connection that stays up.
#[test]
fn a_shard_channel_whose_slot_moves_away_is_a_lost_subscription() {
    for policy in ["hardened", "library"] {
        let (Some(node), Some(other)) = (cluster_node(), cluster_node()) else { return };
        let nodes = [node, other];
        join_cluster(&nodes);
        let [node, other] = nodes;
        let id = other.command(["CLUSTER", "MYID"]);
        let trial = Trial::start(&format!("subscribe --shard b --policy {policy}"), &node);
        let slot = node.command(["CLUSTER", "KEYSLOT", "b"]);
        node.command(["CLUSTER", "SETSLOT", &slot, "NODE", &id]);
        trial.wait_for("unsubscribed", 1);
        trial.wait_for("state", 1);
        let story = trial.stop();
        story.code(2);
        assert_eq!(story.states()[0], "subscription_lost", "{policy}");
        let ended = story.the("unsubscribed");
        assert_eq!((&ended["channel"], &ended["wanted"], &ended["confirmed"]), (&"b".into(), &1.into(), &0.into()));
        assert_eq!(story.count("subscriptions.confirmed"), 0);
        story.agrees_with_its_journal();
    }
}
