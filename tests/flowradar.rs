//! `seqnic flowradar`: sizes, a network with a lossy link, and what is decoded of its exports.

mod common;

use std::fs;
use std::path::Path;

use common::{Finished, names_in, read_pcap, seqnic_in};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;
use tempfile::TempDir;

/// A folder with the exports of five switches: `export.pcap`.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let line = "flowradar simulate --switches 5 --flows 2000 --loss-link 0:1 --loss 0.01 --out export.pcap";
    let found = run(folder.path(), line).success();
    assert!(
        found.contains("The collector finds exactly the links and flows that lost packets."),
        "{found}"
    );
    folder
}

fn run(folder: &Path, line: &str) -> Finished {
    seqnic_in(folder, &line.split_whitespace().collect::<Vec<_>>())
}

#[test]
fn the_lossy_link_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let line = "flowradar simulate --switches 20 --flows 5000 --loss-link 3:7 --loss 0.01 --json";
    let result = run(folder.path(), line).json();
    assert_eq!(result["losses_as_injected"], true);
    let links = result["lossy_links"].as_array().expect("a list");
    assert_eq!(links.len(), 1);
    assert_eq!(links[0]["switches"], serde_json::json!([3, 7]));
    assert!(links[0]["packets_lost"].as_u64().expect("a number") > 100);
    assert_eq!(result["incomplete"], serde_json::json!([]));
}

#[test]
fn model_and_hardware_export_the_same_capture_and_it_decodes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let config = "history.row = \"none\"\n[flowradar]\nflows = 100\n";
    fs::write(path.join("c.toml"), config).expect("is written");
    let traffic = "--config c.toml --trace hadoop --packets 60 --frame-bytes 64";
    let model = format!("model {traffic} --reports model.pcap --json");
    let model = run(path, &model).json();
    assert_eq!(model["encoder"]["epochs"], 1);
    let hardware = format!("cosim {traffic} --reports hardware.pcap --json");
    let hardware = run(path, &hardware).json();
    assert_eq!(hardware["agree"], true);
    let read = |name: &str| fs::read(path.join(name)).expect("is written");
    assert!(read("model.pcap") == read("hardware.pcap"));
    let decoded = run(
        path,
        "flowradar decode hardware.pcap --json --out flows.txt",
    )
    .json();
    let epoch = &decoded["switches"][0];
    assert_eq!(epoch["complete"], true, "{decoded}");
    assert_eq!(epoch["flows_decoded"], model["encoder"]["flows"]);
    assert_eq!(epoch["packets"], 60);

    let refused = "model --trace uniform --packets 1 --reports none.pcap";
    let refusal = run(path, refused).refusal();
    let reason = "--reports: nothing in the configuration reports";
    assert!(refusal.contains(reason), "{refusal}");
    assert!(!path.join("none.pcap").exists());
}

#[test]
fn all_formats_hold_the_same_flows() {
    let folder = folder();
    let path = folder.path();
    let result = run(
        path,
        "flowradar decode export.pcap --json --format csv --out flows.csv --link 1:0",
    )
    .json();
    assert!(
        result["switches"]
            .as_array()
            .expect("a list")
            .iter()
            .all(|switch| switch["complete"] == true)
    );
    assert_eq!(
        result["lossy_links"][0]["switches"],
        serde_json::json!([1, 0])
    );
    let csv = fs::read_to_string(path.join("flows.csv")).expect("is written");
    let mut lines: Vec<_> = csv.lines().collect();
    assert_eq!(
        lines.remove(0),
        "switch,epoch,source,destination,source_port,destination_port,protocol,packets,bytes"
    );
    let recorded = result["switches"].as_array().expect("a list").iter();
    let recorded: u64 = recorded
        .map(|switch| switch["flows_recorded"].as_u64().expect("a number"))
        .sum();
    assert_eq!(lines.len() as u64, recorded);

    run(
        path,
        "flowradar decode export.pcap --format parquet --out flows.parquet",
    )
    .success();
    let file = fs::File::open(path.join("flows.parquet")).expect("is written");
    let reader = SerializedFileReader::new(file).expect("is Parquet");
    let rows = reader.get_row_iter(None).expect("has rows").map(|row| {
        let row = row.expect("can be read");
        let int = |column| {
            row.get_int(column)
                .map(i64::from)
                .or_else(|_| row.get_uint(column).map(i64::from))
        };
        let port = |column| row.get_ushort(column).expect("a port");
        assert!(row.get_long(8).is_err(), "no bytes are counted");
        format!(
            "{},{},{},{},{},{},{},{},",
            int(0).expect("a number"),
            int(1).expect("a number"),
            row.get_string(2).expect("text"),
            row.get_string(3).expect("text"),
            port(4),
            port(5),
            row.get_ubyte(6).expect("a protocol"),
            row.get_long(7).expect("a count"),
        )
    });
    assert!(rows.eq(lines.iter().map(|line| (*line).to_owned())));

    let json = run(path, "flowradar decode export.pcap --format json");
    assert_eq!(json.code, 0);
    let flow: serde_json::Value =
        serde_json::from_str(json.stdout.lines().next().expect("a flow")).expect("JSON");
    let text = [
        "switch",
        "epoch",
        "source",
        "destination",
        "source_port",
        "destination_port",
        "protocol",
        "packets",
    ]
    .map(|column| flow[column].to_string().replace('"', ""));
    assert_eq!(format!("{},", text.join(",")), lines[0]);
    assert_eq!(json.stdout.lines().count(), lines.len());
}

#[test]
fn one_json_object_has_the_flows_unless_they_are_in_a_file() {
    let folder = folder();
    let path = folder.path();
    let found = run(path, "flowradar decode export.pcap --json").json();
    let flows = found["flows"].as_array().expect("a list");
    let switches = found["switches"].as_array().expect("a list").iter();
    let recorded: u64 = switches
        .map(|switch| switch["flows_recorded"].as_u64().expect("a number"))
        .sum();
    assert_eq!(flows.len() as u64, recorded);
    assert!(flows[0]["packets"].as_u64() > Some(0), "{}", flows[0]);
    let in_file = run(
        path,
        "flowradar decode export.pcap --json --out f.txt --link 0:1",
    );
    assert_eq!(in_file.json().get("flows"), None);

    assert_eq!(
        run(path, "flowradar decode export.pcap --json --format csv").refusal(),
        "error: --format csv: --json prints one object and no other text; give the rows a file with --out, or remove one of \
         the two"
    );
    assert_eq!(
        run(
            path,
            "flowradar decode export.pcap --link 0:1 --link 0:99 --out g.txt"
        )
        .refusal(),
        "error: --link 0:99: there is no export of switch 99; there are those of 0, 1, 2, 3, 4"
    );
    assert_eq!(names_in(path), ["export.pcap", "f.txt"]);
}

#[test]
fn lost_and_damaged_fragments_are_a_partial_decode() {
    let folder = folder();
    let mut payloads: Vec<Vec<u8>> =
        read_pcap(&fs::read(folder.path().join("export.pcap")).expect("is written"))
            .into_iter()
            .map(|(_, frame)| frame[42..].to_vec())
            .collect();
    // A fragment of a sub-table of switch 0, and one of the filter of switch 1.
    let of = |switch: u8, memory: u8| {
        move |payload: &Vec<u8>| (payload[11], payload[26]) == (switch, memory)
    };
    let lost = payloads.iter().rposition(of(0, 9)).expect("is there");
    payloads.remove(lost);
    let flipped = payloads.iter().position(of(1, 2)).expect("is there");
    payloads[flipped][100] ^= 1;
    let at: usize = payloads[..flipped].iter().map(Vec::len).sum();
    fs::write(folder.path().join("export.bin"), payloads.concat()).expect("can be written");

    let result = run(folder.path(), "flowradar decode export.bin --out flows.txt");
    assert_eq!((result.code, result.stderr.as_str()), (1, ""));
    assert!(
        result
            .stdout
            .contains(&format!("refused: export.bin: byte {at}: the checksum is ")),
        "{}",
        result.stdout
    );
    assert!(
        result.stdout.contains("switch 0, epoch 0: partial, "),
        "{}",
        result.stdout
    );
    assert!(
        result.stdout.contains(" of memory 9 did not arrive"),
        "{}",
        result.stdout
    );
    assert!(
        result.stdout.contains("switch 1, epoch 0: partial, "),
        "{}",
        result.stdout
    );
    assert!(
        result.stdout.contains("switch 2, epoch 0: whole, "),
        "{}",
        result.stdout
    );
}

#[test]
fn a_size_has_figures_and_a_curve() {
    let folder = tempfile::tempdir().expect("a folder");
    let size = run(
        folder.path(),
        "flowradar size --flows 10000 --loss-target 0.02 --curve curve.svg --json",
    )
    .json();
    assert_eq!(
        (&size["cells_per_table"], &size["cell_bits"]),
        (&4608.into(), &144.into())
    );
    assert!(size["flows_lost"].as_f64().expect("a number") <= 0.02);
    assert!(
        fs::read_to_string(folder.path().join("curve.svg"))
            .expect("is written")
            .starts_with("<svg")
    );
    // Half of the flows at 1.0 cells per flow or fewer, all of them at 1.3 with 3 sub-tables.
    let share = |tables: usize, cells: f64| {
        let points = size["curves"][tables - 2]["points"]
            .as_array()
            .expect("a list");
        let point = points
            .iter()
            .find(|point| point[0].as_f64().expect("a number") > cells - 0.005)
            .expect("is there");
        point[1].as_f64().expect("a number")
    };
    assert!(
        share(3, 1.0) < 0.5
            && share(3, 1.3) > 0.9999
            && share(4, 1.4) > 0.9999
            && share(2, 1.3) < 0.9
    );
}

#[test]
fn bad_input_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("text"), "not a capture").expect("can be written");
    for (line, message) in [
        (
            "decode missing.pcap",
            "missing.pcap: cannot be opened: No such file or directory (os error 2); check the path and that you may read it",
        ),
        (
            "decode text",
            "text: byte 0: neither pcap nor pcapng, it starts with 6e 6f 74 20; \
             give a file written by tcpdump, Wireshark or `seqnic trace`",
        ),
        (
            "simulate --switches 21",
            "--switches 21: must be the size of a fat tree, of at most 20480; the nearest have 20 and 45",
        ),
        (
            "simulate --switches 0",
            "--switches 0: must be the size of a fat tree, of at most 20480; the nearest has 5",
        ),
        (
            "simulate --switches 18446744073709551615",
            "--switches 18446744073709551615: must be the size of a fat tree, of at most 20480; the nearest has 20480",
        ),
        (
            "simulate --switches 5 --flows 10 --switch-flows 16777216",
            "--switches 5: with encoders for 16777216 flows each their banks have 2401239040 bytes, at most 2147483648 are \
             allowed; lower --flows, --switch-flows or --switches",
        ),
        (
            "simulate --loss-link 3:4",
            "--loss-link 3:4: there is no such link; one of switch 3 is 3:5",
        ),
        (
            "simulate --loss-link 3:5 --loss 1.5",
            "--loss 1.5: must be from 0 to 1",
        ),
        (
            "size --flows 0",
            "flowradar.flows = 0: must be from 1 to 16777216; the nearest is 1",
        ),
        (
            "size --flows 1000 --filter-hashes 1 --loss-target 0.001",
            "--loss-target 0.001: the filter needs more than 64 bits for each flow; \
             take more --filter-hashes, or allow more",
        ),
        (
            "size --flows 1000 --filter-hashes 16 --loss-target 0.000000000001",
            "--loss-target 0.000000000001: the filter needs more than 64 bits for each flow; allow more",
        ),
    ] {
        let refusal = run(folder.path(), &format!("flowradar {line}")).refusal();
        assert_eq!(refusal, format!("error: {message}"), "{line}");
        assert_eq!(names_in(folder.path()), ["text"], "{line}");
    }
    for (line, message) in [
        (
            "simulate --loss 0.5",
            "required arguments were not provided:\n  --loss-link <A:B>",
        ),
        (
            "decode text --link 3:3",
            "must be the numbers of two switches, as in 3:7",
        ),
        (
            "size --flows 1000 --loss-target 0",
            "must be a number of flows above 0, as in 0.001",
        ),
        (
            "size --flows 1000 --loss-target nan",
            "must be a number of flows above 0",
        ),
        (
            "size --flows 1000 --loss-target inf",
            "must be a number of flows above 0",
        ),
    ] {
        let found = run(folder.path(), &format!("flowradar {line}"));
        assert_eq!((found.code, found.stdout.as_str()), (2, ""), "{line}");
        assert!(found.stderr.contains(message), "{line}: {}", found.stderr);
    }
    let capture = "trace --kind zipf --flows 5 --packets 20 --out traffic.pcap";
    run(folder.path(), capture).success();
    assert_eq!(
        run(folder.path(), "flowradar decode traffic.pcap").refusal(),
        "error: no export was found among 20 frames; give captures of UDP datagrams from FlowRadar encoders"
    );
}
