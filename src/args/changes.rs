//! Cores that fail and come back in the middle of a run.

use seqnic_spec::Config;
use seqnic_spec::registers::{WORD_BITS, map};
use seqnic_testbench::RegisterWrite;

use crate::error::Error;

/// A core, and after how many frames something happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoreAtFrame {
    core: usize,
    after_frames: u64,
}

/// When cores fail and come back.
#[derive(clap::Args, Debug)]
pub struct ChangeArgs {
    /// Mark a core as failed, in the registers, when so many frames have gone in; may be repeated
    #[arg(long, value_name = "CORE@FRAMES", requires = "host", value_parser = core_at_frame, help_heading = "Host")]
    fail: Vec<CoreAtFrame>,

    /// Take a core that has failed back in when so many frames have gone in; may be repeated
    #[arg(long, value_name = "CORE@FRAMES", requires = "fail", value_parser = core_at_frame, help_heading = "Host")]
    restore: Vec<CoreAtFrame>,
}

fn core_at_frame(text: &str) -> Result<CoreAtFrame, String> {
    let parts = text.split_once('@');
    let numbers = parts.and_then(|(core, frames)| Some((core.parse().ok()?, frames.parse().ok()?)));
    let (core, after_frames) = numbers
        .ok_or("write it as CORE@FRAMES, as in 3@1000: core 3, when 1000 frames have gone in")?;
    Ok(CoreAtFrame { core, after_frames })
}

impl ChangeArgs {
    /// What is written to the registers of a configuration, in order.
    pub fn writes(&self, config: &Config) -> Result<Vec<RegisterWrite>, Error> {
        let fail = self.fail.iter().map(|change| (*change, true));
        let restore = self.restore.iter().map(|change| (*change, false));
        let mut changes: Vec<(CoreAtFrame, bool)> = fail.chain(restore).collect();
        changes.sort_by_key(|(change, _)| change.after_frames);
        if !changes.is_empty() && !config.has_control() {
            return Err(Error::new(
                "--fail: the configuration has no registers; add --control",
            ));
        }
        let mut failed = vec![false; config.cores()];
        let mut writes = Vec::new();
        for (CoreAtFrame { core, after_frames }, fails) in changes {
            let Some(slot) = failed.get_mut(core) else {
                let (flag, cores) = (if fails { "--fail" } else { "--restore" }, config.cores());
                return Err(Error::new(format!(
                    "{flag} {core}@{after_frames}: there are {cores} cores; the last one is {}",
                    cores - 1
                )));
            };
            *slot = fails;
            if failed.iter().all(|&failed| failed) {
                return Err(Error::new(format!(
                    "--fail {core}@{after_frames}: no core is left, and all frames would wait; leave one in"
                )));
            }
            let word = core / WORD_BITS;
            let cores = failed[WORD_BITS * word..]
                .iter()
                .take(WORD_BITS)
                .enumerate();
            writes.push(RegisterWrite {
                after_frames,
                offset_bytes: map::FAILED.word_offset_bytes(word),
                value: cores.fold(0, |mask, (bit, &failed)| mask | u32::from(failed) << bit),
            });
        }
        Ok(writes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(
        fail: &[&str],
        restore: &[&str],
        config: &str,
    ) -> Result<Vec<(u64, usize, u32)>, String> {
        let read = |texts: &[&str]| {
            texts
                .iter()
                .map(|text| core_at_frame(text))
                .collect::<Result<_, _>>()
        };
        let args = ChangeArgs {
            fail: read(fail)?,
            restore: read(restore)?,
        };
        let config = Config::from_toml_str(config, "test").expect("valid");
        let writes = args.writes(&config).map_err(|error| error.to_string())?;
        Ok(writes
            .iter()
            .map(|write| (write.after_frames, write.offset_bytes, write.value))
            .collect())
    }

    const CORES_40: &str = "spray = { cores = 40, control = true }";

    #[test]
    fn changes_are_written_in_order_as_whole_words_of_the_mask() {
        let writes = changes(&["33@50", "1@9", "2@9"], &["1@60", "33@70"], CORES_40);
        let expected = [
            (9, 0xa0, 2),
            (9, 0xa0, 6),
            (50, 0xa4, 2),
            (60, 0xa0, 4),
            (70, 0xa4, 0),
        ];
        assert_eq!(writes, Ok(expected.to_vec()));
    }

    #[test]
    fn changes_that_cannot_be_made_are_refused() {
        let refused = |fail: &[&str], config: &str, wanted: &str| {
            assert_eq!(changes(fail, &[], config), Err(wanted.to_owned()));
        };
        let form = "write it as CORE@FRAMES, as in 3@1000: core 3, when 1000 frames have gone in";
        for text in ["3", "@", "3@", "@7", "a@7", "-1@7"] {
            refused(&[text], CORES_40, form);
        }
        refused(
            &["40@7"],
            CORES_40,
            "--fail 40@7: there are 40 cores; the last one is 39",
        );
        refused(
            &["0@1", "1@7"],
            "spray = { cores = 2, control = true }",
            "--fail 1@7: no core is left, and all frames would wait; leave one in",
        );
        refused(
            &["0@1"],
            "spray.cores = 2",
            "--fail: the configuration has no registers; add --control",
        );
    }
}
