//! What goes into OpenNIC's box, and what is refused.

use seqnic_netfpga::opennic::{Plugin, Ports};
use seqnic_spec::Config;

/// A prefix of 18 + 4 * 18 + 2 = 92 bytes.
const FITS: &str = "bus.data_bits = 512\nhistory = { row = \"heavy-hitter\", rows = 4 }";

fn plugin(spray: &str) -> Result<Plugin, String> {
    let config = Config::from_toml_str(&format!("{FITS}\n{spray}"), "test.toml").expect("valid");
    Plugin::new(&config, Ports::Both, true, false).map_err(|error| error.to_string())
}

fn refusal(text: &str) -> String {
    let config = Config::from_toml_str(text, "test.toml").expect("valid");
    let refused = Plugin::new(&config, Ports::First, false, false);
    refused.expect_err("it does not fit").to_string()
}

#[test]
fn what_the_box_has_no_place_for_is_refused() {
    let vlan = "spray = { cores = 4, steering = \"vlan\", vid_step = 256 }";
    for (text, wanted) in [
        (
            "bus.data_bits = 1024".to_owned(),
            "bus.data_bits = 1024: the box has 512 bits; use --data-bits 512",
        ),
        (
            format!("{FITS}\nbus.tuser_bits = 32\n{vlan}"),
            "bus.tuser_bits = 32: the plugin has length and source in it, and no free bits; leave it out",
        ),
        (
            format!("{FITS}\nspray = {{ cores = 4, steering = \"vlan\", control = true, heartbeat = true }}"),
            "spray.heartbeat = true: in this host nothing tells the sequencer which frames came back; leave it out, and take \
             cores out and in with the registers",
        ),
        (
            format!(
                "bus.data_bits = 512\nhistory = {{ row = \"connection-tracker\", rows = 4 }}\n{vlan}\ntimestamp.source = \"port\""
            ),
            "timestamp.source = \"port\": the datapath has no port for the time; use --timestamp counter",
        ),
        (
            format!("{FITS}\n{vlan}\n[flowradar]\nflows = 100"),
            "flowradar.flows = 100: this host has no stream for the exports of an encoder; leave [flowradar] out; \
             `emit verilog` makes an encoder that watches any stream",
        ),
        (
            format!("{FITS}\nspray.cores = 4"),
            "spray.steering = \"source-mac\": the shell picks queues by bits 8 to 11 of the VLAN ID and by IPv4 fields, \
             and by nothing else; use --steering vlan --vid-step 256",
        ),
        (
            format!("{FITS}\nspray = {{ cores = 4, steering = \"tdest\" }}"),
            "spray.steering = \"tdest\": the shell picks queues by bits 8 to 11 of the VLAN ID and by IPv4 fields, \
             and by nothing else; use --steering vlan --vid-step 256",
        ),
        (
            format!("{FITS}\nspray = {{ cores = 4, steering = \"vlan\" }}"),
            "spray.vid_step = 1: the shell picks queues by bits 8 to 11 of the VLAN ID, and with first_vid = 1 these are \
             not different for 4 cores; use --vid-step 256",
        ),
        (
            "bus.data_bits = 512\nhistory.rows = 16\nspray = { cores = 17, steering = \"vlan\", vid_step = 128 }".to_owned(),
            "spray.cores = 17: bits 8 to 11 of the VLAN ID, which the shell picks queues by, tell 16 cores apart; \
             use --cores 16 or fewer",
        ),
    ] {
        assert_eq!(refusal(&text), wanted);
    }
}

#[test]
fn whatever_tells_the_cores_apart_by_the_hashed_bits_is_taken() {
    for spray in [
        "spray = { cores = 4, steering = \"vlan\", vid_step = 256 }",
        "spray = { cores = 2, steering = \"vlan\", vid_step = 2048 }",
        // 255 and 256.
        "spray = { cores = 2, steering = \"vlan\", first_vid = 255 }",
        "spray.cores = 1",
        "spray = { cores = 1, steering = \"vlan\" }",
    ] {
        assert!(plugin(spray).is_ok(), "{spray}: {:?}", plugin(spray).err());
    }
}

#[test]
fn frames_of_two_beats_are_known() {
    // The shortest frame of 60 bytes makes two beats of 64 up to a prefix of 68 bytes.
    for (rows, is_short) in [(1, true), (2, true), (3, false)] {
        let text = format!(
            "bus.data_bits = 512\nspray = {{ cores = 1 }}\nhistory = {{ row = \"heavy-hitter\", rows = {rows} }}"
        );
        let config = Config::from_toml_str(&text, "test.toml").expect("valid");
        let plugin = Plugin::new(&config, Ports::First, false, false).expect("it fits");
        assert_eq!(plugin.config().prefix_bytes(), 16 + 18 * rows);
        assert_eq!(plugin.has_frames_of_two_beats(), is_short);
    }
}
