//! The values that messages are read from and written to.

/// A JSON value that can be looked into.
pub trait Source: Sized {
    /// Null.
    fn null() -> Self;
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

/// The first thing that was wrong with a message, while it is read to its end.
///
/// Reading goes on past it with values that mean nothing, so that no read needs a way out of the middle: that is what
/// weighs in a download.
#[derive(Debug, Default)]
pub struct Fault(Option<WireError>);

impl Fault {
    /// Notes that something else was expected, if nothing was noted before.
    pub(crate) fn note(&mut self, expected: &'static str) {
        self.0.get_or_insert(WireError::expected(expected));
    }

    /// The same, of a member.
    pub(crate) fn note_member(&mut self, field: &'static str, expected: &'static str) {
        self.0.get_or_insert(WireError { field, expected });
    }

    /// Whether nothing was wrong so far.
    pub(crate) const fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// Puts the name of a member to what was found wrong in it, if all was well before it.
    #[inline(never)]
    pub(crate) fn name(&mut self, was_none: bool, name: &'static str) {
        if was_none {
            self.0 = self.0.map(|error| error.within(name));
        }
    }

    /// The value, if nothing was wrong.
    pub(crate) fn check<T>(self, value: T) -> Result<T, WireError> {
        self.0.map_or(Ok(value), Err)
    }
}

/// A value that can be read from and written to the wire.
pub trait Wire: Sized {
    /// Reads the value. What is wrong with it is noted in `fault`, and the value then means nothing.
    fn take<S: Source>(source: &S, fault: &mut Fault) -> Self;

    /// Writes the value.
    fn write<K: Sink>(&self, sink: &mut K);

    /// Reads the value from a member of `object`; [`Option`] makes an absent or null member legal.
    #[inline(never)]
    fn take_member<S: Source>(object: &S, name: &'static str, fault: &mut Fault) -> Self {
        let sound = fault.is_none();
        let member = object.member(name).unwrap_or_else(|| {
            fault.note("a value");
            S::null()
        });
        let value = Self::take(&member, fault);
        fault.name(sound, name);
        value
    }

    /// Writes the value as a member of the object that is being written.
    #[inline(never)]
    fn write_member<K: Sink>(&self, name: &'static str, sink: &mut K) {
        sink.key(name);
        self.write(sink);
    }

    /// Reads the value.
    ///
    /// # Errors
    /// Says which member is at fault and what was expected there.
    fn read<S: Source>(source: &S) -> Result<Self, WireError> {
        let mut fault = Fault::default();
        let value = Self::take(source, &mut fault);
        fault.check(value)
    }

    /// Reads the value from a member of `object`.
    ///
    /// # Errors
    /// As [`Wire::read`].
    fn read_member<S: Source>(object: &S, name: &'static str) -> Result<Self, WireError> {
        let mut fault = Fault::default();
        let value = Self::take_member(object, name, &mut fault);
        fault.check(value)
    }
}

impl<T: Wire> Wire for Option<T> {
    fn take<S: Source>(source: &S, fault: &mut Fault) -> Self {
        Some(T::take(source, fault))
    }

    fn write<K: Sink>(&self, sink: &mut K) {
        match self {
            Some(value) => value.write(sink),
            None => sink.null(),
        }
    }

    #[inline(never)]
    fn take_member<S: Source>(object: &S, name: &'static str, fault: &mut Fault) -> Self {
        let sound = fault.is_none();
        let value = object.member(name).map(|member| T::take(&member, fault));
        fault.name(sound, name);
        value
    }

    fn write_member<K: Sink>(&self, name: &'static str, sink: &mut K) {
        if let Some(value) = self {
            value.write_member(name, sink);
        }
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn take<S: Source>(source: &S, fault: &mut Fault) -> Self {
        let items = source.items().unwrap_or_else(|| {
            fault.note("an array");
            Vec::new()
        });
        items.iter().map(|item| T::take(item, fault)).collect()
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
            fn take<S: Source>(source: &S, fault: &mut Fault) -> Self {
                $read(source).unwrap_or_else(|| {
                    fault.note($expected);
                    Self::default()
                })
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
