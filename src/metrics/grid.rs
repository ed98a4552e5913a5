//! The numbers of one family, found without a lock.

use std::{fmt, sync::OnceLock};

use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec};

use super::families::Family;

/// A vector of numbers told apart by label values.
pub(super) trait Numbers: Clone {
    /// One of them.
    type Number;

    /// The number of these values, made if it is new; `None` if the count of values is wrong.
    fn number(&self, values: &[&str]) -> Option<Self::Number>;
}

impl Numbers for IntCounterVec {
    type Number = IntCounter;

    fn number(&self, values: &[&str]) -> Option<IntCounter> {
        self.get_metric_with_label_values(values).ok()
    }
}

impl Numbers for HistogramVec {
    type Number = Histogram;

    fn number(&self, values: &[&str]) -> Option<Histogram> {
        self.get_metric_with_label_values(values).ok()
    }
}

/// The numbers of a family by its closed labels. A cell is looked up in the registry on its first
/// use and kept; from then on counting is an atomic addition. Cells that were never used are not
/// shown, so that a route costs no series until something happens on it.
pub(super) struct Grid<N: Numbers> {
    vec: N,
    /// The value of the label from the configuration, when the family has one.
    fixed: Option<String>,
    /// One or two closed sets.
    sets: Vec<&'static [&'static str]>,
    cells: Box<[OnceLock<N::Number>]>,
}

impl<N: Numbers> Grid<N> {
    /// The grid of `family`, whose numbers live in `vec`; `fixed` is the value of its open label.
    pub(super) fn new(vec: &N, family: &Family, fixed: Option<&str>) -> Self {
        let sets: Vec<_> = family.labels.iter().map(|label| label.values).filter(|values| !values.is_empty()).collect();
        let size = sets.iter().map(|set| set.len()).product();
        let cells = std::iter::repeat_with(OnceLock::new).take(size).collect();
        Self { vec: vec.clone(), fixed: fixed.map(str::to_owned), sets, cells }
    }

    /// The number at these words, one for each closed label. A word outside its set is taken as
    /// the set's last one, `other`. `None` only when the count of words is wrong.
    pub(super) fn at(&self, words: &[&str]) -> Option<&N::Number> {
        if words.len() != self.sets.len() {
            return None;
        }
        let mut index = 0;
        for (set, word) in self.sets.iter().zip(words) {
            index = index * set.len() + position(set, word);
        }
        let cell = self.cells.get(index)?;
        if let Some(number) = cell.get() {
            return Some(number);
        }
        let closed = self.sets.iter().zip(words).filter_map(|(set, word)| set.get(position(set, word)).copied());
        let values: Vec<&str> = self.fixed.as_deref().into_iter().chain(closed).collect();
        let number = self.vec.number(&values)?;
        Some(cell.get_or_init(|| number))
    }
}

/// Where `word` stands in `set`; the last place when it is not in it.
fn position(set: &[&str], word: &str) -> usize {
    set.iter().position(|known| *known == word).unwrap_or(set.len().saturating_sub(1))
}

impl<N: Numbers> fmt::Debug for Grid<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grid").field("fixed", &self.fixed).field("sets", &self.sets).finish_non_exhaustive()
    }
}
