//! Durations as heights, on a logarithmic scale of whole decades.

const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A column in which a connection was down.
pub(super) const DOWN: char = '╳';

/// The scale of a row of durations, in seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    /// The smallest and the largest of them.
    pub(super) low: f64,
    pub(super) high: f64,
    bottom: f64,
    decades: f64,
}

impl Scale {
    /// Returns the scale from the decade below the smallest value to the one above the largest; `None` without values.
    /// Zero has no place on it.
    pub(super) fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let ends = values.filter(|value| *value > 0.0).fold(None, |ends: Option<(f64, f64)>, value| {
            Some(ends.map_or((value, value), |(low, high)| (low.min(value), high.max(value))))
        });
        let (low, high) = ends?;
        let bottom = low.log10().floor();
        Some(Self { low, high, bottom, decades: (high.log10().ceil() - bottom).max(1.0) })
    }

    /// Returns the height of a value, from 0 to below `heights`.
    pub(super) fn height(&self, value: f64, heights: usize) -> Option<usize> {
        let share = (value.log10() - self.bottom) / self.decades;
        (value > 0.0).then(|| ((share * heights as f64) as usize).min(heights - 1))
    }

    /// Returns the value at the lower edge of one of `heights`.
    pub(super) fn edge(&self, height: usize, heights: usize) -> f64 {
        10f64.powf(self.bottom + self.decades * height as f64 / heights as f64)
    }

    /// Returns a value as a block.
    pub(super) fn mark(&self, value: f64) -> char {
        self.height(value, LEVELS.len()).map_or(' ', |height| LEVELS[height])
    }
}
