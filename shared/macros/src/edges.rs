//! `#[edges]`: an entity's fields that are functions.

use crate::attributes::{camel_case, doc, option, take_graphql, wrong};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{FnArg, ImplItem, ItemImpl, Pat, Result, ReturnType, Type, parse2};

pub fn expand(attributes: TokenStream, item: TokenStream) -> Result<TokenStream> {
    if !attributes.is_empty() {
        return wrong(&attributes, "#[edges] takes no options");
    }
    let mut item: ItemImpl = parse2(item)?;
    if item.trait_.is_some() {
        return wrong(&item, "#[edges] stands on an entity's own impl block");
    }
    let ty = item.self_ty.clone();
    let (mut table, mut info, mut args_types) = (Vec::new(), Vec::new(), Vec::new());
    for member in &mut item.items {
        let ImplItem::Fn(method) = member else { continue };
        let graphql = take_graphql(&mut method.attrs)?;
        if graphql.skip {
            continue;
        }
        let ident = method.sig.ident.clone();
        if method.sig.asyncness.is_some() {
            return wrong(
                &method.sig,
                "an edge is not async: it returns what is to be asked, and the executor asks",
            );
        }
        let ReturnType::Type(_, returns) = method.sig.output.clone() else {
            return wrong(&method.sig, "an edge returns something to ask, or a leaf");
        };
        let name = graphql.name.clone().unwrap_or_else(|| camel_case(&ident));
        let args_type = format_ident!("Args_{}", ident);
        let (mut types, mut reads, mut describe, mut pass) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut has_self = false;
        for input in &mut method.sig.inputs {
            let FnArg::Typed(arg) = input else {
                has_self = true;
                continue;
            };
            let graphql = take_graphql(&mut arg.attrs)?;
            let description = doc(&arg.attrs);
            arg.attrs.retain(|attribute| !attribute.path().is_ident("doc"));
            if matches!(&*arg.ty, Type::Reference(_)) {
                pass.push(quote!(request));
                continue;
            }
            let Pat::Ident(pattern) = &*arg.pat else { return wrong(&arg.pat, "an argument has a name") };
            let arg_name = graphql.name.clone().unwrap_or_else(|| camel_case(&pattern.ident));
            let arg_ty = (*arg.ty).clone();
            let default = match &graphql.default {
                Some(default) => quote!(::std::option::Option::Some(|| -> #arg_ty { (#default).into() })),
                None => quote!(::std::option::Option::None),
            };
            let at = syn::Index::from(types.len());
            pass.push(quote!(::std::clone::Clone::clone(&args.#at)));
            reads.push(quote!(arguments.read::<#arg_ty>(#arg_name, #default)?));
            describe.push(quote!(object.arg::<#arg_ty>(&mut info, #arg_name, #description, #default);));
            types.push(arg_ty);
        }
        if !has_self {
            return wrong(&method.sig, "an edge is a function of the row: it takes &self");
        }
        let args = if types.is_empty() {
            quote!(())
        } else {
            args_types.push(quote! {
                #[allow(non_camel_case_types, reason = "named after its method")]
                struct #args_type(#(#types),*);
                impl __fanout::Args for #args_type {
                    fn read(arguments: &__fanout::Arguments<'_>) -> ::std::result::Result<Self, ::bff::Fault> {
                        ::std::result::Result::Ok(Self(#(#reads),*))
                    }
                }
            });
            quote!(#args_type)
        };
        let guarded = graphql.guard.as_ref().map(|guard| quote!(.guarded(&#guard)));
        let function = quote!(|row: &Self, args: &#args, request: &::bff::RequestContext| {
            let _ = (args, request);
            row.#ident(#(#pass),*)
        });
        table.push(quote! {
            #name => (&__fanout::probe::Returns::<Self, #args, #returns>(#function)).field() #guarded,
        });
        let (description, deprecated) = (doc(&method.attrs), option(graphql.deprecation.as_ref()));
        let (tags, under) = (&graphql.tags, graphql.under()?);
        let shown =
            graphql.guard.as_ref().map(|guard| quote!(info.guard = ::std::option::Option::Some(&#guard);));
        info.push(quote! {
            let mut info = __fanout::type_info::FieldInfo::new(#name, #description);
            info.deprecated = #deprecated;
            info.tags = &[#(#tags),*];
            #under
            #shown
            #(#describe)*
            object.field::<#returns>(info);
        });
    }
    Ok(quote! {
        #item

        const _: () = {
            // No type of ours by its bare name: a team's own may be called so.
            use ::bff::fanout::{
                self as __fanout,
                probe::{AsksFor as _, Computes as _},
            };

            #(#args_types)*

            impl __fanout::Edges for #ty {
                fn edge(name: &str) -> ::std::option::Option<__fanout::Field<Self>> {
                    ::std::option::Option::Some(match name {
                        #(#table)*
                        _ => return ::std::option::Option::None,
                    })
                }
                fn describe(object: &mut __fanout::type_info::ObjectInfo<'_>) {
                    #(#info)*
                }
            }
        };
    })
}
