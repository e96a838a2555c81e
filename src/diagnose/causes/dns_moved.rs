//! The name resolves to another address than before.

use crate::diagnose::{
    argument::{Argument, CauseDef, Weight},
    facts::{Addresses, Facts},
    rules::process,
};
use crate::foreign::Foreign;

pub(super) static CAUSE: CauseDef = CauseDef {
    code: "RD014",
    remedy: "keep the TTL of the name short, and let the client resolve it at each attempt",
    rules: &[name_moved, old_address_is_gone],
    objections: &[it_was_a_promotion, same_process_elsewhere],
    exclusions: &[name_is_the_same],
    ..CauseDef::EMPTY
};

fn name_moved(facts: &Facts<'_>) -> Option<Argument> {
    let moved = facts.addresses() == Some(Addresses::Moved);
    let (before, after) = (facts.before()?, facts.after()?);
    let why =
        format!("the name resolved to {} and now resolves to {}", list(&before.addresses), list(&after.addresses));
    Argument::when(moved, Weight::Supports, why)
}

fn old_address_is_gone(facts: &Facts<'_>) -> Option<Argument> {
    let gone = facts.addresses() == Some(Addresses::Shuffled) && facts.another_place() == Some(true);
    let why = "the name resolves to other addresses than before, and another of them answers";
    Argument::when(gone, Weight::Suggests, why)
}

fn name_is_the_same(facts: &Facts<'_>) -> Option<Argument> {
    let same = facts.addresses() == Some(Addresses::Same);
    Argument::when(same, Weight::Refutes, "the name resolves to the same addresses")
}

fn it_was_a_promotion(facts: &Facts<'_>) -> Option<Argument> {
    process::replication_goes_on(facts)
        .and_then(|_| Argument::new(Weight::Weakens, "a replica was promoted and the name followed it"))
}

fn same_process_elsewhere(facts: &Facts<'_>) -> Option<Argument> {
    Argument::when(facts.gone() == Some(false), Weight::Weakens, "the same server process answers")
}

fn list(addresses: &[Foreign]) -> String {
    match addresses {
        [] => "nothing".to_owned(),
        [one] => one.to_string(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    }
}
