//! How a fault is written: `KIND[=ARGUMENT][,NAME=VALUE]…`. What is read back is what was written.

use std::{fmt, str::FromStr, time::Duration};

use super::{
    Direction, ErrorCode, Fault, Forgotten, KINDS, Moment, Scope, Share, Side, usages,
    value::{bytes, bytes_text, command, duration, positive, text},
};

/// `slow_close` without a time.
const CLOSE_DELAY: Duration = Duration::from_secs(1);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        match self {
            Self::ResetPeer { side, when } => {
                parts.extend(named("side", side, Side::default()));
                parts.extend(named("when", when, Moment::default()));
            }
            Self::SlowClose { delay } => parts.push(text(*delay)),
            Self::Blackhole { direction } => parts.extend(named("direction", direction, Direction::Both)),
            Self::Latency { delay, jitter, direction, on } => {
                let jitter = if jitter.is_zero() { String::new() } else { format!("~{}", text(*jitter)) };
                parts.push(format!("{}{jitter}", text(*delay)));
                parts.extend(named("direction", direction, Direction::Down));
                parts.extend(on.as_ref().map(|on| format!("on={on}")));
            }
            Self::Bandwidth { rate, direction } => {
                parts.push(bytes_text(*rate));
                parts.extend(named("direction", direction, Direction::Both));
            }
            Self::Slicer { size, delay, direction } => {
                parts.push(bytes_text(*size));
                parts.extend((!delay.is_zero()).then(|| format!("delay={}", text(*delay))));
                parts.extend(named("direction", direction, Direction::Both));
            }
            Self::LimitData { bytes } => parts.push(bytes_text(*bytes)),
            Self::IdleDrop { after, then } => {
                parts.push(text(*after));
                parts.extend(named("then", then, Forgotten::default()));
            }
            Self::ErrorReply { code, scope } => {
                parts.push(code.to_string());
                parts.extend(scope_parts(scope));
            }
            Self::Garbage { scope } | Self::Truncate { scope } | Self::Http503 { scope } => {
                parts.extend(scope_parts(scope));
            }
            Self::Push { frame } => parts.push(frame.to_string()),
            Self::Close
            | Self::HalfClose
            | Self::Partition
            | Self::Refuse
            | Self::StallAccept
            | Self::AcceptClose
            | Self::AcceptReset => {}
        }
        let equals = if parts.is_empty() { "" } else { "=" };
        write!(f, "{}{equals}{}", self.kind(), parts.join(","))
    }
}

/// `name=value`, unless it is the default.
fn named<T: fmt::Display + PartialEq>(name: &str, value: &T, default: T) -> Option<String> {
    (*value != default).then(|| format!("{name}={value}"))
}

fn scope_parts(scope: &Scope) -> impl Iterator<Item = String> {
    let on = scope.on.as_ref().map(|on| format!("on={on}"));
    on.into_iter().chain(named("share", &scope.share, Share::ALL))
}

impl From<Fault> for String {
    fn from(fault: Fault) -> Self {
        fault.to_string()
    }
}

impl TryFrom<String> for Fault {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, rest) = text.trim().split_once('=').unwrap_or((text.trim(), ""));
        let kind = kind.trim().to_ascii_lowercase().replace('-', "_");
        let Some(((kind, _), usage)) = KINDS.iter().zip(usages()).find(|((name, _), _)| *name == kind) else {
            let known: Vec<_> = KINDS.iter().map(|(name, _)| *name).collect();
            return Err(format!("'{kind}' is not a fault; write one of {}", known.join(", ")));
        };
        if *kind == "push" {
            return Ok(Self::Push { frame: rest.parse()? });
        }
        let mut arguments = Arguments::new(rest)?;
        let fault = read(kind, &mut arguments).and_then(|fault| arguments.finish(fault));
        fault.map_err(|why| format!("{why} (usage: {usage})"))
    }
}

fn read(kind: &str, arguments: &mut Arguments) -> Result<Fault, String> {
    Ok(match kind {
        "reset_peer" => Fault::ResetPeer { side: arguments.or_default("side")?, when: arguments.or_default("when")? },
        "close" => Fault::Close,
        "half_close" => Fault::HalfClose,
        "slow_close" => {
            let delay = arguments.first().map_or(Ok(CLOSE_DELAY), |text| positive(&text))?;
            Fault::SlowClose { delay }
        }
        "blackhole" => Fault::Blackhole { direction: arguments.direction(Direction::Both)? },
        "partition" => Fault::Partition,
        "refuse" => Fault::Refuse,
        "stall_accept" => Fault::StallAccept,
        "accept_close" => Fault::AcceptClose,
        "accept_reset" => Fault::AcceptReset,
        "latency" => latency(arguments)?,
        "bandwidth" => Fault::Bandwidth {
            rate: bytes(&arguments.needed("how many bytes a second, for example 64k")?)?,
            direction: arguments.direction(Direction::Both)?,
        },
        "slicer" => Fault::Slicer {
            size: arguments.first().map_or(Ok(1), |text| bytes(&text))?,
            delay: arguments.take("delay").map_or(Ok(Duration::ZERO), |text| duration(&text))?,
            direction: arguments.direction(Direction::Both)?,
        },
        "limit_data" => Fault::LimitData { bytes: bytes(&arguments.needed("how many bytes, for example 64k")?)? },
        "idle_drop" => Fault::IdleDrop {
            after: positive(&arguments.needed("after how much silence, for example 350s")?)?,
            then: arguments.or_default("then")?,
        },
        "error_reply" => Fault::ErrorReply {
            code: arguments.needed("which error, for example LOADING")?.parse::<ErrorCode>()?,
            scope: arguments.scope()?,
        },
        "garbage" => Fault::Garbage { scope: arguments.scope()? },
        "truncate" => Fault::Truncate { scope: arguments.scope()? },
        _ => Fault::Http503 { scope: arguments.scope()? },
    })
}

fn latency(arguments: &mut Arguments) -> Result<Fault, String> {
    let first = arguments.needed("how much later, for example 50ms or 50ms~10ms")?;
    let (delay, jitter) = first.split_once('~').unwrap_or((&first, "0"));
    let (delay, jitter) = (duration(delay)?, duration(jitter)?);
    if delay.is_zero() && jitter.is_zero() {
        return Err(format!("'{first}' delays nothing; write for example 50ms"));
    }
    if jitter > delay {
        return Err(format!("'{first}' would deliver before it was sent; write a jitter of at most the delay"));
    }
    let direction = arguments.direction(Direction::Down)?;
    let on = arguments.take("on").map(|text| command(&text)).transpose()?;
    if on.is_some() && direction != Direction::Down {
        return Err("on= delays replies, which go down; leave direction out".into());
    }
    Ok(Fault::Latency { delay, jitter, direction, on })
}

/// What stands behind the `=`, piece by piece.
struct Arguments {
    first: Option<String>,
    named: Vec<(String, String)>,
}

impl Arguments {
    fn new(text: &str) -> Result<Self, String> {
        let mut arguments = Self { first: None, named: Vec::new() };
        for (place, part) in text.split(',').map(str::trim).enumerate().filter(|_| !text.trim().is_empty()) {
            match part.split_once('=') {
                Some((name, value)) => {
                    let name = name.trim().to_owned();
                    if arguments.named.iter().any(|(known, _)| *known == name) {
                        return Err(format!("'{name}' is given twice; write it once"));
                    }
                    arguments.named.push((name, value.trim().to_owned()));
                }
                None if place == 0 && !part.is_empty() => arguments.first = Some(part.to_owned()),
                None => return Err(format!("'{part}' is not NAME=VALUE; write for example on=HELLO")),
            }
        }
        Ok(arguments)
    }

    fn first(&mut self) -> Option<String> {
        self.first.take()
    }

    fn needed(&mut self, what: &str) -> Result<String, String> {
        self.first().ok_or_else(|| format!("it does not say {what}"))
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let place = self.named.iter().position(|(known, _)| known == name)?;
        Some(self.named.remove(place).1)
    }

    fn or_default<T: Default + FromStr<Err = String>>(&mut self, name: &str) -> Result<T, String> {
        self.take(name).map_or_else(|| Ok(T::default()), |text| text.parse())
    }

    fn direction(&mut self, default: Direction) -> Result<Direction, String> {
        self.take("direction").map_or(Ok(default), |text| text.parse())
    }

    fn scope(&mut self) -> Result<Scope, String> {
        let on = self.take("on").map(|text| command(&text)).transpose()?;
        Ok(Scope { on, share: self.or_default("share")? })
    }

    /// The fault, unless something is left over.
    fn finish(self, fault: Fault) -> Result<Fault, String> {
        let left = self.first.or_else(|| self.named.into_iter().next().map(|(name, value)| format!("{name}={value}")));
        left.map_or(Ok(fault), |left| Err(format!("'{left}' means nothing here; leave it out")))
    }
}

/// Words for the plain choices.
macro_rules! words {
    ($($choice:ident { $($variant:ident = $word:literal),+ $(,)? })+) => {
        $(impl fmt::Display for $choice {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$variant => $word),+
                })
            }
        }

        impl FromStr for $choice {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(format!("'{text}' is not known here; write one of {}", [$($word),+].join(", "))),
                }
            }
        })+
    };
}

words! {
    Side { Both = "both", Client = "client" }
    Moment { Now = "now", Idle = "idle", InFlight = "in_flight" }
    Direction { Both = "both", Up = "up", Down = "down" }
    Forgotten { Drop = "drop", Reset = "reset" }
}
