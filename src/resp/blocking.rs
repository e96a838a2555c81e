//! Commands that wait at the server for data or for replicas.

/// Commands with the flag `blocking` in the server's command table (redis `src/commands.def`).
const BLOCKING: [&str; 10] =
    ["BLMOVE", "BLMPOP", "BLPOP", "BRPOP", "BRPOPLPUSH", "BZMPOP", "BZPOPMAX", "BZPOPMIN", "WAIT", "WAITAOF"];

/// Commands that wait only with their option BLOCK.
const WITH_OPTION: [&str; 2] = ["XREAD", "XREADGROUP"];

/// Returns true if the server may wait before it answers the command `name`, in any case of letters; `has_block` returns true
/// if it has the option BLOCK.
pub(crate) fn may_block(name: &[u8], has_block: impl FnOnce() -> bool) -> bool {
    let is_one_of = |names: &[&str]| names.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()));
    is_one_of(&BLOCKING) || is_one_of(&WITH_OPTION) && has_block()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_waited_for_only_with_the_option() {
        assert!(may_block(b"blpop", || false) && may_block(b"BLPOP", || false) && may_block(b"WAIT", || false));
        assert!(may_block(b"XREAD", || true) && !may_block(b"XREAD", || false));
        assert!(!may_block(b"LPOP", || true));
    }
}
