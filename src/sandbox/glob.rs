//! Redis' glob patterns over bytes: `*`, `?`, `[a-z]`, `[^a]` and `\` escapes.
//!
//! Shared by `PSUBSCRIBE`, `PUBSUB CHANNELS` and `CONFIG GET`. Glob crates for file names do not fit: they treat `/`
//! and `{}` specially and require UTF-8. Backtracking goes only to the last `*`, so the cost is at most pattern × text.

/// Case sensitivity of a match.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Case {
    Ignored,
    Sensitive,
}

/// True if `pattern` matches all of `text`.
pub(super) fn matches(pattern: &[u8], text: &[u8], case: Case) -> bool {
    let (mut at_pattern, mut at_text) = (0, 0);
    // The position to resume at after a mismatch: behind the last star, one byte further into the text.
    let mut resume: Option<(usize, usize)> = None;
    while at_text < text.len() {
        if pattern.get(at_pattern) == Some(&b'*') {
            at_pattern += 1;
            resume = Some((at_pattern, at_text));
            continue;
        }
        if let Some(width) = match_one(&pattern[at_pattern..], text[at_text], case) {
            at_pattern += width;
            at_text += 1;
            continue;
        }
        match resume {
            Some((behind_star, text_position)) => {
                at_pattern = behind_star;
                at_text = text_position + 1;
                resume = Some((behind_star, at_text));
            }
            None => return false,
        }
    }
    pattern[at_pattern..].iter().all(|&byte| byte == b'*')
}

/// Matches the first element of `pattern` (not a star) against one byte, and returns the element's width.
fn match_one(pattern: &[u8], byte: u8, case: Case) -> Option<usize> {
    match *pattern.first()? {
        b'?' => Some(1),
        b'[' => match_class(pattern, byte, case),
        b'\\' if pattern.len() >= 2 => same(pattern[1], byte, case).then_some(2),
        literal => same(literal, byte, case).then_some(1),
    }
}

/// Matches `[..]`; as in Redis, an unclosed class ends with the pattern.
fn match_class(pattern: &[u8], byte: u8, case: Case) -> Option<usize> {
    let negated = pattern.get(1) == Some(&b'^');
    let mut at = if negated { 2 } else { 1 };
    let mut found = false;
    loop {
        match pattern[at..] {
            [] => break,
            [b']', ..] => {
                at += 1;
                break;
            }
            [b'\\', escaped, ..] => {
                found |= same(escaped, byte, case);
                at += 2;
            }
            [first, b'-', last, ..] => {
                found |= in_range(first, last, byte, case);
                at += 3;
            }
            [literal, ..] => {
                found |= same(literal, byte, case);
                at += 1;
            }
        }
    }
    (found != negated).then_some(at)
}

fn in_range(first: u8, last: u8, byte: u8, case: Case) -> bool {
    let (first, last, byte) = match case {
        Case::Ignored => (first.to_ascii_lowercase(), last.to_ascii_lowercase(), byte.to_ascii_lowercase()),
        Case::Sensitive => (first, last, byte),
    };
    (first.min(last)..=first.max(last)).contains(&byte)
}

fn same(left: u8, right: u8, case: Case) -> bool {
    match case {
        Case::Ignored => left.eq_ignore_ascii_case(&right),
        Case::Sensitive => left == right,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::Fuzz;

    #[test]
    fn patterns_mean_what_they_mean_in_redis() {
        let cases: &[(&[u8], &[u8], bool)] = &[
            (b"", b"", true),
            (b"", b"a", false),
            (b"*", b"", true),
            (b"**", b"anything", true),
            (b"news.*", b"news.art", true),
            (b"news.*", b"news", false),
            (b"h?llo", b"hello", true),
            (b"h?llo", b"hllo", false),
            (b"h[ae]llo", b"hallo", true),
            (b"h[ae]llo", b"hillo", false),
            (b"h[^e]llo", b"hallo", true),
            (b"h[^e]llo", b"hello", false),
            (b"h[a-c]llo", b"hbllo", true),
            (b"h[c-a]llo", b"hbllo", true),
            (b"h[a-c]llo", b"hdllo", false),
            (b"h\\?llo", b"h?llo", true),
            (b"h\\?llo", b"hello", false),
            (b"[\\]]", b"]", true),
            (b"[]a", b"a", false),
            (b"[abc", b"c", true),
            (b"[abc", b"d", false),
            (b"a\\", b"a\\", true),
            (b"*a*b*c", b"xxaxxbxxc", true),
            (b"*a*b*c", b"xxaxxbxxcx", false),
            (b"*ab", b"aab", true),
            (b"a*?", b"a", false),
            (b"\xff*\x00", b"\xff\n/\x00", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(
                matches(pattern, text, Case::Sensitive),
                *expected,
                "{} against {}",
                pattern.escape_ascii(),
                text.escape_ascii()
            );
        }
    }

    #[test]
    fn case_is_ignored_only_when_asked() {
        assert!(matches(b"MaxC[L-M]*", b"maxclients", Case::Ignored));
        assert!(!matches(b"MAXCLIENTS", b"maxclients", Case::Sensitive));
    }

    #[test]
    fn many_stars_stay_cheap() {
        let pattern = b"*a".repeat(2_000);
        assert!(!matches(&pattern, &b"a".repeat(1_999), Case::Sensitive));
    }

    #[test]
    fn fuzz_globs() {
        Fuzz::new("glob", &["*", "?", "[", "]", "^", "-", "\\", "\n"]).run(|input| {
            let mut parts = input.split(|byte| *byte == b'\n');
            let (pattern, text) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            for case in [Case::Ignored, Case::Sensitive] {
                let matched = matches(pattern, text, case);
                // A star also matches nothing.
                assert!(!matched || matches(&[b"*", pattern].concat(), text, case));
            }
        });
    }
}
