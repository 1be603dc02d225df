//! Numbers and times as a phone shows them, in the user's language.

use bff::request::Locale;

/// How a language abbreviates.
struct Language {
    tag: &'static str,
    decimal: char,
    /// Between groups of three digits, where a large number has no abbreviation.
    group: char,
    /// From which number on, and what stands behind it (Unicode CLDR, compact decimal, short).
    steps: &'static [(u64, &'static str)],
    hour: &'static str,
    minute: &'static str,
}

const THOUSAND: u64 = 1_000;
const MILLION: u64 = 1_000_000;
const BILLION: u64 = 1_000_000_000;

/// The first one stands in for languages that are not here.
const LANGUAGES: [Language; 8] = [
    Language {
        tag: "en",
        decimal: '.',
        group: ',',
        steps: &[(THOUSAND, "K"), (MILLION, "M"), (BILLION, "B")],
        hour: " hr",
        minute: " min",
    },
    Language {
        tag: "de",
        decimal: ',',
        group: '.',
        steps: &[(MILLION, "\u{a0}Mio."), (BILLION, "\u{a0}Mrd.")],
        hour: " Std.",
        minute: " Min.",
    },
    Language {
        tag: "es",
        decimal: ',',
        group: '.',
        steps: &[(THOUSAND, "\u{a0}mil"), (MILLION, "\u{a0}M")],
        hour: " h",
        minute: " min",
    },
    Language {
        tag: "fr",
        decimal: ',',
        group: '\u{202f}',
        steps: &[(THOUSAND, "\u{a0}k"), (MILLION, "\u{a0}M"), (BILLION, "\u{a0}Md")],
        hour: " h",
        minute: " min",
    },
    Language {
        tag: "ja",
        decimal: '.',
        group: ',',
        steps: &[(10_000, "万"), (100_000_000, "億")],
        hour: "時間",
        minute: "分",
    },
    Language {
        tag: "pl",
        decimal: ',',
        group: '\u{a0}',
        steps: &[(THOUSAND, "\u{a0}tys."), (MILLION, "\u{a0}mln"), (BILLION, "\u{a0}mld")],
        hour: " godz.",
        minute: " min",
    },
    Language {
        tag: "pt",
        decimal: ',',
        group: '.',
        steps: &[(THOUSAND, "\u{a0}mil"), (MILLION, "\u{a0}mi"), (BILLION, "\u{a0}bi")],
        hour: " h",
        minute: " min",
    },
    Language {
        tag: "ru",
        decimal: ',',
        group: '\u{a0}',
        steps: &[(THOUSAND, "\u{a0}тыс."), (MILLION, "\u{a0}млн"), (BILLION, "\u{a0}млрд")],
        hour: " ч",
        minute: " мин",
    },
];

fn language(locale: &Locale) -> &'static Language {
    LANGUAGES.iter().find(|known| locale.language().eq_ignore_ascii_case(known.tag)).unwrap_or(&LANGUAGES[0])
}

/// `1.2M`. Rounds down: nobody is told of more than there was.
pub fn count(number: u64, locale: &Locale) -> String {
    let language = language(locale);
    let Some((step, suffix)) = language.steps.iter().rev().find(|(step, _)| number >= *step) else {
        return grouped(number, language.group);
    };
    let whole = number / step;
    match number / (step / 10) % 10 {
        tenth if whole < 10 && tenth > 0 => format!("{whole}{}{tenth}{suffix}", language.decimal),
        _ => format!("{}{suffix}", grouped(whole, language.group)),
    }
}

/// Four digits are read without help; from five on, groups of three.
fn grouped(number: u64, separator: char) -> String {
    let digits = number.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

/// `3:45`, or `1:02:03`: how long one track plays.
pub fn playing_time(ms: u64) -> String {
    let seconds = ms / 1_000;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours == 0 { format!("{minutes}:{seconds:02}") } else { format!("{hours}:{minutes:02}:{seconds:02}") }
}

/// `48 min`, or `1 hr 3 min`: how long a whole album plays.
pub fn running_time(ms: u64, locale: &Locale) -> String {
    let Language { hour, minute, .. } = language(locale);
    // Never "0 min": something plays.
    let minutes = ms.div_ceil(60_000).max(1);
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes}{minute}"),
        (hours, 0) => format!("{hours}{hour}"),
        (hours, minutes) => format!("{hours}{hour} {minutes}{minute}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_short_and_never_too_large() {
        let count = |number, tag| count(number, &Locale::new(tag));
        assert_eq!(count(0, "en"), "0");
        assert_eq!(count(999, "en-GB"), "999");
        assert_eq!(count(1_000, "en"), "1K");
        assert_eq!(count(1_234, "en"), "1.2K");
        assert_eq!(count(999_999, "en"), "999K");
        assert_eq!(count(1_250_000, "EN-us"), "1.2M");
        assert_eq!(count(12_345_678, "en"), "12M");
        assert_eq!(count(4_000_000_000_000, "en"), "4000B");
        assert_eq!(count(1_234, "de-CH"), "1234");
        assert_eq!(count(123_456, "de"), "123.456");
        assert_eq!(count(1_234_567, "de"), "1,2\u{a0}Mio.");
        assert_eq!(count(1_234_567, "ja"), "123万");
        assert_eq!(count(12_345, "ja-JP"), "1.2万");
        assert_eq!(count(1_234_567, "ru"), "1,2\u{a0}млн");
        assert_eq!(count(1_234_567, "tlh"), "1.2M");
        assert_eq!(count(u64::MAX, "es"), "18.446.744.073.709\u{a0}M");
    }

    #[test]
    fn times_are_as_long_as_needed() {
        assert_eq!(playing_time(0), "0:00");
        assert_eq!(playing_time(225_999), "3:45");
        assert_eq!(playing_time(3_723_000), "1:02:03");
        let english = Locale::default();
        assert_eq!(running_time(0, &english), "1 min");
        assert_eq!(running_time(48 * 60_000, &english), "48 min");
        assert_eq!(running_time(3_600_000, &english), "1 hr");
        assert_eq!(running_time(3_700_000, &Locale::new("ja")), "1時間 2分");
    }
}
