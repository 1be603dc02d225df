//! `#[entity]`: a row's table of fields and its type information.

use crate::attributes::{camel_case, doc, option, take_graphql, wrong};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Fields, Ident, ItemEnum, ItemStruct, LitStr, Result, Type, parse::Parser, parse2};

#[derive(Default)]
struct Options {
    name: Option<String>,
    wire: Option<String>,
    local: bool,
    interface: Option<Vec<String>>,
}

pub fn expand(attributes: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let mut options = Options::default();
    let parser = syn::meta::parser(|meta| {
        if meta.path.is_ident("name") {
            options.name = Some(meta.value()?.parse::<LitStr>()?.value());
        } else if meta.path.is_ident("wire") {
            options.wire = Some(meta.value()?.parse::<LitStr>()?.value());
        } else if meta.path.is_ident("local") {
            options.local = true;
        } else if meta.path.is_ident("interface") {
            let content;
            syn::parenthesized!(content in meta.input);
            let fields = content.parse_terminated(<LitStr as syn::parse::Parse>::parse, syn::Token![,])?;
            options.interface = Some(fields.iter().map(LitStr::value).collect());
        } else {
            return Err(meta.error("known here: name, wire, local, interface"));
        }
        Ok(())
    });
    parser.parse2(attributes)?;
    match parse2::<ItemStruct>(item.clone()) {
        Ok(item) => object(options, item),
        Err(_) => match parse2::<ItemEnum>(item.clone()) {
            Ok(item) => choice(options, item),
            Err(_) => {
                wrong(&item, "#[entity] stands on a struct (an object) or an enum (a union or an interface)")
            }
        },
    }
}

fn derives(options: &Options) -> TokenStream {
    let read = (!options.local).then(|| {
        let rename = options.wire.as_ref().map(|wire| quote!(, rename_all = #wire));
        quote! {
            #[derive(::bff::serde::Deserialize)]
            #[serde(crate = "::bff::serde" #rename)]
        }
    });
    quote!(#[derive(Clone, Debug)] #read)
}

fn object(options: Options, mut item: ItemStruct) -> Result<TokenStream> {
    let ident = item.ident.clone();
    if !item.generics.params.is_empty() {
        return wrong(&item.generics, "an entity is not generic: its GraphQL name is one");
    }
    let name = options.name.clone().unwrap_or_else(|| ident.to_string());
    let description = doc(&item.attrs);
    let (mut wire, mut table, mut info) = (Vec::new(), Vec::new(), Vec::new());
    let mut paged = None;
    match &mut item.fields {
        Fields::Named(fields) => {
            for field in &mut fields.named {
                let graphql = take_graphql(&mut field.attrs)?;
                let Some(field_ident) = field.ident.clone() else { continue };
                if field_ident == "cursor" {
                    paged = Some(cursor(&ident, &field.ty));
                    if !options.local {
                        field.attrs.push(syn::parse_quote!(#[serde(default)]));
                    }
                    continue;
                }
                if let Some(name) = wire_name(&field.attrs, &field_ident, options.wire.as_deref())? {
                    wire.push(name);
                }
                if graphql.skip {
                    continue;
                }
                let name = graphql.name.clone().unwrap_or_else(|| camel_case(&field_ident));
                let ty = &field.ty;
                let guarded = graphql.guard.as_ref().map(|guard| quote!(.guarded(&#guard)));
                table.push(quote! {
                    #name => ::std::option::Option::Some((&__Probe::<#ty>::NEW).field::<Self>(
                        |row, out, path| (&__Probe::<#ty>::NEW).put(&row.#field_ident, out, path),
                        |row| &row.#field_ident,
                    ) #guarded),
                });
                let (description, deprecated) = (doc(&field.attrs), option(graphql.deprecation.as_ref()));
                let (tags, under) = (&graphql.tags, graphql.under()?);
                let shown = graphql
                    .guard
                    .as_ref()
                    .map(|guard| quote!(info.guard = ::std::option::Option::Some(&#guard);));
                info.push(quote! {
                    let mut info = __type_info::FieldInfo::new(#name, #description);
                    info.deprecated = #deprecated;
                    info.tags = &[#(#tags),*];
                    #under
                    #shown
                    object.field::<#ty>(info);
                });
            }
        }
        Fields::Unit => {}
        Fields::Unnamed(fields) => return wrong(fields, "an entity's fields have names"),
    }
    let derives = derives(&options);
    if options.local {
        wire.clear();
    }
    Ok(quote! {
        #derives
        #item

        const _: () = {
            // No type of ours by its bare name: a team's own may be called so.
            use ::bff::fanout::{
                self as __fanout,
                probe::{HasEdges as _, HasNoEdges as _, LeafField as _, NestedField as _, Probe as __Probe},
                type_info as __type_info,
            };

            impl __fanout::Entity for #ident {
                fn name() -> ::std::borrow::Cow<'static, str> {
                    ::std::borrow::Cow::Borrowed(#name)
                }
                fn field(name: &str) -> ::std::option::Option<__fanout::Field<Self>> {
                    match name {
                        #(#table)*
                        other => (&__Probe::<Self>::NEW).edge(other),
                    }
                }
            }

            ::bff::__entity!([] #ident, fields [#(#wire),*], |registry| {
                __type_info::object::<Self>(registry, #description, |object| {
                    #(#info)*
                    (&__Probe::<Self>::NEW).describe(object);
                })
            });

            #paged
        };
    })
}

fn cursor(ident: &Ident, ty: &Type) -> TokenStream {
    let optional = matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"));
    let read =
        if optional { quote!(self.cursor.as_deref().unwrap_or_default()) } else { quote!(&self.cursor) };
    quote! {
        impl ::bff::fanout::Paged for #ident {
            fn cursor(&self) -> &str {
                #read
            }
        }
    }
}

/// The field's name in the upstream's JSON; None if it is not read from there.
fn wire_name(attributes: &[Attribute], ident: &Ident, wire: Option<&str>) -> Result<Option<String>> {
    let mut name = match wire {
        None => ident.to_string().trim_start_matches("r#").to_owned(),
        Some("camelCase") => camel_case(ident),
        Some(_) => return wrong(ident, "wire is \"camelCase\", or left out for snake_case"),
    };
    let mut skipped = false;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("rename") {
                name = meta.value()?.parse::<LitStr>()?.value();
            } else if meta.path.is_ident("skip") || meta.path.is_ident("skip_deserializing") {
                skipped = true;
            } else if meta.input.peek(syn::Token![=]) {
                meta.value()?.parse::<syn::Expr>()?;
            }
            Ok(())
        })?;
    }
    Ok((!skipped).then_some(name))
}

fn choice(options: Options, item: ItemEnum) -> Result<TokenStream> {
    let ident = item.ident.clone();
    let name = options.name.clone().unwrap_or_else(|| ident.to_string());
    let description = doc(&item.attrs);
    let mut variants = Vec::new();
    for variant in &item.variants {
        match &variant.fields {
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                if let Some(field) = fields.unnamed.first() {
                    variants.push((variant.ident.clone(), field.ty.clone()));
                }
            }
            _ => return wrong(variant, "each variant holds one entity: `Author(Author)`"),
        }
    }
    if variants.is_empty() {
        return wrong(&item, "a union has at least one member");
    }
    let (variant, ty): (Vec<_>, Vec<_>) = variants.into_iter().unzip();
    let index: Vec<_> = (0..ty.len()).map(syn::Index::from).collect();
    let number: Vec<_> = (0..ty.len()).map(|at| u32::try_from(at).unwrap_or(u32::MAX)).collect();
    let rows: Vec<_> = variant.iter().map(|ident| quote::format_ident!("rows_{}", ident)).collect();
    // Levels are zipped into nested pairs: (a, (b, (c, ()))).
    let level_type =
        ty.iter().rev().fold(quote!(()), |rest, ty| quote!((<#ty as __fanout::Row>::Level<'p>, #rest)));
    let gather = rows.iter().zip(&ty).zip(&index).rev().fold(
        quote!(__fanout::Gathering::Ready(())),
        |rest, ((rows, ty), index)| quote!(<#ty as __fanout::Row>::gather(&plan.#index, #rows, cx).zip(#rest)),
    );
    let level: Vec<_> = (0..ty.len())
        .map(|at| {
            let into = std::iter::repeat_n(quote!(.1), at);
            quote!(level.1 #(#into)* .0)
        })
        .collect();
    let register = match &options.interface {
        None => {
            quote!(__fanout::type_info::union::<Self>(registry, #description, &[#(<#ty as __async_graphql::OutputType>::create_type_info),*]))
        }
        Some(fields) => quote! {
            __fanout::type_info::interface::<Self>(
                registry, #description, &[#(<#ty as __async_graphql::OutputType>::create_type_info),*], &[#(#fields),*],
            )
        },
    };
    let derives = derives(&options);
    Ok(quote! {
        #derives
        #item

        const _: () = {
            // No type of ours by its bare name: a team's own may be called so.
            use ::bff::{async_graphql as __async_graphql, fanout as __fanout};

            #[allow(non_snake_case, reason = "lists are named after their variants")]
            impl __fanout::Row for #ident {
                type Plan = (#(<#ty as __fanout::Row>::Plan,)*);
                type Level<'p> = (::std::vec::Vec<(u32, usize)>, #level_type);
                const FIELDS: &'static [&'static str] = &[];

                fn compile(
                    compiler: &__fanout::Compiler<'_>,
                    occurrences: &[__fanout::plan::Occurrence<'_>],
                ) -> ::std::result::Result<Self::Plan, ::bff::Fault> {
                    // Rows of several types at one place ask at the same time.
                    let compiler = &compiler.beside();
                    ::std::result::Result::Ok((#(<#ty as __fanout::Row>::compile(compiler, occurrences)?,)*))
                }

                fn gather<'p>(
                    plan: &'p Self::Plan,
                    rows: ::std::vec::Vec<&'p Self>,
                    cx: &'p __fanout::Cx<'p>,
                ) -> __fanout::Gathering<'p, Self::Level<'p>> {
                    let mut places = ::std::vec::Vec::with_capacity(rows.len());
                    #(let mut #rows = ::std::vec::Vec::new();)*
                    for row in rows {
                        match row {
                            #(Self::#variant(row) => {
                                places.push((#number, #rows.len()));
                                #rows.push(row);
                            })*
                        }
                    }
                    #gather.map(move |levels| (places, levels))
                }

                fn write(
                    plan: &Self::Plan,
                    level: &Self::Level<'_>,
                    i: usize,
                    out: &mut __fanout::Out,
                    path: &__fanout::Path<'_>,
                ) -> ::std::result::Result<(), __fanout::Bubble> {
                    match level.0.get(i) {
                        #(::std::option::Option::Some((#number, at)) => {
                            <#ty as __fanout::Row>::write(&plan.#index, &#level, *at, out, path)
                        })*
                        _ => {
                            out.fail(&::bff::Fault::internal(), path.pos(), path);
                            ::std::result::Result::Err(__fanout::Bubble)
                        }
                    }
                }

                fn deferred<'s, 'p: 's>(
                    plan: &'s Self::Plan,
                    level: &'s Self::Level<'p>,
                    found: &mut __fanout::Deferred<'s>,
                ) {
                    #(<#ty as __fanout::Row>::deferred(&plan.#index, &#level, found);)*
                }
            }

            impl __async_graphql::OutputType for #ident {
                fn type_name() -> ::std::borrow::Cow<'static, str> {
                    ::std::borrow::Cow::Borrowed(#name)
                }
                fn introspection_type_name(&self) -> ::std::borrow::Cow<'static, str> {
                    match self {
                        #(Self::#variant(row) => __async_graphql::OutputType::introspection_type_name(row),)*
                    }
                }
                fn create_type_info(registry: &mut __async_graphql::registry::Registry) -> ::std::string::String {
                    #register
                }
                async fn resolve(
                    &self,
                    ctx: &__async_graphql::ContextSelectionSet<'_>,
                    field: &__async_graphql::Positioned<__async_graphql::parser::types::Field>,
                ) -> __async_graphql::ServerResult<__async_graphql::Value> {
                    ::bff::fanout::resolve_row(self, ctx, field).await
                }
            }
        };
    })
}
