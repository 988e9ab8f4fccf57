//! Declarations of wire types: a record of members, a word out of a list, a message out of a list of events.

/// A JSON object with fixed members: `field: Type = "memberName"`. An [`Option`] may be absent or null.
///
/// With `..extra` at the end, members that are not declared are kept where the source can keep them, and written again.
macro_rules! record {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$field_meta:meta])* $field:ident: $type:ty = $key:literal, )*
            $( ..$extra:ident )?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: $type, )*
            $( #[doc = "Members that this version does not know; they are carried along unread."] pub $extra: $crate::wire::Extra, )?
        }

        impl $name {
            /// The names of the members that are declared.
            pub const MEMBERS: &'static [&'static str] = &[$( $key, )*];
        }

        impl $crate::wire::Wire for $name {
            fn take<S: $crate::wire::Source>(source: &S, fault: &mut $crate::wire::Fault) -> Self {
                if !source.is_object() {
                    fault.note("an object");
                }
                Self {
                    $( $field: <$type as $crate::wire::Wire>::take_member(source, $key, fault), )*
                    $( $extra: $crate::wire::Extra::read(source, Self::MEMBERS), )?
                }
            }

            fn write<K: $crate::wire::Sink>(&self, sink: &mut K) {
                sink.begin_object();
                $( $crate::wire::Wire::write_member(&self.$field, $key, sink); )*
                $( self.$extra.write(sink); )?
                sink.end_object();
            }
        }
    };
}

/// An enum whose variants are words on the wire.
macro_rules! words {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $( $(#[$variant_meta:meta])* $variant:ident = $word:literal, )* }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $( $(#[$variant_meta])* $variant, )* }

        impl $name {
            /// Every variant, in the order of its declaration.
            pub const ALL: &'static [Self] = &[$( Self::$variant, )*];

            /// The word on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )* }
            }

            /// The variant that this word names, if any.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $( $word => Some(Self::$variant), )* _ => None }
            }
        }

        impl $crate::wire::Wire for $name {
            fn take<S: $crate::wire::Source>(source: &S, fault: &mut $crate::wire::Fault) -> Self {
                source.text().and_then(|word| Self::from_word(&word)).unwrap_or_else(|| {
                    // In the SDK, whose app gives call types alone; what else it reads is the server's, and shown to nobody.
                    let is_shown = cfg!(feature = "json") || matches!(stringify!($name).as_bytes(), b"CallType");
                    fault.note(if is_shown { concat!("one of" $(, " ", $word)*) } else { "a word that is known" });
                    Self::ALL[0]
                })
            }

            fn write<K: $crate::wire::Sink>(&self, sink: &mut K) {
                sink.text(self.as_str());
            }
        }
    };
}

/// An enum of messages, each named by its `event` and holding its `data`.
macro_rules! messages {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $( $(#[$variant_meta:meta])* $variant:ident($data:ty) = $event:literal, )* }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $( $(#[$variant_meta])* $variant($data), )* }

        impl $name {
            /// The names of all events of this kind.
            pub const EVENTS: &'static [&'static str] = &[$( $event, )*];

            /// The name of the event.
            pub const fn event(&self) -> &'static str {
                match self { $( Self::$variant(_) => $event, )* }
            }

            /// Reads the data of the event with this name; nothing where there is no such event.
            pub(crate) fn take_data<S: $crate::wire::Source>(event: &str, data: &S, fault: &mut $crate::wire::Fault) -> Option<Self> {
                match event {
                    $( $event => Some(Self::$variant($crate::wire::Wire::take(data, fault))), )*
                    _ => None,
                }
            }

            /// Writes the data of the event.
            pub fn write_data<K: $crate::wire::Sink>(&self, sink: &mut K) {
                match self { $( Self::$variant(data) => $crate::wire::Wire::write(data, sink), )* }
            }
        }
    };
}

pub(crate) use {messages, record, words};
