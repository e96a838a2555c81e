//! States a client gets into and may not leave: named, dated, and the run goes on to see more.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::harness::{Action, Doctor, RedisServer, ScriptedServer, Story, Tap, Trial, closed_port, eventually};

const SOON: Duration = Duration::from_secs(10);

/// Longer than redis-rs' default budget of seven attempts lasts (9.44 s), which nothing shortens.
const REFUSED: Duration = Duration::from_secs(12);

fn terminal_replacements(story: &Story) -> u64 {
    let replaced = story.events("session_replaced").into_iter().filter(|event| event["why"] == "terminal");
    let count = replaced.count() as u64;
    assert_eq!(count, story.count("sessions.replaced_terminal"));
    count
}

#[test]
fn a_bare_connection_is_dead_after_one_reset_and_a_fresh_session_takes_over() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = Trial::start("soak --workload ping --policy bare --rate 100 --concurrency 4", &tap);
    trial.wait_for_answers();
    tap.reset_when_in_flight();
    trial.wait_for("state", 1);
    trial.wait_for("reconnected", 1);
    let story = trial.stop();
    story.code(2).balances();
    assert_eq!(story.states(), ["dead"]);
    assert_eq!(terminal_replacements(&story), 1);
    assert_eq!(story.errors("reset"), 1, "one command learns why, and no other ever does");
    let rest = story.error_rows("connection_closed");
    assert!(rest.iter().all(|row| row["origin"] == "library" && row["errno"].is_null()));
    assert_eq!(story.count("probes.failed"), 1 + story.errors("connection_closed"));
    assert!(story.count("probes.failed") > 20, "every command of a second failed");
    assert_eq!(story.get("verdict"), "critical");
    let row = &story.outages()[0];
    assert_eq!((&row["by_itself"], &row["replaced"]), (&false.into(), &"terminal".into()));
    assert!(row["duration"].as_f64().unwrap() >= 1.0, "{row}");
}

#[test]
fn stop_on_critical_ends_the_run_at_the_first_hopeless_state() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = Trial::start("soak --workload ping --policy bare --stop-on-critical", &tap);
    trial.wait_for_answers();
    tap.reset_all();
    let story = trial.finish();
    story.code(2).balances();
    assert_eq!(story.the("run_finished")["reason"], "critical");
    assert!(story.events("session_replaced").is_empty());
}

/// All that twelve seconds of refused connections do to each policy, in one go because it takes that long.
#[test]
fn twelve_seconds_of_refusal_exhaust_the_librarys_budget_and_not_the_hardened_one() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let pinging = Trial::start("soak --workload ping --rate 5 --policy library", &tap);
    let subscriber = Trial::start("subscribe news --policy library", &tap);
    let pubsub = Trial::start("soak --workload pubsub --policy library", &tap);
    let hardened = Trial::start("soak --timeout 1s", &tap);
    let hardened_subscriber = Trial::start("subscribe news", &tap);
    pinging.wait_for_answers();
    tap.refuse();
    tap.reset_all();
    pinging.wait_for("disconnected", 1);
    // The fault itself lasts this long; nothing is being waited for.
    std::thread::sleep(REFUSED);
    tap.listen();
    hardened.wait_for("resubscribed", 1);
    hardened_subscriber.wait_for("resubscribed", 1);
    pinging.wait_for("reconnected", 1);
    subscriber.wait_for("resubscribed", 1);
    pubsub.wait_for("resubscribed", 1);

    let story = pinging.stop();
    story.code(1).balances();
    assert!(story.states().contains(&"exhausted"), "{:?}", story.states());
    assert_eq!(story.outages()[0]["by_itself"], true, "the next command starts another cycle");
    assert_eq!(story.count("outages.reconnects"), 1);
    assert!(story.longest_failure() <= 2.15, "{}", story.longest_failure());

    for story in [subscriber.stop(), pubsub.stop()] {
        story.code(2).balances();
        assert!(story.states().contains(&"exhausted"), "{:?}", story.states());
        assert_eq!(terminal_replacements(&story), 1);
        assert_eq!(story.outages()[0]["by_itself"], false);
        assert_eq!(story.count("outages.reconnects"), 1);
    }

    for story in [hardened.stop(), hardened_subscriber.stop()] {
        story.code(1).balances();
        assert_eq!(story.states().iter().filter(|state| **state != "retrying").count(), 0, "{:?}", story.states());
        assert_eq!(terminal_replacements(&story), 0);
        assert_eq!(story.outages()[0]["by_itself"], true);
        assert!(story.outages()[0]["path_healthy_after"].as_f64().unwrap() > 11.0);
        assert!(story.outages()[0]["duration"].as_f64().unwrap() < 18.0, "an attempt at 15.1 s was due");
    }
}

/// Resets everything while every new connection is answered with `reply`, until the client's cycle of two attempts is
/// over; then lets the server speak again.
fn last_attempt_answered(reply: &[u8]) {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let budget = "--policy library --retries 1 --min-delay 50ms";
    let finite = Trial::start(&format!("soak --rate 20 {budget}"), &tap);
    let hardened = Trial::start("soak --rate 20", &tap);
    finite.wait_for_answers();
    tap.replace_first_reply(Some(reply));
    tap.reset_all();
    finite.wait_for("path", 2);
    eventually("both attempts of all have been made", SOON, || tap.commands_named("HELLO") >= 12);
    tap.replace_first_reply(None);
    hardened.wait_for("reconnected", 1);
    hardened.wait_for("resubscribed", 1);
    finite.wait_for("replaced", 1);
    finite.wait_for("resubscribed", 1);

    let story = finite.stop();
    story.code(2).balances();
    assert!(story.states().contains(&"wedged"), "{:?}", story.states());
    assert_eq!(terminal_replacements(&story), 1);
    assert_eq!(story.outages()[0]["by_itself"], false);
    let story = hardened.stop();
    story.code(1).balances();
    assert_eq!(story.count("outages.reconnects"), 1);
    assert_eq!(story.outages()[0]["by_itself"], true);
    assert!(!story.states().contains(&"wedged"));
}

#[test]
fn a_wrong_password_at_the_last_attempt_wedges_the_library_for_good() {
    last_attempt_answered(b"-WRONGPASS invalid username-password pair or user is disabled.\r\n");
}

#[test]
fn a_proxys_503_at_the_last_attempt_wedges_the_library_for_good() {
    last_attempt_answered(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
}

#[test]
fn garbage_at_the_last_attempt_wedges_the_library_for_good() {
    last_attempt_answered(b"\x17\xff\x00\r\n");
}

#[test]
fn a_frozen_server_does_not_make_the_watchdogs_client_a_hopeless_one() {
    let server = RedisServer::start();
    let trial = Trial::start("soak", &server);
    trial.wait_for_answers();
    server.sigstop();
    trial.wait_for("replaced", 1);
    // Longer than a new connection is given; the server is simply still frozen.
    std::thread::sleep(Duration::from_secs(8));
    server.sigcont();
    trial.wait_for("reconnected", 1);
    trial.wait_for("resubscribed", 1);
    let story = trial.stop();
    story.code(1).balances();
    assert_eq!(terminal_replacements(&story), 0);
    assert_eq!(story.count("outages.drops"), 1);
    assert_eq!(story.outages()[0]["by_itself"], true);
    assert_eq!(story.count("subscriptions.confirmed"), 1);
}

#[test]
fn a_revoked_channel_is_a_lost_subscription_while_everything_else_works() {
    let server = RedisServer::builder().acl("worker on >pw ~* &* +@all").start();
    let url = format!("redis://worker:pw@{}", server.address());
    let trial = Trial::start("soak --rate 20", &url);
    trial.wait_for_answers();
    server.command(["ACL", "SETUSER", "worker", "resetchannels"]);
    // The server ends connections subscribed to what they may not see any more.
    trial.wait_for("reconnected", 1);
    trial.wait_for("state", 1);
    // It is asked again on the same connection: a new one would be refused, too.
    let asked = || std::fs::read_to_string(trial.journal()).unwrap().matches(r#""stage":"subscribe""#).count();
    eventually("it was asked again", SOON, || asked() >= 4);
    server.command(["ACL", "SETUSER", "worker", "allchannels"]);
    trial.wait_for("resubscribed", 2);
    let story = trial.stop();
    story.code(2).balances();
    assert_eq!(story.states()[0], "subscription_lost");
    assert_eq!(story.count("sessions.replaced_terminal"), 0);
    assert_eq!(story.count("outages.drops"), 1, "the server's");
    let findings = story.get("findings").to_string();
    assert!(!findings.contains("permit INFO"), "nothing was forbidden: {findings}");
    let confirmations: Vec<_> = story.events("resubscribed").iter().map(|event| event["confirmed"].clone()).collect();
    assert_eq!((&confirmations[0], confirmations.last().unwrap()), (&0.into(), &1.into()));
    assert_eq!(story.count("subscriptions.confirmed"), 1, "back at the end");
    assert!(story.count("delivery.received") > 0);
    assert!(story.errors("noperm") >= 1);
}

#[test]
fn a_demoted_server_pins_the_client_and_its_keys_were_our_own_and_short_lived() {
    let server = RedisServer::start();
    let trial = Trial::start("soak --workload kv --rate 100 --on-readonly stay", &server);
    eventually("keys are written", SOON, || server.command(["DBSIZE"]) != "0");
    let keys = server.command(["KEYS", "*"]);
    assert!(!keys.is_empty());
    for key in keys.lines() {
        assert!(key.starts_with("redis-doctor:"), "{key}");
        let ttl: i64 = server.command(["PTTL", key]).parse().unwrap();
        assert!((1..=60_000).contains(&ttl), "{key} lives for {ttl} ms");
    }
    let closed = closed_port();
    server.command(["REPLICAOF", &closed.ip().to_string(), &closed.port().to_string()]);
    trial.wait_for("state", 1);
    server.command(["REPLICAOF", "NO", "ONE"]);
    trial.wait_for("state over", 1);
    let story = trial.stop();
    story.code(1).balances();
    assert_eq!(story.states(), ["pinned"]);
    assert_eq!(story.the("state_left")["state"], "pinned");
    story.agrees_with_its_journal();
    assert!(story.errors("readonly") > 0);
    assert_eq!(story.count("outages.drops"), 0, "the connection itself never broke");
    assert_eq!(story.count("probes.desynced"), 0);
}

/// Who can still read, and cannot write to the end, has not recovered: `drill` says the same of it.
#[test]
fn a_client_that_is_pinned_to_the_end_has_not_recovered() {
    pinned_to_the_end("stay", 0);
    let story = pinned_to_the_end("rebuild", 2);
    // At 0, 0.15 and 0.54 s: the pauses are those of a reconnect.
    assert!((2..=4).contains(&story.count("sessions.replaced_readonly")), "{}", story.get("sessions"));
}

fn pinned_to_the_end(reaction: &str, rebuilds: usize) -> Story {
    let server = RedisServer::start();
    let trial = Trial::start(&format!("soak --workload kv --rate 100 --on-readonly {reaction}"), &server);
    trial.wait_for_answers();
    let closed = closed_port();
    server.command(["REPLICAOF", &closed.ip().to_string(), &closed.port().to_string()]);
    trial.wait_for("state", 1);
    trial.wait_for("reconnected", rebuilds);
    let story = trial.stop();
    story.code(2).balances();
    assert_eq!((story.states(), story.events("state_left").len()), (vec!["pinned"], 0));
    let findings = story.get("findings").as_array().unwrap();
    let finding = findings.iter().find(|finding| finding["code"] == "RD027").unwrap();
    assert_eq!(finding["severity"], "critical");
    assert!(finding["text"].as_str().unwrap().contains("writes were refused to the end"), "{finding}");
    story.agrees_with_its_journal();
    story
}

#[test]
fn a_value_lost_with_its_server_is_no_wrong_reply() {
    let mut server = RedisServer::start();
    let trial = Trial::start("soak --workload kv --rate 0 --concurrency 4", &server);
    trial.wait_for_answers();
    server.kill9();
    server.restart_same_port();
    trial.wait_for("reconnected", 1);
    for _ in 0..20 {
        server.command(["FLUSHALL"]);
    }
    let story = trial.stop();
    story.code(1).balances();
    assert_eq!(story.count("probes.desynced"), 0);
    assert!(story.events("desynced").is_empty());
}

#[test]
fn one_reply_too_many_goes_to_the_wrong_question_and_the_hardened_policy_replaces_the_connection() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let library = Trial::start("soak --workload ping --policy library --rate 50 --concurrency 9", &tap);
    let hardened = Trial::start("soak --rate 50", &tap);
    library.wait_for_answers();
    hardened.wait_for_answers();
    // While a command is in flight: the library drops a reply without a request.
    let before = tap.commands_named("PING");
    tap.hold_replies(true);
    // Nine are all that the library's workers can have out.
    eventually("both have a question out", SOON, || tap.commands_named("PING") >= before + 10);
    tap.inject(b"$11\r\nno question\r\n");
    tap.hold_replies(false);
    library.wait_for("desync", 1);
    hardened.wait_for("replaced", 1);
    hardened.wait_for("reconnected", 1);
    hardened.wait_for("resubscribed", 1);
    library.wait_for_journal("\"desynced\":");

    let story = hardened.stop();
    story.code(2).balances();
    assert_eq!(story.states(), ["desync"]);
    assert_eq!(story.the("desynced")["answered"], "a reply to another command: no question");
    assert_eq!(story.the("session_replaced")["why"], "desync");
    assert_eq!(story.the("disconnected")["failure"]["class"], "desync");
    // No more than were out at that moment: a probe, the watchdog's PING, and what was asked before the change.
    assert!(story.count("probes.desynced") <= 4, "{}", story.get("probes"));
    assert!(story.outages()[0]["duration"].as_f64().unwrap() < 0.5);

    let story = library.stop();
    story.code(2).balances();
    assert_eq!(story.states(), ["desync"]);
    assert_eq!(story.count("probes.desynced"), story.errors("desync"));
    // The shift ends when all questions are answered and the surplus reply has no request.
    assert!(story.count("probes.desynced") >= 2, "{}", story.get("probes"));
    assert_eq!(story.events("desynced").len(), 1, "reported at most once a second");
    assert!(story.events("disconnected").is_empty());
}

#[test]
fn a_refused_first_connection_is_reported_at_once_whatever_the_retries() {
    let output = Doctor::new(["soak", "-d", "30"]).target(&closed_port()).run();
    output.code(2).took_at_most(Duration::from_secs(5));
}

#[test]
fn a_reply_without_a_request_is_dropped_and_does_no_harm() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = Trial::start("ping -i 2 -c 2 --watchdog off", &tap);
    trial.wait_for_answers();
    tap.inject(b"+OK\r\n");
    let story = trial.finish();
    story.code(0).balances();
    assert_eq!(story.count("probes.ok"), 2);
}

#[test]
fn a_client_that_does_not_resubscribe_has_lost_its_subscription_after_any_drop() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = Trial::start("soak --policy library --no-resubscribe --rate 20", &tap);
    trial.wait_for_answers();
    tap.reset_all();
    trial.wait_for("reconnected", 1);
    trial.wait_for("state", 1);
    trial.wait_for("replaced", 1);
    trial.wait_for("resubscribed", 2);
    let story = trial.stop();
    story.code(2).balances();
    assert_eq!(story.states(), ["subscription_lost"]);
    let confirmed: Vec<_> = story.events("resubscribed").iter().map(|event| event["confirmed"].clone()).collect();
    assert_eq!(confirmed, [0, 1]);
    assert!(story.count("delivery.published_to_nobody") > 0);
}

/// A server that confirms both of two channels on the first connection, and one of them on later ones, where it counts
/// `subscribed`.
fn confirming_one_later(subscribed: u32) -> ScriptedServer {
    let hello = b"%3\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.4.0\r\n$5\r\nproto\r\n:3\r\n".to_vec();
    let bulk = |text: &str| Action::line(&format!("${}\r\n{text}", text.len()));
    let later = AtomicBool::new(false);
    ScriptedServer::answering(move |command| {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        match words[..] {
            ["HELLO", ..] => Action::Reply(hello.clone()),
            ["CLIENT", "INFO"] => bulk(&format!("id=7 addr=127.0.0.1:9 sub={subscribed} psub=0 ssub=0")),
            ["PING", nonce] => bulk(nonce),
            ["PING"] => Action::line("+PONG"),
            ["SUBSCRIBE", ref channels @ ..] => {
                let confirmed = if later.swap(true, Ordering::Relaxed) { 1 } else { channels.len() };
                let confirm = |name: &&str| format!(">3\r\n$9\r\nsubscribe\r\n${}\r\n{name}\r\n:1\r\n", name.len());
                Action::Reply(channels[..confirmed].iter().map(confirm).collect::<String>().into())
            }
            _ => Action::line("+OK"),
        }
    })
}

#[test]
fn a_subscription_is_lost_only_if_the_server_does_not_count_it_either() {
    for (subscribed, states) in [(1, &["subscription_lost"][..]), (2, &[])] {
        let server = confirming_one_later(subscribed);
        let trial =
            Trial::start("subscribe a b --policy library --response-timeout 500ms --fault close@1s", &server.address());
        let change = if states.is_empty() { "resubscribed" } else { "state" };
        trial.wait_for(change, 1);
        let story = trial.stop();
        assert_eq!(story.states(), states, "the server counts {subscribed}");
        let confirmed = story.events("resubscribed")[0]["confirmed"].clone();
        assert_eq!(confirmed, subscribed, "the server counts {subscribed}");
    }
}
