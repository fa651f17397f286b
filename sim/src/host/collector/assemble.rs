//! Puts the fragments of each switch and epoch together.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use seqnic_spec::flowradar::{ExportError, ExportHeader, Fragment, Geometry};
use thiserror::Error;

/// Why a fragment is not used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refused {
    /// It is damaged or no fragment at all.
    #[error(transparent)]
    Damaged(#[from] ExportError),
    /// There are bytes behind its checksum.
    #[error("there are {extra} bytes behind the fragment")]
    Longer {
        /// How many.
        extra: usize,
    },
    /// An earlier fragment of the same epoch says something else.
    #[error(
        "switch {switch_id}, epoch {epoch}: {what} contradicts an earlier fragment; the epoch is not decoded: \
         give every switch an ID of its own, and do not mix captures of different runs"
    )]
    Contradiction {
        /// The switch.
        switch_id: u32,
        /// The epoch.
        epoch: u32,
        /// What differs.
        what: &'static str,
    },
}

/// Words of a memory that did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// The memory: a partition of the filter, or behind them a sub-table.
    pub memory: usize,
    /// The first word.
    pub first: usize,
    /// How many.
    pub words: usize,
}

/// What arrived of an epoch of a switch.
#[derive(Debug, Clone)]
pub struct Image {
    /// What all fragments say; `memory`, `offset_words` and `words` are those of the first one.
    pub header: ExportHeader,
    /// The shape of the encoder.
    pub geometry: Geometry,
    /// By memory and first word.
    pieces: BTreeMap<(usize, usize), Vec<u8>>,
    /// Whether fragments contradict each other.
    pub is_contradictory: bool,
}

/// Takes fragments in any order.
#[derive(Debug, Clone, Default)]
pub struct Assembler {
    images: BTreeMap<(u32, u32), Image>,
}

impl Assembler {
    /// Takes the payload of a datagram: one fragment and nothing else.
    ///
    /// # Errors
    /// When it is refused; then it changes nothing but that an epoch whose fragments contradict each other is marked.
    pub fn add(&mut self, payload: &[u8]) -> Result<(), Refused> {
        let (fragment, bytes) = Fragment::read(payload)?;
        match payload.len() - bytes {
            0 => self.add_fragment(&fragment),
            extra => Err(Refused::Longer { extra }),
        }
    }

    /// Takes a fragment.
    ///
    /// # Errors
    /// When it contradicts an earlier one.
    pub fn add_fragment(&mut self, fragment: &Fragment) -> Result<(), Refused> {
        let Fragment {
            header,
            geometry,
            words,
        } = fragment;
        let image = self
            .images
            .entry((header.switch_id, header.epoch))
            .or_insert_with(|| Image {
                header: *header,
                geometry: *geometry,
                pieces: BTreeMap::new(),
                is_contradictory: false,
            });
        image.insert(header, geometry, words).map_err(|what| {
            image.is_contradictory = true;
            Refused::Contradiction {
                switch_id: header.switch_id,
                epoch: header.epoch,
                what,
            }
        })
    }

    /// Whether all words of at least one epoch have arrived, and no epoch lacks any.
    pub fn is_whole(&self) -> bool {
        !self.images.is_empty() && self.images.values().all(|image| image.missing().is_empty())
    }

    /// What arrived, by switch and epoch.
    pub fn finish(self) -> impl Iterator<Item = Image> {
        self.images.into_values()
    }
}

impl Image {
    fn insert(
        &mut self,
        header: &ExportHeader,
        geometry: &Geometry,
        words: &[u8],
    ) -> Result<(), &'static str> {
        if self.geometry != *geometry {
            return Err("the geometry");
        }
        let place = |header: &ExportHeader| ExportHeader {
            memory: 0,
            offset_words: 0,
            words: 0,
            ..*header
        };
        if place(&self.header) != place(header) {
            return Err("the header");
        }
        let (memory, first) = (usize::from(header.memory), header.offset_words as usize);
        let word_bytes = geometry.word_bytes(memory);
        let end_of = |first: usize, words: &[u8]| first + words.len() / word_bytes;
        let end = end_of(first, words);
        let before = self.pieces.range(..(memory, first)).next_back();
        let overlaps_before = before
            .is_some_and(|(&(of, start), words)| of == memory && end_of(start, words) > first);
        let after = self.pieces.range((memory, first + 1)..).next();
        let overlaps_after = after.is_some_and(|(&(of, start), _)| of == memory && start < end);
        match self.pieces.entry((memory, first)) {
            // The network may have doubled it.
            Entry::Occupied(known) if known.get() == words => Ok(()),
            Entry::Occupied(_) => Err("the content of words"),
            Entry::Vacant(_) if overlaps_before || overlaps_after => Err("the place of words"),
            Entry::Vacant(place) => {
                place.insert(words.to_vec());
                Ok(())
            }
        }
    }

    /// What arrived of a memory: the number of the first word, and the words.
    pub(super) fn pieces_of(&self, memory: usize) -> impl Iterator<Item = (usize, &[u8])> {
        let pieces = self.pieces.range((memory, 0)..(memory + 1, 0));
        pieces.map(|(&(_, first), words)| (first, &words[..]))
    }

    /// What did not arrive, in order.
    pub fn missing(&self) -> Vec<Missing> {
        let mut missing = Vec::new();
        for memory in 0..self.geometry.memories() {
            let mut next = 0;
            let end = (self.geometry.memory_words(memory), &[][..]);
            for (first, words) in self.pieces_of(memory).chain([end]) {
                if first > next {
                    missing.push(Missing {
                        memory,
                        first: next,
                        words: first - next,
                    });
                }
                next = first + words.len() / self.geometry.word_bytes(memory);
            }
        }
        missing
    }
}
