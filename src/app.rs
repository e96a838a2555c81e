//! The composition root: what each command puts together, and which exit code its outcome means.

mod check;
mod drill;
mod error;
mod explain;
mod idle;
mod proxy;
mod report;
mod run;
mod signals;
mod sinks;
mod wait;

use std::{
    any::Any,
    ffi::OsString,
    fmt::Debug,
    fs::File,
    io::{self, IsTerminal, Write},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::fs::MetadataExt,
    },
    path::Path,
    process::ExitCode,
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use self::error::{DESCRIPTORS, Problem};
use crate::{
    cli::{
        self, Job,
        commands::{completions::CompletionsRequest, man::ManRequest},
    },
    exit::Exit,
    output::{Format, OutputOptions},
    plan::{Address, Target},
    render::{self, Style},
    report::Report,
    sandbox::{Sandbox, SandboxConfig},
    verdict::Verdict,
};

/// Runs the program with these arguments to its end.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let exit = match cli::parse(args) {
        Ok(job) => job.run(),
        Err(error) if error.to_stdout => exit_or_refuse(print(&error.message).map(|()| error.exit), error.format),
        Err(error) => refuse(error.format, error.message.trim_end()),
    };
    exit.into()
}

/// The work that a request asks for: one implementation for each type of request, in the command's file.
trait Work: Any + Debug {
    /// The format in which a problem is reported.
    fn format(&self) -> Format {
        Format::Text
    }

    /// Does the work and writes its result.
    fn perform(self) -> Result<Exit, Problem>;
}

impl<W: Work> Job for W {
    fn run(self: Box<Self>) -> Exit {
        let format = self.format();
        exit_or_refuse(self.perform(), format)
    }
}

impl Work for CompletionsRequest {
    fn perform(self) -> Result<Exit, Problem> {
        print(&cli::completion_script(self.shell)).map(|()| Exit::Healthy)
    }
}

impl Work for ManRequest {
    fn perform(self) -> Result<Exit, Problem> {
        print(&cli::manual_page()).map(|()| Exit::Healthy)
    }
}

fn exit_or_refuse(outcome: Result<Exit, Problem>, format: Format) -> Exit {
    outcome.unwrap_or_else(|problem| refuse(format, &format!("error: {problem}")))
}

/// Says why there is no report; a monitoring system is told on stdout, too, in its own terms.
fn refuse(format: Format, message: &str) -> Exit {
    say(message);
    if format == Format::Nagios {
        // If nobody reads it, there is nobody to tell.
        let _ = render::unknown(message, &mut io::stdout().lock());
    }
    Exit::Unknown
}

/// One line on stderr. If nobody reads it, there is nobody to tell.
fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", render::fitted(text, render::stderr_columns()));
}

/// Text on stdout; a reader that has gone is no problem.
fn print(text: &str) -> Result<(), Problem> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    forgive_closed(written).map_err(Problem::Stdout)
}

/// Finds out before the work, not after two weeks, that its result cannot be written into the file that `--output`
/// names.
fn check_writable(path: Option<&Path>) -> Result<(), Problem> {
    let Some(path) = path else { return Ok(()) };
    let opened = File::options().write(true).create(true).truncate(false).open(path);
    opened.map(drop).map_err(Problem::file("--output", path))
}

/// Writes a result into the file that `--output` names, replacing what is there, or to stdout. What writes it is told
/// how many columns the terminal has, if it is one.
fn deliver(
    path: Option<&Path>,
    write: impl FnOnce(&mut dyn Write, Option<usize>) -> io::Result<()>,
) -> Result<(), Problem> {
    match path {
        Some(path) => File::create(path)
            .and_then(|file| write(&mut io::BufWriter::new(file), None))
            .map_err(Problem::file("--output", path)),
        None => forgive_closed(write(&mut io::stdout().lock(), render::stdout_columns())).map_err(Problem::Report),
    }
}

/// The same below the lines of a command's progress on stderr, from which it may have to be divided.
fn deliver_below(
    path: Option<&Path>,
    divided: bool,
    write: impl FnOnce(&mut dyn Write, Option<usize>) -> io::Result<()>,
) -> Result<(), Problem> {
    deliver(path, |out, columns| {
        out.write_all(divider(divided && path.is_none()))?;
        write(out, columns)
    })
}

/// How progress on stderr is shown.
fn progress_style(quiet: bool) -> Style {
    Style {
        terminal: render::is_capable_terminal(&io::stderr()),
        quiet,
        columns: render::stderr_columns(),
        ..Style::default()
    }
}

/// What divides a text on stdout from the lines on stderr before it, where both are on one terminal.
fn divider(wanted: bool) -> &'static [u8] {
    if wanted && share_a_terminal() { b"\n" } else { b"" }
}

/// Whether stdout and stderr are seen together: who reads the one reads the other.
fn share_a_terminal() -> bool {
    let device = |stream: BorrowedFd<'_>| File::from(stream.try_clone_to_owned()?).metadata().map(|file| file.rdev());
    let (out, err) = (io::stdout(), io::stderr());
    let same = || device(out.as_fd()).ok().zip(device(err.as_fd()).ok()).is_some_and(|(out, err)| out == err);
    out.is_terminal() && err.is_terminal() && same()
}

fn forgive_closed(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Remarks of the command line, before anything else.
fn warn(warnings: &[String]) {
    warnings.iter().for_each(|warning| say(&format!("warning: {warning}")));
}

/// Runs a command's work to its end. One thread: a second one would only cost, for one connection is the subject.
fn block_on<T>(work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    if let Some(limit) = allow_many_connections().filter(|limit| *limit < DESCRIPTORS) {
        return Err(Problem::Descriptors { limit });
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(Problem::Runtime)?.block_on(work)
}

/// Raises this process' limit of file descriptors as far as it may: a connection through the
/// proxy takes two, and a thousand are more than many systems give unasked. Where that fails, connections beyond the
/// limit wait to be accepted. Gives the limit that is in force now; `None` for unlimited.
fn allow_many_connections() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    match setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    }
}

/// What the verdict means to the shell.
fn exit_of(report: &Report, options: &OutputOptions) -> Exit {
    exit_code(report.verdict, options.exit_zero)
}

fn exit_code(verdict: Verdict, exit_zero: bool) -> Exit {
    if exit_zero { Exit::Healthy } else { verdict.into() }
}

/// Starts the embedded server and makes it the target, if it is wanted. It runs until what this returns is dropped.
fn start_sandbox(wanted: bool, target: &mut Target) -> Result<Option<Sandbox>, Problem> {
    if !wanted {
        return Ok(None);
    }
    let sandbox = Sandbox::start(SandboxConfig::default()).map_err(Problem::Sandbox)?;
    let address = sandbox.addr();
    target.address = Address::Tcp { host: address.ip().to_string(), port: address.port(), tls: false };
    target.named_by = "sandbox".to_owned();
    Ok(Some(sandbox))
}
