//! What a plain scalar means once a number or a boolean is wanted.
//!
//! YAML 1.2's core schema, and the booleans of YAML 1.1 for files of the original.

use serde_json::{Number, Value};

/// A number that no JSON number can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfRange;

/// What a plain scalar means by YAML 1.2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Core {
    Null,
    Boolean(bool),
    Number(Number),
    /// None of these: its text.
    Text,
}

pub fn core(text: &str) -> Result<Core, OutOfRange> {
    if matches!(text, "" | "~" | "null" | "Null" | "NULL") {
        return Ok(Core::Null);
    }
    if let Some(value) = core_boolean(text) {
        return Ok(Core::Boolean(value));
    }
    let is_numeric = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'));
    if !is_numeric {
        return Ok(Core::Text);
    }
    number(text).map_or(Ok(Core::Text), |number| number.map(Core::Number))
}

/// The same as a JSON value.
pub fn core_json(text: &str) -> Result<Value, OutOfRange> {
    Ok(match core(text)? {
        Core::Null => Value::Null,
        Core::Boolean(value) => Value::Bool(value),
        Core::Number(number) => Value::Number(number),
        Core::Text => Value::String(text.to_owned()),
    })
}

pub fn core_boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// The booleans of YAML 1.1, which the original reads.
pub fn old_boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "y" | "yes" | "on" | "true" => Some(true),
        "n" | "no" | "off" | "false" => Some(false),
        _ => None,
    }
}

/// A whole number by YAML 1.2, as `i128` so that the caller can say which range it wanted.
/// `None` if it is none, or longer than any range.
pub fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let value = match digits.get(..2) {
        Some("0x") if digits.len() == text.len() => i128::from_str_radix(unsigned(digits)?, 16).ok()?,
        Some("0o") if digits.len() == text.len() => i128::from_str_radix(unsigned(digits)?, 8).ok()?,
        _ if is_digits(digits) => digits.parse().ok()?,
        _ => return None,
    };
    Some(if negative { -value } else { value })
}

/// The digits after `0x` or `0o`; a second sign there is no number.
fn unsigned(text: &str) -> Option<&str> {
    text.get(2..).filter(|digits| digits.starts_with(|c: char| c.is_ascii_hexdigit()))
}

fn number(text: &str) -> Option<Result<Number, OutOfRange>> {
    if let Some(whole) = integer(text) {
        let number =
            i64::try_from(whole).map(Number::from).or_else(|_| u64::try_from(whole).map(Number::from));
        return Some(number.map_err(|_| OutOfRange));
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if is_digits(unsigned) || matches!(unsigned, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
        return Some(Err(OutOfRange));
    }
    if !is_float(text) {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    Some(Number::from_f64(value).ok_or(OutOfRange))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let exponent_fits =
        exponent.is_none_or(|exponent| is_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    exponent_fits && digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn plain_scalars_mean_what_yaml_1_2_says() {
        for (text, value) in [
            ("~", json!(null)),
            ("True", json!(true)),
            ("yes", json!("yes")),
            ("12", json!(12)),
            ("-3", json!(-3)),
            ("+4", json!(4)),
            ("0x1F", json!(31)),
            ("0o17", json!(15)),
            ("017", json!(17)),
            ("18446744073709551615", json!(u64::MAX)),
            ("1.5", json!(1.5)),
            (".5", json!(0.5)),
            ("1e3", json!(1000.0)),
            ("1_000", json!("1_000")),
            ("-", json!("-")),
            (".", json!(".")),
            ("1.2.3", json!("1.2.3")),
            ("--max", json!("--max")),
            ("0x+1", json!("0x+1")),
            ("-0x1", json!("-0x1")),
            ("--5", json!("--5")),
        ] {
            assert_eq!(core_json(text), Ok(value), "{text}");
        }
        for text in ["18446744073709551616", &"9".repeat(60), ".inf", "-.INF", ".nan", "1e999"] {
            assert_eq!(core_json(text), Err(OutOfRange), "{text}");
        }
    }

    #[test]
    fn the_original_reads_the_booleans_of_yaml_1_1() {
        for text in ["y", "Yes", "ON", "true"] {
            assert_eq!(old_boolean(text), Some(true), "{text}");
        }
        for text in ["n", "No", "OFF", "False"] {
            assert_eq!(old_boolean(text), Some(false), "{text}");
        }
        assert_eq!(old_boolean("1"), None);
    }
}
