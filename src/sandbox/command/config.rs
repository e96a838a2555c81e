//! `CONFIG`: reading settings, and changing the few that can be changed.

use bytes::Bytes;

use super::{Call, Command, Reply, command, container};
use crate::sandbox::glob::{self, Case};
use crate::sandbox::state::Stats;

pub(super) const COMMANDS: &[Command] = &[container("config", -2, CONFIG)];

const CONFIG: &[Command] =
    &[command("config|get", -3, get), command("config|resetstat", 2, reset_stat), command("config|set", -4, set)];

fn get(call: &mut Call<'_>) -> Reply {
    let wanted = |name: &str| {
        let mut patterns = call.args.skip(2);
        patterns.any(|pattern| glob::matches(pattern, name.as_bytes(), Case::Ignored))
    };
    let settings = call.state.settings.list().into_iter().filter(|(name, _)| wanted(name));
    Reply::Map(settings.map(|(name, value)| (Reply::word(name), Reply::Bulk(Bytes::from(value)))).collect())
}

/// Changes all settings or none, as in Redis: one refused setting undoes those before it.
fn set(call: &mut Call<'_>) -> Reply {
    let args = call.args;
    if !args.len().is_multiple_of(2) {
        return super::wrong_arity(call.name);
    }
    let known = call.state.settings.list();
    let mut changed = call.state.settings.clone();
    let mut seen = Vec::new();
    for at in (2..args.len()).step_by(2) {
        let Some(&(name, _)) = known.iter().find(|(name, _)| args.is(at, name)) else {
            let name = args.text(at);
            return Reply::error(format!("ERR Unknown option or number of arguments for CONFIG SET - '{name}'"));
        };
        let outcome = if seen.contains(&name) {
            Err("duplicate parameter".to_owned())
        } else {
            changed.set(name, args.get(at + 1))
        };
        if let Err(why) = outcome {
            return Reply::error(format!("ERR CONFIG SET failed (possibly related to argument '{name}') - {why}"));
        }
        seen.push(name);
    }
    call.state.settings = changed;
    Reply::OK
}

fn reset_stat(call: &mut Call<'_>) -> Reply {
    call.state.stats = Stats::default();
    Reply::OK
}
