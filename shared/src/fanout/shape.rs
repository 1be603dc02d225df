//! How many rows answer a question, and which of them may be null.

/// A question's answer as GraphQL shows it.
pub trait Shape: Send + Sync + 'static {
    /// A list of rows, not one.
    const MANY: bool;
    /// The answer as a whole may be null.
    const NULLABLE: bool;
    /// A row of the list may be null.
    const ITEM_NULLABLE: bool;

    /// The type of a field of this shape, without the outermost `!`.
    fn named(row: &str) -> String {
        match (Self::MANY, Self::ITEM_NULLABLE) {
            (true, true) => format!("[{row}]"),
            (true, false) => format!("[{row}!]"),
            _ => row.to_owned(),
        }
    }

    /// The type of a field of this shape.
    fn qualified(row: &str) -> String {
        let mut name = Self::named(row);
        if !Self::NULLABLE {
            name.push('!');
        }
        name
    }
}

macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident: many $many:literal, nullable $nullable:literal, item $item:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;
        impl Shape for $name {
            const MANY: bool = $many;
            const NULLABLE: bool = $nullable;
            const ITEM_NULLABLE: bool = $item;
        }
    )*};
}

shapes! {
    /// `T!`: the parent means nothing without it.
    One: many false, nullable false, item false;
    /// `T`: what one question by id answers, unless said otherwise.
    Maybe: many false, nullable true, item false;
    /// `[T!]`: what a list question answers, unless said otherwise. None is `[]`; a failure is null and an error.
    OptionalMany: many true, nullable true, item false;
    /// `[T!]!`: a failure takes the parent with it.
    Many: many true, nullable false, item false;
    /// `[T]`: a row that fails is null by itself.
    OptionalManyMaybe: many true, nullable true, item true;
    /// `[T]!`.
    ManyMaybe: many true, nullable false, item true;
}
