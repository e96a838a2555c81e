//! Commands that wait at the server: for data, for replicas, or for work in the background.

/// Commands with the flag `blocking` in the server's command table (redis `src/commands.def`).
const BLOCKING: [&str; 10] =
    ["BLMOVE", "BLMPOP", "BLPOP", "BRPOP", "BRPOPLPUSH", "BZMPOP", "BZPOPMAX", "BZPOPMIN", "WAIT", "WAITAOF"];

/// Commands that wait only with their option BLOCK.
const WITH_OPTION: [&str; 2] = ["XREAD", "XREADGROUP"];

/// Commands without that flag that the server may answer later: it frees memory in the background, or waits for its
/// replicas (BLOCKED_LAZYFREE and BLOCKED_SHUTDOWN of redis `src/blocked.c`, `clusterCommandSetSlot` of valkey).
const IN_BACKGROUND: [&str; 4] = ["FLUSHALL", "FLUSHDB", "SHUTDOWN", "CLUSTER|SETSLOT"];

/// Returns true if the server may wait before it answers the command `name`, in any case of letters; `has_block` returns true
/// if it has the option BLOCK.
pub(crate) fn may_block(name: &[u8], has_block: impl FnOnce() -> bool) -> bool {
    is_one_of(name, &BLOCKING) || is_one_of(name, &WITH_OPTION) && has_block()
}

/// Returns true if a client that CLIENT LIST shows as blocked (flag `b`) with this command may wait for the command itself. If
/// not, CLIENT PAUSE holds it back.
pub(crate) fn may_wait(name: &[u8]) -> bool {
    // Commands of later versions that block begin with B, as the present ones do. A module can block its client in any of its
    // commands (RedisModule_BlockClient), whose names have a dot by convention.
    let is_unknown = name.first().is_none_or(|first| first.eq_ignore_ascii_case(&b'b')) || name.contains(&b'.');
    is_unknown || may_block(name, || true) || is_one_of(name, &IN_BACKGROUND)
}

fn is_one_of(name: &[u8], names: &[&str]) -> bool {
    names.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
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

    #[test]
    fn a_blocked_client_may_wait_for_a_module_or_the_background() {
        for name in ["blpop", "xread", "flushall", "shutdown", "cluster|setslot", "FT.SEARCH", "blmovem", ""] {
            assert!(may_wait(name.as_bytes()), "{name}");
        }
        for name in ["set", "exec", "eval", "publish", "cluster|info"] {
            assert!(!may_wait(name.as_bytes()), "{name}");
        }
    }
}
