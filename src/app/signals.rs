//! Signals, as in ping(8): SIGINT, SIGTERM and SIGHUP end the run with its report, SIGUSR1 and SIGQUIT show interim
//! figures. A second signal of the first group ends the process immediately, and SIGTERM ends it within a second,
//! whatever it waits for.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use rustix::process::{Resource, Signal as Number, getrlimit};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc::{UnboundedReceiver, UnboundedSender},
    time::sleep,
};

use super::Problem;
use crate::{
    event::{Control, StopReason},
    exit::Exit,
};

/// Time from SIGTERM to the report of a run that does not end.
const GRACE: Duration = Duration::from_millis(600);

/// Time from SIGTERM to the end of the process, in steps.
const STEPS: u32 = 19;
const STEP: Duration = Duration::from_millis(50);

/// A run that takes longer than this is guarded; starting the guard takes longer than a PING.
const SHORT: Duration = Duration::from_millis(50);

/// The handlers are installed: the signals alone no longer end the process.
static HANDLED: AtomicBool = AtomicBool::new(false);

/// The guard is started.
static GUARDED: AtomicBool = AtomicBool::new(false);

/// The signals of a run.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    user: Signal,
    quit: Signal,
    /// A closed terminal ends the run, but not without its report.
    hangup: Option<Signal>,
    /// SIGHUP asks for a new journal file, which the journal notices without it.
    hangup_reopens: bool,
}

/// The way in which a run must end.
pub(super) enum Urgency {
    /// Without its report.
    Immediate,
    /// With the report of what is known so far.
    Soon,
}

impl Signals {
    /// Installs the handlers.
    ///
    /// # Errors
    /// If a handler cannot be installed.
    pub(super) fn install() -> Result<Self, Problem> {
        let take = |kind| signal(kind).map_err(Problem::Signals);
        let signals = Self {
            interrupt: take(SignalKind::interrupt())?,
            terminate: take(SignalKind::terminate())?,
            user: take(SignalKind::user_defined1())?,
            quit: take(SignalKind::quit())?,
            hangup: may_hang_up().then(|| take(SignalKind::hangup())).transpose()?,
            hangup_reopens: false,
        };
        HANDLED.store(true, Ordering::Relaxed);
        Ok(signals)
    }

    /// Sets whether SIGHUP only asks for a new journal file.
    pub(super) fn reopening(self, hangup_reopens: bool) -> Self {
        Self { hangup_reopens, ..self }
    }

    /// Passes signals on; returns at the second one that ends the run, or a moment after SIGTERM.
    pub(super) async fn pass_on(mut self, control: &UnboundedSender<Control>) -> Urgency {
        let mut asked = false;
        let mut overdue = std::pin::pin!(sleep(Duration::MAX));
        let mut guard = std::pin::pin!(sleep(SHORT));
        let mut short = true;
        loop {
            let ends = tokio::select! {
                _ = self.interrupt.recv() => true,
                _ = self.terminate.recv() => {
                    if !asked {
                        overdue.set(sleep(GRACE));
                        end_soon();
                    }
                    true
                }
                _ = self.user.recv() => false,
                _ = self.quit.recv() => false,
                () = hung_up(&mut self.hangup) => {
                    if self.hangup_reopens {
                        continue;
                    }
                    true
                }
                () = &mut overdue => return Urgency::Soon,
                () = &mut guard, if short => {
                    short = false;
                    self::guard();
                    continue;
                }
            };
            if ends && asked {
                return Urgency::Immediate;
            }
            asked |= ends;
            let request = if ends { Control::Stop(StopReason::Signal) } else { Control::Interim };
            // The run may have ended in this moment.
            let _ = control.send(request);
        }
    }
}

/// Starts a thread that ends the process a second after SIGTERM, or after a second SIGINT, if the main thread cannot: a
/// reader of its output, a disk or a name server keeps it waiting.
pub(super) fn guard() {
    if HANDLED.load(Ordering::Relaxed) && !GUARDED.swap(true, Ordering::Relaxed) {
        let watch = || -> std::io::Result<()> {
            tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
                let mut terminate = signal(SignalKind::terminate())?;
                let mut interrupt = signal(SignalKind::interrupt())?;
                tokio::select! {
                    _ = terminate.recv() => {}
                    () = async {
                        interrupt.recv().await;
                        interrupt.recv().await;
                    } => {}
                }
                end()
            })
        };
        // Without it, only a process that is stuck is harder to end.
        let _ = thread::Builder::new().name("signals".into()).spawn(watch);
    }
}

/// Starts the end of the process, unless the guard has.
fn end_soon() {
    if !GUARDED.swap(true, Ordering::Relaxed) {
        let _ = thread::Builder::new().name("signals".into()).spawn(|| end());
    }
}

/// Ends the process after the limit, unless it ends before.
#[expect(clippy::exit, reason = "the main thread is stuck and cannot return")]
fn end() -> ! {
    // If the whole machine was paused, the main thread has lost one step.
    (0..STEPS).for_each(|_| thread::sleep(STEP));
    super::keys::restore();
    std::process::exit(Exit::Interrupted.code().into())
}

/// Makes a write beyond the limit for files (`ulimit -f`) an error instead of the end of the process.
pub(super) fn survive_file_limit() {
    if getrlimit(Resource::Fsize).current.is_none() {
        return;
    }
    // The handler outlives the runtime that installs it.
    if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() {
        let _entered = runtime.enter();
        let _ = signal(SignalKind::from_raw(Number::XFSZ.as_raw()));
    }
}

async fn hung_up(hangup: &mut Option<Signal>) {
    match hangup {
        Some(hangup) => _ = hangup.recv().await,
        None => std::future::pending().await,
    }
}

/// Returns true if SIGHUP may be handled: nohup ignores it, and a handler would undo that. If unknown, it is left alone.
fn may_hang_up() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| ignored(&status) == Some(false))
}

/// Returns true if SIGHUP is ignored, from `SigIgn` of proc(5): a hexadecimal mask whose lowest bit is signal 1.
fn ignored(status: &str) -> Option<bool> {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok().map(|mask| mask & 1 == 1)
}

/// Completes at the first signal that ends the run, for commands without interim figures.
pub(super) async fn asked_to_stop(mut controls: UnboundedReceiver<Control>) {
    while let Some(request) = controls.recv().await {
        if matches!(request, Control::Stop(_)) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ignored;

    #[test]
    fn a_signal_ignored_by_nohup_is_seen() {
        assert_eq!(ignored("SigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n"), Some(true));
        assert_eq!(ignored("SigIgn:\t0000000000001000\nSigCgt:\t0000000000000001\n"), Some(false));
        assert_eq!(ignored("Name:\tdoctor\n"), None);
        assert_eq!(ignored("SigIgn:\tmany\n"), None);
    }
}
