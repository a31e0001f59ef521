//! Dates in URLs: the one kind of number that goes on for ever by itself.

/// Whether a path and query name a month or a day: a year with a month or a day beside it, in any order, or one number of
/// six or eight digits that is a date.
pub(super) fn names_a_date(text: &str) -> bool {
    let (mut year, mut part, mut rest) = (false, false, text.as_bytes());
    while let Some(start) = rest.iter().position(u8::is_ascii_digit) {
        let digits = rest.get(start..).unwrap_or_default();
        let end = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
        let (run, behind) = digits.split_at(end);
        rest = behind;
        match run.len() {
            1 | 2 => part |= (1..=31).contains(&number(run)),
            4 => year |= is_year(number(run)),
            6 | 8 => {
                let (first, day) = run.split_at(6);
                let (of_year, month) = first.split_at(4);
                let is_day = day.is_empty() || (1..=31).contains(&number(day));
                if is_year(number(of_year)) && (1..=12).contains(&number(month)) && is_day {
                    return true;
                }
            }
            _ => {}
        }
    }
    year && (part || names_a_month(text))
}

fn is_year(number: u32) -> bool {
    (1900..2300).contains(&number)
}

/// At most four digits.
fn number(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0'))
}

fn names_a_month(text: &str) -> bool {
    text.split(|letter: char| !letter.is_ascii_alphabetic()).any(|word| is_calendar_word(word.as_bytes()))
}

/// Whether a word is the English name of a month or of a day of the week, or its first three letters.
pub(super) fn is_calendar_word(word: &[u8]) -> bool {
    let [first, second, third, behind @ ..] = word else { return false };
    let rest: &[u8] = match &[first | 0x20, second | 0x20, third | 0x20] {
        b"jan" => b"uary",
        b"feb" => b"ruary",
        b"mar" => b"ch",
        b"apr" => b"il",
        b"may" => b"",
        b"jun" => b"e",
        b"jul" => b"y",
        b"aug" => b"ust",
        b"sep" => b"tember",
        b"oct" => b"ober",
        b"nov" | b"dec" => b"ember",
        b"mon" | b"fri" | b"sun" => b"day",
        b"tue" => b"sday",
        b"wed" => b"nesday",
        b"thu" => b"rsday",
        b"sat" => b"urday",
        _ => return false,
    };
    behind.is_empty() || behind.eq_ignore_ascii_case(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_and_days_are_dates_and_lone_years_are_not() {
        for (text, expected) in [
            ("/cal/2026/11", true),
            ("/cal?day=3&month=2&year=2099", true),
            ("/cal/2026-nov", true),
            ("/20261129", true),
            ("/x-202613", false),
            ("/202611", true),
            ("/2026", false),
            ("/thread/1234/2", false),
            ("/thread/12345678", false),
            ("/rfc/1945", false),
            ("/maybe/2026", false),
        ] {
            assert_eq!(names_a_date(text), expected, "{text}");
        }
    }

    #[test]
    fn months_and_days_are_known_whole_and_by_three_letters() {
        for name in ["january", "FEBRUARY", "March", "april", "may", "June", "july", "august", "september", "october"]
            .into_iter()
            .chain([
                "november",
                "december",
                "monday",
                "tuesday",
                "wednesday",
                "thursday",
                "friday",
                "saturday",
                "Sunday",
            ])
        {
            assert!(is_calendar_word(name.as_bytes()) && is_calendar_word(&name.as_bytes()[..3]), "{name}");
            assert!(name.len() < 5 || !is_calendar_word(&name.as_bytes()[..name.len() - 1]), "{name}");
        }
        for word in ["", "ma", "mayor", "wedding", "marchs", "dece", "novel"] {
            assert!(!is_calendar_word(word.as_bytes()), "{word}");
        }
    }
}
