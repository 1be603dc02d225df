//! `#[question]`: the contract of a question, read off its declaration.

use crate::attributes::wrong;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Expr, Fields, Ident, ItemStruct, LitInt, LitStr, Member, Path, Result, Type, parse::Parser, parse2,
};

#[derive(Default)]
struct Options {
    upstream: Option<Path>,
    get: Option<LitStr>,
    row: Option<Type>,
    by: Option<Expr>,
    key: Option<String>,
    scope: Option<&'static str>,
    many: bool,
    connection: bool,
    single: bool,
    repeat: bool,
    all_fields: bool,
    page: Option<usize>,
    at_once: Option<usize>,
}

struct Part {
    member: Member,
    name: String,
}

fn options(attributes: TokenStream) -> Result<Options> {
    let mut options = Options::default();
    let parser = syn::meta::parser(|meta| {
        let Some(ident) = meta.path.get_ident().map(Ident::to_string) else {
            return Err(meta.error("a question's options are words"));
        };
        match ident.as_str() {
            "upstream" => options.upstream = Some(meta.value()?.parse()?),
            "get" => options.get = Some(meta.value()?.parse()?),
            "row" => options.row = Some(meta.value()?.parse()?),
            "by" => options.by = Some(meta.value()?.parse()?),
            "key" => options.key = Some(meta.value()?.parse::<LitStr>()?.value()),
            "public" => options.scope = Some("Public"),
            "caller" => options.scope = Some("Caller"),
            "many" => options.many = true,
            "connection" => options.connection = true,
            "single" => options.single = true,
            "repeat" => options.repeat = true,
            "all_fields" => options.all_fields = true,
            "page" => options.page = Some(meta.value()?.parse::<LitInt>()?.base10_parse()?),
            "at_once" => options.at_once = Some(meta.value()?.parse::<LitInt>()?.base10_parse()?),
            _ => {
                return Err(meta.error(
                    "known here: upstream, get, row, by, key, public, caller, many, connection, single, repeat, \
                     all_fields, page, at_once",
                ));
            }
        }
        Ok(())
    });
    parser.parse2(attributes)?;
    Ok(options)
}

/// The question's fields: the key, and all others.
fn parts(options: &Options, item: &mut ItemStruct) -> Result<(Option<Part>, Vec<Part>)> {
    let mut key = None;
    let mut others = Vec::new();
    let tuple = matches!(item.fields, Fields::Unnamed(_));
    for (at, field) in item.fields.iter_mut().enumerate() {
        let member = match &field.ident {
            Some(ident) => Member::Named(ident.clone()),
            None => Member::Unnamed(syn::Index::from(at)),
        };
        let mut name = match &field.ident {
            Some(ident) => ident.to_string(),
            None => format!("{at}"),
        };
        let mut is_key = tuple && at == 0;
        if let (true, Some(key)) = (is_key, &options.key) {
            name.clone_from(key);
        }
        for attribute in &field.attrs {
            if attribute.path().is_ident("key") {
                is_key = true;
                if matches!(attribute.meta, syn::Meta::List(_)) {
                    name = attribute.parse_args::<LitStr>()?.value();
                }
            } else if attribute.path().is_ident("query") {
                name = attribute.parse_args::<LitStr>()?.value();
            }
        }
        field
            .attrs
            .retain(|attribute| !attribute.path().is_ident("key") && !attribute.path().is_ident("query"));
        let part = Part { member, name };
        match (is_key, &key) {
            (false, _) => others.push(part),
            (true, None) => key = Some(part),
            (true, Some(_)) => {
                return wrong(field, "a question has one key; whatever else it asks is its group");
            }
        }
    }
    Ok((key, others))
}

pub fn expand(attributes: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let options = options(attributes)?;
    let mut item: ItemStruct = parse2(item)?;
    let ident = item.ident.clone();
    let (Some(upstream), Some(get), Some(row)) = (&options.upstream, &options.get, &options.row) else {
        return wrong(&ident, "a question says `upstream = …`, `get = \"…\"` and `row = …`");
    };
    let Some(scope) = options.scope else {
        return wrong(
            &ident,
            "say who may share the answer: `public` (the same for every caller) or `caller`",
        );
    };
    let scope = syn::Ident::new(scope, ident.span());
    let (key, others) = parts(&options, &mut item)?;

    // The path, with fields in braces.
    let mut url = Vec::new();
    let mut in_path = Vec::new();
    let mut key_in_path = false;
    let template = get.value();
    let mut rest = template.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { return wrong(get, "a brace is not closed") };
        url.push(quote!(url.text(#before);));
        let is_key = key.as_ref().is_some_and(|key| key.name == name || member_is(&key.member, name));
        key_in_path |= is_key;
        let found =
            if is_key { key.as_ref() } else { others.iter().find(|part| member_is(&part.member, name)) };
        let Some(part) = found else { return wrong(get, &format!("the question has no field `{name}`")) };
        let member = &part.member;
        url.push(quote!(url.segment(&first.#member);));
        in_path.push(member.clone());
        rest = after;
    }
    if !rest.is_empty() {
        url.push(quote!(url.text(#rest);));
    }

    // The query.
    if let (Some(key), false) = (&key, key_in_path) {
        let (name, repeat) = (&key.name, options.repeat);
        url.push(quote!(url.keys(#name, keys.iter().map(__fanout::Question::key), #repeat);));
    }
    for part in others.iter().filter(|part| !in_path.contains(&part.member)) {
        let (member, name) = (&part.member, &part.name);
        url.push(if options.connection && member_is(member, "first") {
            quote!(url.param(#name, &(first.first.get() + 1));)
        } else {
            quote!(url.param(#name, &first.#member);)
        });
    }
    if !options.all_fields {
        let extra = if options.connection { quote!(&["cursor"]) } else { quote!(&[]) };
        url.push(quote!(url.fields(<#row as __fanout::Row>::FIELDS, #extra);));
    }

    let key_of = match &key {
        Some(key) => {
            let member = &key.member;
            quote!(__fanout::AsKey::as_key(&self.#member))
        }
        None => quote!(__fanout::Key::Whole),
    };
    let same_group = others.iter().map(|part| {
        let member = &part.member;
        quote!(self.#member == other.#member)
    });
    let batched = key.is_some() && !key_in_path;
    let back = match (&options.by, batched && !options.single) {
        (Some(by), true) => match by {
            Expr::Path(path) if path.path.get_ident().is_some() => {
                quote!(|row| __fanout::AsKey::as_key(&row.#by))
            }
            function => quote!(#function),
        },
        (None, true) => return wrong(&ident, "say how rows go back to their keys: `by = field_of_the_row`"),
        (Some(by), false) => return wrong(by, "`by` is for batches: this question's rows all are its own"),
        (None, false) => quote!(|_| __fanout::Key::Whole),
    };
    let (answer_row, shape, read) = if options.connection {
        if !["first", "after"].iter().all(|name| others.iter().any(|part| member_is(&part.member, name))) {
            return wrong(
                &ident,
                "a connection's question has fields `first: First` and `after: Option<String>`",
            );
        }
        (
            quote!(__fanout::Connection<#row>),
            quote!(__fanout::Maybe),
            quote!(Ok(__fanout::Connection::answers(keys, __upstream::rows::<#row>(reply)?, #back, |asked| {
                (asked.first.get(), asked.after.as_deref())
            }))),
        )
    } else {
        let shape = if options.many { quote!(__fanout::OptionalMany) } else { quote!(__fanout::Maybe) };
        let read = if batched && !options.single {
            quote!(Ok(__fanout::Page::routed(keys, __upstream::rows::<#row>(reply)?, #back)))
        } else if options.many && !options.single {
            quote!(Ok(__fanout::Page::whole(__upstream::rows::<#row>(reply)?)))
        } else {
            quote!(Ok(__fanout::Page::whole(vec![__upstream::one_row::<#row>(reply)?])))
        };
        (quote!(#row), shape, read)
    };
    let call = if key_in_path {
        let at_once = options.at_once.unwrap_or(8);
        quote!(__fanout::Call::Each { at_once: #at_once })
    } else {
        quote!(__fanout::Call::Batch)
    };
    let page = if key.is_some() { options.page.unwrap_or(100) } else { 1 };
    // A list that is not there has no rows; a connection of none is a connection all the same.
    let absent = options.connection.then(|| {
        quote! {
            fn absent(keys: &[Self]) -> ::std::result::Result<__fanout::Page<Self>, ::bff::Fault> {
                Ok(__fanout::Connection::answers(keys, ::std::vec::Vec::new(), #back, |asked| {
                    (asked.first.get(), asked.after.as_deref())
                }))
            }
        }
    });
    // Any list that goes on behind a cursor has it from the client.
    let refused = others.iter().find(|part| member_is(&part.member, "after")).map(|part| {
        let after = &part.name;
        quote! {
            fn refused(keys: &[Self], reply: &__upstream::Reply) -> ::std::option::Option<::bff::Fault> {
                keys.first()?.after.as_ref()?;
                ::bff::fanout::connection::refused_cursor(reply, #after)
            }
        }
    });
    let name = ident.to_string();
    let unused_keys = (!batched && !options.connection).then(|| quote!(let _ = keys;));
    Ok(quote! {
        #[derive(Clone, PartialEq, Eq, Hash, Debug)]
        #item

        const _: () = {
            // Modules alone: a team's own types may be called as ours are.
            use ::bff::{fanout as __fanout, upstream as __upstream};
            use ::std::result::Result::Ok;

            impl __fanout::Question for #ident {
                type Row = #answer_row;
                type Shape = #shape;
                const NAME: &'static str = #name;
                const UPSTREAM: __upstream::Upstream = #upstream;
                const SCOPE: __fanout::Scope = __fanout::Scope::#scope;
                const CALL: __fanout::Call = #call;
                const PAGE: usize = #page;

                fn key(&self) -> __fanout::Key<'_> {
                    #key_of
                }
                fn same_group(&self, other: &Self) -> bool {
                    let _ = other;
                    true #(&& #same_group)*
                }
                fn url(keys: &[Self], url: &mut ::std::string::String) {
                    let [first, ..] = keys else { return };
                    let _ = first;
                    let mut url = __fanout::UrlBuilder::new(url);
                    #(#url)*
                }
                fn read(keys: &[Self], reply: &__upstream::Reply) -> ::std::result::Result<__fanout::Page<Self>, ::std::string::String> {
                    #unused_keys
                    #read
                }
                #absent
                #refused
            }
        };
    })
}

fn member_is(member: &Member, name: &str) -> bool {
    matches!(member, Member::Named(ident) if ident == name)
}
