//! INT headers with their stacks, and telemetry reports, read from bytes and written back.

use thiserror::Error;

use super::headers::{
    GroupHeader, HeaderV1, IndividualHeader, MdHeader, MxHeader, REPORT_TO_END, ReportBody,
    VERSION, VERSION_1_0, kind, report_type,
};
use super::{Instruction, Instructions, Truncated, WORD_BYTES};

/// A version of the INT specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum IntVersion {
    /// INT v1.0: shims count themselves, timestamps have 4 bytes, there are no domains.
    V1_0,
    /// INT v2.0 and v2.1.
    #[default]
    V2_1,
}

/// Why bytes are no INT header or no report.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IntError {
    /// They end too early.
    #[error(transparent)]
    Truncated(#[from] Truncated),
    /// The version is another one.
    #[error("{header} has version {found}, only {expected} can be read")]
    Version {
        /// The header.
        header: &'static str,
        /// Its version.
        found: u8,
        /// The version that can be read.
        expected: u8,
    },
    /// The kind of header is unknown.
    #[error("the shim announces a header of kind {found}, known are {known}")]
    Kind {
        /// The kind.
        found: u8,
        /// Those that are known.
        known: &'static str,
    },
    /// A length is less than what it counts.
    #[error("{field} = {found} words, but at least {needed} must be there")]
    Length {
        /// The field.
        field: &'static str,
        /// Its value.
        found: usize,
        /// The least that makes sense.
        needed: usize,
    },
}

/// An INT header, and what follows it up to the end that the shim gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntHeader<'a> {
    /// INT-MD.
    Md(MdHeader, Stack<'a>),
    /// INT-MX, and what the source inserted.
    Mx(MxHeader, &'a [u8]),
    /// A destination header, of which nothing is known.
    Destination(&'a [u8]),
    /// INT v1.0.
    V1(HeaderV1, Stack<'a>),
}

/// The metadata of hops, the newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stack<'a> {
    version: IntVersion,
    hop_words: usize,
    instructions: Instructions,
    bytes: &'a [u8],
}

/// What a hop has pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop<'a> {
    /// For each instruction that is known its value; `None` for all ones, which stand for one that is not available.
    pub values: Vec<(Instruction, Option<u64>)>,
    /// What stands behind them: reserved words, and the metadata of the domain.
    pub rest: &'a [u8],
}

impl<'a> IntHeader<'a> {
    /// Reads the header of this kind that the bytes behind a shim start with; they end where the shim says.
    pub fn parse(version: IntVersion, kind: u8, bytes: &'a [u8]) -> Result<Self, IntError> {
        let checked = |header, found, expected| match found == expected {
            true => Ok(()),
            false => Err(IntError::Version {
                header,
                found,
                expected,
            }),
        };
        let stack = |hop_words: u8, instructions, bytes| Stack {
            version,
            hop_words: hop_words.into(),
            instructions: Instructions(instructions),
            bytes,
        };
        match (version, kind) {
            (IntVersion::V2_1, kind::MD) => {
                let (header, rest) = MdHeader::parse(bytes)?;
                checked("the INT-MD header", header.version, VERSION)?;
                let stack = stack(header.hop_words, header.instructions, rest);
                Ok(Self::Md(header, stack))
            }
            (IntVersion::V2_1, kind::MX) => {
                let (header, rest) = MxHeader::parse(bytes)?;
                checked("the INT-MX header", header.version, VERSION)?;
                Ok(Self::Mx(header, rest))
            }
            (IntVersion::V2_1, kind::DESTINATION) | (IntVersion::V1_0, 2) => {
                Ok(Self::Destination(bytes))
            }
            (IntVersion::V1_0, 1) => {
                let (header, rest) = HeaderV1::parse(bytes)?;
                checked("the INT header", header.version, VERSION_1_0)?;
                let stack = stack(header.hop_words, header.instructions, rest);
                Ok(Self::V1(header, stack))
            }
            (version, found) => Err(IntError::Kind {
                found,
                known: match version {
                    IntVersion::V1_0 => "1 and 2",
                    IntVersion::V2_1 => "1 to 3",
                },
            }),
        }
    }

    /// Appends header and stack.
    pub fn write(&self, out: &mut Vec<u8>) {
        let rest = match self {
            Self::Md(header, stack) => {
                header.write(out);
                stack.bytes
            }
            Self::Mx(header, inserted) => {
                header.write(out);
                inserted
            }
            Self::Destination(bytes) => bytes,
            Self::V1(header, stack) => {
                header.write(out);
                stack.bytes
            }
        };
        out.extend_from_slice(rest);
    }

    /// The stack, if hops push into this header.
    pub fn stack(&self) -> Option<&Stack<'a>> {
        match self {
            Self::Md(_, stack) | Self::V1(_, stack) => Some(stack),
            Self::Mx(..) | Self::Destination(_) => None,
        }
    }
}

impl<'a> Stack<'a> {
    /// The words that each hop adds.
    pub fn hop_words(&self) -> usize {
        self.hop_words
    }

    /// How many hops have pushed.
    pub fn len(&self) -> usize {
        (self.bytes.len() / WORD_BYTES)
            .checked_div(self.hop_words)
            .unwrap_or(0)
    }

    /// Whether none has.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the hops have pushed, the newest first. Words beyond a multiple of the hop length are of the oldest, which
    /// is the source.
    pub fn hops(&self) -> impl Iterator<Item = Hop<'a>> + use<'a> {
        let Self {
            version,
            hop_words,
            instructions,
            bytes,
        } = *self;
        let (count, hop_bytes) = (self.len(), hop_words * WORD_BYTES);
        (0..count).map(move |hop| {
            let start = hop * hop_bytes;
            let end = match hop + 1 == count {
                true => bytes.len(),
                false => start + hop_bytes,
            };
            Hop::read(version, instructions, &bytes[start..end])
        })
    }
}

impl<'a> Hop<'a> {
    /// Reads what the bits ask for, as far as there are bytes.
    fn read(version: IntVersion, instructions: Instructions, bytes: &'a [u8]) -> Self {
        let mut values = Vec::new();
        let mut rest = bytes;
        let complement = Instruction::ChecksumComplement;
        let last = match instructions.contains(complement) {
            true => rest.split_last_chunk::<WORD_BYTES>(),
            false => None,
        };
        if let Some((before, _)) = last {
            rest = before;
        }
        for instruction in instructions.iter().filter(|&i| i != complement) {
            let width = match (version, instruction) {
                (
                    IntVersion::V1_0,
                    Instruction::IngressTimestamp | Instruction::EgressTimestamp,
                ) => 4,
                _ => instruction.bits() / 8,
            };
            let Some((value, behind)) = rest.split_at_checked(width) else {
                break;
            };
            values.push((instruction, available(value)));
            rest = behind;
        }
        if let Some((_, word)) = last {
            values.push((complement, available(word)));
        }
        Self { values, rest }
    }

    /// The value of an instruction, if it was asked for and is available.
    pub fn get(&self, instruction: Instruction) -> Option<u64> {
        let value = self.values.iter().find(|(found, _)| *found == instruction);
        value.and_then(|(_, value)| *value)
    }
}

/// The number, unless it is all ones.
fn available(bytes: &[u8]) -> Option<u64> {
    let number = bytes
        .iter()
        .fold(0, |number, &byte| number << 8 | u64::from(byte));
    bytes.iter().any(|&byte| byte != 0xff).then_some(number)
}

/// The reports of a datagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reports<'a> {
    /// What they have in common.
    pub group: GroupHeader,
    /// At least one.
    pub reports: Vec<IndividualReport<'a>>,
}

/// A report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndividualReport<'a> {
    /// What each report begins with.
    pub header: IndividualHeader,
    /// What those of INT have behind it.
    pub body: Option<ReportBody>,
    metadata: &'a [u8],
    /// What stands behind the metadata: usually the start of a frame or packet, see
    /// [`inner_type`](super::inner_type).
    pub inner: &'a [u8],
}

impl<'a> Reports<'a> {
    /// Reads the payload of a datagram.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, IntError> {
        let (group, mut rest) = GroupHeader::parse(bytes)?;
        if group.version != VERSION {
            return Err(IntError::Version {
                header: "the group header",
                found: group.version,
                expected: VERSION,
            });
        }
        let mut reports = Vec::new();
        while !rest.is_empty() || reports.is_empty() {
            let report;
            (report, rest) = IndividualReport::parse(rest)?;
            reports.push(report);
        }
        Ok(Self { group, reports })
    }

    /// Appends the payload of a datagram.
    pub fn write(&self, out: &mut Vec<u8>) {
        self.group.write(out);
        for report in &self.reports {
            report.header.write(out);
            if let Some(body) = &report.body {
                body.write(out);
            }
            out.extend_from_slice(report.metadata);
            out.extend_from_slice(report.inner);
        }
    }
}

impl<'a> IndividualReport<'a> {
    fn parse(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), IntError> {
        let (header, rest) = IndividualHeader::parse(bytes)?;
        let words = usize::from(header.report_words);
        let (content, behind) = match header.report_words {
            REPORT_TO_END => (rest, &rest[rest.len()..]),
            _ => rest.split_at_checked(words * WORD_BYTES).ok_or(Truncated {
                header: "a report",
                bytes: rest.len(),
                needed: words * WORD_BYTES,
            })?,
        };
        let mut report = Self {
            header,
            body: None,
            metadata: &[],
            inner: content,
        };
        if header.report_type == report_type::INT {
            let (body, content) = ReportBody::parse(content)?;
            let found = usize::from(header.metadata_words);
            let needed = metadata_words(body.metadata_bits);
            if found < needed {
                let field = "the metadata length of a report";
                return Err(IntError::Length {
                    field,
                    found,
                    needed,
                });
            }
            let metadata = content
                .split_at_checked(found * WORD_BYTES)
                .ok_or(Truncated {
                    header: "the metadata of a report",
                    bytes: content.len(),
                    needed: found * WORD_BYTES,
                })?;
            report.body = Some(body);
            (report.metadata, report.inner) = metadata;
        }
        Ok((report, behind))
    }

    /// The metadata of the node, without what is not available. Bit 15 is queue, drop reason and padding here, and not
    /// among them.
    pub fn values(&self) -> Vec<(Instruction, u64)> {
        let bits = self.body.map_or(0, |body| body.metadata_bits);
        let mut rest = self.metadata;
        let mut values = Vec::new();
        for instruction in Instructions(bits & !Instruction::ChecksumComplement.mask()).iter() {
            let Some((value, behind)) = rest.split_at_checked(instruction.bits() / 8) else {
                break;
            };
            let number = |number, &byte| number << 8 | u64::from(byte);
            values.push((instruction, value.iter().fold(0, number)));
            rest = behind;
        }
        values
    }

    /// Why the packet was dropped, and from which queue.
    pub fn drop_reason(&self) -> Option<[u8; 2]> {
        let bits = self.body?.metadata_bits;
        let complement = Instruction::ChecksumComplement.mask();
        let at = (metadata_words(bits & !complement)) * WORD_BYTES;
        let word = self.metadata.get(at..).filter(|_| bits & complement != 0)?;
        word.first_chunk().copied()
    }
}

/// The words of the metadata of a report.
fn metadata_words(bits: u16) -> usize {
    Instructions(bits).words()
}
