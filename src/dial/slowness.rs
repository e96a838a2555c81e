//! Parsers for a server's own reports of slowness: `INFO commandstats`, `SLOWLOG GET` and `LATENCY LATEST`.

use std::time::Duration;

use redis::Value;

use super::reply::{info_fields, line_field, text};
use crate::event::{CommandTime, LatencyEvent, SlowCommand};

/// Parses `INFO commandstats`: `cmdstat_config|set:calls=2,usec=31,usec_per_call=15.50,…`
pub(crate) fn command_times(info: &str) -> Vec<CommandTime> {
    let lines = info_fields(info).filter_map(|(name, figures)| Some((name.strip_prefix("cmdstat_")?, figures)));
    lines
        .filter_map(|(name, figures)| {
            let number = |wanted| line_field(figures, ',', wanted)?.parse().ok();
            Some(CommandTime { name: name.to_owned(), calls: number("calls")?, time: micros(number("usec")?) })
        })
        .collect()
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

/// Parses `SLOWLOG GET`, whose entries are `[id, unix time, microseconds, [command, …], client address, client name]`;
/// the last two exist since Redis 4.0.
pub(crate) fn slow_commands(reply: &Value) -> Vec<SlowCommand> {
    let Value::Array(entries) = reply else { return Vec::new() };
    let mut commands: Vec<_> = entries.iter().filter_map(slow_command).collect();
    commands.sort_by_key(|command| std::cmp::Reverse(command.time));
    commands
}

fn slow_command(entry: &Value) -> Option<SlowCommand> {
    let Value::Array(fields) = entry else { return None };
    let Value::Array(words) = fields.get(3)? else { return None };
    Some(SlowCommand {
        unix_time: number(fields.get(1)?)?,
        name: text(words.first()?)?.to_lowercase(),
        time: micros(number(fields.get(2)?)?),
        client: fields.get(4).and_then(text).filter(|client| !client.is_empty()),
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
    Some(LatencyEvent { name: text(fields.first()?)?, unix_time: number(fields.get(1)?)?, time })
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

    fn command(name: &str, calls: u64, micros: u64) -> CommandTime {
        CommandTime { name: name.into(), calls, time: Duration::from_micros(micros) }
    }

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    #[test]
    fn calls_are_counted_between_two_readings_and_the_longest_comes_first() {
        let before = command_times("# Commandstats\r\ncmdstat_get:calls=9,usec=18,usec_per_call=2.00\r\n");
        assert_eq!(before, [command("get", 9, 18)]);
        let after = command_times(
            "cmdstat_get:calls=11,usec=22,usec_per_call=2.00\r\ncmdstat_ping:calls=0,usec=0\r\n\
             cmdstat_config|get:calls=1,usec=900,usec_per_call=900.00,rejected_calls=0,failed_calls=0\r\n",
        );
        assert_eq!(between(&before, &after), [command("config|get", 1, 900), command("get", 2, 4)]);
        assert_eq!(between(&after, &before), [], "the counters were reset");
        assert_eq!(command_times("role:master\r\ncmdstat_get:nonsense\r\n"), []);
    }

    #[test]
    fn slow_commands_have_no_arguments() {
        let entry = |id, seconds, micros, words: &[&str], rest: &[&str]| {
            let words = Value::Array(words.iter().map(|word| bulk(word)).collect());
            let fields = [Value::Int(id), Value::Int(seconds), Value::Int(micros), words];
            Value::Array(fields.into_iter().chain(rest.iter().map(|field| bulk(field))).collect())
        };
        let log = slow_commands(&Value::Array(vec![
            entry(1, 1_700_000_000, 12_000, &["GET", "a"], &[]),
            entry(2, 1_700_000_009, 400_000, &["KEYS", "secret:*"], &["10.0.0.9:5000", ""]),
            Value::Nil,
        ]));
        assert_eq!(log.iter().map(|slow| slow.name.as_str()).collect::<Vec<_>>(), ["keys", "get"]);
        assert_eq!((log[0].time, log[0].client.as_deref()), (Duration::from_millis(400), Some("10.0.0.9:5000")));
        assert_eq!((log[1].unix_time, &log[1].client), (1_700_000_000, &None));
        assert_eq!(slow_commands(&Value::Okay), []);
    }

    #[test]
    fn latency_events_have_the_length_of_the_latest_spike() {
        let spike = Value::Array(vec![bulk("fork"), Value::Int(1_700_000_000), Value::Int(60), Value::Int(90)]);
        let events = latency_events(&Value::Array(vec![spike]));
        assert_eq!((events[0].name.as_str(), events[0].time), ("fork", Duration::from_millis(60)));
    }

    #[test]
    fn fuzz_slowness() {
        Fuzz::new("info", &["cmdstat_", "calls=", "usec="]).run_on_text(|info| {
            let times = command_times(info);
            let _ = (between(&times, &times), between(&[], &times));
        });
        Fuzz::new("values", &["*2\r\n", ":-1\r\n", ":9223372036854775807\r\n", "$1\r\na\r\n"]).run(|input| {
            if let Some(value) = value(input) {
                let _ = (slow_commands(&value), latency_events(&value));
            }
        });
    }
}
