//! Quantities with units, as users write them: `"30s"`, `"8MiB"`, `5` requests per second or `"none"`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::SpanRelativeTo;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A duration written with its unit (`"30s"`, `"1m 30s"`, `"250ms"`).
pub mod duration {
    use super::{Deserializer, Duration, Serializer, format_duration, parse_duration};

    /// How a duration appears in a JSON Schema.
    #[derive(Debug)]
    pub struct Schema;

    impl schemars::JsonSchema for Schema {
        fn schema_name() -> std::borrow::Cow<'static, str> {
            "Duration".into()
        }

        fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
            schemars::json_schema!({
                "type": "string",
                "description": "A duration with a unit: ms, s, m, h or d, like \"30s\" or \"1m 30s\"."
            })
        }
    }

    /// Writes the duration as text with a unit.
    pub fn serialize<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&format_duration(*value))
    }

    /// Reads text with a unit.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        let text = super::text_or_number(from, "a duration with a unit, like \"30s\"")?;
        parse_duration(&text).map_err(serde::de::Error::custom)
    }

    /// A duration that need not be there.
    pub mod option {
        use super::{Deserializer, Duration, Serializer};

        /// Writes the duration as text with a unit.
        pub fn serialize<S: Serializer>(value: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
            match value {
                Some(value) => super::serialize(value, to),
                None => to.serialize_none(),
            }
        }

        /// Reads text with a unit. What is not there is not read.
        pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
            super::deserialize(from).map(Some)
        }
    }
}

/// A number of bytes written with its unit (`"8MiB"`, `"500kB"`).
pub mod size {
    use super::{Deserializer, Serializer, format_size, parse_size};

    /// How a size appears in a JSON Schema.
    #[derive(Debug)]
    pub struct Schema;

    impl schemars::JsonSchema for Schema {
        fn schema_name() -> std::borrow::Cow<'static, str> {
            "Size".into()
        }

        fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
            schemars::json_schema!({
                "type": "string",
                "description": "A number of bytes with a unit: B, kB, KiB, MB, MiB, GB or GiB, like \"8MiB\"."
            })
        }
    }

    /// Writes the number of bytes as text with a unit.
    pub fn serialize<S: Serializer>(value: &u64, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&format_size(*value))
    }

    /// Reads text with a unit.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        let text = super::text_or_number(from, "a size with a unit, like \"8MiB\"")?;
        parse_size(&text).map_err(serde::de::Error::custom)
    }
}

/// A limit that may be lifted: a whole number, or `"none"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Limit(pub Option<u64>);

/// A time limit that may be lifted: a duration with a unit, or `"none"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimeLimit(pub Option<Duration>);

/// Requests per second: a positive number, or `"none"` for no limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate(Option<f64>);

impl Rate {
    /// No limit.
    pub const UNLIMITED: Self = Self(None);

    /// So many requests per second; `None` unless the number is finite and at least one request a day.
    pub fn per_second(requests: f64) -> Option<Self> {
        (requests.is_finite() && (1.0 / 86_400.0..=1e9).contains(&requests)).then_some(Self(Some(requests)))
    }

    /// The least time between two requests; `None` without a limit.
    pub fn interval(self) -> Option<Duration> {
        self.0.map(|rate| Duration::from_secs_f64(1.0 / rate))
    }
}

/// Reads a duration with a unit. Bare numbers are refused: `30` could be seconds or milliseconds.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    if text.trim().parse::<f64>().is_ok() {
        return Err(format!("`{text}` has no unit; write \"{text}s\" for seconds or \"{text}ms\" for milliseconds"));
    }
    let text = text.trim();
    // A plain duration refuses days, a span takes them: here each has 24 hours.
    let with_days =
        || text.parse::<jiff::Span>().and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()));
    let signed = text.parse::<jiff::SignedDuration>().or_else(|_| with_days()).map_err(|_| {
        format!("`{text}` is not a duration; write a number with a unit: ms, s, m, h or d, like \"30s\"")
    })?;
    Duration::try_from(signed).map_err(|_| format!("`{text}` is negative; a duration is at least 0"))
}

/// Writes a duration as [`parse_duration`] reads it.
pub fn format_duration(value: Duration) -> String {
    let signed = jiff::SignedDuration::try_from(value).unwrap_or(jiff::SignedDuration::MAX);
    format!("{signed:#}")
}

/// Reads a number of bytes with a unit: `B`, `kB`, `KiB`, `MB`, `MiB`, `GB`, `GiB`.
pub fn parse_size(text: &str) -> Result<u64, String> {
    if text.trim().parse::<f64>().is_ok() {
        return Err(format!("`{text}` has no unit; write \"{text}B\" for bytes, or use kB, KiB, MB, MiB, GB, GiB"));
    }
    text.trim().parse::<bytesize::ByteSize>().map(|size| size.as_u64()).map_err(|_| {
        format!("`{text}` is not a size; write a number with a unit: B, kB, KiB, MB, MiB, GB or GiB, like \"8MiB\"")
    })
}

/// Writes a number of bytes as [`parse_size`] reads it: the largest binary unit that divides it.
pub fn format_size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    UNITS
        .iter()
        .find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit))
        .map_or_else(|| format!("{bytes}B"), |(unit, name)| format!("{}{name}", bytes / unit))
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == NONE {
            return Ok(Self(None));
        }
        text.parse().map(|n| Self(Some(n))).map_err(|_| format!("`{text}` is neither a whole number nor \"none\""))
    }
}

impl FromStr for TimeLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == NONE { Ok(Self(None)) } else { parse_duration(text).map(|d| Self(Some(d))) }
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == NONE {
            return Ok(Self::UNLIMITED);
        }
        text.parse::<f64>().ok().and_then(Self::per_second).ok_or_else(|| {
            format!("`{text}` is not a rate; write requests per second, like 5 or 0.5, or \"none\" for no limit")
        })
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(n) => write!(f, "{n}"),
            None => f.write_str(NONE),
        }
    }
}

impl fmt::Display for TimeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(d) => f.write_str(&format_duration(d)),
            None => f.write_str(NONE),
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(rate) => write!(f, "{rate}"),
            None => f.write_str(NONE),
        }
    }
}

impl Serialize for Limit {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(n) => to.serialize_u64(n),
            None => to.serialize_str(NONE),
        }
    }
}

impl Serialize for TimeLimit {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            #[expect(clippy::cast_possible_truncation, reason = "checked to be a whole number below 1e9")]
            Some(rate) if rate.fract() == 0.0 => to.serialize_i64(rate as i64),
            Some(rate) => to.serialize_f64(rate),
            None => to.serialize_str(NONE),
        }
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        text_or_number(from, "a whole number or \"none\"")?.parse().map_err(serde::de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for TimeLimit {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        text_or_number(from, "a duration with a unit, like \"30s\", or \"none\"")?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        text_or_number(from, "requests per second or \"none\"")?.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Limit {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Limit".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "anyOf": [{ "type": "integer", "minimum": 0 }, { "const": NONE }] })
    }
}

impl schemars::JsonSchema for TimeLimit {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TimeLimit".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "description": "A duration with a unit, or \"none\"." })
    }
}

impl schemars::JsonSchema for Rate {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Rate".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "anyOf": [{ "type": "number", "exclusiveMinimum": 0 }, { "const": NONE }] })
    }
}

/// Takes text or a number as text, so that one parser gives one message for `rate = 5`, `rate = "5"` and `--rate 5`.
fn text_or_number<'de, D: Deserializer<'de>>(from: D, expected: &'static str) -> Result<String, D::Error> {
    struct Text(&'static str);
    impl serde::de::Visitor<'_> for Text {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<E>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }

        fn visit_u64<E>(self, n: u64) -> Result<String, E> {
            Ok(n.to_string())
        }

        fn visit_i64<E>(self, n: i64) -> Result<String, E> {
            Ok(n.to_string())
        }

        fn visit_f64<E>(self, n: f64) -> Result<String, E> {
            Ok(n.to_string())
        }
    }
    from.deserialize_any(Text(expected))
}

const NONE: &str = "none";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_needs_a_unit() {
        assert_eq!(parse_duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(parse_duration("1m 30s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse_duration("1d 2h"), Ok(Duration::from_hours(26)));
        assert_eq!(parse_duration("2w"), Ok(Duration::from_hours(24 * 14)));
        assert!(parse_duration("1mo").unwrap_err().contains("not a duration"), "nobody knows how long that is");
        assert!(parse_duration("30").unwrap_err().contains("has no unit"));
        assert!(parse_duration("-3s").unwrap_err().contains("negative"));
        assert!(parse_duration("soon").unwrap_err().contains("not a duration"));
    }

    #[test]
    fn a_duration_is_written_as_it_is_read() {
        for millis in [0, 1, 999, 1000, 90_000, 86_400_000] {
            let value = Duration::from_millis(millis);
            assert_eq!(parse_duration(&format_duration(value)), Ok(value));
        }
    }

    #[test]
    fn a_size_needs_a_unit_and_is_written_as_it_is_read() {
        assert_eq!(parse_size("8MiB"), Ok(8 << 20));
        assert_eq!(parse_size("500kB"), Ok(500_000));
        assert!(parse_size("8").unwrap_err().contains("has no unit"));
        for bytes in [0, 1, 1023, 1024, 8 << 20, 500_000] {
            assert_eq!(parse_size(&format_size(bytes)), Ok(bytes));
        }
    }

    #[test]
    fn a_rate_is_positive_or_none() {
        assert_eq!("none".parse(), Ok(Rate::UNLIMITED));
        assert_eq!("0.5".parse::<Rate>().unwrap().interval(), Some(Duration::from_secs(2)));
        for bad in ["0", "-1", "NaN", "inf", "fast", ""] {
            assert!(bad.parse::<Rate>().is_err(), "{bad}");
        }
    }
}
