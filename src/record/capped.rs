//! Limits on what a server can make a report keep: a list that keeps its first and last entries and counts all of them,
//! and texts cut to a length.

use std::collections::VecDeque;

/// Number of entries kept from the start, and of those kept from the end.
const KEPT: usize = 100;

/// Maximum length of each list of an outage.
pub(super) const ENTRIES: usize = 16;

/// Maximum length of each text of an outage, in characters.
pub(super) const TEXT: usize = 200;

/// The first and the last entries of a list of any length.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Capped<T> {
    first: Vec<T>,
    last: VecDeque<T>,
    total: u64,
}

impl<T> Default for Capped<T> {
    fn default() -> Self {
        Self { first: Vec::new(), last: VecDeque::new(), total: 0 }
    }
}

impl<T: Clone> Capped<T> {
    pub(super) fn push(&mut self, entry: T) {
        self.total += 1;
        if self.first.len() < KEPT {
            self.first.push(entry);
            return;
        }
        if self.last.len() == KEPT {
            self.last.pop_front();
        }
        self.last.push_back(entry);
    }

    /// Returns the kept entries in order, and the number of all entries.
    pub(super) fn to_list(&self) -> List<T> {
        List { kept: self.first.iter().chain(&self.last).cloned().collect(), total: self.total }
    }
}

/// The kept entries of a list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct List<T> {
    /// Kept entries, in order.
    pub kept: Vec<T>,
    /// Number of all entries.
    pub total: u64,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { kept: Vec::new(), total: 0 }
    }
}

impl<T> List<T> {
    /// Returns the number of entries missing from `kept`.
    pub(crate) fn omitted(&self) -> u64 {
        self.total.saturating_sub(self.kept.len() as u64)
    }
}

/// Shortens a text to at most `limit` characters.
pub(super) fn shortened(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_stay_and_all_are_counted() {
        let mut capped = Capped::default();
        (0..1000).for_each(|n| capped.push(n));
        let list = capped.to_list();
        assert_eq!((list.kept.len(), list.total, list.omitted()), (200, 1000, 800));
        assert_eq!((list.kept[99], list.kept[100], list.kept[199]), (99, 900, 999));
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(shortened("größer", 3), "grö…");
        assert_eq!(shortened("größer", 6), "größer");
    }
}
