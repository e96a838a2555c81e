//! The cases of `drill --lab`.

use strum::VariantArray as _;

use crate::{
    cli::error::UsageError,
    plan::{LabCase, LabKind},
};

/// Returns the cases of the lab: the named ones, or all. There are none without a lab.
pub(super) fn cases(lab: Option<LabKind>, names: &[String]) -> Result<Vec<LabCase>, UsageError> {
    let mut cases = Vec::new();
    for name in names {
        match (LabCase::VARIANTS.iter().find(|case| case.to_string() == *name), lab) {
            (Some(case), Some(kind)) if case.lab() == kind => cases.push(*case),
            (Some(case), _) => {
                let problem = format!("{name} is a case of a lab");
                return Err(UsageError::new("--case", problem, format!("add --lab {}", case.lab())));
            }
            (None, None) => {}
            (None, Some(kind)) => {
                let known: Vec<_> = LabCase::of(kind).map(|case| case.to_string()).collect();
                let problem = format!("{name} is not a case of --lab {kind}");
                return Err(UsageError::new("--case", problem, format!("expected one of {}", known.join(", "))));
            }
        }
    }
    if cases.is_empty() {
        cases = lab.into_iter().flat_map(LabCase::of).collect();
    }
    Ok(cases)
}

/// Returns the name of every case.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    LabCase::VARIANTS.iter().map(|case| case.into())
}

/// Returns a line for each case, for the long help.
pub(super) fn help() -> String {
    LabCase::VARIANTS.iter().map(|case| format!("\n  {case}: --lab {}, {}", case.lab(), case.about())).collect()
}
