//! The harness does what it says.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::harness::{
    Action, Doctor, FullBacklog, RawClient, RedisServer, ScriptedServer, Signal, Tap, Target, Value, closed_port,
    eventually,
};

const SOON: Duration = Duration::from_secs(5);

fn pong() -> Value {
    Value::Simple("PONG".to_owned())
}

fn connected(tap: &Tap) -> RawClient {
    let mut client = RawClient::connect(tap.address()).unwrap();
    assert_eq!(client.call(["PING"]).unwrap(), pong());
    client
}

/// Reads until the connection ends, and says how.
fn end_of(client: &mut RawClient) -> ErrorKind {
    client.read().unwrap_err().kind()
}

/// Connects, and returns how the connection ends: a reset may arrive before `connect` has returned, and is its error then.
fn end_of_new(tap: &Tap) -> ErrorKind {
    RawClient::connect(tap.address()).map_or_else(|e| e.kind(), |mut client| end_of(&mut client))
}

#[test]
fn a_server_is_killed_and_restarted_on_its_port() {
    let mut server = RedisServer::start();
    let first = server.command(["INFO", "server"]);
    assert!(first.contains(&format!("process_id:{}", server.pid())));
    server.command(["SET", "key", "value"]);
    server.kill9();
    assert!(RawClient::connect(server.address()).is_err());
    server.restart_same_port();
    assert_eq!(server.command(["GET", "key"]), "(nil)", "nothing is saved");
}

#[test]
fn a_frozen_server_keeps_its_connections_and_answers_later() {
    let server = RedisServer::start();
    let mut client = RawClient::connect(server.address()).unwrap();
    server.sigstop();
    client.send(["PING"]).unwrap();
    client.patience(Duration::from_millis(50));
    assert_eq!(end_of(&mut client), ErrorKind::WouldBlock);
    server.sigcont();
    client.patience(SOON);
    assert_eq!(client.read().unwrap(), pong());
}

#[test]
fn a_server_is_built_with_a_password_users_a_client_limit_and_a_unix_socket() {
    let server = RedisServer::builder()
        .requirepass("secret")
        .acl("worker on >pw ~* -@all +ping")
        .maxclients(2)
        .unix_socket()
        .start();
    assert_eq!(server.url(), format!("redis://:secret@{}", server.address()));
    assert!(server.unix_socket().exists());
    let mut worker = RawClient::connect(server.address()).unwrap();
    let refused = worker.call(["PING"]).unwrap().text();
    assert!(refused.starts_with("NOAUTH"), "{refused}");
    worker.call(["AUTH", "worker", "pw"]).unwrap();
    assert_eq!(worker.call(["PING"]).unwrap(), pong());
    let refused = worker.call(["GET", "key"]).unwrap().text();
    assert!(refused.starts_with("NOPERM"), "{refused}");
    let mut third = RawClient::connect(server.address()).unwrap();
    let refused = third.read().unwrap().text();
    assert!(refused.contains("max number of clients"), "{refused}");
    assert_eq!(server.clients().len(), 1);
}

#[test]
fn a_server_with_tls_presents_a_certificate_its_authority_vouches_for() {
    let server = RedisServer::builder().tls().start();
    assert!(server.url().starts_with("rediss://"));
    let cli = server.cli().arg("PING").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&cli.stdout), "PONG\n");
}

#[test]
fn a_tap_passes_every_byte_and_counts() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let mut client = connected(&tap);
    let payload = vec![0xff; 1_000_000];
    client.send([b"ECHO".as_slice(), &payload]).unwrap();
    assert_eq!(client.read().unwrap(), Value::Bulk(payload));
    assert_eq!(tap.accepted(), 1);
    assert_eq!(tap.accept_times().len(), 1);
    assert_eq!((tap.commands(), tap.commands_named("ECHO")), (2, 1));
    let (up, down) = tap.bytes();
    assert!(up > 1_000_000 && down > 1_000_000);
}

#[test]
fn a_reset_is_seen_as_error_104_and_a_close_as_end_of_file() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let mut client = connected(&tap);
    tap.reset_all();
    let error = client.read().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    if cfg!(target_os = "linux") {
        assert_eq!(error.raw_os_error(), Some(104));
    }
    let mut client = connected(&tap);
    tap.close_all();
    assert_eq!(end_of(&mut client), ErrorKind::UnexpectedEof);
    eventually("the server's ends are closed", SOON, || server.clients().is_empty());
}

#[test]
fn a_reset_of_the_client_side_leaves_the_server_believing() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let mut client = connected(&tap);
    tap.reset_clients();
    assert_eq!(end_of(&mut client), ErrorKind::ConnectionReset);
    assert_eq!(server.clients().len(), 1);
    tap.drop_orphans();
    eventually("the server has noticed", SOON, || server.clients().is_empty());
}

#[test]
fn a_forgotten_flow_is_reset_at_the_next_command() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let mut client = connected(&tap);
    tap.forget_flows();
    client.patience(Duration::from_millis(50));
    assert_eq!(end_of(&mut client), ErrorKind::WouldBlock);
    client.patience(SOON);
    client.send(["INCR", "counter"]).unwrap();
    assert_eq!(end_of(&mut client), ErrorKind::ConnectionReset);
    assert_eq!(server.command(["GET", "counter"]), "(nil)");
}

#[test]
fn a_reset_in_flight_loses_the_reply_of_a_command_that_ran() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let mut client = connected(&tap);
    client.call(["SET", "counter", "0"]).unwrap();
    client.call(["GET", "counter"]).unwrap();
    let hit = tap.arm_reset();
    client.send(["INCR", "counter"]).unwrap();
    assert_eq!(end_of(&mut client), ErrorKind::ConnectionReset);
    let hit = hit.recv_timeout(SOON).unwrap();
    assert_eq!((hit.connection, hit.unanswered), (0, 1));
    assert_eq!(server.command(["GET", "counter"]), "1");
    assert_eq!(connected(&tap).call(["GET", "counter"]).unwrap().text(), "1");
}

#[test]
fn a_reset_in_flight_does_not_mistake_a_published_message_for_a_reply() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let mut client = connected(&tap);
    client.call(["HELLO", "3"]).unwrap();
    client.send(["SUBSCRIBE", "a", "b"]).unwrap();
    client.read().unwrap();
    client.read().unwrap();
    let hit = tap.arm_reset();
    server.command(["PUBLISH", "a", "hello"]);
    assert!(matches!(client.read().unwrap(), Value::Push(_)));
    client.send(["PING"]).unwrap();
    assert_eq!(end_of(&mut client), ErrorKind::ConnectionReset);
    assert_eq!(hit.recv_timeout(SOON).unwrap().unanswered, 1);
}

#[test]
fn a_black_hole_swallows_old_connections_and_a_partition_new_ones_too() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let mut old = connected(&tap);
    old.patience(Duration::from_millis(50));
    tap.blackhole(true);
    assert_eq!(old.call(["PING"]).unwrap_err().kind(), ErrorKind::WouldBlock);
    let mut new = connected(&tap);
    tap.partition(true);
    new.patience(Duration::from_millis(50));
    assert_eq!(new.call(["PING"]).unwrap_err().kind(), ErrorKind::WouldBlock);
    let mut newest = RawClient::connect(tap.address()).unwrap();
    newest.send(["PING"]).unwrap();
    tap.partition(false);
    tap.blackhole(false);
    for client in [&mut old, &mut new, &mut newest] {
        client.patience(SOON);
        assert_eq!(client.read().unwrap(), pong());
    }
}

#[test]
fn a_tap_refuses_and_listens_again_on_the_same_port() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let mut client = connected(&tap);
    tap.refuse();
    let refused = TcpStream::connect(tap.address()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(client.call(["PING"]).unwrap(), pong());
    tap.listen();
    connected(&tap);
    tap.accept_then_close(true);
    assert_eq!(end_of_new(&tap), ErrorKind::UnexpectedEof);
    tap.accept_then_reset(true);
    assert_eq!(end_of_new(&tap), ErrorKind::ConnectionReset);
    tap.accept_then_reset(false);
    connected(&tap);
    assert_eq!(tap.accepted(), 5);
}

#[test]
fn replies_are_held_delayed_and_replaced() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let mut client = connected(&tap);
    tap.hold_replies(true);
    client.patience(Duration::from_millis(50));
    assert_eq!(client.call(["PING"]).unwrap_err().kind(), ErrorKind::WouldBlock);
    tap.hold_replies(false);
    client.patience(SOON);
    assert_eq!(client.read().unwrap(), pong());
    tap.delay(Duration::from_millis(80));
    let sent = Instant::now();
    assert_eq!(client.call(["PING"]).unwrap(), pong());
    assert!(sent.elapsed() >= Duration::from_millis(80));
    tap.delay(Duration::ZERO);
    tap.replace_first_reply(Some(b"-LOADING not yet\r\n"));
    let mut new = RawClient::connect(tap.address()).unwrap();
    assert_eq!(new.call(["PING"]).unwrap().text(), "LOADING not yet");
    assert_eq!(new.call(["PING"]).unwrap(), pong());
    tap.inject(b"+EXTRA\r\n");
    assert_eq!(new.read().unwrap().text(), "EXTRA");
}

#[test]
fn an_end_of_stream_passes_one_direction_at_a_time() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let mut client = connected(&tap);
    tap.half_close_all();
    assert_eq!(end_of(&mut client), ErrorKind::UnexpectedEof);
    client.send(["INCR", "counter"]).unwrap();
    eventually("the command arrives after the half close", SOON, || server.command(["GET", "counter"]) == "1");
}

#[test]
fn scripted_servers_speak_their_lines() {
    let loading = ScriptedServer::loading();
    let mut client = RawClient::connect(loading.address()).unwrap();
    client.send(["HELLO", "3"]).unwrap();
    client.send(["PING"]).unwrap();
    for _ in 0..2 {
        assert!(client.read().unwrap().text().starts_with("LOADING"));
    }
    assert_eq!(loading.commands()[1], ["PING"]);

    let old = ScriptedServer::without_hello();
    let mut client = RawClient::connect(old.address()).unwrap();
    let refused = client.call(["HELLO", "3"]).unwrap().text();
    assert_eq!(refused, "ERR unknown command `HELLO`, with args beginning with: `3`, ");

    for server in [ScriptedServer::http(), ScriptedServer::garbage()] {
        let mut client = RawClient::connect(server.address()).unwrap();
        let answer = client.call(["PING"]).unwrap_err();
        assert_eq!(answer.kind(), ErrorKind::InvalidData);
    }
    for server in [ScriptedServer::max_clients(), ScriptedServer::protected()] {
        let mut client = RawClient::connect(server.address()).unwrap();
        assert!(matches!(client.read().unwrap(), Value::Error(_)));
        assert_eq!(end_of(&mut client), ErrorKind::UnexpectedEof);
    }
    let rude = ScriptedServer::raw(|_| Action::Reset);
    let mut client = RawClient::connect(rude.address()).unwrap();
    assert_eq!(client.call(["PING"]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn nobody_answers_on_a_closed_port_or_a_full_backlog() {
    let refused = TcpStream::connect(closed_port()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    let full = FullBacklog::new();
    let patience = Duration::from_millis(50);
    let silence = TcpStream::connect_timeout(&full.address(), patience).unwrap_err();
    assert_eq!(silence.kind(), ErrorKind::TimedOut);
}

fn shell(script: &str) -> Doctor {
    Doctor::script("bash", ["-c", script])
}

/// The message of a test that fails as it should.
fn failure_of(test: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let panic = std::panic::catch_unwind(test).unwrap_err();
    *panic.downcast::<String>().unwrap()
}

#[test]
fn a_run_is_checked_for_its_code_streams_and_documents() {
    let output = shell("cat; echo oops >&2; echo \"<$REDIS_URL$NO_COLOR$GIVEN>\"; exit 3")
        .env("GIVEN", "here")
        .stdin("{\"a\":1}\n")
        .run();
    output.code(3).stdout_contains("<here>").stderr_contains("oops").lacks("absent");
    let output = shell("echo '{\"a\":1}'; echo '{\"a\":2}'").run();
    assert_eq!(output.ndjson()[1]["a"], 2);
    let message = failure_of(|| {
        shell("echo something").run().code(1);
    });
    assert!(message.contains("expected exit code 1") && message.contains("something"));
    shell("kill -9 $$").run().killed_by(Signal::KILL);
    let ours = env!("CARGO_BIN_EXE_redis-doctor");
    shell("command -v redis-doctor").run().stdout_contains(ours);
    Doctor::new(["--version"]).run().lacks("panicked");
}

#[test]
fn a_running_program_is_followed_line_by_line_and_signalled() {
    let script = "trap 'echo stopped; exit 7' TERM; echo one a >&2; echo one b >&2; echo up; read";
    let (held_open, _keeps_reading) = std::os::unix::net::UnixStream::pair().unwrap();
    let running = shell(script).stdin_from(std::os::fd::OwnedFd::from(held_open)).spawn();
    assert_eq!(running.wait_for_stderr("one", SOON), "one a");
    assert_eq!(running.wait_for_stderr("one", SOON), "one b");
    running.wait_for_stdout("up", SOON);
    running.signal(Signal::TERM);
    running.wait_until("both lines", SOON, |out, _| out == "up\nstopped\n");
    running.finish().code(7);
}

#[test]
fn a_program_that_hangs_or_ends_early_fails_the_test_with_what_it_printed() {
    let message = failure_of(|| {
        let limit = Duration::from_millis(200);
        shell("echo before; exec sleep 60").within(limit).run();
    });
    assert!(message.contains("time limit") && message.contains("before"), "{message}");
    let message = failure_of(|| {
        shell("echo all").spawn().wait_for_stdout("more", SOON);
    });
    assert!(message.contains("ended") && message.contains("all"), "{message}");
}
