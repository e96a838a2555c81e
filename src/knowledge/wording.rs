//! The entry that a log line leads to, by the wordings of the programs that print such lines.
//!
//! `wording/lines.tsv` has lines as programs print them, each with its source; `wording/families.tsv` has the words that
//! lines of an entry have in common, in any program. A line is compared with both: by the share of a known line's
//! words and pairs of words that it contains, rare ones counting more, and by the families that it belongs to. The
//! tests leave out one program after another and measure how well the others predict its lines.

mod blocking;
mod threads;
mod words;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeSet, HashMap},
    sync::LazyLock,
};

use self::words::{stem, words};
use super::{Entry, Errno, Kind, entries, entry};

/// The entry of lines that report nothing wrong.
const NOTHING: &str = "-";

/// The entries of a reply that did not come in time, and of a connection that its own blocking command holds up.
const TIMEOUT: &str = "RD128";
const BLOCKED: &str = "RD174";

/// The entry of a client whose own threads are busy.
const THREADS_BUSY: &str = "RD193";

/// Minimum score of an answer that is given without reserve, and the highest score of any other entry beside it, as a
/// share. Chosen from the table that the test `the_threshold_is_chosen_from_the_table` prints.
pub(super) const SURE: f64 = 5.0;
pub(super) const RIVAL: f64 = 0.9;

/// Minimum score of an entry that is worth a mention.
const NEAR: f64 = 2.0;

/// Minimum share of a known line's weight that a line must contain.
const SHARE: f64 = 0.35;

/// Weight of a pair of words, relative to its rarity.
const PAIR: f64 = 0.5;

/// Score of a family for each of its words, on top of their rarity.
const FAMILY: f64 = 1.5;

/// Maximum score of a family of one word, which is not enough for a sure answer.
const ONE_WORD: f64 = 4.5;

/// Score of a family that is a literal text.
const LITERAL: f64 = 11.0;

/// Score of an error number that is announced as one.
const ERRNO: f64 = 12.0;

/// Score on top for a line with exactly the words of a known line.
const SAME: f64 = 10.0;

/// Rarity of a family's word that no known line contains.
const UNSEEN: f64 = 2.5;

/// Maximum number of words between those of a family.
const GAP: usize = 4;

/// Entries that a line may report along with a more exact one, and the share of their score that counts: "cannot
/// connect: connection refused" is a refused connection.
const VAGUE: [(&str, f64); 11] = [
    ("RD151", 0.6),
    ("RD137", 0.8),
    ("RD129", 0.8),
    ("RD009", 0.8),
    ("RD012", 0.8),
    ("RD013", 0.8),
    ("RD106", 0.85),
    ("RD136", 0.9),
    ("RD107", 0.95),
    ("RD111", 0.95),
    (NOTHING, 0.4),
];

static LINES: LazyLock<Vec<Line>> = LazyLock::new(|| rows(include_str!("wording/lines.tsv")).map(Line::of).collect());

static FAMILIES: LazyLock<Vec<Family>> =
    LazyLock::new(|| rows(include_str!("wording/families.tsv")).map(Family::of).collect());

static MODEL: LazyLock<Model> = LazyLock::new(|| Model::without(None));

/// Returns the entries that fit a line, best first; those that report nothing wrong end the list. The second value is
/// true if the first entry is the answer without reserve.
pub(super) fn rank(line: &str) -> (Vec<(&'static Entry, f64)>, bool) {
    let ranked = ranked(line);
    let sure = is_sure(&ranked);
    let harmful = ranked.into_iter().take_while(|scored| scored.entry != NOTHING && scored.score >= NEAR);
    (harmful.filter_map(|scored| Some((entry(scored.entry)?, scored.score))).collect(), sure)
}

/// Returns the entry that a line of a log reports without doubt.
pub(super) fn sure(line: &str) -> Option<&'static Entry> {
    let ranked = ranked(line);
    ranked.first().filter(|_| is_sure(&ranked)).and_then(|best| entry(best.entry))
}

/// Returns the entries by score. A timeout whose figures show that the client was busy is more than a timeout, and so is
/// one of a blocking command.
fn ranked(line: &str) -> Vec<Scored> {
    let mut ranked = MODEL.rank(line);
    let best = ranked.first().map_or(0.0, |best| best.score);
    let is_timeout = ranked.first().is_some_and(|best| best.entry == TIMEOUT);
    let exact = if threads::are_busy(line) {
        Some(THREADS_BUSY)
    } else {
        (is_timeout && blocking::is_named(line)).then_some(BLOCKED)
    };
    if let Some(entry) = exact {
        ranked.insert(0, Scored { entry, score: LITERAL.max(best / RIVAL + 1.0) });
    }
    ranked
}

fn is_sure(ranked: &[Scored]) -> bool {
    let second = ranked.get(1).map_or(0.0, |second| second.score);
    ranked.first().is_some_and(|best| best.entry != NOTHING && best.score >= SURE && second <= best.score * RIVAL)
}

/// An entry and its score for a line.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Scored {
    entry: &'static str,
    score: f64,
}

/// Returns the rows of a data file, without comments.
fn rows(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|row| !row.starts_with("# ") && !row.is_empty())
}

/// A line as a program prints it.
struct Line {
    entry: &'static str,
    program: &'static str,
    #[cfg_attr(not(test), expect(dead_code, reason = "read by the tests, and by people"))]
    source: &'static str,
    text: &'static str,
    words: Vec<String>,
}

impl Line {
    fn of(row: &'static str) -> Self {
        let mut columns = row.splitn(4, '\t');
        let mut next = || columns.next().unwrap_or_default();
        let (entry, program, source, text) = (next(), next(), next(), next());
        Self { entry, program, source, text, words: words(text) }
    }
}

/// Words that lines of an entry have in common.
struct Family {
    entry: &'static str,
    sign: Sign,
}

enum Sign {
    /// This text, letter by letter.
    Literal(&'static str),
    /// One of each of these words, close together in any order.
    Words(Vec<Vec<String>>),
}

impl Family {
    fn of(row: &'static str) -> Self {
        let (entry, text) = row.split_once('\t').unwrap_or_default();
        let sign = match text.strip_prefix('=') {
            Some(literal) => Sign::Literal(literal),
            None => Sign::Words(text.split(' ').map(|word| word.split('|').map(stem).collect()).collect()),
        };
        Self { entry, sign }
    }

    /// Returns the score of a line that belongs to this family.
    fn score(&self, line: &str, words: &[String], rarity: impl Fn(&str) -> Option<f64>) -> Option<f64> {
        match &self.sign {
            Sign::Literal(text) => line.contains(text).then_some(LITERAL),
            Sign::Words(sets) => {
                let found = closest(sets, words)?;
                let distinct: BTreeSet<&str> = found.into_iter().collect();
                let rare: f64 = distinct.iter().map(|word| rarity(word).unwrap_or(UNSEEN)).sum();
                let score = rare + FAMILY * distinct.len() as f64;
                Some(if sets.len() > 1 { score } else { score.min(ONE_WORD) })
            }
        }
    }
}

/// Returns one word of each set where they stand closest together, if that is close enough.
fn closest<'a>(sets: &[Vec<String>], words: &'a [String]) -> Option<Vec<&'a str>> {
    let position = |set: &Vec<String>, from: usize| {
        let found = words.iter().enumerate().skip(from).find(|(_, word)| set.contains(word));
        found.map(|(at, word)| (at, word.as_str()))
    };
    let starts = words.iter().enumerate().filter(|(_, word)| sets.iter().any(|set| set.contains(word)));
    let windows = starts.filter_map(|(start, _)| {
        let found: Vec<(usize, &str)> = sets.iter().map(|set| position(set, start)).collect::<Option<_>>()?;
        let end = found.iter().map(|(at, _)| *at).max()?;
        Some((end - start, found))
    });
    let (length, found) = windows.min_by_key(|(length, _)| *length)?;
    (length < sets.len() + GAP).then(|| found.into_iter().map(|(_, word)| word).collect())
}

/// Everything that is known about lines, prepared for the comparison.
struct Model {
    documents: Vec<Document>,
    families: Vec<&'static Family>,
    /// The families and the sets of each that contain a word.
    members: HashMap<&'static str, Vec<(usize, usize)>>,
    /// Every feature: its weight and the documents that contain it.
    features: HashMap<String, (f64, Vec<usize>)>,
}

/// A known line or an alias of an entry.
struct Document {
    entry: &'static str,
    /// The sum of the weights of its features.
    weight: f64,
    /// The number of its different features.
    length: usize,
}

impl Model {
    /// Prepares everything except what is known only from the lines of one program.
    fn without(program: Option<&str>) -> Self {
        let kept = LINES.iter().filter(|line| program != Some(line.program) && !line.words.is_empty());
        let lines = kept.map(|line| (line.entry, features(&line.words)));
        let families = FAMILIES.iter().filter(|family| program.is_none_or(|program| others_confirm(family, program)));
        let aliases = aliases().filter(|(_, words)| program.is_none_or(|program| others_say(words, program)));
        let mut texts: Vec<_> = lines.chain(aliases.map(|(entry, words)| (entry, features(&words)))).collect();
        texts.sort();
        texts.dedup();
        let mut occurrences: HashMap<String, (BTreeSet<&str>, Vec<usize>)> = HashMap::new();
        for (number, (entry, features)) in texts.iter().enumerate() {
            for feature in features {
                let occurrence = occurrences.entry(feature.clone()).or_default();
                occurrence.0.insert(*entry);
                occurrence.1.push(number);
            }
        }
        let known = texts.iter().map(|(entry, _)| *entry).collect::<BTreeSet<_>>().len() as f64;
        let weighed = occurrences.into_iter().map(|(feature, (entries, documents))| {
            let rarity = (1.0 + known / entries.len() as f64).ln();
            let weight = if feature.contains(' ') { rarity * PAIR } else { rarity };
            (feature, (weight, documents))
        });
        let features: HashMap<_, _> = weighed.collect();
        let weight = |list: &BTreeSet<String>| {
            list.iter().filter_map(|feature| features.get(feature)).map(|(weight, _)| weight).sum()
        };
        let documents = texts.iter().map(|(entry, list)| Document { entry, weight: weight(list), length: list.len() });
        let families: Vec<&'static Family> = families.collect();
        let mut members: HashMap<&str, Vec<(usize, usize)>> = HashMap::new();
        for (number, family) in families.iter().enumerate() {
            if let Sign::Words(sets) = &family.sign {
                for (set, word) in
                    sets.iter().enumerate().flat_map(|(set, words)| words.iter().map(move |word| (set, word)))
                {
                    members.entry(word).or_default().push((number, set));
                }
            }
        }
        Self { documents: documents.collect(), families, members, features }
    }

    /// Returns the families that a line with these words can belong to: literal ones, and those with a word in every set.
    fn candidates(&self, words: &[String]) -> impl Iterator<Item = &'static Family> {
        let hits = words.iter().filter_map(|word| self.members.get(word.as_str())).flatten();
        let mut hit: HashMap<usize, u32> = HashMap::new();
        hits.for_each(|(family, set)| *hit.entry(*family).or_default() |= 1 << set);
        self.families.iter().enumerate().filter_map(move |(number, family)| match &family.sign {
            Sign::Literal(_) => Some(*family),
            Sign::Words(sets) => {
                hit.get(&number).is_some_and(|hit| hit.count_ones() as usize == sets.len()).then_some(*family)
            }
        })
    }

    /// Returns the entries with a score for this line, best first.
    fn rank(&self, line: &str) -> Vec<Scored> {
        let words = words(line);
        let features = features(&words);
        let mut found: HashMap<usize, (f64, usize)> = HashMap::new();
        for (weight, documents) in features.iter().filter_map(|feature| self.features.get(feature)) {
            for document in documents {
                let sum = found.entry(*document).or_default();
                *sum = (sum.0 + weight, sum.1 + 1);
            }
        }
        // The best line and the best family of each entry.
        let mut best: HashMap<&'static str, (f64, f64)> = HashMap::new();
        for (number, (weight, count)) in found {
            let Some(document) = self.documents.get(number) else { continue };
            let share = weight / document.weight;
            if share >= SHARE {
                let same = count == document.length && count == features.len();
                let score = weight * share + if same { SAME } else { 0.0 };
                let line = &mut best.entry(document.entry).or_default().0;
                *line = line.max(score);
            }
        }
        let rarity = |word: &str| self.features.get(word).map(|(weight, _)| *weight);
        let families =
            self.candidates(&words).filter_map(|family| Some((family.entry, family.score(line, &words, rarity)?)));
        for (entry, score) in families.chain(errnos(&words)) {
            let family = &mut best.entry(entry).or_default().1;
            *family = family.max(score);
        }
        let mut scored: Vec<Scored> = best
            .into_iter()
            .map(|(entry, (line, family))| {
                let share = VAGUE.iter().find(|(vague, _)| *vague == entry).map_or(1.0, |(_, share)| *share);
                // A family of lines without fault counts in full.
                let share = if entry == NOTHING && family > line { 1.0 } else { share };
                Scored { entry, score: share * (line.max(family) + line.min(family) / 2.0) }
            })
            .collect();
        scored.sort_by(|one, other| other.score.total_cmp(&one.score).then(one.entry.cmp(other.entry)));
        scored
    }
}

/// Returns the different words and pairs of neighbors.
fn features(words: &[String]) -> BTreeSet<String> {
    let pairs = words.windows(2).map(|pair| pair.join(" "));
    words.iter().cloned().chain(pairs).collect()
}

/// Returns the entries of the error numbers and names of errors (`ECONNRESET`) among these words.
fn errnos(words: &[String]) -> impl Iterator<Item = (&'static str, f64)> {
    words.iter().flat_map(|word| {
        let number = word.strip_prefix("errno").and_then(|number| number.parse::<u16>().ok());
        let is = move |errno: &Errno| match number {
            // One number may be two errors, on Linux and on macOS.
            Some(number) => errno.linux == number || errno.macos == Some(number),
            None => word.starts_with('e') && stem(&errno.name.to_lowercase()) == *word,
        };
        entries().iter().filter(move |entry| entry.errno.iter().any(is)).map(|entry| (entry.id.as_str(), ERRNO))
    })
}

/// Returns the aliases that can stand in a line: those of causes and errors, of two words or more.
fn aliases() -> impl Iterator<Item = (&'static str, Vec<String>)> {
    let entries = entries().iter().filter(|entry| matches!(entry.kind, Kind::Cause | Kind::Error));
    entries.flat_map(|entry| {
        let aliases = entry.aliases.iter().map(|alias| words(alias)).filter(|words| words.len() > 1);
        aliases.map(|words| (entry.id.as_str(), words))
    })
}

/// False if an alias is the wording of `program` alone.
fn others_say(alias: &[String], program: &str) -> bool {
    let says = |line: &&Line| line.words.windows(alias.len()).any(|window| window == alias);
    let mut sayers = LINES.iter().filter(says).map(|line| line.program).peekable();
    sayers.peek().is_none() || sayers.any(|sayer| sayer != program)
}

/// False if only lines of `program` belong to a family.
fn others_confirm(family: &Family, program: &str) -> bool {
    let belongs = |line: &&Line| family.score(line.text, &line.words, |_| None).is_some();
    let of_program = LINES.iter().filter(|line| line.program == program).any(|line| belongs(&line));
    !of_program || LINES.iter().any(|line| line.program != program && line.entry == family.entry && belongs(&line))
}
