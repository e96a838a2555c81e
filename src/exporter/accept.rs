//! The choice of the format that a scraper likes best (RFC 9110, "Accept").

use crate::output::Exposition;

/// The media type of Prometheus' protobuf messages, each after its length.
pub(super) const PROTOBUF: &str =
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

/// Returns the format with the highest weight; of several, the first.
pub(super) fn accepted<'a>(headers: impl Iterator<Item = &'a [u8]>) -> Exposition {
    let texts = headers.filter_map(|value| std::str::from_utf8(value).ok());
    let ranges = texts.flat_map(|text| text.split(',')).filter_map(range).filter(|(_, weight)| *weight > 0.0);
    let best = ranges.reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.map_or(Exposition::Text, |(exposition, _)| exposition)
}

/// Reads a media range with its weight; `None` if it is none of ours.
fn range(text: &str) -> Option<(Exposition, f64)> {
    let mut parts = text.split(';').map(str::trim);
    let media = parts.next()?.to_ascii_lowercase();
    let parameters: Vec<_> = parts.filter_map(|part| part.split_once('=')).collect();
    let parameter = |wanted| {
        parameters.iter().find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
    };
    let is =
        |name, value: &str| parameter(name).is_none_or(|given| given.trim_matches('"').eq_ignore_ascii_case(value));
    let exposition = match media.as_str() {
        "application/openmetrics-text" => Exposition::OpenMetrics,
        "application/vnd.google.protobuf"
            if is("proto", "io.prometheus.client.MetricFamily") && is("encoding", "delimited") =>
        {
            Exposition::Protobuf
        }
        "text/plain" | "text/*" | "*/*" => Exposition::Text,
        _ => return None,
    };
    // A weight that cannot be read is no reason to serve nothing.
    Some((exposition, parameter("q").and_then(|weight| weight.parse().ok()).unwrap_or(1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NATIVE: &str = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

    fn of(header: &str) -> Exposition {
        accepted([header.as_bytes()].into_iter())
    }

    #[test]
    fn the_highest_weight_decides_and_then_the_order() {
        let open = "application/openmetrics-text;version=1.0.0";
        for (header, expected) in [
            // Prometheus 3 with `scrape_native_histograms`, and without it.
            (format!("{NATIVE};q=0.6,{open};q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"), Exposition::Protobuf),
            (
                format!("{open};escaping=allow-utf-8;q=0.5,text/plain;version=1.0.0;q=0.3,*/*;q=0.1"),
                Exposition::OpenMetrics,
            ),
            (format!("{open};q=0.4, {NATIVE}; q=0.6"), Exposition::Protobuf),
            (format!("{NATIVE};q=0.4,{open};q=0.6"), Exposition::OpenMetrics),
            (format!("{NATIVE},{open}"), Exposition::Protobuf),
            (format!("{NATIVE};q=0,text/plain;q=0.1"), Exposition::Text),
            ("text/html,application/xml;q=0.9,*/*;q=0.8".to_owned(), Exposition::Text),
            (String::new(), Exposition::Text),
            (format!("{open};q=high"), Exposition::OpenMetrics),
        ] {
            assert_eq!(of(&header), expected, "{header}");
        }
    }

    #[test]
    fn other_messages_and_other_encodings_are_not_ours() {
        for header in [
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text",
            "application/vnd.google.protobuf;proto=io.prometheus.write.v2.Request;encoding=delimited",
            "application/json",
        ] {
            assert_eq!(of(header), Exposition::Text, "{header}");
        }
        let several = [b"text/plain;q=0.1".as_slice(), b"\xff", NATIVE.as_bytes()];
        assert_eq!(accepted(several.into_iter()), Exposition::Protobuf);
    }
}
