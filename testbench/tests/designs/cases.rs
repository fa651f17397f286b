//! Which combinations of its parameters a test tries.

use std::vec;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64Mcg;

/// Combinations of the values of some parameters.
///
/// Without a limit these are all of them. With one they are as many as the longest list has values, so that each value
/// is in one of them, and at most the limit. Which values meet is drawn from a fixed seed.
pub struct Cases<T> {
    cases: Vec<T>,
    limit: Option<Limit>,
}

struct Limit {
    most: usize,
    random: Pcg64Mcg,
}

impl<T: Clone> Cases<T> {
    /// The values of one parameter.
    pub fn new(values: impl IntoIterator<Item = T>, most: Option<usize>) -> Self {
        let mut cases: Vec<T> = values.into_iter().collect();
        let mut limit = most.map(|most| Limit {
            most,
            random: Pcg64Mcg::seed_from_u64(1),
        });
        if let Some(limit) = &mut limit {
            cases = limit.draw(cases, 1);
        }
        Self { cases, limit }
    }

    /// Combined with the values of another parameter, which goes through them faster.
    pub fn by<U: Clone>(self, values: impl IntoIterator<Item = U>) -> Cases<(T, U)> {
        let Self { cases, mut limit } = self;
        let values: Vec<U> = values.into_iter().collect();
        let cases = match &mut limit {
            None => cases
                .iter()
                .flat_map(|case| values.iter().map(|value| (case.clone(), value.clone())))
                .collect(),
            Some(limit) => {
                let (least, values_least) = (values.len(), cases.len());
                let cases = limit.draw(cases, least);
                cases
                    .into_iter()
                    .zip(limit.draw(values, values_least))
                    .collect()
            }
        };
        Cases { cases, limit }
    }
}

impl Limit {
    /// All of these in any order, some of them again when they are fewer than `least`, and not more than there may be.
    fn draw<T: Clone>(&mut self, mut values: Vec<T>, least: usize) -> Vec<T> {
        let count = values.len().max(least).min(self.most);
        values.shuffle(&mut self.random);
        let mut drawn: Vec<T> = values.into_iter().cycle().take(count).collect();
        drawn.shuffle(&mut self.random);
        drawn
    }
}

impl<T> IntoIterator for Cases<T> {
    type Item = T;
    type IntoIter = vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.cases.into_iter()
    }
}

#[test]
fn without_a_limit_all_combinations_are_tried() {
    let cases = Cases::new([1, 2], None).by(["a", "b"]);
    assert!(
        cases
            .into_iter()
            .eq([(1, "a"), (1, "b"), (2, "a"), (2, "b")])
    );
}

#[test]
fn with_a_limit_each_value_is_tried() {
    let cases = Cases::new(0..2, Some(9)).by(0..5).by(0..4);
    let cases: Vec<((i32, i32), i32)> = cases.into_iter().collect();
    assert_eq!(cases.len(), 5);
    assert!((0..2).all(|value| cases.iter().any(|case| case.0.0 == value)));
    assert!((0..5).all(|value| cases.iter().any(|case| case.0.1 == value)));
    assert!((0..4).all(|value| cases.iter().any(|case| case.1 == value)));
}

#[test]
fn a_limit_is_kept() {
    assert_eq!(Cases::new(0..30, Some(4)).into_iter().len(), 4);
    assert_eq!(Cases::new(0..3, Some(4)).by(0..30).into_iter().len(), 4);
}
