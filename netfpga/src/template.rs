//! Texts with places to be filled.

/// What stands in the places: the text for each name, which a template holds between two `@`.
pub(crate) struct Template {
    values: Vec<(&'static str, String)>,
}

impl Template {
    pub(crate) fn new(values: Vec<(&'static str, String)>) -> Self {
        Self { values }
    }

    /// The template with all its places filled.
    pub(crate) fn text(&self, template: &str) -> String {
        let values = self.values.iter();
        values.fold(template.to_owned(), |text, (name, value)| {
            text.replace(&format!("@{name}@"), value)
        })
    }
}
