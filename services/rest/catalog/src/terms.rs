//! Text as the search index sees it, for names that are stored and for what people type.
//!
//! The index splits at spaces and folds case and diacritics by itself. Chinese and Japanese are written without
//! spaces, so every such character becomes a term of its own and a run of them is looked up as a phrase: any part of a
//! name is found, from one character on. Katakana is read as Hiragana, so that either finds the other. Letters such as
//! ø, which are not a letter and a mark to Unicode, become what people without that key type.

use std::fmt::Write;

/// Stored at the end of every name, so that a phrase can ask for a whole one. A private-use character, which the index
/// takes for a letter and nobody types.
pub const END: char = '\u{E000}';

/// `text` as it is indexed and looked up; `None` where that is `text` itself.
pub fn for_index(text: &str) -> Option<String> {
    if !text.chars().any(|c| stands_alone(c) || private(c) || c.is_control() || plain(c).is_some()) {
        return None;
    }
    let mut spaced = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        if stands_alone(c) {
            spaced.push(' ');
            spaced.push(hiragana(c));
            spaced.push(' ');
        } else if private(c) || c.is_control() {
            spaced.push(' ');
        } else if let Some(plain) = plain(c) {
            spaced.push_str(plain);
        } else {
            spaced.push(c);
        }
    }
    Some(spaced)
}

/// What somebody typed, as FTS5 expressions. Everything is quoted, so nothing in it can be taken for query syntax.
pub struct Wanted {
    /// The name is exactly this.
    pub whole: String,
    /// The name begins with this.
    pub beginning: String,
    /// Name and creator together have every word; the last one may be unfinished.
    pub anywhere: String,
}

impl Wanted {
    /// `None` when there is no letter or digit to look for.
    pub fn from_text(text: &str) -> Option<Self> {
        let prepared = for_index(text).unwrap_or_else(|| text.to_owned());
        // Words as typed; a run of characters that stand alone is one word again, a phrase.
        let words: Vec<String> = text
            .split_whitespace()
            .filter(|word| word.chars().any(|c| c.is_alphanumeric() && !private(c)))
            .map(|word| quoted(&for_index(word).unwrap_or_else(|| word.to_owned())))
            .collect();
        let (last, earlier) = words.split_last()?;
        let mut anywhere = String::new();
        for word in earlier {
            let _ = write!(anywhere, "{word} AND ");
        }
        let _ = write!(anywhere, "{last} *");
        Some(Self {
            whole: format!("name : ^{}", quoted(&format!("{prepared} {END}"))),
            beginning: format!("name : ^{} *", quoted(&prepared)),
            anywhere,
        })
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn private(c: char) -> bool {
    matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFD}')
}

fn stands_alone(c: char) -> bool {
    matches!(c,
        '\u{3005}'..='\u{3007}'      // iteration mark, closing mark, zero
        | '\u{3041}'..='\u{309F}'    // Hiragana
        | '\u{30A1}'..='\u{30FF}'    // Katakana
        | '\u{31F0}'..='\u{31FF}'    // small Katakana
        | '\u{3400}'..='\u{4DBF}'    // Han
        | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{FF66}'..='\u{FF9F}'    // half-width Katakana
        | '\u{20000}'..='\u{3FFFD}')
}

fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'ø' | 'Ø' => "o",
        'ð' | 'Ð' | 'đ' | 'Đ' => "d",
        'þ' | 'Þ' => "th",
        'ł' | 'Ł' => "l",
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        'ß' | 'ẞ' => "ss",
        'ı' => "i",
        'ħ' | 'Ħ' => "h",
        _ => return None,
    })
}

fn hiragana(c: char) -> char {
    match c {
        '\u{30A1}'..='\u{30F6}' => char::from_u32(u32::from(c) - 0x60).unwrap_or(c),
        _ => c,
    }
}
