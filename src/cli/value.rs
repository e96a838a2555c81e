//! Parsers of single flag values: durations, counts, sizes, and settings that can be switched off.
//!
//! Every refusal is a [`ValueError`]; the flag is added where the error is shown.

mod error;

use std::{
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

pub(super) use self::error::ValueError;
use super::uri;
use crate::{
    plan::{Keepalive, Name, Pace, Secret, Watchdog},
    units,
};

/// A setting that has an `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Switch<T> {
    /// `off`
    Off,
    /// A value.
    On(T),
}

impl<T> Switch<T> {
    /// Returns the value, or `None` for off.
    pub(super) fn into_option(self) -> Option<T> {
        match self {
            Self::Off => None,
            Self::On(value) => Some(value),
        }
    }
}

/// Number of retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Retries {
    /// No limit.
    Unlimited,
    /// Retries after the first attempt.
    Times(u64),
}

/// Maximum duration.
const CENTURY: Duration = Duration::from_secs(100 * 31_557_600);
/// Maximum payload of a probe, in bytes.
const MAX_PAYLOAD: u64 = 16 << 20;
/// Minimum size of a full file, in bytes: a file of one line each would keep nothing.
const MIN_FILE: u64 = 64 << 10;

/// Smallest limit on a reply: the library itself needs some memory for each.
const MIN_REPLY: u64 = 1024 * 1024;

/// A duration, zero included: `500ms`, `1h 30m`, or a bare number of seconds.
pub(super) fn duration(text: &str) -> Result<Duration, ValueError> {
    let wrong = || ValueError::Duration(text.to_owned());
    let trimmed = text.trim();
    let duration = match trimmed.parse::<f64>() {
        Ok(seconds) if seconds.is_nan() => return Err(wrong()),
        Ok(seconds) if seconds < 0.0 => {
            return Err(ValueError::Negative(text.to_owned()));
        }
        Ok(seconds) => Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX),
        Err(_) if trimmed.starts_with('-') && humantime::parse_duration(&trimmed[1..]).is_ok() => {
            return Err(ValueError::Negative(text.to_owned()));
        }
        Err(_) => humantime::parse_duration(trimmed).map_err(|_| wrong())?,
    };
    if duration > CENTURY {
        return Err(ValueError::Endless(text.to_owned()));
    }
    Ok(duration)
}

/// A duration of at least a millisecond, where zero would mean nothing.
pub(super) fn positive_duration(text: &str) -> Result<Duration, ValueError> {
    let duration = duration(text)?;
    if duration < Duration::from_millis(1) {
        return Err(ValueError::Short { text: text.to_owned(), least: "1ms" });
    }
    Ok(duration)
}

/// The interval of `ping`: zero is back to back.
pub(super) fn interval(text: &str) -> Result<Pace, ValueError> {
    let interval = duration(text)?;
    // Less than a nanosecond is not zero.
    let zero = interval.is_zero() && text.trim().parse().map_or(true, |seconds: f64| seconds == 0.0);
    if !zero && interval < Duration::from_micros(1) {
        return Err(ValueError::Short { text: text.to_owned(), least: "1us, or 0 for back to back" });
    }
    Ok(Pace::every(interval))
}

/// A rate, zero (unpaced) included.
pub(super) fn rate(text: &str) -> Result<Pace, ValueError> {
    text.trim().parse().map_err(ValueError::Rate)
}

/// A rate at which messages are published: an unpaced publisher would only measure its own flood.
pub(super) fn publish_rate(text: &str) -> Result<Pace, ValueError> {
    match rate(text)? {
        Pace::Unpaced => Err(ValueError::Unpaced(text.to_owned())),
        pace => Ok(pace),
    }
}

/// A count of at least one.
pub(super) fn count(text: &str) -> Result<u64, ValueError> {
    match text.trim().parse() {
        Ok(0) => Err(ValueError::NoCount(text.to_owned())),
        Ok(count) => Ok(count),
        Err(_) => Err(ValueError::Count(text.to_owned())),
    }
}

/// 1 to 10000 of something that costs memory or sockets.
pub(super) fn parallelism(text: &str) -> Result<u32, ValueError> {
    match text.trim().parse() {
        Ok(number @ 1..=10_000) => Ok(number),
        _ => Err(ValueError::Parallelism(text.to_owned())),
    }
}

/// A port.
pub(super) fn port(text: &str) -> Result<u16, ValueError> {
    match text.trim().parse() {
        Ok(port @ 1..) => Ok(port),
        _ => Err(ValueError::Port(text.to_owned())),
    }
}

/// The id of a process.
pub(super) fn pid(text: &str) -> Result<u32, ValueError> {
    match text.trim().parse() {
        Ok(pid @ 1..) => Ok(pid),
        _ => Err(ValueError::Pid(text.to_owned())),
    }
}

/// Cases that run at the same time.
pub(super) fn jobs(text: &str) -> Result<u8, ValueError> {
    match text.trim().parse() {
        Ok(jobs @ 1..=64) => Ok(jobs),
        _ => Err(ValueError::Jobs(text.to_owned())),
    }
}

/// The number of a logical database.
pub(super) fn db(text: &str) -> Result<i64, ValueError> {
    match text.trim().parse() {
        Ok(db @ 0..) => Ok(db),
        _ => Err(ValueError::Db(text.to_owned())),
    }
}

/// A host without port, scheme or blanks; IPv6 with or without brackets.
pub(super) fn host(text: &str) -> Result<String, ValueError> {
    let host = text.trim();
    if host.is_empty() {
        return Err(ValueError::NoHost);
    }
    if host.contains("://") || host.contains('@') {
        return Err(ValueError::UrlAsHost);
    }
    let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    if let Some((name, port)) = host.split_once(':').filter(|(_, port)| !port.contains(':')) {
        return Err(ValueError::HostWithPort { text: text.to_owned(), name: name.to_owned(), port: port.to_owned() });
    }
    if host.starts_with('-') || host.contains(|char: char| char.is_whitespace() || char.is_control() || char == '/') {
        return Err(ValueError::Host(text.to_owned()));
    }
    Ok(host.to_owned())
}

/// The name of a connection; the server accepts printable ASCII without blanks.
pub(super) fn client_name(text: &str) -> Result<String, ValueError> {
    if text.contains("://") {
        return Err(ValueError::UrlAsClientName);
    }
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(ValueError::ClientName(text.to_owned()));
    }
    Ok(text.to_owned())
}

/// A password or a URL that may hold one.
pub(super) fn secret(text: &str) -> Result<Secret, Infallible> {
    Ok(Secret::new(text))
}

/// Bytes: `512`, `64k`, `1m`, at most 16 MiB.
pub(super) fn size(text: &str) -> Result<usize, ValueError> {
    let bytes = units::parse_bytes(text).ok_or_else(|| ValueError::Size(text.to_owned()))?;
    let small = usize::try_from(bytes).ok().filter(|_| bytes <= MAX_PAYLOAD);
    small.ok_or_else(|| ValueError::LargeSize(text.to_owned()))
}

/// A size at which a file is full: `500k`, `100m`, `2g`, at least 64 KiB.
pub(super) fn file_size(text: &str) -> Result<u64, ValueError> {
    let bytes = units::parse_bytes(text).filter(|bytes| *bytes >= MIN_FILE);
    bytes.ok_or_else(|| ValueError::FileSize(text.to_owned()))
}

/// The largest size of a reply: `64m`, `1g`, at least 1 MiB.
pub(super) fn reply_size(text: &str) -> Result<u64, ValueError> {
    let bytes = units::parse_bytes(text).filter(|bytes| *bytes >= MIN_REPLY);
    bytes.ok_or_else(|| ValueError::ReplySize(text.to_owned()))
}

/// A seed.
pub(super) fn seed(text: &str) -> Result<u64, ValueError> {
    text.trim().parse().map_err(|_| ValueError::Seed(text.to_owned()))
}

/// `N` or `unlimited`.
pub(super) fn retries(text: &str) -> Result<Retries, ValueError> {
    match text.trim() {
        "unlimited" | "infinite" => Ok(Retries::Unlimited),
        number => number.parse().map(Retries::Times).map_err(|_| ValueError::Retries(text.to_owned())),
    }
}

/// The factor between delays.
pub(super) fn backoff_base(text: &str) -> Result<f32, ValueError> {
    match text.trim().parse::<f32>() {
        Ok(base) if (1.0..=1000.0).contains(&base) => Ok(base),
        _ => Err(ValueError::BackoffBase(text.to_owned())),
    }
}

/// `on` or `off`.
pub(super) fn on_off(text: &str) -> Result<bool, ValueError> {
    match text.trim() {
        "on" | "yes" | "true" => Ok(true),
        "off" | "no" | "false" => Ok(false),
        _ => Err(ValueError::OnOff(text.to_owned())),
    }
}

/// `TIME/INTERVAL/PROBES` or `off`, within the kernel's limits.
pub(super) fn keepalive(text: &str) -> Result<Switch<Keepalive>, ValueError> {
    if text.trim() == "off" {
        return Ok(Switch::Off);
    }
    let wrong = || ValueError::Keepalive(text.to_owned());
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

/// A duration or `off`, within the kernel's limit (24 days).
pub(super) fn user_timeout(text: &str) -> Result<Switch<Duration>, ValueError> {
    if text.trim() == "off" {
        return Ok(Switch::Off);
    }
    let timeout = positive_duration(text)?;
    if timeout.as_millis() > i32::MAX as u128 {
        return Err(ValueError::UserTimeout(text.to_owned()));
    }
    Ok(Switch::On(timeout))
}

/// `PERIOD`, `PERIODxMISSES` or `off`.
pub(super) fn watchdog(text: &str) -> Result<Switch<Watchdog>, ValueError> {
    if text.trim() == "off" {
        return Ok(Switch::Off);
    }
    let (period, misses) = text.split_once('x').unwrap_or((text, "2"));
    match (positive_duration(period), misses.trim().parse()) {
        (Ok(period), Ok(misses @ 1..=1000)) => Ok(Switch::On(Watchdog { period, misses })),
        _ => Err(ValueError::Watchdog(text.to_owned())),
    }
}

/// An address to listen on: `127.0.0.1:6380`, `localhost:6380`, `[::1]:6380`, or a port of 127.0.0.1 alone.
pub(super) fn listen(text: &str) -> Result<SocketAddr, ValueError> {
    let trimmed = text.trim();
    let port = trimmed.strip_prefix("localhost").unwrap_or(trimmed).trim_start_matches(':');
    match (trimmed.parse(), port.parse()) {
        (Ok(address), _) => Ok(address),
        (Err(_), Ok(port)) => Ok((Ipv4Addr::LOCALHOST, port).into()),
        _ => Err(ValueError::Listen(text.to_owned())),
    }
}

/// A channel or pattern from the shell: any bytes, but not empty, and not a server's URL.
pub(super) fn channel(bytes: &[u8]) -> Result<Name, ValueError> {
    if bytes.is_empty() {
        return Err(ValueError::NoChannel);
    }
    if uri::has_known_scheme(bytes) {
        return Err(ValueError::UrlAsChannel);
    }
    Ok(Name::from(bytes))
}

#[cfg(test)]
mod tests;
