//! A sum of distributions that is added up only when there are many parts, or when it is needed.

use super::{Counts, Distribution, Packed};

/// A sum of distributions at rest, in parts: it takes a hundredth of the memory of a histogram, and more time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts(Vec<Packed>);

impl Parts {
    pub(crate) fn of(distribution: Option<&Distribution>) -> Self {
        Self(distribution.and_then(Packed::of).into_iter().collect())
    }

    /// Adds all parts of `other`.
    pub(crate) fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Adds them up if there are more than `most`.
    pub(crate) fn compact(&mut self, most: usize) {
        if self.0.len() > most {
            self.0 = self.packed().into_iter().collect();
        }
    }

    /// Returns the sum.
    pub(crate) fn sum(&self) -> Distribution {
        self.packed().map(|sum| Distribution(Counts::Packed(sum))).unwrap_or_default()
    }

    /// Returns the number of parts.
    pub(crate) fn number(&self) -> usize {
        self.0.len()
    }

    pub(super) fn count(&self) -> u64 {
        self.0.iter().map(Packed::count).sum()
    }

    /// Returns the sum at rest; `None` if it is empty.
    pub(super) fn packed(&self) -> Option<Packed> {
        Packed::sum(&self.0)
    }
}

impl PartialEq for Parts {
    fn eq(&self, other: &Self) -> bool {
        self.sum() == other.sum()
    }
}
