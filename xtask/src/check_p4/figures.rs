//! What the compiler and the switch said, as it is committed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// What `bf-p4c --version` prints.
    pub compiler: String,
    pub programs: Vec<Program>,
    /// What `simple_switch --version` prints, where twins were played.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switch: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub twins: Vec<Twin>,
}

/// A program that was compiled and assembled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Program {
    pub case: String,
    /// Its file after the name of the configuration: `sequencer`, `stripper` and so on.
    pub program: String,
    pub chip: String,
    pub pattern: String,
    /// Words of history, of both pipes together where there are two.
    pub words: u64,
    /// Lines that the compiler begins with `warning`.
    pub warnings: usize,
    /// Whether a state of the parser that was assembled looks at what it has read. Each of these programs asks for that.
    #[serde(default)]
    pub parser_matches: bool,
    /// From parser to deparser, by direction.
    pub latency_cycles: BTreeMap<String, u64>,
    /// By what `seqnic report --tofino` calls it; none for a stripper.
    pub resources: BTreeMap<String, Resource>,
}

/// A resource, over all stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    pub compiled: u64,
    /// What `seqnic report --tofino` computes without a compiler.
    pub estimated: u64,
    /// What the chip has, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<u64>,
}

/// A capture that was played through a twin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Twin {
    pub case: String,
    pub chip: String,
    pub pattern: String,
    pub capture: String,
    pub frames: usize,
    /// Frames that are those of the model, byte for byte.
    pub equal: usize,
}

impl Figures {
    /// Takes over what an earlier run said of the twins.
    pub fn keep_twins(&mut self, earlier: Self) {
        self.switch = earlier.switch;
        self.twins = earlier.twins;
    }
}

impl Program {
    fn title(&self) -> String {
        let Self {
            case,
            program,
            chip,
            pattern,
            ..
        } = self;
        format!("{case}, {chip}, {pattern}, {program}")
    }

    /// The figures of a program from the report with the compiler's logs.
    pub fn read_report(&mut self, report: &Value) -> Option<()> {
        // An INT node has no history.
        self.words = report["words"].as_u64().unwrap_or_default();
        let programs = report["programs"].as_array()?;
        let own = programs
            .iter()
            .find(|entry| entry["program"] == self.program.as_str())?;
        for row in own["rows"].as_array()? {
            let resource = Resource {
                compiled: row["compiled"].as_u64()?,
                estimated: row["used"].as_u64()?,
                available: row["available"].as_u64(),
            };
            let name = row["resource"].as_str()?.to_owned();
            self.resources.insert(name, resource);
        }
        for (name, compiled, estimated) in [
            (
                STAGES,
                "compiled_stages",
                own["stages"].as_array()?.len() as u64,
            ),
            (HEADER_BITS, "compiled_phv_bits", own["phv_bits"].as_u64()?),
        ] {
            let resource = Resource {
                compiled: own[compiled].as_u64()?,
                estimated,
                available: None,
            };
            self.resources.insert(name.to_owned(), resource);
        }
        for entry in own["latency_cycles"].as_array()? {
            let direction = entry[0].as_str()?.to_owned();
            self.latency_cycles.insert(direction, entry[1].as_u64()?);
        }
        Some(())
    }
}

/// Resources that are no row of the report.
pub const STAGES: &str = "stages";
pub const HEADER_BITS: &str = "header vector, bits";

/// What is not as it was committed.
pub fn compare(committed: &Figures, now: &Figures) -> Vec<String> {
    let mut problems = Vec::new();
    if committed.compiler != now.compiler {
        problems.push(format!(
            "the compiler is {:?}, committed are figures of {:?}",
            now.compiler, committed.compiler
        ));
    }
    for program in &now.programs {
        let title = program.title();
        let mut old = committed.programs.iter();
        let Some(old) = old.find(|old| old.title() == title) else {
            problems.push(format!("{title}: is not among the committed figures"));
            continue;
        };
        let mut differ = |what: &str, now: String, old: String| {
            if now != old {
                problems.push(format!("{title}: {what} is {now}, committed {old}"));
            }
        };
        let text = |resource: Option<&Resource>, estimated: bool| {
            let figure = resource.map(|of| if estimated { of.estimated } else { of.compiled });
            figure.map_or("nothing".to_owned(), |figure| figure.to_string())
        };
        for name in program.resources.keys() {
            let (now, old) = (program.resources.get(name), old.resources.get(name));
            differ(name, text(now, false), text(old, false));
            let estimate = format!("the estimate of {name}");
            differ(&estimate, text(now, true), text(old, true));
        }
        let cycles = |of: &Program| format!("{:?}", of.latency_cycles);
        differ("latency", cycles(program), cycles(old));
        differ(
            "that its parser looks at what it has read",
            program.parser_matches.to_string(),
            old.parser_matches.to_string(),
        );
        differ(
            "the number of warnings",
            program.warnings.to_string(),
            old.warnings.to_string(),
        );
    }
    for program in &committed.programs {
        if !now
            .programs
            .iter()
            .any(|new| new.title() == program.title())
        {
            problems.push(format!(
                "{}: is committed and not compiled",
                program.title()
            ));
        }
    }
    for twin in &now.twins {
        let Twin {
            case,
            pattern,
            capture,
            equal,
            frames,
            ..
        } = twin;
        if equal < frames {
            problems.push(format!(
                "{case}, {pattern}, {capture}: {equal} of {frames} frames are those of the model"
            ));
        } else if !committed.twins.contains(twin) {
            problems.push(format!("{case}, {pattern}, {capture}: is not as committed"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    pub(super) fn report() -> Value {
        json!({ "words": 44, "programs": [{
            "program": "sequencer", "phv_bits": 1600, "compiled_phv_bits": 1700, "compiled_stages": 12,
            "stages": [{}, {}],
            "rows": [{ "resource": "stateful ALUs", "used": 46, "available": 48, "percent": 95.83, "compiled": 47 }],
            "latency_cycles": [["ingress", 91], ["egress", 40]],
        }] })
    }

    fn program() -> Program {
        let mut program = Program {
            case: "ddos-44".to_owned(),
            program: "sequencer".to_owned(),
            chip: "tofino1".to_owned(),
            pattern: "paper".to_owned(),
            words: 0,
            warnings: 1,
            parser_matches: true,
            latency_cycles: BTreeMap::new(),
            resources: BTreeMap::new(),
        };
        program.read_report(&report()).expect("a report");
        program
    }

    fn figures() -> Figures {
        Figures {
            compiler: "p4c 9.13.4".to_owned(),
            programs: vec![program()],
            ..Figures::default()
        }
    }

    #[test]
    fn a_report_is_read() {
        let program = program();
        assert_eq!(program.words, 44);
        assert_eq!(program.latency_cycles["ingress"], 91);
        let salus = program.resources["stateful ALUs"];
        assert_eq!(
            (salus.compiled, salus.estimated, salus.available),
            (47, 46, Some(48))
        );
        let stages = program.resources[STAGES];
        assert_eq!((stages.compiled, stages.estimated), (12, 2));
        let mut without = report();
        without["programs"][0]["compiled_stages"] = Value::Null;
        assert_eq!(program.clone().read_report(&without), None);
    }

    #[test]
    fn what_is_as_committed_passes() {
        assert!(compare(&figures(), &figures()).is_empty());
        let text = serde_json::to_string(&figures()).expect("can be written");
        assert_eq!(serde_json::from_str::<Figures>(&text).ok(), Some(figures()));
    }

    #[test]
    fn what_differs_is_named_with_both_figures() {
        let mut now = figures();
        now.compiler = "p4c 9.14".to_owned();
        let salus = now.programs[0].resources.get_mut("stateful ALUs");
        salus.expect("is there").compiled = 48;
        now.programs[0]
            .latency_cycles
            .insert("ingress".to_owned(), 92);
        now.programs[0].warnings = 3;
        assert_eq!(
            compare(&figures(), &now),
            [
                "the compiler is \"p4c 9.14\", committed are figures of \"p4c 9.13.4\"",
                "ddos-44, tofino1, paper, sequencer: stateful ALUs is 48, committed 47",
                "ddos-44, tofino1, paper, sequencer: latency is {\"egress\": 40, \"ingress\": 92}, committed {\"egress\": 40, \"ingress\": 91}",
                "ddos-44, tofino1, paper, sequencer: the number of warnings is 3, committed 1",
            ]
        );
        let empty = Figures {
            programs: Vec::new(),
            ..figures()
        };
        assert_eq!(
            compare(&empty, &figures()),
            ["ddos-44, tofino1, paper, sequencer: is not among the committed figures"]
        );
        assert_eq!(
            compare(&figures(), &empty),
            ["ddos-44, tofino1, paper, sequencer: is committed and not compiled"]
        );
    }

    #[test]
    fn a_frame_that_is_not_the_models_is_a_problem_and_twins_are_kept() {
        let twin = Twin {
            case: "ddos-44".to_owned(),
            chip: "tofino1".to_owned(),
            pattern: "paper".to_owned(),
            capture: "a.pcap".to_owned(),
            frames: 10,
            equal: 10,
        };
        let good = Figures {
            twins: vec![twin.clone()],
            switch: Some("1.15".to_owned()),
            ..figures()
        };
        assert!(compare(&good, &good).is_empty());
        assert!(compare(&good, &figures()).is_empty());
        assert_eq!(
            compare(&figures(), &good),
            ["ddos-44, paper, a.pcap: is not as committed"]
        );
        let bad = Figures {
            twins: vec![Twin { equal: 9, ..twin }],
            ..good.clone()
        };
        assert_eq!(
            compare(&bad, &bad),
            ["ddos-44, paper, a.pcap: 9 of 10 frames are those of the model"]
        );
        let mut now = figures();
        now.keep_twins(good.clone());
        assert_eq!(now, good);
    }
}
