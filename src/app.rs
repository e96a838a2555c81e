//! The composition root: the parts of each command, and the exit code of its outcome.

mod baseline;
mod check;
mod compare;
mod descriptors;
mod destination;
mod drill;
mod error;
mod explain;
mod idle;
mod keys;
mod metrics;
mod proxy;
mod report;
mod run;
mod signals;
mod sinks;
mod spans;
mod trace;
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
    process::ExitCode,
};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use tokio::sync::mpsc::UnboundedSender;

use self::{
    destination::{check_writable, deliver, deliver_below, end_stream},
    error::Problem,
};
use crate::{
    cli::{
        self, Job,
        commands::{completions::CompletionsRequest, man::ManRequest},
    },
    event::{Control, StopReason},
    exit::Exit,
    output::{Format, OutputOptions},
    plan::{Address, LocalServer, Target},
    render::{self, Style},
    report::RunReport,
    sandbox::{Sandbox, SandboxConfig},
    supervise::{self, SpawnedServer},
    units::clean,
    verdict::Verdict,
};

/// Runs the program with these arguments to its end.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<_> = args.into_iter().collect();
    if let Some(exit) = supervise::become_other(&args) {
        return exit;
    }
    signals::survive_file_limit();
    let exit = match cli::parse(args) {
        Ok(job) => job.run(),
        Err(error) if error.to_stdout => exit_or_refuse(print(&error.message).map(|()| error.exit), error.format),
        Err(error) => refuse(error.format, error.message.trim_end()),
    };
    exit.into()
}

/// The work of a request: one implementation for each type of request, in the command's file.
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
        let text = match self {
            Self::Script(shell) => cli::completion_script(shell),
            Self::Targets(names) => names.iter().map(|name| clean(name) + "\n").collect(),
        };
        print(&text).map(|()| Exit::Healthy)
    }
}

impl Work for ManRequest {
    fn perform(self) -> Result<Exit, Problem> {
        print(&cli::manual_page(self.command.as_deref())).map(|()| Exit::Healthy)
    }
}

fn exit_or_refuse(outcome: Result<Exit, Problem>, format: Format) -> Exit {
    outcome.unwrap_or_else(|problem| refuse(format, &format!("error: {problem}")))
}

/// Reports why there is no result on stderr, and to a monitoring system also on stdout, in its own terms.
fn refuse(format: Format, message: &str) -> Exit {
    say(message);
    if format == Format::Nagios {
        // A closed stdout is not an error of the run.
        let _ = render::unknown(message, &mut io::stdout().lock());
    }
    Exit::Unknown
}

/// Writes lines to stderr, if it is open. They may quote text from outside.
fn say(text: &str) {
    let text = text.lines().map(clean).collect::<Vec<_>>().join("\n");
    let _ = writeln!(io::stderr().lock(), "{}", render::fitted(&text, render::stderr_columns()));
}

/// Writes text to stdout; a closed reader is not an error.
fn print(text: &str) -> Result<(), Problem> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    forgive_closed(written).map_err(Problem::Stdout)
}

/// Returns the reaction to a reader of stdout that is gone: the run ends.
fn stop_when_closed(controls: &UnboundedSender<Control>) -> impl Fn() + Send + Sync + 'static {
    let controls = controls.clone();
    // The run may have ended already.
    move || _ = controls.send(Control::Stop(StopReason::OutputClosed))
}

/// Returns the style of progress on stderr.
fn progress_style(quiet: bool) -> Style {
    Style {
        terminal: render::is_capable_terminal(&io::stderr()),
        quiet,
        columns: render::stderr_columns(),
        ..Style::default()
    }
}

/// Returns the style of a report without color, laid out for this width.
fn styled(output: &OutputOptions, columns: Option<usize>) -> Style {
    let OutputOptions { rows, verbose, local_time, .. } = *output;
    Style { rows, verbose, local_time, ..Style::plain(columns) }
}

/// Warns if local times are wanted, and the zone is not known.
fn warn_without_zone(output: &OutputOptions) {
    if output.local_time && !render::has_local_zone() {
        say("warning: --local-time: no time zone found, so times are in UTC; set TZ to a zone such as Europe/Berlin");
    }
}

/// Returns the divider between lines on stderr and a text on stdout, if both are on one terminal.
fn divider(wanted: bool) -> &'static [u8] {
    if wanted && share_a_terminal() { b"\n" } else { b"" }
}

/// Returns true if stdout and stderr are the same terminal.
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

/// Prints the warnings of the command line.
fn warn(warnings: &[String]) {
    warnings.iter().for_each(|warning| say(&format!("warning: {warning}")));
}

/// Runs a command's work to its end, on one thread: for one connection a second one is only overhead.
fn block_on<T>(work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    descriptors::check()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Problem::Runtime)?;
    let done = runtime.block_on(work);
    // Without a wait for lookups that a name server does not answer.
    runtime.shutdown_background();
    done
}

/// Returns the exit code of the verdict.
fn exit_of(report: &RunReport, options: &OutputOptions) -> Exit {
    report.verdict().map_or(Exit::Unknown, |verdict| exit_of_many(verdict, report.is_partial(), options.exit_zero))
}

/// Returns the exit code of the worst target. A line of the list that could not be read leaves the result unknown, unless a
/// target is critical, which must not go unseen.
fn exit_of_many(worst: Verdict, partial: bool, exit_zero: bool) -> Exit {
    match worst {
        Verdict::Healthy | Verdict::Degraded if partial && !exit_zero => Exit::Unknown,
        worst => exit_code(worst, exit_zero),
    }
}

fn exit_code(verdict: Verdict, exit_zero: bool) -> Exit {
    if exit_zero { Exit::Healthy } else { verdict.into() }
}

/// A server that runs until this is dropped.
struct Served {
    _server: Box<dyn Any>,
    /// Remarks of the sandbox; a real server makes none.
    remarks: UnboundedReceiver<String>,
}

/// Starts the server that is wanted and makes it the target.
fn start_server(wanted: Option<&LocalServer>, target: &mut Target) -> Result<Option<Served>, Problem> {
    let Some(wanted) = wanted else { return Ok(None) };
    let (sender, remarks) = unbounded_channel();
    let (server, address, named_by): (Box<dyn Any>, _, _) = match wanted {
        LocalServer::Sandbox => {
            let config = SandboxConfig { remarks: Some(sender), ..SandboxConfig::default() };
            let sandbox = Sandbox::start(config).map_err(Problem::Sandbox)?;
            let address = sandbox.addr();
            (Box::new(sandbox), address, "sandbox".to_owned())
        }
        LocalServer::Spawned(program) => {
            let server = SpawnedServer::start(program.as_deref()).map_err(Problem::Spawn)?;
            let (address, named_by) = (server.address(), server.to_string());
            (Box::new(server), address, named_by)
        }
    };
    target.address = Address::Tcp { host: address.ip().to_string(), port: address.port(), tls: false };
    target.named_by = named_by;
    Ok(Some(Served { _server: server, remarks }))
}
