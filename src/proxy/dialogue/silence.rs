//! CLIENT REPLY: commands to which the server does not reply.

/// The commands to which the server does not reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Silence {
    #[default]
    None,
    /// The next one.
    Next,
    /// Every one.
    All,
}

impl Silence {
    /// Takes a command's first words (none if the server does not get it); true if the server does not reply to it.
    pub(super) fn covers(&mut self, words: &[Vec<u8>]) -> bool {
        let is =
            |place: usize, text: &str| words.get(place).is_some_and(|word| word.eq_ignore_ascii_case(text.as_bytes()));
        let reply = |mode: &str| is(0, "CLIENT") && is(1, "REPLY") && is(2, mode);
        let (next, silent) = match *self {
            _ if reply("ON") || is(0, "RESET") => (Self::None, false),
            _ if reply("OFF") => (Self::All, true),
            Self::All => (Self::All, true),
            _ if reply("SKIP") => (Self::Next, true),
            Self::Next => (Self::None, true),
            Self::None => (Self::None, false),
        };
        *self = next;
        silent
    }
}
