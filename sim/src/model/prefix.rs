//! The prefix of a packet (section 3.3.1 and figure 4a of the paper).

use seqnic_spec::{
    ByteOrder, Config, MacAddr, PrefixLayout, RowOrder, SectionKind, Steering, VlanTag,
};

use super::history::History;
use super::number;

/// Writes prefixes of one layout: a template, and what changes from packet to packet.
#[derive(Debug, Clone)]
pub struct Prefix {
    /// The prefix with nothing but its constants.
    template: Vec<u8>,
    patches: Vec<Patch>,
}

/// What a prefix depends on.
#[derive(Debug, Clone, Copy)]
pub struct PrefixValues<'a> {
    /// The core that the packet is for.
    pub core: usize,
    /// The number of the packet; the first one is 1.
    pub number: u64,
    /// The sequencer's time of the packet.
    pub timestamp: u64,
    /// The rows of the packets before it.
    pub history: &'a History,
}

/// A part of the prefix that changes.
#[derive(Debug, Clone, Copy)]
struct Patch {
    offset: usize,
    bytes: usize,
    order: ByteOrder,
    value: Value,
}

#[derive(Debug, Clone, Copy)]
enum Value {
    /// A number that starts from the first one at core 0, and grows by the second with each core.
    Core(u64, u64),
    Number,
    Timestamp,
    Pointer,
    Rows(RowOrder),
}

impl Prefix {
    /// Compiles the prefix of a configuration.
    pub fn new(config: &Config) -> Self {
        let mut prefix = Self {
            template: vec![0; config.prefix_bytes()],
            patches: Vec::new(),
        };
        prefix.compile(config.prefix(), config.steering());
        prefix
    }

    /// Appends a prefix to `out`.
    pub fn append(&self, values: PrefixValues, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&self.template);
        let prefix = &mut out[start..];
        for patch in &self.patches {
            patch.apply(
                values,
                &mut prefix[patch.offset..patch.offset + patch.bytes],
            );
        }
    }

    fn compile(&mut self, layout: &PrefixLayout, steering: Steering) {
        for section in layout.sections() {
            let (order, value) = match section.kind {
                SectionKind::Ethernet {
                    destination,
                    source_base,
                    ethertype,
                    vlan,
                } => {
                    self.compile_ethernet(
                        section.offset_bytes,
                        destination,
                        source_base,
                        ethertype,
                        vlan,
                    );
                    if steering == Steering::SourceMac {
                        self.patches.push(Patch {
                            offset: section.offset_bytes + 6,
                            bytes: 6,
                            order: ByteOrder::Big,
                            value: Value::Core(source_base.to_u64(), 1),
                        });
                    }
                    continue;
                }
                SectionKind::SequenceNumber { order, .. } => (order, Value::Number),
                SectionKind::Timestamp { order, .. } => (order, Value::Timestamp),
                SectionKind::IndexPointer { order, .. } => (order, Value::Pointer),
                SectionKind::Rows { order } => (ByteOrder::Big, Value::Rows(order)),
                SectionKind::Padding { .. } => continue,
            };
            self.patches.push(Patch {
                offset: section.offset_bytes,
                bytes: section.bytes,
                order,
                value,
            });
        }
    }

    /// Destination, source, the VLAN tag if there is one, EtherType.
    fn compile_ethernet(
        &mut self,
        offset: usize,
        destination: MacAddr,
        source: MacAddr,
        ethertype: u16,
        vlan: Option<VlanTag>,
    ) {
        let mut header = [destination.octets(), source.octets()].concat();
        if let Some(tag) = vlan {
            header.extend(VlanTag::TPID.to_be_bytes());
            self.patches.push(Patch {
                offset: offset + header.len(),
                bytes: 2,
                order: ByteOrder::Big,
                value: Value::Core(tag.first_vid.into(), tag.vid_step.into()),
            });
            // The VLAN ID, which the patch writes; priority 0.
            header.extend([0, 0]);
        }
        header.extend(ethertype.to_be_bytes());
        self.template[offset..offset + header.len()].copy_from_slice(&header);
    }
}

impl Patch {
    fn apply(&self, values: PrefixValues, slot: &mut [u8]) {
        let number = match self.value {
            Value::Core(first, step) => first + step * values.core as u64,
            Value::Number => values.number,
            Value::Timestamp => values.timestamp,
            Value::Pointer => values.history.pointer() as u64,
            Value::Rows(RowOrder::Array) => return slot.copy_from_slice(values.history.array()),
            Value::Rows(RowOrder::OldestFirst) => {
                let (older, newer) = values.history.oldest_first();
                let (first, last) = slot.split_at_mut(older.len());
                first.copy_from_slice(older);
                last.copy_from_slice(newer);
                return;
            }
        };
        number::write(slot, number.into(), self.order);
    }
}
