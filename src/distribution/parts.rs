//! A distribution in parts, which are added up when there are many, or when the sum is needed: their buckets overlap, so
//! adding many at once takes a fraction of the time.

use super::{Counts, Distribution, Packed};

/// A distribution in parts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts(Vec<Packed>);

impl Parts {
    /// Creates it from one part, or none.
    pub(crate) fn of(distribution: Option<&Distribution>) -> Self {
        Self(distribution.and_then(Packed::of).into_iter().collect())
    }

    /// Returns the number of parts.
    pub(crate) fn number(&self) -> usize {
        self.0.len()
    }

    /// Appends the parts of another.
    pub(crate) fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Returns the sum.
    pub(crate) fn sum(&self) -> Distribution {
        Packed::sum(&self.0).map(|sum| Distribution(Counts::Packed(sum))).unwrap_or_default()
    }

    /// Adds the parts up if there are more than `most`.
    pub(crate) fn compact(&mut self, most: usize) {
        if self.0.len() > most {
            self.0 = Packed::sum(&self.0).into_iter().collect();
        }
    }
}

impl PartialEq for Parts {
    fn eq(&self, other: &Self) -> bool {
        self.sum() == other.sum()
    }
}
