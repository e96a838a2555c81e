//! Parsers for a server's own reports of slowness: `INFO commandstats`, `SLOWLOG GET` and `LATENCY LATEST`.

use std::time::Duration;

use redis::Value;

use super::reply::{Part, shown, text};
use crate::event::{CommandTime, LatencyEvent, SlowCommand};

/// A name of a command is at most this long.
const LONGEST_NAME: usize = 40;

/// Commands whose first argument is a subcommand.
const CONTAINERS: [&str; 14] = [
    "acl", "client", "cluster", "command", "config", "debug", "function", "latency", "memory", "module", "object",
    "script", "xgroup", "xinfo",
];

/// Parses `INFO commandstats`: `cmdstat_config|set:calls=2,usec=31,usec_per_call=15.50,…`
pub(crate) fn command_times(info: Part<'_>) -> Vec<CommandTime> {
    let info = info.info();
    let times = info.beginning("cmdstat_").filter_map(|(name, figures)| {
        let number = |wanted| figures.field(',', wanted)?.parse();
        Some(CommandTime { name: name.shown(), calls: number("calls")?, time: micros(number("usec")?) })
    });
    times.collect()
}

/// Returns the calls between two readings, those that took the longest first; empty if the counters were reset in between.
pub(crate) fn between(before: &[CommandTime], after: &[CommandTime]) -> Vec<CommandTime> {
    let mut grown = Vec::new();
    for now in after {
        let then = before.iter().find(|then| then.name == now.name);
        let (calls, time) = then.map_or((0, Duration::ZERO), |then| (then.calls, then.time));
        let (Some(calls), Some(time)) = (now.calls.checked_sub(calls), now.time.checked_sub(time)) else {
            return Vec::new();
        };
        if calls > 0 {
            grown.push(CommandTime { name: now.name.clone(), calls, time });
        }
    }
    grown.sort_by_key(|command| std::cmp::Reverse(command.time));
    grown
}

/// Parses `SLOWLOG GET`; the longest comes first.
pub(crate) fn slow_commands(reply: &Value) -> Vec<SlowCommand> {
    let Value::Array(entries) = reply else { return Vec::new() };
    let command = |entry: &Value| match entry {
        Value::Array(fields) => slow_command(fields),
        _ => None,
    };
    let mut commands: Vec<_> = entries.iter().filter_map(command).collect();
    commands.sort_by_key(|command| std::cmp::Reverse(command.time));
    commands
}

/// Parses an entry of `SLOWLOG GET`: `[id, unix time, microseconds, [command, argument …], client address, client name]`;
/// the last two exist since Redis 4.0. Of the arguments only a subcommand is kept: they can be secret.
pub(crate) fn slow_command(fields: &[Value]) -> Option<SlowCommand> {
    let Value::Array(words) = fields.get(3)? else { return None };
    let name = text(words.first()?)?.part().word(LONGEST_NAME);
    let subcommand = words.get(1).filter(|_| CONTAINERS.contains(&&*name)).and_then(text);
    let name = match subcommand {
        Some(subcommand) => format!("{name}|{}", subcommand.part().word(LONGEST_NAME)).into(),
        None => name,
    };
    Some(SlowCommand {
        unix_time: number(fields.get(1)?)?,
        name,
        time: micros(number(fields.get(2)?)?),
        client: fields.get(4).and_then(shown).filter(|client| !client.is_empty()),
    })
}

/// Parses `LATENCY LATEST`.
pub(crate) fn latency_events(reply: &Value) -> Vec<LatencyEvent> {
    let Value::Array(entries) = reply else { return Vec::new() };
    let event = |entry: &Value| match entry {
        Value::Array(fields) => latency_event(fields),
        _ => None,
    };
    entries.iter().filter_map(event).collect()
}

/// Parses an entry of `LATENCY LATEST`: `[event, unix time of the latest spike, its milliseconds, maximum, …]`.
pub(crate) fn latency_event(fields: &[Value]) -> Option<LatencyEvent> {
    let time = Duration::from_millis(number(fields.get(2)?)?);
    Some(LatencyEvent { name: shown(fields.first()?)?, unix_time: number(fields.get(1)?)?, time })
}

/// Returns a reply that is a number and not negative.
pub(crate) fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        _ => None,
    }
}

fn micros(micros: u64) -> Duration {
    Duration::from_micros(micros)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::{Fuzz, value};

    fn command(name: &'static str, calls: u64, micros: u64) -> CommandTime {
        CommandTime { name: name.into(), calls, time: Duration::from_micros(micros) }
    }

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    #[test]
    fn calls_are_counted_between_two_readings_and_the_longest_comes_first() {
        let before = command_times("# Commandstats\r\ncmdstat_get:calls=9,usec=18,usec_per_call=2.00\r\n".into());
        assert_eq!(before, [command("get", 9, 18)]);
        let after = "cmdstat_get:calls=11,usec=22,usec_per_call=2.00\r\ncmdstat_ping:calls=0,usec=0\r\n\
             cmdstat_config|get:calls=1,usec=900,usec_per_call=900.00,rejected_calls=0,failed_calls=0\r\n";
        let after = command_times(after.into());
        assert_eq!(between(&before, &after), [command("config|get", 1, 900), command("get", 2, 4)]);
        assert_eq!(between(&after, &before), [], "the counters were reset");
        assert_eq!(command_times("role:master\r\ncmdstat_get:nonsense\r\n".into()), []);
    }

    fn entry(words: &[&str]) -> Vec<Value> {
        let words = Value::Array(words.iter().map(|word| bulk(word)).collect());
        vec![Value::Int(7), Value::Int(1000), Value::Int(1_200_000), words, bulk("10.0.0.9:5000"), bulk("job")]
    }

    #[test]
    fn a_slow_command_has_its_name_and_no_argument() {
        let name = |words: &[&str]| slow_command(&entry(words)).unwrap().name;
        assert_eq!(name(&["KEYS", "user:secret:*"]), "keys");
        assert_eq!(name(&["SET", "password", "hunter2"]), "set");
        assert_eq!(name(&["DEBUG", "SLEEP", "1.2"]), "debug|sleep");
        assert_eq!(name(&["client", "Kill", "ID", "7"]), "client|kill");
        assert_eq!(name(&["x".repeat(1000).as_str()]).len(), LONGEST_NAME);
        let command = slow_command(&entry(&["KEYS", "*"])).unwrap();
        assert_eq!((command.unix_time, command.time), (1000, Duration::from_millis(1200)));
        assert_eq!(command.client.as_deref(), Some("10.0.0.9:5000"));
        assert_eq!(slow_command(&entry(&["GET"])[..4]).unwrap().client, None, "before Redis 4.0");
        assert_eq!(slow_command(&[Value::Int(7), Value::Int(1)]), None);
    }

    #[test]
    fn the_longest_slow_command_comes_first() {
        let mut quick = entry(&["GET", "a"]);
        quick[2] = Value::Int(12_000);
        let log = slow_commands(&Value::Array(vec![Value::Array(quick), Value::Array(entry(&["KEYS"])), Value::Nil]));
        assert_eq!(log.iter().map(|slow| &*slow.name).collect::<Vec<_>>(), ["keys", "get"]);
        assert_eq!(slow_commands(&Value::Okay), []);
    }

    #[test]
    fn latency_events_have_the_length_of_the_latest_spike() {
        let spike = Value::Array(vec![bulk("fork"), Value::Int(1_700_000_000), Value::Int(60), Value::Int(90)]);
        let events = latency_events(&Value::Array(vec![spike]));
        assert_eq!((&*events[0].name, events[0].time), ("fork", Duration::from_millis(60)));
    }

    #[test]
    fn fuzz_slowness() {
        Fuzz::new("info", &["cmdstat_", "calls=", "usec="]).run_on_text(|info| {
            let times = command_times(info.into());
            let _ = (between(&times, &times), between(&[], &times));
        });
        Fuzz::new("values", &["*2\r\n", ":-1\r\n", ":9223372036854775807\r\n", "$1\r\na\r\n"]).run(|input| {
            if let Some(value) = value(input) {
                let _ = (slow_commands(&value), latency_events(&value));
            }
        });
    }
}
