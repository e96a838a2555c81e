//! Moments as text: in UTC or in the local time zone, with the day where it is needed.

use std::sync::LazyLock;

use jiff::{Timestamp, ZonedDateTime, tz::TimeZone};

use super::Style;
use crate::{clock::WallTime, report::Report};

const DAY: f64 = 86_400.0;

/// The local time zone: that of TZ, or of the system; `None` if it cannot be found.
static LOCAL: LazyLock<Option<TimeZone>> = LazyLock::new(|| TimeZone::try_system().ok());

/// Returns true if the local time zone is known. Without it, local times are in UTC.
pub(crate) fn has_local_zone() -> bool {
    LOCAL.is_some()
}

/// The form of moments; by default, a time of day in UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Times {
    dated: bool,
    local: bool,
}

impl Times {
    /// Returns the form of a style, without the day.
    pub(super) fn moments(style: Style) -> Self {
        Self { dated: false, local: style.local_time }
    }

    /// Returns the same form with the day.
    pub(super) fn dated(self) -> Self {
        Self { dated: true, ..self }
    }

    /// Returns the form that distinguishes the moments of a report: with the day where the runs last longer than one.
    pub(super) fn of_report(report: &Report, style: Style) -> Self {
        let first = report.runs.first().map(|run| run.time.unix_nanos()).unwrap_or_default();
        let last = report.runs.last().map(|run| run.time.unix_nanos() as f64 / 1e9 + run.duration);
        Self { dated: last.unwrap_or_default() - first as f64 / 1e9 >= DAY, ..Self::moments(style) }
    }

    /// `14:02:22.704`, `2026-11-22 14:02:22.704`
    pub(super) fn of(self, time: WallTime) -> String {
        let time = self.zoned(time);
        format!("{}.{:03}", self.second(&time), time.millisecond())
    }

    /// The same without fractions of a second.
    pub(super) fn to_the_second(self, time: WallTime) -> String {
        self.second(&self.zoned(time))
    }

    /// `2026-11-22 14:02:22 UTC`, `2026-11-22 15:02:22 +01:00`
    pub(super) fn in_full(self, time: WallTime) -> String {
        let time = self.zoned(time);
        let zone = if self.zone().is_some() { time.strftime("%:z").to_string() } else { "UTC".to_owned() };
        format!("{} {zone}", Self { dated: true, ..self }.second(&time))
    }

    fn second(self, time: &ZonedDateTime) -> String {
        time.strftime(if self.dated { "%Y-%m-%d %H:%M:%S" } else { "%H:%M:%S" }).to_string()
    }

    fn zone(self) -> Option<&'static TimeZone> {
        // To find it, all zones of the system are listed.
        self.local.then(|| LOCAL.as_ref()).flatten()
    }

    fn zoned(self, time: WallTime) -> ZonedDateTime {
        // A time that no calendar holds is the Unix epoch.
        let time = Timestamp::from_nanosecond(time.unix_nanos().into()).unwrap_or_default();
        time.to_zoned_datetime(self.zone().cloned().unwrap_or(TimeZone::UTC))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_is_there_where_it_is_needed() {
        let time = WallTime::from_unix_nanos(1_795_356_131_204_512_000);
        let (short, dated) = (Times::default(), Times { dated: true, local: false });
        assert_eq!(short.of(time), "14:02:11.204");
        assert_eq!(dated.of(time), "2026-11-22 14:02:11.204");
        assert_eq!(dated.to_the_second(time), "2026-11-22 14:02:11");
        assert_eq!(short.in_full(time), "2026-11-22 14:02:11 UTC");
        assert_eq!(short.of(WallTime::from_unix_nanos(u64::MAX)).len(), "14:02:11.204".len());
    }
}
