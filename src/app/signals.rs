//! Signals, as in ping(8): SIGINT, SIGTERM and SIGHUP end the run with its report, SIGUSR1 and SIGQUIT show interim
//! figures. A second signal of the first group ends the process immediately.

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc::{UnboundedReceiver, UnboundedSender},
};

use super::Problem;
use crate::event::{Control, StopReason};

/// The signals of a run.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    user: Signal,
    quit: Signal,
    /// A closed terminal ends the run, but not without its report.
    hangup: Option<Signal>,
}

impl Signals {
    /// Installs the handlers.
    ///
    /// # Errors
    /// If a handler cannot be installed.
    pub(super) fn install() -> Result<Self, Problem> {
        let take = |kind| signal(kind).map_err(Problem::Signals);
        Ok(Self {
            interrupt: take(SignalKind::interrupt())?,
            terminate: take(SignalKind::terminate())?,
            user: take(SignalKind::user_defined1())?,
            quit: take(SignalKind::quit())?,
            hangup: may_hang_up().then(|| take(SignalKind::hangup())).transpose()?,
        })
    }

    /// Passes signals on; returns at the second one that ends the run.
    pub(super) async fn pass_on(mut self, control: &UnboundedSender<Control>) {
        let mut asked = false;
        loop {
            let ends = tokio::select! {
                _ = self.interrupt.recv() => true,
                _ = self.terminate.recv() => true,
                _ = self.user.recv() => false,
                _ = self.quit.recv() => false,
                () = hung_up(&mut self.hangup) => true,
            };
            if ends && asked {
                return;
            }
            asked |= ends;
            let request = if ends { Control::Stop(StopReason::Signal) } else { Control::Interim };
            // The run may have ended in this moment.
            let _ = control.send(request);
        }
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
