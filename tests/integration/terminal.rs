//! What a person sees: results are laid out for the terminal they are written to, and one that cannot obey gets no
//! orders.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt as _;
use std::thread;

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::harness::*;

const JOURNAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios/causes-from-evidence.ndjson");

/// What such a run shows on a terminal of so many columns as standard output.
fn on_terminal(columns: u16, doctor: Doctor) -> String {
    seen_on(columns, |line| doctor.stdout_to(line))
}

/// The same with standard error on it, too, as in a shell.
pub(crate) fn in_a_shell(columns: u16, doctor: Doctor) -> String {
    seen_on(columns, |line| doctor.stderr_to(line.try_clone().unwrap()).stdout_to(line))
}

/// A terminal of this size: the screen with its keyboard, and the line to a program.
pub(crate) fn terminal(rows: u16, columns: u16) -> (File, File) {
    let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&screen).unwrap();
    unlockpt(&screen).unwrap();
    tcsetwinsize(&screen, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let name = ptsname(&screen, Vec::new()).unwrap();
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).custom_flags(OFlags::NOCTTY.bits().cast_signed());
    (File::from(screen), options.open(name.to_str().unwrap()).unwrap())
}

/// What such a run shows on a terminal of so many columns, to which `connect` connects it.
fn seen_on(columns: u16, connect: impl FnOnce(File) -> Doctor) -> String {
    let (mut screen, line) = terminal(24, columns);
    let seen = thread::spawn(move || {
        let (mut seen, mut part) = (Vec::new(), [0; 4096]);
        // When the other end is closed, Linux reports an error.
        while let Ok(count @ 1..) = screen.read(&mut part) {
            seen.extend_from_slice(&part[..count]);
        }
        String::from_utf8(seen).unwrap()
    });
    connect(line).run();
    seen.join().unwrap()
}

#[test]
fn results_keep_to_the_columns_of_their_terminal() {
    let server = RedisServer::start();
    let commands: [&[&str]; 6] = [
        &["check"],
        &["ping", "-c", "2", "-i", "0"],
        &["soak", "-d", "1s", "--fault", "close@200ms"],
        &["report", JOURNAL],
        &["report", JOURNAL, "-v"],
        &["explain", "--list"],
    ];
    for command in commands {
        let connects = !["report", "explain"].contains(&command[0]);
        let doctor = || {
            let doctor = Doctor::new(command.iter().copied());
            if connects { doctor.target(&server) } else { doctor }
        };
        for columns in [60, 80, 120] {
            let seen = on_terminal(columns, doctor());
            let is_wide = |line: &&str| console::measure_text_width(line) > usize::from(columns);
            let wide: Vec<_> = seen.lines().filter(is_wide).collect();
            assert!(wide.is_empty() && seen.lines().count() > 5, "{command:?} on {columns}: {wide:#?}\n{seen}");
        }
    }
    let file = Doctor::new(["report", JOURNAL]).run();
    assert!(file.stdout().lines().any(|line| line.chars().count() > 120), "a file keeps its sentences whole");
}

#[test]
fn a_header_is_shown_once_on_a_terminal_and_in_each_of_two_files() {
    let server = RedisServer::start();
    let (head, policy) = ("redis-doctor 0.1.0 · ", "policy hardened · ");
    let count = |text: &str| (text.matches(head).count(), text.matches(policy).count());
    for command in [&["soak", "-d", "300ms"][..], &["subscribe", "news", "-d", "300ms"], &["ping", "-c", "1"]] {
        let doctor = || Doctor::new(command.iter().copied()).target(&server);
        let seen = in_a_shell(120, doctor());
        assert_eq!(count(&seen), (1, 1), "{seen}");
        assert!(seen.contains("verdict  ") && seen.contains("HEALTHY"), "{seen}");
        let files = doctor().run();
        let together = format!("{}{}", files.stdout(), files.stderr());
        let expected = if command[0] == "ping" { 1 } else { 2 };
        assert_eq!(count(&together), (expected, expected), "{together}");
    }
    let soak = || Doctor::new(["soak", "-d", "300ms"]).target(&server);
    assert_eq!(
        count(&in_a_shell(120, soak().arg("--quiet"))),
        (1, 1),
        "the report shows it when the live view does not"
    );
    assert_eq!(count(&on_terminal(120, soak())), (1, 1), "standard error went elsewhere");
}

#[test]
fn a_terminal_that_calls_itself_dumb_gets_no_orders() {
    let server = RedisServer::start();
    let on = |name: &str| on_terminal(80, Doctor::new(["check"]).target(&server).env("TERM", name));
    assert!(on("xterm").contains("\x1b[32m"));
    let dumb = on("dumb");
    assert!(!dumb.contains('\x1b') && dumb.contains("verdict  HEALTHY"), "{dumb}");
}
