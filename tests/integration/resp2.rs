//! RESP2: subscriptions need a connection of their own, and nothing is pushed when a connection is lost.

use std::time::Duration;

use crate::harness::{Action, Doctor, RedisServer, ScriptedServer, Tap, Trial, eventually};

const SOON: Duration = Duration::from_secs(10);

#[test]
fn pings_recover_after_a_reset_at_the_cost_of_a_command() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = Trial::start("soak --protocol resp2 --workload ping --rate 50 --watchdog off", &tap);
    trial.wait_for_answers();
    tap.reset_all();
    trial.wait_for("reconnected", 1);
    let story = trial.stop();
    story.code(1).balances();
    assert_eq!(story.the("connected")["resp"], 2);
    assert_eq!((story.count("outages.drops"), story.count("outages.reconnects")), (1, 1));
    assert!((1..=2).contains(&story.count("probes.failed")), "{}", story.get("probes"));
}

#[test]
fn an_idle_loss_goes_unnoticed_until_the_next_command() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = Trial::start("ping --protocol resp2 -i 3 --watchdog off", &tap);
    trial.wait_for_answers();
    tap.close_all();
    trial.wait_for("reconnected", 1);
    let story = trial.stop();
    story.code(1).balances();
    assert_eq!(story.count("probes.failed"), 1, "the command that found out");
    let idle = story.the("disconnected")["idle"].as_f64().unwrap();
    assert!(idle > 2.5, "noticed only after {idle} s");
}

#[test]
fn a_verified_subscription_on_a_second_connection_comes_back() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = Trial::start("soak --protocol resp2 --rate 20 --verify-rate 100", &tap);
    trial.wait_for_answers();
    tap.reset_all();
    trial.wait_for("reconnected", 1);
    trial.wait_for("resubscribed", 1);
    let before = tap.commands_named("PUBLISH");
    eventually("messages flow", SOON, || tap.commands_named("PUBLISH") >= before + 30);
    let story = trial.stop();
    story.balances();
    assert_eq!((story.count("outages.drops"), story.count("outages.reconnects")), (1, 1));
    assert_eq!(story.count("subscriptions.confirmed"), 1);
    assert!(story.count("delivery.received") > 20);
    assert_eq!(story.count("delivery.lost"), story.count("delivery.lost_in_outages"));
    story.code(1);
}

#[test]
fn losing_only_the_subscribing_connection_is_a_drop_too() {
    let server = RedisServer::start();
    let trial = Trial::start("subscribe news --protocol resp2", &server);
    server.command(["CLIENT", "KILL", "TYPE", "pubsub"]);
    trial.wait_for("resubscribed", 1);
    trial.wait_for("reconnected", 1);
    server.command(["PUBLISH", "news", "after all"]);
    trial.doctor().wait_for_stdout("after all", SOON);
    let story = trial.stop();
    story.code(1);
    assert_eq!((story.count("outages.drops"), story.count("outages.reconnects")), (1, 1));
    assert_eq!(story.the("resubscribed")["confirmed"], 1);
}

#[test]
fn losing_only_the_commanding_connection_leaves_the_subscriptions_alone() {
    let server = RedisServer::start();
    // Subscriptions may take a response timeout and a second.
    let soak = "soak -d 4s --protocol resp2 --rate 20 --verify-rate 20 --response-timeout 200ms";
    let trial = Trial::start(soak, &server);
    trial.wait_for_answers();
    server.command(["CLIENT", "KILL", "TYPE", "normal"]);
    trial.wait_for("reconnected", 1);
    let story = trial.finish();
    story.code(1).balances();
    assert_eq!((story.count("outages.drops"), story.count("sessions.replaced_terminal")), (1, 0));
    assert_eq!(story.states(), [""; 0]);
    assert_eq!(story.count("subscriptions.confirmed"), 1);
}

#[test]
fn auto_falls_back_to_resp2_where_the_server_knows_no_hello_and_resp3_says_so() {
    let server =
        ScriptedServer::answering(|command| match (command[0].to_ascii_uppercase().as_str(), command.get(1)) {
            ("PING", Some(text)) => Action::Reply(format!("${}\r\n{text}\r\n", text.len()).into_bytes()),
            ("PING", None) => Action::line("+PONG"),
            ("HELLO", _) => Action::line("-ERR unknown command `HELLO`, with args beginning with: `3`, "),
            _ => Action::line("-ERR unknown command"),
        });
    let output = Doctor::new(["ping", "-c", "1"]).target(&server).run();
    output.code(2).stderr_contains("--protocol auto");
    let output = Doctor::new(["ping", "-c", "1", "--protocol", "auto"]).target(&server).run();
    output.code(0).stderr_contains("RESP2");
}
