//! `wait` returns when a server is what a script waits for, and otherwise says what stood in the way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::harness::*;

/// How long a line may take that is to come at once, on a busy machine.
const SOON: Duration = Duration::from_secs(15);

fn wait(arguments: &[&str]) -> Doctor {
    Doctor::new(["wait", "--timeout", "60s", "--interval", "50ms"]).args(arguments.iter().copied()).within(SOON * 6)
}

/// A wait that is to end in vain.
fn in_vain(arguments: &[&str], target: &(impl Target + ?Sized)) -> Output {
    Doctor::new(["wait", "--timeout", "1s", "--interval", "50ms"]).args(arguments.iter().copied()).target(target).run()
}

#[test]
fn a_server_that_is_ready_is_not_waited_for() {
    let server = RedisServer::builder().requirepass("hunter2").start();
    let output = wait(&[]).target(&server).run();
    output.code(0).stdout_is_empty().stderr_contains("is ready after").stderr_contains("primary").lacks("hunter2");
    wait(&["--for", "primary", "-q"]).target(&server).run().code(0).stdout_is_empty().stderr_is_empty();
    Doctor::new(["wait", "--sandbox"]).run().code(0);
    Doctor::new(["wait", "--sandbox", "--for", "primary"]).run().code(0);
}

#[test]
fn a_server_that_starts_late_is_waited_for() {
    let mut server = RedisServer::start();
    server.kill9();
    let waiting = wait(&[]).target(&server).spawn();
    let line = waiting.wait_for_stderr("waiting for", SOON);
    assert!(line.contains("tcp: Connection refused (os error 111)"), "{line}");
    server.restart_same_port();
    let output = waiting.finish();
    output.code(0).stdout_is_empty().stderr_contains("is ready after");
    let told = output.stderr().matches("Connection refused").count();
    assert_eq!(told, 1, "an obstacle is reported once: {}", output.stderr());
}

#[test]
fn a_server_that_loads_its_data_is_not_ready() {
    let loading = Arc::new(AtomicBool::new(true));
    let seen = Arc::clone(&loading);
    let server = ScriptedServer::answering(move |command| {
        let loading = seen.load(Ordering::SeqCst);
        match command[0].to_ascii_uppercase().as_str() {
            // As Redis does: HELLO is allowed while the data set is loaded, PING is not.
            "HELLO" => Action::line("%1\r\n$6\r\nserver\r\n$5\r\nredis"),
            "PING" if loading => Action::line("-LOADING Redis is loading the dataset in memory"),
            "PING" => Action::line("+PONG"),
            _ => Action::line("-ERR unknown command"),
        }
    });
    let waiting = wait(&[]).target(&server).spawn();
    let line = waiting.wait_for_stderr("waiting for", SOON);
    assert!(line.contains("command: LOADING Redis is loading"), "{line}");
    loading.store(false, Ordering::SeqCst);
    waiting.finish().code(0);
}

#[test]
fn a_real_server_that_loads_its_data_is_not_ready() {
    // Each key takes a while, so that loading takes long enough to be seen however fast the machine is.
    let Some(builder) = RedisServer::builder().loading_slowly() else {
        return skipped("a real server that loads its data", "this one is deaf while it loads so few keys");
    };
    let server = builder.start();
    let mut loading = server.begin_loading(20_000);
    let waiting = wait(&[]).target(&server).spawn();
    waiting.wait_for_stderr("LOADING", SOON);
    loading.hurry();
    waiting.finish().code(0);
    loading.finish();
}

#[test]
fn roles_are_waited_for_and_a_promotion_is_seen() {
    let (primary, replica) = (RedisServer::start(), RedisServer::start());
    in_vain(&["--for", "replica"], &replica).code(2).stderr_contains("role: the server is a primary, not a replica");
    let to = |port: u16| ["REPLICAOF".to_owned(), "127.0.0.1".to_owned(), port.to_string()];
    let linked = wait(&["--for", "replica"]).target(&replica).spawn();
    linked.wait_for_stderr("the server is a primary, not a replica", SOON);
    replica.command(to(primary.address().port()));
    linked.finish().code(0).stderr_contains("is replica after");

    let promoted = wait(&["--for", "primary"]).target(&replica).spawn();
    promoted.wait_for_stderr("role: the server is a replica, not a primary", SOON);
    replica.command(["REPLICAOF", "NO", "ONE"]);
    promoted.finish().code(0).stderr_contains("is primary after");

    // A replica that never finds its primary.
    replica.command(to(closed_port().port()));
    let alone = in_vain(&["--for", "replica"], &replica);
    alone.code(2).stderr_contains("role: the server is a replica without its primary (link state");
    in_vain(&[], &replica).code(0);
    replica.command(["CONFIG", "SET", "replica-serve-stale-data", "no"]);
    in_vain(&[], &replica).code(2).stderr_contains("MASTERDOWN");
}

#[test]
fn a_user_who_may_not_ask_for_the_role_gets_an_error() {
    let server = RedisServer::builder().acl("worker on >secret ~* &* +ping +hello +auth").start();
    let url = server.url().replace("redis://", "redis://worker:secret@");
    in_vain(&[], &url).code(0);
    // HELLO says that it is a primary, which is all there is to know of one.
    in_vain(&["--for", "primary"], &url).code(0);
    let replica = in_vain(&["--for", "replica"], &url);
    replica.code(2).stderr_contains("role: the server is a primary, not a replica").lacks("secret");
}

#[test]
fn when_the_time_is_up_the_last_obstacle_is_named_also_quietly() {
    let closed = format!("redis://{}", closed_port());
    let output = in_vain(&["-q"], &closed);
    output.code(2).stdout_is_empty().stderr_contains("is not ready after 1 s: tcp: Connection refused (os error 111)");
    assert_eq!(output.stderr().lines().count(), 1, "{}", output.stderr());
    assert!(output.elapsed() >= Duration::from_secs(1), "{:?}", output.elapsed());
    let frozen = RedisServer::start();
    frozen.sigstop();
    let output = in_vain(&[], &frozen);
    frozen.sigcont();
    output.code(2).stderr_contains("hello: timed out").stderr_contains("accepted, but HELLO was never answered");
}

#[test]
fn an_interval_longer_than_the_time_does_not_shorten_it() {
    let mut server = RedisServer::start();
    server.kill9();
    let waiting = Doctor::new(["wait", "--timeout", "4s", "--interval", "1h"]).target(&server).spawn();
    waiting.wait_for_stderr("Connection refused", SOON);
    server.restart_same_port();
    waiting.finish().code(0).stderr_contains("is ready after");
}

#[test]
fn a_wrong_password_is_waited_for_and_reported_as_lasting_unless_the_user_cannot_wait() {
    let server = RedisServer::builder().requirepass("right").start();
    let wrong = format!("redis://:wrong-one@{}", server.address());
    let waiting = wait(&[]).target(&wrong).spawn();
    let line = waiting.wait_for_stderr("waiting for", SOON);
    assert!(line.contains("hello: WRONGPASS") && line.contains("does not usually go away on its own"), "{line}");
    server.command(["CONFIG", "SET", "requirepass", "wrong-one"]);
    waiting.finish().code(0).lacks("wrong-one");

    let hasty = wait(&["--fail-fast"]).target(&format!("redis://{}", server.address())).run();
    hasty.code(2).stderr_contains("waiting does not usually help: hello: NOAUTH");
}

#[test]
fn a_certificate_that_is_refused_is_lasting() {
    let server = RedisServer::builder().tls().start();
    let hasty = wait(&["--fail-fast"]).target(&server).run();
    hasty.code(2).stderr_contains("tls: the server's certificate is not trusted");
}

#[test]
fn a_signal_ends_the_wait_and_is_no_success() {
    let closed = format!("redis://{}", closed_port());
    for signal in [Signal::INT, Signal::TERM] {
        let waiting = wait(&[]).target(&closed).spawn();
        waiting.wait_for_stderr("waiting for", SOON);
        waiting.signal(signal);
        waiting.finish().code(130).took_at_most(SOON);
    }
}

#[test]
fn what_cannot_be_waited_for_is_refused() {
    for (arguments, parts) in [
        (["wait", "--for", "leader"], ["--for: invalid value 'leader'", "ready, primary, replica"]),
        (["wait", "--timeout", "0"], ["--timeout: '0' is too short", "at least 1ms"]),
        (["wait", "--interval", "-1"], ["--interval: '-1' is negative", "500ms"]),
    ] {
        let output = Doctor::new(arguments).run();
        parts.iter().for_each(|part| _ = output.code(3).stderr_contains(part));
    }
}

#[test]
fn a_primary_of_a_cluster_that_is_down_is_not_ready() {
    let Some(node) = cluster_node() else { return };
    let output = in_vain(&["--for", "primary"], &node);
    output.code(2).stderr_contains("the cluster is down (cluster_state:fail, 0 of 16384 slots served)");
    node.command(["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
    wait(&["--for", "primary"]).target(&node).run().code(0);
}
