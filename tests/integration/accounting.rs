//! The books: what a report says is what the journal says, what a crash leaves is enough, and signals end a run as
//! they should.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::harness::{Doctor, RedisServer, Signal, Tap, Trial, eventually};

const SOON: Duration = Duration::from_secs(10);

/// A run with every kind of sample in it, and a few faults.
fn eventful(tap: &Tap) -> Trial {
    let trial = Trial::start("soak --workload mixed --rate 200 --verify-rate 50 --concurrency 2", tap);
    trial.wait_for_answers();
    for fault in 1..=3 {
        tap.reset_when_in_flight();
        tap.reset_all();
        trial.wait_for("reconnected", fault);
        trial.wait_for("resubscribed", fault);
    }
    trial
}

#[test]
fn the_report_made_from_the_journal_is_the_report_of_the_run() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let story = eventful(&tap).stop();
    story.code(1).balances();
    assert!(story.count("outages.drops") >= 3, "there is something to compare");
    story.agrees_with_its_journal();
}

#[test]
fn a_crash_loses_at_most_a_second_of_counts() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = eventful(&tap);
    eventually("the journal has caught up", SOON, || {
        fs::read_to_string(trial.journal()).unwrap().matches("\"reconnected\"").count() >= 3
    });
    let pings = || tap.commands_named("PING") + tap.commands_named("SET") + tap.commands_named("GET");
    let at_crash = pings();
    trial.doctor().signal(Signal::KILL);
    let story = trial.finish();
    story.output.killed_by(Signal::KILL);
    let report = story.replayed(1);
    assert_eq!((&report["complete"], &report["runs"][0]["stopped"]), (&false.into(), &Json::Null));
    assert!(report["outages"]["reconnects"].as_u64().unwrap() >= 3);
    // A second of 200 probes, what passed since the last look, and our own commands.
    let counted = report["probes"]["launched"].as_u64().unwrap();
    assert!(counted + 300 > at_crash, "{counted} of {at_crash}");
    // A line cut off in the middle is no obstacle either.
    let journal = fs::read(story.journal()).unwrap();
    fs::write(story.journal(), &journal[..journal.len() - 7]).unwrap();
    assert!(story.replayed(1)["probes"]["launched"].as_u64().unwrap() > 0);
}

#[test]
fn sigint_and_sigterm_end_a_run_with_its_report_and_verdict() {
    let server = RedisServer::start();
    for signal in [Signal::INT, Signal::TERM] {
        let trial = Trial::start("soak", &server);
        trial.wait_for_answers();
        trial.doctor().signal(signal);
        let story = trial.finish();
        story.code(0).balances();
        assert_eq!(story.get("verdict"), "healthy");
        assert_eq!(story.the("run_finished")["reason"], "signal");
        assert_eq!(story.get("complete"), true);
    }
}

/// A terminal that goes, with nohup and without.
#[cfg(target_os = "linux")]
#[test]
fn sighup_ends_a_run_with_its_report_unless_it_is_to_be_ignored() {
    let server = RedisServer::start();
    let trial = Trial::start("soak", &server);
    trial.wait_for_answers();
    trial.doctor().signal(Signal::HUP);
    let story = trial.finish();
    story.code(0).balances();
    assert_eq!((story.get("complete"), &story.the("run_finished")["reason"]), (&true.into(), &"signal".into()));
    let script = "trap '' HUP; exec \"$0\" ping -i 0.1 \"$@\"";
    let run = Doctor::script("bash", ["-c", script, env!("CARGO_BIN_EXE_redis-doctor")]).target(&server).spawn();
    run.wait_for_stdout("seq=1 ", SOON);
    run.signal(Signal::HUP);
    run.wait_for_stdout("seq=9 ", SOON);
    run.signal(Signal::INT);
    run.finish().code(0);
}

#[test]
fn a_second_sigint_ends_the_program_at_once() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = Trial::start("soak --workload ping --timeout 30s --response-timeout 30s --watchdog off", &tap);
    trial.wait_for_answers();
    // The run waits for the probe that is out; who is in a hurry says so again.
    tap.hold_replies(true);
    let before = tap.commands_named("PING");
    eventually("a probe is out", SOON, || tap.commands_named("PING") > before);
    trial.doctor().signal(Signal::INT);
    let finished = |trial: &Trial| trial.doctor().has_ended();
    assert!(!finished(&trial));
    let asked = Instant::now();
    trial.doctor().signal(Signal::INT);
    // Two signals that come before the program looks are one.
    while !finished(&trial) && asked.elapsed() < SOON {
        trial.doctor().signal(Signal::INT);
        std::thread::sleep(Duration::from_millis(20));
    }
    let story = trial.finish();
    story.output.code(130);
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
}

#[test]
fn sigusr1_and_sigquit_show_interim_figures_and_the_run_goes_on() {
    let server = RedisServer::start();
    let trial = Trial::start("soak --rate 50", &server);
    trial.wait_for_answers();
    for (signal, times) in [(Signal::USR1, 1), (Signal::QUIT, 2)] {
        trial.doctor().signal(signal);
        trial.doctor().wait_until("interim figures", SOON, |_, stderr| stderr.matches("availability").count() >= times);
    }
    let before = server.command(["INFO", "commandstats"]);
    eventually("probes go on", SOON, || server.command(["INFO", "commandstats"]) != before);
    trial.stop().code(0).balances();
}

#[test]
fn a_run_ends_by_itself_at_its_duration_and_its_count() {
    let server = RedisServer::start();
    let story = Trial::start("soak -d 3s --rate 100", &server).finish();
    story.code(0).balances();
    assert_eq!(story.the("run_finished")["reason"], "duration");
    let launched = story.count("probes.launched");
    // Work due while a busy machine lets no thread run is made up for, unless the run ends first.
    assert!((200..=301).contains(&launched), "{launched}");
    let story = Trial::start("ping -c 5 -i 10ms", &server).finish();
    story.code(0).balances();
    assert_eq!(story.count("probes.ok"), 5);
    assert_eq!(story.the("run_finished")["reason"], "count");
}
