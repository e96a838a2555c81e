//! Proxies that speak RESP2 only, and pass on few commands: in the manner of Envoy and twemproxy, and a real twemproxy.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::harness::*;

const SOON: Duration = Duration::from_secs(15);

fn envoy() -> ScriptedServer {
    ScriptedServer::envoy_like(&Arc::new(AtomicBool::new(true)))
}

/// A peer that answers HELLO like this, and PING as a server does.
fn refusing_hello(refusal: Action) -> ScriptedServer {
    ScriptedServer::answering(move |command| match (command[0].to_ascii_uppercase().as_str(), command.get(1)) {
        ("HELLO", _) => refusal.clone(),
        ("PING", Some(text)) => Action::line(&format!("${}\r\n{text}", text.len())),
        ("PING", None) => Action::line("+PONG"),
        _ => Action::line("-ERR unknown command"),
    })
}

fn names(server: &ScriptedServer) -> Vec<String> {
    server.commands().into_iter().map(|command| command[0].to_ascii_uppercase()).collect()
}

#[test]
fn auto_falls_back_on_any_refusal_of_hello_and_resp3_names_what_it_meets() {
    for refusal in [
        Action::line("-ERR unknown command `HELLO`, with args beginning with: `3`, "),
        Action::line("-ERR unknown command"),
        Action::line("-ERR unsupported command `hello`"),
        Action::line("-unsupported command 'HELLO'"),
        Action::line("-NOPROTO unsupported protocol version"),
        Action::line("-ERR command 'HELLO' is not allowed"),
        Action::Close,
        Action::Reset,
    ] {
        let server = refusing_hello(refusal.clone());
        let output = Doctor::new(["ping", "-c", "2", "-i", "0.05", "--protocol", "auto"]).target(&server).run();
        output.code(0).stderr_contains("RESP2").stdout_contains("2 answered").lacks("by order alone");
        let output = Doctor::new(["ping", "-c", "1"]).target(&server).run();
        output.code(2).stdout_contains("something that speaks RESP2 only, probably a proxy; use --protocol auto");
        let known = names(&server).iter().filter(|name| *name == "HELLO").count();
        assert!(known <= 4, "{refusal:?}: HELLO is not tried again once it was refused: {known}");
    }
}

#[test]
fn a_refusal_that_is_not_about_hello_is_no_reason_to_fall_back() {
    for (refusal, said) in [
        ("-WRONGPASS invalid username-password pair or user is disabled.", "WRONGPASS"),
        ("-LOADING Redis is loading the dataset in memory", "LOADING"),
        ("-ERR max number of clients reached", "max number of clients"),
        ("-DENIED Redis is running in protected mode", "DENIED"),
        ("-ERR invalid password", "invalid password"),
    ] {
        let server = refusing_hello(Action::line(refusal));
        let url = server.url().replace("redis://", "redis://:secret@");
        let output = Doctor::new(["ping", "-c", "1", "--protocol", "auto"]).target(&url).run();
        output.code(2).stdout_contains(said).lacks("RESP2 only").lacks("secret");
        assert_eq!(names(&server), ["HELLO"], "{refusal}");
    }
    // Without a password this is what is missing.
    let server = refusing_hello(Action::line("-NOAUTH Authentication required."));
    let output = Doctor::new(["ping", "-c", "1", "--protocol", "auto"]).target(&server).run();
    output.code(2).stdout_contains("the server requires a password");
    assert_eq!(names(&server), ["HELLO"]);
    // A peer that hangs up on everything does not speak RESP2 either.
    let server = ScriptedServer::answering(|_| Action::Close);
    let output = Doctor::new(["ping", "-c", "1", "--protocol", "auto"]).target(&server).run();
    output.code(2).stdout_contains("closed without a reply").lacks("RESP2 only");
}

#[test]
fn a_proxy_that_wants_auth_first_is_logged_in_to_over_resp2() {
    let open = AtomicBool::new(false);
    let server =
        ScriptedServer::answering(move |command| match (command[0].as_str(), command.last().unwrap().as_str()) {
            ("AUTH", "secret") => {
                open.store(true, Ordering::SeqCst);
                Action::line("+OK")
            }
            ("AUTH", _) => Action::line("-ERR invalid password"),
            _ if !open.load(Ordering::SeqCst) => Action::line("-NOAUTH Authentication required."),
            ("PING", _) => Action::line("+PONG"),
            ("GET", _) => Action::line("$-1"),
            (name, _) => Action::line(&format!("-unsupported command '{name}'")),
        });
    let url = |password: &str| server.url().replace("redis://", &format!("redis://:{password}@"));
    let output = Doctor::new(["check", "--protocol", "auto"]).target(&url("wrong-one")).run();
    output
        .code(2)
        .stdout_contains("ERR invalid password")
        .stdout_contains("check the password of user")
        .lacks("wrong-one");
    let output = Doctor::new(["check", "--protocol", "auto"]).target(&url("secret")).run();
    output.code(0).stdout_contains("a proxy that speaks RESP2 only").lacks("requires a password");

    let deaf = ScriptedServer::answering(|command| match command[0].as_str() {
        "AUTH" => Action::line("-unsupported command 'AUTH'"),
        _ => Action::line("-NOAUTH Authentication required."),
    });
    let output = Doctor::new(["check"]).target(&deaf.url().replace("redis://", "redis://:secret@")).run();
    output.code(2).stdout_contains("neither HELLO nor AUTH").stdout_contains("the password was given");
    output.lacks("requires a password").lacks("secret");
}

#[test]
fn a_ping_answered_without_its_argument_is_no_desync() {
    for server in [envoy(), ScriptedServer::twemproxy_like()] {
        for command in ["ping -i 0.05", "soak --workload ping --rate 50", "soak --workload kv,ping --rate 50"] {
            let trial = Trial::start(&format!("{command} --protocol auto --watchdog 100msx3"), &server);
            trial.wait_for_answers();
            trial.doctor().wait_for_stderr("by order alone", SOON);
            let story = trial.stop();
            story.code(0).balances();
            assert_eq!((story.count("probes.desynced"), story.count("probes.failed")), (0, 0), "{command}");
            assert_eq!(story.the("connected")["server"]["proxy"], "resp2_only");
            assert!(story.outages().is_empty(), "{command}");
        }
    }
    // Over RESP3 nothing is found out beforehand: the first reply shows it.
    let resp3 = ScriptedServer::answering(|command| match command[0].to_ascii_uppercase().as_str() {
        "HELLO" => Action::line("%1\r\n$6\r\nserver\r\n$5\r\nredis"),
        "PING" => Action::line("+PONG"),
        _ => Action::line("-ERR unknown command"),
    });
    let output = Doctor::new(["ping", "-c", "1"]).target(&resp3).run();
    output.code(0).stdout_contains("by order alone").lacks("desync");
    assert_eq!(resp3.accepted(), 1, "no second connection");
}

#[test]
fn a_nonce_goes_with_echo_where_a_proxy_answers_that() {
    let server = ScriptedServer::answering(|command| match (command[0].as_str(), command.get(1)) {
        ("PING", _) => Action::line("+PONG"),
        ("ECHO", Some(text)) => Action::line(&format!("${}\r\n{text}", text.len())),
        (name, _) => Action::line(&format!("-ERR unsupported command `{}`", name.to_ascii_lowercase())),
    });
    let output = Doctor::new(["ping", "-c", "3", "-i", "0.05", "--protocol", "auto"]).target(&server).run();
    output.code(0).stdout_contains("3 answered").stdout_contains("ECHO is sent instead").lacks("by order alone");
    assert!(names(&server).iter().filter(|name| *name == "ECHO").count() >= 4, "{:?}", names(&server));
}

#[test]
fn a_wrong_reply_from_a_proxy_without_nonces_is_still_noticed() {
    let server = ScriptedServer::answering(|command| match (command[0].as_str(), command.get(2)) {
        ("PING", _) => Action::line("+PONG"),
        ("SET", _) => Action::line("+OK"),
        ("GET", _) => Action::line("$5\r\nother"),
        (name, _) => Action::line(&format!("-unsupported command '{name}'")),
    });
    let trial = Trial::start("soak --workload kv --rate 20 --protocol auto --watchdog off", &server);
    trial.wait_for_journal("\"desynced\"");
    trial.stop().code(2);
}

#[test]
fn the_default_workload_goes_on_without_pubsub_and_a_named_one_is_refused() {
    for server in [envoy(), ScriptedServer::twemproxy_like()] {
        let output = Doctor::new(["soak", "--protocol", "auto", "-d", "500ms"]).target(&server).run();
        output
            .code(0)
            .stdout_contains("continues without the pubsub part")
            .stdout_contains("the proxy does not pass on");
        output.lacks("never confirmed").lacks("ACL");
        let output =
            Doctor::new(["soak", "--protocol", "auto", "-d", "5s", "--workload", "ping,pubsub"]).target(&server).run();
        output.code(2).stdout_contains("the proxy does not pass on").stdout_contains("--workload ping,kv");
        output.took_at_most(Duration::from_secs(4));
        let output = Doctor::new(["subscribe", "news", "--protocol", "auto", "-d", "5s"]).target(&server).run();
        output.code(2).stderr_contains("the proxy does not pass on SUBSCRIBE").lacks("Redis 7.0");
    }
}

#[test]
fn check_says_what_the_proxy_is_and_gives_no_advice_on_permissions() {
    for server in [envoy(), ScriptedServer::twemproxy_like()] {
        let output = Doctor::new(["check", "--protocol", "auto"]).target(&server).run();
        output.code(0).stdout_contains("RESP2 · a proxy that speaks RESP2 only").lacks("ACL SETUSER").lacks("may not");
        output
            .stdout_contains("the proxy does not pass on SUBSCRIBE")
            .stdout_contains("not passed on by the proxy (INFO)");
        output.stdout_contains("a server behind it").lacks("not permitted");
        let json = Doctor::new(["check", "--protocol", "auto", "--format", "json"]).target(&server).run().json();
        assert_eq!(json["facts"]["identity"]["proxy"], "resp2_only");
        assert_eq!(json["verdict"], "healthy");
        let output = Doctor::new(["check"]).target(&server).run();
        output
            .code(1)
            .stdout_contains("a proxy that speaks RESP2 only answers here")
            .stdout_contains("--protocol auto");
        let written = names(&server).iter().any(|name| name == "SET");
        assert!(!written, "check writes nothing");
    }
    let backend = Arc::new(AtomicBool::new(false));
    let output = Doctor::new(["check", "--protocol", "auto"]).target(&ScriptedServer::envoy_like(&backend)).run();
    output
        .code(2)
        .stdout_contains("the proxy answers, but no server behind it does")
        .stdout_contains("no upstream host");
    let ping = Doctor::new(["ping", "-c", "1", "--protocol", "auto"]);
    ping.target(&ScriptedServer::envoy_like(&backend)).run().code(0).stdout_contains("answers PING, but not GET");
}

#[test]
fn wait_waits_for_a_server_behind_the_proxy_and_does_not_guess_its_role() {
    let backend = Arc::new(AtomicBool::new(false));
    let server = ScriptedServer::envoy_like(&backend);
    let wait = |arguments: &[&str]| {
        Doctor::new(["wait", "--interval", "50ms", "--protocol", "auto"])
            .args(arguments.iter().copied())
            .target(&server)
    };
    let waiting = wait(&["--timeout", "60s"]).spawn();
    let line = waiting.wait_for_stderr("waiting for", SOON);
    assert!(line.contains("no upstream host"), "{line}");
    backend.store(true, Ordering::SeqCst);
    waiting.finish().code(0).stderr_contains("is ready after").stderr_contains("a proxy that speaks RESP2 only");
    for role in ["primary", "replica"] {
        let output = wait(&["--timeout", "60s", "--for", role, "--fail-fast"]).run();
        output.code(2).stderr_contains("role: it cannot be known through a proxy").lacks("the server is a");
    }
    assert!(!names(&server).iter().any(|name| name == "SET"), "wait writes nothing");
}

#[test]
fn idle_connections_through_a_proxy_answer() {
    for server in [envoy(), ScriptedServer::twemproxy_like()] {
        let output =
            Doctor::new(["idle", "--protocol", "auto", "--max", "500ms", "--steps", "3"]).target(&server).run();
        output.code(0).stdout_contains("no idle limit up to").stdout_contains("a proxy that speaks RESP2 only");
    }
}

#[test]
fn a_database_that_a_proxy_does_not_have_is_named() {
    let server = ScriptedServer::twemproxy_like();
    let output = Doctor::new(["ping", "-c", "1", "--protocol", "auto", "-n", "3"]).target(&server).run();
    output.code(2).stdout_contains("closed on SELECT 3").stdout_contains("use database 0");
}

#[test]
fn a_real_twemproxy_serves_probes_and_is_named() {
    let server = RedisServer::start();
    let Some(proxy) = Twemproxy::before(server.address(), None, "probes through a real twemproxy") else { return };
    let output = Doctor::new(["ping", "-c", "3", "-i", "0.05", "--protocol", "auto"]).target(&proxy).run();
    output.code(0).stdout_contains("3 answered").stdout_contains("by order alone");
    Doctor::new(["ping", "-c", "1", "--protocol", "resp2"]).target(&proxy).run().code(0).stdout_contains("1 answered");
    let output = Doctor::new(["ping", "-c", "1"]).target(&proxy).run();
    output.code(2).stdout_contains("RESP2 only, probably a proxy; use --protocol auto");
    let output = Doctor::new(["check", "--protocol", "auto"]).target(&proxy).run();
    output.code(0).stdout_contains("a proxy that speaks RESP2 only").stdout_contains("a server behind it");
    let output = Doctor::new(["soak", "--protocol", "auto", "-d", "500ms"]).target(&proxy).run();
    output.code(0).stdout_contains("continues without the pubsub part");
}

#[test]
fn a_session_through_a_real_twemproxy_comes_back_after_a_reset() {
    let server = RedisServer::start();
    let Some(proxy) = Twemproxy::before(server.address(), None, "a reset before a real twemproxy") else { return };
    let tap = Tap::to(proxy.address());
    let trial = Trial::start("soak --workload kv --rate 50 --protocol auto", &tap);
    trial.wait_for_answers();
    let sent = || ["HELLO", "INFO", "CLIENT"].map(|name| tap.commands_named(name));
    let before = sent();
    tap.reset_all();
    trial.wait_for("reconnected", 1);
    let story = trial.stop();
    story.code(1).balances();
    assert_eq!((story.count("outages.drops"), story.count("outages.reconnects")), (1, 1));
    assert_eq!(story.count("probes.desynced"), 0);
    assert_eq!(sent(), before, "what ends a connection is not sent again");
}

#[test]
fn a_real_twemproxy_without_its_server_is_not_ready() {
    let mut server = RedisServer::start();
    let Some(proxy) = Twemproxy::before(server.address(), None, "a real twemproxy without its server") else { return };
    server.kill9();
    let arguments = ["wait", "--interval", "100ms", "--timeout", "60s", "--protocol", "auto"];
    let waiting = Doctor::new(arguments).target(&proxy).spawn();
    let line = waiting.wait_for_stderr("waiting for", SOON);
    assert!(line.contains("answers PING, but not GET"), "{line}");
    server.restart_same_port();
    waiting.finish().code(0).stderr_contains("is ready after");
}

#[test]
fn a_real_twemproxy_with_a_password_is_logged_in_to() {
    let server = RedisServer::builder().requirepass("secret").start();
    let Some(proxy) = Twemproxy::before(server.plain_address(), Some("secret"), "a password of a real twemproxy")
    else {
        return;
    };
    let url = |login: &str| proxy.url().replace("redis://", &format!("redis://{login}"));
    let ping =
        |login: &str| Doctor::new(["ping", "-c", "2", "-i", "0.05", "--protocol", "auto"]).target(&url(login)).run();
    ping(":secret@").code(0).stdout_contains("2 answered");
    ping(":wrong-one@").code(2).stdout_contains("invalid password").lacks("wrong-one");
    ping("").code(2).stdout_contains("requires a password");
}
