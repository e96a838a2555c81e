//! Signals, as ping(8) taught them: SIGINT and SIGTERM end the run and report, SIGUSR1 and SIGQUIT show interim
//! figures and go on. The second SIGINT or SIGTERM ends the program at once.

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc::{UnboundedReceiver, UnboundedSender},
};

use super::Problem;
use crate::{engine::Control, event::StopReason};

/// The signals of a run.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    user: Signal,
    quit: Signal,
}

impl Signals {
    /// Takes the signals over from the system's defaults.
    ///
    /// # Errors
    /// When a handler cannot be installed.
    pub(super) fn install() -> Result<Self, Problem> {
        let take = |kind| signal(kind).map_err(|error| format!("cannot handle signals: {error}"));
        Ok(Self {
            interrupt: take(SignalKind::interrupt())?,
            terminate: take(SignalKind::terminate())?,
            user: take(SignalKind::user_defined1())?,
            quit: take(SignalKind::quit())?,
        })
    }

    /// Passes signals on; returns at the second that asks for the end.
    pub(super) async fn pass_on(mut self, control: &UnboundedSender<Control>) {
        let mut asked = false;
        loop {
            let ends = tokio::select! {
                _ = self.interrupt.recv() => true,
                _ = self.terminate.recv() => true,
                _ = self.user.recv() => false,
                _ = self.quit.recv() => false,
            };
            if ends && asked {
                return;
            }
            asked |= ends;
            let wish = if ends { Control::Stop(StopReason::Signal) } else { Control::Interim };
            // The run may just have ended by itself.
            let _ = control.send(wish);
        }
    }
}

/// Completes at the first signal that asks for the end. For what has no interim figures.
pub(super) async fn asked_to_stop(mut wishes: UnboundedReceiver<Control>) {
    while let Some(wish) = wishes.recv().await {
        if matches!(wish, Control::Stop(_)) {
            return;
        }
    }
}
