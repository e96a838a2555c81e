//! Standard output, written by a separate thread: a slow reader must not stall the run.
//!
//! Lines are appended to a bounded buffer and written in batches. If they come faster than they are read, the surplus
//! is refused, and the caller counts it. A closed reader is reported once.
//!
//! A run that ends within a few milliseconds of its first line has nothing left to stall: it writes without a thread
//! ([`BufferedStdout::patient`]), because starting a thread and waiting for its end takes longer than a PING.

use std::{
    convert::Infallible,
    io::{self, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use tokio::sync::Notify;

use crate::clock::Clock;

/// Maximum number of bytes that wait for a slow reader.
const CAPACITY: usize = 8 << 20;

/// A batch is written when it has this many bytes …
const BATCH: usize = 64 << 10;

/// … or after this long.
const LINGER: Duration = Duration::from_millis(5);

/// A run that continues for longer than this after its first line needs the thread.
const PATIENCE: Duration = Duration::from_millis(2);

/// The writing end; clones share it.
#[derive(Clone)]
pub(crate) struct BufferedStdout(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// For the thread: there is something to write.
    wake: Condvar,
    /// Notified when the first line arrives, so that the thread can be started.
    first: Notify,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    /// There is a thread that writes.
    started: bool,
    finished: bool,
    closed: bool,
}

/// The reading end, which writes the buffer out.
pub(crate) struct StdoutWriter {
    shared: Arc<Shared>,
    /// The job that waits for a thread.
    job: Option<Job>,
    thread: Option<io::Result<JoinHandle<io::Result<()>>>>,
}

/// The output, and the call for when its reader is gone.
struct Job {
    out: Box<dyn Write + Send>,
    on_closed: Arc<dyn Fn() + Send + Sync>,
}

impl BufferedStdout {
    /// Starts writing to `out`; `on_closed` is called once if writing fails.
    ///
    /// # Errors
    /// If no thread can be started.
    pub(crate) fn start(
        out: impl Write + Send + 'static,
        on_closed: impl Fn() + Send + Sync + 'static,
    ) -> io::Result<(Self, StdoutWriter)> {
        let (stdout, mut writer) = Self::patient(out, on_closed);
        writer.launch();
        match writer.thread {
            Some(Err(error)) => Err(error),
            _ => Ok((stdout, writer)),
        }
    }

    /// The same, but nothing is written before [`StdoutWriter::start_when_needed`] or [`BufferedStdout::finish`].
    pub(crate) fn patient(
        out: impl Write + Send + 'static,
        on_closed: impl Fn() + Send + Sync + 'static,
    ) -> (Self, StdoutWriter) {
        let shared = Arc::new(Shared { state: Mutex::default(), wake: Condvar::new(), first: Notify::new() });
        let job = Job { out: Box::new(out), on_closed: Arc::new(on_closed) };
        (Self(Arc::clone(&shared)), StdoutWriter { shared, job: Some(job), thread: None })
    }

    /// Appends the output of `compose`; returns false if there is no room or no reader.
    pub(crate) fn append(&self, compose: impl FnOnce(&mut Vec<u8>)) -> bool {
        let mut state = self.0.lock();
        if state.closed || state.waiting.len() >= CAPACITY {
            return false;
        }
        let was = state.waiting.len();
        compose(&mut state.waiting);
        // The thread sleeps only while nothing waits, and lingers until a batch is full.
        if was == 0 || (was < BATCH && state.waiting.len() >= BATCH) {
            self.0.announce(&state);
        }
        true
    }

    /// Appends all of `bytes` even if the buffer is full: for the report, which is bounded and must not be refused.
    pub(crate) fn append_all(&self, bytes: &[u8]) {
        let mut state = self.0.lock();
        state.waiting.extend_from_slice(bytes);
        self.0.announce(&state);
    }

    /// Writes the rest and ends.
    ///
    /// # Errors
    /// If writing failed ([`io::ErrorKind::BrokenPipe`] if the reader is gone).
    pub(crate) fn finish(self, writer: StdoutWriter) -> io::Result<()> {
        self.0.lock().finished = true;
        self.0.wake.notify_one();
        match (writer.thread, writer.job) {
            (Some(thread), _) => {
                thread?.join().unwrap_or_else(|_| Err(io::Error::other("the writing thread panicked")))
            }
            (None, Some(job)) => self.0.write_all(job.out),
            (None, None) => Ok(()),
        }
    }
}

impl StdoutWriter {
    /// Starts the thread shortly after the first line. If dropped before, [`BufferedStdout::finish`] writes.
    pub(crate) async fn start_when_needed(&mut self, clock: Clock) -> Infallible {
        self.shared.first.notified().await;
        clock.sleep_until(clock.now().after(PATIENCE)).await;
        self.launch();
        std::future::pending().await
    }

    fn launch(&mut self) {
        let Some(job) = self.job.take() else {
            return;
        };
        let (shared, on_closed) = (Arc::clone(&self.shared), Arc::clone(&job.on_closed));
        shared.lock().started = true;
        let thread = std::thread::Builder::new().name("stdout".into()).spawn(move || {
            let written = shared.write_all(job.out);
            if written.is_err() {
                shared.close(&*job.on_closed);
            }
            written
        });
        if thread.is_err() {
            self.shared.close(&*on_closed);
        }
        self.thread = Some(thread);
    }
}

/// Never waits: without room, output is dropped.
impl Write for BufferedStdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.append(|out| out.extend_from_slice(bytes)) && self.0.lock().closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A stream without gaps: it ends when there is no room.
pub(crate) struct Gapless(pub BufferedStdout);

impl Write for Gapless {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.append(|out| out.extend_from_slice(bytes)) {
            return Ok(bytes.len());
        }
        let closed = self.0.0.lock().closed;
        let too_slow = || io::Error::other("its reader is too slow");
        Err(if closed { io::ErrorKind::BrokenPipe.into() } else { too_slow() })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    /// Wakes the thread, or has it started.
    fn announce(&self, state: &State) {
        if state.started {
            self.wake.notify_one();
        } else {
            self.first.notify_one();
        }
    }

    fn close(&self, on_closed: &dyn Fn()) {
        self.lock().closed = true;
        on_closed();
    }

    fn write_all(&self, mut out: impl Write) -> io::Result<()> {
        let mut batch = Vec::new();
        loop {
            let finished = self.next(&mut batch);
            out.write_all(&batch)?;
            out.flush()?;
            batch.clear();
            if finished {
                return Ok(());
            }
        }
    }

    /// Waits for a batch; returns true if it is the last.
    fn next(&self, batch: &mut Vec<u8>) -> bool {
        let mut state = self.lock();
        while state.waiting.is_empty() && !state.finished {
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.waiting.len() < BATCH && !state.finished {
            let lingered = self.wake.wait_timeout(state, LINGER);
            state = lingered.unwrap_or_else(PoisonError::into_inner).0;
        }
        std::mem::swap(&mut state.waiting, batch);
        state.finished && state.waiting.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn everything_appended_is_written_in_order() {
        let (reader, writer) = io::pipe().unwrap();
        let (stdout, thread) = BufferedStdout::start(writer, || ()).unwrap();
        let reading = std::thread::spawn(|| io::read_to_string(reader).unwrap());
        for number in 0..10_000 {
            while !stdout.append(|line| writeln!(line, "{number}").unwrap()) {
                std::thread::yield_now();
            }
        }
        stdout.finish(thread).unwrap();
        let expected: String = (0..10_000).map(|number| format!("{number}\n")).collect();
        assert_eq!(reading.join().unwrap(), expected);
    }

    #[test]
    fn a_short_run_is_written_without_a_thread() {
        let (reader, writer) = io::pipe().unwrap();
        let (mut stdout, writing) = BufferedStdout::patient(writer, || ());
        stdout.write_all(b"a line\n").unwrap();
        stdout.append_all(b"the report\n");
        assert!(writing.thread.is_none());
        stdout.finish(writing).unwrap();
        assert_eq!(io::read_to_string(reader).unwrap(), "a line\nthe report\n");
    }

    #[tokio::test]
    async fn a_line_does_not_wait_for_the_end() {
        let (mut reader, writer) = io::pipe().unwrap();
        let (mut stdout, mut writing) = BufferedStdout::patient(writer, || ());
        stdout.write_all(b"first\n").unwrap();
        let read = tokio::task::spawn_blocking(move || {
            let mut line = [0; 6];
            io::Read::read_exact(&mut reader, &mut line).unwrap();
            (reader, line)
        });
        let (reader, line) = tokio::select! {
            read = read => read.unwrap(),
            never = writing.start_when_needed(Clock::start()) => match never {},
        };
        assert_eq!(&line, b"first\n");
        stdout.append_all(b"last\n");
        stdout.finish(writing).unwrap();
        assert_eq!(io::read_to_string(reader).unwrap(), "last\n");
    }

    #[tokio::test]
    async fn a_closed_reader_is_reported_when_the_thread_starts_late() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let (closed, mut notified) = tokio::sync::mpsc::unbounded_channel();
        let (stdout, mut writing) = BufferedStdout::patient(writer, move || closed.send(()).unwrap());
        stdout.append_all(b"line\n");
        tokio::select! {
            notified = notified.recv() => assert!(notified.is_some()),
            never = writing.start_when_needed(Clock::start()) => match never {},
        }
        assert_eq!(stdout.finish(writing).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn a_reader_that_stops_reading_costs_bounded_memory() {
        let (reader, writer) = io::pipe().unwrap();
        let (stdout, thread) = BufferedStdout::start(writer, || ()).unwrap();
        let line = [b'x'; 1 << 10];
        let refused = (0..20_000).filter(|_| !stdout.append(|out| out.extend_from_slice(&line))).count();
        assert!(refused > 0);
        assert!(stdout.0.lock().waiting.len() <= CAPACITY + line.len());
        let mut gapless = Gapless(stdout.clone());
        assert_eq!(gapless.write(&line).unwrap_err().to_string(), "its reader is too slow");
        drop(reader);
        assert_eq!(stdout.finish(thread).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(gapless.write(&line).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn a_closed_reader_is_reported_once() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let (closed, notified) = mpsc::channel();
        let (stdout, thread) = BufferedStdout::start(writer, move || closed.send(()).unwrap()).unwrap();
        stdout.append(|out| out.extend_from_slice(b"line\n"));
        notified.recv().unwrap();
        assert!(!stdout.append(|out| out.push(b'x')));
        assert!(stdout.finish(thread).is_err());
    }
}
