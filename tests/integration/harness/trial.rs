//! A run of `redis-doctor` with everything it leaves behind: event lines while it goes on, and afterwards the JSON
//! report and the journal, event by event.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use redis_doctor::internals::schema::JOURNAL;
use serde_json::Value as Json;
use tempfile::TempDir;

use super::{Doctor, Hosts, Output, RunningDoctor, Signal, Target, eventually};

/// How long a line may take that is to come "at once" on a busy machine.
const SOON: Duration = Duration::from_secs(10);

/// How long any run may take.
const LIMIT: Duration = Duration::from_secs(60);

/// A run under way.
pub(crate) struct Trial {
    doctor: RunningDoctor,
    files: TempDir,
}

impl Trial {
    /// Starts `redis-doctor ARGUMENTS -u TARGET`, with a journal and the report as JSON in a file; returns as soon as
    /// it is connected (and subscribed, where it subscribes).
    #[track_caller]
    pub(crate) fn start(arguments: &str, target: &(impl Target + ?Sized)) -> Self {
        Self::with(arguments.split_ascii_whitespace(), target)
    }

    /// The same with arguments of any bytes.
    #[track_caller]
    pub(crate) fn with<A: Into<OsString>>(
        arguments: impl IntoIterator<Item = A>,
        target: &(impl Target + ?Sized),
    ) -> Self {
        Self::prepared(arguments, target, |doctor| doctor)
    }

    /// Like [`Self::start`], for a run that may take this long.
    #[track_caller]
    pub(crate) fn within(limit: Duration, arguments: &str, target: &(impl Target + ?Sized)) -> Self {
        Self::prepared(arguments.split_ascii_whitespace(), target, |doctor| doctor.within(limit))
    }

    /// Like [`Self::start`], with this file in the place of `/etc/hosts`, and a server on this port of its name.
    #[track_caller]
    pub(crate) fn reading(hosts: &Hosts, arguments: &str, port: u16) -> Self {
        Self::prepared(arguments.split_ascii_whitespace(), &hosts.url(port), |doctor| doctor.reading(hosts))
    }

    /// Like [`Self::start`], with the certificates of this file trusted.
    #[track_caller]
    pub(crate) fn trusting(authority: &Path, arguments: &str, target: &(impl Target + ?Sized)) -> Self {
        Self::prepared(arguments.split_ascii_whitespace(), target, |doctor| doctor.env("SSL_CERT_FILE", authority))
    }

    #[track_caller]
    fn prepared<A: Into<OsString>>(
        arguments: impl IntoIterator<Item = A>,
        target: &(impl Target + ?Sized),
        prepare: impl FnOnce(Doctor) -> Doctor,
    ) -> Self {
        let files = TempDir::with_prefix("redis-doctor-trial-").unwrap();
        let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
        let subscribes = arguments[0] == "subscribe";
        let expects_subscription = subscribes || arguments[0] == "soak" && pubsub(&arguments);
        let format = if subscribes { "--report-format" } else { "--format" };
        let doctor = Doctor::new(arguments)
            .arg(format)
            .arg("json")
            .arg("--output")
            .arg(files.path().join("report.json"))
            .arg("--journal")
            .arg(files.path().join("journal.ndjson"))
            .target(target)
            .within(LIMIT);
        let doctor = prepare(doctor).spawn();
        let trial = Self { doctor, files };
        trial.wait_for("connected", 1);
        if expects_subscription {
            trial.wait_for("subscribed", 1);
        }
        trial
    }

    /// Waits until so many event lines of this kind have come, counted from the start.
    #[track_caller]
    pub(crate) fn wait_for(&self, label: &str, count: usize) {
        self.wait_within(label, count, SOON);
    }

    /// The same with a limit of its own.
    #[track_caller]
    pub(crate) fn wait_within(&self, label: &str, count: usize, within: Duration) {
        let what = format!("{count} event lines {label:?}");
        self.doctor.wait_until(&what, within, |_, stderr| lines_of(stderr, label) >= count);
    }

    /// Waits until the journal says that probes have been answered: none of the first is in flight any more.
    #[track_caller]
    pub(crate) fn wait_for_answers(&self) {
        self.wait_for_journal("\"ok\":");
    }

    /// Waits until the journal says that verified messages have come.
    #[track_caller]
    pub(crate) fn wait_for_messages(&self) {
        self.wait_for_journal("\"received\":");
    }

    /// Waits until the journal contains the text so many times.
    #[track_caller]
    pub(crate) fn wait_for_journal_times(&self, text: &str, count: usize) {
        let what = format!("{count} times {text:?} in the journal");
        eventually(&what, 3 * SOON, || self.count_in_journal(text) >= count);
    }

    /// Waits until the journal has so many events of this kind: those of many connections can share an event line.
    #[track_caller]
    pub(crate) fn wait_for_events(&self, kind: &str, count: usize, within: Duration) {
        let text = format!("\"event\":\"{kind}\"");
        eventually(&format!("{count} events {kind:?}"), within, || self.count_in_journal(&text) >= count);
    }

    /// How many lines of the journal are failures of probes, and not of our own publisher.
    pub(crate) fn failures(&self) -> usize {
        let journal = fs::read_to_string(self.journal()).unwrap_or_default();
        let is_failure = |line: &&str| line.contains("\"command_failed\"") && !line.contains("\"stage\":\"publish\"");
        journal.lines().filter(is_failure).count()
    }

    /// How often the journal contains the text.
    pub(crate) fn count_in_journal(&self, text: &str) -> usize {
        fs::read_to_string(self.journal()).unwrap_or_default().matches(text).count()
    }

    /// Waits until the journal contains the text.
    #[track_caller]
    pub(crate) fn wait_for_journal(&self, text: &str) {
        let what = format!("{text:?} in the journal");
        eventually(&what, SOON, || fs::read_to_string(self.journal()).is_ok_and(|journal| journal.contains(text)));
    }

    /// The program itself.
    pub(crate) fn doctor(&self) -> &RunningDoctor {
        &self.doctor
    }

    /// Where the journal is.
    pub(crate) fn journal(&self) -> PathBuf {
        self.files.path().join("journal.ndjson")
    }

    /// Ends the run with SIGINT.
    #[track_caller]
    pub(crate) fn stop(self) -> Story {
        self.doctor.signal(Signal::INT);
        self.finish()
    }

    /// Waits for the end of the run.
    #[track_caller]
    pub(crate) fn finish(self) -> Story {
        let journal = self.journal();
        let output = self.doctor.finish();
        let report = fs::read(self.files.path().join("report.json")).unwrap_or_default();
        let events = fs::read_to_string(&journal).unwrap_or_default();
        // A run that is killed in the middle of a write leaves a part of a line.
        let (events, part) = events.rsplit_once('\n').unwrap_or_default();
        assert!(part.is_empty() || output.was_killed(), "{part}");
        Story {
            report: serde_json::from_slice(&report).unwrap_or_default(),
            events: events.lines().map(|line| serde_json::from_str(line).expect(line)).collect(),
            output,
            files: self.files,
        }
    }
}

fn pubsub(arguments: &[OsString]) -> bool {
    let workload = arguments.iter().position(|argument| argument == "--workload");
    workload.is_none_or(|at| arguments[at + 1].to_string_lossy().contains("pubsub"))
}

/// `14:02:11.204  connected     …`: the label stands between two double spaces.
fn lines_of(stderr: &str, label: &str) -> usize {
    let labels = stderr.lines().filter_map(|line| line.split("  ").nth(1));
    labels.filter(|found| *found == label).count()
}

/// What a run left behind. A failing test shows its event lines.
pub(crate) struct Story {
    /// The report.
    pub(crate) report: Json,
    /// The journal.
    pub(crate) events: Vec<Json>,
    /// The exit code and the streams.
    pub(crate) output: Output,
    files: TempDir,
}

impl Story {
    /// Where the journal is.
    pub(crate) fn journal(&self) -> PathBuf {
        self.files.path().join("journal.ndjson")
    }

    /// The report's value at a path such as `outages.drops`.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> &Json {
        let pointer = format!("/{}", path.replace('.', "/"));
        self.report.pointer(&pointer).unwrap_or_else(|| panic!("the report has no {path}"))
    }

    /// A whole number of the report.
    #[track_caller]
    pub(crate) fn count(&self, path: &str) -> u64 {
        let value = self.get(path);
        value.as_u64().unwrap_or_else(|| panic!("{path} is no count: {value}"))
    }

    /// A number of the report.
    #[track_caller]
    pub(crate) fn number(&self, path: &str) -> f64 {
        let value = self.get(path);
        value.as_f64().unwrap_or_else(|| panic!("{path} is no number: {value}"))
    }

    /// How long the longest failed probe took (seconds); some have to have failed.
    #[track_caller]
    pub(crate) fn longest_failure(&self) -> f64 {
        self.number("failed_latency.max")
    }

    /// The rows of the outage table.
    #[track_caller]
    pub(crate) fn outages(&self) -> &[Json] {
        self.get("outages.rows").as_array().unwrap()
    }

    /// How many errors of this class the error table has.
    #[track_caller]
    pub(crate) fn errors(&self, class: &str) -> u64 {
        self.error_rows(class).iter().map(|row| row["count"].as_u64().unwrap()).sum()
    }

    /// The rows of the error table with this class.
    #[track_caller]
    pub(crate) fn error_rows(&self, class: &str) -> Vec<&Json> {
        assert!(is_a_word_of_the_journal(class), "there is no class {class}");
        self.get("errors").as_array().unwrap().iter().filter(|row| row["class"] == class).collect()
    }

    /// The journal's events of this name.
    #[track_caller]
    pub(crate) fn events(&self, name: &str) -> Vec<&Json> {
        assert!(is_a_word_of_the_journal(name), "there is no event {name}");
        self.events.iter().filter(|event| event["event"] == name).collect()
    }

    /// The same, of which there must be so many: for a test that says something of each.
    #[track_caller]
    pub(crate) fn each(&self, name: &str, count: usize) -> Vec<&Json> {
        let events = self.events(name);
        assert_eq!(events.len(), count, "{name}: {events:#?}");
        events
    }

    /// The only event of this name.
    #[track_caller]
    pub(crate) fn the(&self, name: &str) -> &Json {
        self.each(name, 1)[0]
    }

    /// The client was back by itself after each of so many outages.
    #[track_caller]
    pub(crate) fn came_back_by_itself(&self, times: usize) -> &Self {
        let by_itself: Vec<_> = self.outages().iter().map(|row| &row["by_itself"]).collect();
        assert_eq!(by_itself, vec![true; times], "{:#?}", self.outages());
        self
    }

    /// The states entered, in order.
    pub(crate) fn states(&self) -> Vec<&str> {
        self.events("state_entered").iter().filter_map(|event| event["state"].as_str()).collect()
    }

    /// The report made again from the journal.
    #[track_caller]
    pub(crate) fn replayed(&self, expected_code: i32) -> Json {
        let output = Doctor::new(["report", "--format", "json"]).arg(self.journal()).run();
        output.code(expected_code);
        output.json()
    }

    /// The report made from the journal is the report of the run.
    #[track_caller]
    pub(crate) fn agrees_with_its_journal(&self) -> &Self {
        let code = self.output.exit_code().expect("ended by itself");
        let (live, again) = (without_wall_times(&self.report), without_wall_times(&self.replayed(code)));
        for (part, value) in live.as_object().unwrap() {
            assert_eq!(&again[part], value, "{part}: left is from the journal, right from the run");
        }
        self
    }

    /// Every probe has one outcome, every accepted message either came or is lost, and the journal agrees.
    #[track_caller]
    pub(crate) fn balances(&self) -> &Self {
        if !self.get("probes").is_null() {
            let [launched, ok, failed, timed_out, paused] =
                ["launched", "ok", "failed", "timed_out", "paused"].map(|name| self.count(&format!("probes.{name}")));
            assert_eq!(launched, ok + failed + timed_out + paused, "launched = ok + failed + timed out + paused");
            assert!(ok > 0, "something was answered");
        }
        if !self.get("delivery").is_null() {
            let [published, received, lost] =
                ["published", "received", "lost"].map(|name| self.count(&format!("delivery.{name}")));
            assert_eq!(lost, published - received, "lost = published - received");
        }
        self.agrees_with_its_journal()
    }

    /// The exit code is this one.
    #[track_caller]
    pub(crate) fn code(&self, expected: i32) -> &Self {
        self.output.code(expected);
        self
    }
}

/// A journal keeps wall-clock times to the microsecond, and rounds where the run itself did not.
fn without_wall_times(report: &Json) -> Json {
    match report {
        Json::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| !["time", "first", "last"].contains(&name.as_str()));
            Json::Object(kept.map(|(name, value)| (name.clone(), without_wall_times(value))).collect())
        }
        Json::Array(values) => values.iter().map(without_wall_times).collect(),
        other => other.clone(),
    }
}

impl Drop for Story {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- event lines\n{}", self.output.stderr());
            eprintln!("--- findings\n{:#}\n--- errors\n{:#}", self.report["findings"], self.report["errors"]);
            eprintln!("--- outages\n{:#}", self.report["outages"]);
        }
    }
}

/// Whether a name is one of those that the journal's schema lists: a misspelt one would be found nowhere.
fn is_a_word_of_the_journal(name: &str) -> bool {
    static SCHEMA: LazyLock<String> = LazyLock::new(|| JOURNAL.schema().to_string());
    SCHEMA.contains(&format!("\"const\":\"{name}\""))
}
