//! The live view of `soak`: the lines below the events on a terminal, its keys, and one line for many connections.

use std::fs::{File, read_to_string};
use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use regex::Regex;
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use crate::harness::{Doctor, RedisServer, RunningDoctor, Signal, eventually, was_paused};
use crate::terminal::terminal;

const SOON: Duration = Duration::from_secs(15);

/// A run on a terminal of its own, in the foreground of its own session.
struct OnScreen {
    run: RunningDoctor,
    screen: File,
    seen: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl OnScreen {
    fn start((rows, columns): (u16, u16), server: &RedisServer, arguments: &[&str], name: &str) -> Self {
        let (screen, line) = terminal(rows, columns);
        let end = || line.try_clone().unwrap();
        let run = Doctor::script("setsid", ["--ctty", env!("CARGO_BIN_EXE_redis-doctor"), "soak"])
            .args(arguments.iter().copied())
            .target(server)
            .env("TERM", name)
            .stdin_from(end())
            .stdout_to(end())
            .stderr_to(end())
            .spawn();
        drop(line);
        let seen = Arc::new(Mutex::new(String::new()));
        let (mut reader, shared) = (screen.try_clone().unwrap(), Arc::clone(&seen));
        let reader = thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut part) {
                shared.lock().unwrap().push_str(&String::from_utf8_lossy(&part[..count]));
            }
        });
        Self { run, screen, seen, reader }
    }

    fn seen(&self) -> String {
        console::strip_ansi_codes(&self.seen.lock().unwrap()).into_owned()
    }

    #[track_caller]
    fn wait_for(&self, pattern: &str) {
        let pattern = Regex::new(pattern).unwrap();
        let mut seen = String::new();
        let shown = || {
            seen = self.seen();
            pattern.is_match(&seen)
        };
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| eventually("the text", SOON, shown)));
        assert!(caught.is_ok(), "{pattern} is missing:\n{}", self.seen());
    }

    fn press(&self, keys: &str) {
        (&self.screen).write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until a key arrives at once, without an echo.
    #[track_caller]
    fn wait_for_keys(&self) {
        let modes = || tcgetattr(&self.screen).unwrap().local_modes;
        let read = || !modes().intersects(LocalModes::ICANON | LocalModes::ECHO);
        eventually(&format!("keys\n{}", self.seen()), SOON, read);
    }

    /// Whether all modes are those of a new terminal.
    fn modes_are_back(&self) -> bool {
        tcgetattr(&self.screen).unwrap().local_modes.contains(LocalModes::ICANON | LocalModes::ECHO)
    }

    fn is_stopped(&self) -> bool {
        let stat = read_to_string(format!("/proc/{}/stat", self.run.pid())).unwrap();
        stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'))
    }

    fn finish(self, code: i32) -> String {
        let Self { run, screen, seen, reader } = self;
        let output = run.finish();
        eventually("the end of the output", SOON, || reader.is_finished());
        let seen = console::strip_ansi_codes(&seen.lock().unwrap()).into_owned();
        let expected = if was_paused(&seen) { 1 } else { code };
        assert_eq!(output.exit_code(), Some(expected), "{seen}");
        assert!(tcgetattr(&screen).unwrap().local_modes.contains(LocalModes::ICANON | LocalModes::ECHO));
        seen
    }
}

#[test]
fn keys_show_figures_and_end_the_run_and_the_terminal_is_restored_whenever_it_stops() {
    let server = RedisServer::start();
    let on = OnScreen::start((24, 80), &server, &["-d", "5m"], "xterm");
    on.wait_for("UP .* · p50 .* · p99 .*\\[Enter\\] figures  \\[q\\] report and quit|(?s)p50.*\\[q\\] report");
    on.wait_for_keys();
    on.press("x\n");
    on.wait_for("not ended");
    on.press("\x1a");
    eventually("stopped", SOON, || on.is_stopped());
    assert!(on.modes_are_back(), "a shell reads the terminal now");
    on.run.signal(Signal::CONT);
    on.wait_for_keys();
    on.press("q");
    let seen = on.finish(0);
    assert!(seen.contains("ended with q"), "{seen}");
}

#[test]
fn every_signal_that_ends_a_run_restores_the_terminal() {
    let server = RedisServer::start();
    for signal in [Signal::INT, Signal::TERM] {
        let on = OnScreen::start((24, 80), &server, &["-d", "5m"], "xterm");
        on.wait_for("UP ");
        on.wait_for_keys();
        match signal {
            Signal::INT => on.press("\x03"),
            other => on.run.signal(other),
        }
        let seen = on.finish(0);
        assert!(seen.contains("ended by a signal"), "{seen}");
    }
}

#[test]
fn an_outage_is_one_line_that_changes() {
    let mut server = RedisServer::start();
    let on = OnScreen::start((24, 80), &server, &["-d", "5m"], "xterm");
    on.wait_for("UP .*p50 .*p99 .*last \\d+ s");
    server.kill9();
    on.wait_for("DOWN [4-9] s · refused × \\d+ · attempt \\d+ at \\+[\\d.]+ s");
    server.restart_same_port();
    on.wait_for("reconnected .*");
    on.wait_for("resubscribed");
    on.press("q");
    let seen = on.finish(1);
    let live = seen.split("finished  ").next().unwrap();
    let of = |label: &str| live.match_indices(&format!("  {label}  ")).count();
    assert!((1..=8).contains(&of("failed")) && of("disconnected") == 1, "{live}");
    assert!(live.contains("redis-doctor's own publisher: "), "{live}");
    assert!(live.find("reconnected").unwrap() < live.find("resubscribed").unwrap(), "{live}");
    let words: Vec<_> = live.split_whitespace().collect();
    assert!(words.join(" ").contains(" · again, over "), "{live}");
}

#[test]
fn the_view_fits_the_terminal_and_follows_its_size() {
    let server = RedisServer::start();
    let on = OnScreen::start((40, 120), &server, &["-d", "5m"], "xterm");
    on.wait_for("(?s)│.*└─.*p50 ━  p99 ░  max ·  last ");
    tcsetwinsize(&on.screen, Winsize { ws_row: 24, ws_col: 30, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    on.seen.lock().unwrap().clear();
    on.wait_for("UP [^\n]*…");
    on.press("q");
    on.finish(0);
    let narrow = OnScreen::start((24, 30), &server, &["-d", "2s"], "xterm").finish(0);
    assert!(narrow.contains("UP ") && !narrow.contains("[q]"), "{narrow}");
    let dumb = OnScreen::start((24, 80), &server, &["-d", "1s"], "dumb");
    dumb.wait_for("verdict");
    assert!(!dumb.seen.lock().unwrap().contains('\x1b'));
    let dumb = dumb.finish(0);
    assert!(!dumb.contains("UP ") && !dumb.contains("[q]"), "{dumb}");
}

#[test]
fn fifty_connections_that_are_lost_together_take_a_handful_of_lines() {
    let server = RedisServer::start();
    let directory = tempfile::tempdir().unwrap();
    let journal = directory.path().join("journal");
    let run = Doctor::new(["soak", "--connections", "50", "-d", "6s", "--journal"]).arg(&journal).target(&server);
    let run = run.spawn();
    // On a busy machine the lines can come in two parts.
    let events = |kind: &str| read_to_string(&journal).unwrap_or_default().matches(kind).count();
    eventually("all are subscribed", SOON, || events("\"event\":\"subscribed\"") == 50);
    server.command(["CLIENT", "KILL", "TYPE", "pubsub"]);
    eventually("all are back", SOON, || events("\"event\":\"resubscribed\"") == 50);
    let output = run.finish();
    let stderr = output.stderr();
    let after = stderr.lines().skip_while(|line| !line.contains("disconnected"));
    let lines: Vec<_> = after.take_while(|line| !line.contains("finished")).collect();
    // On a busier one, our own pauses are reported as well, and each connection has its share of them as evidence.
    let is_paused = lines.iter().any(|line| line.contains("  paused  "));
    let of_pauses = ["  paused  ", "  slowed  ", "  sped up  ", "  cause  ", "  advice  "];
    let is_counted = |line: &&&str| !is_paused || !of_pauses.iter().any(|word| line.contains(word));
    // Each pause can divide the four events of the connections once more into intervals whose lines are written together.
    let pauses = lines.iter().filter(|line| line.contains("  paused  ")).count();
    assert!(lines.iter().filter(is_counted).count() <= 15 + 4 * pauses, "{} lines:\n{stderr}", lines.len());
    assert!(is_paused || stderr.matches("  cause  ").count() == 1, "{stderr}");
    let events = read_to_string(&journal).unwrap();
    assert_eq!(events.matches("\"event\":\"disconnected\"").count(), 50, "the journal has every event");
}

#[test]
fn of_several_connections_each_has_its_number() {
    let server = RedisServer::start();
    let run = Doctor::new(["soak", "--connections", "2", "-d", "5m"]).target(&server).spawn();
    run.wait_for_stderr("connected     #0, #1 · ", SOON);
    server.command(["CLIENT", "KILL", "TYPE", "pubsub"]);
    // They share a line unless a probe of one was in flight.
    let names_both = |text: &str, event: &str| {
        let lines: String = text.lines().filter(|line| line.contains(event)).collect();
        lines.contains("#0") && lines.contains("#1")
    };
    run.wait_until("both connections lost and back", SOON, |_, stderr| {
        ["  disconnected  ", "  reconnected  "].iter().all(|event| names_both(stderr, event))
    });
    run.signal(Signal::INT);
    run.finish().code(1);
}

#[test]
fn an_outage_that_began_with_silence_lasts_as_long_live_as_in_the_report() {
    let server = RedisServer::start();
    let run = Doctor::new(["soak", "-d", "5m", "--format", "json"]).target(&server).spawn();
    run.wait_for_stderr("  connected  ", SOON);
    server.sigstop();
    run.wait_for_stderr("  disconnected  ", SOON);
    server.sigcont();
    let line = run.wait_for_stderr("  reconnected  ", SOON);
    run.signal(Signal::INT);
    let output = run.finish();
    let row = &output.json()["outages"]["rows"][0];
    let lasted = row["restored_at"].as_f64().unwrap() - row["lost_at"].as_f64().unwrap();
    let live: f64 = Regex::new("after ([\\d.]+) s").unwrap().captures(&line).unwrap()[1].parse().unwrap();
    assert!((live - lasted).abs() < 0.006 * lasted && lasted > 1.0, "{line}: {lasted} s");
}
