//! The attributes a team writes: `#[entity]`, `#[edges]` and `#[question]`.
//!
//! They only write down what stands in the declaration: tables of fields, type information, URLs. How it is run is
//! `bff::fanout`'s matter.

mod attributes;
mod edges;
mod entity;
mod question;

use proc_macro::TokenStream;

/// Makes a GraphQL type of a row: an object of a struct, a union or an interface of an enum.
///
/// Each field of the struct is a field of the object, in camelCase, with its doc comment as description; it is also what
/// is read from the upstream's JSON (serde) and asked of it (the sparse fieldset). A field is left out of the schema
/// by `#[graphql(skip)]`, or by its name `cursor` (then the row can stand in a connection). On fields:
/// `#[graphql(name = "…", deprecation = "…", guard = path, directive = Since::apply(…))]`.
///
/// On the type: `#[entity(name = "…")]`; `wire = "camelCase"` where the upstream writes so; `local` for a type that no
/// upstream answers (then nothing is read from JSON); on an enum `interface("id", "title")` for an interface with these
/// fields in place of a union.
#[proc_macro_attribute]
pub fn entity(attributes: TokenStream, item: TokenStream) -> TokenStream {
    entity::expand(attributes.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes fields of the methods of an entity: pure functions of the row, its arguments and the request.
///
/// A method that returns something to ask (`Ask`, `Have`, `Told`, `Then`, or an `Option` of one) is an edge; one that
/// returns a leaf is computed. An argument of a reference type is the `RequestContext`, all others are the field's
/// arguments; `#[graphql(default = …)]` gives one a default. `#[graphql(skip)]` leaves a method alone.
#[proc_macro_attribute]
pub fn edges(attributes: TokenStream, item: TokenStream) -> TokenStream {
    edges::expand(attributes.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Declares a question: to whom, where, by which key, and how rows go back to the keys that asked.
///
/// ```ignore
/// /// The books of an author, newest first.
/// #[question(upstream = SHELVES, get = "/books", row = Book, by = author_id, many, public)]
/// pub struct BooksOf {
///     #[key("author_ids")]
///     author: ID,
///     #[query("limit")]
///     first: Option<u32>,
/// }
/// ```
///
/// * `upstream`, `get`, `row`: the constant, the path, the type of a row. A field of the question named in braces in the
///   path (`/things/{id}`) stands there; if it is the key, there is one call a key, `at_once` (8) at a time.
/// * `public` (the same for every caller) or `caller`: who may share the answer. One of them must be said.
/// * The answer: one row a key by default; `many`, a list; `connection`, a page with cursors (the question has fields
///   `first: First` and `after: Option<String>`; one row more than `first` is asked for); `single`, the body is the row.
/// * `by = field`: the field of the row that has the key. `key = "ids"`: the parameter of a tuple struct's key.
/// * `page = 100`: at most so many keys a call. `repeat`: `id=1&id=2` in place of `id=1,2`. `all_fields`: no `fields=`.
/// * On fields: `#[key("ids")]`, `#[query("name")]`; other fields are query parameters of their own name. All but the key
///   must be equal for two questions to share a call.
#[proc_macro_attribute]
pub fn question(attributes: TokenStream, item: TokenStream) -> TokenStream {
    question::expand(attributes.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}
