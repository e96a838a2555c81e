//! Standard output, from a thread of its own: a reader that is slow or stops reading must not stall the run.
//!
//! Lines are appended to a bounded buffer and written in batches. Where lines come faster than they are read, the
//! surplus is refused (and counted by whoever offered it); where nobody reads any more, that is reported once.

use std::{
    io::{self, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

/// Bytes that may wait for a slow reader.
const CAPACITY: usize = 8 << 20;

/// A batch is written when it has this many bytes …
const BATCH: usize = 64 << 10;

/// … or after this long.
const LINGER: Duration = Duration::from_millis(5);

/// The writing end; clones share it.
#[derive(Clone)]
pub struct Outlet(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    finished: bool,
    closed: bool,
}

/// The thread that writes.
pub struct Writer(JoinHandle<io::Result<()>>);

impl Outlet {
    /// Starts writing to `out`; `on_closed` is called once if writing fails.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(
        out: impl Write + Send + 'static,
        on_closed: impl FnOnce() + Send + 'static,
    ) -> io::Result<(Self, Writer)> {
        let shared = Arc::new(Shared { state: Mutex::default(), wake: Condvar::new() });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("stdout".into()).spawn(move || {
            let written = theirs.write_all(out);
            if written.is_err() {
                theirs.lock().closed = true;
                on_closed();
            }
            written
        })?;
        Ok((Self(shared), Writer(thread)))
    }

    /// Appends what `compose` writes; `false` when there is no room or nobody to read it.
    pub fn append(&self, compose: impl FnOnce(&mut Vec<u8>)) -> bool {
        let mut state = self.0.lock();
        if state.closed || state.waiting.len() >= CAPACITY {
            return false;
        }
        let was = state.waiting.len();
        compose(&mut state.waiting);
        // The thread sleeps only while nothing waits, and lingers until a batch is full.
        if was == 0 || (was < BATCH && state.waiting.len() >= BATCH) {
            self.0.wake.notify_one();
        }
        true
    }

    /// Appends all of `bytes`, whatever waits already: for the report, which is bounded and must not be refused.
    pub fn append_all(&self, bytes: &[u8]) {
        let mut state = self.0.lock();
        state.waiting.extend_from_slice(bytes);
        self.0.wake.notify_one();
    }

    /// Writes what waits and ends.
    ///
    /// # Errors
    /// The error that ended the writing, if one did ([`io::ErrorKind::BrokenPipe`] when nobody reads any more).
    pub fn finish(self, writer: Writer) -> io::Result<()> {
        self.0.lock().finished = true;
        self.0.wake.notify_one();
        writer.0.join().unwrap_or_else(|_| Err(io::Error::other("the writing thread panicked")))
    }
}

/// Never waits: what finds no room is dropped.
impl Write for Outlet {
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

/// For a stream that must have no gaps: where there is no room, it ends.
pub struct Gapless(pub Outlet);

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

    /// Waits for a batch; tells whether it is the last.
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
        let (outlet, thread) = Outlet::start(writer, || ()).unwrap();
        let reading = std::thread::spawn(|| io::read_to_string(reader).unwrap());
        for number in 0..10_000 {
            while !outlet.append(|line| writeln!(line, "{number}").unwrap()) {
                std::thread::yield_now();
            }
        }
        outlet.finish(thread).unwrap();
        let expected: String = (0..10_000).map(|number| format!("{number}\n")).collect();
        assert_eq!(reading.join().unwrap(), expected);
    }

    #[test]
    fn a_reader_that_stops_reading_costs_bounded_memory() {
        let (reader, writer) = io::pipe().unwrap();
        let (outlet, thread) = Outlet::start(writer, || ()).unwrap();
        let line = [b'x'; 1 << 10];
        let refused = (0..20_000).filter(|_| !outlet.append(|out| out.extend_from_slice(&line))).count();
        assert!(refused > 0);
        assert!(outlet.0.lock().waiting.len() <= CAPACITY + line.len());
        let mut gapless = Gapless(outlet.clone());
        assert_eq!(gapless.write(&line).unwrap_err().to_string(), "its reader is too slow");
        drop(reader);
        assert_eq!(outlet.finish(thread).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(gapless.write(&line).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn a_closed_reader_is_reported_once() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let (closed, told) = mpsc::channel();
        let (outlet, thread) = Outlet::start(writer, move || closed.send(()).unwrap()).unwrap();
        outlet.append(|out| out.extend_from_slice(b"line\n"));
        told.recv().unwrap();
        assert!(!outlet.append(|out| out.push(b'x')));
        assert!(outlet.finish(thread).is_err());
    }
}
