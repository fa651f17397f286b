//! The packet format as a document, made from the layout tables.

mod prose;
mod tables;

use std::fmt;

use crate::row::{RowLayout, RowPreset};

/// `docs/packet-format.md`: every source, every row, every prefix, and the rules that
/// say which packets are remembered.
pub fn packet_format_markdown() -> String {
    let mut page = Page::default();
    page.paragraph(prose::GENERATED);
    page.paragraph(prose::OVERVIEW);

    page.heading("The prefix");
    page.paragraph(prose::PREFIX);
    page.table(
        &["kind", "bytes", "content"],
        prose::SECTION_KINDS.map(row_of_text),
    );
    page.paragraph(prose::ETHERNET);
    page.paragraph(&tables::example_text());
    for (title, rows) in tables::prefix_presets() {
        page.subheading(&title);
        page.table(&["offset", "bytes", "content"], rows);
    }

    page.heading("Which rows are filled");
    page.paragraph(prose::VALIDITY);

    page.heading("The rows");
    page.paragraph(prose::ROWS);
    for &preset in RowPreset::ALL {
        let layout = RowLayout::preset(preset);
        page.subheading(&format!("`{preset}`: {} bytes", layout.bytes()));
        page.paragraph(&tables::row_text(&layout));
        if !layout.fields().is_empty() {
            let columns = ["offset", "bytes", "byte order", "field", "source"];
            page.table(&columns, tables::row_fields(&layout));
        }
    }

    page.heading("The sources of fields");
    page.paragraph(prose::SOURCES);
    page.table(
        &["source", "layer", "first bit", "bits", "value"],
        tables::sources(),
    );

    page.heading("Which headers a packet has");
    page.paragraph(prose::PARSING);

    crate::flowradar::write_page(&mut page);
    crate::int::write_page(&mut page);
    page.text
}

/// Markdown that grows block by block.
#[derive(Default)]
pub(crate) struct Page {
    pub(crate) text: String,
}

impl Page {
    pub(crate) fn heading(&mut self, title: &str) {
        self.paragraph(&format!("## {title}"));
    }

    pub(crate) fn subheading(&mut self, title: &str) {
        self.paragraph(&format!("### {title}"));
    }

    pub(crate) fn paragraph(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(text.trim());
        self.text.push('\n');
    }

    pub(crate) fn table<const N: usize>(
        &mut self,
        columns: &[&str; N],
        rows: impl IntoIterator<Item = [String; N]>,
    ) {
        let mut lines = vec![line(columns), line(&["---"; N])];
        lines.extend(rows.into_iter().map(|row| line(&row)));
        self.paragraph(&lines.join("\n"));
    }
}

/// One line of a table.
fn line<T: fmt::Display>(cells: &[T]) -> String {
    let cells: Vec<_> = cells.iter().map(|cell| format!(" {cell} ")).collect();
    format!("|{}|", cells.join("|"))
}

fn row_of_text<const N: usize>(row: [&str; N]) -> [String; N] {
    row.map(str::to_owned)
}
