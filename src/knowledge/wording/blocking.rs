//! A timeout of a command that waits at the server by design: the other requests on its connection wait, too.

use crate::resp::may_block;

/// Returns true if a line names a blocking command. WAIT is also a word: it counts only in capitals.
pub(super) fn is_named(line: &str) -> bool {
    let words: Vec<&str> = line.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let has_block = words.iter().any(|word| word.eq_ignore_ascii_case("block"));
    let is_command = |word: &str| word.len() > 4 || word == word.to_ascii_uppercase();
    words.iter().any(|word| may_block(word.as_bytes(), || has_block) && is_command(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::search;

    #[test]
    fn a_timeout_of_a_blocking_command_leads_to_the_connection_that_it_holds_up() {
        for (line, code) in [
            ("BLPOP Command timed out after 1 minute(s)", "RD174"),
            ("redis.exceptions.TimeoutError: Timeout reading from socket during brpop(queue)", "RD174"),
            ("RedisCommandTimeoutException: Command timed out after 5 second(s): XREADGROUP BLOCK 0", "RD174"),
            ("io.lettuce.core.RedisCommandTimeoutException: Command timed out after 1 minute(s)", "RD128"),
            ("Error: XREAD Command timed out", "RD128"),
        ] {
            assert_eq!(search(line).unwrap().best.id, code, "{line}");
        }
        assert!(is_named("WAIT 1 500") && !is_named("we wait for a reply") && !is_named("LPOP q"));
    }
}
