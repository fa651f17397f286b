//! The installer, on a stand-in of the tree.

use std::fs;
use std::path::{Path, PathBuf};

use seqnic::tools::Tool;

use crate::common::{Finished, root};
use crate::{FITTING, PROJECT, emit, files, folder, found, run, words};

/// A copy of the stand-in of the tree beside the folder `nf`.
fn tree(folder: &Path) -> PathBuf {
    let tree = folder.join("tree");
    for (path, content) in files(&root().join("tests/netfpga_plus/tree")) {
        let path = tree.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("can be made");
        fs::write(path, content).expect("can be written");
    }
    tree
}

fn install(folder: &Path, flags: &[&str]) -> Option<Finished> {
    let arguments = [&["nf/install.py", "--tree", "tree"], flags].concat();
    run("python3", &arguments, folder)
}

#[test]
fn the_installer_makes_a_project_and_changes_nothing_the_second_time() {
    let folder = folder();
    emit(folder.path(), FITTING[0]);
    let tree = tree(folder.path());
    let before = files(&tree);
    let Some(dry) = install(folder.path(), &["--dry-run"]) else {
        return;
    };
    assert!(
        dry.success()
            .contains(&format!("would write {PROJECT}/hw/hdl/nf_datapath.v\n"))
    );
    assert!(files(&tree) == before, "a dry run writes");

    install(folder.path(), &[]).expect("it is here").success();
    let after = files(&tree);
    let text = |path: &str| String::from_utf8_lossy(&after[Path::new(path)]).into_owned();
    // Of the tree itself, the list of cores has changed and nothing else.
    for (path, content) in &before {
        assert!(
            after[path] == *content || path == Path::new("Makefile"),
            "{}",
            path.display()
        );
    }
    assert!(text("Makefile").contains(
        "nf_endianess_manager_v1_0_0/\n\tmake -C $(LIB_HW_DIR)/contrib/history_sequencer_v1_0_0/\n\tmake"
    ));
    for (path, content) in files(&folder.path().join("nf/hw")) {
        assert!(
            after[&Path::new("hw").join(&path)] == content,
            "{}",
            path.display()
        );
    }
    for script in [
        "reference_switch_seqnic.tcl",
        "reference_switch_seqnic_sim.tcl",
    ] {
        let script = text(&format!("{PROJECT}/hw/tcl/{script}"));
        let place = |wanted: &str| {
            script
                .find(wanted)
                .unwrap_or_else(|| panic!("`{wanted}` is not in {script}"))
        };
        assert!(
            place("create_ip -name history_sequencer ") < place("create_ip -name output_queues ")
        );
    }
    assert!(after.contains_key(Path::new(&format!(
        "{PROJECT}/hw/tcl/reference_switch_seqnic_defines.tcl"
    ))));
    assert_eq!(
        text(&format!("{PROJECT}/hw/Makefile"))
            .matches("reg_defines_${NF_PROJECT_NAME}.py")
            .count(),
        2
    );
    assert!(!after.contains_key(Path::new(&format!(
        "{PROJECT}/test/both_learning_sw/run.py"
    ))));

    let again = install(folder.path(), &[]).expect("it is here").success();
    assert_eq!(
        again,
        format!(
            "0 of {} files changed\n",
            again.split(' ').nth(2).expect("a number")
        )
    );
    assert!(files(&tree) == after);
}

#[test]
fn frames_go_through_the_core_in_the_edited_datapath() {
    let Some(tool) = found(Tool::Icarus) else {
        return;
    };
    let folder = folder();
    emit(folder.path(), FITTING[1]);
    let tree = tree(folder.path());
    let Some(installed) = install(folder.path(), &[]) else {
        return;
    };
    installed.success();
    // The bench plays to the datapath that the installer has edited, instead of to the core.
    let check = folder.path().join("nf/check");
    for (project, passes) in [(PROJECT, true), ("hw/projects/reference_switch", false)] {
        let mut command = tool.command();
        command
            .current_dir(&check)
            .args(words(
                "-g2001 -DDUT=datapath_under_bench -s history_sequencer_bench -o datapath.vvp -c files.f bench.v",
            ))
            .arg(root().join("tests/netfpga_plus/neighbours.v"))
            .arg(tree.join(project).join("hw/hdl/nf_datapath.v"));
        command.output().expect("it starts");
        let result = run("vvp", &["-N", "datapath.vvp"], &check).expect("it comes with Icarus");
        assert_eq!(
            result.stdout.contains("PASS: "),
            passes,
            "{project}: {}",
            result.stdout
        );
    }
}

#[test]
fn a_tree_that_is_not_as_expected_is_refused_and_left_alone() {
    let folder = folder();
    emit(folder.path(), FITTING[0]);
    let base = "hw/projects/reference_switch";
    let by_hand = "the file is not as in the NetFPGA-PLUS that this script knows: make the edit by hand as README.md shows";
    let cases = [
        (
            "hw/hdl/nf_datapath.v",
            ".s_axis_tuser   (m_axis_opl_tuser)",
            ".s_axis_tuser   (other_tuser)",
            "s_axis_tuser (m_axis_opl_tuser) of output_queues_ip is there 0 times, and 1 expected",
        ),
        (
            "hw/hdl/nf_datapath.v",
            "    output_queues_ip ",
            "    output_queues_ip a (.x(x));\n    output_queues_ip ",
            "the instance of output_queues_ip is there 2 times, and 1 expected",
        ),
        (
            "hw/hdl/nf_datapath.v",
            "switch_output_port_lookup_ip",
            "nic_output_port_lookup_ip",
            "the instance of switch_output_port_lookup_ip is there 0 times, and 1 expected",
        ),
        (
            "hw/tcl/reference_switch_sim.tcl",
            "-name output_queues ",
            "-name queues ",
            "`create_ip -name output_queues` is there 0 times, and 1 expected",
        ),
        (
            "hw/Makefile",
            "reg_defines_reference_switch.py $",
            "reg_defines.py $",
            "reg_defines_reference_switch.py is there 1 times, and 2 expected",
        ),
    ];
    for (path, from, to, wanted) in cases {
        let tree = tree(folder.path());
        let file = tree.join(base).join(path);
        let text = fs::read_to_string(&file).expect("is text");
        assert!(text.contains(from), "{from}");
        fs::write(&file, text.replacen(from, to, 1)).expect("can be written");
        let before = files(&tree);
        let Some(result) = install(folder.path(), &[]) else {
            return;
        };
        assert_eq!(
            result.refusal(),
            format!("error: {base}/{path}: {wanted}; {by_hand}")
        );
        assert!(files(&tree) == before, "{wanted}");
    }

    let refused = |change: &dyn Fn(&Path), wanted: &str| {
        fs::remove_dir_all(folder.path().join("tree")).expect("can be removed");
        let tree = tree(folder.path());
        change(&tree);
        let before = files(&tree);
        let result = install(folder.path(), &[]).expect("it is here");
        assert_eq!(result.refusal(), format!("error: {wanted}"));
        assert!(files(&tree) == before, "{wanted}");
    };
    let width = |tree: &Path| {
        let path = tree.join(base).join("hw/tcl/reference_switch.tcl");
        let text = fs::read_to_string(&path).expect("is text");
        fs::write(path, text.replace("1024", "512")).expect("can be written");
    };
    refused(
        &width,
        "hw/projects/reference_switch/hw/tcl/reference_switch.tcl: datapath_width_bit is 512, and the core was generated for 1024",
    );
    refused(
        &|tree| fs::remove_file(tree.join(base).join("hw/hdl/nf_datapath.v")).expect("is there"),
        "hw/projects/reference_switch/hw/hdl/nf_datapath.v: it is not there",
    );
    refused(
        &|tree| fs::create_dir(tree.join(PROJECT)).expect("can be made"),
        "hw/projects/reference_switch_seqnic: it is there, and this script did not make it; move it away",
    );
    refused(
        &|tree| fs::remove_dir_all(tree.join("hw")).expect("is there"),
        "tree: the folder hw/projects/reference_switch is not in it; --tree must be the root of NetFPGA-PLUS",
    );
}

/// Commands of Vivado that the stand-ins of the project's scripts use: they print themselves.
const VIVADO: &str = "
foreach name {create_ip set_property reset_target generate_target} {
    proc $name args \"puts \\\"$name \\$args\\\"\"
}
proc get_ips name { return ip:$name }
proc get_files name { return file:$name }
";

#[test]
fn the_edited_scripts_create_the_core_with_the_width_of_the_datapath() {
    let folder = folder();
    emit(folder.path(), FITTING[0]);
    let tree = tree(folder.path());
    let Some(installed) = install(folder.path(), &[]) else {
        return;
    };
    installed.success();
    fs::write(folder.path().join("vivado.tcl"), VIVADO).expect("can be written");
    for name in ["reference_switch_seqnic", "reference_switch_seqnic_sim"] {
        let script = tree.join(PROJECT).join(format!("hw/tcl/{name}.tcl"));
        let both = format!("source vivado.tcl; source {}", script.display());
        fs::write(folder.path().join("both.tcl"), both).expect("can be written");
        let Some(result) = run("tclsh", &["both.tcl"], folder.path()) else {
            return;
        };
        let calls = result.success();
        let of_core = "\
create_ip -name history_sequencer -vendor NetFPGA -library NetFPGA -module_name history_sequencer_ip
set_property CONFIG.C_M_AXIS_DATA_WIDTH 1024 ip:history_sequencer_ip
set_property CONFIG.C_S_AXIS_DATA_WIDTH 1024 ip:history_sequencer_ip
set_property generate_synth_checkpoint false file:history_sequencer_ip.xci
reset_target all ip:history_sequencer_ip
generate_target all ip:history_sequencer_ip
create_ip -name output_queues -vendor NetFPGA -library NetFPGA -module_name output_queues_ip
";
        assert!(calls.contains(of_core), "{name}: {calls}");
    }
}
