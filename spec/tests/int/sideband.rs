//! Metadata in `tuser`.

use seqnic_spec::int::Instruction;

use crate::{WATCH, node};

#[test]
fn metadata_stand_in_tuser_one_after_the_other_and_then_a_bit_for_each() {
    let node = node(&format!(
        "tuser_offset_bits = 16\nlength_offset_bits = 0\n{WATCH}"
    ));
    let fields: Vec<_> = node.sideband();
    let places: Vec<_> = fields
        .iter()
        .map(|field| {
            (
                field.instruction.name(),
                field.offset_bits,
                field.bits,
                field.valid_bit,
            )
        })
        .collect();
    assert_eq!(
        places,
        [
            ("interfaces", 16, 32, 368),
            ("hop-latency", 48, 32, 369),
            ("queue-occupancy", 80, 32, 370),
            ("ingress-timestamp", 112, 64, 371),
            ("egress-timestamp", 176, 64, 372),
            ("level2-interfaces", 240, 64, 373),
            ("tx-utilization", 304, 32, 374),
            ("buffer-occupancy", 336, 32, 375),
        ]
    );
    assert_eq!(node.sideband_bits(), 360);
    let mut tuser = [0; 64];
    fields[1].put(&mut tuser, Some(0x0102_0304));
    assert_eq!((tuser[6..10].to_vec(), tuser[46]), (vec![4, 3, 2, 1], 0b10));
    assert_eq!(fields[1].get(&tuser), Some(0x0102_0304));
    fields[1].put(&mut tuser, None);
    assert_eq!((fields[1].get(&tuser), tuser), (None, [0; 64]));
}

#[test]
fn metadata_that_are_not_taken_leave_no_gap() {
    let node = node("role = \"transit\"\nmetadata = [\"tx-utilization\", \"hop-latency\"]");
    let places: Vec<_> = node.sideband();
    let places: Vec<_> = places
        .iter()
        .map(|field| (field.offset_bits, field.valid_bit))
        .collect();
    assert_eq!(places, [(0, 64), (32, 65)]);
    assert_eq!(
        node.metadata(),
        [Instruction::HopLatency, Instruction::TxUtilization]
    );
}
