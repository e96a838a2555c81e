//! Unusual bytes on the wire: large payloads, binary channels and messages.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::time::Duration;

use crate::harness::{Doctor, RedisServer};

/// What a shell can pass (no NUL), and what makes terminals and line readers stumble.
const CHANNEL: &[u8] = b"a\r\n\xff\x1b[31m \"b\"";
const MESSAGE: &[u8] = b"\x00\r\n\xff end";

#[test]
fn payloads_of_64_kilobytes_come_back_whole() {
    let server = RedisServer::start();
    let run =
        Doctor::new(["ping", "--payload", "65536", "-c", "5", "-i", "0", "--format", "json"]).target(&server).run();
    let report = run.code(0).json();
    assert_eq!((&report["probes"]["ok"], &report["probes"]["desynced"]), (&5.into(), &0.into()));
    let soak = ["soak", "--workload", "mixed", "--payload", "64k", "--concurrency", "8", "-d", "300ms"];
    Doctor::new(soak).target(&server).run().code(0).stdout_contains("0 failed · 0 timed out");
}

#[test]
fn text_shows_a_binary_message_on_one_line_that_no_terminal_obeys() {
    let server = RedisServer::start();
    let run = Doctor::new(["subscribe", "-c", "1"]).arg(OsString::from_vec(CHANNEL.to_vec())).target(&server).spawn();
    run.wait_for_stderr("subscribed", Duration::from_secs(10));
    assert_eq!(server.command([&b"PUBLISH"[..], CHANNEL, MESSAGE]), "1");
    let ended = run.finish();
    ended.code(0).lacks("\x1b").stdout_contains(r"a\r\n\xff\x1b[31m");
    assert_eq!(ended.stdout().lines().count(), 1);
    assert!(ended.stdout().ends_with("\\x00\\r\\n\\xff end\n"), "{}", ended.stdout());
}

#[test]
fn raw_is_the_bytes_of_the_message_and_a_line_end() {
    let server = RedisServer::start();
    let run = Doctor::new(["subscribe", "-c", "2", "--format", "raw", "--pattern", "n?ws"]).target(&server).spawn();
    run.wait_for_stderr("subscribed", Duration::from_secs(10));
    server.command([&b"PUBLISH"[..], b"news", MESSAGE]);
    server.command([&b"PUBLISH"[..], b"news", b""]);
    let ended = run.finish();
    assert_eq!(ended.code(0).stdout_bytes(), [MESSAGE, b"\n\n"].concat());
}

#[test]
fn ndjson_keeps_every_byte_of_channel_and_message() {
    let server = RedisServer::start();
    let run = Doctor::new(["subscribe", "-c", "2", "--format", "ndjson"]);
    let run = run.arg(OsString::from_vec(CHANNEL.to_vec())).target(&server).spawn();
    run.wait_for_stderr("subscribed", Duration::from_secs(10));
    server.command([&b"PUBLISH"[..], CHANNEL, MESSAGE]);
    server.command([&b"PUBLISH"[..], CHANNEL, "grüße \u{1f600}\n".as_bytes()]);
    let ended = run.finish();
    let lines = ended.code(0).ndjson();
    assert_eq!(lines[0]["payload_escaped"], r"\x00\r\n\xff end");
    assert_eq!(lines[1]["payload"], "grüße \u{1f600}\n");
    for line in &lines {
        let name: redis_doctor::internals::Name = serde_json::from_value(line["channel"].clone()).unwrap();
        assert_eq!(name, redis_doctor::internals::Name::from(CHANNEL));
    }
}

#[test]
fn verified_messages_travel_over_a_binary_channel() {
    let server = RedisServer::start();
    let run = Doctor::new(["subscribe", "--verify", "--rate", "50", "-d", "500ms"]);
    let run = run.arg(OsString::from_vec(CHANNEL.to_vec())).target(&server).run();
    run.code(0).lacks("\x1b").stderr_contains(" 0 lost (0 in outages)").stderr_contains("verdict  HEALTHY");
}
