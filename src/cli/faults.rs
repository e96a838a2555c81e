//! The faults that flags ask for.

use super::groups::FaultArgs;
use crate::fault::FaultSchedule;

/// All faults, those of incidents written out.
pub(super) fn expand(args: &FaultArgs) -> Vec<FaultSchedule> {
    let incidents = args.incidents.iter().flat_map(|incident| incident.schedules());
    args.faults.iter().cloned().chain(incidents).collect()
}
