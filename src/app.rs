//! The composition root: what each command puts together, and which exit code its outcome means.

mod check;
mod drill;
mod explain;
mod idle;
mod proxy;
mod replay;
mod run;
mod signals;
mod sinks;
mod wait;

use std::{
    ffi::OsString,
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

use crate::{
    cli::{self, Invocation},
    exit::Exit,
    output::{Format, OutputOptions},
    plan::{Address, Target},
    render::{self, Style},
    report::Report,
    sandbox::{Sandbox, SandboxConfig},
    verdict::Verdict,
};

/// File descriptors without which nothing can be begun: the runtime and its signals take nine beside the standard
/// three, and it cannot say so itself.
const DESCRIPTORS: u64 = 16;

/// Runs the program with these arguments to its end.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let (format, outcome) = match cli::parse(args) {
        Ok(Invocation::Print(text)) => (Format::Text, print(&text).map(|()| Exit::Healthy)),
        Ok(Invocation::Check(request)) => (request.format, check::check(*request)),
        Ok(Invocation::Drill(request)) => (Format::Text, drill::drill(request)),
        Ok(Invocation::Explain(request)) => (Format::Text, explain::explain(&request)),
        Ok(Invocation::Idle(request)) => (request.format, idle::idle(*request)),
        Ok(Invocation::Wait(request)) => (Format::Text, wait::wait(request)),
        Ok(Invocation::Report(request)) => (request.output.format, replay::replay(&request)),
        Ok(Invocation::Proxy(request)) => (Format::Text, proxy::proxy(request)),
        Ok(Invocation::Run(request)) => (request.output.format, run::run(*request)),
        Err(error) if error.to_stdout => (error.format, print(&error.message).map(|()| error.exit)),
        Err(error) => return refuse(error.format, error.message.trim_end()).into(),
    };
    outcome.unwrap_or_else(|problem| refuse(format, &format!("error: {problem}"))).into()
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

/// What keeps the program from doing its work: a sentence that names the cause and the remedy.
type Problem = String;

/// One line on stderr. If nobody reads it, there is nobody to tell.
fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", render::fitted(text, render::stderr_columns()));
}

/// Text on stdout; a reader that has gone is no problem.
fn print(text: &str) -> Result<(), Problem> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    forgive_closed(written).map_err(|error| format!("cannot write to stdout: {error}"))
}

/// Finds out before the work, not after two weeks, that its result cannot be written into the file that `--output`
/// names.
fn check_writable(path: Option<&Path>) -> Result<(), Problem> {
    let Some(path) = path else { return Ok(()) };
    let opened = File::options().write(true).create(true).truncate(false).open(path);
    opened.map(drop).map_err(|error| format!("--output: cannot write {}: {error}", path.display()))
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
            .map_err(|error| format!("--output: cannot write {}: {error}", path.display())),
        None => forgive_closed(write(&mut io::stdout().lock(), render::stdout_columns()))
            .map_err(|error| format!("cannot write the report: {error}")),
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
    let descriptors = allow_many_connections();
    if descriptors.is_some_and(|most| most < DESCRIPTORS) {
        let most = descriptors.unwrap_or_default();
        return Err(format!(
            "this process may have only {most} file descriptors, and needs {DESCRIPTORS} and three for each connection: \
             raise the limit (ulimit -n, LimitNOFILE of systemd, --ulimit nofile of Docker)"
        ));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| format!("cannot start the runtime: {error}"))?.block_on(work)
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

/// Starts the embedded server and makes it the target. It runs until what this returns is dropped.
fn start_sandbox(target: &mut Target) -> Result<Sandbox, Problem> {
    let sandbox = Sandbox::start(SandboxConfig::default())
        .map_err(|error| format!("--sandbox: cannot start the server: {error}"))?;
    let address = sandbox.addr();
    target.address = Address::Tcp { host: address.ip().to_string(), port: address.port(), tls: false };
    Ok(sandbox)
}
