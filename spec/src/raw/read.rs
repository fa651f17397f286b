//! From TOML to the raw tables. What does not fit is named by its key, and said in the words of TOML.
//!
//! The derived readers alone would take an array for a table, its elements for the keys in their order.

use std::fmt::Display;
use std::ops::Range;

use serde::Deserialize;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use thiserror::Error;
use toml::de::{DeTable, DeValue};

use super::RawConfig;
use crate::error::SpecError;

/// Reads a whole text.
pub(super) fn read(text: &str, origin: &str) -> Result<RawConfig, SpecError> {
    let table = DeTable::parse(text)
        .map_err(|error| SpecError::syntax(error.span(), error.message(), text, origin))?;
    let (span, table) = (table.span(), DeValue::Table(table.into_inner()));
    let root = Node {
        key: String::new(),
        value: &table,
        span,
        text,
    };
    RawConfig::deserialize(root)
        .map_err(|Misfit { span, message }| SpecError::syntax(span, &message, text, origin))
}

/// A value with its key and its place.
#[derive(Clone)]
struct Node<'a> {
    key: String,
    value: &'a DeValue<'a>,
    span: Range<usize>,
    text: &'a str,
}

/// What does not fit, and where it stands once that is known.
#[derive(Debug, Error)]
#[error("{message}")]
struct Misfit {
    span: Option<Range<usize>>,
    message: String,
}

impl de::Error for Misfit {
    fn custom<T: Display>(message: T) -> Self {
        Self {
            span: None,
            message: message.to_string(),
        }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::custom(format!("needs the key {field}; add it"))
    }
}

/// The most characters of a value that are shown.
const SHOWN_CHARACTERS: usize = 48;

impl<'a> Node<'a> {
    /// The value behind a key or an index of this one.
    fn inner(&self, key: String, value: &'a toml::Spanned<DeValue<'a>>) -> Self {
        Self {
            key,
            value: value.get_ref(),
            span: value.span(),
            text: self.text,
        }
    }

    fn key_of(&self, name: &str) -> String {
        match self.key.as_str() {
            "" => name.to_owned(),
            key => format!("{key}.{name}"),
        }
    }

    /// The value as it is written, if that is short.
    fn shown(&self) -> String {
        let written = self.text.get(self.span.clone()).unwrap_or_default();
        match self.value {
            DeValue::Table(_) if !written.starts_with('{') => "a table".to_owned(),
            _ if written.contains('\n') || written.chars().count() > SHOWN_CHARACTERS => {
                let start: String = written.chars().take(SHOWN_CHARACTERS).collect();
                format!("{} ...", start.lines().next().unwrap_or_default())
            }
            _ => written.to_owned(),
        }
    }

    fn misfit(&self, reason: impl Display) -> Misfit {
        Misfit {
            span: Some(self.span.clone()),
            message: format!("{} = {}: {reason}", self.key, self.shown()),
        }
    }

    /// Says of an error that does not know its place that it is here.
    fn place(&self, error: Misfit) -> Misfit {
        match error.span {
            None => self.misfit(error.message),
            Some(_) => error,
        }
    }

    fn refuse<T>(&self, reason: impl Display) -> Result<T, Misfit> {
        Err(self.misfit(reason))
    }

    fn number(&self) -> Option<u64> {
        let integer = self.value.as_integer()?;
        u64::from_str_radix(integer.as_str(), integer.radix()).ok()
    }

    fn table<'de, V: Visitor<'de>>(
        self,
        table: &'a DeTable<'a>,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let pairs = table.iter().map(|(name, value)| {
            let name = name.get_ref().as_ref();
            (name, self.inner(self.key_of(name), value))
        });
        let read = visitor.visit_map(MapDeserializer::new(pairs));
        read.map_err(|error| self.place(error))
    }
}

impl<'de, 'a> de::Deserializer<'de> for Node<'a> {
    type Error = Misfit;

    /// What may be of several kinds.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.value {
            DeValue::String(_) => self.deserialize_string(visitor),
            DeValue::Integer(_) => self.deserialize_u64(visitor),
            DeValue::Boolean(_) => self.deserialize_bool(visitor),
            DeValue::Array(_) => self.deserialize_seq(visitor),
            DeValue::Table(table) => self.clone().table(table, visitor),
            DeValue::Float(_) | DeValue::Datetime(_) => {
                self.refuse("no key has such a value; docs/configuration.md lists all")
            }
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        keys: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let Some(table) = self.value.as_table() else {
            // An element has no header of its own.
            let name = match self.key.split_once('[') {
                None => format!("[{}]", self.key),
                Some((list, _)) => format!("[[{list}]]"),
            };
            return self.refuse(format!(
                "must be a table; write {name} and its keys below it, as in examples/"
            ));
        };
        let known = |name: &str| keys.contains(&name);
        if let Some((name, value)) = table.iter().find(|(name, _)| !known(name.get_ref())) {
            let value = self.inner(self.key_of(name.get_ref()), value);
            return Err(Misfit {
                span: Some(name.span()),
                ..value.misfit(format!("is not a known key; there are {}", keys.join(", ")))
            });
        }
        self.clone().table(table, visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let Some(array) = self.value.as_array() else {
            return self.refuse(match self.value {
                DeValue::Table(_) => format!("must be a list; write [[{}]]", self.key),
                _ => format!("must be a list; write it as [{}]", self.shown()),
            });
        };
        let elements = array.iter().enumerate();
        let elements =
            elements.map(|(i, element)| self.inner(format!("{}[{i}]", self.key), element));
        visitor.visit_seq(SeqDeserializer::new(elements))
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.number() {
            Some(number) => visitor.visit_u64(number),
            None => self.refuse(
                "must be a whole number, 0 or more and of at most 64 bits; write it as 16 or 0x10",
            ),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.value.as_bool() {
            Some(value) => visitor.visit_bool(value),
            None => self.refuse("must be true or false; write one of the two without quotes"),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.value.as_str() {
            Some(text) => visitor.visit_str(text),
            None => self.refuse("must be a text; put it in quotes"),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let read = visitor.visit_some(self.clone());
        read.map_err(|error| self.place(error))
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 u8 u16 u32 f32 f64 char str bytes byte_buf unit unit_struct newtype_struct tuple tuple_struct map
        enum identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Misfit> for Node<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
