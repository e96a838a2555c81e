//! Evidence: what is gathered about an outage agrees with what was done to the connection, it is gathered beside the
//! connection, and missing facts are listed.

use std::fs;
use std::io::Write as _;
use std::time::Duration;

use serde_json::Value as Json;

use crate::harness::{Action, Doctor, Lab, RedisServer, ScriptedServer, Signal, Story, Trial, eventually};

const SOON: Duration = Duration::from_secs(10);

/// The client id of the connection under test, as the journal has it.
fn client_id(trial: &Trial) -> String {
    trial.wait_for_journal("\"event\":\"connected\"");
    let journal = fs::read_to_string(trial.journal()).unwrap();
    let told = journal.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
    let id = told.filter_map(|event| event["client_id"].as_u64()).next_back().unwrap();
    id.to_string()
}

fn wait_for_evidence(trial: &Trial) {
    trial.wait_for_journal("\"event\":\"evidence\"");
}

/// The only evidence of a run, checked against the schema.
#[track_caller]
fn the_evidence(story: &Story) -> &Json {
    let schema = jsonschema::validator_for(&redis_doctor::internals::schema::JOURNAL.schema()).unwrap();
    story.events.iter().for_each(|event| assert!(schema.is_valid(event), "{event}"));
    let evidence = story.the("evidence");
    match story.events("disconnected").first() {
        Some(lost) => assert_eq!((&evidence["lost_at"], &evidence["generation"]), (&lost["t"], &lost["generation"])),
        None => assert_eq!(evidence["lost_at"], story.the("stalled")["since"]),
    }
    story.agrees_with_its_journal();
    evidence
}

/// What was asked for and not had.
fn missing(evidence: &Json) -> Vec<&str> {
    let missing = evidence["missing"].as_array();
    missing.into_iter().flatten().map(|missing| missing["what"].as_str().unwrap()).collect()
}

/// A subscriber says nothing, so that the kill cannot cross a command on its way: that would be answered by a reset.
#[test]
fn a_killed_client_was_closed_by_the_server_which_counts_the_kill() {
    let server = RedisServer::start();
    let trial = Trial::start("subscribe news --watchdog off", &server);
    server.wait_until_queried();
    server.command(["CLIENT", "KILL", "ID", &client_id(&trial)]);
    wait_for_evidence(&trial);
    let story = trial.stop();
    let evidence = the_evidence(&story);
    assert_eq!(evidence["death"]["how"], "closed", "{evidence}");
    assert_eq!(evidence["old_client_listed"], false);
    let (before, after) = (&evidence["before"], &evidence["after"]);
    let kills = if server.release().has(7, 0) { (0.into(), 1.into()) } else { (Json::Null, Json::Null) };
    assert_eq!((&before["client_kills"], &after["client_kills"]), (&kills.0, &kills.1));
    assert_eq!((&before["run_id"], &evidence["outages_between"]), (&after["run_id"], &1.into()));
    let address = server.address().to_string();
    for state in [before, after] {
        assert_eq!((&state["address"], &state["laddr"]), (&address.as_str().into(), &address.as_str().into()));
        assert_eq!(
            (&state["role"], &state["timeout"], &state["maxclients"]),
            (&"master".into(), &0.into(), &10000.into())
        );
        assert_eq!((&state["loading"], &state["tcp_keepalive"]), (&false.into(), &300.into()));
        assert!(state["output_buffer_limit"].as_str().unwrap().contains("pubsub 33554432 8388608 60"), "{state}");
    }
    assert!(evidence["tcp"]["rtt"].as_f64().unwrap() > 0.0);
    assert_eq!(missing(evidence), [""; 0], "{evidence}");
    assert_eq!(evidence["attempts"].as_array().unwrap().len(), 1, "one attempt was enough");
    assert_eq!(evidence["ongoing"], Json::Null);
}

/// Here, too, nothing may be unread when the server is killed.
#[test]
fn a_restarted_server_is_another_process_and_a_reused_client_id_is_no_ghost() {
    let mut server = RedisServer::start();
    let trial = Trial::start("subscribe news --watchdog off", &server);
    server.wait_until_queried();
    server.kill9();
    trial.wait_for("disconnected", 1);
    server.restart_same_port();
    wait_for_evidence(&trial);
    let story = trial.stop();
    let evidence = the_evidence(&story);
    assert_ne!(evidence["before"]["run_id"], evidence["after"]["run_id"]);
    assert!(evidence["before"]["run_id"].is_string() && evidence["after"]["run_id"].is_string(), "{evidence}");
    assert_eq!(evidence["old_client_listed"], false);
    assert_eq!(evidence["death"]["how"], "closed", "the kernel closes a killed process' sockets: {evidence}");
}

/// Nothing is in flight, so no command gets an errno: only the socket table has it.
#[test]
fn a_reset_of_a_silent_subscriber_differs_from_a_close() {
    let server = RedisServer::start();
    for (fault, how, ghost) in
        [("reset_peer@2s", "reset", false), ("close@2s", "closed", false), ("reset_peer=side=client@2s", "reset", true)]
    {
        let trial = Trial::start(&format!("subscribe news --watchdog off --fault {fault}"), &server);
        wait_for_evidence(&trial);
        let story = trial.stop();
        let evidence = the_evidence(&story);
        assert_eq!(story.the("disconnected")["failure"], Json::Null, "nothing was in flight");
        let death = &evidence["death"];
        assert_eq!((&death["how"], &death["known_from"]), (&how.into(), &"socket_table".into()), "{fault}: {evidence}");
        assert_eq!(evidence["old_client_listed"], ghost, "{fault}: {evidence}");
    }
}

#[test]
fn a_reset_in_flight_has_the_errno_that_the_command_was_given() {
    let server = RedisServer::start();
    let trial = Trial::start("soak --workload ping --rate 100 --fault reset_peer=when=in_flight@2s", &server);
    wait_for_evidence(&trial);
    let story = trial.stop();
    let death = &the_evidence(&story)["death"];
    assert_eq!(
        (&death["how"], &death["errno"], &death["known_from"]),
        (&"reset".into(), &104.into(), &"command".into())
    );
}

#[test]
fn a_client_that_leaves_by_itself_left_an_open_socket() {
    let server = RedisServer::start();
    let trial = Trial::start("soak --workload ping --rate 20 --watchdog 300msx2 --fault blackhole@2s+3s", &server);
    trial.wait_for("replaced", 1);
    trial.wait_for("reconnected", 1);
    wait_for_evidence(&trial);
    let story = trial.stop();
    let evidence = the_evidence(&story);
    assert_eq!(evidence["death"]["how"], "local", "{evidence}");
    assert_eq!(evidence["death"]["known_from"], "socket_table");
}

#[test]
fn what_a_user_may_not_ask_is_missing_with_the_servers_words() {
    let server = RedisServer::builder().acl("least on >pw ~* &* -@all +hello +auth +ping").start();
    let url = format!("redis://least:pw@{}", server.address());
    let trial = Trial::start("ping -i 0.05", &url);
    eventually("the server was asked", SOON, || server.command(["INFO", "errorstats"]).contains("errorstat_NOPERM"));
    // What is refused before the first probe is the session's own question; the others come half a second later.
    server.wait_until_queried();
    for client in server.clients() {
        let id = client.split([' ', '=']).nth(1).unwrap().to_owned();
        server.command(["CLIENT", "KILL", "ID", &id]);
    }
    wait_for_evidence(&trial);
    let story = trial.stop();
    let evidence = the_evidence(&story);
    assert_eq!(missing(evidence), ["INFO", "CONFIG GET", "CLIENT INFO"], "{evidence}");
    let words = evidence["missing"][1]["why"].as_str().unwrap();
    let command = if server.release().has(7, 0) { "config|get" } else { "'config'" };
    assert!(words.contains("no permissions") && words.contains(command), "{words}");
    assert_eq!(evidence["death"]["how"], "closed", "the socket is found without the server's help: {evidence}");
    assert_eq!(evidence["before"]["run_id"], Json::Null);
    assert!(evidence["after"]["address"].is_string() && evidence["old_client_listed"].is_null(), "{evidence}");
}

#[test]
fn a_frozen_server_leaves_evidence_of_a_stall_without_a_death() {
    let server = RedisServer::start();
    let trial = Trial::start("soak --workload ping --policy library --rate 20 --timeout 300ms", &server);
    server.wait_until_queried();
    server.sigstop();
    trial.wait_for("stalled", 1);
    server.sigcont();
    trial.wait_for("resumed", 1);
    wait_for_evidence(&trial);
    let story = trial.stop();
    let evidence = the_evidence(&story);
    assert_eq!(evidence["lost_at"], story.the("stalled")["since"]);
    assert_eq!((&evidence["death"], &evidence["old_client_listed"]), (&Json::Null, &Json::Null));
    assert_eq!(evidence["before"]["run_id"], evidence["after"]["run_id"]);
    // The frozen server's kernel goes on acknowledging.
    assert_eq!((&evidence["tcp"]["unacked"], &evidence["tcp"]["retransmits"]), (&0.into(), &0.into()), "{evidence}");
}

#[test]
fn nothing_is_asked_on_a_connection_that_only_listens() {
    let server = RedisServer::start();
    let trial = Trial::start("subscribe news --watchdog off", &server);
    server.wait_until_queried();
    let id = client_id(&trial);
    eventually("the subscriber has been silent since it subscribed", SOON, || {
        let clients = server.clients();
        let idle: u64 = clients[0].split(" idle=").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        assert!(clients[0].starts_with(&format!("id={id} ")), "{clients:?}");
        idle >= 2
    });
    trial.stop().code(0);
}

#[test]
fn a_short_run_or_one_without_evidence_queries_nothing() {
    let server = RedisServer::start();
    let received = || {
        let stats = server.command(["INFO", "stats"]);
        let line = stats.lines().find_map(|line| line.strip_prefix("total_connections_received:"));
        line.unwrap().trim().parse::<u64>().unwrap()
    };
    let before = received();
    let ping = Doctor::new(["ping", "-c", "1"]).target(&server).run();
    // On a busy machine it can take long enough to be looked into.
    let looked = ping.code(0).stderr().contains("  path  ");
    assert_eq!(received() - before, 1 + u64::from(looked), "the connection under test");

    let trial = Trial::start("soak --workload ping --rate 20 --no-evidence", &server);
    trial.wait_for_answers();
    server.command(["CLIENT", "KILL", "ID", &client_id(&trial)]);
    trial.wait_for("reconnected", 1);
    let story = trial.stop();
    story.code(1).balances();
    assert_eq!(story.events("evidence").len(), 0);
    assert_eq!(story.events[0]["plan"]["evidence"], false);
    assert_eq!(server.config_gets(), 0);
}

#[test]
fn many_connections_that_drop_together_share_the_questions() {
    const CONNECTIONS: usize = 50;
    let server = RedisServer::start();
    let trial = Trial::start(&format!("soak --workload ping --rate 10 --connections {CONNECTIONS}"), &server);
    trial.wait_for_events("connected", CONNECTIONS, SOON);
    server.wait_until_queried();
    server.command(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    trial.wait_for_events("reconnected", CONNECTIONS, SOON);
    eventually("all evidence is reported", SOON, || {
        let journal = fs::read_to_string(trial.journal()).unwrap();
        journal.matches("\"event\":\"evidence\"").count() >= CONNECTIONS
    });
    // Before Redis 7.0 a command takes one name: a refusal, and four commands.
    let commands = if server.release().has(7, 0) { 1 } else { 5 };
    let asked = server.config_gets();
    assert!(asked <= 4 * commands, "asked {asked} times");
    let story = trial.stop();
    let evidence = story.events("evidence");
    assert_eq!(evidence.len(), CONNECTIONS);
    for one in &evidence {
        // A command that crosses the close on its way is answered with a reset, which the next one may learn of. On a
        // busy machine a socket can be gone before the kernel is queried; then that is reported.
        match one["death"]["how"].as_str() {
            Some(how) => assert!(["closed", "reset"].contains(&how), "{one}"),
            None => assert!(missing(one).contains(&"socket"), "{one}"),
        }
        assert_eq!(one["old_client_listed"], false, "{one}");
        assert!(one["outages_between"].as_u64().unwrap() >= 1, "{one}");
    }
}

#[test]
fn a_lasting_outage_has_evidence_while_it_lasts_and_at_its_end() {
    let mut server = RedisServer::start();
    let trial = Trial::start("soak --workload ping --rate 20", &server);
    server.wait_until_queried();
    server.kill9();
    trial.wait_for("disconnected", 1);
    let early = "\"ongoing\":true";
    eventually("ten seconds have passed", Duration::from_secs(30), || {
        fs::read_to_string(trial.journal()).is_ok_and(|journal| journal.contains(early))
    });
    server.restart_same_port();
    trial.wait_for("reconnected", 1);
    let story = trial.stop();
    let evidence = story.events("evidence");
    let [early, last] = evidence.as_slice() else {
        panic!("told {} times", evidence.len());
    };
    assert_eq!((&early["ongoing"], &last["ongoing"]), (&true.into(), &Json::Null));
    assert_eq!((&early["lost_at"], &early["death"]), (&last["lost_at"], &last["death"]));
    assert!(early["after"].is_null() && missing(early).contains(&"server after"), "{early}");
    assert!(last["after"]["run_id"].is_string() && missing(last).is_empty(), "{last}");
}

#[test]
fn announcements_of_maintenance_are_shown_and_kept_for_the_loss_that_follows() {
    let server = RedisServer::start();
    let trial = Trial::with(
        ["soak", "--rate", "20", "--fault", "push=MOVING 1 15 127.0.0.1:6379@1s", "--fault", "close@2s"],
        &server,
    );
    trial.wait_for("announced", 1);
    wait_for_evidence(&trial);
    let story = trial.stop();
    let announced = story.the("announced");
    assert_eq!(announced["kind"], "MOVING");
    let kept = &the_evidence(&story)["announcements"];
    assert_eq!((&kept[0]["kind"], &kept[0]["at"]), (&"MOVING".into(), &announced["t"]), "{kept}");
}

/// Redis Cloud and Redis Software, which no other server can stand for: they announce maintenance to those who have asked
/// for it on the same connection.
fn announcing(info: &'static str) -> ScriptedServer {
    let hello = b"%3\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.4.0\r\n$5\r\nproto\r\n:3\r\n".to_vec();
    let bulk = |text: &str| format!("${}\r\n{text}\r\n", text.len());
    ScriptedServer::answering(move |command| {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        match words[..] {
            ["HELLO", ..] => Action::Reply(hello.clone()),
            ["INFO", ..] => Action::Reply(bulk(info).into()),
            ["CLIENT", "MAINT_NOTIFICATIONS", "ON"] => {
                Action::Reply(b"+OK\r\n>3\r\n$9\r\nMIGRATING\r\n:1\r\n:15\r\n".to_vec())
            }
            ["PING", nonce] => Action::Reply(bulk(nonce).into()),
            ["PING"] => Action::line("+PONG"),
            _ => Action::line("+OK"),
        }
    })
}

#[test]
fn announcements_of_maintenance_are_asked_for_on_each_connection() {
    let server = announcing("# Server\r\nredis_version:7.4.0\r\nrun_id:abc\r\n");
    let trial = Trial::start("ping -i 0.05 --fault close@1s", &server.address());
    trial.wait_for("announced", 2);
    let story = trial.stop();
    story.came_back_by_itself(1);
    // redis-rs may replace a connection that it has just made: that one was asked, too.
    let announced = story.events("announced");
    assert!(announced.len() >= 2 && announced.iter().all(|told| told["kind"] == "MIGRATING"), "{announced:?}");
}

/// Nor is a server that has none, nor one of which nothing is to be asked.
#[test]
fn announcements_of_maintenance_are_not_asked_for_where_there_are_none() {
    let redis = "# Server\r\nredis_version:7.4.0\r\n";
    let valkey = "# Server\r\nredis_version:7.2.4\r\nvalkey_version:9.1.2\r\n";
    for (info, arguments) in [
        (valkey, "ping -i 0.05 -c 20"),
        (redis, "ping -i 0.05 -c 20 --no-evidence"),
        (redis, "ping -i 0.05 -c 20 --protocol resp2"),
        (redis, "ping -c 1"),
    ] {
        let server = announcing(info);
        let story = Trial::start(arguments, &server.address()).finish();
        story.code(0);
        assert_eq!(story.events("announced").len(), 0, "{arguments}");
        let commands = server.commands();
        assert!(!commands.iter().any(|words| words.iter().any(|word| word == "MAINT_NOTIFICATIONS")), "{commands:?}");
    }
}

#[test]
fn a_flood_of_pushes_is_not_a_flood_of_events() {
    let hello = b"%3\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.2.4\r\n$5\r\nproto\r\n:3\r\n".to_vec();
    let server = ScriptedServer::answering(move |command| match command[0].to_ascii_uppercase().as_str() {
        "HELLO" => Action::Reply(hello.clone()),
        "PING" => {
            let mut reply = b">2\r\n$7\r\nNOTHING\r\n:1\r\n".repeat(100);
            reply.extend(
                command.get(1).map_or(b"+PONG\r\n".to_vec(), |nonce| format!("${}\r\n{nonce}\r\n", nonce.len()).into()),
            );
            Action::Reply(reply)
        }
        _ => Action::line("+OK"),
    });
    let trial = Trial::start("ping -i 0.01 -c 50 --watchdog off", &server.address());
    let story = trial.finish();
    let (told, lasted) = (story.events("announced").len(), story.events.last().unwrap()["t"].as_f64().unwrap());
    assert!(told >= 10, "{told}");
    assert!((told as f64) <= 10.0 * (lasted + 2.0), "{told} in {lasted} s");
}

/// The kernel is asked in the client's own network namespace, where the server's end of the connection does not show:
/// only the second descriptor distinguishes a close from a reset.
#[test]
fn between_two_machines_a_close_a_reset_and_a_timeout_differ() {
    let Some(lab) = Lab::start() else {
        return;
    };
    let files = tempfile::TempDir::new().unwrap();
    let run = |name: &str, command: &str| {
        let journal = files.path().join(name);
        let doctor = Doctor::new(command.split(' ')).arg("--journal").arg(&journal).target(&lab.server);
        let doctor = doctor.inside(lab.client_side()).within(Duration::from_secs(40)).spawn();
        let line = doctor.wait_for_stderr("connected", SOON);
        let from = line.split_whitespace().skip_while(|word| *word != "from").nth(1).unwrap();
        (doctor, journal, from.parse().unwrap())
    };
    let evidence_in = |journal: &std::path::Path| {
        let mut found = None;
        eventually("evidence in the journal", Duration::from_secs(20), || {
            let text = fs::read_to_string(journal).unwrap_or_default();
            let mut events = text.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
            found = events.find(|event| event["event"] == "evidence");
            found.is_some()
        });
        found.unwrap()
    };

    let (doctor, journal, flow): (_, _, std::net::SocketAddr) = run("closed", "subscribe news --watchdog off");
    doctor.wait_for_stderr("subscribed", SOON);
    lab.server.wait_until_queried();
    lab.server.command(["CLIENT", "KILL", "ADDR", &flow.to_string()]);
    let death = &evidence_in(&journal)["death"];
    assert_eq!((&death["how"], &death["known_from"]), (&"closed".into(), &"socket_table".into()));
    doctor.signal(Signal::INT);
    doctor.finish().code(1);

    let command = "soak --workload ping --policy library --user-timeout 2s --response-timeout 10s --timeout 10s";
    let (doctor, journal, flow) = run("timed out", command);
    eventually("the asker has left", SOON, || lab.server.clients().len() == 1);
    lab.drop_flow(flow);
    let evidence = evidence_in(&journal);
    let death = &evidence["death"];
    assert_eq!(
        (&death["how"], &death["errno"], &death["known_from"]),
        (&"timed_out".into(), &110.into(), &"command".into())
    );
    assert!(evidence["tcp"]["unacked"].as_u64().unwrap() > 0, "the last figures show the silence: {evidence}");
    doctor.signal(Signal::INT);
    doctor.finish();
}

/// The moment of the recovery, against the moment at which the other side accepted the new connection, by the other
/// side's clock. The recovery is the first good reply, so a few round trips lie between them: with the release build on a
/// quiet machine less than two milliseconds, which the benchmark holds it to.
#[test]
fn a_recovery_is_stamped_when_the_new_connection_answers() {
    const DROPS: usize = 12;
    let server = RedisServer::start();
    let (read, mut orders) = std::io::pipe().unwrap();
    let url = crate::harness::Target::url(&server);
    let proxy = Doctor::new(["proxy", "--listen", "127.0.0.1:0", "--format", "ndjson", "-u", &url]).stdin_from(read);
    let proxy = proxy.spawn();
    let line = proxy.wait_for_stdout("listening on", SOON);
    let port: u16 = line.split("127.0.0.1:").nth(1).unwrap().split(',').next().unwrap().parse().unwrap();
    let trial = Trial::start("soak --rate 50", &std::net::SocketAddr::from(([127, 0, 0, 1], port)));
    for drop in 1..=DROPS {
        trial.wait_for_messages();
        writeln!(orders, "reset_peer").unwrap();
        trial.wait_for("reconnected", drop);
        trial.wait_for("resubscribed", drop);
    }
    let story = trial.stop();
    proxy.signal(Signal::INT);
    let accepted: Vec<f64> =
        proxy.finish().ndjson().iter().filter(|event| event["event"] == "flow_opened").map(seconds_of_day).collect();
    let late = story.events("reconnected").into_iter().filter_map(|event| {
        let at = seconds_of_day(event);
        accepted.iter().map(|accept| at - accept).filter(|late| *late >= 0.0).min_by(f64::total_cmp)
    });
    let late: Vec<f64> = late.collect();
    assert_eq!(late.len(), DROPS);
    let least = late.iter().copied().min_by(f64::total_cmp).unwrap();
    // A busy machine can be late for any of them, but not for all. Whoever looked for the recovery at intervals of its
    // own (the monitor's is 50 ms) would be.
    eprintln!("{late:?}");
    assert!(least <= 0.015, "{late:?}");
}

/// Seconds since midnight of an event's wall-clock time.
fn seconds_of_day(event: &Json) -> f64 {
    let time = event["time"].as_str().unwrap();
    let mut parts = time[11..time.len() - 1].split(':').map(|part| part.parse::<f64>().unwrap());
    let [hours, minutes, seconds] = [(); 3].map(|()| parts.next().unwrap());
    hours * 3600.0 + minutes * 60.0 + seconds
}
