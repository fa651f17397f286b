//! Deparsers, and the checksums that are made there.

use super::{Printer, twin_hash};
use crate::ir::{Arch, Checksum, Mirror, MirrorHeader, Pipe};
use crate::p4::names;

impl Printer<'_> {
    pub(super) fn deparser(&mut self, pipe: &Pipe) {
        let is_twin = self.arch() == Arch::V1Model;
        if !is_twin {
            for sum in &pipe.checksums {
                self.line(&format!("Checksum() {};", sum.unit()));
            }
        }
        let mirror = pipe.mirror.as_ref();
        let mirror = mirror.and_then(|mirror| Some((mirror, mirror.header.as_ref()?)));
        if mirror.is_some() {
            self.line("Mirror() mirror;");
        }
        self.block("apply {", "}", |this| {
            if let Some((mirror, header)) = mirror {
                this.mirror(mirror, header);
            }
            if !is_twin {
                this.checksums(&pipe.checksums);
            }
            for header in &pipe.deparser {
                this.line(&format!("pkt.emit(hdr.{header});"));
            }
        });
    }

    fn mirror(&mut self, mirror: &Mirror, header: &MirrorHeader) {
        let open = format!("if ({}) {{", names::is_mirrored(self.gress));
        self.block(&open, "}", |this| {
            let fields = mirror.fields.iter();
            let fields: Vec<String> = fields.map(|name| format!("md.{name}")).collect();
            this.line(&format!(
                "mirror.emit<{}_h>(md.{}, {{{}}});",
                header.name,
                header.session,
                fields.join(", ")
            ));
        });
    }

    /// The twin works out its checksums at the end of its control, by a hash function of its own: what v1model has for it
    /// does not write ones for 0.
    pub(super) fn checksums(&mut self, checksums: &[Checksum]) {
        for sum in checksums {
            let Checksum {
                when,
                target,
                fields,
                zeros_as_ones,
            } = sum;
            let target = self.place(target);
            let fields: Vec<String> = fields.iter().map(|field| self.place(field)).collect();
            let is_twin = self.arch() == Arch::V1Model;
            self.block(&format!("if (md.{when} == 1) {{"), "}", |this| {
                if is_twin {
                    this.line(&twin_hash("csum16", &target, &fields));
                    if *zeros_as_ones {
                        this.block(&format!("if ({target} == 0) {{"), "}", |this| {
                            this.line(&format!("{target} = 0xffff;"));
                        });
                    }
                    return;
                }
                let ones = if *zeros_as_ones { ", true" } else { "" };
                let fields = fields.join(", ");
                this.line(&format!(
                    "{target} = {}.update({{{fields}}}{ones});",
                    sum.unit()
                ));
            });
        }
    }
}
