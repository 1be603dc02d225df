//! Versions of applications, as their numbers say: `4.2` is `4.2.0`.

/// Numbers that count, from the left.
const NUMBERS: usize = 4;

/// A version. What follows the numbers (`-beta.1`, `+417`, ` (417)`) does not count.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Version([u64; NUMBERS]);

impl Version {
    /// None: the text does not begin with a number.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let mut numbers = [0; NUMBERS];
        let mut rest = text;
        for (at, number) in numbers.iter_mut().enumerate() {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (read, after) = rest.split_at(digits);
            match read.parse() {
                Ok(read) => *number = read,
                Err(_) if at == 0 => return None,
                Err(_) => break,
            }
            let Some(after) = after.strip_prefix('.') else { break };
            rest = after;
        }
        Some(Self(numbers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        let read = |text| Version::read(text);
        assert!(read("2.10") > read("2.9.9"));
        assert!(read("10") > read("9.99.99"));
        assert_eq!(read("4.2"), read("v4.2.0.0"));
        assert_eq!(read(" 4.2.1-beta.3+417 "), read("4.2.1"));
        assert_eq!(read("4.2.x"), read("4.2"));
        assert_eq!(read("1.2.3.4.5"), read("1.2.3.4"));
        for none in ["", "v", "beta", ".4", "-1", "٤", "99999999999999999999999"] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
