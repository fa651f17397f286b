//! Prints `docs/packet-format.md`.

fn main() {
    print!("{}", seqnic_spec::packet_format_markdown());
}
