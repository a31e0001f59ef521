//! Numbers as pages write them: with marks for thousands and decimals, a sign, a currency.

/// The first number of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written<'a> {
    negative: bool,
    /// Digits and the marks between them.
    digits: &'a str,
    /// A currency stands beside it.
    is_money: bool,
}

/// The first number of a text; `None` when it has none.
pub(super) fn first(text: &str) -> Option<Written<'_>> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    // `.5` is a half; what else stands before a digit is no part of the number.
    let bare_fraction =
        text.get(..start)?.ends_with(['.', ',']) && !text.get(..start - 1)?.ends_with(char::is_alphanumeric);
    let start = start - usize::from(bare_fraction);
    let rest = text.get(start..)?;
    let mut end = 0;
    let mut chars = rest.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next_is_digit = chars.peek().is_some_and(|(_, next)| next.is_ascii_digit());
        if c.is_ascii_digit() {
            end = at + 1;
        } else if !(is_mark(c) && next_is_digit && (!is_space(c) || three_digits_follow(rest.get(at + c.len_utf8()..))))
        {
            break;
        }
    }
    let (before, digits, after) = (text.get(..start)?, rest.get(..end)?, rest.get(end..)?);
    Some(Written { negative: is_negative(before), digits, is_money: is_money(before, after) })
}

impl Written<'_> {
    /// The number itself. A mark alone before exactly three digits is for thousands when it is a comma, and when the
    /// number is an amount of money, which has two decimals at most; else it is the decimal mark.
    pub(super) fn number(&self) -> Option<f64> {
        let decimal = self.decimal_mark();
        let (whole, fraction) = match decimal.and_then(|at| Some((self.digits.get(..at)?, self.digits.get(at + 1..)?)))
        {
            Some((whole, fraction)) => (whole, fraction),
            None => (self.digits, ""),
        };
        let mut plain: String = if self.negative { "-".to_owned() } else { String::new() };
        plain.extend(whole.chars().filter(char::is_ascii_digit));
        plain.push('.');
        plain.push_str(fraction);
        plain.push('0');
        plain.parse().ok()
    }

    /// The number when it is whole: all marks before three digits are for thousands.
    pub(super) fn integer(&self) -> Option<i64> {
        let mut groups = self.digits.split(is_mark);
        let mut plain = String::from(if self.negative { "-" } else { "" });
        plain.push_str(groups.next()?);
        let groups: Vec<_> = groups.collect();
        for (at, group) in groups.iter().enumerate() {
            let is_last = at + 1 == groups.len();
            match group.len() {
                3 => plain.push_str(group),
                // As in India, where only the last group has three digits.
                2 if !is_last => plain.push_str(group),
                _ if is_last && group.bytes().all(|digit| digit == b'0') => {}
                _ => return None,
            }
        }
        plain.parse().ok()
    }

    /// Where the decimal mark is.
    fn decimal_mark(&self) -> Option<usize> {
        let marks: Vec<(usize, char)> = self.digits.char_indices().filter(|(_, c)| !c.is_ascii_digit()).collect();
        let &(at, last) = marks.last().filter(|(_, c)| matches!(c, '.' | ','))?;
        let alone = marks.len() == 1;
        if marks.iter().filter(|(_, c)| *c == last).count() > 1 {
            return None;
        }
        let after = self.digits.len() - at - 1;
        let is_thousands = alone && after == 3 && at > 0 && at <= 3 && !self.digits.starts_with('0');
        (!(is_thousands && (last == ',' || self.is_money))).then_some(at)
    }
}

fn is_mark(c: char) -> bool {
    matches!(c, '.' | ',' | '\'' | '\u{2019}') || is_space(c)
}

/// A space, as it stands between groups of thousands.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}')
}

/// Whether a group of thousands follows: `1 234`, but not `2 500 g`'s neighbour `3 4`.
fn three_digits_follow(rest: Option<&str>) -> bool {
    rest.is_some_and(|rest| rest.bytes().take_while(u8::is_ascii_digit).count() == 3)
}

fn is_negative(before: &str) -> bool {
    let before = before.trim_end_matches(|c: char| c.is_whitespace() || is_currency(c));
    before.ends_with(['-', '\u{2212}']) && !before.trim_end_matches(['-', '\u{2212}']).ends_with(char::is_alphanumeric)
}

/// Whether a sign or a code of a currency stands right before or after a number.
fn is_money(before: &str, after: &str) -> bool {
    let (before, after) = (before.trim_end_matches(char::is_whitespace), after.trim_start_matches(char::is_whitespace));
    if before.ends_with(is_currency) || after.starts_with(is_currency) {
        return true;
    }
    let letters = |c: &char| c.is_alphabetic();
    let word_after: String = after.chars().take_while(letters).take(5).collect();
    let word_before: String = before.chars().rev().take_while(letters).take(5).collect();
    let word_before: String = word_before.chars().rev().collect();
    [word_before, word_after].iter().any(|word| CURRENCIES.contains(&word.as_str()))
}

fn is_currency(c: char) -> bool {
    matches!(c, '$' | '\u{a2}'..='\u{a5}' | '\u{20a0}'..='\u{20cf}')
}

/// Codes and names that stand beside prices, of currencies that have two decimals or none (ISO 4217).
const CURRENCIES: &[&str] = &[
    "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "Fr", "GBP", "HKD", "HUF", "Ft", "IDR", "INR", "JPY",
    "KRW", "Kč", "MXN", "NOK", "NZD", "PLN", "RON", "RUB", "Rp", "Rs", "SEK", "SGD", "THB", "TRY", "UAH", "USD", "ZAR",
    "kr", "zł", "руб",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Option<f64> {
        first(text).and_then(|written| written.number())
    }

    fn integer(text: &str) -> Option<i64> {
        first(text).and_then(|written| written.integer())
    }

    #[test]
    fn marks_are_read_as_they_are_written() {
        let check = |text: &str, expected: f64| assert_eq!(number(text), Some(expected), "{text}");
        check("1.234,50 €", 1234.5);
        check("$1,234.50", 1234.5);
        check("CHF 1'234.50", 1234.5);
        check("1\u{a0}234,50\u{a0}€", 1234.5);
        check("1 234 567", 1_234_567.0);
        check("₹ 1,23,456.00", 123_456.0);
        check("1.234.567", 1_234_567.0);
        check("1,234,567", 1_234_567.0);
        check("19,99", 19.99);
        check("19.9", 19.9);
        check(".5", 0.5);
        check("0,5 l", 0.5);
        check("0.125", 0.125);
        check("Price: 12", 12.0);
        check("12.", 12.0);
        check("-5", -5.0);
        check("\u{2212}5,5 °C", -5.5);
        check("-$3.20", -3.2);
        check("2026-11", 2026.0);
        check("EUR-5", 5.0);
        check("12,5 %", 12.5);
        check("2 x 5", 2.0);
        assert_eq!(number("call us"), None);
    }

    #[test]
    fn one_mark_before_three_digits_is_told_by_what_it_is() {
        assert_eq!(number("1,234"), Some(1234.0));
        assert_eq!(number("1.234"), Some(1.234));
        assert_eq!(number("1.234 €"), Some(1234.0));
        assert_eq!(number("1.234 kr"), Some(1234.0));
        assert_eq!(number("1.234 kg"), Some(1.234));
        assert_eq!(number("0.125 €"), Some(0.125));
        assert_eq!(number("€0,125"), Some(0.125));
    }

    #[test]
    fn a_whole_number_has_no_decimals() {
        assert_eq!(integer("1.234 reviews"), Some(1234));
        assert_eq!(integer("1,234"), Some(1234));
        assert_eq!(integer("(12)"), Some(12));
        assert_eq!(integer("12.00"), Some(12));
        assert_eq!(integer("1,23,456"), Some(123_456));
        assert_eq!(integer("12.5"), None);
        assert_eq!(integer("99999999999999999999"), None);
        assert_eq!(integer(""), None);
    }
}
