//! Commands on keys: strings, counters and expiry.

use std::time::Duration;

use bytes::Bytes;

use super::{Call, Command, Reply, command};
use crate::resp::integer;
use crate::sandbox::state::Entry;

pub(super) const COMMANDS: &[Command] = &[
    command("get", 2, get),
    command("set", -3, set),
    command("incr", 2, incr),
    command("incrby", 3, incr_by),
    command("del", -2, del),
    command("exists", -2, exists),
    command("unlink", -2, del),
    command("expire", -3, |call| expire(call, Duration::from_secs, false)),
    command("pexpire", -3, |call| expire(call, Duration::from_millis, false)),
    command("expireat", -3, |call| expire(call, Duration::from_secs, true)),
    command("pexpireat", -3, |call| expire(call, Duration::from_millis, true)),
    command("persist", 2, persist),
    command("expiretime", 2, |call| expire_time(call, 1_000)),
    command("pexpiretime", 2, |call| expire_time(call, 1)),
    command("ttl", 2, |call| ttl(call, 1_000)),
    command("pttl", 2, |call| ttl(call, 1)),
    command("dbsize", 1, db_size),
];

fn get(call: &mut Call<'_>) -> Reply {
    let entry = lookup(call, 1);
    let stats = &mut call.state.stats;
    match entry {
        Some(entry) => {
            stats.keyspace_hits += 1;
            Reply::Bulk(entry.value)
        }
        None => {
            stats.keyspace_misses += 1;
            Reply::Null
        }
    }
}

#[derive(Default)]
struct SetOptions {
    expires_at: Option<Duration>,
    expiry_given: bool,
    get: bool,
    keep_ttl: bool,
    nx: bool,
    xx: bool,
}

fn set(call: &mut Call<'_>) -> Reply {
    let options = match parse_set(call) {
        Ok(options) => options,
        Err(refusal) => return refusal,
    };
    let old = lookup(call, 1);
    let refused = (options.nx && old.is_some()) || (options.xx && old.is_none());
    if !refused {
        let kept = old.as_ref().and_then(|old| old.expires_at).filter(|_| options.keep_ttl);
        store(call, options.expires_at.or(kept), Bytes::copy_from_slice(call.args.get(2)));
    }
    match old {
        Some(old) if options.get => Reply::Bulk(old.value),
        None if options.get => Reply::Null,
        _ if refused => Reply::Null,
        _ => Reply::OK,
    }
}

fn parse_set(call: &mut Call<'_>) -> Result<SetOptions, Reply> {
    let args = call.args;
    let mut options = SetOptions::default();
    let mut expiry: Option<(usize, usize)> = None;
    let mut at = 3;
    while at < args.len() {
        let unit = ["EX", "PX", "EXAT", "PXAT"].iter().position(|unit| args.is(at, unit));
        if args.is(at, "NX") && !options.xx {
            options.nx = true;
        } else if args.is(at, "XX") && !options.nx {
            options.xx = true;
        } else if args.is(at, "GET") {
            options.get = true;
        } else if args.is(at, "KEEPTTL") && !options.expiry_given {
            options.keep_ttl = true;
        } else if let Some(unit) = unit.filter(|_| !options.expiry_given && !options.keep_ttl && at + 1 < args.len()) {
            options.expiry_given = true;
            at += 1;
            expiry = Some((unit, at));
        } else {
            return Err(Reply::syntax_error());
        }
        at += 1;
    }
    if let Some((unit, at)) = expiry {
        options.expires_at = Some(parse_expiry(call, unit, at)?);
    }
    Ok(options)
}

fn parse_expiry(call: &Call<'_>, unit: usize, at: usize) -> Result<Duration, Reply> {
    let number = call.args.integer(at).ok_or_else(Reply::not_an_integer)?;
    let number = u64::try_from(number).ok().filter(|&number| number > 0);
    let number = number.ok_or_else(|| invalid_expiry(call.name))?;
    let length = if unit.is_multiple_of(2) { Duration::from_secs(number) } else { Duration::from_millis(number) };
    let moment = if unit < 2 { call.state.time.wall().saturating_add(length) } else { length };
    in_range(moment).ok_or_else(|| invalid_expiry(call.name))
}

fn incr(call: &mut Call<'_>) -> Reply {
    add(call, 1)
}

fn incr_by(call: &mut Call<'_>) -> Reply {
    match call.args.integer(2) {
        Some(step) => add(call, step),
        None => Reply::not_an_integer(),
    }
}

pub(super) fn add(call: &mut Call<'_>, step: i64) -> Reply {
    let old = lookup(call, 1);
    let Some(number) = old.as_ref().map_or(Some(0), |old| integer(&old.value)) else {
        return Reply::not_an_integer();
    };
    let Some(sum) = number.checked_add(step) else {
        return Reply::error("ERR increment or decrement would overflow");
    };
    store(call, old.and_then(|old| old.expires_at), Bytes::from(sum.to_string()));
    Reply::Integer(sum)
}

fn del(call: &mut Call<'_>) -> Reply {
    let (db, now) = (call.client.db, call.state.time.wall());
    let removed = call.args.skip(1).filter(|key| call.state.keyspace.remove(db, key, now));
    Reply::count(removed.count())
}

fn exists(call: &mut Call<'_>) -> Reply {
    let (db, now) = (call.client.db, call.state.time.wall());
    let found = call.args.skip(1).filter(|key| call.state.keyspace.get(db, key, now).is_some());
    Reply::count(found.count())
}

/// `absolute` counts from the Unix epoch.
fn expire(call: &mut Call<'_>, unit: fn(u64) -> Duration, absolute: bool) -> Reply {
    let condition = match parse_condition(call) {
        Ok(condition) => condition,
        Err(refusal) => return refusal,
    };
    let Some(number) = call.args.integer(2) else {
        return Reply::not_an_integer();
    };
    let now = if absolute { Duration::ZERO } else { call.state.time.wall() };
    let moment = match u64::try_from(number) {
        Ok(number) => in_range(now.saturating_add(unit(number))),
        Err(_) => Some(now.saturating_sub(unit(number.unsigned_abs()))),
    };
    let Some(moment) = moment else {
        return invalid_expiry(call.name);
    };
    match lookup(call, 1) {
        Some(entry) if condition.allows(entry.expires_at, moment) => {
            store(call, Some(moment), entry.value);
            Reply::Integer(1)
        }
        _ => Reply::Integer(0),
    }
}

fn persist(call: &mut Call<'_>) -> Reply {
    match lookup(call, 1) {
        Some(Entry { expires_at: Some(_), value }) => {
            store(call, None, value);
            Reply::Integer(1)
        }
        _ => Reply::Integer(0),
    }
}

/// Returns the moment at which a key expires, in units of the given milliseconds since the Unix epoch.
fn expire_time(call: &mut Call<'_>, unit: u128) -> Reply {
    Reply::Integer(match lookup(call, 1) {
        None => -2,
        Some(Entry { expires_at: None, .. }) => -1,
        Some(Entry { expires_at: Some(moment), .. }) => i64::try_from(moment.as_millis() / unit).unwrap_or(i64::MAX),
    })
}

/// The condition for `EXPIRE` to take effect, based on the key's current expiry.
#[derive(Default)]
struct Condition {
    nx: bool,
    xx: bool,
    gt: bool,
    lt: bool,
}

impl Condition {
    fn allows(&self, old: Option<Duration>, new: Duration) -> bool {
        !(self.nx && old.is_some()
            || self.xx && old.is_none()
            || self.gt && old.is_none_or(|old| new <= old)
            || self.lt && old.is_some_and(|old| new >= old))
    }
}

fn parse_condition(call: &Call<'_>) -> Result<Condition, Reply> {
    let mut condition = Condition::default();
    for at in 3..call.args.len() {
        match call.args.get(at).to_ascii_uppercase().as_slice() {
            b"NX" => condition.nx = true,
            b"XX" => condition.xx = true,
            b"GT" => condition.gt = true,
            b"LT" => condition.lt = true,
            _ => {
                return Err(Reply::error(format!("ERR Unsupported option {}", call.args.text(at))));
            }
        }
    }
    let Condition { nx, xx, gt, lt } = condition;
    if nx && (xx || gt || lt) {
        let text = "ERR NX and XX, GT or LT options at the same time are not compatible";
        Err(Reply::error(text))
    } else if gt && lt {
        Err(Reply::error("ERR GT and LT options at the same time are not compatible"))
    } else {
        Ok(condition)
    }
}

/// Returns a key's remaining lifetime in units of the given milliseconds, rounded as in Redis.
fn ttl(call: &mut Call<'_>, unit: u128) -> Reply {
    let now = call.state.time.wall();
    Reply::Integer(match lookup(call, 1) {
        None => -2,
        Some(Entry { expires_at: None, .. }) => -1,
        Some(Entry { expires_at: Some(moment), .. }) => {
            let left = moment.saturating_sub(now).as_millis();
            i64::try_from((left + unit / 2) / unit).unwrap_or(i64::MAX)
        }
    })
}

fn db_size(call: &mut Call<'_>) -> Reply {
    let (db, now) = (call.client.db, call.state.time.wall());
    Reply::count(call.state.keyspace.size(db, now).0)
}

fn lookup(call: &mut Call<'_>, at: usize) -> Option<Entry> {
    let (db, now) = (call.client.db, call.state.time.wall());
    call.state.keyspace.get(db, call.args.get(at), now).cloned()
}

fn store(call: &mut Call<'_>, expires_at: Option<Duration>, value: Bytes) {
    let (db, now) = (call.client.db, call.state.time.wall());
    call.state.keyspace.set(db, call.args.get(1), Entry { expires_at, value }, now);
}

/// Redis stores expiry as milliseconds in a signed 64-bit integer.
pub(super) fn in_range(moment: Duration) -> Option<Duration> {
    i64::try_from(moment.as_millis()).ok().map(|_| moment)
}

pub(super) fn invalid_expiry(name: &str) -> Reply {
    Reply::error(format!("ERR invalid expire time in '{name}' command"))
}
