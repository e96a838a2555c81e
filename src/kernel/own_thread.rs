//! The CPU time of a thread of this process, and the time that it waited for a CPU (`/proc/PID/schedstat`, in the kernel's
//! sched-stats.rst).

use std::{fs::File, os::unix::fs::FileExt, time::Duration};

/// The thread that opened this.
#[derive(Debug)]
pub(crate) struct OwnThread(File);

/// Times of a thread since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ThreadTimes {
    /// CPU time.
    pub(crate) worked: Duration,
    /// Time in which it could have run but had no CPU.
    pub(crate) waited: Duration,
}

impl OwnThread {
    /// Opens the times of the calling thread; `None` if the system does not report them.
    pub(crate) fn open() -> Option<Self> {
        File::open("/proc/thread-self/schedstat").ok().map(Self)
    }

    /// Returns its times, correct to a few milliseconds; zero if they cannot be read.
    pub(crate) fn times(&self) -> ThreadTimes {
        let mut text = [0; 128];
        let length = self.0.read_at(&mut text, 0).unwrap_or_default();
        let mut nanos = std::str::from_utf8(&text[..length]).unwrap_or_default().split_ascii_whitespace();
        let mut next = || Duration::from_nanos(nanos.next().and_then(|word| word.parse().ok()).unwrap_or_default());
        ThreadTimes { worked: next(), waited: next() }
    }
}

impl ThreadTimes {
    /// Returns the times since earlier ones.
    pub(crate) fn since(self, earlier: Self) -> Self {
        let Self { worked, waited } = self;
        Self { worked: worked.saturating_sub(earlier.worked), waited: waited.saturating_sub(earlier.waited) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_computes_has_cpu_time_and_one_that_sleeps_has_none() {
        let thread = OwnThread::open().unwrap();
        let before = thread.times();
        while thread.times().since(before).worked < Duration::from_millis(30) {}
        let before = thread.times();
        std::thread::sleep(Duration::from_millis(100));
        assert!(thread.times().since(before).worked < Duration::from_millis(50));
    }
}
