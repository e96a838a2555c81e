//! One look at server, path and machine: what is in order, what is not, and what may not be asked.

use std::io::Read as _;
use std::time::Duration;

use redis_doctor::internals::schema;
use serde_json::Value as Json;

use crate::harness::*;

const SECRET: &str = "s3cr3t-Zk9";
const SOON: Duration = Duration::from_secs(10);

/// The promise of the command, with the slack of a busy machine.
const LIMIT: Duration = Duration::from_secs(10);

fn check(target: &(impl Target + ?Sized)) -> Doctor {
    Doctor::new(["check"]).target(target)
}

/// The result as JSON, which follows its schema whatever it holds.
#[track_caller]
fn looked(doctor: Doctor, code: i32) -> Json {
    let output = doctor.args(["--format", "json"]).run();
    let json = output.code(code).took_at_most(LIMIT).lacks(SECRET).json();
    follows(schema::CHECK, &json);
    json
}

/// Codes of the findings of these severities.
fn codes(json: &Json, severities: &[&str]) -> Vec<String> {
    let wanted = |finding: &&Json| severities.contains(&finding["severity"].as_str().unwrap());
    let findings = json["findings"].as_array().unwrap().iter().filter(wanted);
    findings.map(|finding| finding["code"].as_str().unwrap_or("none").to_owned()).collect()
}

const WORSE: &[&str] = &["warning", "critical"];

#[track_caller]
fn line<'a>(json: &'a Json, name: &str) -> (&'a str, &'a str) {
    let line = json["lines"].as_array().unwrap().iter().find(|line| line["name"] == name);
    let line = line.unwrap_or_else(|| panic!("no line {name}: {json:#}"));
    (line["mark"].as_str().unwrap(), line["text"].as_str().unwrap())
}

#[test]
fn a_healthy_server_is_healthy_and_leaves_no_trace() {
    let server = RedisServer::start();
    let json = looked(check(&server), 0);
    assert_eq!((codes(&json, WORSE).len(), json["verdict"].as_str()), (0, Some("healthy")), "{json:#}");
    for name in ["dns", "tcp", "auth", "hello", "ping", "pubsub", "between", "role", "replication", "clients"] {
        assert_eq!(line(&json, name).0, "ok", "{name}");
    }
    for name in ["buffers", "memory", "timeout", "keepalive", "large", "persistence", "slow", "queue"] {
        assert_eq!(line(&json, name).0, "ok", "{name}");
    }
    assert_eq!(json["facts"]["pings_seconds"].as_array().unwrap().len(), 10);
    assert!(json["facts"]["path_seconds"].as_f64().unwrap() > 0.0);
    let facts = &json["facts"];
    assert!(facts["ping_seconds"].as_f64().unwrap() > 0.0 && facts["pubsub_seconds"].as_f64().unwrap() > 0.0);
    assert_eq!((&facts["local"], &facts["peer"]), (&facts["seen_from"], &facts["seen_at"]));
    assert_eq!(facts["server"]["tcp_keepalive"], 300);
    assert_eq!(server.command(["DBSIZE"]), "0");
    eventually("both connections to be gone", SOON, || server.clients().is_empty());
}

#[test]
fn without_a_command_it_is_what_runs() {
    let server = RedisServer::start();
    let nothing: [&str; 0] = [];
    let bare = Doctor::new(nothing).env("REDIS_URL", server.url()).run();
    bare.code(0).stderr_is_empty().stdout_contains("· check · redis://");
    let release = server.release();
    bare.stdout_contains(&format!("verdict  HEALTHY  {} {} primary", release.product, release.version));
    bare.stdout_contains("worst case before a dead path is noticed")
        .stdout_contains("redis-doctor explain RD044")
        .lacks("\x1b");
    assert!(bare.stdout().lines().all(|line| line.chars().count() <= 80), "{}", bare.stdout());
    let port = server.port().to_string();
    let flags = Doctor::new(["-p", port.as_str(), "-q"]).run();
    assert_eq!(flags.code(0).stdout().lines().filter(|line| !line.is_empty()).count(), 1, "{}", flags.stdout());
    let late = Doctor::new(["-p", port.as_str(), "ping"]).run();
    late.code(3).stderr_contains("the command comes first; use redis-doctor ping, then its flags");
    Doctor::new(["--help"]).run().code(0).stdout_contains("Without a command, redis-doctor checks the server");
    Doctor::new(["--nonsense"]).run().code(3).stderr_contains("redis-doctor check");
}

#[test]
fn requests_behind_a_blocking_command_of_another_client_are_found() {
    let server = RedisServer::start();
    let _waiting = server.begin(["BLPOP", "q", "0"]);
    let mut worker = server.begin(["CLIENT", "SETNAME", "worker"]);
    worker.send(["BLPOP", "q", "0"]).unwrap();
    eventually("both are blocked", SOON, || server.command(["INFO", "clients"]).contains("blocked_clients:2"));
    // One waits with nothing behind it.
    let json = looked(check(&server), 0);
    assert!(!json.to_string().contains("RD174"), "{json:#}");
    worker.send_bytes(b"RPUSH r 1\r\nGET a\r\nPING\r\n").unwrap();
    eventually("the requests have arrived", SOON, || {
        server.clients().iter().any(|client| client.contains("name=worker") && !client.contains(" qbuf=0 "))
    });
    let json = looked(check(&server), 1);
    let (mark, text) = line(&json, "blocked");
    assert!(mark == "warning" && text.starts_with("BLPOP of ") && text.contains("(worker) holds up "), "{text}");
    assert_eq!(codes(&json, WORSE), ["RD174"]);
}

#[test]
fn a_command_that_a_pause_holds_back_is_no_blocking_command() {
    let server = RedisServer::start();
    let mut writer = server.begin(["CLIENT", "SETNAME", "writer"]);
    server.command(["CLIENT", "PAUSE", "600000", "WRITE"]);
    // The second command waits behind the first.
    writer.send(["SET", "a", "1"]).unwrap();
    writer.send_bytes(b"GET a\r\n").unwrap();
    eventually("the write is held back", SOON, || server.command(["INFO", "clients"]).contains("blocked_clients:1"));
    let json = looked(check(&server), 2);
    let (mark, text) = line(&json, "paused");
    assert!(mark == "bad" && text.starts_with("CLIENT PAUSE holds back SET of "), "{text}");
    // The other one is the check itself, whose message waits.
    assert!(text.ends_with(" (writer), and 1 other client"), "{text}");
    assert_eq!(codes(&json, WORSE), ["RD173"]);
}

#[test]
fn the_blackout_of_each_policy_is_computed_from_this_machine() {
    let server = RedisServer::start();
    let retries = std::fs::read_to_string("/proc/sys/net/ipv4/tcp_retries2").unwrap();
    let retries: i32 = retries.trim().parse().unwrap();
    // Doublings of 200 ms up to 120 s (ip-sysctl.rst).
    let expected: f64 = (0..=retries).map(|retry| (0.2 * 2_f64.powi(retry)).min(120.0)).sum();
    let json = looked(check(&server).args(["--policy", "library", "--keepalive", "10/5/3"]), 1);
    let row = |policy: &str| json["blackouts"].as_array().unwrap().iter().find(|row| row["policy"] == policy).unwrap();
    let library = row("library");
    assert!((library["sends"]["seconds"].as_f64().unwrap() - expected).abs() < 0.001, "{library:#} {expected}");
    assert_eq!((&library["listens"]["ended_by"], &library["listens"]["seconds"]), (&"nothing".into(), &Json::Null));
    assert_eq!(row("hardened")["listens"]["seconds"], 3.0);
    assert_eq!(row("hardened")["listens"]["kernel_alone_seconds"], 25.0);
    let own = row("library with your flags");
    assert_eq!((&own["selected"], &own["listens"]["seconds"]), (&true.into(), &25.0.into()));
    // Keepalive does not run while data is unacknowledged.
    assert_eq!(own["sends"]["seconds"], library["sends"]["seconds"]);
    assert_eq!(codes(&json, WORSE), ["RD044"]);
}

#[test]
fn logins_that_are_refused_are_named() {
    let server = RedisServer::builder().requirepass(SECRET).start();
    let open = format!("redis://{}", server.address());
    let json = looked(check(&open), 2);
    assert_eq!((codes(&json, WORSE), line(&json, "auth").0), (vec!["RD010".to_owned()], "bad"));
    let json = looked(check(&open).env("REDISCLI_AUTH", format!("not-{SECRET}")), 2);
    assert!(line(&json, "auth").1.starts_with("WRONGPASS"), "{json:#}");
    let json = looked(check(&server), 0);
    assert_eq!(line(&json, "auth"), ("ok", "user default"));
    let user = RedisServer::builder().acl(&format!("worker on >{SECRET} ~* &* +@all -ping")).start();
    let json = looked(check(&format!("redis://worker:{SECRET}@{}", user.address())), 0);
    assert!(codes(&json, &["info"]).contains(&"RD010".to_owned()), "{json:#}");
    assert_eq!(line(&json, "ping"), ("not_available", "PING is not permitted"));
}

#[test]
fn what_may_not_be_asked_is_no_fault() {
    let rule = format!("worker on >{SECRET} resetchannels &redis-doctor:* +ping +hello +subscribe +publish");
    let server = RedisServer::builder().acl(&rule).start();
    let url = format!("redis://worker:{SECRET}@{}", server.address());
    let json = looked(check(&url), 0);
    for (name, question) in
        [("between", "CLIENT INFO"), ("clients", "INFO"), ("memory", "INFO"), ("timeout", "CONFIG GET")]
    {
        assert_eq!(line(&json, name), ("not_available", format!("not permitted ({question})").as_str()));
    }
    assert_eq!((line(&json, "pubsub").0, line(&json, "role").1), ("ok", "primary"));

    let rule = format!("worker on >{SECRET} resetchannels +@all -publish");
    let server = RedisServer::builder().acl(&rule).start();
    let json = looked(check(&format!("redis://worker:{SECRET}@{}", server.address())), 1);
    assert_eq!(
        (codes(&json, WORSE), line(&json, "pubsub").1),
        (vec!["RD010".to_owned()], "SUBSCRIBE is not permitted")
    );
    assert_eq!((line(&json, "between").0, line(&json, "timeout").0), ("ok", "ok"), "the questions after it are asked");
}

#[test]
fn connections_near_and_at_the_limit_are_counted() {
    let server = RedisServer::builder().maxclients(10).start();
    let mut others: Vec<RawClient> = Vec::new();
    let mut fill = |count: usize| {
        while others.len() < count {
            let mut client = RawClient::connect(server.address()).unwrap();
            client.call(["PING"]).unwrap();
            others.push(client);
        }
    };
    // The harness has one, and this check has one when it asks.
    fill(6);
    let json = looked(check(&server), 1);
    assert_eq!((codes(&json, WORSE), line(&json, "clients").0), (vec!["RD047".to_owned()], "warning"));
    assert_eq!(json["facts"]["server"]["connected_clients"], 8);
    let one_left = || server.clients().len() == 6;
    eventually("the first check's connections to be gone", SOON, one_left);
    fill(8);
    let json = looked(check(&server), 1);
    assert_eq!(codes(&json, WORSE), ["RD047", "RD047"]);
    assert!(line(&json, "pubsub").1.contains("max number of clients"), "{json:#}");
    eventually("the second check's connection to be gone", SOON, || server.clients().len() == 8);
    fill(9);
    let json = looked(check(&server), 2);
    assert_eq!(codes(&json, WORSE), ["RD009"]);
}

#[test]
fn a_replica_and_its_link_are_seen_from_both_sides() {
    let mut primary = RedisServer::start();
    let of = format!("127.0.0.1 {}", primary.port());
    // The primary need not wait for more replicas before it sends.
    let replica = RedisServer::builder().config("replicaof", &of).start();
    let up = || replica.command(["INFO", "replication"]).contains("master_link_status:up");
    eventually("the link to be up", Duration::from_secs(30), up);
    let online = || primary.command(["INFO", "replication"]).contains("state=online");
    eventually("the replica to be online", Duration::from_secs(30), online);
    let json = looked(check(&replica), 1);
    assert_eq!((codes(&json, WORSE), line(&json, "role").1), (vec!["RD050".to_owned()], "replica"));
    assert_eq!((line(&json, "replication").0, line(&json, "pubsub").0), ("ok", "ok"));
    let json = looked(check(&primary), 0);
    assert!(line(&json, "replication").1.starts_with("1 replica, 1 up to date"), "{json:#}");
    primary.kill9();
    eventually("the link to be down", SOON, || !up());
    let json = looked(check(&replica), 1);
    assert_eq!(codes(&json, WORSE), ["RD050", "RD061"]);
    assert_eq!(line(&json, "replication").0, "warning");
}

#[test]
fn settings_that_end_or_keep_connections_are_weighed() {
    let server = RedisServer::builder()
        .config("timeout", "300")
        .config("tcp-keepalive", "0")
        .config("client-output-buffer-limit", "pubsub 64kb 0 0")
        .start();
    let json = looked(check(&server), 1);
    assert_eq!(codes(&json, WORSE), ["RD048", "RD046"]);
    assert!(codes(&json, &["info"]).contains(&"RD059".to_owned()), "{json:#}");
    let json = looked(check(&server).args(["--watchdog", "off"]), 1);
    assert!(codes(&json, WORSE).contains(&"RD059".to_owned()), "without a watchdog a silent client is closed");
    let mut subscriber = RawClient::connect(server.address()).unwrap();
    subscriber.call(["SUBSCRIBE", "news"]).unwrap();
    let json = looked(check(&server), 1);
    assert_eq!(json["facts"]["server"]["subscribers"], 1);
}

#[test]
fn a_sentinel_is_not_taken_for_a_server_with_too_few_rights() {
    let sentinel = RedisServer::builder().sentinel().start();
    let json = looked(check(&sentinel), 1);
    assert_eq!((codes(&json, WORSE), line(&json, "role").1), (vec!["RD065".to_owned()], "sentinel"));
    assert_eq!(json["headline"], "connected to a Sentinel, not to a Redis server");
    check(&sentinel).run().lacks("ACL SETUSER");
    if !sentinel.release().has(7, 0) {
        return skipped("a Sentinel under ping", "this one takes no PING with a nonce");
    }
    let run = Doctor::new(["ping", "-c", "2", "-i", "0.05"]).target(&sentinel).run();
    run.code(0).stderr_contains(" sentinel · RESP3");
}

/// A real server, which is loading for as long as the test needs it.
#[test]
fn a_server_that_is_loading_is_not_one_that_is_down() {
    let Some(builder) = RedisServer::builder().loading_slowly() else {
        return skipped("a real server that loads its data", "this one is deaf while it loads so few keys");
    };
    let server = builder.start();
    let _loading = server.begin_loading(100_000);
    let json = looked(check(&server), 2);
    assert_eq!((codes(&json, WORSE), line(&json, "hello").0), (vec!["RD060".to_owned()], "ok"));
    assert_eq!(json["headline"], "the server is still loading its dataset");
}

#[test]
fn what_cannot_be_reached_is_named_within_the_deadline() {
    let closed = looked(check(&closed_port()), 2);
    assert_eq!((codes(&closed, WORSE), line(&closed, "tcp").0), (vec!["111".to_owned()], "bad"));
    assert_eq!(line(&closed, "hello"), ("not_available", "not reached"));
    assert!(closed["blackouts"].as_array().unwrap().is_empty());
    let mute = ScriptedServer::mute();
    let silent = looked(check(&mute.address()).args(["--timeout", "1s"]), 2);
    assert_eq!((line(&silent, "hello").0, codes(&silent, WORSE).len()), ("bad", 1));
    let full = FullBacklog::new();
    let dropped = looked(check(&full.address()).args(["--connect-timeout", "300ms"]), 2);
    assert_eq!(line(&dropped, "tcp").0, "bad");
    let named = looked(check("redis://redis-doctor-test.invalid"), 2);
    assert_eq!((line(&named, "dns").0, codes(&named, WORSE)), ("bad", vec!["RD109".to_owned()]));
    let full = looked(check(&ScriptedServer::max_clients()), 2);
    assert_eq!(codes(&full, WORSE), ["RD009"]);
    assert_eq!(codes(&looked(check(&ScriptedServer::protected()), 2), WORSE), ["RD054"]);
}

#[test]
fn a_server_that_stops_answering_costs_the_deadline_and_no_more() {
    let server = ScriptedServer::answering(|command| match command[0].as_str() {
        "HELLO" => Action::line("%1\r\n$4\r\nrole\r\n$6\r\nmaster"),
        "PING" => Action::line("+PONG"),
        _ => Action::Silence,
    });
    let json = looked(check(&server.address()).args(["--timeout", "1s"]), 2);
    assert_eq!((codes(&json, WORSE), line(&json, "ping").0), (vec!["RD064".to_owned()], "ok"));
    assert_eq!(line(&json, "pubsub").0, "not_available");
}

#[test]
fn a_server_without_resp3_is_checked_over_resp2() {
    let server = ScriptedServer::without_hello();
    let json = looked(check(&server.address()).args(["--timeout", "5s", "--name", "look"]), 1);
    assert_eq!(codes(&json, WORSE), ["RD052"]);
    assert!(line(&json, "pubsub").1.contains("does not pass on SUBSCRIBE"), "{json:#}");
    assert!(server.commands().contains(&["CLIENT", "SETNAME", "look"].map(str::to_owned).to_vec()));
    let real = RedisServer::start();
    let json = looked(check(&real).args(["--protocol", "resp2"]), 0);
    assert!(line(&json, "hello").1.starts_with("RESP2"), "{json:#}");
    assert_eq!((line(&json, "pubsub").0, line(&json, "timeout").0), ("ok", "ok"));
}

#[test]
fn tls_is_timed_and_its_absence_on_one_side_is_named() {
    let server = RedisServer::builder().tls().start();
    let trusted = server.certificates().authority.clone();
    let json = looked(check(&server).env("SSL_CERT_FILE", &trusted), 0);
    assert!(line(&json, "tls").1.starts_with("TLS 1.") && line(&json, "tls").0 == "ok", "{json:#}");
    assert!(line(&json, "between").0 == "ok" && line(&json, "pubsub").0 == "ok");
    let plain = format!("redis://{}", server.address());
    let json = looked(check(&plain).env("SSL_CERT_FILE", &trusted), 2);
    assert_eq!(codes(&json, WORSE), ["RD053"], "{json:#}");
    let other = RedisServer::start();
    let json = looked(check(&format!("rediss://{}", other.address())), 2);
    assert_eq!(codes(&json, WORSE), ["RD053"], "{json:#}");
    let json = looked(check(&server), 2);
    assert_eq!(
        (codes(&json, WORSE), line(&json, "tls").0),
        (vec!["RD130".to_owned()], "bad"),
        "a stranger's certificate"
    );
}

#[test]
fn a_unix_socket_and_the_sandbox_are_checked_too() {
    let server = RedisServer::builder().unix_socket().start();
    let socket = server.unix_socket().to_str().unwrap();
    let json = looked(Doctor::new(["check", "-s", socket]), 0);
    assert_eq!((line(&json, "dns").0, line(&json, "unix")), ("not_available", ("ok", socket)));
    assert!(json["blackouts"].as_array().unwrap().is_empty() && line(&json, "pubsub").0 == "ok");
    let json = looked(Doctor::new(["check", "--sandbox"]), 0);
    for name in ["hello", "ping", "pubsub", "between", "role", "clients", "buffers", "timeout", "keepalive"] {
        assert_eq!(line(&json, name).0, "ok", "{name}");
    }
}

#[test]
fn a_proxy_in_between_is_seen() {
    let server = RedisServer::start();
    let proxy = Doctor::new(["proxy", "--listen", "127.0.0.1:0"]).target(&server).spawn();
    let told = proxy.wait_for_stderr("listening on", SOON);
    let port = told.split("127.0.0.1:").nth(1).unwrap().split(',').next().unwrap();
    let json = looked(check(&format!("redis://127.0.0.1:{port}")), 0);
    assert_eq!((line(&json, "between").0, codes(&json, WORSE).len()), ("warning", 0));
    assert!(codes(&json, &["info"]).contains(&"RD051".to_owned()), "{json:#}");
    assert_eq!(json["facts"]["seen_at"], server.address().to_string());
    proxy.signal(Signal::INT);
    proxy.finish().code(0);
}

/// One line with at most 79 columns before the pipe, and the code that its word means.
#[track_caller]
fn plugin(output: &Output, code: i32, word: &str) -> String {
    let text = output.code(code).stdout();
    assert_eq!((text.lines().count(), text.matches('|').count()), (1, usize::from(word != "UNKNOWN")), "{text}");
    assert!(text.starts_with(&format!("REDIS-DOCTOR {word} - ")), "{text}");
    assert!(text.trim_end().split(" | ").next().unwrap().chars().count() < 80, "{text}");
    text
}

#[test]
fn it_is_a_plug_in_for_monitoring_systems() {
    let server = RedisServer::start();
    let port = server.port().to_string();
    let run = |arguments: &[&str]| {
        Doctor::new(["check", "-H", "127.0.0.1", "-p", port.as_str(), "--format", "nagios"]).args(arguments).run()
    };
    let text = plugin(&run(&["-w", "60000", "-c", "@70000:80000"]), 0, "OK");
    let data = text.split(" | ").nth(1).unwrap();
    assert!(data.starts_with("'ping'=") && data.contains("s;60;@70:80;0;"), "{data}");
    assert!(data.contains("'clients'=2;;;0;10000") && data.contains("'memory'="), "{data}");
    let text = plugin(&run(&["-w", "0"]), 1, "WARNING");
    assert!(text.contains("PING takes"), "{text}");
    plugin(&run(&["-w", "0", "-c", "0"]), 2, "CRITICAL");
    assert_eq!(run(&["-c", "0", "--exit-zero"]).code(0).stdout().lines().count(), 1);
    let wrong = run(&["-w", "fast"]);
    plugin(&wrong, 3, "UNKNOWN");
    wrong.stderr_contains("--warning: 'fast' is not a range; expected for example 10");
    // A name that cannot be resolved is the server's trouble, not a wrong usage.
    let unknown = Doctor::new(["check", "-H", "redis-doctor-test.invalid", "--format", "nagios"]).run();
    assert!(plugin(&unknown, 2, "CRITICAL").contains("'ping'=U;"), "no figure is made up");
}

#[test]
fn a_reader_that_goes_and_a_file_are_both_served() {
    let server = RedisServer::start();
    let script = "set -o pipefail; redis-doctor | head -1";
    let head = Doctor::script("bash", ["-c", script]).env("REDIS_URL", server.url()).run();
    head.code(0).stderr_is_empty().stdout_contains("redis-doctor ");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("check.json");
    let run = check(&server).args(["--format", "json", "-o"]).arg(&file).run();
    run.code(0).stdout_is_empty();
    let written: Json = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(written["verdict"], "healthy");
    check(&server).args(["-o", "/nonexistent/file"]).run().code(3).stderr_contains("--output: cannot write");
    check(&server).args(["--color", "always"]).run().code(0).stdout_contains("\x1b[32m✔");
}

#[test]
fn an_interrupt_ends_it_with_what_is_known() {
    let listener = free_listener();
    let running = check(&listener.local_addr().unwrap()).args(["--connect-timeout", "60s", "--timeout", "60s"]).spawn();
    // Its HELLO is there: the stages before it are done.
    let mut held = listener.accept().unwrap().0;
    held.read_exact(&mut [0]).unwrap();
    running.signal(Signal::INT);
    let output = running.finish();
    output
        .code(2)
        .took_at_most(SOON)
        .stdout_contains("✔ tcp")
        .stdout_contains("✘ hello")
        .stdout_contains("stopped after");
    drop(held);
}

#[test]
fn a_server_that_cannot_save_is_connected_and_refuses_writes() {
    let server = RedisServer::builder().snapshots_fail().start();
    server.command(["SET", "key", "value"]);
    server.command(["BGSAVE"]);
    let failed = || server.command(["INFO", "persistence"]).contains("rdb_last_bgsave_status:err");
    eventually("the snapshot to fail", SOON, failed);
    let json = looked(check(&server), 2);
    assert_eq!(codes(&json, WORSE), ["RD115"], "{json:#}");
    assert!(json["headline"].as_str().unwrap().starts_with("connected, but the server refuses writes"), "{json:#}");
    assert_eq!((line(&json, "hello").0, line(&json, "persistence").0), ("ok", "bad"));
    assert_eq!((line(&json, "ping").0, line(&json, "timeout").0), ("ok", "ok"), "it answers all the same");
    let vain = Doctor::new(["wait", "--timeout", "1s"]).target(&server).run();
    vain.code(2).stderr_contains("MISCONF");
}

#[test]
fn a_replica_names_the_primary_that_it_follows() {
    let foreign = closed_port();
    let replica = RedisServer::builder().config("replicaof", &format!("127.0.0.1 {}", foreign.port())).start();
    let json = looked(check(&replica), 1);
    let text = line(&json, "replication").1;
    assert!(text.starts_with(&format!("the link to {foreign} is down")), "{text}");
    let lost = json["findings"].as_array().unwrap().iter().find(|finding| finding["code"] == "RD061").unwrap();
    let remedy = lost["remedy"].as_str().unwrap();
    assert!(remedy.contains(&format!("check that {foreign} is a server of yours")), "{remedy}");
}

#[test]
fn a_primary_without_its_required_replicas_refuses_writes() {
    let server = RedisServer::builder().config("min-replicas-to-write", "1").start();
    let json = looked(check(&server), 2);
    assert_eq!((codes(&json, WORSE), line(&json, "replication").0), (vec!["RD186".to_owned()], "bad"));
}

#[test]
fn a_cluster_is_judged_by_its_state_and_by_the_addresses_that_it_announces() {
    let Some(node) = cluster_node() else { return };
    let json = looked(check(&node), 2);
    assert_eq!((codes(&json, WORSE), line(&json, "cluster").0), (vec!["RD105".to_owned()], "bad"), "{json:#}");
    node.command(["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
    eventually("the cluster to be up", SOON, || node.command(["CLUSTER", "INFO"]).contains("cluster_state:ok"));
    let json = looked(check(&node), 0);
    assert!(line(&json, "cluster").1.starts_with("ok · 16384 of 16384 slots covered · 16384 here"), "{json:#}");
    let elsewhere = closed_port();
    node.command(["CONFIG", "SET", "cluster-announce-ip", "127.0.0.1"]);
    node.command(["CONFIG", "SET", "cluster-announce-port", &elsewhere.port().to_string()]);
    let announced = || node.command(["CLUSTER", "SLOTS"]).contains(&elsewhere.port().to_string());
    eventually("the address to be announced", SOON, announced);
    let json = looked(check(&node), 2);
    assert_eq!(codes(&json, WORSE), ["RD185"], "{json:#}");
    let evidence = json["findings"][0]["evidence"].as_str().unwrap();
    assert!(evidence.contains(&format!("{elsewhere}: Connection refused")), "{evidence}");
    assert!(evidence.contains(&format!("this node is {} here", node.address())), "{evidence}");
}

#[test]
fn a_slow_command_in_the_slow_log_is_named_without_its_arguments() {
    let server = RedisServer::builder().debug_commands().start();
    server.command(["DEBUG", "SLEEP", "0.2"]);
    let json = looked(check(&server), 1);
    assert_eq!((codes(&json, WORSE), line(&json, "slow").0), (vec!["RD187".to_owned()], "warning"), "{json:#}");
    assert!(line(&json, "slow").1.starts_with("debug|sleep from 127.0.0.1:"), "{json:#}");
}

#[test]
fn a_unix_socket_that_cannot_be_opened_is_named_with_the_reason() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("run/redis.sock");
    let at = |path: &std::path::Path| Doctor::new(["check", "-s"]).arg(path);
    let json = looked(at(&missing), 2);
    assert_eq!(line(&json, "unix").0, "bad");
    assert!(line(&json, "unix").1.ends_with("has no run"), "{json:#}");
    let left = directory.path().join("redis.sock");
    drop(std::os::unix::net::UnixListener::bind(&left).unwrap());
    assert!(line(&looked(at(&left), 2), "unix").1.contains("no process listens on it"));
}
