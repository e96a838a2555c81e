//! Parsers for textual replies: INFO, and the lines of CLIENT LIST.

use redis::{FromRedisValue, Value};

/// Converts a reply; `None` if it has another type.
pub(crate) fn decode<T: FromRedisValue>(reply: Value) -> Option<T> {
    redis::from_redis_value(reply).ok()
}

/// Returns a textual reply, in whatever type it was sent: RESP3 has a separate type for INFO and CLIENT LIST.
pub(crate) fn text(reply: &Value) -> Option<String> {
    match reply {
        Value::BulkString(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => Some(text.clone()),
        _ => None,
    }
}

/// Returns the fields of a reply to INFO, in order: `role:master`.
pub(crate) fn info_fields(info: &str) -> impl Iterator<Item = (&str, &str)> {
    info.lines().filter_map(|line| line.trim_end().split_once(':'))
}

/// Returns a field of a reply to INFO.
pub(crate) fn info_field<'a>(info: &'a str, wanted: &str) -> Option<&'a str> {
    info_fields(info).find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

/// Returns a field of a line such as `id=7 addr=10.0.9.4:51322` (CLIENT LIST, separated by spaces) or
/// `ip=10.0.0.2,port=6379` (a value in INFO, separated by commas).
pub(crate) fn line_field<'a>(line: &'a str, between: char, wanted: &str) -> Option<&'a str> {
    let mut fields = line.trim_end().split(between).filter_map(|field| field.split_once('='));
    fields.find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_empty_lines_and_line_ends_are_not_part_of_a_field() {
        let info = "# Server\r\nredis_version:7.2.4\r\n\r\n# Replication\r\nslave0:ip=10.0.0.2,port=6379\r\nempty:\r\n";
        let all: Vec<_> = info_fields(info).collect();
        assert_eq!(all, [("redis_version", "7.2.4"), ("slave0", "ip=10.0.0.2,port=6379"), ("empty", "")]);
        assert_eq!(info_field(info, "redis_version"), Some("7.2.4"));
        assert_eq!(info_field(info, "redis"), None);
    }

    #[test]
    fn a_field_is_found_by_its_whole_name_and_may_be_empty() {
        let client = "id=7 addr=10.0.9.4:51322 laddr=10.0.3.17:6379 name= resp=3\n";
        assert_eq!(line_field(client, ' ', "addr"), Some("10.0.9.4:51322"));
        assert_eq!(line_field(client, ' ', "name"), Some(""));
        assert_eq!(line_field(client, ' ', "resp"), Some("3"));
        assert_eq!(line_field("ip=::1,port=6379", ',', "port"), Some("6379"));
        assert_eq!(line_field("nonsense", ' ', "id"), None);
    }
}
