//! What is no usable Redis: each is named with its cause and a remedy, ends with exit code 2, and loses nothing.

use std::io::Read as _;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use serde_json::Value as Json;

use crate::harness::{Doctor, FullBacklog, RedisServer, ScriptedServer, Signal, Tap, Target, closed_port};

/// An obstacle as the report has it: class, stage, errno and origin; a part of the cause; a part of the advice.
struct Obstacle<'a> {
    class: &'a str,
    stage: &'a str,
    errno: Json,
    origin: &'a str,
    cause: &'a str,
    advice: &'a str,
}

/// Every command says it, on the right stream, in text and in JSON, and for a monitoring system.
#[track_caller]
fn is_reported(target: &(impl Target + ?Sized), obstacle: &Obstacle<'_>) {
    let patience = ["--connect-timeout", "300ms"];
    let json = Doctor::new(["ping", "-c", "2", "--format", "json"]).args(patience).target(target).run();
    let report = json.code(2).json();
    let row = &report["errors"][0];
    assert_eq!(row["class"], obstacle.class, "{row}");
    assert_eq!((&row["stage"], &row["errno"]), (&obstacle.stage.into(), &obstacle.errno), "{row}");
    assert_eq!((&row["origin"], &row["count"]), (&obstacle.origin.into(), &1.into()), "{row}");
    assert_eq!((&report["verdict"], &report["runs"][0]["stopped"]), (&"critical".into(), &"unreachable".into()));
    let finding = report["findings"][0]["text"].as_str().unwrap();
    assert!(finding.starts_with("no connection: ") && finding.contains(obstacle.cause), "{finding}");

    for command in [&["ping", "-c", "2"][..], &["soak", "-d", "1"]] {
        let text = Doctor::new(command).args(patience).target(target).run();
        text.code(2).stdout_contains(obstacle.cause).stdout_contains(obstacle.advice);
        text.stdout_contains("verdict  CRITICAL  no connection").stderr_contains(obstacle.cause);
    }
    let subscribe = Doctor::new(["subscribe", "news"]).args(patience).target(target).run();
    subscribe.code(2).stdout_is_empty().stderr_contains(obstacle.cause).stderr_contains("verdict  CRITICAL");

    let nagios = Doctor::new(["ping", "-c", "1", "--format", "nagios"]).args(patience).target(target).run();
    nagios.code(2).stdout_contains("REDIS-DOCTOR CRITICAL - no connection: ");
    assert_eq!((nagios.stdout().lines().count(), nagios.stdout().matches('|').count()), (1, 1));
}

/// The server says why.
fn said_by_server<'a>(class: &'a str, cause: &'a str, advice: &'a str) -> Obstacle<'a> {
    Obstacle { class, stage: "hello", errno: Json::Null, origin: "server", cause, advice }
}

/// Our own reading of what happened.
fn found<'a>(class: &'a str, stage: &'a str, cause: &'a str, advice: &'a str) -> Obstacle<'a> {
    Obstacle { class, stage, errno: Json::Null, origin: "doctor", cause, advice }
}

/// The interrupted attempt is reported with its stage and its duration.
#[test]
fn a_run_that_is_interrupted_while_it_connects_says_how_far_it_had_come() {
    for command in [&["soak"][..], &["ping"], &["subscribe", "news"]] {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("redis://{}", silent.local_addr().unwrap());
        let run = Doctor::new(command.iter().copied()).target(&url).spawn();
        // It has connected, and waits for the answer to its first words.
        let (mut line, _) = silent.accept().unwrap();
        line.read_exact(&mut [0; 1]).unwrap();
        run.signal(Signal::INT);
        let output = run.finish();
        let shown = format!("{}{}", output.code(2).stdout(), output.stderr());
        let told = "interrupted before the first connection was up (stage hello): stopped after ";
        assert!(shown.contains(told) && !shown.contains("was ever made"), "{shown}");
        assert!(shown.contains("the connection was accepted, but HELLO was never answered"), "{shown}");
    }
    // Where nothing comes back at all, and of a single PING, whose way is looked at only when it takes longer.
    let nobody = FullBacklog::new();
    for command in [&["soak"][..], &["ping", "-c", "1"]] {
        let run = Doctor::new(command.iter().copied()).target(&nobody.address()).spawn();
        run.wait_for_stderr("plan PING", Duration::from_secs(10));
        run.signal(Signal::INT);
        let output = run.finish();
        output.code(2).stdout_contains("interrupted ").lacks("was ever made");
        output.stdout_contains("before the first connection was up");
    }
}

#[test]
fn a_closed_port_is_refused_with_the_kernels_number() {
    let obstacle = Obstacle {
        class: "refused",
        stage: "tcp",
        errno: 111.into(),
        origin: "kernel",
        cause: "Connection refused (os error 111)",
        advice: "nothing is listening there",
    };
    is_reported(&closed_port(), &obstacle);
}

#[test]
fn an_unknown_host_is_named_at_once() {
    let obstacle = Obstacle {
        class: "dns",
        stage: "dns",
        errno: Json::Null,
        origin: "library",
        cause: "cannot resolve redis-doctor-test.invalid",
        advice: "check the spelling of the host",
    };
    is_reported("redis://redis-doctor-test.invalid:6379", &Obstacle { ..obstacle });
}

#[test]
fn a_server_that_accepts_and_never_answers_costs_one_connect_timeout() {
    let server = ScriptedServer::mute();
    let cause = "timed out after 300 ms: the connection was accepted, but HELLO was never answered";
    is_reported(&server.address(), &found("connect_timeout", "hello", cause, "the port is open but nothing answers"));
}

#[test]
fn a_host_that_drops_every_packet_costs_one_connect_timeout() {
    let nobody = FullBacklog::new();
    let cause = "timed out after 300 ms: no answer to the connection attempt";
    is_reported(&nobody.address(), &found("connect_timeout", "tcp", cause, "a firewall or security group"));
}

#[test]
fn a_web_server_is_recognised() {
    let server = ScriptedServer::http();
    let cause = "an HTTP server answers on this port: HTTP/1.1 400 Bad Request";
    is_reported(&server, &found("protocol_garbage", "hello", cause, "this is not a Redis server"));
}

#[test]
fn garbage_is_shown_escaped() {
    let server = ScriptedServer::garbage();
    let cause = r"not a reply in the Redis protocol: \x00\xff\x17garbage";
    is_reported(&server, &found("protocol_garbage", "hello", cause, "this is not a Redis server"));
}

#[test]
fn a_server_that_closes_at_once_differs_from_one_that_is_not_there() {
    let server = ScriptedServer::greeting(crate::harness::Action::Close);
    let run = Doctor::new(["ping", "-c", "1"]).target(&server).run();
    run.code(2).stdout_contains("no connection: ").stdout_contains("verdict  CRITICAL");
    // Whether the close or the reset for our unread HELLO comes first is the kernel's affair.
    let text = run.stdout();
    let ends = ["accepted, then closed without a reply", "accepted, then reset without a reply"];
    assert!(ends.iter().any(|end| text.contains(end)) && text.contains("inside the container"), "{text}");
}

#[test]
fn the_text_of_maxclients_is_shown_though_the_library_hides_it() {
    let refusal = said_by_server("maxclients", "ERR max number of clients reached", "raise maxclients");
    is_reported(&ScriptedServer::max_clients(), &refusal);
    // The harness itself is the one client.
    is_reported(&RedisServer::builder().maxclients(1).start(), &refusal);
}

#[test]
fn maxclients_reached_while_the_run_goes_on_is_shown_too() {
    let server = RedisServer::start();
    let run = Doctor::new(["ping", "-i", "0.05", "--connect-timeout", "1s"]).target(&server).spawn();
    let limit = Duration::from_secs(10);
    run.wait_for_stdout("seq=2", limit);
    // The harness' own connection is the one that is left.
    server.command(["CONFIG", "SET", "maxclients", "1"]);
    server.command(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    run.wait_for_stderr("ERR max number of clients reached [maxclients, hello, server]", limit);
    server.command(["CONFIG", "SET", "maxclients", "100"]);
    run.wait_for_stderr("reconnected", limit);
    run.signal(Signal::INT);
    run.finish().code(1).stdout_contains("verdict  DEGRADED  1 drop, all recovered");
}

#[test]
fn a_connection_that_finds_no_place_beside_the_others_says_why() {
    let server = RedisServer::builder().maxclients(5).start();
    let soak = ["soak", "--connections", "20", "-d", "1s", "--connect-timeout", "500ms", "--response-timeout", "500ms"];
    let run = Doctor::new(soak).target(&server).run();
    run.code(2).stdout_contains(" of 20 could not be set up: ERR max number of clients reached");
    run.stdout_contains("critical  RD114 · connection ").stdout_contains("raise maxclients on the server");
    run.lacks("no reply within");
    // The same of what this machine does not give: descriptors that the shell leaves open take up its limit.
    let script = "ulimit -n 100; for n in $(seq 10 79); do eval \"exec $n</dev/null\"; done; \
                  exec \"$0\" soak --connections 40 -d 1s --no-evidence \"$@\"";
    server.command(["CONFIG", "SET", "maxclients", "100"]);
    let run = Doctor::script("bash", ["-c", script, env!("CARGO_BIN_EXE_redis-doctor")]).target(&server).run();
    run.code(2).stdout_contains("critical  RD135 · connection ").stdout_contains("Too many open files (os error 24)");
}

#[test]
fn connections_that_the_limit_of_descriptors_has_no_room_for_are_refused_before_the_run() {
    let server = RedisServer::start();
    let directory = tempfile::tempdir().unwrap();
    for (connections, fault, needed, each, room) in [
        (200, "", 332, 1, 68),
        (80, " --protocol resp2", 272, 2, 44),
        (80, " --fault latency=1ms", 352, 3, 29),
        (80, " --protocol resp2 --fault latency=1ms --sandbox", 752, 8, 11),
        (200, " --no-evidence", 232, 1, 168),
    ] {
        let journal = directory.path().join("journal");
        let script =
            format!("ulimit -n 200; exec \"$0\" soak --connections {connections} -d 1s{fault} --journal \"$@\"");
        let mut run = Doctor::script("bash", ["-c", &script, env!("CARGO_BIN_EXE_redis-doctor")]).arg(&journal);
        if !fault.contains("--sandbox") {
            run = run.target(&server);
        }
        let room = format!("({each} each), and the limit is 200; use at most {room}, or raise it with ulimit -n");
        run.run().code(3).stderr_contains(&format!(
            "error: --connections: {connections} connections need {needed} file descriptors {room}"
        ));
        assert!(!journal.exists());
    }
}

#[test]
fn a_limit_that_the_process_may_raise_itself_holds_no_connection_up() {
    let server = RedisServer::start();
    for fault in ["", " --fault latency=1ms"] {
        let script = format!("ulimit -S -n 20; exec \"$0\" soak --connections 20 -d 1s{fault} \"$@\"");
        let run = Doctor::script("bash", ["-c", &script, env!("CARGO_BIN_EXE_redis-doctor")]).target(&server).run();
        run.code(0).lacks("Too many open files");
    }
}

#[test]
fn a_process_that_may_open_nearly_nothing_gets_a_clear_error() {
    let server = RedisServer::start();
    for (command, limit) in [("ping -c 1", 6), ("soak -d 1s", 10), ("check", 6), ("wait", 10)] {
        let script = format!("ulimit -n {limit}; exec \"$0\" {command} \"$@\"");
        let run = Doctor::script("bash", ["-c", &script, env!("CARGO_BIN_EXE_redis-doctor")]).target(&server).run();
        run.code(3).stderr_contains(&format!("error: the limit of {limit} file descriptors is too low"));
    }
}

#[test]
fn protected_mode_is_named_with_its_remedy() {
    let cause = "DENIED Redis is running in protected mode";
    is_reported(&ScriptedServer::protected(), &said_by_server("protected_mode", cause, "set a password on the server"));
}

#[test]
fn a_server_that_is_loading_is_not_a_server_that_is_down() {
    let cause = "LOADING Redis is loading the dataset in memory";
    is_reported(&ScriptedServer::loading(), &said_by_server("loading", cause, "try again when INFO shows loading:0"));
}

#[test]
fn a_database_out_of_range_is_the_servers_word() {
    let server = RedisServer::start();
    let run = Doctor::new(["ping", "-c", "1", "-n", "99"]).target(&server).run();
    run.code(2).stdout_contains("no connection: ERR DB index is out of range");
}

#[test]
fn a_missing_unix_socket_is_named_and_a_working_one_works() {
    let missing = Doctor::new(["ping", "-c", "1", "-s", "/nonexistent/redis.sock"]).run();
    missing.code(2).stdout_contains("No such file or directory (os error 2)").stdout_contains("check its path");
    missing.stdout_contains("--- /nonexistent/redis.sock ping statistics ---");

    let server = RedisServer::builder().unix_socket().start();
    let path = server.unix_socket();
    let by_flag = Doctor::new(["ping", "-c", "2", "-i", "0", "-s"]).arg(path).run();
    by_flag.code(0).stdout_contains("seq=2").stdout_contains("2 sent, 2 answered");
    let url = format!("unix://{}", path.display());
    let soak = Doctor::new(["soak", "-d", "300ms"]).target(&url).run();
    soak.code(0).stdout_contains("1 of 1 confirmed").stdout_contains("verdict  HEALTHY");
    assert!(Path::new(path).exists());
}

#[test]
fn a_server_without_resp3_is_named_with_its_version_when_info_has_it() {
    let old = old_redis();
    let run = Doctor::new(["ping", "-c", "2", "-i", "0"]).target(&old).run();
    run.code(2).stdout_contains("Redis 5.0.14 does not speak RESP3; use --protocol auto or resp2");

    let nameless = ScriptedServer::without_hello();
    let run = Doctor::new(["ping", "-c", "2", "-i", "0"]).target(&nameless).run();
    run.code(2).stdout_contains("this is something that speaks RESP2 only, probably a proxy; use --protocol auto");
}

#[test]
fn auto_degrades_to_resp2_and_works() {
    for protocol in ["auto", "resp2"] {
        let old = old_redis();
        let run = Doctor::new(["ping", "-c", "3", "-i", "0", "--protocol", protocol]).target(&old).run();
        run.code(0).stdout_contains("3 sent, 3 answered").stderr_contains("RESP2");
    }
    let server = RedisServer::start();
    let soak = Doctor::new(["soak", "-d", "500ms", "--protocol", "resp2", "--format", "json"]).target(&server).run();
    let report = soak.code(0).json();
    assert_eq!(report["runs"][0]["connected"]["resp"], 2);
    assert_eq!(report["subscriptions"]["confirmed"], 1);
    assert!(report["delivery"]["received"].as_u64().unwrap() > 0 && report["delivery"]["lost"] == 0, "{report}");
}

#[test]
fn a_server_that_is_down_when_the_run_starts_is_not_waited_for() {
    let run = Doctor::new(["soak", "-d", "1h"]).target(&closed_port()).run();
    run.code(2).took_at_most(Duration::from_secs(10)).stderr_contains("finished      no connection could be made");
}

/// A Redis from before version 6 that has INFO.
fn old_redis() -> ScriptedServer {
    use crate::harness::Action;
    ScriptedServer::answering(|command| match command[0].to_ascii_uppercase().as_str() {
        "PING" if command.len() > 1 => {
            Action::Reply(format!("${}\r\n{}\r\n", command[1].len(), command[1]).into_bytes())
        }
        "PING" => Action::line("+PONG"),
        "INFO" => {
            let info = "# Server\r\nredis_version:5.0.14\r\nrun_id:abc\r\n";
            Action::Reply(format!("${}\r\n{info}\r\n", info.len()).into_bytes())
        }
        name => Action::line(&format!("-ERR unknown command `{name}`, with args beginning with: `3`, ")),
    })
}

/// A single PING is its own preflight, unless it takes longer than it should.
#[test]
fn a_single_ping_that_takes_long_is_looked_into() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    tap.delay(Duration::from_millis(150));
    let slow = Doctor::new(["ping", "-c", "1"]).target(&tap).run();
    slow.code(0).stdout_contains("1 answered").stderr_contains("  path          server reachable");
    tap.refuse();
    let refused = Doctor::new(["ping", "-c", "1"]).target(&tap).run();
    refused.code(2).stderr_contains("Connection refused (os error 111) [refused, tcp, kernel]");
}
