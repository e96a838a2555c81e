//! Single values: what is read, to the nanosecond. What is refused is tested with whole command lines.

use super::*;

#[test]
fn durations_are_words_or_seconds() {
    for (text, nanos) in [
        ("0", 0),
        ("0.1", 100_000_000),
        ("30", 30_000_000_000),
        (" 1h 30m ", 5_400_000_000_000),
        ("500ms", 500_000_000),
        ("1.5s", 1_500_000_000),
        ("100us", 100_000),
        ("1d", 86_400_000_000_000),
    ] {
        assert_eq!(duration(text), Ok(Duration::from_nanos(nanos)), "{text}");
    }
}

#[test]
fn sizes_are_bytes_or_powers_of_1024() {
    for (text, bytes) in
        [("0", 0), ("512", 512), ("64k", 65_536), ("64KiB", 65_536), ("1m", 1 << 20), ("16MB", 16 << 20)]
    {
        assert_eq!(size(text), Ok(bytes), "{text}");
    }
    for text in ["", "k", "-1", "1.5k", "1g", "16777217", "99999999999999999999m"] {
        assert!(size(text).is_err(), "{text}");
    }
}

#[test]
fn hosts_come_with_or_without_brackets() {
    for (text, name) in [("a", "a"), ("[::1]", "::1"), ("fe80::1%eth0", "fe80::1%eth0"), (" a.example ", "a.example")] {
        assert_eq!(host(text).as_deref(), Ok(name), "{text}");
    }
}

#[test]
fn a_switch_is_off_or_a_value() {
    assert_eq!(watchdog("off"), Ok(Switch::Off));
    let misses = |text| watchdog(text).map(|it| it.into_option().map(|watchdog| watchdog.misses));
    assert_eq!((misses("500ms"), misses("1x5")), (Ok(Some(2)), Ok(Some(5))));
    assert_eq!(user_timeout("24d").map(|it| it.into_option().is_some()), Ok(true));
    assert!(keepalive("32767/1/127").is_ok() && keepalive("32768/1/1").is_err() && keepalive("1/1/128").is_err());
}
