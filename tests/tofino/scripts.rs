//! The scripts of the control plane do what they say, with stand-ins for the shells that they run in.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use seqnic_spec::Config;
use seqnic_tofino::control::{self, Cores};
use seqnic_tofino::{Chip, Design};
use serde_json::Value;

use crate::common::{Finished, finish, root, seqnic};

/// Runs Python, or notes that it is not here.
pub fn python(arguments: &[&str], folder: &Path) -> Option<Finished> {
    let found = Command::new("python3").arg("--version").output().is_ok();
    if !found {
        println!("skipped: there is no python3");
        return None;
    }
    Some(finish(
        Command::new("python3").args(arguments).current_dir(folder),
    ))
}

/// Records every call that is made on `bfrt`, and plays the script as bfshell does.
const BFRT: &str = r#"
import json, runpy, sys
calls = []
class Node:
    def __init__(self, path): self.path = path
    def __getattr__(self, name): return Node(self.path + [name])
    def __call__(self, **arguments): calls.append([".".join(self.path), arguments])
script = runpy.run_path(sys.argv[1], init_globals={"bfrt": Node([])})
first = len(calls)
live = [True] * script["CORES"]
live[1] = False
script["set_cores"](live, ports=[8, 9])
second = len(calls)
script["reset"]()
try:
    script["set_cores"]([False] * script["CORES"])
    refused = ""
except ValueError as error:
    refused = str(error)
print(json.dumps({"filled": calls[:first], "live": calls[first:second], "reset": calls[second:], "refused": refused}))
"#;

#[test]
fn the_script_for_bfrt_fills_tables_and_resets_all_registers_together() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().display();
    seqnic(&format!(
        "emit tofino --config examples/ddos-44.toml --out {out} --input-ports 4,5 --core-ports 8,9"
    ))
    .success();
    fs::write(folder.path().join("stub.py"), BFRT).expect("can be written");
    let Some(run) = python(&["stub.py", "ddos_44_control.py"], folder.path()) else {
        return;
    };
    let calls: Value = run.json();
    let text = fs::read_to_string(root().join("examples/ddos-44.toml")).expect("is there");
    let config = Config::from_toml_str(&text, "ddos-44").expect("valid");
    let design = Design::new(&config, Chip::Tofino1, None).expect("fits");

    // The entries are those that the interpreter is given.
    let mut cores = Cores::all(&config, &[8, 9]);
    for (part, verb) in [("filled", "add"), ("live", "mod")] {
        let entries = control::spray_entries(&config, design.spray(), &cores);
        let path = format!("ddos_44_sequencer.pipe.Ingress.spray.{verb}_with_to_core");
        let made: Vec<&Value> = list(&calls[part])
            .iter()
            .filter(|call| call[0] == path[..])
            .collect();
        assert_eq!(made.len(), entries.len(), "{part}");
        for (call, entry) in made.iter().zip(&entries) {
            assert_eq!(call[1]["turn"], entry.key);
            for (parameter, value) in design.spray().parameters.iter().zip(&entry.arguments) {
                assert_eq!(
                    call[1][&parameter.name], *value,
                    "{part}, {}",
                    parameter.name
                );
            }
        }
        cores.live[1] = false;
    }
    let back: Vec<&Value> = list(&calls["filled"])
        .iter()
        .filter(|call| call[0] == "ddos_44_stripper.pipe.Ingress.forward.add_with_to_port")
        .collect();
    let ports = back
        .iter()
        .map(|call| (call[1]["ingress_port"].as_u64(), call[1]["port"].as_u64()));
    assert_eq!(
        ports.collect::<Vec<_>>(),
        [(Some(8), Some(4)), (Some(9), Some(4))]
    );

    // Ports are closed first and opened last, and every register is set to what it starts with.
    let reset = list(&calls["reset"]);
    let registers = &design.built.program.ingress.registers;
    assert_eq!(reset.len(), registers.len() + 2 + 1 + 2);
    for (call, enabled) in [
        (0, false),
        (1, false),
        (reset.len() - 2, true),
        (reset.len() - 1, true),
    ] {
        assert_eq!(reset[call][0], "port.port.mod");
        assert_eq!(reset[call][1]["PORT_ENABLE"], enabled);
    }
    for (call, register) in reset[2..].iter().zip(registers) {
        assert_eq!(
            call[0],
            format!("ddos_44_sequencer.pipe.Ingress.{}.mod", register.name)
        );
    }
    let counts = reset.iter().filter_map(|call| call[1]["hi"].as_u64());
    let mut counts: Vec<u64> = counts.collect();
    counts.sort_unstable();
    assert_eq!(counts, (0..44).collect::<Vec<_>>());
    assert_eq!(
        calls["refused"],
        "no core takes part: packets have nowhere to go"
    );
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
}

/// The part of p4runtime-shell that the script uses.
const SHELL: &str = r#"
import json
log = []
class FwdPipeConfig:
    def __init__(self, p4info, binary): self.files = [p4info, binary]
def setup(device_id, grpc_addr, election_id, config): log.append(["setup", grpc_addr, config.files])
def teardown(): log.append(["teardown"])
class TableEntry:
    def __init__(self, table): self.table, self.match, self.action = table, {}, {}
    def __call__(self, action): self.name = action; return self
    def insert(self): log.append(["insert", self.table, self.name, self.match, self.action])
    def modify(self): log.append(["modify", self.table, self.name, self.match, self.action])
"#;

#[test]
fn the_script_for_p4runtime_loads_fills_and_resets() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().display();
    seqnic(&format!(
        "emit bmv2 --config examples/heavy-hitter.toml --out {out}"
    ))
    .success();
    let package = folder.path().join("p4runtime_sh");
    fs::create_dir(&package).expect("can be made");
    fs::write(package.join("__init__.py"), "").expect("can be written");
    fs::write(package.join("shell.py"), SHELL).expect("can be written");
    let play = "import json, runpy, sys; sys.argv = ['x', 'a.p4info.txt', 'a.json']; sys.path.insert(0, '.'); \
                script = runpy.run_path('heavy_hitter_control.py'); script['set_cores']([True] * 5 + [False, True]); \
                script['reset'](); import p4runtime_sh.shell as sh; print(json.dumps(sh.log))";
    let Some(run) = python(&["-c", play], folder.path()) else {
        return;
    };
    let log: Value = run.json();
    let log = list(&log);
    assert_eq!(
        log[0],
        serde_json::json!(["setup", "localhost:9559", ["a.p4info.txt", "a.json"]])
    );
    let kinds = log.iter().map(|entry| entry[0].as_str().expect("a word"));
    let kinds: Vec<&str> = kinds.collect();
    let turns = kinds
        .iter()
        .take_while(|kind| ["setup", "insert"].contains(kind))
        .count()
        - 2;
    assert_eq!(turns, 7);
    assert_eq!(kinds[9..16], ["modify"; 7]);
    assert_eq!(kinds[16..18], ["teardown", "setup"]);
    assert_eq!(
        log[2],
        serde_json::json!(["insert", "TwinEgress.spray", "TwinEgress.to_core", { "md.turn": "1" }, { "source": "17661175009281", "row": "1" }])
    );
    assert_eq!(log[8][1], "TwinIngress.forward");
}

/// Plays the script for BMv2 with stand-ins of its tools, which copy what comes in.
#[test]
fn the_script_for_bmv2_plays_a_capture() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("bmv2");
    seqnic(&format!(
        "emit bmv2 --config examples/portknock-22.toml --out {}",
        out.display()
    ))
    .success();
    let tools = folder.path().join("tools");
    fs::create_dir(&tools).expect("can be made");
    let log = folder.path().join("log");
    for (name, body) in [
        ("p4c-bm2-ss", "touch \"$4\""),
        (
            "simple_switch",
            "for word; do case $word in 0@*) from=${word#0@};; 1@*) to=${word#1@};; esac; done\n\
             [ \"$(wc -c <\"${to}_in.pcap\")\" -eq 24 ] || exit 1\n\
             cp \"${from}_in.pcap\" \"${to}_out.pcap\"\necho played >>\"$LOG\"\nexec sleep 60",
        ),
        ("simple_switch_CLI", "wc -l >>\"$LOG\""),
    ] {
        let path = tools.join(name);
        let text = format!("#!/bin/sh\necho {name} \"$@\" >>\"$LOG\"\n{body}\n");
        fs::write(&path, text).expect("can be written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("is ours");
    }
    let path = std::env::var("PATH").expect("is set");
    let mut command = Command::new("sh");
    let capture = root().join("examples/captures/tcp-loss.pcap");
    let played = folder.path().join("out.pcap");
    command
        .arg(out.join("run.sh"))
        .args([&capture, &played])
        .env("PATH", format!("{}:{path}", tools.display()))
        .env("LOG", &log)
        .env("WAIT", "5");
    let run = finish(&mut command);
    let log = fs::read_to_string(&log).unwrap_or_default();
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{log}");
    assert!(fs::read(&played).expect("is written") == fs::read(&capture).expect("is there"));
    assert!(log.contains("p4c-bm2-ss --arch v1model -o "), "{log}");
    let started = "simple_switch --use-files 0 --thrift-port 9090 --device-id 9090 -i 0@";
    assert!(log.contains(started), "{log}");
    // An entry for each turn, and the depth of the queue; there is no frame before that.
    let [filled, played] = ["23\n", "played\n"].map(|line| log.find(line));
    assert!(filled.is_some() && filled < played, "{log}");
    let usage = finish(Command::new("sh").arg(out.join("run.sh")));
    assert_eq!(
        (usage.code, usage.stderr.as_str()),
        (2, "usage: sh run.sh IN.pcap OUT.pcap\n")
    );
}
