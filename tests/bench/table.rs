//! The table: figures, their ratio over the rounds, and whether the bar is met.

/// One line of the table.
pub(crate) struct Row {
    /// What is measured.
    pub(crate) bar: String,
    /// Our figure, with its unit.
    pub(crate) ours: String,
    /// The peer's, where there is one.
    pub(crate) peer: String,
    /// Ours to the peer's: median, least and most over the rounds.
    pub(crate) ratio: Option<[f64; 3]>,
    /// The limit, as text; empty where there is none.
    pub(crate) limit: String,
    /// Whether it is met.
    pub(crate) met: bool,
}

/// A limit of a ratio.
#[derive(Clone, Copy)]
pub(crate) enum Limit {
    /// At most this.
    Most(f64),
    /// At least this.
    Least(f64),
    /// No limit: the ratio is information.
    None,
}

impl Row {
    /// A comparison: a pair (ours, the peer's) from each round.
    pub(crate) fn ratio(bar: impl Into<String>, pairs: &[(f64, f64)], unit: &str, limit: Limit) -> Self {
        let ratios: Vec<f64> = pairs.iter().map(|(ours, peer)| ours / peer).collect();
        let middle = median(&ratios);
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let most = ratios.iter().copied().fold(0.0, f64::max);
        let side = |pick: fn(&(f64, f64)) -> f64| median(&pairs.iter().map(pick).collect::<Vec<_>>());
        let (limit, met) = match limit {
            Limit::Most(most) => (format!("≤ {most:.2} ×"), middle <= most),
            Limit::Least(least) => (format!("≥ {least:.2} ×"), middle >= least),
            Limit::None => (String::new(), true),
        };
        Self {
            bar: bar.into(),
            ours: figure(side(|pair| pair.0), unit),
            peer: figure(side(|pair| pair.1), unit),
            ratio: Some([middle, least, most]),
            limit,
            met,
        }
    }

    /// A figure that must not exceed `most`.
    pub(crate) fn at_most(bar: impl Into<String>, ours: f64, unit: &str, most: f64) -> Self {
        let limit = format!("≤ {}", figure(most, unit));
        Self { bar: bar.into(), ours: figure(ours, unit), peer: String::new(), ratio: None, limit, met: ours <= most }
    }

    /// A figure that must not fall below `least`.
    pub(crate) fn at_least(bar: impl Into<String>, ours: f64, unit: &str, least: f64) -> Self {
        let limit = format!("≥ {}", figure(least, unit));
        Self { bar: bar.into(), ours: figure(ours, unit), peer: String::new(), ratio: None, limit, met: ours >= least }
    }

    /// A count that must be exactly this.
    pub(crate) fn exactly(bar: impl Into<String>, ours: u64, wanted: u64) -> Self {
        let limit = format!("= {wanted}");
        Self { bar: bar.into(), ours: ours.to_string(), peer: String::new(), ratio: None, limit, met: ours == wanted }
    }

    /// Prints the line; returns whether the bar is met.
    pub(crate) fn print(&self) -> bool {
        let ratio =
            self.ratio.map_or_else(String::new, |[middle, least, most]| format!("{middle:.2} ({least:.2}–{most:.2})"));
        let judged = match (self.met, self.limit.is_empty()) {
            (_, true) => "info",
            (true, false) => "pass",
            (false, false) => "MISS",
        };
        line([&self.bar, &self.ours, &self.peer, &ratio, &self.limit, judged]);
        self.met
    }
}

/// Prints the headings.
pub(crate) fn head() {
    line(["bar", "ours", "peer", "ratio (min–max)", "limit", ""]);
}

fn line([bar, ours, peer, ratio, limit, met]: [&str; 6]) {
    println!("{bar:<58} {ours:>14} {peer:>14} {ratio:>22} {limit:>12} {met}");
}

fn figure(value: f64, unit: &str) -> String {
    let digits = match value.abs() {
        size if size >= 1000.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.digits$} {unit}")
}

/// The middle of the values (of an even number, the upper of the two).
pub(crate) fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The value that a share of all stays at or below.
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(rank).copied().unwrap_or(f64::NAN)
}
