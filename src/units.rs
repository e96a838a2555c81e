//! Durations, sizes, shares and counts as text.

use std::{borrow::Cow, time::Duration};

/// Formats seconds: `412 µs`, `1.23 ms`, `5 s`, `2 min 5 s`, `3 h 20 min`, `2 d 4 h`.
pub(crate) fn duration(seconds: f64) -> String {
    let pair = |large: f64, large_name: &str, small: f64, small_name: &str| {
        let whole = (seconds / large).floor();
        let rest = ((seconds - whole * large) / small).floor();
        if rest > 0.0 { format!("{whole} {large_name} {rest} {small_name}") } else { format!("{whole} {large_name}") }
    };
    if seconds >= 86_400.0 {
        return pair(86_400.0, "d", 3600.0, "h");
    }
    if seconds >= 3600.0 {
        return pair(3600.0, "h", 60.0, "min");
    }
    if seconds >= 60.0 {
        return pair(60.0, "min", 1.0, "s");
    }
    for (unit, name) in [(1e-6, "µs"), (1e-3, "ms")] {
        let value = seconds / unit;
        if seconds > 0.0 && value < 999.5 {
            return format!("{} {name}", three_digits(value));
        }
    }
    format!("{} s", three_digits(seconds))
}

/// Formats a [`Duration`] in the same way.
pub(crate) fn span(time: Duration) -> String {
    duration(time.as_nanos() as f64 / 1e9)
}

/// Formats a range, with the unit once if it is the same: `18–21 µs`, `0.9 ms–1.2 s`.
pub(crate) fn span_range(low: Duration, high: Duration) -> String {
    let (low, high) = (span(low), span(high));
    match (low.rsplit_once(' '), high.rsplit_once(' ')) {
        (Some((number, unit)), Some((_, same))) if unit == same => format!("{number}–{high}"),
        _ => format!("{low}–{high}"),
    }
}

/// Formats seconds only: `350 s`, `1.5 s`, `0.02 s`.
pub(crate) fn seconds(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let decimals = match seconds {
        seconds if seconds >= 100.0 => 0,
        seconds if seconds >= 1.0 => 1,
        _ => 2,
    };
    format!("{seconds:.decimals$} s")
}

/// Formats milliseconds with three significant digits: `0.07 ms`, `12.3 ms`.
pub(crate) fn millis(time: Duration) -> String {
    format!("{} ms", three_significant(time.as_secs_f64() * 1e3))
}

/// Appends milliseconds in the style of ping(8).
pub(crate) fn push_millis(text: &mut String, time: Duration) {
    let micros = (time.as_nanos() + 500) / 1000;
    let (mut whole, mut rest) = (itoa::Buffer::new(), itoa::Buffer::new());
    // A leading digit keeps the zeros of the other three.
    let rest = rest.format(1000 + micros % 1000);
    text.extend([whole.format(micros / 1000), ".", &rest[1..], " ms"]);
}

/// Formats a share: `99.994 %`; never 100 or 0 unless exact.
pub(crate) fn percent(share: f64) -> String {
    if share == 0.0 || share == 1.0 {
        return format!("{} %", share * 100.0);
    }
    let percent = (share * 100.0).clamp(0.001, 99.999);
    format!("{} %", trimmed(&format!("{percent:.3}")))
}

/// Formats a share in whole percent: `12 %`, `< 1 %`; never 100 or 0 unless exact.
pub(crate) fn whole_percent(part: u64, of: u64) -> String {
    if part == 0 || of == 0 {
        return "0 %".into();
    }
    let percent = part as f64 * 100.0 / of as f64;
    match percent {
        percent if percent < 1.0 => "< 1 %".into(),
        percent if part < of => format!("{:.0} %", percent.min(99.0)),
        percent => format!("{percent:.0} %"),
    }
}

/// Parses `512`, `64k`, `1m`, `2g` (also `kb`, `KiB` …) in units of 1024; `None` if it is not a number of bytes.
pub(crate) fn parse_bytes(text: &str) -> Option<u64> {
    let lower = text.trim().to_ascii_lowercase();
    let digits = lower.trim_end_matches(|char: char| char.is_ascii_alphabetic());
    let unit: u64 = match &lower[digits.len()..] {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

/// Formats a size: `64 MiB`.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let whole = unit == 0 || (value - value.round()).abs() < 0.05;
    if whole { format!("{value:.0} {}", UNITS[unit]) } else { format!("{value:.1} {}", UNITS[unit]) }
}

/// Formats a count: `1 drop`, `2 drops`.
pub(crate) fn count(number: u64, one: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {one}{plural}")
}

/// Formats a number with three significant digits, without trailing zeros.
pub(crate) fn three_digits(value: f64) -> String {
    trimmed(&three_significant(value)).to_owned()
}

fn three_significant(value: f64) -> String {
    let decimals = match value.abs() {
        value if value >= 99.95 => 0,
        value if value >= 9.995 => 1,
        _ => 2,
    };
    format!("{value:.decimals$}")
}

fn trimmed(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

/// Returns an external text on one line, without characters that a terminal would act on or that reorder the line.
pub(crate) fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\r' | '\n' | '\t' => clean.push(' '),
            _ if char.is_control() || is_invisible(char) => clean.extend(char.escape_unicode()),
            _ => clean.push(char),
        }
    }
    clean
}

/// Returns JSON in which each character that can drive a terminal is escaped. Its text is the same.
pub(crate) fn inert_json(json: &str) -> Cow<'_, str> {
    if json.bytes().all(|byte| byte < 0x7f) {
        return Cow::Borrowed(json);
    }
    let mut inert = String::with_capacity(json.len());
    for char in json.chars() {
        if char.is_control() || is_invisible(char) {
            char.encode_utf16(&mut [0; 2]).iter().for_each(|unit| inert.push_str(&format!("\\u{unit:04x}")));
        } else {
            inert.push(char);
        }
    }
    Cow::Owned(inert)
}

/// Returns true for a character that changes the direction of text or has no width (Unicode UAX #9; category Cf).
pub(crate) fn is_invisible(char: char) -> bool {
    matches!(char, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_have_three_decimals() {
        let millis = |time| {
            let mut text = String::new();
            push_millis(&mut text, time);
            text
        };
        for (nanos, text) in [(0, "0.000 ms"), (1_499, "0.001 ms"), (1_500, "0.002 ms"), (999_999, "1.000 ms")] {
            assert_eq!(millis(Duration::from_nanos(nanos)), text);
        }
        assert_eq!(millis(Duration::from_secs(3)), "3000.000 ms");
        assert_eq!(millis(Duration::from_micros(10_042)), "10.042 ms");
    }

    #[test]
    fn durations_have_three_significant_digits() {
        for (seconds, text) in [
            (0.0, "0 s"),
            (0.000_000_5, "0.5 µs"),
            (0.000_412_3, "412 µs"),
            (0.000_999_6, "1 ms"),
            (0.001_234, "1.23 ms"),
            (0.012_345, "12.3 ms"),
            (0.207, "207 ms"),
            (0.999_9, "1 s"),
            (5.0, "5 s"),
            (7.25, "7.25 s"),
            (125.0, "2 min 5 s"),
            (3600.0, "1 h"),
            (12_000.0, "3 h 20 min"),
            (187_300.0, "2 d 4 h"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn a_range_has_its_unit_once_if_it_is_the_same() {
        let range = |low, high| span_range(Duration::from_micros(low), Duration::from_micros(high));
        assert_eq!(range(18, 21), "18–21 µs");
        assert_eq!(range(900, 1_200), "900 µs–1.2 ms");
    }

    #[test]
    fn seconds_and_milliseconds_keep_the_digits_that_matter() {
        let texts = |micros| (seconds(Duration::from_micros(micros)), millis(Duration::from_micros(micros)));
        for (micros, second, milli) in [
            (70, "0.00 s", "0.07 ms"),
            (12_345, "0.01 s", "12.3 ms"),
            (1_500_000, "1.5 s", "1500 ms"),
            (350_400_000, "350 s", "350400 ms"),
        ] {
            assert_eq!(texts(micros), (second.to_owned(), milli.to_owned()));
        }
    }

    #[test]
    fn sizes_have_a_decimal_only_where_it_matters() {
        for (size, text) in [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (64 << 20, "64 MiB"), (5 << 40, "5 TiB")]
        {
            assert_eq!(bytes(size), text);
        }
        for (part, of, text) in
            [(1, 8, "12 %"), (1, 0, "0 %"), (0, 9, "0 %"), (2, 999, "< 1 %"), (998, 999, "99 %"), (9, 9, "100 %")]
        {
            assert_eq!(whole_percent(part, of), text);
        }
    }

    #[test]
    fn a_share_is_rounded_but_never_to_all_or_nothing() {
        for (share, text) in [
            (1.0, "100 %"),
            (0.0, "0 %"),
            (0.999_999_9, "99.999 %"),
            (0.999_94, "99.994 %"),
            (0.000_000_1, "0.001 %"),
            (0.5, "50 %"),
        ] {
            assert_eq!(percent(share), text);
        }
    }

    #[test]
    fn a_foreign_text_cannot_drive_the_terminal() {
        assert_eq!(clean("a\x1b[31mb\r\nc"), "a\\u{1b}[31mb  c");
    }
}
