//! Keys of the live view: Enter shows interim figures, `q` ends the run with its report.
//!
//! The terminal hands over a key immediately, and does not show it, only while this process is in its foreground. The modes
//! from before return at every end, a panic and a stop (Ctrl-Z) included.

use std::{
    fs::{File, OpenOptions},
    io::{self, ErrorKind, IsTerminal},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt},
    },
    panic,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rustix::{
    fs::OFlags,
    process::{Signal as Number, getpgrp, getpid, kill_process},
    termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp, tcsetattr},
};
use tokio::{
    net::unix::pipe::Receiver,
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc::UnboundedSender,
    time::sleep,
};

use crate::{
    clock::within,
    event::{Control, StopReason},
    render::Pause,
};

/// Time between two checks whether this process is in the foreground again.
const LOOK: Duration = Duration::from_secs(1);

/// The modes of the terminal from before, while others are set.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// The keys of the terminal.
pub(super) struct Keys {
    input: Receiver,
    stop: Signal,
    resume: Signal,
}

impl Keys {
    /// Begins to read keys; `None` if stdin and stderr are not the same terminal with this process in its foreground, or if
    /// a pipe reads stdout: the program behind it may want the keys.
    pub(super) fn listen() -> Option<Self> {
        let (input, out) = (io::stdin(), io::stdout());
        let same = input.is_terminal()
            && io::stderr().is_terminal()
            && device(input.as_fd())? == device(io::stderr().as_fd())?;
        if !same || !in_foreground() || file(out.as_fd())?.metadata().ok()?.file_type().is_fifo() {
            return None;
        }
        // A separate description: that of stdin is shared with other processes, which expect a blocking one.
        let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits();
        let terminal = OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open("/dev/tty").ok()?;
        let input = Receiver::from_file_unchecked(terminal).ok()?;
        let take = |number: Number| signal(SignalKind::from_raw(number.as_raw())).ok();
        let keys = Self { input, stop: take(Number::TSTP)?, resume: take(Number::CONT)? };
        enter();
        // A release build ends with a panic, without running any destructor.
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            restore();
            hook(panic);
        }));
        Some(keys)
    }

    /// Passes keys on until the terminal is gone; stops this process at Ctrl-Z with the lines below cleared.
    pub(super) async fn pass_on(mut self, control: &UnboundedSender<Control>, lines: &Pause) {
        loop {
            tokio::select! {
                read = read(&self.input) => match read {
                    Some(keys) => keys.iter().filter_map(|key| meaning(*key)).for_each(|request| {
                        // The run may have ended in this moment.
                        let _ = control.send(request);
                    }),
                    None => return,
                },
                _ = self.stop.recv() => {
                    let stop = || {
                        restore();
                        let _ = kill_process(getpid(), Number::STOP);
                        enter();
                    };
                    lines.around(stop);
                }
                // It can have been stopped without being asked.
                _ = self.resume.recv() => enter(),
            }
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        restore();
    }
}

/// Returns the request of a key.
fn meaning(key: u8) -> Option<Control> {
    match key {
        b'\n' | b'\r' => Some(Control::Interim),
        b'q' | b'Q' => Some(Control::Stop(StopReason::Key)),
        _ => None,
    }
}

/// Returns the keys pressed; `None` if there will be no more.
async fn read(input: &Receiver) -> Option<Vec<u8>> {
    loop {
        // A process in the background that reads is stopped.
        if !in_foreground() {
            sleep(LOOK).await;
            continue;
        }
        enter();
        let Some(ready) = within(LOOK, input.readable()).await else { continue };
        ready.ok()?;
        let mut keys = [0; 64];
        if in_foreground() {
            match input.try_read(&mut keys) {
                Ok(0) => return None,
                Ok(count) => return Some(keys[..count].to_vec()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => return None,
            }
        }
    }
}

/// Sets modes in which a key arrives immediately and is not shown.
fn enter() {
    let input = io::stdin();
    let mut before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
    // A process in the background that changes them is stopped.
    if !in_foreground() {
        return;
    }
    let Some(modes) = before.clone().or_else(|| tcgetattr(&input).ok()) else { return };
    let mut changed = modes.clone();
    changed.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
    changed.special_codes[SpecialCodeIndex::VMIN] = 1;
    changed.special_codes[SpecialCodeIndex::VTIME] = 0;
    if tcsetattr(&input, OptionalActions::Now, &changed).is_ok() {
        *before = Some(modes);
    }
}

/// Sets the modes from before, if others are set.
pub(super) fn restore() {
    let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(modes) = before.filter(|_| in_foreground()) {
        // The process is about to end or to stop; there is no other way to restore them.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &modes);
    }
}

fn in_foreground() -> bool {
    tcgetpgrp(io::stdin()).is_ok_and(|group| group == getpgrp())
}

fn file(stream: BorrowedFd<'_>) -> Option<File> {
    stream.try_clone_to_owned().ok().map(File::from)
}

fn device(stream: BorrowedFd<'_>) -> Option<u64> {
    file(stream)?.metadata().ok().map(|file| file.rdev())
}
