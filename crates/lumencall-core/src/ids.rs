//! Names of things: newtypes, so that a user is never taken for a call.

use crate::wire::{Fault, Sink, Source, Wire};

/// The longest id that is accepted, in bytes of UTF-8.
const LONGEST: usize = 128;

const fn fits(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST
}

fn take<S: Source>(source: &S, fault: &mut Fault) -> Box<str> {
    let text = source.text().filter(|text| fits(text)).unwrap_or_else(|| {
        fault.note("a string of 1 to 128 bytes");
        String::new()
    });
    text.into()
}

macro_rules! id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// The id with this text, or nothing where the text is empty or longer than 128 bytes.
            pub fn new(text: impl Into<Box<str>>) -> Option<Self> {
                let text = text.into();
                fits(&text).then_some(Self(text))
            }

            /// The text of the id.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Wire for $name {
            fn take<S: Source>(source: &S, fault: &mut Fault) -> Self {
                Self(take(source, fault))
            }

            fn write<K: Sink>(&self, sink: &mut K) {
                sink.text(&self.0);
            }
        }
    };
}

id! {
    /// One call, named by the server.
    CallId
}
id! {
    /// One person, as the server authenticated them.
    UserId
}
id! {
    /// One tab or app of a user, named by the server.
    DeviceId
}
id! {
    /// The conversation that a call belongs to; the app's own, opaque here.
    ConversationId
}
