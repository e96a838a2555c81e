//! Fuzz tests of parsers: examples from `tests/fuzz/corpus`, mutated, must cost neither a panic nor much memory or time.
//!
//! A target is a unit test beside its parser, because most parsers are private: it calls [`Fuzz::run`] with a check. The
//! examples are in `tests/fuzz/corpus`; an input that once broke the parser is added there. The tests need no nightly
//! compiler and run with all others:
//!
//! - `cargo test --lib fuzz_` runs up to two thousand cases for each target, always the same, for at
//!   most a third of a second.
//! - `FUZZ_CASES=1000000 cargo test --lib fuzz_` runs as many for each target, with a random seed.
//! - `FUZZ_SEED=7` chooses the seed. A failure prints it, with the shortest input found that fails.

use std::{
    cell::Cell,
    collections::hash_map::RandomState,
    fmt::{Debug, Display},
    fs,
    hash::BuildHasher as _,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind, set_hook, take_hook},
    path::{Path, PathBuf},
    str::FromStr,
    sync::Once,
    time::Duration,
};

use rustix::time::{ClockId, clock_gettime};

/// Cases for each target, and the time that they may take together, unless `FUZZ_CASES` is set.
const SHORT: (u64, Duration) = (2_000, Duration::from_millis(300));

/// Maximum length of an input.
const LONGEST: usize = 16 << 10;

/// Memory that a parser may use for an input: a part that does not depend on the input, and a multiple of its length.
const MEMORY: (u64, u64) = (4 << 20, 256);

/// Time on the processor that a parser may take for an input. Tests run without optimization.
const TIME: Duration = Duration::from_secs(1);

/// Numbers at the limits of their types, and lengths that nothing should believe.
const NUMBERS: [&str; 16] = [
    "0",
    "1",
    "-1",
    "10",
    "127",
    "256",
    "65535",
    "65536",
    "1073741824",
    "2147483647",
    "2147483648",
    "4294967295",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "99999999999999999999999",
];

/// Text that is safe in few places.
const NASTY: [&[u8]; 12] = [
    b"\x1b[31m",
    b"\x1b]0;x\x07",
    b"\0",
    b"\r\n",
    b"\xff\xfe",
    "\u{202e}".as_bytes(),
    "\u{9b}".as_bytes(),
    "ä".as_bytes(),
    "\u{1f525}".as_bytes(),
    b"%00",
    b"%zz",
    b"nan",
];

/// A fuzz target.
pub(crate) struct Fuzz {
    name: &'static str,
    words: Vec<Vec<u8>>,
    examples: Vec<Vec<u8>>,
}

impl Fuzz {
    /// Reads the corpus of a target: each file in a directory of its name and each
    /// line of a `.txt` is an example.
    /// `words` are parts of its language.
    pub(crate) fn new(name: &'static str, words: &[&str]) -> Self {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
        let mut examples = files(&corpus.join(name));
        if let Ok(lines) = fs::read_to_string(corpus.join(name).with_extension("txt")) {
            examples.extend(lines.lines().map(|line| line.as_bytes().to_vec()));
        }
        assert!(!examples.is_empty(), "{name} has no examples");
        Self { name, words: words.iter().map(|word| word.as_bytes().to_vec()).collect(), examples }
    }

    /// Adds examples that the test makes.
    pub(crate) fn with(mut self, examples: impl IntoIterator<Item = impl Into<Vec<u8>>>) -> Self {
        self.examples.extend(examples.into_iter().map(Into::into));
        self
    }

    /// Checks every example as it is, and then mutations of them.
    ///
    /// # Panics
    /// A check fails; the message has the input.
    pub(crate) fn run(&self, check: impl Fn(&[u8])) {
        let number = |name| std::env::var_os(name).map(|value| value.to_str().unwrap().parse::<u64>().unwrap());
        let (cases, given) = (number("FUZZ_CASES"), number("FUZZ_SEED"));
        let seed = given.unwrap_or_else(|| cases.map_or(1, |_| RandomState::new().hash_one(0)));
        // What is made once, such as an index, is no cost of an input.
        let _ = attempt(&self.examples[0], &check);
        for example in &self.examples {
            self.check(example, seed, &check);
        }
        let began = processor_time();
        let mut random = fastrand::Rng::with_seed(seed);
        for _ in 0..cases.unwrap_or(SHORT.0) {
            self.check(&self.mutated(&mut random), seed, &check);
            if cases.is_none() && processor_time() - began > SHORT.1 {
                break;
            }
        }
    }

    /// The same for a parser of text. Bytes that are not UTF-8 are replaced first, as the product does.
    pub(crate) fn run_on_text(&self, check: impl Fn(&str)) {
        self.run(|input| check(&String::from_utf8_lossy(input)));
    }

    fn check(&self, input: &[u8], seed: u64, check: &impl Fn(&[u8])) {
        if attempt(input, check).is_ok() {
            return;
        }
        let shortest = shortened(input.to_vec(), |input| attempt(input, check).is_err());
        let text = format!(
            "fuzz target {}, seed {seed}: this input fails; add it to tests/fuzz/corpus/{}:\nb\"{}\"",
            self.name,
            self.name,
            shortest.escape_ascii()
        );
        // Again, so that the message of the failure is shown.
        match catch_unwind(AssertUnwindSafe(|| measured(&shortest, check))) {
            Err(panic) => {
                let why = panic.downcast_ref::<String>().map(String::as_str);
                let why = why.or(panic.downcast_ref::<&str>().copied()).unwrap_or("?").to_owned();
                panic!("{text}\n{why}")
            }
            Ok(()) => panic!("{text}\nIt failed only sometimes."),
        }
    }

    /// Returns a new input.
    fn mutated(&self, random: &mut fastrand::Rng) -> Vec<u8> {
        let mut input = if random.u8(..) < 16 { Vec::new() } else { self.example(random).to_vec() };
        for _ in 0..=random.usize(..6) {
            self.mutate(&mut input, random);
        }
        let longest = self.examples.iter().map(Vec::len).max().unwrap_or_default();
        input.truncate(LONGEST.max(longest));
        input
    }

    fn example(&self, random: &mut fastrand::Rng) -> &[u8] {
        &self.examples[random.usize(..self.examples.len())]
    }

    fn mutate(&self, input: &mut Vec<u8>, random: &mut fastrand::Rng) {
        let length = input.len();
        let at = random.usize(..=length);
        // Short parts are the most likely ones.
        let end = (at + (1 << random.usize(..10)).min(random.usize(..=length))).min(length);
        match random.u8(..12) {
            0 if at < length => input[at] ^= 1 << random.u8(..8),
            1 if at < length => input[at] = random.u8(..),
            2 => drop(input.drain(at..end)),
            3 => input.truncate(at),
            4 => {
                let noise = std::iter::repeat_with(|| random.u8(..)).take(1 + at % 7).collect::<Vec<_>>();
                input.splice(at..end, noise);
            }
            5 => insert(input, at, NASTY[random.usize(..NASTY.len())]),
            6 => replace_number(input, at, NUMBERS[random.usize(..NUMBERS.len())]),
            7 => {
                let repeated = input[at..end].repeat(1 + random.usize(..if end - at < 16 { 300 } else { 3 }));
                insert(input, at, &repeated);
            }
            8 => {
                let other = self.example(random);
                let from = random.usize(..=other.len());
                let to = from + random.usize(..=other.len() - from);
                input.splice(at..end, other[from..to].iter().copied());
            }
            9 if at < end => input[at..end].rotate_left(1),
            _ if self.words.is_empty() => insert(input, at, NUMBERS[random.usize(..NUMBERS.len())].as_bytes()),
            10 => insert(input, length, &self.words[random.usize(..self.words.len())]),
            _ => insert(input, at, &self.words[random.usize(..self.words.len())]),
        }
    }
}

/// Reads the files of a directory, in the order of their names; none if there is no such directory.
fn files(directory: &Path) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

fn insert(input: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    input.splice(at..at, bytes.iter().copied());
}

/// Replaces the first number at or after a place.
fn replace_number(input: &mut Vec<u8>, at: usize, number: &str) {
    let Some(start) = input[at..].iter().position(u8::is_ascii_digit).map(|offset| at + offset) else { return };
    let digits = input[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    input.splice(start..start + digits, number.bytes());
}

thread_local! {
    /// A check is running, whose panic is a result.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs a check without printing its panic.
fn attempt(input: &[u8], check: &impl Fn(&[u8])) -> std::thread::Result<()> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |info| {
            if !QUIET.get() {
                usual(info);
            }
        }));
    });
    QUIET.set(true);
    let result = catch_unwind(AssertUnwindSafe(|| measured(input, check)));
    QUIET.set(false);
    result
}

/// Returns the time of this thread on the processor.
fn processor_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap()
}

/// Runs a check and asserts what it cost.
fn measured(input: &[u8], check: &impl Fn(&[u8])) {
    let began = processor_time();
    let mut result = Ok(());
    let used = allocation_counter::measure(|| result = catch_unwind(AssertUnwindSafe(|| check(input))));
    if let Err(panic) = result {
        resume_unwind(panic);
    }
    let (took, allowed) = (processor_time() - began, MEMORY.0 + MEMORY.1 * input.len() as u64);
    assert!(used.bytes_max <= allowed, "{} bytes of memory for an input of {}", used.bytes_max, input.len());
    assert!(took <= TIME, "{took:?} on the processor for an input of {} bytes", input.len());
}

/// Returns a shorter input that still fails: parts are removed, in ever smaller pieces.
fn shortened(mut input: Vec<u8>, fails: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut piece = input.len().div_ceil(2);
    while piece > 0 {
        let mut at = 0;
        while at < input.len() {
            let mut shorter = input.clone();
            shorter.drain(at..(at + piece).min(input.len()));
            if fails(&shorter) {
                input = shorter;
            } else {
                at += piece;
            }
        }
        piece /= 2;
    }
    input
}

/// Asserts that a text can be shown: no control or invisible character, and of a bounded length.
#[track_caller]
pub(crate) fn assert_clean(text: &str) {
    let bad = text.chars().find(|char| char.is_control() || ('\u{202a}'..='\u{202e}').contains(char));
    assert!(bad.is_none(), "{bad:?} in {text:?}");
}

/// Asserts that what a parser accepts is printed in a form that means the same.
#[track_caller]
pub(crate) fn assert_stable<T: FromStr + Display + PartialEq + Debug>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        let printed = value.to_string();
        assert_eq!(printed.parse::<T>().ok().as_ref(), Some(&value), "{printed}");
    }
}

/// Cuts an input at places that depend on it.
pub(crate) fn pieces(input: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut random = fastrand::Rng::with_seed(input.len() as u64);
    let mut rest = input;
    std::iter::from_fn(move || {
        let length = rest.len().min(1 + random.usize(..7));
        let (piece, after) = rest.split_at(length);
        rest = after;
        (length > 0).then_some(piece)
    })
}

/// Parses a reply that is complete; an incomplete one may announce more than there is.
pub(crate) fn value(input: &[u8]) -> Option<redis::Value> {
    use crate::resp::{Framer, Speaker, Step};
    let (mut framer, mut at) = (Framer::new(Speaker::Server), 0);
    loop {
        match framer.advance(&input[at..]) {
            Ok((used, Step::Named)) => at += used,
            Ok((_, Step::Complete)) => return redis::parse_redis_value(input).ok(),
            Ok((_, Step::More)) | Err(_) => return None,
        }
    }
}

#[test]
fn a_failure_is_found_and_shortened() {
    let fuzz = Fuzz { name: "none", words: vec![b"needle".to_vec()], examples: vec![b"hay".repeat(20)] };
    let found = catch_unwind(AssertUnwindSafe(|| {
        QUIET.set(true);
        fuzz.run(|input| assert!(!input.windows(6).any(|part| part == b"needle"), "found"));
    }));
    QUIET.set(false);
    let message = found.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("seed 1") && message.ends_with(":\nb\"needle\"\nfound"), "{message}");
}

#[test]
fn memory_and_time_are_limited() {
    let fails = |check: &dyn Fn(&[u8])| attempt(b"x", &|input: &[u8]| check(input)).is_err();
    assert!(!fails(&|_| ()));
    assert!(fails(&|_| drop(Vec::<u8>::with_capacity(8 << 20))));
    assert!(fails(&|_| {
        let began = processor_time();
        while processor_time() - began <= TIME {}
    }));
}
