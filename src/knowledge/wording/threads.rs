//! The thread pools in a timeout of StackExchange.Redis: their figures, not the words around them, show whether
//! the client was too busy to read the reply.

/// Number of waiting work items that a pool does not have by chance.
const QUEUED: u64 = 100;

/// Returns true if a pool has more busy threads than it keeps ready (beyond that, it adds about two a second), or many
/// items wait for one: `WORKER: (Busy=120,Free=32647,Min=100,Max=32767), POOL: (Threads=120,QueuedItems=20377)`.
pub(super) fn are_busy(line: &str) -> bool {
    let pool = |name: &str| {
        let (_, figures) = line.split_once(name)?;
        let (figures, _) = figures.split_once(')')?;
        Some(figures)
    };
    let figure = |figures: &str, name: &str| {
        let (_, value) =
            figures.split(',').filter_map(|part| part.trim().split_once('=')).find(|(key, _)| *key == name)?;
        value.parse::<u64>().ok()
    };
    let crowded = |figures: &str| Some(figure(figures, "Busy")? > figure(figures, "Min")?);
    let busy = ["IOCP: (", "WORKER: ("].into_iter().filter_map(pool).filter_map(crowded).any(|crowded| crowded);
    busy || pool("POOL: (").and_then(|figures| figure(figures, "QueuedItems")).is_some_and(|queued| queued >= QUEUED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::search;

    fn timeout(worker: &str, pool: &str) -> String {
        format!(
            "StackExchange.Redis.RedisTimeoutException: Timeout awaiting response (outbound=0KiB, inbound=4KiB, 11296ms \
             elapsed, timeout is 10000ms), command=HGET, qs: 0, aw: False, in: 5377, mgr: 10 of 10 available, IOCP: \
             (Busy=0,Free=1000,Min=100,Max=1000), WORKER: ({worker}), POOL: ({pool}), v: 2.6.48.48654"
        )
    }

    #[test]
    fn a_timeout_with_busy_threads_is_the_clients_own() {
        let idle = ("Busy=2,Free=32765,Min=100,Max=32767", "Threads=12,QueuedItems=0");
        for (worker, pool, code) in [
            ("Busy=120,Free=32647,Min=100,Max=32767", "Threads=120,QueuedItems=20377", "RD193"),
            ("Busy=120,Free=32647,Min=100,Max=32767", "Threads=120,QueuedItems=0", "RD193"),
            (idle.0, "Threads=12,QueuedItems=150", "RD193"),
            (idle.0, idle.1, "RD128"),
        ] {
            let found = search(&timeout(worker, pool)).unwrap();
            assert_eq!((found.best.id.as_str(), found.sure), (code, true), "{worker} {pool}");
        }
        assert!(!are_busy("WORKER: (Busy=x,Min=1") && !are_busy("WORKER: (Busy=5)") && !are_busy(""));
    }
}
