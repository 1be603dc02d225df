//! Where something stands in a document: line and column, from 1.

use apollo_compiler::Name;
use async_graphql::Pos;

/// Knows the last place that was asked for: who asks in the order of the document walks it once.
pub struct Place<'t> {
    text: &'t str,
    offset: usize,
    pos: Pos,
}

const START: Pos = Pos { line: 1, column: 1 };

impl<'t> Place<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text, offset: 0, pos: START }
    }

    /// For a refusal. None: it stands nowhere.
    pub fn of(&mut self, name: &Name) -> Option<(usize, usize)> {
        let pos = self.pos_of(name);
        (pos != Pos::default()).then_some((pos.line, pos.column))
    }

    pub fn pos_of(&mut self, name: &Name) -> Pos {
        name.location().map_or_else(Pos::default, |span| self.at(span.offset()))
    }

    /// Of a byte; columns are counted in characters.
    pub fn at(&mut self, offset: usize) -> Pos {
        if offset < self.offset {
            (self.offset, self.pos) = (0, START);
        }
        let mut passed = self.text.get(self.offset..offset).unwrap_or_default().chars().peekable();
        while let Some(char) = passed.next() {
            // `\r\n` is one end of a line.
            let ends = char == '\n'
                || char == '\r' && {
                    let next = passed.peek().copied();
                    let next = next.or_else(|| self.text.get(offset..)?.chars().next());
                    next != Some('\n')
                };
            if ends {
                self.pos = Pos { line: self.pos.line + 1, column: 1 };
            } else {
                self.pos.column += 1;
            }
        }
        self.offset = offset;
        self.pos
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_whatever_is_asked_first() {
        let mut place = Place::new("a é\n b\r\nc\rd");
        let told = |place: &mut Place<'_>, offset| {
            let pos = place.at(offset);
            (pos.line, pos.column)
        };
        assert_eq!(told(&mut place, 0), (1, 1));
        assert_eq!(told(&mut place, 4), (1, 4));
        assert_eq!(told(&mut place, 6), (2, 2));
        assert_eq!(told(&mut place, 9), (3, 1));
        assert_eq!(told(&mut place, 11), (4, 1));
        assert_eq!(told(&mut place, 6), (2, 2));
        assert_eq!(told(&mut place, 2), (1, 3));
    }
}
