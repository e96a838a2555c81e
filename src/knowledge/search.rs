//! The search for the entry that a typed or pasted text refers to.
//!
//! An exact code, errno, name or alias gives its entry. A pasted line is compared with the wordings of the programs that
//! print such lines ([`wording`]). Any other text is scored by its words: names and aliases in the text score highest,
//! more the longer they are, single words by their rarity in the knowledge base. An answer that is not sure is a list of
//! the nearest entries.

use std::{
    borrow::Cow,
    cmp::Reverse,
    collections::{BTreeMap, HashSet},
    sync::LazyLock,
};

use super::{Entry, Kind, entries, entry, errno, wording};

/// A search result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The best match.
    pub best: Cow<'static, Entry>,
    /// Further matches, best first.
    pub others: Vec<&'static Entry>,
    /// The query was an exact code, errno, name or alias.
    pub exact: bool,
    /// False if the best match may be wrong; then it and the others are only the nearest entries.
    pub sure: bool,
}

/// Score of the first word of a name or alias in the text; the second counts twice that, and so on. Two words in a row
/// may match by chance, five do not.
const NAMED: f64 = 4.0;
/// Score of a word of a title, name or alias, times its rarity.
const IN_TITLE: f64 = 5.0;
/// Score of a word elsewhere in an entry, times its rarity.
const IN_TEXT: f64 = 1.0;
/// Minimum score; below it a match is chance, such as a word that half of the entries contain.
const CHANCE: f64 = 2.5;
/// Share of the best score that another entry needs to be listed.
const COMPARABLE: f64 = 0.35;
/// Maximum number of further matches.
const OTHERS: usize = 5;
/// Minimum similarity for a suggestion (1 is equal).
const ALIKE: f64 = 0.8;
/// Longest query, in bytes, that is taken for a mistyped name.
const LONGEST_NAME: usize = 60;
/// Maximum number of suggestions, and of entries in an answer that is not sure.
const SUGGESTIONS: usize = 3;
/// Minimum share of a description's words, rare ones counting more, that an entry must contain to be its sure answer.
const COVERED: f64 = 0.6;

/// Stop words.
const EMPTY: [&str; 41] = [
    "a", "about", "an", "and", "are", "as", "at", "be", "but", "by", "can", "do", "does", "for", "from", "has", "have",
    "how", "i", "in", "is", "it", "my", "no", "not", "of", "on", "or", "so", "that", "the", "this", "to", "was", "we",
    "what", "when", "which", "why", "with", "you",
];

static INDEX: LazyLock<Vec<Indexed>> = LazyLock::new(|| entries().iter().map(Indexed::of).collect());

/// The entry for error replies without their own.
const ANOTHER_REPLY: &str = "RD129";

/// Log levels: words in capitals at the start of a line that are not an error reply.
const LEVELS: [&str; 9] = ["CRITICAL", "DEBUG", "ERROR", "FATAL", "INFO", "NOTICE", "TRACE", "WARN", "WARNING"];

/// Finds the entry for a query; `None` if nothing matches. An errno or error reply without its own entry gives the
/// general one.
pub(crate) fn search(query: &str) -> Option<Answer> {
    let words = tokens(query);
    let exact = named(&words);
    // A bare number is an errno, and only then a code: 104 is ECONNRESET.
    if let Some(answer) = exact.clone().filter(|_| !words.iter().all(|word| is_number(word)) || names_an_errno(&words))
    {
        return Some(answer);
    }
    let found = described(&words);
    let (ranked, sure) = wording::rank(query);
    let errno = errno::general(query).filter(|general| general.errno.iter().all(|errno| !has_entry(errno.linux)));
    if let Some(best) = errno.filter(|_| !sure) {
        let codes = exact.iter().map(|answer| answer.best.id.as_str());
        let others = codes.filter_map(entry).chain(found.iter().flat_map(Answer::all)).take(OTHERS);
        return Some(Answer { best, others: others.collect(), exact: true, sure: true });
    }
    if exact.is_some() {
        return exact;
    }
    let titled = found.clone().filter(|found| is_titled(&found.best, &words));
    if titled.is_some() {
        return titled;
    }
    if let Some((best, score)) = ranked.first().filter(|_| sure) {
        let others = ranked.iter().skip(1).take_while(|(_, other)| *other >= score * COMPARABLE).take(OTHERS);
        let others = others.map(|(entry, _)| *entry).collect();
        return Some(Answer { best: Cow::Borrowed(best), others, exact: false, sure: true });
    }
    let quoted = found.as_ref().is_some_and(|answer| quotes(&answer.best, &words));
    let reply = entry(ANOTHER_REPLY).filter(|_| !quoted && is_a_reply(query));
    if let Some(reply) = reply {
        let others = found.iter().flat_map(Answer::all).filter(|other| other.id != reply.id).take(OTHERS);
        return Some(Answer { best: Cow::Borrowed(reply), others: others.collect(), exact: false, sure: true });
    }
    found.clone().filter(|found| found.sure).or_else(|| Answer::of_nearest(&ranked, found.as_ref()))
}

impl Answer {
    /// Returns the nearest entries, without a sure one: first those with the wording, then those with the words.
    fn of_nearest(ranked: &[(&'static Entry, f64)], found: Option<&Self>) -> Option<Self> {
        let mut nearest: Vec<&'static Entry> = Vec::new();
        for entry in ranked.iter().map(|(entry, _)| *entry).chain(found.into_iter().flat_map(Self::all)) {
            if nearest.len() < SUGGESTIONS && !nearest.contains(&entry) {
                nearest.push(entry);
            }
        }
        let (best, others) = nearest.split_first()?;
        Some(Self { best: Cow::Borrowed(best), others: others.to_vec(), exact: false, sure: false })
    }

    /// All entries of the answer, best first.
    fn all(&self) -> impl Iterator<Item = &'static Entry> {
        entry(&self.best.id).into_iter().chain(self.others.iter().copied())
    }
}

/// True if these words are the number of an errno with an entry.
fn names_an_errno(words: &[String]) -> bool {
    INDEX.iter().any(|indexed| indexed.numbers.iter().any(|number| number == words))
}

/// True if this Linux error number has an entry.
fn has_entry(number: u16) -> bool {
    entries().iter().flat_map(|entry| &entry.errno).any(|errno| errno.linux == number)
}

/// True for an entry that no log line reports and whose title and names contain all of these words.
fn is_titled(entry: &Entry, words: &[String]) -> bool {
    let indexed = INDEX.iter().find(|indexed| indexed.entry.id == entry.id);
    let contains = |word: &String| indexed.is_some_and(|indexed| indexed.title.contains(word));
    let mut telling = words.iter().filter(|word| !EMPTY.contains(&word.as_str()));
    matches!(entry.kind, Kind::State | Kind::Finding | Kind::Fact) && telling.all(contains)
}

/// True if the text contains a name or alias of this entry of two or more words, which does not happen by chance.
fn quotes(entry: &Entry, words: &[String]) -> bool {
    let indexed = INDEX.iter().find(|indexed| indexed.entry.id == entry.id);
    let keys = indexed.into_iter().flat_map(|indexed| &indexed.aliases).filter(|key| key.len() > 1);
    keys.into_iter().any(|key| words.windows(key.len()).any(|window| window == key.as_slice()))
}

/// True if a text begins like an error reply, with a code word in capitals that no entry contains.
fn is_a_reply(query: &str) -> bool {
    let line = query.trim().trim_start_matches("(error) ").trim_start_matches('-');
    let (code, rest) = line.split_once(' ').unwrap_or((line, ""));
    let capitals = code.len() > 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    let known = || {
        let word = code.to_lowercase();
        INDEX.iter().any(|indexed| indexed.title.contains(&word) || indexed.text.contains(&word))
    };
    // A single word may be a mistyped name.
    let mistyped = || rest.is_empty() && !nearest(code).is_empty();
    capitals && !LEVELS.contains(&code) && !known() && !mistyped()
}

/// Returns the entries with exactly this name, the most specific kind of name first.
fn named(words: &[String]) -> Option<Answer> {
    let code = match words {
        [word] => {
            let number = word.strip_prefix("rd").unwrap_or(word);
            number.parse().ok().filter(|number| *number < 1000).map(|number: u16| vec![format!("rd{number:03}")])
        }
        _ => None,
    };
    let is = |key: &Vec<String>| key == words;
    let tiers: [&dyn Fn(&Indexed) -> bool; 6] = [
        &|indexed| is(&indexed.id),
        &|indexed| indexed.numbers.iter().any(is),
        &|indexed| is(&indexed.name),
        &|indexed| indexed.aliases.iter().any(is),
        &|indexed| is(&indexed.headline),
        &|indexed| code.as_ref().is_some_and(|code| indexed.id == *code),
    ];
    let mut found: Vec<&'static Entry> = Vec::new();
    for tier in tiers.into_iter().filter(|_| !words.is_empty()) {
        for indexed in INDEX.iter().filter(|indexed| tier(indexed)) {
            if !found.contains(&indexed.entry) {
                found.push(indexed.entry);
            }
        }
    }
    let (best, others) = found.split_first()?;
    Some(Answer { best: Cow::Borrowed(best), others: others.to_vec(), exact: true, sure: true })
}

/// Returns the entries with the highest scores for these words.
fn described(words: &[String]) -> Option<Answer> {
    let mut spread: BTreeMap<&str, u32> = BTreeMap::new();
    for indexed in INDEX.iter() {
        indexed.title.union(&indexed.text).for_each(|word| *spread.entry(word).or_default() += 1);
    }
    let rarity = |word: &str| spread.get(word).map_or(0.0, |count| (INDEX.len() as f64 / f64::from(*count)).ln());
    let mut scored: Vec<_> = INDEX.iter().map(|indexed| (indexed.score(words, rarity), indexed.entry)).collect();
    // A stable sort: ties stay in file order.
    scored.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let (best, entry) = *scored.first().filter(|(score, _)| *score >= CHANCE)?;
    let comparable = scored.iter().skip(1).take_while(|(score, _)| *score >= CHANCE.max(best * COMPARABLE));
    let others = comparable.take(OTHERS).map(|(_, entry)| *entry).collect();
    let indexed = INDEX.iter().find(|indexed| indexed.entry == entry)?;
    // One word somewhere in the prose, such as a flag of a command to run, is no description.
    let is_described = words.len() > 1 || words.iter().all(|word| indexed.title.contains(word));
    let sure = is_described && indexed.covers(words, rarity) >= COVERED;
    Some(Answer { best: Cow::Borrowed(entry), others, exact: false, sure })
}

/// An entry prepared for the search: every text split into words.
struct Indexed {
    entry: &'static Entry,
    id: Vec<String>,
    name: Vec<String>,
    /// The errno numbers as logs write them.
    numbers: Vec<Vec<String>>,
    aliases: Vec<Vec<String>>,
    /// The words of the title, in order.
    headline: Vec<String>,
    /// The words of the title and all names.
    title: HashSet<String>,
    /// The words of the prose.
    text: HashSet<String>,
}

impl Indexed {
    fn of(entry: &'static Entry) -> Self {
        let numbers = entry.errno.iter().flat_map(|errno| {
            let mut both: Vec<u16> = [errno.linux].into_iter().chain(errno.macos).collect();
            both.dedup();
            both.into_iter()
                .flat_map(|number| [number.to_string(), format!("os error {number}"), format!("errno {number}")])
        });
        let prose = entry.tell.iter().chain(&entry.remedy).chain([&entry.meaning]);
        let named = names(entry).chain([entry.title.as_str()]);
        Self {
            entry,
            id: tokens(&entry.id),
            name: tokens(&entry.name),
            numbers: numbers.map(|number| tokens(&number)).collect(),
            aliases: names(entry).map(tokens).collect(),
            headline: tokens(&entry.title),
            title: named.flat_map(tokens).collect(),
            text: prose.flat_map(|text| tokens(text)).collect(),
        }
    }

    /// Returns the share of these words that the entry contains, rare ones counting more.
    fn covers(&self, words: &[String], rarity: impl Fn(&str) -> f64) -> f64 {
        let unknown = (INDEX.len() as f64).ln();
        let weight = |word: &&String| Some(rarity(word)).filter(|rarity| *rarity > 0.0).unwrap_or(unknown);
        let telling = words.iter().filter(|word| !EMPTY.contains(&word.as_str()) && !is_number(word));
        let known = |word: &&String| self.title.contains(*word) || self.text.contains(*word);
        let all: f64 = telling.clone().map(|word| weight(&word)).sum();
        telling.filter(known).map(|word| weight(&word)).sum::<f64>() / all.max(f64::MIN_POSITIVE)
    }

    fn score(&self, words: &[String], rarity: impl Fn(&str) -> f64) -> f64 {
        let numbers = self.numbers.iter().filter(|number| number.len() > 1);
        let mut covered = vec![false; words.len()];
        for key in self.aliases.iter().chain(numbers) {
            for (start, window) in words.windows(key.len().max(1)).enumerate() {
                if window == key.as_slice() {
                    covered[start..start + key.len()].fill(true);
                }
            }
        }
        let runs = covered.split(|covered| !covered).map(|run| run.len() * (run.len() + 1) / 2);
        let mut distinct: Vec<&str> = words.iter().map(String::as_str).filter(|word| !EMPTY.contains(word)).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let single = distinct.into_iter().map(|word| {
            let weight = match (self.title.contains(word), self.text.contains(word)) {
                (true, _) if !is_number(word) => IN_TITLE,
                (false, false) => 0.0,
                _ => IN_TEXT,
            };
            weight * rarity(word)
        });
        NAMED * runs.sum::<usize>() as f64 + single.sum::<f64>()
    }
}

/// Returns the names most similar to a mistyped query.
pub(crate) fn nearest(query: &str) -> Vec<(&'static str, &'static Entry)> {
    let wanted = query.trim().to_lowercase();
    if wanted.len() > LONGEST_NAME {
        return Vec::new();
    }
    let mut alike: Vec<(f64, &'static str, &'static Entry)> = entries()
        .iter()
        .filter_map(|entry| {
            let scored = names(entry).map(|name| (strsim::jaro_winkler(&wanted, &name.to_lowercase()), name, entry));
            scored.max_by(|(one, ..), (other, ..)| one.total_cmp(other))
        })
        .filter(|(likeness, ..)| *likeness >= ALIKE)
        .collect();
    alike.sort_by_key(|(likeness, ..)| Reverse((likeness * 1e6) as u32));
    alike.into_iter().take(SUGGESTIONS).map(|(_, name, entry)| (name, entry)).collect()
}

/// Returns every name of an entry except its numbers.
fn names(entry: &'static Entry) -> impl Iterator<Item = &'static str> {
    let given = [entry.id.as_str(), entry.name.as_str()].into_iter().filter(|name| !name.is_empty());
    let errnos = entry.errno.iter().map(|errno| errno.name.as_str());
    given.chain(errnos).chain(entry.aliases.iter().map(String::as_str))
}

/// True for a bare number, which within a text may mean anything: a port, a duration, part of a date.
fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Splits a text into lower-case words, with plurals reduced to the singular.
fn tokens(text: &str) -> Vec<String> {
    let words = text.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty());
    words
        .map(|word| {
            let word = word.to_lowercase();
            let singular = word.strip_suffix('s').filter(|stem| stem.len() > 2 && !stem.ends_with('s'));
            singular.map(str::to_owned).unwrap_or(word)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::Fuzz;

    #[track_caller]
    fn finds(query: &str, id: &str) -> Answer {
        let answer = search(query).unwrap_or_else(|| panic!("nothing found for {query:?}"));
        let others: Vec<_> = answer.others.iter().map(|entry| entry.id.as_str()).collect();
        assert_eq!(answer.best.id, id, "for {query:?}; others: {others:?}");
        answer
    }

    #[test]
    fn an_exact_name_is_found_in_any_case_and_spelling() {
        for (query, id) in [
            ("RD012", "RD012"),
            ("rd012", "RD012"),
            (" RD012\n", "RD012"),
            ("132", "RD121"),
            ("ENOTRECOVERABLE", "RD121"),
            ("File exists", "RD121"),
            ("rd12", "RD012"),
            ("RD1", "RD001"),
            ("aws-nlb", "aws-nlb"),
            ("AWS NLB", "aws-nlb"),
            ("104", "RD126"),
            ("54", "RD126"),
            ("ECONNRESET", "RD126"),
            ("econnreset", "RD126"),
            ("os error 104", "RD126"),
            ("errno 104", "RD126"),
            ("32", "RD104"),
            ("EPIPE", "RD104"),
            ("111", "RD125"),
            ("110", "RD111"),
            ("113", "RD110"),
            ("101", "RD117"),
            ("103", "RD101"),
            ("99", "RD134"),
            ("24", "RD135"),
            ("EMFILE", "RD135"),
            ("broken pipe", "RD106"),
            ("connection_closed", "RD106"),
            ("Connection Closed", "RD106"),
            ("failover", "RD003"),
            ("Failovers", "RD003"),
            ("half-open", "RD023"),
            ("maxclients", "RD114"),
            ("max_clients", "RD009"),
            ("unknown", "RD018"),
            ("other", "RD121"),
        ] {
            assert!(finds(query, id).exact, "{query}");
        }
        // Two entries may share a name, and a number may have two meanings.
        assert_eq!(finds("desync", "RD025").others, [super::super::entry("RD108").unwrap()]);
        assert_eq!(finds("104", "RD126").others, [super::super::entry("RD104").unwrap()]);
        assert_eq!(finds("132", "RD121").others[0], super::super::entry("RD132").unwrap());
        assert_eq!(finds("12", "RD121").best.errno[0].name, "ENOMEM");
    }

    #[test]
    fn every_entry_is_found_by_its_own_names() {
        for entry in entries() {
            assert_eq!(search(&entry.id).unwrap().best.id, entry.id);
            for name in names(entry) {
                let answer = search(name).unwrap();
                assert!(answer.exact && (*answer.best == *entry || answer.others.contains(&entry)), "{name}");
            }
            let title = search(&entry.title).unwrap();
            assert!(*title.best == *entry || title.others.contains(&entry), "{}: {:?}", entry.title, title.best.id);
        }
    }

    #[test]
    fn a_log_line_finds_its_error() {
        for (line, id) in [
            ("Connection reset by peer (os error 104)", "RD126"),
            ("Broken pipe (os error 32)", "RD104"),
            ("Error: broken pipe", "RD106"),
            ("An error was signalled by the server - ResponseError: max number of clients reached", "RD114"),
            ("An error was signalled by the server: ERR wrong number of arguments for 'get' command", "RD129"),
            ("2026-11-22T04:04:32.110Z ERROR cache: Connection refused (os error 111) host=10.0.104.32:6379", "RD125"),
            ("redis.exceptions.ConnectionError: Error 104 while writing to socket. Connection reset by peer.", "RD126"),
            ("[Errno 32] Broken pipe", "RD104"),
            ("dial tcp 10.0.0.1:6379: connect: connection refused", "RD125"),
            ("read tcp 10.0.0.1:51234->10.0.0.2:6379: read: connection reset by peer", "RD126"),
            ("dial tcp: lookup cache.example on 10.96.0.10:53: no such host", "RD109"),
            ("failed to lookup address information: Temporary failure in name resolution", "RD109"),
            ("No route to host (os error 113)", "RD110"),
            ("Network is unreachable (os error 101)", "RD117"),
            ("Connection timed out (os error 110)", "RD111"),
            ("timed out", "RD128"),
            ("WRONGPASS invalid username-password pair or user is disabled.", "RD133"),
            ("\"WRONGPASS\": invalid username-password pair or user is disabled.", "RD133"),
            ("Password authentication failed - AuthenticationFailed", "RD133"),
            ("(error) NOAUTH Authentication required.", "RD118"),
            ("LOADING Redis is loading the dataset in memory", "RD112"),
            ("BusyLoading: Redis is loading the dataset in memory", "RD112"),
            ("READONLY You can't write against a read only replica. script: abc", "RD124"),
            ("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", "RD113"),
            (
                "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
                "RD115",
            ),
            ("OOM command not allowed when used memory > 'maxmemory'.", "RD120"),
            ("DENIED Redis is running in protected mode because protected mode is enabled", "RD122"),
            ("NOPERM this user has no permissions to run the 'subscribe' command", "RD119"),
            ("MOVED 3999 127.0.0.1:6381", "RD116"),
            ("CLUSTERDOWN Hash slot not served", "RD105"),
            ("Incompatible type - Parse error at 1 Unexpected `84`", "RD123"),
            ("Protocol error: invalid bulk length", "RD017"),
            ("Redis Server doesn't support HELLO command therefore resp3 cannot be used - RESP3NotSupported", "RD127"),
            ("invalid peer certificate: UnknownIssuer", "RD130"),
            ("Error: Server closed the connection", "RD106"),
            ("Too many open files (os error 24)", "RD135"),
            ("Cannot assign requested address (os error 99)", "RD134"),
            ("State not recoverable (os error 131)", "RD121"),
            ("connect: EALREADY", "RD121"),
            ("-NOSCRIPT No matching script. Please use EVAL.", "RD129"),
            ("(error) WRONGTYPE Operation against a key holding the wrong kind of value", "RD129"),
            ("(error) FOOBAR the operation was refused", "RD129"),
            ("FOOBAR", "RD129"),
            ("KAFKA Connection reset by peer (os error 104)", "RD126"),
            ("ERROR timed out", "RD128"),
            ("nf_conntrack: nf_conntrack: table full, dropping packet", "RD055"),
            ("Client id=5 addr=1.2.3.4:5 scheduled to be closed ASAP for overcoming of output buffer limits.", "RD007"),
        ] {
            finds(line, id);
        }
    }

    #[test]
    fn a_description_finds_its_entry() {
        for (query, id) in [
            ("idle limit azure load balancer", "az-lb"),
            ("envoy idle", "envoy"),
            ("which client survives: all clients reconnect at the same instant", "RD043"),
            ("the server's tcp-keepalive is off", "RD046"),
            ("tcp_retries2", "tcp-r2"),
            ("server still believes in dead connection", "RD058"),
            ("certificate expires", "RD062"),
            ("why is it so slow", "RD064"),
            ("CLIENT PAUSE", "RD015"),
            ("paused_reason", "RD015"),
            ("REDIRECT 127.0.0.1:7762", "RD124"),
            ("-REDIRECT cache.example:6379", "RD124"),
            ("ERR Only HELLO messages are accepted by Sentinel instances.", "RD065"),
        ] {
            finds(query, id);
        }
    }

    #[test]
    fn what_is_not_known_for_sure_is_not_told_as_sure() {
        for line in [
            "ERROR payment declined for order 1234: insufficient funds",
            "psycopg2.errors.UniqueViolation: duplicate key value violates unique constraint",
            "TypeError: Cannot read properties of undefined (reading 'id')",
            "User 42 logged in from 10.0.0.9",
            "2026-11-22T04:04:32.110Z INFO app: request finished method=GET path=/api/users status=200 duration=12ms",
            "1:M 22 Nov 2026 04:04:32.110 * Background saving terminated with success",
            "the quick brown fox jumps over the lazy dog",
            "com.zaxxer.hikari.pool.HikariPool: HikariPool-1 - Starting...",
            "Segment 17 of the index was merged in 300 ms",
        ] {
            let answer = search(line);
            assert!(
                answer.as_ref().is_none_or(|answer| !answer.sure && answer.others.len() < SUGGESTIONS),
                "{line}: {answer:#?}"
            );
        }
        for description in [
            "idle limit azure load balancer",
            "which client survives: all clients reconnect at the same instant",
            "why is it so slow",
        ] {
            assert!(search(description).unwrap().sure, "{description}");
        }
    }

    #[test]
    fn nonsense_finds_nothing() {
        for query in
            ["", " ", "-", "\u{fffd}\u{fffd}", "xyzzy", "the of and", "rd999", "99999999999999999999", "日本語"]
        {
            assert_eq!(search(query), None, "{query:?}");
        }
    }

    #[test]
    fn a_mistyped_name_is_suggested() {
        for (query, id) in [("falover", "RD003"), ("ECONRESET", "RD126"), ("wegded", "RD022")] {
            assert_eq!(search(query), None, "{query}");
            assert!(nearest(query).iter().any(|(_, entry)| entry.id == id), "{query}: {:?}", nearest(query));
        }
        assert_eq!(nearest("xyzzy"), []);
    }

    #[test]
    fn fuzz_searches() {
        let words = ["errno ", "104", "ERR ", "timed out", "(os error ", "0x", "RD"];
        Fuzz::new("explain", &words).run_on_text(|query| {
            if let Some(answer) = search(query) {
                assert!(answer.others.len() <= OTHERS, "{query}");
            }
            let _ = nearest(query);
        });
    }
}
