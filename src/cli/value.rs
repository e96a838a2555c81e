//! From the text of one flag to a value that cannot be wrong: durations, counts, sizes and the settings that can be
//! switched off.
//!
//! Every refusal quotes the text and says what to write instead; which flag it was is added where the error is shown.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use crate::fault::{FaultSchedule, Incident};
use crate::plan::{Gate, Keepalive, Name, Pace, Secret, Watchdog};
use crate::units;

/// A setting that has an `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Switch<T> {
    /// `off`
    Off,
    /// A value.
    On(T),
}

impl<T> Switch<T> {
    /// The value, unless it is off.
    pub(super) fn into_option(self) -> Option<T> {
        match self {
            Self::Off => None,
            Self::On(value) => Some(value),
        }
    }
}

/// How often to retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Retries {
    /// Without end.
    Unlimited,
    /// This many times after the first attempt.
    Times(u64),
}

/// The longest duration anybody can mean.
const CENTURY: Duration = Duration::from_secs(100 * 31_557_600);
/// What a probe can carry.
const MAX_PAYLOAD: u64 = 16 << 20;

/// A duration, zero included: `500ms`, `1h 30m`, or a bare number of seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("'{text}' is not a duration; write for example 500ms, 30s, 1h 30m or a number of seconds");
    let trimmed = text.trim();
    let duration = match trimmed.parse::<f64>() {
        Ok(seconds) if seconds.is_nan() => return Err(wrong()),
        Ok(seconds) if seconds < 0.0 => {
            return Err(format!("'{text}' is negative; write a duration of 0 or more, for example 500ms"));
        }
        Ok(seconds) => Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX),
        Err(_) if trimmed.starts_with('-') && humantime::parse_duration(&trimmed[1..]).is_ok() => {
            return Err(format!("'{text}' is negative; write a duration of 0 or more, for example 500ms"));
        }
        Err(_) => humantime::parse_duration(trimmed).map_err(|_| wrong())?,
    };
    if duration > CENTURY {
        return Err(format!("'{text}' is more than 100 years; write for example 30s or 14d"));
    }
    Ok(duration)
}

/// A duration of at least a millisecond, where zero would mean nothing.
pub(super) fn positive_duration(text: &str) -> Result<Duration, String> {
    let duration = duration(text)?;
    if duration < Duration::from_millis(1) {
        return Err(format!("'{text}' is too short; write at least 1ms"));
    }
    Ok(duration)
}

/// The interval of `ping`: zero is back to back.
pub(super) fn interval(text: &str) -> Result<Pace, String> {
    let interval = duration(text)?;
    // What is less than a nanosecond is not zero.
    let zero = interval.is_zero() && text.trim().parse().map_or(true, |seconds: f64| seconds == 0.0);
    if !zero && interval < Duration::from_micros(1) {
        return Err(format!("'{text}' is too short; write at least 1us, or 0 for back to back"));
    }
    Ok(Pace::every(interval))
}

/// A rate, zero (unpaced) included.
pub(super) fn rate(text: &str) -> Result<Pace, String> {
    text.trim().parse()
}

/// A rate at which messages are published: an unpaced publisher would only measure its own flood.
pub(super) fn publish_rate(text: &str) -> Result<Pace, String> {
    match rate(text)? {
        Pace::Unpaced => Err(format!("'{text}' is not a pace to publish at; write for example 10/s")),
        pace => Ok(pace),
    }
}

/// A count of at least one.
pub(super) fn count(text: &str) -> Result<u64, String> {
    match text.trim().parse() {
        Ok(0) => Err(format!("'{text}' would do nothing; write at least 1, or leave it out to go on until a signal")),
        Ok(count) => Ok(count),
        Err(_) => Err(format!(
            "'{text}' is not a count; write a whole number from 1, or leave it out to go on until a signal"
        )),
    }
}

/// 1 to 10000 of something that costs memory or sockets.
pub(super) fn parallelism(text: &str) -> Result<u32, String> {
    match text.trim().parse() {
        Ok(number @ 1..=10_000) => Ok(number),
        _ => Err(format!("'{text}' is out of range; write a whole number from 1 to 10000")),
    }
}

/// A port.
pub(super) fn port(text: &str) -> Result<u16, String> {
    match text.trim().parse() {
        Ok(port @ 1..) => Ok(port),
        _ => Err(format!("'{text}' is not a port; write a whole number from 1 to 65535")),
    }
}

/// The number of a logical database.
pub(super) fn db(text: &str) -> Result<i64, String> {
    match text.trim().parse() {
        Ok(db @ 0..) => Ok(db),
        _ => Err(format!("'{text}' is not a database number; write a whole number from 0")),
    }
}

/// A host without port, scheme or blanks; IPv6 with or without brackets.
pub(super) fn host(text: &str) -> Result<String, String> {
    let host = text.trim();
    if host.is_empty() {
        return Err("the host is empty (an unset variable?); write for example -h 127.0.0.1".into());
    }
    if host.contains("://") || host.contains('@') {
        return Err("this is a URL or a part of one, not a host; give it with -u".into());
    }
    let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    if let Some((name, port)) = host.split_once(':').filter(|(_, port)| !port.contains(':')) {
        return Err(format!("'{text}' has a port in it; write -h {name} -p {port}"));
    }
    if host.starts_with('-') || host.contains(|char: char| char.is_whitespace() || char.is_control() || char == '/') {
        return Err(format!("{text:?} is not a host; write a name or an IP address"));
    }
    Ok(host.to_owned())
}

/// The name a connection gives itself; the server takes printable ASCII without blanks.
pub(super) fn client_name(text: &str) -> Result<String, String> {
    if text.contains("://") {
        return Err("this is a URL, not a name for the connection; give it with -u".into());
    }
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!(
            "{text:?} is not a client name; the server takes letters, digits and signs without blanks"
        ));
    }
    Ok(text.to_owned())
}

/// A password or a URL that may hold one.
pub(super) fn secret(text: &str) -> Result<Secret, String> {
    Ok(Secret::new(text))
}

/// Bytes: `512`, `64k`, `1m`, at most 16 MiB.
pub(super) fn size(text: &str) -> Result<usize, String> {
    let bytes = units::parse_bytes(text)
        .ok_or_else(|| format!("'{text}' is not a size; write for example 512, 64k or 1m (at most 16m)"))?;
    match usize::try_from(bytes) {
        Ok(size) if bytes <= MAX_PAYLOAD => Ok(size),
        _ => Err(format!("'{text}' is too large; a probe carries at most 16m")),
    }
}

/// A seed.
pub(super) fn seed(text: &str) -> Result<u64, String> {
    text.trim().parse().map_err(|_| format!("'{text}' is not a seed; write a whole number from 0"))
}

/// `N` or `unlimited`.
pub(super) fn retries(text: &str) -> Result<Retries, String> {
    match text.trim() {
        "unlimited" | "infinite" => Ok(Retries::Unlimited),
        number => number
            .parse()
            .map(Retries::Times)
            .map_err(|_| format!("'{text}' is not a number of retries; write a whole number from 0, or unlimited")),
    }
}

/// The factor between delays.
pub(super) fn backoff_base(text: &str) -> Result<f32, String> {
    match text.trim().parse::<f32>() {
        Ok(base) if (1.0..=1000.0).contains(&base) => Ok(base),
        _ => Err(format!("'{text}' is not a backoff factor; write a number from 1 to 1000")),
    }
}

/// `on` or `off`.
pub(super) fn on_off(text: &str) -> Result<bool, String> {
    match text.trim() {
        "on" | "yes" | "true" => Ok(true),
        "off" | "no" | "false" => Ok(false),
        _ => Err(format!("'{text}' is neither; write on or off")),
    }
}

/// `TIME/INTERVAL/PROBES` or `off`, within what the kernel takes.
pub(super) fn keepalive(text: &str) -> Result<Switch<Keepalive>, String> {
    if text.trim() == "off" {
        return Ok(Switch::Off);
    }
    let wrong = || {
        format!(
            "'{text}' is not a keepalive setting; write TIME/INTERVAL/PROBES in whole seconds, for example 10/5/3, or off"
        )
    };
    let [time, interval, probes] = text.split('/').collect::<Vec<_>>()[..] else {
        return Err(wrong());
    };
    let whole_seconds = |text| {
        let duration = duration(text).ok()?;
        ((1..=32_767).contains(&duration.as_secs()) && duration.subsec_nanos() == 0).then_some(duration)
    };
    match (whole_seconds(time), whole_seconds(interval), probes.trim().parse()) {
        (Some(time), Some(interval), Ok(probes @ 1..=127)) => Ok(Switch::On(Keepalive { time, interval, probes })),
        _ => Err(wrong()),
    }
}

/// A duration or `off`, within what the kernel takes (24 days).
pub(super) fn user_timeout(text: &str) -> Result<Switch<Duration>, String> {
    if text.trim() == "off" {
        return Ok(Switch::Off);
    }
    let timeout = positive_duration(text)?;
    if timeout.as_millis() > i32::MAX as u128 {
        return Err(format!("'{text}' is more than the kernel takes; write at most 24d, or off"));
    }
    Ok(Switch::On(timeout))
}

/// `PERIOD`, `PERIODxMISSES` or `off`.
pub(super) fn watchdog(text: &str) -> Result<Switch<Watchdog>, String> {
    if text.trim() == "off" {
        return Ok(Switch::Off);
    }
    let (period, misses) = text.split_once('x').unwrap_or((text, "2"));
    match (positive_duration(period), misses.trim().parse()) {
        (Ok(period), Ok(misses @ 1..=1000)) => Ok(Switch::On(Watchdog { period, misses })),
        _ => Err(format!(
            "'{text}' is not a watchdog setting; write PERIODxMISSES, for example 1sx2 (a PING each second, dead after 2 misses), or off"
        )),
    }
}

/// A fault and when it is active.
pub(super) fn fault(text: &str) -> Result<FaultSchedule, String> {
    text.parse()
}

/// An incident.
pub(super) fn incident(text: &str) -> Result<Incident, String> {
    text.parse()
}

/// An address to listen on: `127.0.0.1:6380`, `localhost:6380`, `[::1]:6380`, or a port of 127.0.0.1 alone.
pub(super) fn listen(text: &str) -> Result<SocketAddr, String> {
    let trimmed = text.trim();
    let port = trimmed.strip_prefix("localhost").unwrap_or(trimmed).trim_start_matches(':');
    match (trimmed.parse(), port.parse()) {
        (Ok(address), _) => Ok(address),
        (Err(_), Ok(port)) => Ok((Ipv4Addr::LOCALHOST, port).into()),
        _ => Err(format!("'{text}' is not an address to listen on; write for example 127.0.0.1:6380")),
    }
}

/// A condition on a figure.
pub(super) fn gate(text: &str) -> Result<Gate, String> {
    text.parse()
}

/// A channel or pattern from the shell: any bytes, but not nothing, and not a server's address.
pub(super) fn channel(bytes: &[u8]) -> Result<Name, &'static str> {
    if bytes.is_empty() {
        return Err("it is empty (an unset variable?); write a channel name");
    }
    if super::uri::has_known_scheme(bytes) {
        return Err("it is a server's URL, not a channel; give it with -u");
    }
    Ok(Name::from(bytes))
}

#[cfg(test)]
mod tests;
