//! The values that messages are read from and written to.

/// A JSON value that can be looked into.
pub trait Source: Sized {
    /// The member of this object; nothing where it is absent, null, or this is no object.
    fn member(&self, name: &str) -> Option<Self>;
    /// Whether this is an object.
    fn is_object(&self) -> bool;
    /// The string, if this is one.
    fn text(&self) -> Option<String>;
    /// The boolean, if this is one.
    fn flag(&self) -> Option<bool>;
    /// The number, if this is one.
    fn number(&self) -> Option<f64>;
    /// The elements, if this is an array.
    fn items(&self) -> Option<Vec<Self>>;
    /// The members of this object other than the `known`, as JSON text `"a":1,"b":2`, where the source keeps them.
    fn rest(&self, known: &[&str]) -> Option<Box<str>>;
}

/// Where a JSON value is written, in order: an object is `begin_object`, then `key` and a value for each member, `end_object`.
pub trait Sink {
    /// Starts an object.
    fn begin_object(&mut self);
    /// Names the member whose value comes next.
    fn key(&mut self, name: &'static str);
    /// Ends the innermost object.
    fn end_object(&mut self);
    /// Starts an array; its elements follow as values.
    fn begin_array(&mut self);
    /// Ends the innermost array.
    fn end_array(&mut self);
    /// A string.
    fn text(&mut self, value: &str);
    /// A boolean.
    fn flag(&mut self, value: bool);
    /// A number.
    fn number(&mut self, value: f64);
    /// Null.
    fn null(&mut self);
    /// Members kept by [`Source::rest`], inside an object.
    fn rest(&mut self, members: &str);
}

/// Why a value is not the message that it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireError {
    /// The member at fault; empty for the value as a whole.
    pub field: &'static str,
    /// What should be there.
    pub expected: &'static str,
}

impl WireError {
    pub(crate) const fn expected(expected: &'static str) -> Self {
        Self { field: "", expected }
    }

    /// The same error, seen from the object that holds the value; the innermost name is kept.
    pub(crate) const fn within(self, field: &'static str) -> Self {
        if self.field.is_empty() { Self { field, ..self } } else { self }
    }
}

/// A value that can be read from and written to the wire.
pub trait Wire: Sized {
    /// Reads the value.
    ///
    /// # Errors
    /// Says which member is at fault and what was expected there.
    fn read<S: Source>(source: &S) -> Result<Self, WireError>;

    /// Writes the value.
    fn write<K: Sink>(&self, sink: &mut K);

    /// Reads the value from a member of `object`; [`Option`] makes an absent or null member legal.
    ///
    /// # Errors
    /// As [`Wire::read`].
    fn read_member<S: Source>(object: &S, name: &'static str) -> Result<Self, WireError> {
        match object.member(name) {
            Some(member) => Self::read(&member).map_err(|error| error.within(name)),
            None => Err(WireError { field: name, expected: "a value" }),
        }
    }

    /// Writes the value as a member of the object that is being written.
    fn write_member<K: Sink>(&self, name: &'static str, sink: &mut K) {
        sink.key(name);
        self.write(sink);
    }
}

impl<T: Wire> Wire for Option<T> {
    fn read<S: Source>(source: &S) -> Result<Self, WireError> {
        T::read(source).map(Some)
    }

    fn write<K: Sink>(&self, sink: &mut K) {
        match self {
            Some(value) => value.write(sink),
            None => sink.null(),
        }
    }

    fn read_member<S: Source>(object: &S, name: &'static str) -> Result<Self, WireError> {
        match object.member(name) {
            Some(member) => T::read(&member).map(Some).map_err(|error| error.within(name)),
            None => Ok(None),
        }
    }

    fn write_member<K: Sink>(&self, name: &'static str, sink: &mut K) {
        if let Some(value) = self {
            value.write_member(name, sink);
        }
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn read<S: Source>(source: &S) -> Result<Self, WireError> {
        source.items().ok_or(WireError::expected("an array"))?.iter().map(T::read).collect()
    }

    fn write<K: Sink>(&self, sink: &mut K) {
        sink.begin_array();
        for item in self {
            item.write(sink);
        }
        sink.end_array();
    }
}

macro_rules! plain {
    ($type:ty, $expected:literal, $read:expr, $write:expr) => {
        impl Wire for $type {
            fn read<S: Source>(source: &S) -> Result<Self, WireError> {
                $read(source).ok_or(WireError::expected($expected))
            }

            fn write<K: Sink>(&self, sink: &mut K) {
                $write(self, sink);
            }
        }
    };
}

plain!(Box<str>, "a string", |source: &S| source.text().map(Into::into), |value: &Self, sink: &mut K| sink
    .text(value));
plain!(bool, "true or false", S::flag, |value: &bool, sink: &mut K| sink.flag(*value));
plain!(
    u16,
    "a whole number from 0 to 65535",
    |source: &S| whole(source, u16::MAX.into()).map(|n| n as Self),
    |value: &u16, sink: &mut K| {
        sink.number((*value).into());
    }
);
plain!(
    u32,
    "a whole number from 0 to 4294967295",
    |source: &S| whole(source, u32::MAX.into()).map(|n| n as Self),
    |value: &u32, sink: &mut K| {
        sink.number((*value).into());
    }
);

fn whole<S: Source>(source: &S, most: f64) -> Option<f64> {
    source.number().filter(|number| *number >= 0.0 && *number <= most && number.trunc() == *number)
}
