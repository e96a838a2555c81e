//! The credentials or permissions of the user changed.

use crate::{
    classify::{ErrorClass, Stage},
    diagnose::{
        argument::{Argument, CauseDef, Weight},
        facts::Facts,
        rules::{closing, times},
    },
};

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD010",
    remedy: "give the client the current credentials and permissions; ACL LOG on the server lists what is refused",
    rules: &[credentials_were_refused, acl_was_changed],
    exclusions: &[acl_was_not_changed, closing::was_not_closed_by_the_server],
    implies: &[ErrorClass::NoAuth, ErrorClass::WrongPass, ErrorClass::NoPerm],
    ..CauseDef::EMPTY
};

fn credentials_were_refused(facts: &Facts<'_>) -> Option<Argument> {
    let classes = [ErrorClass::NoAuth, ErrorClass::WrongPass, ErrorClass::NoPerm];
    let failure = facts.path_failed(&classes, &[Stage::Hello, Stage::Command, Stage::Connect])?;
    Argument::new(Weight::Supports, format!("the server refused credentials that had worked: {failure}"))
}

fn acl_was_changed(facts: &Facts<'_>) -> Option<Argument> {
    let changes = facts.moved(|state| state.acl_changes).filter(|changes| *changes > 0)?;
    Argument::new(Weight::Suggests, format!("the server's ACL was changed {} during the outage", times(changes)))
}

/// A refusal after the loss is an obstacle; it closed no connection.
fn acl_was_not_changed(facts: &Facts<'_>) -> Option<Argument> {
    Argument::when(facts.rests(|state| state.acl_changes), Weight::Refutes, "the server's ACL was not changed")
}
