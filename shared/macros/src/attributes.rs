//! Doc comments, `#[graphql(…)]` and names: what all three attributes read.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Expr, LitStr, Path, Result, spanned::Spanned};

/// What `#[graphql(…)]` may say of a field, a method or an argument.
#[derive(Default)]
pub struct GraphqlAttribute {
    pub skip: bool,
    pub name: Option<String>,
    pub deprecation: Option<String>,
    pub guard: Option<Expr>,
    pub default: Option<Expr>,
    pub tags: Vec<String>,
    /// Calls such as `Since::apply(…)`.
    pub directives: Vec<Expr>,
}

impl GraphqlAttribute {
    /// Puts a field under its directives.
    pub fn under(&self) -> Result<TokenStream> {
        let applied = self.directives.iter().map(|applied| {
            let directive = directive(applied)?;
            Ok(quote!(info.under(&#directive, #applied);))
        });
        applied.collect()
    }
}

/// The path before `::apply(…)`.
fn directive(applied: &Expr) -> Result<Path> {
    let shape = "a directive is applied: `directive = Since::apply(\"2.3\", \"null\")`";
    let Expr::Call(call) = applied else { return wrong(applied, shape) };
    let Expr::Path(path) = &*call.func else { return wrong(applied, shape) };
    let mut path = path.path.clone();
    match path.segments.pop() {
        Some(last) if last.value().ident == "apply" && !path.segments.is_empty() => {
            path.segments.pop_punct();
            Ok(path)
        }
        _ => wrong(applied, shape),
    }
}

/// Reads and removes `#[graphql(…)]`.
pub fn take_graphql(attributes: &mut Vec<Attribute>) -> Result<GraphqlAttribute> {
    let mut found = GraphqlAttribute::default();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("graphql")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("skip") {
                found.skip = true;
            } else if meta.path.is_ident("name") {
                found.name = Some(meta.value()?.parse::<LitStr>()?.value());
            } else if meta.path.is_ident("deprecation") {
                found.deprecation = Some(meta.value()?.parse::<LitStr>()?.value());
            } else if meta.path.is_ident("guard") {
                found.guard = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("default") {
                found.default = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("tag") {
                found.tags.push(meta.value()?.parse::<LitStr>()?.value());
            } else if meta.path.is_ident("directive") {
                found.directives.push(meta.value()?.parse()?);
            } else {
                return Err(meta.error("known here: skip, name, deprecation, guard, default, tag, directive"));
            }
            Ok(())
        })?;
    }
    attributes.retain(|attribute| !attribute.path().is_ident("graphql"));
    Ok(found)
}

/// The doc comment, as GraphQL's description.
pub fn doc(attributes: &[Attribute]) -> TokenStream {
    let lines: Vec<String> = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
        .filter_map(|attribute| match &attribute.meta.require_name_value().ok()?.value {
            Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        })
        .collect();
    let text = lines.iter().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n");
    let text = text.trim();
    if text.is_empty() {
        quote!(::std::option::Option::None)
    } else {
        quote!(::std::option::Option::Some(#text))
    }
}

/// `play_count_label` in GraphQL: `playCountLabel`.
pub fn camel_case(ident: &syn::Ident) -> String {
    let text = ident.to_string();
    let mut camel = String::with_capacity(text.len());
    let mut upper = false;
    for c in text.trim_start_matches("r#").chars() {
        if c == '_' {
            upper = !camel.is_empty();
        } else if upper {
            camel.extend(c.to_uppercase());
            upper = false;
        } else {
            camel.push(c);
        }
    }
    camel
}

pub fn option(value: Option<&String>) -> TokenStream {
    match value {
        Some(value) => quote!(::std::option::Option::Some(#value)),
        None => quote!(::std::option::Option::None),
    }
}

/// An error at something.
pub fn wrong<T>(at: &impl Spanned, message: &str) -> Result<T> {
    Err(syn::Error::new(at.span(), message))
}
