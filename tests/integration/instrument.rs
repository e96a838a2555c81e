//! The instrument check: real faults and the faults of the lab are brought about, and what the program says of each is
//! compared with the truth, which it does not know. The confusion matrix is printed.
//!
//! A doctor may say that it does not know, or name what is possible. What it calls likely or certain must be so.
//!
//! `INSTRUMENT=WORD` runs the rows whose names contain the word and prints all their diagnoses; `REDIS_DOCTOR_LONG=1` adds
//! the rows that take long.

mod client;
mod closing;
mod lab;
mod network;
mod obstacles;
mod place;
mod process;
mod proxy;
mod refusals;
mod slow;
mod stalls;

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    panic::catch_unwind,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::Value as Json;

use crate::harness::{RedisServer, RedisServerBuilder, Signal, Target, Trial, eventually};

const SOON: Duration = Duration::from_secs(10);

/// Rows at a time. More than there are cores: most of the time they wait.
const THREADS: usize = 12;

/// Of a hundred rows so many have to be named right.
const RIGHT: usize = 93;

/// Of a hundred rows so many may have a likely cause that is wrong.
const WRONG_LIKELY: usize = 2;

/// A fault, what is true of it, and how it is brought about.
struct Row {
    name: &'static str,
    truth: Truth,
    /// The report of a run beside which the fault came about; `None` where this machine or this server cannot have it.
    inject: fn() -> Option<Json>,
    /// It takes longer than the whole check should.
    long: bool,
}

/// What is true of a fault.
#[derive(Clone, Copy, Debug)]
enum Truth {
    /// What ended the connection or silenced it. Where several names are true (a server that crashed and came back has
    /// restarted, too) the one that says most comes first.
    Cause(Names),
    /// The same, and what kept the client out afterwards. The causes of the third list say both.
    KeptOut(Names, Names, Names),
    /// The connection lives, and commands are refused with an error of this class. Where the server stood still first,
    /// one of the causes may be named as well.
    Refused(&'static str, Names),
    /// No connection is lost, and replies are late: why.
    Slow(Names),
    /// Nobody lost anything.
    Nothing,
}

type Names = &'static [&'static str];

const fn row(name: &'static str, truth: Truth, inject: fn() -> Option<Json>) -> Row {
    Row { name, truth, inject, long: false }
}

/// A row whose truth is a cause.
const fn cause(name: &'static str, names: Names, inject: fn() -> Option<Json>) -> Row {
    row(name, Truth::Cause(names), inject)
}

impl Row {
    const fn long(self) -> Self {
        Self { long: true, ..self }
    }
}

fn rows() -> Vec<&'static Row> {
    let tables: [&'static [Row]; 11] = [
        process::ROWS,
        place::ROWS,
        closing::ROWS,
        stalls::ROWS,
        slow::ROWS,
        client::ROWS,
        network::ROWS,
        proxy::ROWS,
        lab::ROWS,
        obstacles::ROWS,
        refusals::ROWS,
    ];
    tables.into_iter().flatten().collect()
}

/// What the program made of a row.
struct Claim {
    /// The cause of the first outage or slow stretch, and what kept the client out; or the class of the first refusals.
    told: String,
    confidence: String,
    right: bool,
    /// Confidence and diagnosis of each outage or slow stretch whose cause is likely or certain, and not true.
    wrong: Vec<(String, Json)>,
    why: Json,
}

impl Claim {
    fn of(row: &Row, report: &Json) -> Self {
        let diagnoses = |list: &str| -> Vec<Json> {
            let rows = report[list]["rows"].as_array().into_iter().flatten();
            rows.map(|row| row["diagnosis"].clone()).collect()
        };
        let (lost, slow) = (diagnoses("outages"), diagnoses("slow"));
        let causes = &row.truth.causes();
        let sure = |diagnosis: &&Json| diagnosis["confidence"] == "likely" || diagnosis["confidence"] == "certain";
        // A fault that costs the connection may slow it down before, for reasons of its own.
        let judged = lost.iter().chain(slow.iter().filter(|_| matches!(row.truth, Truth::Slow(_) | Truth::Nothing)));
        let wrong: Vec<_> = judged.filter(sure).filter(|diagnosis| !is_one_of(&diagnosis["cause"], causes)).collect();
        let wrong = wrong.into_iter().map(|diagnosis| (text(&diagnosis["confidence"]), diagnosis.clone())).collect();
        let diagnoses = if matches!(row.truth, Truth::Slow(_)) { slow } else { lost };
        let first = diagnoses.first().unwrap_or(&Json::Null);
        let obstacle = &first["obstacle"]["name"];
        let refused = &report["refusals"]["rows"][0]["class"];
        let (told, right) = match row.truth {
            Truth::Cause(names) | Truth::Slow(names) => (text(&first["cause"]), is_one_of(&first["cause"], names)),
            Truth::KeptOut(names, obstacles, both) => (
                format!("{}, then {}", text(&first["cause"]), text(obstacle)),
                is_one_of(&first["cause"], both) || is_one_of(&first["cause"], names) && is_one_of(obstacle, obstacles),
            ),
            Truth::Refused(class, _) => (text(refused), refused == class),
            Truth::Nothing => (text(&first["cause"]), diagnoses.is_empty()),
        };
        Self { told, confidence: text(&first["confidence"]), right, wrong, why: first.clone() }
    }
}

fn text(value: &Json) -> String {
    value.as_str().unwrap_or("-").to_owned()
}

fn is_one_of(value: &Json, names: &[&str]) -> bool {
    value.as_str().is_some_and(|value| names.contains(&value))
}

impl Truth {
    fn causes(self) -> Vec<&'static str> {
        match self {
            Self::Cause(names) | Self::Slow(names) | Self::Refused(_, names) => names.to_vec(),
            Self::KeptOut(names, _, both) => [names, both].concat(),
            Self::Nothing => Vec::new(),
        }
    }

    /// In one word, or two.
    fn words(self) -> String {
        match self {
            Self::Cause(names) | Self::Slow(names) => names[0].to_owned(),
            Self::KeptOut(names, obstacles, _) => format!("{}, then {}", names[0], obstacles[0]),
            Self::Refused(class, _) => class.to_owned(),
            Self::Nothing => "-".to_owned(),
        }
    }

    /// The name that stands for the truth beside a claim: the claimed one if it is true.
    fn beside(self, told: &str) -> String {
        if self.causes().contains(&told) { told.to_owned() } else { self.words() }
    }
}

#[test]
fn no_likely_or_certain_cause_is_wrong_and_few_are_unknown() {
    let word = env::var("INSTRUMENT").unwrap_or_default();
    let long = env::var_os("REDIS_DOCTOR_LONG").is_some();
    let all = rows();
    assert_eq!(all.iter().map(|row| row.name).collect::<BTreeSet<_>>().len(), all.len(), "two rows of one name");
    let chosen: Vec<_> = all.into_iter().filter(|row| row.name.contains(&word) && (long || !row.long)).collect();
    let claims = claims(&chosen);
    let failed: Vec<_> = claims.iter().filter(|(_, claim)| claim.is_err()).map(|(name, _)| name).collect();
    let claimed = |row: &&'static Row| Some((*row, claims[row.name].as_ref().ok()?.as_ref()?));
    let rows: Vec<_> = chosen.iter().filter_map(claimed).collect();
    eprintln!("{}", matrix(&rows));
    for (row, claim) in rows.iter().filter(|(_, claim)| !word.is_empty() || !claim.right || !claim.wrong.is_empty()) {
        eprintln!("{}: {}", row.name, claim.why);
        claim.wrong.iter().for_each(|(_, wrong)| eprintln!("{}, wrong: {wrong}", row.name));
    }
    assert!(failed.is_empty(), "did not come about: {failed:?}");
    judge(&rows);
}

/// Brings about the faults, several at a time. The error of one that failed is on the standard error already; it must not
/// keep the others from being seen.
fn claims(rows: &[&'static Row]) -> BTreeMap<&'static str, thread::Result<Option<Claim>>> {
    let claims = Mutex::new(BTreeMap::new());
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let claim = catch_unwind(|| (row.inject)().map(|report| Claim::of(row, &report)));
                    claims.lock().unwrap().insert(row.name, claim);
                }
            });
        }
    });
    claims.into_inner().unwrap()
}

fn judge(rows: &[(&Row, &Claim)]) {
    let mut wrong: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (row, claim) in rows {
        for (confidence, diagnosis) in &claim.wrong {
            let line = format!("{}: in truth {:?}, but {diagnosis:#}", row.name, row.truth);
            wrong.entry(confidence).or_default().push(line);
        }
    }
    let certain = wrong.remove("certain").unwrap_or_default();
    assert!(certain.is_empty(), "certain, and wrong:\n{}", certain.join("\n"));
    let likely = wrong.remove("likely").unwrap_or_default();
    assert!(likely.len() * 100 <= rows.len() * WRONG_LIKELY, "likely, and wrong:\n{}", likely.join("\n"));
    let missed: Vec<_> = rows.iter().filter(|(_, claim)| !claim.right).map(|(row, _)| row.name).collect();
    // Before Redis 7.0 calls of CLIENT KILL are not counted, so that each close is possibly one.
    let enough = if RedisServer::start().release().has(7, 0) { RIGHT } else { RIGHT - 13 };
    let right = rows.len() - missed.len();
    assert!(right * 100 >= rows.len() * enough, "only {right} of {} rows are right; not {missed:?}", rows.len());
}

/// A line for each fault, and the counts of truth against claim.
fn matrix(rows: &[(&Row, &Claim)]) -> String {
    let mut lines = vec![format!("{:<48} {:<40} {:<40} {}", "fault", "truth", "claimed", "confidence")];
    let mut counts: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for (row, claim) in rows {
        let truth = row.truth.beside(&claim.told);
        let mark = match (claim.right, claim.wrong.is_empty()) {
            (true, true) => "",
            (false, true) => "  missed",
            (_, false) => "  WRONG",
        };
        lines.push(format!("{:<48} {truth:<40} {:<40} {}{mark}", row.name, claim.told, claim.confidence));
        *counts.entry((truth, &claim.told)).or_default() += 1;
    }
    lines.push(String::new());
    lines.push(format!("{:<40} {:<40} {}", "truth", "claimed", "rows"));
    lines.extend(counts.iter().map(|((truth, claimed), count)| format!("{truth:<40} {claimed:<40} {count}")));
    let right = rows.iter().filter(|(_, claim)| claim.right).count();
    let best = rows.iter().filter(|(row, claim)| claim.told == row.truth.words()).count();
    let wrong: Vec<&str> =
        rows.iter().flat_map(|(_, claim)| claim.wrong.iter().map(|(confidence, _)| confidence.as_str())).collect();
    let count = |confidence| wrong.iter().filter(|wrong| **wrong == confidence).count();
    lines.push(format!(
        "\n{right} of {} right, {best} of them with the name that says most; {} certain and wrong, {} likely and wrong",
        rows.len(),
        count("certain"),
        count("likely")
    ));
    lines.join("\n")
}

/// The workloads of the rows: PINGs and verified messages,
const PROBING: &str = "soak";

/// a PING every three seconds and nothing else,
const SPARSE: &str = "soak --workload ping --rate 20/m --watchdog off --timeout 1s --response-timeout 1s";

/// as many PINGs as go through,
const HOT: &str = "soak --workload ping --rate 0 --concurrency 50";

/// SET and GET,
const WRITING: &str = "soak --workload kv";

/// a subscriber that sends nothing,
const LISTENING: &str = "subscribe news --watchdog off";

/// a client that waits for a silent server and notices soon,
const PATIENT: &str = "soak --watchdog off --timeout 400ms";

/// and one that does both on its writes.
const PATIENT_WRITING: &str = "soak --workload kv --watchdog off --timeout 400ms";

/// Starts a run beside which a fault can come about.
fn watched(arguments: &str, target: &(impl Target + ?Sized), server: &RedisServer) -> Trial {
    let trial = Trial::start(arguments, target);
    ready(arguments, &trial, server);
    trial
}

/// Waits until the commands of a run are answered and its server has been asked for its state: a fault before that is one
/// of the start.
fn ready(arguments: &str, trial: &Trial, server: &RedisServer) {
    match arguments.split(' ').next() {
        Some("soak") if !arguments.contains("--workload") => trial.wait_for_messages(),
        Some("subscribe") => {}
        _ => trial.wait_for_answers(),
    }
    server.wait_until_queried();
}

/// A server, a run beside which something happens to the server, and the report once the client is back and the outage
/// explained.
fn when(arguments: &str, server: RedisServerBuilder, fault: fn(&mut RedisServer, &Trial)) -> Option<Json> {
    let mut server = server.start();
    let trial = watched(arguments, &server, &server);
    fault(&mut server, &trial);
    recovered(trial)
}

/// The same for a silence, after which the connection goes on.
fn silenced(arguments: &str, server: RedisServerBuilder, fault: fn(&RedisServer, &Trial)) -> Option<Json> {
    let server = server.start();
    let trial = watched(arguments, &server, &server);
    fault(&server, &trial);
    trial.wait_within("resumed", 1, 2 * SOON);
    concluded(trial)
}

/// Ends a run once the client is back and the outage explained.
fn recovered(trial: Trial) -> Option<Json> {
    trial.wait_within("reconnected", 1, 2 * SOON);
    concluded(trial)
}

/// Ends a run once the evidence of its first outage is there; of one that lasts it comes after ten seconds.
fn concluded(trial: Trial) -> Option<Json> {
    explained(&trial);
    ended(trial)
}

/// Waits for so many more seconds of a run.
fn goes_on(trial: &Trial, seconds: usize) {
    let intervals = trial.count_in_journal("\"event\":\"interval\"");
    let passed = || trial.count_in_journal("\"event\":\"interval\"") >= intervals + seconds;
    eventually("more seconds of the run", 3 * SOON, passed);
}

/// Waits for the evidence of the first outage.
fn explained(trial: &Trial) {
    trial.wait_for_journal_times("\"event\":\"evidence\"", 1);
}

/// Ends a run.
fn ended(trial: Trial) -> Option<Json> {
    Some(trial.stop().report.clone())
}

/// A field of the connection under test, as it was at first.
fn ours(trial: &Trial, field: &str) -> String {
    let journal = fs::read_to_string(trial.journal()).unwrap();
    let mut events = journal.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    let connected = events.find(|event| event["event"] == "connected").unwrap();
    connected[field].as_str().map_or_else(|| connected[field].to_string(), str::to_owned)
}

/// Stops the program under test until a condition holds.
fn while_stopped(trial: &Trial, until: &str, condition: impl FnMut() -> bool) {
    trial.doctor().signal(Signal::STOP);
    eventually(until, 2 * SOON, condition);
    trial.doctor().signal(Signal::CONT);
}
