//! The failovers of a report: the steps of each, in the order of their times.

use std::io::{self, Write};

use crate::{
    clock::WallTime,
    render::{
        Times,
        units::{clean, span},
    },
    report::Failover,
};

pub(super) fn write(failovers: &[Failover], times: Times, out: &mut dyn Write) -> io::Result<()> {
    for failover in failovers {
        writeln!(out)?;
        writeln!(out, "failover  {} → {}", clean(&failover.from), clean(&failover.to))?;
        for (time, step) in steps(failover) {
            writeln!(out, "          {}  {step}", times.of(time))?;
        }
        if !failover.two_primaries.is_zero() {
            writeln!(out, "          both were primaries for {}", span(failover.two_primaries))?;
        }
    }
    Ok(())
}

/// Returns the steps that are known, in order.
pub(in crate::render) fn steps(failover: &Failover) -> Vec<(WallTime, String)> {
    let (from, to) = (clean(&failover.from), clean(&failover.to));
    let (down, named) = match failover.epoch {
        None => (format!("+sdown: a Sentinel finds {from} down"), format!("the Sentinels name {to}")),
        Some(epoch) => {
            (format!("the cluster finds {from} down"), format!("the cluster names {to} (configuration epoch {epoch})"))
        }
    };
    let steps = [
        (failover.down, down),
        (failover.last_reply, format!("last reply of {from}")),
        (failover.promoted, format!("{to} is promoted")),
        (Some(failover.named), named),
        (failover.first_reply, format!("first reply of {to}")),
        (failover.demoted, format!("{from} is demoted")),
    ];
    let mut known: Vec<_> = steps.into_iter().filter_map(|(time, step)| Some((time?, step))).collect();
    known.sort_by_key(|(time, _)| time.unix_nanos());
    known
}
