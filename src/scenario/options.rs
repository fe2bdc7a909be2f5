//! Declaring options once: the fields of a protocol's parameters, what each means and may be, and its default, in one
//! place. From that come the structure, its defaults, the keys of the reference page, and the reading of a table.

/// Declares parameters that a table of a scenario gives.
///
/// ```
/// torus_sim::options! {
///     /// `[protocol.mine]`.
///     pub struct Config {
///         /// length of the list
///         pub successors: count(16, 1..=128),
///         /// between two rounds
///         pub stabilize_every: period(30),
///         /// whether a node that leaves says so
///         pub farewells: flag(true),
///     }
/// }
/// assert_eq!((Config::default().successors, Config::KEYS[2].name), (16, "farewells"));
/// ```
///
/// The comment of a field is what the reference page says of the key. A field is one of
///
/// - `count(default, from..=to)`: a whole number (`u32`),
/// - `flag(default)`: true or false,
/// - `period(seconds)`: a duration, a law of durations, or never ([`Distribution`](crate::engine::distribution)),
/// - `duration(seconds)`: a duration above zero,
/// - `word(Type, "`allowed` or `other`", ["allowed" => value, "other" => value])`: the first is the default.
#[macro_export]
macro_rules! options {
    (
        $(#[$outer:meta])*
        pub struct $name:ident {
            $($(#[doc = $doc:literal])+ pub $field:ident: $kind:ident($($argument:tt)*),)+
        }
    ) => {
        $(#[$outer])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $($(#[doc = $doc])+ pub $field: $crate::option_type!($kind($($argument)*)),)+
        }

        impl Default for $name {
            fn default() -> Self {
                $name { $($field: $crate::option_default!($kind($($argument)*)),)+ }
            }
        }

        impl $name {
            /// The keys of the table, in the order in which they are read.
            pub const KEYS: &'static [$crate::scenario::Key] = &[
                $($crate::option_key!(
                    stringify!($field), concat!($($doc),+).trim_ascii_start(), $kind($($argument)*)
                ),)+
            ];

            /// Reads each key by itself. What is wrong with it is reported through the reader.
            pub fn read_keys(table: &mut $crate::scenario::TableReader<'_>) -> Self {
                $name { $($field: $crate::option_read!(table, stringify!($field), $kind($($argument)*)),)+ }
            }
        }
    };
}

/// The type of an option: see [`options`](crate::options).
#[doc(hidden)]
#[macro_export]
macro_rules! option_type {
    (count($($rest:tt)*)) => {
        u32
    };
    (flag($($rest:tt)*)) => {
        bool
    };
    (period($($rest:tt)*)) => {
        $crate::engine::distribution::Distribution
    };
    (duration($($rest:tt)*)) => {
        $crate::engine::time::Duration
    };
    (word($type:ty, $($rest:tt)*)) => {
        $type
    };
}

/// The default of an option: see [`options`](crate::options).
#[doc(hidden)]
#[macro_export]
macro_rules! option_default {
    (count($default:literal, $range:expr)) => {
        $default
    };
    (flag($default:literal)) => {
        $default
    };
    (period($seconds:literal)) => {
        $crate::engine::distribution::Distribution::Fixed($crate::engine::time::Duration::from_secs($seconds))
    };
    (duration($seconds:literal)) => {
        $crate::engine::time::Duration::from_secs($seconds)
    };
    (word($type:ty, $allowed:literal, [$first:literal => $value:expr, $($rest:tt)*])) => {
        $value
    };
}

/// What the reference page says of an option: see [`options`](crate::options).
#[doc(hidden)]
#[macro_export]
macro_rules! option_key {
    ($name:expr, $meaning:expr, count($default:literal, $from:literal..=$to:literal)) => {
        $crate::scenario::Key::or(
            $name,
            concat!("a whole number from ", $from, " to ", $to),
            stringify!($default),
            $meaning,
        )
    };
    ($name:expr, $meaning:expr, flag($default:literal)) => {
        $crate::scenario::Key::or($name, "true or false", stringify!($default), $meaning)
    };
    ($name:expr, $meaning:expr, period($seconds:literal)) => {
        $crate::scenario::Key::or($name, "a period", concat!("\"", $seconds, "s\""), $meaning)
    };
    ($name:expr, $meaning:expr, duration($seconds:literal)) => {
        $crate::scenario::Key::or($name, "a duration above zero", concat!("\"", $seconds, "s\""), $meaning)
    };
    ($name:expr, $meaning:expr, word($type:ty, $allowed:literal, [$first:literal => $($rest:tt)*])) => {
        $crate::scenario::Key::or($name, $allowed, concat!("\"", $first, "\""), $meaning)
    };
}

/// Reads an option: see [`options`](crate::options).
#[doc(hidden)]
#[macro_export]
macro_rules! option_read {
    ($table:ident, $name:expr, count($default:literal, $from:literal..=$to:literal)) => {
        $table.count_or($name, $default, $from..=$to) as u32
    };
    ($table:ident, $name:expr, flag($default:literal)) => { $table.flag($name, $default) };
    ($table:ident, $name:expr, period($seconds:literal)) => {
        $table.period($name, $crate::engine::time::Duration::from_secs($seconds))
    };
    ($table:ident, $name:expr, duration($seconds:literal)) => {
        $table.duration_or(
            $name,
            $crate::engine::time::Duration::from_secs($seconds),
            $crate::scenario::Zero::Forbidden,
        )
    };
    ($table:ident, $name:expr, word($type:ty, $allowed:literal, [$($word:literal => $value:expr),+ $(,)?])) => {
        $table.word($name, &[$(($word, $value)),+])
    };
}
