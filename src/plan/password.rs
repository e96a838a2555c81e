//! The password of a server: given once, or fetched again for each connection attempt.

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::{clock::Clock, foreign};

/// Time for which an answer is kept: a token may expire, and the server may be down for hours.
const KEPT: Duration = Duration::from_secs(30);

/// A password, or where to get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Password {
    /// Given with a flag, in a URL, in a variable or at the prompt.
    Given(Secret),
    /// Fetched at each connection attempt.
    Asked(Arc<PasswordSource>),
}

/// A source of a password that changes: each connection attempt fetches it.
#[derive(Debug)]
pub struct PasswordSource {
    /// The place.
    pub(crate) place: PasswordPlace,
    /// The answer to the question at the start, for the first connection attempt.
    first: Mutex<Option<(Secret, Clock)>>,
}

/// A place where passwords are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PasswordPlace {
    /// The first line that a shell command prints.
    Command(String),
    /// The first line of a file.
    File(PathBuf),
}

impl Password {
    /// Creates a password that each connection attempt fetches.
    pub(crate) fn asked(place: PasswordPlace) -> Self {
        Self::Asked(Arc::new(PasswordSource { place, first: Mutex::new(None) }))
    }
}

impl PasswordSource {
    /// Keeps an answer for the first connection attempt.
    pub(crate) fn keep(&self, password: Secret) {
        *self.first.lock().unwrap_or_else(PoisonError::into_inner) = Some((password, Clock::start()));
    }

    /// Takes the answer that was kept, if it is recent and no attempt has taken it yet.
    pub(crate) fn take(&self) -> Option<Secret> {
        let kept = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        kept.filter(|(_, since)| since.now().elapsed() < KEPT).map(|(password, _)| password)
    }

    /// Wraps a password from this place. Of each place, every text from outside hides the latest passwords.
    pub(crate) fn secret(self: &Arc<Self>, password: &str) -> Secret {
        foreign::hide_recent(Arc::as_ptr(self) as usize, password);
        Secret::new(password)
    }
}

impl PartialEq for PasswordSource {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

impl Eq for PasswordSource {}

impl PasswordPlace {
    /// Returns the flag that names the place.
    pub(crate) fn flag(&self) -> &'static str {
        match self {
            Self::Command(_) => "--pass-command",
            Self::File(_) => "--pass-file",
        }
    }
}

/// A password that cannot be printed, logged or serialized.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a password.
    pub fn new(password: impl Into<String>) -> Self {
        Self(password.into())
    }

    /// Returns the password, for the handshake only. The peer may repeat it, so from now on every text from outside
    /// hides it.
    pub fn reveal(&self) -> &str {
        foreign::hide(&self.0);
        &self.0
    }

    /// Returns the text as the user gave it, to parse it.
    pub(crate) fn given(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}
