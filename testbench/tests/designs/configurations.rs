//! Random valid configurations.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use seqnic_spec::{
    ByteOrder, Config, CoreEncoding, Layer, PrefixPreset, RawAlignment, RawBus, RawConfig,
    RawField, RawHistory, RawPipeline, RawPrefix, RawSection, RawSpray, RawTimestamp, RowLayout,
    RowOrder, RowPreset, Source, Storage,
};

/// Any configuration: every bus width, number of rows, row layout, prefix, steering, time, pipeline and storage.
///
/// Smaller ones come first when a failure is reduced.
pub fn configurations() -> impl Strategy<Value = Config> {
    (histories(), buses(), timestamps(), pipelines())
        .prop_flat_map(|(history, bus, timestamp, pipeline)| {
            let rest = prefixes_and_sprays(&history, bus.tuser_bits.unwrap_or(0));
            let control = option::weighted(0.25, (1..=255_u64, any::<bool>()));
            (Just((history, bus, timestamp, pipeline)), rest, control)
        })
        .prop_map(
            |((history, bus, timestamp, pipeline), (prefix, spray), control)| {
                let mut raw = RawConfig {
                    name: None,
                    bus,
                    history,
                    prefix,
                    spray,
                    timestamp,
                    pipeline,
                    flowradar: None,
                    int: None,
                };
                let read = |raw: &RawConfig| {
                    Config::try_from(raw.clone())
                        .unwrap_or_else(|error| panic!("{error}\n{raw:#?}"))
                };
                let config = read(&raw);
                let Some((weight, heartbeat)) = control.filter(|_| config.prefix_bytes() > 0)
                else {
                    return config;
                };
                // As far as the history covers it.
                let most = match (config.rows(), config.cores() - 1) {
                    (0, _) | (_, 0) => weight,
                    (rows, others) => (rows / others) as u64,
                };
                raw.spray.control = Some(true);
                raw.spray.max_weight = Some(weight.min(most));
                raw.spray.heartbeat = Some(heartbeat);
                read(&raw)
            },
        )
}

fn buses() -> impl Strategy<Value = RawBus> {
    let tuser_bits = prop_oneof![3 => Just(0), 2 => 1..=130_u64, 1 => 131..=512_u64];
    (6..=11_u32, tuser_bits).prop_map(|(log, tuser_bits)| RawBus {
        data_bits: Some(1 << log),
        tuser_bits: Some(tuser_bits),
    })
}

fn histories() -> impl Strategy<Value = RawHistory> {
    let edges = select(vec![
        1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256,
    ]);
    let rows = prop_oneof![5 => 1..=9_u64, 3 => edges, 2 => 1..=256_u64];
    let preset = select(RowPreset::ALL).prop_map(|preset| RawHistory {
        row: Some(preset.name().into()),
        ..RawHistory::default()
    });
    let row = prop_oneof![preset, listed_rows()];
    (rows, row, select(Storage::ALL)).prop_map(|(rows, row, storage)| RawHistory {
        rows: Some(rows),
        storage: Some(storage.name().into()),
        ..row
    })
}

/// A row of any fields that some packet can have together.
fn listed_rows() -> impl Strategy<Value = RawHistory> {
    // No packet has both.
    let network = select(vec![Layer::Ipv4, Layer::Ipv6]);
    let transport = select(vec![Layer::Tcp, Layer::Udp]);
    (network, transport).prop_flat_map(|(not_network, not_transport)| {
        let meets = move |layer: Layer| layer != not_network && layer != not_transport;
        let sources: Vec<Source> = Source::named()
            .filter(|source| source.layer().is_none_or(meets))
            .collect();
        let layers: Vec<&str> = Layer::ALL
            .iter()
            .filter(|&&layer| meets(layer))
            .map(|layer| layer.name())
            .collect();
        let fields = vec(fields(sources, meets(Layer::Tcp)), 1..=9).prop_map(within_a_row);
        (fields, option::weighted(0.2, vec(select(layers), 1..=2))).prop_map(
            |(fields, requires)| RawHistory {
                field: Some(fields),
                requires: requires.map(|layers| layers.into_iter().map(str::to_owned).collect()),
                ..RawHistory::default()
            },
        )
    })
}

fn fields(sources: Vec<Source>, tcp: bool) -> impl Strategy<Value = RawField> {
    let named = select(sources);
    let constant =
        (any::<u64>(), 0..64_u32).prop_map(|(value, shift)| Source::Constant(value >> shift));
    let predicate = (1..=255_u8, any::<u8>()).prop_map(move |(mask, value)| match tcp {
        true => Source::TcpFlags {
            mask,
            value: value & mask,
        },
        false => Source::Constant(mask.into()),
    });
    let source = prop_oneof![8 => named, 1 => constant, 1 => predicate];
    (source, option::of(1..=16_u64), select(ByteOrder::ALL)).prop_map(|(source, bytes, order)| {
        let least = match source {
            Source::Constant(_) => source.bytes() as u64,
            _ => 1,
        };
        RawField {
            name: None,
            source: source.to_string(),
            bytes: bytes.map(|bytes| bytes.max(least)),
            order: Some(order.name().into()),
        }
    })
}

/// Names the fields and drops those that do not fit into a row.
fn within_a_row(mut fields: Vec<RawField>) -> Vec<RawField> {
    let mut total = 0;
    fields.retain(|field| {
        let default = field.source.parse().map_or(0, Source::bytes);
        total += field.bytes.map_or(default, |bytes| bytes as usize);
        total <= RowLayout::MOST_BYTES
    });
    for (i, field) in fields.iter_mut().enumerate() {
        field.name = Some(format!("field_{i}"));
    }
    fields
}

/// The prefix and the spraying, which depend on each other, for a history and a width of `tuser`.
fn prefixes_and_sprays(
    history: &RawHistory,
    tuser_bits: u64,
) -> impl Strategy<Value = (RawPrefix, RawSpray)> + use<> {
    let has_history = history.row.as_deref() != Some(RowPreset::None.name());
    let most_cores = match (has_history, history.rows) {
        (true, Some(rows)) => (rows + 1).min(256),
        _ => 256,
    };
    let cores = prop_oneof![3 => 1..=most_cores.min(9), 1 => 1..=most_cores, 1 => Just(most_cores)];
    let bytes = || option::of(1..=8_u64);
    let preset = (select(PrefixPreset::ALL), bytes(), bytes());
    let preset = preset.prop_map(|(preset, sequence_bytes, timestamp_bytes)| RawPrefix {
        layout: Some(preset.name().into()),
        sequence_bytes,
        timestamp_bytes,
        ..RawPrefix::default()
    });
    (prop_oneof![preset, listed_prefixes(has_history)], cores).prop_flat_map(
        move |(prefix, cores)| {
            let listed = prefix.section.iter().flatten();
            let has_ethernet =
                prefix.layout.is_some() || listed.clone().any(|section| section.kind == "ethernet");
            (
                Just(prefix.clone()),
                sprays(cores, tuser_bits, has_ethernet),
            )
        },
    )
}

fn section(kind: &str) -> RawSection {
    RawSection {
        kind: kind.into(),
        ..RawSection::default()
    }
}

/// Sections of any kind in any order.
fn listed_prefixes(has_history: bool) -> impl Strategy<Value = RawPrefix> {
    let order = || select(ByteOrder::ALL).prop_map(|order| Some(order.name().to_owned()));
    let ethernet = option::weighted(0.7, Just(section("ethernet")));
    let number = move |kind: &'static str| {
        let number = (1..=8_u64, order());
        option::of(number.prop_map(move |(bytes, order)| RawSection {
            bytes: Some(bytes),
            order,
            ..section(kind)
        }))
    };
    let pointer = (select(vec![1, 2, 4]), order());
    let rows = (select(RowOrder::ALL), option::of(pointer));
    let padding = prop_oneof![
        (1..=70_u64).prop_map(|bytes| (Some(bytes), None)),
        (1..=300_u64).prop_map(|bytes| (None, Some(RawAlignment::Bytes(bytes)))),
        Just((None, Some(RawAlignment::Name("bus".into())))),
    ];
    (
        ethernet,
        number("sequence-number"),
        number("timestamp"),
        rows,
        vec(padding, 0..=2),
    )
        .prop_map(
            move |(ethernet, sequence_number, timestamp, (row_order, pointer), paddings)| {
                let mut sections: Vec<RawSection> = [ethernet, sequence_number, timestamp]
                    .into_iter()
                    .flatten()
                    .collect();
                if has_history {
                    sections.push(RawSection {
                        order: Some(row_order.name().into()),
                        ..section("rows")
                    });
                    let pointer = pointer.filter(|_| row_order == RowOrder::Array);
                    sections.extend(pointer.map(|(bytes, order)| RawSection {
                        bytes: Some(bytes),
                        order,
                        ..section("index-pointer")
                    }));
                }
                let paddings = paddings.into_iter();
                sections.extend(paddings.map(|(bytes, align_bytes)| RawSection {
                    bytes,
                    align_bytes,
                    ..section("padding")
                }));
                sections
            },
        )
        .prop_shuffle()
        .prop_map(|sections| RawPrefix {
            section: Some(sections),
            ..RawPrefix::default()
        })
}

fn sprays(cores: u64, tuser_bits: u64, has_ethernet: bool) -> impl Strategy<Value = RawSpray> {
    let spray = move |steering: &str| RawSpray {
        cores: Some(cores),
        steering: Some(steering.into()),
        ..RawSpray::default()
    };
    let mut choices = vec![Just(spray("tdest")).boxed()];
    if has_ethernet {
        choices.push(Just(spray("source-mac")).boxed());
        let vlan = (1..=4095 - 8 * cores, 0..=3u32).prop_map(move |(vid, doublings)| RawSpray {
            first_vid: Some(vid),
            vid_step: Some(1 << doublings),
            ..spray("vlan")
        });
        choices.push(vlan.boxed());
    }
    for encoding in CoreEncoding::ALL {
        let least = match encoding {
            CoreEncoding::Binary => u64::from((cores.max(2) - 1).ilog2()) + 1,
            CoreEncoding::OneHot => cores,
        };
        if least <= tuser_bits {
            let tuser =
                (least..=tuser_bits).prop_flat_map(move |bits| (Just(bits), 0..=tuser_bits - bits));
            let tuser = tuser.prop_map(move |(bits, offset)| RawSpray {
                tuser_offset_bits: Some(offset),
                tuser_core_bits: Some(bits),
                tuser_encoding: Some(encoding.name().into()),
                ..spray("tuser")
            });
            choices.push(tuser.boxed());
        }
    }
    proptest::strategy::Union::new(choices)
}

fn timestamps() -> impl Strategy<Value = RawTimestamp> {
    let counter = prop_oneof![Just(4), 1..=65535_u64].prop_map(|increment| RawTimestamp {
        source: Some("counter".into()),
        increment: Some(increment),
    });
    let port = Just(RawTimestamp {
        source: Some("port".into()),
        increment: None,
    });
    prop_oneof![2 => counter, 1 => port]
}

fn pipelines() -> impl Strategy<Value = RawPipeline> {
    let fifo_beats = prop_oneof![Just(None), (1..=9_u32).prop_map(|log| Some(1 << log))];
    let fifo_storage = prop_oneof![Just(None), Just(Some("distributed")), Just(Some("block"))];
    let parts = (any::<bool>(), any::<bool>(), fifo_beats, fifo_storage);
    parts.prop_map(
        |(input_skid, output_skid, fifo_beats, fifo_storage)| RawPipeline {
            input_skid: Some(input_skid),
            output_skid: Some(output_skid),
            fifo_beats,
            fifo_storage: fifo_storage.map(str::to_owned),
        },
    )
}
