//! Which register goes into which stage.

/// A register that has to be put into a stage.
#[derive(Debug, Clone, Copy)]
pub struct Item {
    /// The first stage in which what it stores is known.
    pub ready: usize,
    /// The item whose output it stores, which must be in an earlier stage.
    pub after: Option<usize>,
    /// Whether a later stage works on its output, so that it should be early.
    pub is_early: bool,
}

/// The stage of each item, when a stage holds `capacity` of them and the first one has `taken` already: every stage is
/// filled before the next. There is no limit to the stages.
pub fn schedule(items: &[Item], capacity: usize, taken: usize) -> Vec<usize> {
    let mut stages: Vec<Option<usize>> = vec![None; items.len()];
    let mut stage = 0;
    while stages.iter().any(Option::is_none) {
        let mut room = match stage {
            0 => capacity.saturating_sub(taken),
            _ => capacity,
        };
        for is_early in [true, false] {
            for (number, item) in items.iter().enumerate() {
                let follows = item
                    .after
                    .is_none_or(|before| stages[before].is_some_and(|before| before < stage));
                let fits = room > 0 && item.ready <= stage && follows;
                if stages[number].is_none() && item.is_early == is_early && fits {
                    stages[number] = Some(stage);
                    room -= 1;
                }
            }
        }
        stage += 1;
    }
    stages.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: Item = Item {
        ready: 0,
        after: None,
        is_early: false,
    };

    #[test]
    fn stages_are_filled_one_after_the_other() {
        assert_eq!(schedule(&[FREE; 6], 4, 3), [0, 1, 1, 1, 1, 2]);
        let late = Item { ready: 2, ..FREE };
        assert_eq!(schedule(&[late, FREE, FREE], 2, 0), [2, 0, 0]);
    }

    #[test]
    fn a_chain_takes_a_stage_for_each_item() {
        let chain: Vec<Item> = (0..4)
            .map(|number: usize| Item {
                after: number.checked_sub(1),
                ..FREE
            })
            .collect();
        assert_eq!(schedule(&chain, 4, 0), [0, 1, 2, 3]);
    }

    #[test]
    fn early_items_go_first() {
        let early = Item {
            is_early: true,
            ..FREE
        };
        assert_eq!(schedule(&[FREE, FREE, early], 1, 0), [1, 2, 0]);
    }
}
