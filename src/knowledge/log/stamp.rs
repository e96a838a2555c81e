//! The time at which a log line was written, as the line has it.

/// Number of bytes at the beginning of a line in which its time is expected.
const WITHIN: usize = 120;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Returns the time of a line: as written in ISO 8601, syslog, redis-server's, klog's or a web server's format; seconds or
/// milliseconds since 1970 are returned as UTC.
pub(super) fn stamp(line: &str) -> Option<String> {
    let begins = |at: &usize| {
        let before = at.checked_sub(1).and_then(|at| line.as_bytes().get(at));
        before.is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'.' && *byte != b'-')
    };
    let starts = (0..line.len().min(WITHIN)).filter(|at| line.is_char_boundary(*at)).filter(begins);
    starts.filter_map(|at| line.get(at..)).find_map(|text| {
        let formats = [iso, day_first, month_first, klog];
        let written = formats.iter().find_map(|format| format(text)).and_then(|length| text.get(..length));
        written.map(str::to_owned).or_else(|| epoch(text))
    })
}

/// Returns the number of bytes of a text that follow this pattern: `0` is a digit, `_` a blank or a digit, `@` a month.
fn follows(text: &str, pattern: &str) -> Option<usize> {
    let mut at = 0;
    for expected in pattern.chars() {
        let rest = text.get(at..)?;
        let first = rest.chars().next()?;
        let fits = match expected {
            '0' => first.is_ascii_digit(),
            '_' => first == ' ' || first.is_ascii_digit(),
            '@' => MONTHS.iter().any(|month| rest.starts_with(month)),
            literal => first == literal,
        };
        if !fits {
            return None;
        }
        at += if expected == '@' { 3 } else { 1 };
    }
    Some(at)
}

/// Adds the fraction of a second and the zone that stand behind a time.
fn with_fraction(text: &str, length: usize) -> usize {
    let digits = |at: usize| text.get(at..).map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    let mut end = length;
    if text.get(end..).is_some_and(|rest| rest.starts_with(['.', ','])) && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
    }
    let zones = ["Z", "+00:00", "-00:00", "+0000", "-0000"];
    let zone = zones.iter().find_map(|zone| follows(text.get(end..)?, zone));
    end + zone.unwrap_or(0)
}

/// `2026-11-22T04:04:32.110Z`, `2026/11/22 04:04:32`
fn iso(text: &str) -> Option<usize> {
    let patterns = ["0000-00-00T00:00:00", "0000-00-00 00:00:00", "0000/00/00 00:00:00"];
    Some(with_fraction(text, patterns.iter().find_map(|pattern| follows(text, pattern))?))
}

/// `22 Nov 2026 04:04:32.110`, `22/Nov/2026:04:04:32 +0000`
fn day_first(text: &str) -> Option<usize> {
    let patterns = ["00 @ 0000 00:00:00", "00/@/0000:00:00:00"];
    Some(with_fraction(text, patterns.iter().find_map(|pattern| follows(text, pattern))?))
}

/// `Nov 22 04:04:32`
fn month_first(text: &str) -> Option<usize> {
    Some(with_fraction(text, follows(text, "@ _0 00:00:00")?))
}

/// `E1122 04:04:32.110000`
fn klog(text: &str) -> Option<usize> {
    let level = text.starts_with(['E', 'F', 'I', 'W']);
    let length = follows(text.get(1..).filter(|_| level)?, "0000 00:00:00")?;
    Some(with_fraction(text, length + 1))
}

/// `1732248272`, `1732248272.110`, `1732248272110`
fn epoch(text: &str) -> Option<String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = text.get(..digits)?.parse().ok()?;
    let ends =
        text.as_bytes().get(digits).is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'-' && *byte != b':');
    let seconds = match digits {
        10 => number,
        13 => number / 1000,
        _ => return None,
    };
    // From 2001 to 2100; other numbers of this length are something else.
    (ends && (1_000_000_000..4_102_444_800).contains(&seconds)).then(|| utc(seconds))
}

/// Formats seconds since 1970 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn utc(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_line_is_found_in_every_format() {
        for (line, expected) in [
            ("2026-11-22T04:04:32.110Z ERROR x", "2026-11-22T04:04:32.110Z"),
            ("[2026-11-22 04:04:32,110: ERROR/MainProcess] x", "2026-11-22 04:04:32,110"),
            ("time=\"2026-11-22T04:04:32+01:00\" level=error", "2026-11-22T04:04:32+01:00"),
            ("2026/11/22 04:04:32 dial tcp", "2026/11/22 04:04:32"),
            ("Nov 22 04:04:32 web-1 app[1]: x", "Nov 22 04:04:32"),
            ("Nov  2 04:04:32 web-1 app[1]: x", "Nov  2 04:04:32"),
            ("1:M 22 Nov 2026 04:04:32.110 * x", "22 Nov 2026 04:04:32.110"),
            ("10.0.0.1 - - [22/Nov/2026:04:04:32 +0000] x", "22/Nov/2026:04:04:32"),
            ("E1122 04:04:32.110000       1 main.go:7] x", "E1122 04:04:32.110000"),
            ("1732248272 x", "2024-11-22T04:04:32Z"),
            ("1732248272.110 x", "2024-11-22T04:04:32Z"),
            ("{\"ts\":1732248272110,\"msg\":\"x\"}", "2024-11-22T04:04:32Z"),
            ("951782400 x 1:signal-handler (1709164800) x", "2024-02-29T00:00:00Z"),
        ] {
            assert_eq!(stamp(line).as_deref(), Some(expected), "{line}");
        }
        for line in
            ["", "x", "Error 111 connecting to 10.0.0.1:6379", "9999999999", "1732248272-ab", "日本語", "22 Nov"]
        {
            assert_eq!(stamp(line), None, "{line}");
        }
    }
}
