//! The kinds of faults: one file in `kinds`, named like the kind in the grammar, and one line in the list below.
//!
//! If no [`Effect`] fits a new kind, add a variant; the compiler then lists the places in `proxy` that must apply it.

use super::{
    Effect, Fault,
    grammar::{Arguments, Reader},
};

/// A kind of fault, with its arguments.
pub(super) trait Kind: Sized {
    /// The arguments as help shows them, for example `TIME[,then=drop|reset]`; empty if there are none.
    const USAGE: &'static str;

    /// Takes the arguments from the text of a user.
    fn read(reader: &mut Reader<'_>) -> Result<Self, String>;

    /// The arguments in the form that [`Self::read`] takes.
    fn arguments(&self) -> Arguments;

    /// The effect, which the proxy applies. An [`Effect::Order`] happens at one moment; any other effect lasts.
    fn effect(&self) -> Effect;
}

/// A kind of fault without arguments.
pub(super) trait Plain: Default {
    /// The effect, which the proxy applies.
    fn effect() -> Effect;
}

impl<K: Plain> Kind for K {
    const USAGE: &'static str = "";

    fn read(_: &mut Reader<'_>) -> Result<Self, String> {
        Ok(Self::default())
    }

    fn arguments(&self) -> Arguments {
        Arguments::none()
    }

    fn effect(&self) -> Effect {
        <Self as Plain>::effect()
    }
}

/// The name of a kind in the grammar. An alias, because serde would borrow a field that is written `&str`.
pub(super) type KindName = &'static str;

/// One kind in the list.
pub(super) struct Row {
    pub(super) name: KindName,
    pub(super) arguments: &'static str,
    /// Reads the text behind the `=`.
    pub(super) read: fn(&str) -> Result<Fault, String>,
}

impl Row {
    /// The kind with its arguments, for example `slow_close[=TIME]`.
    pub(super) fn usage(&self) -> String {
        let Self { name, arguments, .. } = self;
        match arguments.strip_prefix('[') {
            _ if arguments.is_empty() => (*name).to_owned(),
            Some(rest) => format!("{name}[={rest}"),
            None => format!("{name}={arguments}"),
        }
    }
}

fn read<K: Kind>(name: KindName, text: &str) -> Result<Fault, String> {
    let mut reader = Reader::new(text);
    let fault = K::read(&mut reader)?;
    reader.finish()?;
    Ok(Fault::new(name, &fault))
}

/// Declares the module of each kind and lists the kinds, in the order in which help shows them. (`cargo fmt` does not see
/// these modules; `cargo fmt -- src/fault/kinds/*.rs` formats them.)
macro_rules! kinds {
    ($($module:ident :: $kind:ident),+ $(,)?) => {
        $(mod $module;)+

        pub(super) const KINDS: &[Row] = &[$(Row {
            name: stringify!($module),
            arguments: <$module::$kind as Kind>::USAGE,
            read: |text| read::<$module::$kind>(stringify!($module), text),
        }),+];
    };
}

kinds! {
    reset_peer::ResetPeer,
    close::Close,
    half_close::HalfClose,
    slow_close::SlowClose,
    blackhole::Blackhole,
    partition::Partition,
    refuse::Refuse,
    stall_accept::StallAccept,
    accept_close::AcceptClose,
    accept_reset::AcceptReset,
    latency::Latency,
    bandwidth::Bandwidth,
    slicer::Slicer,
    limit_data::LimitData,
    idle_drop::IdleDrop,
    error_reply::ErrorReply,
    garbage::Garbage,
    truncate::Truncate,
    http_503::Http503,
    push::Push,
}
