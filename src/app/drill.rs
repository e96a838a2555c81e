//! `redis-doctor drill`: policies, or an application, through faults.

use std::{
    fs::DirBuilder,
    io::{self, Write},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use tokio::sync::mpsc::unbounded_channel;

use super::{
    Problem, Work, block_on, check_writable, deliver_below, progress_style, say,
    signals::{Signals, asked_to_stop},
    start_server, warn,
};
use crate::{
    cli::commands::drill::{DrillRequest, Examinee},
    drill::{AUTHORITY, ApplicationDrill, Cell, Drill, LabDrill, Outcome, SurvivalCase, SurvivalOutcome},
    exit::Exit,
    output::Format,
    plan::{LabCase, PolicyName},
    render::{self, DrillProgress, Style},
    units,
};

impl Work for DrillRequest {
    /// Runs the drill and writes its results; critical if a policy or a case that must survive did not, or one could not run.
    fn perform(mut self) -> Result<Exit, Problem> {
        warn(&self.warnings);
        check_writable(self.output.as_deref())?;
        let _server = start_server(self.server.as_ref(), &mut self.target)?;
        match &self.examinee {
            Examinee::Policies { lab, policies, must_survive } => block_on(run(&self, lab, policies, must_survive)),
            Examinee::Application { subject, jobs, logs, tls, must_survive } => {
                let logs = subject.command.as_ref().map(|_| folder(logs.as_deref(), self.seed)).transpose()?;
                let trusted = logs.clone().filter(|_| *tls);
                let drill = ApplicationDrill {
                    target: self.target.clone(),
                    cases: self.cases.clone(),
                    subject: subject.clone(),
                    jobs: *jobs,
                    logs,
                    trusted,
                    seed: self.seed,
                };
                block_on(run_application(&self, &drill, must_survive))
            }
        }
    }
}

/// Creates the folder for the output of an application.
fn folder(wanted: Option<&Path>, seed: u64) -> Result<PathBuf, Problem> {
    let path = match wanted {
        Some(path) => path.to_owned(),
        None => std::env::temp_dir().join(format!("redis-doctor-{}-{seed:x}", std::process::id())),
    };
    // In a folder that belongs to others, a link could be a trap.
    let created = DirBuilder::new().recursive(wanted.is_some()).mode(0o700).create(&path);
    created.map_err(Problem::file("--log-dir", &path))?;
    Ok(path)
}

async fn run_application(
    request: &DrillRequest,
    drill: &ApplicationDrill,
    must_survive: &[String],
) -> Result<Exit, Problem> {
    let signals = Signals::install()?;
    let count = request.cases.len() as u64;
    let heading = format!(
        "redis-doctor {} · drill · {} · {} ({}) · {} · at least {} · seed {}",
        env!("CARGO_PKG_VERSION"),
        if drill.subject.command.is_some() {
            "application of --exec".to_owned()
        } else {
            format!("application at {}", drill.subject.listen)
        },
        request.target,
        request.target.named_by,
        units::count(count, "case"),
        units::span(drill.estimate()),
        request.seed
    );
    let mut progress = DrillProgress::new(progress_style(request.quiet), Box::new(io::stderr()), &heading, count);
    if let Some(logs) = drill.logs.as_ref().filter(|_| !request.quiet) {
        say(&format!("the output of the application is in {}", logs.display()));
    }
    if let Some(trusted) = drill.trusted.as_ref().filter(|_| !request.quiet) {
        say(&format!("the proxies speak TLS; their authority is in {}", trusted.join(AUTHORITY).display()));
    }
    let (controls, control) = unbounded_channel();
    let survival = tokio::select! {
        survival = drill.run(asked_to_stop(control), |case| progress.done(case)) => survival?,
        _ = signals.pass_on(&controls) => return Ok(Exit::Interrupted),
    };
    progress.finish();
    let divided = request.format == Format::Text && !request.quiet;
    let write = |out: &mut dyn Write, columns| render::write(&survival, request.format, Style::plain(columns), out);
    deliver_below(request.output.as_deref(), divided, write)?;
    let bad = |case: &SurvivalCase| {
        case.outcome == SurvivalOutcome::NotRun || !case.survived && must_survive.contains(&case.case)
    };
    Ok(if survival.cases.iter().any(bad) { Exit::Critical } else { Exit::Healthy })
}

async fn run(
    request: &DrillRequest,
    lab: &[LabCase],
    policies: &[PolicyName],
    must_survive: &[PolicyName],
) -> Result<Exit, Problem> {
    let signals = Signals::install()?;
    let drill = Drill {
        target: request.target.clone(),
        protocol: request.protocol,
        cases: request.cases.clone(),
        policies: policies.to_vec(),
        seed: request.seed,
    };
    let lab = LabDrill { cases: lab.to_vec(), policies: policies.to_vec(), seed: request.seed };
    let count = ((request.cases.len() + lab.cases.len()) * policies.len()) as u64;
    let (least, place) = match lab.cases.first() {
        Some(case) => (lab.estimate(), format!("--lab {}", case.lab())),
        None => (drill.estimate(), format!("{} ({})", request.target, request.target.named_by)),
    };
    let heading = format!(
        "redis-doctor {} · drill · {place} · {} · at least {} · seed {}",
        env!("CARGO_PKG_VERSION"),
        units::count(count, "cell"),
        units::span(least),
        request.seed
    );
    let mut progress = DrillProgress::new(progress_style(request.quiet), Box::new(io::stderr()), &heading, count);
    let (controls, control) = unbounded_channel();
    let cells = tokio::select! {
        cells = async {
            let (stop, done) = (asked_to_stop(control), |cell: &Cell| progress.done(cell));
            if lab.cases.is_empty() { drill.run(stop, done).await } else { lab.run(stop, done).await }
        } => cells,
        _ = signals.pass_on(&controls) => return Ok(Exit::Interrupted),
    };
    progress.finish();
    let divided = request.format == Format::Text && !request.quiet;
    let write = |out: &mut dyn Write, columns| render::write(&*cells, request.format, Style::plain(columns), out);
    deliver_below(request.output.as_deref(), divided, write)?;
    let bad = |cell: &&Cell| !cell.survived && must_survive.contains(&cell.policy);
    let not_run = cells.iter().any(|cell| cell.outcome == Outcome::NotRun);
    Ok(if not_run || cells.iter().any(|cell| bad(&cell)) { Exit::Critical } else { Exit::Healthy })
}
