//! No text of a server drives a terminal, repeats a password or fills an output, whatever the command and the format.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::harness::*;
use crate::terminal::in_a_shell;

/// With characters that each encoding writes in another way.
const PASSWORD: &str = "Zq9\"Xw\\7Kv$Jy3%Gm8";

/// A color, a window title with a bell, a C1 control, an override of the direction, and a character without width.
const CONTROLS: &str = "\x1b[7;35m\x1b]0;owned\x07\u{9b}35m\u{202e}\u{200b}";

/// A word that a spreadsheet takes for a formula, with half of the password in it.
fn evil() -> String {
    format!("=1+1{CONTROLS}{}", &PASSWORD[3..])
}

/// The password as a URL, a log and JSON have it.
fn encoded() -> String {
    let percent: String = PASSWORD.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let escaped = PASSWORD.replace('\\', "\\\\").replace('"', "\\\"");
    format!("{percent} {escaped} {PASSWORD}")
}

fn bulk(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

fn array(items: &[String]) -> String {
    format!("*{}\r\n{}", items.len(), items.concat())
}

fn error(text: &str) -> String {
    format!("-ERR {} {} {text}\r\n", evil(), encoded())
}

/// Lets every client in, and answers what it knows with text that is evil.
fn welcoming() -> ScriptedServer {
    let (pings, published) = (AtomicUsize::new(0), AtomicUsize::new(0));
    ScriptedServer::answering(move |command| {
        let evil = evil();
        let words: Vec<_> = command.iter().map(|word| word.to_ascii_uppercase()).collect();
        let second = words.get(1).map_or("", String::as_str);
        let reply = match (words[0].as_str(), second) {
            ("HELLO", _) => {
                let text = |name: &str| format!("{}{}", bulk(name), bulk(&evil));
                let known = format!("{}{}{}:3\r\n{}:7\r\n", bulk("server"), bulk("redis"), bulk("proto"), bulk("id"));
                format!("%6\r\n{known}{}{}{}", text("version"), text("mode"), text("role"))
            }
            ("PING", "") => "+PONG\r\n".into(),
            // One connection in a run is lost, with a last word.
            ("PING", _) if pings.fetch_add(1, Ordering::Relaxed) % 40 == 30 => {
                return Action::ReplyThenClose(error("goodbye").into_bytes());
            }
            ("PING", _) => bulk(&command[1]),
            ("INFO", _) => bulk(
                &["redis_version", "run_id", "role", "redis_mode", "master_host", "master_port", "maxmemory_policy"]
                    .iter()
                    .map(|name| format!("{name}:{evil}\r\n"))
                    .chain([format!(
                        "cmdstat_{evil}:calls=1,usec=9000\r\nslave0:ip={evil},port={evil},state={evil}\r\n"
                    )])
                    .collect::<String>(),
            ),
            ("CONFIG", _) => {
                let name = command.get(2).map_or("", String::as_str);
                format!("%1\r\n{}{}", bulk(name), bulk(&evil))
            }
            ("CLIENT", "INFO" | "LIST") => {
                bulk(&format!("id=7 addr={evil} laddr={evil} name={evil} flags={evil} cmd={evil} qbuf=1 omem=9\n"))
            }
            ("CLIENT", "SETINFO" | "SETNAME") => "+OK\r\n".into(),
            ("SLOWLOG", _) => array(&[array(&[
                ":1\r\n".into(),
                ":1700000000\r\n".into(),
                ":900000\r\n".into(),
                array(&[bulk(&evil), bulk(&evil)]),
                bulk(&evil),
                bulk(&evil),
            ])]),
            ("LATENCY", _) => {
                array(&[array(&[bulk(&evil), ":1700000000\r\n".into(), ":900\r\n".into(), ":900\r\n".into()])])
            }
            ("ROLE", _) => array(&[bulk(&evil), bulk(&evil), bulk(&evil)]),
            ("SUBSCRIBE", _) => {
                let confirmed = |channel: &String| format!(">3\r\n{}{}:1\r\n", bulk("subscribe"), bulk(channel));
                let all: String = command[1..].iter().map(confirmed).collect();
                format!("{all}>2\r\n{}{}", bulk(&evil), bulk(&evil))
            }
            ("PUBLISH", _) if published.fetch_add(1, Ordering::Relaxed) == 0 => error(&"A".repeat(1 << 20)),
            ("PUBLISH", _) => ":1\r\n".into(),
            _ => error(&words[0]),
        };
        Action::Reply(reply.into_bytes())
    })
}

/// Refuses everything, and quotes it.
fn refusing() -> ScriptedServer {
    ScriptedServer::answering(|command| Action::Reply(error(&command.join(" ")).into_bytes()))
}

/// Fails on a text with a part of the password, in any of its forms.
#[track_caller]
fn hides_the_password(what: &str, text: &str) {
    let folded = text.to_lowercase();
    for form in [PASSWORD.to_lowercase(), encoded().split(' ').next().unwrap().to_lowercase()] {
        for part in form.as_bytes().windows(4).map(|part| String::from_utf8_lossy(part).into_owned()) {
            // `%20%` and the like are too short to be a part of it.
            assert!(!folded.contains(&part), "{what}: {part:?} in {text}");
        }
    }
}

/// Fails on a text that can drive a terminal.
#[track_caller]
fn is_inert(what: &str, text: &str) {
    let lines = text.replace("\r\n", "\n");
    let invisible = |char: char| matches!(char, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}');
    let drives = |char: &char| char.is_control() && *char != '\n' || invisible(*char);
    assert_eq!(lines.chars().find(drives), None, "{what}: {text:?}");
}

/// Fails unless the output is harmless; returns all of it.
#[track_caller]
fn is_harmless(what: &str, output: &Output) -> String {
    let all = format!("{}{}", output.stdout(), output.stderr());
    is_inert(what, &all);
    hides_the_password(what, &all);
    assert!(all.lines().all(|line| line.len() < 64 << 10), "{what}: a line is too long");
    all
}

fn doctor(command: &[&str], server: &ScriptedServer) -> Doctor {
    Doctor::new(command.iter().copied()).target(server).env("REDISCLI_AUTH", PASSWORD)
}

#[test]
fn no_command_passes_on_what_a_server_says_as_it_is() {
    const IDLE: &[&str] = &["idle", "--max", "1s", "--steps", "2", "-W", "300ms"];
    const DRILL: &[&str] = &["drill", "--case", "close", "--policy", "bare"];
    const WAIT: &[&str] = &["wait", "--for", "primary", "-W", "500ms"];
    for (name, server) in [("welcoming", welcoming()), ("refusing", refusing())] {
        let mut seen = String::new();
        for command in [&["check"][..], &["ping", "-c", "3", "-i", "0"], IDLE, DRILL, WAIT] {
            let formats = match command[0] {
                "wait" => &[][..],
                "check" => &["text", "json", "nagios"],
                "ping" => &["text", "json", "ndjson", "csv", "nagios", "openmetrics"],
                "drill" => &["text", "csv"],
                _ => &["text", "json"],
            };
            let running: Vec<_> = match formats {
                [] => vec![(command[0], doctor(command, &server).spawn())],
                formats => {
                    let of =
                        |format: &&'static str| (*format, doctor(command, &server).args(["--format", *format]).spawn());
                    formats.iter().map(of).collect()
                }
            };
            for (format, running) in running {
                let what = format!("{name} {} {format}", command[0]);
                seen += &is_harmless(&what, &running.finish());
            }
        }
        assert!(seen.contains("***") && seen.contains("\\u{1b}"), "the text came through: {seen}");
    }
}

#[test]
fn neither_a_run_with_a_journal_nor_its_replay_passes_on_what_a_server_says() {
    let directory = tempfile::tempdir().unwrap();
    for (name, server) in [("welcoming", welcoming()), ("refusing", refusing())] {
        let journal = |format: &str| directory.path().join(format!("{name}-{format}"));
        let soak = |format: &'static str| {
            let soak = ["soak", "-d", "1500ms", "--connections", "2", "--format", format];
            (format, doctor(&soak, &server).arg("--journal").arg(journal(format)).spawn())
        };
        for (format, running) in ["text", "csv"].map(soak) {
            is_harmless(&format!("{name} soak {format}"), &running.finish());
            let written = fs::read_to_string(journal(format)).unwrap();
            is_inert("journal", &written);
            hides_the_password("journal", &written);
            assert!(written.contains("\\\\u{1b}"), "the text came through: {written}");
            assert!(written.len() < 256 << 10, "{} bytes", written.len());
        }
        let report = Doctor::new(["report", "--format", "json"]).arg(journal("text")).run();
        is_harmless("report", &report);
    }
}

/// A server may cut what it quotes anywhere.
#[test]
fn no_format_shows_a_part_of_a_password_wherever_a_server_cuts_it() {
    // Reproducible: the digits of a linear congruential generator.
    let mut state = 0x5eed_u32;
    let mut random = move |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % below
    };
    for format in ["text", "json", "ndjson", "csv", "nagios", "openmetrics"].iter().cycle().take(12) {
        let length = 8 + random(120);
        let password: String = (0..length).map(|_| char::from(b'!' + random(94) as u8)).collect();
        let (from, to) = (random(length / 2) as usize, (length - random(length / 2)) as usize);
        let quoted = password[from..to].to_owned();
        let server = ScriptedServer::answering(move |_| Action::line(&format!("-ERR unknown: '{quoted}")));
        let run = Doctor::new(["ping", "-c", "1", "--format", format]).target(&server);
        let run = run.env("REDISCLI_AUTH", &password).run();
        let all = format!("{}{}", run.code(2).stdout(), run.stderr());
        for part in password.as_bytes().windows(4).map(|part| String::from_utf8_lossy(part).into_owned()) {
            assert!(!all.contains(&part), "{format}: {part:?} of {password:?} in {all}");
        }
    }
}

#[test]
fn a_terminal_obeys_no_server() {
    let server = welcoming();
    for command in [&["check"][..], &["ping", "-c", "3", "-i", "0"]] {
        let seen = in_a_shell(100, doctor(command, &server));
        for part in ["\x1b[7;35m", "\x1b]0;owned", "\x07", "\u{9b}", "\u{202e}", "\u{200b}"] {
            assert!(!seen.contains(part), "{part:?} in {seen:?}");
        }
        hides_the_password("terminal", &seen);
    }
}

/// A journal may come from a stranger, and any file may be taken for one.
#[test]
fn a_file_that_is_read_drives_no_terminal_and_is_not_quoted() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal");
    let server = RedisServer::start();
    Doctor::new(["soak", "-d", "300ms", "--journal"]).arg(&path).target(&server).run().code(0);
    let journal = fs::read_to_string(&path).unwrap();
    // In the places of a version, of an address and of the plan's host.
    let evil = serde_json::to_string(CONTROLS).unwrap();
    let evil = evil.trim_matches('"');
    let spoiled = journal.replace("\"127.0.0.1\"", &format!("\"{evil}\"")).replace("\"Redis\"", &format!("\"{evil}\""));
    assert_ne!(spoiled, journal);
    fs::write(&path, spoiled).unwrap();
    for format in ["text", "json", "ndjson", "csv", "openmetrics"] {
        let report = Doctor::new(["report", "-v", "--format", format]).arg(&path).run();
        is_inert(format, &format!("{}{}", report.code(0).stdout(), report.stderr()));
    }
    for wrong in
        [format!("requirepass {PASSWORD}\n"), format!("{{\"event\":\"note\",\"t\":\"{}\"}}\n", &PASSWORD[10..])]
    {
        fs::write(&path, wrong).unwrap();
        let report = Doctor::new(["report"]).arg(&path).run();
        report.code(3).stderr_contains("not a journal line: ");
        hides_the_password("report", &report.stderr());
    }
}
