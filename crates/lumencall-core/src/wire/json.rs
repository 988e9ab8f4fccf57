//! The codec over JSON text.

use std::fmt;

use serde_json::Value;

use super::{ClientFrame, ServerFrame, Sink, Source, Wire, WireError};

/// Why a text is not a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonError {
    /// It is not JSON, nests deeper than 127, or holds half a surrogate pair.
    NotJson,
    /// It is JSON of another shape.
    Shape(WireError),
}

impl fmt::Display for JsonError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson => formatter.write_str("the frame is not JSON text, or nests too deeply"),
            Self::Shape(WireError { field: "", expected }) => {
                write!(formatter, "the frame should be {expected}")
            }
            Self::Shape(WireError { field, expected }) => write!(formatter, "`{field}` should be {expected}"),
        }
    }
}

impl std::error::Error for JsonError {}

/// Reads a client's frame. Without a command but with an `id`, the id comes back too, so that the error can be a reply.
///
/// # Errors
/// Says what is wrong with the text.
pub fn read_client_frame(text: &str) -> Result<ClientFrame, (Option<u32>, JsonError)> {
    let value = parse(text).map_err(|error| (None, error))?;
    ClientFrame::read(&&value).map_err(|error| {
        let id = Wire::read_member(&&value, "id").unwrap_or_default();
        (id, JsonError::Shape(error))
    })
}

/// Reads a server's frame.
///
/// # Errors
/// Says what is wrong with the text.
pub fn read_server_frame(text: &str) -> Result<ServerFrame, JsonError> {
    ServerFrame::read(&&parse(text)?).map_err(JsonError::Shape)
}

/// Writes a client's frame.
pub fn write_client_frame(frame: &ClientFrame) -> String {
    write(frame)
}

/// Writes a server's frame.
pub fn write_server_frame(frame: &ServerFrame) -> String {
    write(frame)
}

fn parse(text: &str) -> Result<Value, JsonError> {
    serde_json::from_str(text).map_err(|_| JsonError::NotJson)
}

fn write(value: &impl Wire) -> String {
    let mut sink = JsonSink { text: String::with_capacity(256), first: true };
    value.write(&mut sink);
    sink.text
}

impl Source for &Value {
    fn null() -> Self {
        &Value::Null
    }

    fn member(&self, name: &str) -> Option<Self> {
        self.get(name).filter(|member| !member.is_null())
    }

    fn is_object(&self) -> bool {
        Value::is_object(self)
    }

    fn text(&self) -> Option<String> {
        self.as_str().map(str::to_owned)
    }

    fn flag(&self) -> Option<bool> {
        self.as_bool()
    }

    fn number(&self) -> Option<f64> {
        self.as_f64()
    }

    fn items(&self) -> Option<Vec<Self>> {
        self.as_array().map(|items| items.iter().collect())
    }

    fn rest(&self, known: &[&str]) -> Option<Box<str>> {
        let mut rest = String::new();
        for (name, value) in self.as_object()?.iter().filter(|(name, _)| !known.contains(&name.as_str())) {
            if !rest.is_empty() {
                rest.push(',');
            }
            push_text(&mut rest, name);
            rest.push(':');
            rest.push_str(&value.to_string());
        }
        (!rest.is_empty()).then(|| rest.into())
    }
}

struct JsonSink {
    text: String,
    /// Whether the next member or element is the first, and takes no comma before it.
    first: bool,
}

impl JsonSink {
    fn comma(&mut self) {
        if !self.first {
            self.text.push(',');
        }
        self.first = false;
    }

    /// A value: an element takes a comma, the value of a member does not.
    fn value(&mut self, write: impl FnOnce(&mut String)) {
        if !self.text.ends_with(':') {
            self.comma();
        }
        self.first = false;
        write(&mut self.text);
    }

    fn open(&mut self, bracket: char) {
        self.value(|text| text.push(bracket));
        self.first = true;
    }

    fn close(&mut self, bracket: char) {
        self.text.push(bracket);
        self.first = false;
    }
}

impl Sink for JsonSink {
    fn begin_object(&mut self) {
        self.open('{');
    }

    fn key(&mut self, name: &'static str) {
        self.comma();
        push_text(&mut self.text, name);
        self.text.push(':');
    }

    fn end_object(&mut self) {
        self.close('}');
    }

    fn begin_array(&mut self) {
        self.open('[');
    }

    fn end_array(&mut self) {
        self.close(']');
    }

    fn text(&mut self, value: &str) {
        self.value(|text| push_text(text, value));
    }

    fn flag(&mut self, value: bool) {
        self.value(|text| text.push_str(if value { "true" } else { "false" }));
    }

    fn number(&mut self, value: f64) {
        self.value(|text| text.push_str(&value.to_string()));
    }

    fn null(&mut self) {
        self.value(|text| text.push_str("null"));
    }

    fn rest(&mut self, members: &str) {
        self.comma();
        self.text.push_str(members);
    }
}

/// Appends the string as JSON, quoted and escaped.
fn push_text(text: &mut String, value: &str) {
    text.push_str(&Value::from(value).to_string());
}
