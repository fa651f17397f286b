//! A packet on its way through a pipe.

use std::collections::HashMap;

use crate::ir::Place;

/// A packet on its way through a pipe.
#[derive(Debug, Clone, Default)]
pub(super) struct Packet {
    pub(super) values: HashMap<Place, u128>,
    pub(super) valid: Vec<String>,
    pub(super) is_parsed: bool,
    pub(super) is_dropped: bool,
    pub(super) is_mirrored: bool,
    /// The most bytes that leave.
    pub(super) most_bytes: Option<usize>,
    pub(super) accessed: Vec<String>,
    /// What no header was taken from.
    pub(super) payload: Vec<u8>,
    /// What the tables of a stage have done so far, which the next stage sees; without stages all is done at once.
    pub(super) late: Option<Late>,
}

/// What becomes of a packet at the end of a stage.
#[derive(Debug, Clone, Default)]
pub(super) struct Late {
    pub(super) values: Vec<(Place, u128)>,
    pub(super) valid: Vec<String>,
    pub(super) invalid: Vec<String>,
}

impl Packet {
    pub(super) fn has(&self, header: &String) -> bool {
        self.valid.contains(header)
    }

    /// Whether a header can be written: it was valid or has been made so.
    pub(super) fn can_write(&self, header: &String) -> bool {
        let late = self.late.iter().flat_map(|late| &late.valid);
        self.has(header) || late.into_iter().any(|known| known == header)
    }

    pub(super) fn make_valid(&mut self, header: &str) {
        let valid = match &mut self.late {
            Some(late) => &mut late.valid,
            None => &mut self.valid,
        };
        valid.push(header.to_owned());
    }

    pub(super) fn make_invalid(&mut self, header: &str) {
        match &mut self.late {
            Some(late) => late.invalid.push(header.to_owned()),
            None => self.valid.retain(|known| known != header),
        }
    }

    pub(super) fn set(&mut self, place: &Place, value: u128) {
        match &mut self.late {
            Some(late) => late.values.push((place.clone(), value)),
            None => {
                self.values.insert(place.clone(), value);
            }
        }
    }

    /// The same headers and payload with nothing else but these values.
    pub(super) fn with_other_metadata(&self, values: HashMap<Place, u128>) -> Self {
        let headers = self.values.iter();
        let headers = headers.filter(|(place, _)| matches!(place, Place::Header(..)));
        let headers = headers.map(|(place, &value)| (place.clone(), value));
        Self {
            values: headers.chain(values).collect(),
            valid: self.valid.clone(),
            is_parsed: true,
            payload: self.payload.clone(),
            ..Self::default()
        }
    }

    pub(super) fn end_stage(&mut self) {
        if let Some(late) = self.late.take() {
            self.values.extend(late.values);
            self.valid.retain(|known| !late.invalid.contains(known));
            self.valid.extend(late.valid);
        }
    }
}
