//! The form of moments in a report: with the day where the runs last longer than one.

use crate::{clock::WallTime, report::Report};

const DAY: f64 = 86_400.0;

/// The form of moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::render) struct Times {
    dated: bool,
}

impl Times {
    /// Returns the form that distinguishes the moments of a report.
    pub(in crate::render) fn new(report: &Report) -> Self {
        let first = report.runs.first().map(|run| run.time.unix_nanos()).unwrap_or_default();
        let last = report.runs.last().map(|run| run.time.unix_nanos() as f64 / 1e9 + run.duration);
        Self { dated: last.unwrap_or_default() - first as f64 / 1e9 >= DAY }
    }

    /// `14:02:22.704`, `2026-11-22 14:02:22.704`
    pub(in crate::render) fn of(self, time: WallTime) -> String {
        let day = time.to_the_second();
        let day = day.get(..10).filter(|_| self.dated).map(|day| format!("{day} ")).unwrap_or_default();
        format!("{day}{}", time.time_of_day())
    }

    /// The same without fractions of a second.
    pub(in crate::render) fn to_the_second(self, time: WallTime) -> String {
        let mut text = self.of(time);
        text.truncate(text.len() - ".000".len());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_is_there_where_it_is_needed() {
        let time = WallTime::from_unix_nanos(1_795_356_131_204_512_000);
        assert_eq!(Times { dated: false }.of(time), "14:02:11.204");
        assert_eq!(Times { dated: true }.of(time), "2026-11-22 14:02:11.204");
        assert_eq!(Times { dated: true }.to_the_second(time), "2026-11-22 14:02:11");
    }
}
