//! Received messages on standard output, as `subscribe` shows them: text, NDJSON or raw bytes.

use std::io::Write;

use crate::{
    clock::Clock,
    event::{Message, MessageSink},
    output::MessageFormat,
    plan::Name,
    render::{
        stdout::BufferedStdout,
        units::{inert_json, is_invisible},
    },
};

/// Writes each message to a [`BufferedStdout`].
pub(crate) struct Messages {
    stdout: BufferedStdout,
    format: MessageFormat,
    timestamps: bool,
    clock: Clock,
}

impl Messages {
    /// Creates a writer of messages in `format`; `timestamps` puts the wall-clock time before each line of text.
    pub(crate) fn new(stdout: BufferedStdout, format: MessageFormat, timestamps: bool, clock: Clock) -> Self {
        Self { stdout, format, timestamps, clock }
    }

    fn text(&self, out: &mut Vec<u8>, message: &Message<'_>) {
        if self.timestamps {
            // Writing into a vector cannot fail.
            let _ = write!(out, "{}  ", self.clock.wall(message.at));
        }
        if let Some(target) = message.target {
            escape(out, target.as_bytes());
            out.extend_from_slice(b"  ");
        }
        escape(out, message.channel);
        out.extend_from_slice(b"  ");
        escape(out, message.payload);
        out.push(b'\n');
    }

    fn json(&self, out: &mut Vec<u8>, message: &Message<'_>) {
        let line = Line {
            time: self.clock.wall(message.at),
            target: message.target,
            channel: Name::from(message.channel),
            pattern: message.pattern.map(Name::from),
            payload: std::str::from_utf8(message.payload).ok(),
            payload_escaped: std::str::from_utf8(message.payload).is_err().then(|| Name::from(message.payload)),
        };
        let json = serde_json::to_string(&line).unwrap_or_default();
        out.extend_from_slice(inert_json(&json).as_bytes());
        out.push(b'\n');
    }
}

impl MessageSink for Messages {
    fn on_message(&self, message: &Message<'_>) -> bool {
        self.stdout.append(|out| match self.format {
            MessageFormat::Text => self.text(out, message),
            MessageFormat::Ndjson => self.json(out, message),
            MessageFormat::Raw => {
                out.extend_from_slice(message.payload);
                out.push(b'\n');
            }
        })
    }
}

/// One line of NDJSON. A payload that is not UTF-8 is escaped, in a separate field.
#[derive(serde::Serialize)]
struct Line<'a> {
    time: crate::clock::WallTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
    channel: Name,
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_escaped: Option<Name>,
}

/// Printable text as it is, anything else escaped so that a line stays a line.
fn escape(out: &mut Vec<u8>, bytes: &[u8]) {
    let printable = |byte: &u8| (b' '..=b'~').contains(byte) && *byte != b'\\';
    if bytes.iter().all(printable) {
        out.extend_from_slice(bytes);
    } else if let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| is_visible(text)) {
        out.extend_from_slice(text.as_bytes());
    } else {
        let _ = write!(out, "{}", Name::from(bytes));
    }
}

fn is_visible(text: &str) -> bool {
    !text.chars().any(|char| char.is_control() || is_invisible(char))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: MessageFormat, payload: &[u8]) -> String {
        let (reader, writer) = std::io::pipe().unwrap();
        let (stdout, thread) = BufferedStdout::start(writer, || ()).unwrap();
        let messages = Messages::new(stdout.clone(), format, false, Clock::start());
        let at = crate::clock::Stamp::START;
        assert!(messages.on_message(&Message { target: None, at, channel: b"news", pattern: None, payload }));
        drop(messages);
        stdout.finish(thread).unwrap();
        std::io::read_to_string(reader).unwrap()
    }

    #[test]
    fn text_keeps_one_message_on_one_line() {
        assert_eq!(written(MessageFormat::Text, b"hello"), "news  hello\n");
        assert_eq!(written(MessageFormat::Text, "grüße".as_bytes()), "news  grüße\n");
        assert_eq!(written(MessageFormat::Text, b"a\nb\x00\xff"), "news  a\\nb\\x00\\xff\n");
        assert_eq!(written(MessageFormat::Text, b"\x1b[31m"), "news  \\x1b[31m\n");
        assert_eq!(written(MessageFormat::Text, "a\u{202e}b".as_bytes()), "news  a\\xe2\\x80\\xaeb\n");
    }

    #[test]
    fn ndjson_distinguishes_text_from_bytes() {
        let text: serde_json::Value = serde_json::from_str(&written(MessageFormat::Ndjson, b"hello")).unwrap();
        assert_eq!((&text["channel"], &text["payload"]), (&"news".into(), &"hello".into()));
        let bytes: serde_json::Value = serde_json::from_str(&written(MessageFormat::Ndjson, b"\xff")).unwrap();
        assert_eq!((&bytes["payload"], &bytes["payload_escaped"]), (&serde_json::Value::Null, &"\\xff".into()));
        // Nothing in it drives a terminal, and nothing is lost.
        let payload = "\x1b[31m \x7f \u{9b}31m \u{202e} \u{e0001} ü";
        let line = written(MessageFormat::Ndjson, payload.as_bytes());
        assert!(is_visible(line.trim_end()), "{line:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap()["payload"], payload);
    }

    #[test]
    fn raw_is_the_message_and_nothing_else() {
        assert_eq!(written(MessageFormat::Raw, b"a b"), "a b\n");
    }
}
