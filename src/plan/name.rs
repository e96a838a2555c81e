//! Names of channels, patterns and clients: any bytes, shown and stored as escaped ASCII.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A binary-safe name: everything but printable ASCII is escaped as `\xNN`, and the backslash itself as `\\`, as redis-cli
/// prints strings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "String")]
pub struct Name(Vec<u8>);

impl Name {
    /// Returns the bytes as sent to the server.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn parse(text: &str) -> Option<Self> {
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            if byte != b'\\' {
                bytes.push(byte);
                continue;
            }
            bytes.push(match rest.next()? {
                b'\\' => b'\\',
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'x' => {
                    let digits = [rest.next()?, rest.next()?];
                    u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
                }
                _ => return None,
            });
        }
        Some(Self(bytes))
    }
}

impl<T: Into<Vec<u8>>> From<T> for Name {
    fn from(bytes: T) -> Self {
        Self(bytes.into())
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for &byte in &self.0 {
            match byte {
                b'\\' => f.write_str("\\\\")?,
                b'\n' => f.write_str("\\n")?,
                b'\r' => f.write_str("\\r")?,
                b'\t' => f.write_str("\\t")?,
                b' '..=b'~' => write!(f, "{}", byte as char)?,
                _ => write!(f, "\\x{byte:02x}")?,
            }
        }
        Ok(())
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("{text:?} has a wrong escape")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::{Fuzz, assert_clean};

    proptest::proptest! {
        #[test]
        fn any_bytes_survive_their_text_form(bytes: Vec<u8>) {
            let name = Name::from(bytes);
            let text = name.to_string();
            proptest::prop_assert!(text.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            proptest::prop_assert_eq!(Name::parse(&text), Some(name));
        }
    }

    #[test]
    fn fuzz_names() {
        Fuzz::new("name", &["\\x", "\\n"]).run(|input| {
            let name = Name::from(input);
            assert_clean(&name.to_string());
            assert_eq!(Name::parse(&name.to_string()), Some(name));
            if let Some(parsed) = Name::parse(&String::from_utf8_lossy(input)) {
                assert_eq!(Name::parse(&parsed.to_string()), Some(parsed));
            }
        });
    }
}
