//! Every wrong command line is refused with the flag, the value and what to write instead.

use super::*;

/// A command line, and what its refusal must contain.
const REFUSALS: &[(&str, [&str; 3])] = &[
    ("ping -i -5", ["--interval", "'-5' is negative", "500ms"]),
    ("ping -i -5s", ["--interval", "'-5s' is negative", "500ms"]),
    ("ping -i NaN", ["--interval", "'NaN'", "500ms"]),
    ("ping -i inf", ["--interval", "'inf' is more than 100 years", "30s"]),
    ("ping -i 200y", ["--interval", "'200y' is more than 100 years", "30s"]),
    ("ping -i 1e-9", ["--interval", "'1e-9'", "0 for back to back"]),
    ("ping -w 0", ["--deadline", "'0'", "at least 1ms"]),
    ("ping -W 0s", ["--timeout", "'0s'", "at least 1ms"]),
    ("ping -W soon", ["--timeout", "'soon'", "500ms"]),
    ("ping -c 0", ["--count", "'0'", "at least 1"]),
    ("ping -r -1", ["--count", "'-1'", "leave it out"]),
    ("ping -h a -c", ["--count", "needs a number", "cluster mode is not supported yet"]),
    ("ping -c -h a", ["--count", "needs a number", "cluster mode is not supported yet"]),
    ("ping -c cache", ["--count", "'cache'", "cluster mode is not supported yet"]),
    ("soak -c", ["-c", "not a flag of this command", "cluster mode is not supported yet"]),
    ("ping --payload 17m", ["--payload", "'17m'", "at most 16m"]),
    ("ping --payload big", ["--payload", "'big'", "64k"]),
    ("ping cache.example", ["'cache.example'", "-h", "quotes"]),
    ("ping -h a:1", ["--host", "'a:1'", "-h a -p 1"]),
    ("ping -h redis://a", ["--host", "a URL", "-u"]),
    ("ping -h a/b", ["--host", "\"a/b\"", "write a name"]),
    ("ping -p 0", ["--port", "'0'", "65535"]),
    ("ping -p 65536", ["--port", "'65536'", "65535"]),
    ("ping -n -1", ["--db", "'-1'", "from 0"]),
    ("ping -n many", ["--db", "'many'", "from 0"]),
    ("ping --name a\u{e9}", ["--name", "\"a\u{e9}\"", "letters"]),
    ("ping -u redis://a -h b", ["--uri", "--host", "cannot be used with"]),
    ("ping -u redis://a -s b", ["--uri", "--socket", "cannot be used with"]),
    ("ping -s a -p 1", ["--socket", "--port", "cannot be used with"]),
    ("ping -a x --askpass", ["--pass", "--askpass", "cannot be used with"]),
    ("ping --sandbox -h a", ["--sandbox", "--host", "cannot be used with"]),
    ("ping -u localhost:6379", ["--uri", "scheme", "redis"]),
    ("ping -u unix://run", ["--uri", "names no socket", "unix:///path/to/socket"]),
    ("ping --protocol resp4", ["--protocol", "'resp4'", "resp3, resp2, auto"]),
    ("ping --policy soft", ["--policy", "'soft'", "hardened, library"]),
    ("ping --policy bare --retries 3", ["--retries", "bare, which never reconnects", "--policy library"]),
    ("ping --policy bare --watchdog 1s", ["--watchdog", "bare, which never reconnects", "--policy library"]),
    ("ping --retries some", ["--retries", "'some'", "unlimited"]),
    ("ping --min-delay 0", ["--min-delay", "'0'", "at least 1ms"]),
    ("ping --min-delay 10s", ["--min-delay", "10s", "--max-delay"]),
    ("ping --max-delay 1ms", ["--max-delay", "1ms", "--min-delay"]),
    ("ping --backoff-base 0.5", ["--backoff-base", "'0.5'", "from 1"]),
    ("ping --backoff-base NaN", ["--backoff-base", "'NaN'", "from 1"]),
    ("ping --connect-timeout 0", ["--connect-timeout", "'0'", "at least 1ms"]),
    ("ping --response-timeout -1", ["--response-timeout", "'-1'", "500ms"]),
    ("ping --keepalive 10", ["--keepalive", "'10'", "10/5/3"]),
    ("ping --keepalive 0.5/1/1", ["--keepalive", "'0.5/1/1'", "whole seconds"]),
    ("ping --user-timeout 30d", ["--user-timeout", "'30d'", "24d"]),
    ("ping --watchdog 0", ["--watchdog", "'0'", "1sx2"]),
    ("ping --watchdog 1sx0", ["--watchdog", "'1sx0'", "1sx2"]),
    ("ping --nodelay maybe", ["--nodelay", "'maybe'", "on or off"]),
    ("ping --seed x", ["--seed", "'x'", "whole number"]),
    ("ping --format xml", ["--format", "'xml'", "text, json"]),
    ("ping --fail-on p98>5ms", ["--fail-on", "'p98'", "valid names: ambiguous"]),
    ("ping --warn-on lost", ["--warn-on", "'lost'", "p99>5ms"]),
    ("ping --journal f -o f", ["--journal", "the same file", "two files"]),
    ("ping --nosuch", ["--nosuch", "there is no --nosuch in redis-doctor ping", "--help"]),
    ("pong", ["there is no command 'pong'", "write one of ping", "--help"]),
    ("subscribe", ["CHANNEL", "nothing to subscribe", "--pattern"]),
    ("subscribe --pattern a --verify", ["--verify", "CHANNEL", "name a channel"]),
    ("subscribe a --rate 5", ["--rate", "--verify", "required"]),
    ("subscribe a --verify --rate 0", ["--rate", "'0'", "10/s"]),
    ("subscribe a --report-format json", ["--report-format", "--output", "required"]),
    ("subscribe a --format json", ["--format", "'json'", "ndjson, raw"]),
    ("subscribe a --expect-every 0", ["--expect-every", "'0'", "at least 1ms"]),
    ("subscribe redis://a", ["CHANNEL", "URL", "-u"]),
    ("soak --rate 10/x", ["--rate", "'10/x' is not a rate", "600/m"]),
    ("soak --rate -1", ["--rate", "'-1'", "1000000 a second"]),
    ("soak --rate 1e9", ["--rate", "'1e9'", "1000000 a second"]),
    ("soak --connections 0", ["--connections", "'0'", "10000"]),
    ("soak --concurrency 10001", ["--concurrency", "'10001'", "10000"]),
    ("soak --workload all", ["--workload", "'all'", "pubsub, kv"]),
    ("soak --workload pubsub --rate 5", ["--rate", "for probes", "--verify-rate"]),
    ("soak --workload pubsub --payload 5", ["--payload", "for probes", "add ping"]),
    ("soak --workload ping --verify-rate 5", ["--verify-rate", "no messages", "add pubsub"]),
    ("soak -d forever", ["--duration", "'forever'", "1h 30m"]),
    ("report", ["FILE", "required", "--help"]),
    ("completions tcsh", ["SHELL", "'tcsh'", "bash, elvish"]),
];

#[test]
fn a_refusal_names_the_flag_the_value_and_the_remedy() {
    for (line, parts) in REFUSALS {
        let message = refuse(&line.split(' ').collect::<Vec<_>>(), &[]);
        for part in parts {
            assert!(message.contains(part), "{line}: no {part:?} in {message}");
        }
    }
    assert!(refuse(&["ping", "-h", ""], &[]).contains("--host: the host is empty"));
    assert!(refuse(&["subscribe", ""], &[]).contains("CHANNEL: it is empty"));
}
