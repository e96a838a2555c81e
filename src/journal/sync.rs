//! Writes a file through to the disk (fsync) on a separate thread: a slow disk must not stall the run.

use std::{
    fs::File,
    io,
    sync::mpsc::{Receiver, SyncSender, TrySendError, channel, sync_channel},
    thread,
    time::Duration,
};

/// Maximum wait for the disk at the end of a run.
const PATIENCE: Duration = Duration::from_millis(300);

/// The thread and its queue of one file.
pub(super) struct Syncer {
    files: SyncSender<File>,
    /// Closed when the thread has ended.
    ended: Receiver<()>,
}

impl Syncer {
    /// Starts the thread.
    pub(super) fn start() -> io::Result<Self> {
        let (files, queue) = sync_channel::<File>(1);
        let (running, ended) = channel::<()>();
        thread::Builder::new().name("fsync".into()).spawn(move || {
            let _running = running;
            // A file system without fsync, or a full one, is reported by the next write.
            queue.iter().for_each(|file| _ = file.sync_data());
        })?;
        Ok(Self { files, ended })
    }

    /// Queues the file; while the disk has not kept up, one request is enough.
    pub(super) fn request(&self, file: &File) {
        match file.try_clone().map(|file| self.files.try_send(file)) {
            Ok(Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) | Err(_) => {}
        }
    }

    /// Waits a moment for the last request.
    pub(super) fn finish(self) {
        drop(self.files);
        let _ = self.ended.recv_timeout(PATIENCE);
    }
}
