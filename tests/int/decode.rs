//! What is decoded of captures, and in which forms it leaves.

use std::fs;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;
use serde_json::Value;

use crate::common::{names_in, root};
use crate::{folder, run};

#[test]
fn all_formats_hold_the_same_hops() {
    let folder = folder("--hops 2 --trace dctcp --packets 60 --seed 3");
    let path = folder.path();
    let found = run(
        path,
        "int decode path.pcap --json --format csv --out hops.csv",
    )
    .json();
    assert_eq!(
        (&found["refused"], &found["slow"]),
        (
            &Value::from(Vec::<i32>::new()),
            &Value::from(Vec::<i32>::new())
        )
    );
    // Behind the source 1 hop, behind the others 2 and 3; then 4 in the report.
    assert_eq!(found["rows"], 60 * (1 + 2 + 3 + 4));
    assert_eq!(
        (&found["int_packets"], &found["report_datagrams"]),
        (&Value::from(180), &Value::from(60))
    );
    let nodes = found["nodes"].as_array().expect("a list");
    assert_eq!(nodes.len(), 4);
    let csv = fs::read_to_string(path.join("hops.csv")).expect("is there");
    let mut lines = csv.lines();
    let names: Vec<_> = lines.next().expect("a header").split(',').collect();
    assert_eq!(names[..4], ["frame", "time_ns", "medium", "reporter"]);
    let column = |name: &str| {
        names
            .iter()
            .position(|&found| found == name)
            .expect("a column")
    };
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 600);
    let (medium, hop, hops) = (column("medium"), column("hop"), column("hops"));
    let last = rows.iter().filter(|row| row[medium] == "report");
    assert!(
        last.clone()
            .all(|row| (row[hop], row[hops], row[column("node_id")]) == ("4", "4", "2563"))
    );
    assert_eq!(last.count(), 60);

    let json = run(path, "int decode path.pcap --format json");
    assert_eq!(json.code, 0);
    assert!(
        json.stderr
            .starts_with("300 frames, 180 INT packets, 60 datagrams of reports"),
        "{}",
        json.stderr
    );
    let objects: Vec<Value> = json
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object"))
        .collect();
    run(
        path,
        "int decode path.pcap --format parquet --out hops.parquet",
    )
    .success();
    let file = fs::File::open(path.join("hops.parquet")).expect("is there");
    let reader = SerializedFileReader::new(file).expect("Parquet");
    let parquet = reader.get_row_iter(None).expect("rows");
    for ((row, object), parquet) in rows.iter().zip(&objects).zip(parquet) {
        let parquet = parquet.expect("a row");
        for (at, name) in names.iter().enumerate() {
            let text = match &object[*name] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                number => number.to_string(),
            };
            assert_eq!(row[at], text, "{name}");
            let stored = parquet
                .get_string(at)
                .cloned()
                .or_else(|_| parquet.get_ulong(at).map(|number| number.to_string()))
                .unwrap_or_default();
            assert_eq!(row[at], stored, "{name}");
        }
    }
    assert_eq!(objects.len(), 600);
    // One object has them all, and marks may be written in hexadecimal.
    let line = "int decode path.pcap --json --dscp 0x17 --dscp-mask 0x3f --report-port 0x7ffe";
    assert_eq!(run(path, line).json()["hops"], Value::from(objects));
    assert_eq!(found.get("hops"), None);
    let refused = run(path, "int decode path.pcap --dscp 0x40");
    assert_eq!(refused.code, 2);
    assert!(
        refused
            .stderr
            .contains("must be a number from 0 to 63, decimal or as in 0x17"),
        "{}",
        refused.stderr
    );
    let table = run(path, "int decode path.pcap").success();
    assert!(!table.contains("tx_utilization"), "nothing says it");
    assert_eq!(names_in(path), ["hops.csv", "hops.parquet", "path.pcap"]);
}

#[test]
fn latencies_above_a_threshold_are_named_and_drawn() {
    let folder = folder("--hops 1 --trace dctcp --packets 50 --burst-bytes 100000");
    let path = folder.path();
    let found = run(path, "int decode path.pcap --histogram latency.svg --json").json();
    let most = found["nodes"][0]["most_ns"].as_u64().expect("a number");
    let least = found["nodes"][0]["least_ns"].as_u64().expect("a number");
    assert!(least < most);
    let svg = fs::read_to_string(path.join("latency.svg")).expect("is there");
    assert!(
        svg.contains("node 0xa00") && svg.contains("node 0xa02"),
        "{svg}"
    );
    let slow = run(
        path,
        "int decode path.pcap --latency-above 5000 --json --out rows.txt",
    );
    assert_eq!(slow.code, 1);
    let slow: Value = serde_json::from_str(&slow.stdout).expect("an object");
    let text = slow["slow"][0].as_str().expect("a text");
    assert!(
        text.starts_with("path.pcap: packet ") && text.ends_with(" ns"),
        "{text}"
    );
}

#[test]
fn what_cannot_be_read_is_refused_by_its_place() {
    let folder = folder("--hops 0 --trace dctcp --packets 3");
    let path = folder.path();
    // The version of the header of the first packet: pcap and record headers, Ethernet, IPv4, TCP, shim.
    let mut bytes = fs::read(path.join("path.pcap")).expect("is there");
    let at = 24 + 16 + 14 + 20 + usize::from(bytes[24 + 16 + 14 + 20 + 12] >> 4) * 4 + 4;
    assert_eq!(bytes[at], 0x20);
    bytes[at] = 0x30;
    fs::write(path.join("bad.pcap"), bytes).expect("can be written");
    let found = run(path, "int decode bad.pcap --json");
    assert_eq!(found.code, 1);
    let found: Value = serde_json::from_str(&found.stdout).expect("an object");
    assert_eq!(
        found["refused"],
        serde_json::json!([
            "bad.pcap: packet 1: the INT-MD header has version 3, only 2 can be read"
        ])
    );

    let capture = root().join("examples/captures/tcp-loss.pcap");
    for (line, expected) in [
        (
            format!("int decode {}", capture.display()),
            "error: no INT packet and no report was found among 1231 frames; say how they are marked with --dscp, \
             --udp-port and --report-port",
        ),
        (
            "int decode path.pcap --dscp 7 --dscp-mask 3".to_owned(),
            "error: --dscp-mask 3: leaves out bits of --dscp 7; use 7",
        ),
        (
            "int path --complement --mode mx --trace dctcp --packets 1".to_owned(),
            "error: --complement: means nothing with --mode mx; remove it",
        ),
    ] {
        assert_eq!(run(path, &line).refusal(), expected, "{line}");
    }
}
