//! The words that a wrong word may have meant.

/// Similarity (Jaro-Winkler, from 0 to 1) from which a known word is suggested. `hardned` and `hardened` have 0.97, `reset`
/// and `reset_peer` 0.90, two words of one list in redis-doctor at most 0.95, and unrelated words about 0.5.
const SIMILAR: f64 = 0.84;

/// Returns the remedy for `word`, which is none of `known`: the most similar of them, if any is similar, and all of them.
pub(crate) fn instead<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<_> = known.into_iter().collect();
    let all = known.join(", ");
    match closest(word, known) {
        Some(closest) => format!("did you mean {closest}? (expected one of {all})"),
        None => format!("expected one of {all}"),
    }
}

/// Returns the known word that is most similar to `word`, if any is similar.
pub(crate) fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |word: &str| word.to_ascii_lowercase().replace('_', "-");
    let wanted = plain(word);
    let scored = known.into_iter().map(|name| (strsim::jaro_winkler(&wanted, &plain(name)), name));
    let (similarity, name) = scored.max_by(|(one, _), (other, _)| one.total_cmp(other))?;
    (similarity >= SIMILAR).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognized_and_another_word_is_not() {
        let policies = ["hardened", "library", "elasticache", "bare"];
        for (word, meant) in
            [("hardned", "hardened"), ("Hardened", "hardened"), ("libary", "library"), ("bear", "bare")]
        {
            assert_eq!(closest(word, policies), Some(meant), "{word}");
        }
        for word in ["", "fast", "redis", "x"] {
            assert_eq!(closest(word, policies), None, "{word}");
        }
        assert_eq!(closest("reset-in-fligth", ["reset-idle", "reset-in-flight"]), Some("reset-in-flight"));
        assert_eq!(closest("reset_in_flight", ["reset-idle", "reset-in-flight"]), Some("reset-in-flight"));
    }

    #[test]
    fn the_remedy_lists_every_word() {
        assert_eq!(instead("bear", ["bare", "library"]), "did you mean bare? (expected one of bare, library)");
        assert_eq!(instead("fast", ["bare", "library"]), "expected one of bare, library");
    }
}
