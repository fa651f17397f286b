//! The metadata of the programs. A field is used for several things one after the other where a sum is made in place:
//! what is added to each other has to be in one of the chip's groups of 16 containers.

/// The bytes behind the IP header, as that says; in words.
pub const PAYLOAD: &str = "payload";
/// The length of the IPv4 header; 0 for IPv6, whose length does not count it.
pub const IP_BYTES: &str = "ip_bytes";
/// How long the packet may be; how much is left of that; in words; how many words too much are to be added.
pub const ROOM: &str = "room";
/// The words of transport header and shim.
pub const WORDS_BEFORE: &str = "words_before";
/// Whether there is an INT header, as far as the parser can tell.
pub const IS_INT: &str = "is_int";
/// The words from INT header to the end of the stack; with those before; how many of them the packet lacks.
pub const NEEDED: &str = "needed";
/// What the hop metadata length says: words.
pub const ADDED_WORDS: &str = "added_words";
/// Bytes that are added.
pub const ADDED_BYTES: &str = "added_bytes";
/// The same as words, of 8 bits.
pub const HOP: &str = "hop";
/// The length in the shim after a push.
pub const WHOLE: &str = "whole";
/// In which bits payload and length of UDP differ.
pub const UDP_DIFFERS: &str = "udp_differs";
/// The time in the egress: its lower 32 bits, and the higher 16.
pub const NOW: &str = "now";
/// The higher ones.
pub const NOW_HIGH: &str = "now_high";
/// The higher bits of the time at which the packet came.
pub const CAME_HIGH: &str = "came_high";
/// 0, unless the lower 32 bits of the time began again since the packet came.
pub const BORROW: &str = "borrow";
/// What becomes of the packet: 0 nothing, or one of the next two.
pub const DECISION: &str = "decision";
/// Metadata are pushed.
pub const PUSH: u64 = 1;
/// A flag is set.
pub const FLAG: u64 = 2;
/// What changes in front of the metadata, as far as the checksum of the transport header covers it.
pub const DELTA: &str = "delta";
/// The complement of the checksum of TCP or UDP.
pub const NOT_TRANSPORT: &str = "not_transport";
/// That of IPv4.
pub const NOT_NETWORK: &str = "not_network";
/// Which checksums are written.
pub const WRITES_IPV4: &str = "writes_ipv4";
/// That of TCP.
pub const WRITES_TCP: &str = "writes_tcp";
/// That of UDP.
pub const WRITES_UDP: &str = "writes_udp";
/// The checksum complement.
pub const WRITES_COMPLEMENT: &str = "writes_complement";
/// Whether there is room for a checksum complement.
pub const COMPLEMENT: &str = "has_complement";
/// How much more a checksum of UDP covers, whose header has the length as well.
pub const UDP_MORE: &str = "udp_more";

/// Whether a source can put a header into the packet, as far as the parser can tell; whether a node that only watches has
/// found one of IP.
pub const IS_CANDIDATE: &str = "is_candidate";
/// Which transport header was taken as a whole: 0 none, or one of the next two.
pub const TRANSPORT: &str = "transport";
/// UDP: the lowest bit says that there are ports.
pub const UDP: u64 = 1;
/// TCP: the second one says that there are flags.
pub const TCP: u64 = 3;
/// Both bits.
pub const ANY_TRANSPORT: u64 = 3;
/// The flags of TCP.
pub const TCP_FLAGS: &str = "tcp_flags";
/// Whether the packet is on the watchlist.
pub const IS_WATCHED: &str = "is_watched";
/// How many packets were watched since the last one that was taken; 0: this one is.
pub const TURN: &str = "turn";
/// How many bytes a packet has too many for a header; in `ROOM` it is with metadata.
pub const OVER: &str = "over";
/// What the shim keeps.
pub const ORIGINAL: &str = "kept";
/// The first word of the IP header with the mark.
pub const MARKED: &str = "marked_version";
/// The complement of what was there in the word that the mark is in.
pub const NOT_MARKED: &str = "not_marked";
/// By how much the sum of the IPv4 header grows.
pub const NETWORK_DELTA: &str = "network_delta";
/// What the packets of a flow have in common.
pub const FLOW: &str = "flow";

/// What is 0 until it is set, with its bits, in programs that look for an INT header.
pub const OF_HEADER: [(&str, usize); 6] = [
    (IP_BYTES, 16),
    (IS_INT, 8),
    (UDP_DIFFERS, 16),
    (NOT_NETWORK, 16),
    (DECISION, 8),
    (WRITES_IPV4, 1),
];

/// The bytes that a sink takes out; its words are those of `NEEDED` first.
pub const REMOVED: &str = "removed_bytes";
/// The complement of that: what a length that gets less adds to a sum.
pub const NOT_REMOVED: &str = "not_removed";
/// The sum of the complements of what is taken out.
pub const REMOVED_SUM: &str = "removed_sum";
/// The protocol that is restored, as the sum of the IPv4 header has it.
pub const NEW_PROTOCOL: &str = "new_protocol";
/// The complement of the one before.
pub const NOT_PROTOCOL: &str = "not_protocol";

/// The collector of a report, with a byte in front of it that is not 0.
pub const COLLECTOR: &str = "collector";
/// The metadata of the hop that a packet asks for, as far as they are known.
pub const REPORT_BITS: &str = "report_bits";
/// The domain of the packet.
pub const REPORT_DOMAIN: &str = "report_domain";
/// The port that the packet came from.
pub const INGRESS_INTERFACE: &str = "ingress_interface";
/// The port that it leaves by.
pub const EGRESS_INTERFACE: &str = "egress_interface";
/// The lower bits of the time at which the packet came; the others are `CAME_HIGH`.
pub const CAME_LOW: &str = "came_low";
/// How long the packet is.
pub const FRAME_BYTES: &str = "frame_bytes";
/// How long it stayed.
pub const LATENCY: &str = "hop_time";
/// The number of its queue.
pub const QUEUE: &str = "queue_number";
/// How much was in that.
pub const QUEUE_DEPTH: &str = "queue_depth";
/// The protocol, in 16 bits.
pub const PROTOCOL: &str = "protocol_word";
/// The session of the copy.
pub const SESSION: &str = "mirror_session";
/// The upper byte of the hash of the flow.
pub const FLOW_HIGH: &str = "flow_high";
/// The bytes of a packet that are in its report.
pub const CUT: &str = "cut_bytes";
/// The most that may be.
pub const MOST: &str = "most_bytes";
/// How many of those a packet lacks.
pub const LACKING: &str = "lacking_bytes";
/// The whole words of the bytes in a report; with those in front of them.
pub const CUT_WORDS: &str = "cut_words";
/// The bytes that are left of them.
pub const REST: &str = "rest_bytes";
/// The words in front of them.
pub const WORDS_AHEAD: &str = "words_ahead";
/// Whether the packet is a report.
pub const WRITES_REPORT: &str = "writes_report";

/// The words that four bits of the bitmap ask for.
pub fn asked(nibble: usize) -> String {
    format!("asked_{nibble}")
}

/// Those of them that the hop knows; of all, in the first one, the words of ones.
pub fn known(nibble: usize) -> String {
    format!("known_{nibble}")
}
