//! Delivers every byte later, in order; or only the replies to one command, and what the server sends after them.

use std::time::Duration;

use crate::fault::{
    Commands, Directions, Effect, Scope, Shape, Tamper,
    grammar::{Arguments, Reader},
    kinds::Kind,
    value::{duration, text},
};

pub(super) struct Latency {
    delay: Duration,
    /// At most `delay`.
    jitter: Duration,
    affected: Affected,
}

enum Affected {
    Bytes(Directions),
    RepliesTo(Commands),
}

impl Kind for Latency {
    const USAGE: &'static str = "TIME[~JITTER][,direction=down|up|both][,on=NAME|@CATEGORY]";

    fn read(reader: &mut Reader<'_>) -> Result<Self, String> {
        let first = reader.required("delay", "50ms or 50ms~10ms")?;
        let (delay, jitter) = first.split_once('~').unwrap_or((first, "0"));
        let (delay, jitter) = (duration(delay)?, duration(jitter)?);
        if delay.is_zero() && jitter.is_zero() {
            return Err(format!("'{first}' delays nothing; write for example 50ms"));
        }
        if jitter > delay {
            return Err(format!("the jitter of '{first}' is greater than the delay; write at most the delay"));
        }
        let directions = reader.directions(Directions::Down)?;
        let affected = match reader.commands()? {
            None => Affected::Bytes(directions),
            Some(commands) if directions == Directions::Down => Affected::RepliesTo(commands),
            Some(_) => return Err("on= delays replies, which go down; leave direction out".into()),
        };
        Ok(Self { delay, jitter, affected })
    }

    fn arguments(&self) -> Arguments {
        let jitter = if self.jitter.is_zero() { String::new() } else { format!("~{}", text(self.jitter)) };
        let times = Arguments::value(format!("{}{jitter}", text(self.delay)));
        match &self.affected {
            Affected::Bytes(directions) => times.directions(*directions, Directions::Down),
            Affected::RepliesTo(commands) => times.value_of("on", commands),
        }
    }

    fn effect(&self) -> Effect {
        let Self { delay, jitter, .. } = *self;
        match &self.affected {
            Affected::Bytes(directions) => Effect::Shape(Shape::Delay { directions: *directions, delay, jitter }),
            Affected::RepliesTo(commands) => {
                let scope = Scope { on: commands.clone(), ..Scope::default() };
                Effect::Reply(scope, Tamper::Delay { delay, jitter })
            }
        }
    }
}
