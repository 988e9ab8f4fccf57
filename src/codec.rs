//! The wire codec over the browser's own values: `JSON.parse` and `JSON.stringify` do the text.

use js_sys::{Array, JSON, Object, Promise, Reflect};
use lumencall_core::wire::{ServerEvent, Sink, Source, Wire, WireError};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// A JavaScript value to be read.
pub(crate) struct JsSource(pub(crate) JsValue);

/// The page's window, or what a page has in its place.
pub(crate) fn window() -> JsSource {
    JsSource(js_sys::global().into())
}

impl Source for JsSource {
    fn null() -> Self {
        Self(JsValue::NULL)
    }

    fn member(&self, name: &str) -> Option<Self> {
        let member = Reflect::get(&self.0, &JsValue::from_str(name)).ok()?;
        (!member.is_undefined() && !member.is_null()).then_some(Self(member))
    }

    fn is_object(&self) -> bool {
        self.0.is_object()
    }

    fn text(&self) -> Option<String> {
        self.0.as_string()
    }

    fn flag(&self) -> Option<bool> {
        self.0.as_bool()
    }

    fn number(&self) -> Option<f64> {
        self.0.as_f64()
    }

    fn items(&self) -> Option<Vec<Self>> {
        Some(self.0.dyn_ref::<Array>()?.iter().map(Self).collect())
    }

    /// Nobody behind the SDK reads what it does not know.
    fn rest(&self, _known: &[&str]) -> Option<Box<str>> {
        None
    }
}

/// A JavaScript value being written: the open objects and arrays, outermost first, each with the key that comes next.
#[derive(Default)]
struct JsSink {
    open: Vec<(JsValue, &'static str)>,
    done: JsValue,
}

impl JsSink {
    fn value(&mut self, value: JsValue) {
        match self.open.last() {
            None => self.done = value,
            Some((container, key)) => match container.dyn_ref::<Array>() {
                Some(array) => drop(array.push(&value)),
                None => set(container, key, &value),
            },
        }
    }

    fn close(&mut self) {
        if let Some((container, _)) = self.open.pop() {
            self.value(container);
        }
    }
}

impl Sink for JsSink {
    fn begin_object(&mut self) {
        self.open.push((Object::new().into(), ""));
    }

    fn key(&mut self, name: &'static str) {
        if let Some((_, key)) = self.open.last_mut() {
            *key = name;
        }
    }

    fn end_object(&mut self) {
        self.close();
    }

    fn begin_array(&mut self) {
        self.open.push((Array::new().into(), ""));
    }

    fn end_array(&mut self) {
        self.close();
    }

    fn text(&mut self, value: &str) {
        self.value(JsValue::from_str(value));
    }

    fn flag(&mut self, value: bool) {
        self.value(JsValue::from_bool(value));
    }

    fn number(&mut self, value: f64) {
        self.value(JsValue::from_f64(value));
    }

    fn null(&mut self) {
        self.value(JsValue::NULL);
    }

    fn rest(&mut self, _members: &str) {}
}

/// The value as a JavaScript value.
pub(crate) fn to_js(value: &impl Wire) -> JsValue {
    let mut sink = JsSink::default();
    value.write(&mut sink);
    sink.done
}

/// The data of an event as a JavaScript value.
pub(crate) fn event_to_js(event: &ServerEvent) -> JsValue {
    let mut sink = JsSink::default();
    event.write_data(&mut sink);
    sink.done
}

/// A plain object of the SDK's own making.
pub(crate) struct Plain(JsValue);

impl Plain {
    pub(crate) fn new() -> Self {
        Self(Object::new().into())
    }

    /// With this member.
    pub(crate) fn with(self, name: &str, value: &JsValue) -> Self {
        set(&self.0, name, value);
        self
    }

    /// With this member, a string.
    pub(crate) fn with_text(self, name: &str, value: &str) -> Self {
        self.with(name, &JsValue::from_str(value))
    }

    pub(crate) fn done(self) -> JsValue {
        self.0
    }
}

/// Sets a member of something of ours, or of what takes any member: it cannot fail.
pub(crate) fn set(object: &JsValue, name: &str, value: &JsValue) {
    drop(Reflect::set(object, &JsValue::from_str(name), value));
}

/// Lets nobody hear how a promise is settled.
pub(crate) fn ignore(promise: impl Into<Promise>) {
    let settled = JsFuture::from(promise.into());
    spawn_local(async move { drop(settled.await) });
}

/// The parts in a row. One piece of code for all of them.
pub(crate) fn join(parts: &[&str]) -> String {
    let mut text = String::new();
    for part in parts {
        text.push_str(part);
    }
    text
}

/// The value as JSON text.
pub(crate) fn to_text(value: &impl Wire) -> Option<String> {
    JSON::stringify(&to_js(value)).ok().map(Into::into)
}

/// The value that a JSON text holds.
pub(crate) fn from_text<T: Wire>(text: &str) -> Result<T, WireError> {
    let value = JSON::parse(text).unwrap_or(JsValue::UNDEFINED);
    T::read(&JsSource(value))
}

#[cfg(test)]
#[path = "codec_tests.rs"]
mod tests;
