//! A run ends when it has to, whatever the server does or leaves undone.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{Action, Doctor, FullBacklog, Output, RedisServer, ScriptedServer, Target};

/// Time beyond its own deadline within which a run must have ended. The rest is for a busy machine.
const GRACE: Duration = Duration::from_millis(1500);

#[track_caller]
fn ends_within(limit: Duration, arguments: &str, target: &(impl Target + ?Sized)) -> Output {
    let doctor = Doctor::new(arguments.split_ascii_whitespace()).target(target).within(Duration::from_secs(60));
    let began = Instant::now();
    let output = doctor.run();
    let took = began.elapsed();
    assert!(took < limit + GRACE, "{arguments}: it took {took:?}\n{}{}", output.stdout(), output.stderr());
    output
}

#[test]
fn a_silent_listener_holds_no_run_beyond_its_own_limit() {
    let mute = ScriptedServer::mute();
    let second = Duration::from_secs(1);
    for arguments in [
        "ping -w 1",
        "ping -w 1 -c 1",
        "ping -w 1 --policy elasticache",
        "ping -w 1 --protocol resp2",
        "ping -w 1 --protocol auto",
        "soak -d 1 --policy elasticache --protocol auto",
        "soak -d 1 --policy library",
        "subscribe news -d 1 --policy elasticache",
    ] {
        let output = ends_within(second, arguments, &mute);
        output.code(2);
        let shown = format!("{}{}", output.stdout(), output.stderr());
        assert!(shown.contains("no connection: ") && shown.contains("timed out"), "{arguments}: {shown}");
    }
    ends_within(second, "wait --timeout 1s", &mute).code(2);
    // It tries TLS, too.
    ends_within(2 * second, "check --connect-timeout 1s", &mute).code(2);
}

/// Answers like a server, but leaves these commands unanswered.
fn silent_on(commands: &'static [&'static str]) -> ScriptedServer {
    ScriptedServer::answering(move |command| {
        let name = command[0].to_ascii_uppercase();
        if commands.contains(&name.as_str()) {
            return Action::Silence;
        }
        match (name.as_str(), command.get(1)) {
            ("PING", Some(nonce)) => Action::line(&format!("${}\r\n{nonce}", nonce.len())),
            ("PING", None) => Action::line("+PONG"),
            ("HELLO", _) => Action::line("-NOPROTO unsupported protocol version"),
            ("INFO", _) => Action::line("$34\r\nredis_version:7.0.15\r\nrun_id:abc\r\n"),
            ("PUBLISH", _) => Action::line(":0"),
            _ => Action::line("+OK"),
        }
    })
}

#[test]
fn a_subscription_that_is_never_confirmed_holds_no_run() {
    let server = silent_on(&["SUBSCRIBE"]);
    let output = ends_within(Duration::from_secs(1), "soak -d 1 --protocol resp2", &server);
    output.code(2).stdout_contains("no connection: ");
    let output = ends_within(Duration::from_secs(5), "soak -d 30 --protocol resp2 --response-timeout 1s", &server);
    output.code(2).stdout_contains("timed out");
}

#[test]
fn a_server_that_falls_silent_in_the_middle_holds_no_run() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let server = ScriptedServer::answering(move |command| {
        let name = command[0].to_ascii_uppercase();
        // The first ten commands set up and warm up; nothing is answered afterwards.
        if counted.fetch_add(1, Ordering::Relaxed) > 10 {
            return Action::Silence;
        }
        match (name.as_str(), command.get(1)) {
            ("PING", Some(nonce)) => Action::line(&format!("${}\r\n{nonce}", nonce.len())),
            ("PING", None) => Action::line("+PONG"),
            ("HELLO", _) => Action::line("-NOPROTO unsupported protocol version"),
            _ => Action::line("+OK"),
        }
    });
    let output = ends_within(
        Duration::from_secs(3),
        "soak -d 2 --workload ping --protocol resp2 --timeout 500ms --policy elasticache",
        &server,
    );
    assert!(asked.load(Ordering::Relaxed) > 10, "it fell silent");
    output.code(2);
}

/// Sends one byte a second after the first command, and never a line end.
fn dripping() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                let _ = client.read(&mut [0; 512]);
                while client.write_all(b"+").is_ok() {
                    thread::sleep(Duration::from_secs(1));
                }
            });
        }
    });
    address
}

/// Runs the commands side by side; each must end in time with one of these exit codes.
fn all_end(peer: &str, url: &str, codes: &[i32]) {
    let second = Duration::from_secs(1);
    let commands = [
        "check --timeout 1s",
        "ping -w 1 --policy elasticache",
        "ping -w 1 -c 1 --protocol resp2",
        "soak -d 1 --protocol auto",
        "subscribe news -d 1 --policy library",
        "wait --timeout 1s",
        "idle -w 1",
    ];
    thread::scope(|scope| {
        for arguments in commands {
            scope.spawn(move || {
                let output = ends_within(second, arguments, url);
                let code = output.exit_code();
                assert!(
                    code.is_some_and(|code| codes.contains(&code)),
                    "{peer}, {arguments}: {code:?}\n{}",
                    output.stderr()
                );
            });
        }
    });
}

#[test]
fn no_peer_holds_any_command_beyond_its_deadline() {
    let full = FullBacklog::new();
    let mute = ScriptedServer::mute();
    let half = ScriptedServer::raw(|_| Action::Reply(b"$100\r\nabc".to_vec()));
    all_end("accepts nothing", &full.address().url(), &[2]);
    all_end("silent", &mute.url(), &[2]);
    all_end("silent in the TLS handshake", &mute.url().replacen("redis:", "rediss:", 1), &[2]);
    all_end("half a reply", &half.url(), &[2]);
    all_end("a byte a second", &dripping().url(), &[2]);
}

#[test]
fn a_search_for_an_idle_limit_ends_at_its_deadline() {
    let server = RedisServer::start();
    let output = ends_within(Duration::from_secs(1), "idle -w 1 --steps 300ms,30s", &server);
    output.code(3).stdout_contains("ended early").stdout_contains("300");
}
