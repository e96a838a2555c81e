//! The arguments of a fault, `[VALUE][,NAME=VALUE]…`: read piece by piece, and written so that they read back the same.

use std::{fmt, str::FromStr};

use strum::VariantNames;

use super::{Directions, Reach, Scope, commands::Commands, value::Share};
use crate::suggestion;

/// The text behind `KIND=`, from which a kind takes its arguments.
pub(super) struct Reader<'a> {
    /// The pieces left to take, each with its place.
    pieces: Vec<(usize, &'a str)>,
    text: &'a str,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let pieces = text.split(',').map(str::trim).enumerate().filter(|_| !text.trim().is_empty());
        Self { pieces: pieces.collect(), text }
    }

    /// The whole text, for a kind with a syntax different from this one.
    pub(super) fn rest(&mut self) -> &'a str {
        self.pieces.clear();
        self.text
    }

    /// The value without a name, which comes first.
    pub(super) fn value(&mut self) -> Option<&'a str> {
        let (_, value) = *self.pieces.first().filter(|(place, piece)| *place == 0 && is_value(piece))?;
        self.pieces.remove(0);
        Some(value)
    }

    /// The value without a name where there must be one.
    pub(super) fn required(&mut self, what: &str, example: &str) -> Result<&'a str, String> {
        self.value().ok_or_else(|| format!("the {what} is missing; write for example {example}"))
    }

    /// The value of a name.
    pub(super) fn named(&mut self, name: &str) -> Result<Option<&'a str>, String> {
        let mut found = None;
        let mut left = Vec::new();
        for (place, piece) in std::mem::take(&mut self.pieces) {
            match piece.split_once('=').filter(|(known, _)| known.trim() == name) {
                Some(_) if found.is_some() => return Err(format!("'{name}' is given twice; write it once")),
                Some((_, value)) => found = Some(value.trim()),
                None => left.push((place, piece)),
            }
        }
        self.pieces = left;
        Ok(found)
    }

    /// One of a few words.
    pub(super) fn word<T: FromStr + VariantNames>(&mut self, name: &str, default: T) -> Result<T, String> {
        let Some(text) = self.named(name)? else { return Ok(default) };
        text.parse()
            .map_err(|_| format!("invalid value '{text}'; {}", suggestion::instead(text, T::VARIANTS.iter().copied())))
    }

    pub(super) fn directions(&mut self, default: Directions) -> Result<Directions, String> {
        self.word("direction", default)
    }

    pub(super) fn commands(&mut self) -> Result<Option<Commands>, String> {
        self.named("on")?.map(str::parse).transpose()
    }

    pub(super) fn scope(&mut self) -> Result<Scope, String> {
        let on = self.commands()?.unwrap_or_default();
        let share = self.named("share")?.map_or(Ok(Share::ALL), str::parse)?;
        Ok(Scope { on, share, reach: Reach::All })
    }

    /// Ends with an error if something is left.
    pub(super) fn finish(&self) -> Result<(), String> {
        match self.pieces.first() {
            None => Ok(()),
            Some((place, piece)) if piece.contains('=') || (*place == 0 && is_value(piece)) => {
                Err(format!("unexpected argument '{piece}'; leave it out"))
            }
            Some((_, piece)) => Err(format!("'{piece}' is not NAME=VALUE; write for example on=HELLO")),
        }
    }
}

fn is_value(piece: &str) -> bool {
    !piece.is_empty() && !piece.contains('=')
}

/// Arguments as they are written, without those that have their default.
#[derive(Debug, Default)]
pub(super) struct Arguments(Vec<String>);

impl Arguments {
    pub(super) fn none() -> Self {
        Self::default()
    }

    pub(super) fn value(value: impl fmt::Display) -> Self {
        Self(vec![value.to_string()])
    }

    pub(super) fn named<T: fmt::Display + PartialEq>(self, name: &str, value: &T, default: &T) -> Self {
        if value == default { self } else { self.value_of(name, value) }
    }

    pub(super) fn value_of(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.0.push(format!("{name}={value}"));
        self
    }

    pub(super) fn directions(self, directions: Directions, default: Directions) -> Self {
        self.named("direction", &directions, &default)
    }

    pub(super) fn scope(self, scope: &Scope, usual: &Commands) -> Self {
        self.named("on", &scope.on, usual).named("share", &scope.share, &Share::ALL)
    }
}

impl fmt::Display for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(","))
    }
}
