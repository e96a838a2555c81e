//! The exit codes, for runbooks and monitoring systems that do not read the report.
//!
//! | code | meaning |
//! | --- | --- |
//! | 0 | healthy |
//! | 1 | degraded: the connection was lost and recovered on its own, or a `--warn-on` gate tripped |
//! | 2 | critical: unreachable, not recovered (down, or writes refused, to the end), subscription or messages lost, wrong replies, or a `--fail-on` gate tripped |
//! | 3 | unknown: wrong usage or configuration (a line of `--targets` that cannot be read, unless a target is critical), or an internal error |
//! | 130 | a second Ctrl-C, or a blocked output after SIGTERM, ended the run before its report; for `wait`, the first signal |
//!
//! The first four are those of the Monitoring Plugins (Nagios), so a wrong flag is never mistaken for a critical server.

use std::process::ExitCode;

use crate::verdict::Verdict;

/// The exit code of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Exit {
    /// Nothing to report; also `--help`, `--version` and everything under `--exit-zero`.
    Healthy = 0,
    /// The connection was lost and recovered on its own, or a warning threshold was passed.
    Degraded = 1,
    /// Unreachable, not recovered, messages lost, or a `--fail-on` gate.
    Critical = 2,
    /// Wrong usage or configuration, or an internal error; the state of the server is unknown.
    Unknown = 3,
    /// The second Ctrl-C (128 + SIGINT).
    Interrupted = 130,
}

impl Exit {
    /// The number the shell sees.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Healthy => Self::Healthy,
            Verdict::Degraded => Self::Degraded,
            Verdict::Critical => Self::Critical,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_the_table() {
        let table = [
            (Exit::Healthy, 0),
            (Exit::Degraded, 1),
            (Exit::Critical, 2),
            (Exit::Unknown, 3),
            (Exit::Interrupted, 130),
        ];
        for (exit, code) in table {
            assert_eq!(exit.code(), code);
            assert_eq!(format!("{:?}", ExitCode::from(exit)), format!("{:?}", ExitCode::from(code)));
        }
    }
}
