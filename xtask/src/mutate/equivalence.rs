//! Whether a mutant does the same as its design, by proof.
//!
//! Yosys makes gates of a module and its mutant side by side, and the prover of ABC, which is part of Yosys, looks for
//! signals that are always equal (by induction from the start) until nothing is left to differ, or gives up.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use miette::{IntoDiagnostic, Result, WrapErr, miette};

use super::bench::{Agreement, Scope};
use super::netlist::{GATE, GOLD, Netlist};
use crate::yosys::Tools;

/// How long each of the two programs of a question may take.
const LIMIT: Duration = Duration::from_secs(60);

/// What has more state is not compared as a whole: it would take longer than that.
const MOST_STATE_BITS: u64 = 12_000;

/// A mutant that the tests do not tell from its design.
pub struct Survivor {
    /// Holds the Verilog of the design in `gold` and that of the mutant in `gate`.
    pub folder: PathBuf,
    /// The modules that hold all of the mutation, each around the one before; the last is the whole.
    pub scopes: Vec<Scope>,
}

/// A question whose answer may be that a mutant is equivalent.
struct Question<'a> {
    /// The module that is compared.
    scope: &'a Scope,
    /// The module that it is compared in.
    top: &'a Scope,
    agreement: Agreement,
    /// Whether that is the whole design, whose source keeps to the rules of a stream.
    is_whole: bool,
    /// Whether the memories around the compared module are left out, so that any word may be read from them.
    without_memories: bool,
}

impl Survivor {
    /// How it is proven that it does the same as the design; none: it is not.
    pub fn proof(&self, tools: &Tools) -> Result<Option<String>> {
        for (question, proof) in self.questions() {
            if question.holds(tools, &self.folder)? {
                return Ok(Some(proof));
            }
        }
        Ok(None)
    }

    /// Quick ones first.
    fn questions(&self) -> Vec<(Question<'_>, String)> {
        let Some((top, inner)) = self.scopes.split_last() else {
            return Vec::new();
        };
        let question = |scope, top, agreement| Question {
            scope,
            top,
            agreement,
            is_whole: true,
            without_memories: false,
        };
        let mut questions = Vec::new();
        if let Some(smallest) = self.scopes.first() {
            let alone = Question {
                is_whole: false,
                ..question(smallest, smallest, Agreement::AllOutputs)
            };
            questions.push((alone, format!("{} on its own", smallest.module)));
        }
        for scope in inner {
            let within = Question {
                without_memories: true,
                ..question(scope, top, Agreement::AllOutputs)
            };
            questions.push((within, format!("{} within {}", scope.module, top.module)));
        }
        if top.state_bits <= MOST_STATE_BITS {
            let whole = question(top, top, Agreement::Streams);
            questions.push((whole, format!("the streams of {}", top.module)));
        }
        questions
    }
}

impl Question<'_> {
    /// Whether it is proven that the modules agree.
    fn holds(&self, tools: &Tools, folder: &Path) -> Result<bool> {
        let write = |name: &str, text: &str| {
            fs::write(folder.join(name), text)
                .into_diagnostic()
                .wrap_err_with(|| format!("cannot write {}", folder.join(name).display()))
        };
        write("pair.v", &self.scope.pair(self.agreement))?;
        write("bench.v", &self.top.bench(self.is_whole))?;
        write("gates.ys", &self.gates(folder)?)?;
        if !finishes(&mut tools.yosys(), folder, "gates.ys")? {
            return Ok(false);
        }
        let gates = fs::read_to_string(folder.join("gates.blif")).into_diagnostic()?;
        write("problem.blif", &Netlist::read(&gates)?.problem()?)?;
        // Yosys hands a design to ABC and takes it back; this one has nothing to do with the problem.
        write(
            "nothing.v",
            "module nothing(input a, input b, output c);\nassign c = a & b;\nendmodule\n",
        )?;
        write(
            "prove.abc",
            "write_blif nothing.blif\nread_blif problem.blif\nstrash\ndprove\nwrite_status status\n\
             read_blif nothing.blif\nstrash\n",
        )?;
        write(
            "prove.ys",
            "read_verilog nothing.v\nsimplemap\nabc -g AND -script prove.abc\n",
        )?;
        write("status", "none\n")?;
        if !finishes(&mut tools.yosys(), folder, "prove.ys")? {
            return Ok(false);
        }
        let status = fs::read_to_string(folder.join("status")).into_diagnostic()?;
        Ok(status.starts_with("snl_UNSAT"))
    }

    /// The script that makes gates.
    fn gates(&self, folder: &Path) -> Result<String> {
        let module = &self.scope.module;
        let mut script = String::new();
        for version in [GATE, GOLD] {
            // A read past the end of a memory gives zeros, as in the in-process engine.
            script += &format!(
                "read_verilog {}\nhierarchy -check -top {module}\nproc\nflatten\nmemory_collect\nmemory_map\n\
                 setundef -undriven -zero\nrename -top {version}\ndesign -stash {version}\n",
                files(folder, version, "")?
            );
        }
        if self.top.module != self.scope.module {
            script += &format!("read_verilog {}\n", files(folder, GOLD, module)?);
        }
        script += "read_verilog pair.v bench.v\nproc\nmemory_collect\n";
        script += match self.without_memories {
            true => "delete */t:$mem_v2\n",
            false => "memory_map\nsetundef -undriven -zero\n",
        };
        for version in [GATE, GOLD] {
            script += &format!("design -copy-from {version} -as {version} {version}\n");
        }
        Ok(script
            + "hierarchy -check -top bench\nflatten\nopt_expr\nopt_clean\ntechmap\ndffunmap\nsimplemap\nopt_expr\n\
               opt_clean\nwrite_blif gates.blif\n")
    }
}

/// The files of a version but that of a module.
fn files(folder: &Path, version: &str, without: &str) -> Result<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder.join(version)).into_diagnostic()? {
        let name = entry.into_diagnostic()?.file_name().into_string();
        let name = name.map_err(|name| miette!("not the name of a module: {}", name.display()))?;
        names.extend((name != format!("{without}.v")).then(|| format!("{version}/{name}")));
    }
    names.sort();
    Ok(names.join(" "))
}

/// Runs a script; false when it takes too long.
fn finishes(yosys: &mut Command, folder: &Path, script: &str) -> Result<bool> {
    let said = folder.join(script).with_extension("log");
    let log = fs::File::create(&said).into_diagnostic()?;
    let mut running = yosys
        .args(["-q", "-s", script])
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .into_diagnostic()
        .wrap_err("cannot start Yosys")?;
    let started = Instant::now();
    loop {
        match running.try_wait().into_diagnostic()? {
            Some(status) if status.success() => return Ok(true),
            Some(status) => {
                let said = fs::read_to_string(&said).unwrap_or_default();
                // ABC goes down recursively, and WebAssembly has a small stack: no answer, as when time runs out.
                if said.contains("call stack exhausted") {
                    return Ok(false);
                }
                return Err(miette!(
                    "Yosys refuses {}: {status}\n{said}",
                    folder.join(script).display()
                ));
            }
            None if started.elapsed() > LIMIT => {
                running.kill().into_diagnostic()?;
                running.wait().into_diagnostic()?;
                return Ok(false);
            }
            None => thread::sleep(Duration::from_millis(20)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::command::root;
    use crate::setup::TOOLS;

    /// A counter of three states, a memory of three words and a word that is read only once it has been written.
    const TOY: &str = "
module toy (
    input wire axis_aclk,
    input wire axis_resetn,
    input wire [1:0] s,
    output wire [1:0] m
);
reg [1:0] turn;
always @(posedge axis_aclk) if (!axis_resetn) turn <= 2'd0; else turn <= (turn == 2'd2) ? 2'd0 : turn + 2'd1;
reg written;
always @(posedge axis_aclk) if (!axis_resetn) written <= 1'b0; else written <= 1'b1;
reg [1:0] words [0:2];
always @(posedge axis_aclk) if (written) words[turn] <= s;
reg [1:0] last;
always @(posedge axis_aclk) last <= s;
assign m = written ? words[turn] ^ last : 2'd0;
endmodule
";

    /// A beat of delay; what it carries is of no use unless it is valid.
    const STREAM: &str = "
module toy (
    input wire axis_aclk,
    input wire axis_resetn,
    input wire s_axis_tvalid,
    input wire s_axis_tlast,
    input wire [1:0] s_axis_tkeep,
    output reg m_axis_tvalid,
    output reg [1:0] m_axis_tkeep
);
always @(posedge axis_aclk) if (!axis_resetn) m_axis_tvalid <= 1'b0; else m_axis_tvalid <= s_axis_tvalid;
always @(posedge axis_aclk) if (s_axis_tvalid) m_axis_tkeep <= s_axis_tkeep;
endmodule
";

    /// Whether a toy with one text replaced is proven to do the same; none: the pinned tools are not there.
    fn is_proven(toy: &str, name: &str, from: &str, to: &str) -> Result<Option<bool>> {
        if !TOOLS.is_current() {
            eprintln!("skipped: the pinned tools are not there; run `cargo xtask setup`");
            return Ok(None);
        }
        let folder = root().join("target/tmp/equivalence").join(name);
        assert_eq!(toy.matches(from).count(), 1, "{from}");
        for (version, text) in [(GOLD, toy.to_owned()), (GATE, toy.replace(from, to))] {
            fs::create_dir_all(folder.join(version)).into_diagnostic()?;
            fs::write(folder.join(version).join("toy.v"), text).into_diagnostic()?;
        }
        let port = |name, bits, input| json!({ "name": name, "bits": bits, "input": input });
        let is_stream = toy == STREAM;
        let scope = json!({
            "module": "toy",
            "clocked": true,
            // The last question, which is about streams, is asked only of what has little state.
            "state_bits": if is_stream { 3 } else { MOST_STATE_BITS + 1 },
            "ports": if is_stream {
                vec![
                    port("s_axis_tvalid", 1, true),
                    port("s_axis_tlast", 1, true),
                    port("s_axis_tkeep", 2, true),
                    port("m_axis_tvalid", 1, false),
                    port("m_axis_tkeep", 2, false),
                ]
            } else {
                vec![port("s", 2, true), port("m", 2, false)]
            },
        });
        let scopes = vec![Scope::read(&scope)?];
        let proof = Survivor { folder, scopes }.proof(&Tools::new(&TOOLS.programs())?)?;
        Ok(Some(proof.is_some()))
    }

    #[test]
    fn what_does_the_same_is_proven() -> Result<()> {
        for (name, from, to) in [
            ("nothing", "2'd0 : turn", "2'd0 : turn"),
            ("unreachable", "turn == 2'd2", "turn >= 2'd2"),
            (
                "flags",
                "written ? words[turn] ^ last : 2'd0",
                "(words[turn] ^ last) & {2{written}}",
            ),
            ("arithmetic", "turn + 2'd1", "{turn[0] ^ turn[1], ~turn[0]}"),
        ] {
            assert_ne!(is_proven(TOY, name, from, to)?, Some(false), "{name}");
        }
        Ok(())
    }

    #[test]
    fn what_differs_is_never_proven() -> Result<()> {
        for (name, from, to) in [
            ("reset_value", "turn <= 2'd0; else", "turn <= 2'd1; else"),
            ("reset_flag", "written <= 1'b0", "written <= 1'b1"),
            ("enable", "if (written) words", "words"),
            ("operator", "words[turn] ^ last", "words[turn] | last"),
            ("content", "^ last :", "^ words[2] :"),
            ("state", "turn == 2'd2", "turn == 2'd3"),
            ("delay", "last <= s", "last <= last"),
        ] {
            assert_ne!(is_proven(TOY, name, from, to)?, Some(true), "{name}");
        }
        Ok(())
    }

    #[test]
    fn of_a_stream_only_valid_beats_of_legal_frames_count() -> Result<()> {
        for (name, from, to, same) in [
            ("payload", "if (s_axis_tvalid) m", "m", true),
            (
                "hole",
                "<= s_axis_tkeep",
                "<= {s_axis_tkeep[1], 1'b1}",
                true,
            ),
            (
                "keep",
                "<= s_axis_tkeep",
                "<= {1'b1, s_axis_tkeep[0]}",
                false,
            ),
            (
                "valid",
                "<= s_axis_tvalid",
                "<= s_axis_tvalid & s_axis_tlast",
                false,
            ),
        ] {
            assert_ne!(is_proven(STREAM, name, from, to)?, Some(!same), "{name}");
        }
        Ok(())
    }
}
