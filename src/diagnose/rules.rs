//! Rules and conditions that several causes share, by theme. A rule of a single cause is in that cause's file.

pub(super) mod closing;
pub(super) mod pause;
pub(super) mod process;
pub(super) mod reasons;
pub(super) mod silence;
pub(super) mod wait;

/// `once`, `3 times`.
pub(super) fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}
