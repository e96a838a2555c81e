//! Sets of commands: all, one by name, a category, or those that a server refuses with an error.
//!
//! `commands.txt` lists the commands of Redis 6.2 and 7.0 and of Valkey 8.1 and 9.1, as their COMMAND reply describes
//! them: the name, the ACL categories, and traits that decide whether a server refuses the command (`keyed` and
//! `multikey` come from the key specifications).

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    str::FromStr,
    sync::LazyLock,
};

use super::reply::ErrorCode;
use crate::suggestion;

const LIST: &str = include_str!("commands.txt");

static TRAITS: LazyLock<HashMap<&str, Traits>> = LazyLock::new(|| lines().collect());

/// Commands that have subcommands.
static CONTAINERS: LazyLock<BTreeSet<&str>> =
    LazyLock::new(|| lines().filter_map(|(name, _)| Some(name.split_once('|')?.0)).collect());

/// Categories and traits that a user may name.
static CATEGORIES: LazyLock<BTreeSet<&str>> =
    LazyLock::new(|| lines().flat_map(|(_, Traits(words))| words).filter(|word| *word != "-").chain(["all"]).collect());

fn lines() -> impl Iterator<Item = (&'static str, Traits)> {
    LIST.lines().filter_map(|line| {
        let (name, words) = line.split_once(' ')?;
        Some((name, Traits(words.split([' ', ',']).collect())))
    })
}

/// The categories and traits of a command.
#[derive(Debug, Default)]
pub(super) struct Traits(Vec<&'static str>);

impl Traits {
    pub(super) fn has(&self, word: &str) -> bool {
        self.0.contains(&word)
    }
}

/// Returns true if the command's second word is the name of a subcommand.
pub(crate) fn has_subcommands(name: &[u8]) -> bool {
    CONTAINERS.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name))
}

/// A set of commands.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Commands {
    #[default]
    All,
    /// The command with this name, in capitals.
    Named(String),
    /// The commands of this category.
    In(&'static str),
    /// The commands that a server refuses with this error.
    RefusedWith(ErrorCode),
}

impl Commands {
    /// True if the command with these first words is in the set.
    pub(crate) fn include(&self, words: &[Vec<u8>]) -> bool {
        let Some(first) = words.first() else { return false };
        let name = String::from_utf8_lossy(first).to_ascii_uppercase();
        match self {
            Self::All => true,
            Self::Named(on) => *on == name,
            Self::In(category) => traits(&name, words).has(category),
            Self::RefusedWith(code) => code.refuses(&name, traits(&name, words)),
        }
    }
}

/// Looks up a command, with its subcommand if it has one.
fn traits(name: &str, words: &[Vec<u8>]) -> &'static Traits {
    static UNKNOWN: Traits = Traits(Vec::new());
    let second = words.get(1).filter(|_| CONTAINERS.contains(name));
    let whole = second.map(|second| format!("{name}|{}", String::from_utf8_lossy(second).to_ascii_uppercase()));
    whole.and_then(|whole| TRAITS.get(whole.as_str())).or_else(|| TRAITS.get(name)).unwrap_or(&UNKNOWN)
}

impl fmt::Display for Commands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("@all"),
            Self::Named(name) => f.write_str(name),
            Self::In(category) => write!(f, "@{category}"),
            Self::RefusedWith(code) => write!(f, "the commands that are refused with {code}"),
        }
    }
}

impl FromStr for Commands {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(category) = text.strip_prefix('@') {
            let category = category.to_ascii_lowercase();
            return match CATEGORIES.get(category.as_str()) {
                Some(&"all") => Ok(Self::All),
                Some(known) => Ok(Self::In(known)),
                None => Err(format!(
                    "'{text}' is not a category of commands; {}",
                    suggestion::instead(&category, CATEGORIES.iter().copied())
                )),
            };
        }
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)) {
            return Err(format!("'{text}' is not a command; write its name alone, or a category such as @write"));
        }
        Ok(Self::Named(text.to_ascii_uppercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(error: &str, command: &str) -> bool {
        let words: Vec<_> = command.split(' ').map(|word| word.as_bytes().to_vec()).collect();
        Commands::RefusedWith(error.parse().unwrap()).include(&words)
    }

    #[test]
    fn an_error_is_for_the_commands_that_a_server_refuses_with_it() {
        for (error, refuses, passes) in [
            ("READONLY", "SET k v|incrby k 1|XGROUP CREATE k g $|DEL k", "PING|GET k|SUBSCRIBE c|PUBLISH c m|EVAL s 0"),
            ("OOM", "SET k v|LPUSH l a|INCRBY k 1", "DEL k|GET k|PING|EXPIRE k 1|RPOP l"),
            ("MISCONF", "SET k v|DEL k|PING", "GET k|SUBSCRIBE c"),
            ("LOADING", "PING|GET k|SET k v", "HELLO 3|AUTH p|SUBSCRIBE c|CLIENT SETNAME a|INFO"),
            ("MASTERDOWN", "GET k|PING", "HELLO 3|SUBSCRIBE c|INFO"),
            ("NOAUTH", "HELLO 3|GET k|SUBSCRIBE c|PING", "AUTH p|RESET"),
            ("NOPERM", "GET k|SUBSCRIBE c|CONFIG GET *", "HELLO 3|AUTH p"),
            ("WRONGPASS", "AUTH p|HELLO 3 AUTH u p", "GET k|PING"),
            ("MOVED", "GET k|MSET a 1|EVAL s 1 k", "PING|CLUSTER SLOTS|SUBSCRIBE c|INFO"),
            ("TRYAGAIN", "MGET a b|DEL a b", "GET k|PING"),
            ("BUSY", "GET k|PING|EVAL s 0", "AUTH p|SCRIPT KILL|FUNCTION KILL"),
            ("ERR", "GET k|UNKNOWN", ""),
        ] {
            for command in refuses.split('|') {
                assert!(refused(error, command), "{error}: {command}");
            }
            for command in passes.split('|').filter(|command| !command.is_empty()) {
                assert!(!refused(error, command), "{error}: {command}");
            }
        }
    }

    #[test]
    fn a_category_is_known_or_refused_with_a_suggestion() {
        assert_eq!("@WRITE".parse(), Ok(Commands::In("write")));
        assert_eq!("@all".parse(), Ok(Commands::All));
        let refusal = "@wirte".parse::<Commands>().unwrap_err();
        assert!(refusal.contains("'@wirte' is not a category") && refusal.contains("write"), "{refusal}");
    }

    #[test]
    fn every_line_has_a_name_categories_and_traits() {
        let names: Vec<_> = LIST.lines().map(|line| line.split(' ').collect::<Vec<_>>()).collect();
        assert!(names.len() > 350);
        for fields in &names {
            assert_eq!(fields.len(), 3, "{fields:?}");
        }
        assert!(names.is_sorted_by_key(|fields| fields[0]));
    }
}
