//! The only source of time.
//!
//! A run has one [`Clock`]: a monotonic origin and the wall-clock time at the same moment. Every later wall time is
//! *derived* (anchor + monotonic distance), so a stepped or slewed system clock cannot reorder events, stretch an
//! outage or make a latency negative. It is built on `tokio::time`, so a test can pause it.

mod seconds;

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
    time::Duration,
};

use futures_util::FutureExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use seconds::{OptionalSeconds, Seconds, SecondsList};

/// A moment: seconds since the start of the run, on the monotonic clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "Seconds")]
pub struct Stamp(
    /// Nanoseconds since the start of the run.
    u64,
);

impl Stamp {
    /// The run's start.
    pub const START: Self = Self(0);

    /// Creates a stamp this many nanoseconds after the run's start.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Returns the nanoseconds since the run's start.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Returns the time since the run's start.
    pub const fn elapsed(self) -> Duration {
        Duration::from_nanos(self.0)
    }

    /// Returns the time from `earlier` to this stamp; zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// Returns this stamp moved into the future.
    #[must_use]
    pub fn after(self, by: Duration) -> Self {
        Self(self.0.saturating_add(nanos(by)))
    }

    /// Returns this stamp moved into the past, at most to the run's start.
    #[must_use]
    pub fn before(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(nanos(by)))
    }
}

/// Seconds since the run's start, as a JSON number (exact to the nanosecond for the first 104 days).
impl Serialize for Stamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Seconds::serialize(&self.elapsed(), serializer)
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Seconds::deserialize(deserializer).map(|elapsed| Self(nanos(elapsed)))
    }
}

/// Returns the whole nanoseconds of a duration, saturating after 584 years.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The clock of one run.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: tokio::time::Instant,
    anchor: WallTime,
}

impl Clock {
    /// Starts the clock: now becomes [`Stamp::START`].
    #[expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "the one place that reads the clocks")]
    pub fn start() -> Self {
        let wall = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self { origin: tokio::time::Instant::now(), anchor: WallTime(nanos(wall)) }
    }

    /// Returns the current time.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clocks")]
    #[inline]
    pub fn now(&self) -> Stamp {
        Stamp(nanos(tokio::time::Instant::now() - self.origin))
    }

    /// Returns the wall-clock time of a stamp, derived from the run's anchor, in whole microseconds: as a journal keeps it.
    pub fn wall(&self, stamp: Stamp) -> WallTime {
        let nanos = self.anchor.0.saturating_add(stamp.0);
        WallTime(nanos - nanos % 1000)
    }

    /// Returns how long the machine has been suspended since its start, which this clock does not count; `None` if the
    /// system does not report it.
    pub fn slept() -> Option<Duration> {
        #[cfg(target_os = "linux")]
        {
            use rustix::time::{ClockId, clock_gettime};
            let read = |clock| Duration::try_from(clock_gettime(clock)).ok();
            // A suspend cannot fall between these two readings without showing in the second; they can be microseconds
            // apart.
            let running = read(ClockId::Monotonic)?;
            read(ClockId::Boottime).map(|all| all.saturating_sub(running))
        }
        #[cfg(not(target_os = "linux"))]
        None
    }

    /// Creates a timer that can be reused.
    pub fn alarm(&self) -> Alarm {
        let timer = Box::pin(tokio::time::sleep_until(self.origin));
        Alarm { origin: self.origin, timer, rings: Stamp::START, wakes: None }
    }

    /// Sleeps until `stamp`; returns immediately if it has passed.
    pub async fn sleep_until(&self, stamp: Stamp) {
        tokio::time::sleep_until(self.origin + stamp.elapsed()).await;
    }
}

/// A timer for many pieces of work, one after the other. Resetting it for each would cost too much at hundreds of
/// thousands a second: a timer that fires before the current deadline is left running, and reset only once it fires.
#[derive(Debug)]
pub struct Alarm {
    origin: tokio::time::Instant,
    timer: Pin<Box<tokio::time::Sleep>>,
    /// Time at which the timer fires.
    rings: Stamp,
    /// The waker registered with the timer.
    wakes: Option<Waker>,
}

impl Alarm {
    /// Waits for `work`; `None` if it is not done within `limit` of `now`, the current time.
    pub async fn within<T>(&mut self, now: Stamp, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        let due = now.after(limit);
        let mut running = now < self.rings && self.rings <= due;
        if !running {
            self.set(due);
        }
        let mut work = pin!(work);
        poll_fn(|cx| {
            if let Poll::Ready(done) = work.as_mut().poll(cx) {
                return Poll::Ready(Some(done));
            }
            // Only on the first poll: a later one may have been caused by the timer.
            if std::mem::take(&mut running) && self.wakes.as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
                return Poll::Pending;
            }
            self.poll(due, cx).map(|()| None)
        })
        .await
    }

    fn set(&mut self, due: Stamp) {
        self.rings = due;
        self.timer.as_mut().reset(self.origin + due.elapsed());
    }

    fn poll(&mut self, due: Stamp, cx: &mut Context<'_>) -> Poll<()> {
        // Unconstrained: a task out of budget would be put off here without registering with the timer.
        while pin!(tokio::task::coop::unconstrained(self.timer.as_mut())).poll(cx).is_ready() {
            if self.rings >= due {
                return Poll::Ready(());
            }
            self.set(due);
        }
        self.wakes = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// Waits for `work`; `None` if it is not done within `limit`. Every wait for the network goes through this or
/// [`Alarm::within`].
///
/// Not an `async fn`, which would reserve room for `work` twice: as its argument, and where it waits.
pub(crate) fn within<T>(limit: Duration, work: impl Future<Output = T>) -> impl Future<Output = Option<T>> {
    #[expect(clippy::disallowed_methods, reason = "the one place that sets a deadline")]
    let timed = tokio::time::timeout(limit, work);
    timed.map(Result::ok)
}

/// A wall-clock time in UTC: RFC 3339 with microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(with = "String", extend("format" = "date-time", "pattern" = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"))]
pub struct WallTime(
    /// Nanoseconds since the Unix epoch.
    u64,
);

impl WallTime {
    /// Creates a wall time this many nanoseconds after the Unix epoch.
    pub const fn from_unix_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Returns the nanoseconds since the Unix epoch.
    pub const fn unix_nanos(self) -> u64 {
        self.0
    }

    /// Formats as `2026-11-22T14:02:11Z`, to the second.
    pub fn to_the_second(self) -> String {
        humantime::format_rfc3339_seconds(std::time::UNIX_EPOCH + Duration::from_nanos(self.0)).to_string()
    }
}

/// Formats as RFC 3339 in UTC with microseconds: `2026-11-22T14:02:11.204512Z`.
impl std::fmt::Display for WallTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let since_epoch = Duration::from_nanos(self.0);
        write!(f, "{}", humantime::format_rfc3339_micros(std::time::UNIX_EPOCH + since_epoch))
    }
}

impl Serialize for WallTime {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WallTime {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Copied only if it must be: each line of a journal has one.
        #[derive(Deserialize)]
        struct Text<'a>(#[serde(borrow)] std::borrow::Cow<'a, str>);
        let Text(text) = Text::deserialize(deserializer)?;
        let time = humantime::parse_rfc3339(&text).map_err(serde::de::Error::custom)?;
        let since_epoch = time.duration_since(std::time::UNIX_EPOCH).map_err(serde::de::Error::custom)?;
        Ok(Self(nanos(since_epoch)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_survives_json_to_the_nanosecond() {
        for nanos in [0, 1, 999, 1_234_567_891, 14 * 86_400 * 1_000_000_000 + 123_456_789] {
            let stamp = Stamp::from_nanos(nanos);
            let json = serde_json::to_string(&stamp).unwrap();
            assert_eq!(serde_json::from_str::<Stamp>(&json).unwrap(), stamp, "{json}");
        }
    }

    #[test]
    fn wall_time_survives_json() {
        let time = WallTime::from_unix_nanos(1_795_356_131_204_512_000);
        assert_eq!(time.to_string(), "2026-11-22T14:02:11.204512Z");
        let json = serde_json::to_string(&time).unwrap();
        assert_eq!(serde_json::from_str::<WallTime>(&json).unwrap(), time);
    }

    #[test]
    fn negative_durations_are_refused() {
        assert!(serde_json::from_str::<Stamp>("-1.0").is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_fires_at_each_deadline() {
        let clock = Clock::start();
        let mut alarm = clock.alarm();
        for _ in 0..3 {
            let (now, limit) = (clock.now(), Duration::from_secs(2));
            assert_eq!(alarm.within(now, limit, std::future::ready(7)).await, Some(7));
            assert_eq!(alarm.within(now, limit, std::future::pending::<()>()).await, None);
            assert_eq!(clock.now(), now.after(limit));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_set_for_earlier_work_fires_in_time_for_the_current_work() {
        let clock = Clock::start();
        let mut alarm = clock.alarm();
        let limit = Duration::from_secs(2);
        // Each starts while the timer is set for an earlier one, the last two after it has fired unobserved.
        for pause in [0, 700, 700, 700, 1_999, 2_000, 5_000].map(Duration::from_millis) {
            tokio::time::sleep(pause).await;
            let now = clock.now();
            let work = tokio::time::sleep(Duration::from_millis(10));
            assert_eq!(alarm.within(now, limit, work).await, Some(()));
        }
        for limit in [2_000, 300, 2_000].map(Duration::from_millis) {
            let now = clock.now();
            assert_eq!(alarm.within(now, limit, std::future::pending::<()>()).await, None);
            assert_eq!(clock.now(), now.after(limit));
        }
        // Another task than the one woken before.
        let now = clock.now();
        assert_eq!(alarm.within(now, limit, tokio::time::sleep(Duration::from_millis(10))).await, Some(()));
        let mut other = tokio::task::JoinSet::new();
        other.spawn(async move { alarm.within(clock.now(), limit, std::future::pending::<()>()).await });
        assert_eq!(other.join_all().await, [None]);
        assert_eq!(clock.now(), now.after(limit + Duration::from_millis(10)));
    }

    #[tokio::test(start_paused = true)]
    async fn the_clock_follows_tokio_time() {
        let clock = Clock::start();
        clock.sleep_until(Stamp::from_nanos(5_000_000_000)).await;
        assert_eq!(clock.now().elapsed(), Duration::from_secs(5));
        assert_eq!(clock.wall(clock.now()).unix_nanos() - clock.wall(Stamp::START).unix_nanos(), 5_000_000_000);
    }
}
