//! A real server that is started for a command, is named with its version, and ends with redis-doctor.

use std::{net::TcpStream, time::Duration};

use super::harness::{Doctor, RawClient, RunningDoctor, Signal, eventually};

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn a_run_starts_a_real_server_and_names_its_version() {
    let output = Doctor::new(["ping", "--spawn", "-c", "3", "-i", "10ms"]).run();
    output.code(0).stderr_contains("-server ").stdout_contains("3 ");
    for command in [&["ping", "-c", "1"][..], &["wait", "--timeout", "5s"], &["check"]] {
        let output = Doctor::new(command).arg("--spawn").arg("redis-server").within(PATIENCE).run();
        assert!(output.exit_code().is_some_and(|code| code < 2), "{command:?}: {}", output.stderr());
    }
}

/// Starts a proxy in front of a spawned server; returns it with the ports of the proxy and of the server.
fn proxy() -> (RunningDoctor, u16, u16) {
    let doctor = Doctor::new(["proxy", "--spawn", "--listen", "127.0.0.1:0"]).spawn();
    let line = doctor.wait_for_stderr("listening on", PATIENCE);
    let mut ports = line.split("127.0.0.1:").skip(1).map(|rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap()
    });
    (doctor, ports.next().unwrap(), ports.next().unwrap())
}

#[test]
fn the_server_ends_with_redis_doctor_even_if_that_is_killed() {
    for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
        let (doctor, port, server) = proxy();
        let mut client = RawClient::connect(([127, 0, 0, 1], port).into()).unwrap();
        assert_eq!(client.call(["SET", "k", "v"]).unwrap().text(), "OK");
        let config = client.call(["CONFIG", "GET", "save"]).unwrap();
        assert_eq!(config.text().replace("save", "").trim(), "", "it stores nothing");
        doctor.signal(signal);
        eventually("the server has ended", PATIENCE, || TcpStream::connect(("127.0.0.1", server)).is_err());
        doctor.finish();
    }
}

#[test]
fn what_is_no_server_is_refused_with_a_remedy() {
    for (program, part) in
        [("/nowhere/redis-server", "cannot run /nowhere/redis-server"), ("/bin/true", "is not a Redis")]
    {
        let output = Doctor::new(["ping", "--spawn", program]).run();
        output.code(3).stderr_contains("--spawn: ").stderr_contains(part);
    }
    let output = Doctor::new(["ping", "--spawn", "--sandbox"]).run();
    output.code(3).stderr_contains("--spawn").stderr_contains("--sandbox");
    let output = Doctor::new(["ping", "--spawn"]).env("PATH", "/nowhere").run();
    output.code(3).stderr_contains("neither redis-server nor valkey-server is in the PATH");
}
