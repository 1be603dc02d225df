//! What the schema shows of our types: the metadata that async-graphql prints as SDL and answers introspection from.

use super::plan::FieldGuard;
use crate::auth::RequiresScope;
use async_graphql::{
    InputType, OutputType, TypeDirective,
    registry::{
        Deprecation, MetaDirectiveInvocation, MetaField, MetaInputValue, MetaType, MetaTypeId, Registry,
        location_traits,
    },
};

/// Marks an object whose fields this executor answers; it appears in no SDL.
pub(crate) const MARK: &str = "bff::entity";

/// An object type in the making.
pub struct ObjectInfo<'r> {
    registry: &'r mut Registry,
    fields: Vec<MetaField>,
}

/// A field in the making.
#[derive(Default)]
pub struct FieldInfo {
    /// The GraphQL name.
    pub name: &'static str,
    /// Its description, in Markdown.
    pub doc: Option<&'static str>,
    /// Why not to use it any more.
    pub deprecated: Option<&'static str>,
    /// Who may see it. The scope that is wanted is told by `@requiresScopes`.
    pub guard: Option<&'static dyn FieldGuard>,
    /// What it costs, where that is not what its type says: `cost:5`, `items:25`. They appear in no SDL.
    pub tags: &'static [&'static str],
    directives: Vec<(&'static dyn TypeDirective, MetaDirectiveInvocation)>,
    args: Vec<MetaInputValue>,
}

impl FieldInfo {
    /// Of that name.
    pub fn new(name: &'static str, doc: Option<&'static str>) -> Self {
        Self { name, doc, ..Self::default() }
    }

    /// Under a directive such as [`Since`](crate::Since).
    pub fn under<D: TypeDirective + location_traits::Directive_At_FIELD_DEFINITION>(
        &mut self,
        directive: &'static D,
        applied: MetaDirectiveInvocation,
    ) {
        self.directives.push((directive, applied));
    }
}

impl ObjectInfo<'_> {
    /// An argument of a field.
    pub fn arg<T: InputType>(
        &mut self,
        field: &mut FieldInfo,
        name: &'static str,
        doc: Option<&'static str>,
        default: Option<fn() -> T>,
    ) {
        let ty = T::create_type_info(self.registry);
        field.args.push(MetaInputValue {
            name: name.to_owned(),
            description: doc.map(str::to_owned),
            ty,
            deprecation: Deprecation::NoDeprecated,
            default_value: default.map(|default| default().to_value().to_string()),
            visible: None,
            inaccessible: false,
            tags: Vec::new(),
            is_secret: false,
            directive_invocations: Vec::new(),
        });
    }

    /// A field of type `T`.
    pub fn field<T: OutputType>(&mut self, mut info: FieldInfo) {
        let ty = T::create_type_info(self.registry);
        let scope = info.guard.and_then(FieldGuard::scope);
        let directives = std::mem::take(&mut info.directives);
        let mut field = meta(info, ty);
        for (directive, applied) in directives {
            directive.register(self.registry);
            field.directive_invocations.push(applied);
        }
        if let Some(scope) = scope {
            RequiresScope.register(self.registry);
            field.directive_invocations.push(RequiresScope::apply(scope));
        }
        self.fields.push(field);
    }

    /// A field whose type is what this function returns.
    pub fn function<R, A, I: OutputType>(
        &mut self,
        info: FieldInfo,
        _: fn(&R, &A, &crate::RequestContext) -> I,
    ) {
        self.field::<I>(info);
    }
}

fn meta(info: FieldInfo, ty: String) -> MetaField {
    MetaField {
        name: info.name.to_owned(),
        description: info.doc.map(str::to_owned),
        args: info.args.into_iter().map(|arg| (arg.name.clone(), arg)).collect(),
        ty,
        deprecation: match info.deprecated {
            Some(reason) => Deprecation::Deprecated { reason: Some(reason.to_owned()) },
            None => Deprecation::NoDeprecated,
        },
        cache_control: Default::default(),
        external: false,
        requires: None,
        provides: None,
        visible: None,
        shareable: false,
        inaccessible: false,
        tags: info.tags.iter().map(|tag| (*tag).to_owned()).collect(),
        override_from: None,
        compute_complexity: None,
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    }
}

/// Registers an object type, and returns its qualified name.
pub fn object<T: OutputType>(
    registry: &mut Registry,
    doc: Option<&'static str>,
    describe: impl Fn(&mut ObjectInfo<'_>),
) -> String {
    registry.create_output_type::<T, _>(MetaTypeId::Object, |registry| {
        let mut object = ObjectInfo { registry, fields: Vec::new() };
        describe(&mut object);
        MetaType::Object {
            name: T::type_name().into_owned(),
            description: doc.map(str::to_owned),
            fields: object.fields.into_iter().map(|field| (field.name.clone(), field)).collect(),
            cache_control: Default::default(),
            extends: false,
            shareable: false,
            resolvable: true,
            keys: None,
            visible: None,
            inaccessible: false,
            interface_object: false,
            tags: vec![MARK.to_owned()],
            is_subscription: false,
            rust_typename: Some(std::any::type_name::<T>()),
            directive_invocations: Vec::new(),
            requires_scopes: Vec::new(),
        }
    })
}

/// A function that registers a type and returns its qualified name.
pub type Register = fn(&mut Registry) -> String;

/// Registers a union of object types.
pub fn union<T: OutputType>(
    registry: &mut Registry,
    doc: Option<&'static str>,
    members: &[Register],
) -> String {
    registry.create_output_type::<T, _>(MetaTypeId::Union, |registry| MetaType::Union {
        name: T::type_name().into_owned(),
        description: doc.map(str::to_owned),
        possible_types: members.iter().map(|member| bare(member(registry))).collect(),
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        rust_typename: Some(std::any::type_name::<T>()),
        directive_invocations: Vec::new(),
    })
}

/// Registers an interface of object types; its fields are those of the first member that are named.
pub fn interface<T: OutputType>(
    registry: &mut Registry,
    doc: Option<&'static str>,
    members: &[Register],
    fields: &[&str],
) -> String {
    registry.create_output_type::<T, _>(MetaTypeId::Interface, |registry| {
        let interface = T::type_name();
        let names: Vec<String> = members.iter().map(|member| bare(member(registry))).collect();
        for name in &names {
            registry.add_implements(name, &interface);
        }
        let first = names.first().zip(members.first()).and_then(|(name, member)| {
            let known = registry.types.get(name)?;
            let complete = fields.iter().all(|field| known.field_by_name(field).is_some());
            if complete { Some(known.clone()) } else { ahead(registry, name, *member) }
        });
        let shared = fields.iter().filter_map(|field| {
            first.as_ref()?.field_by_name(field).map(|meta| ((*field).to_owned(), meta.clone()))
        });
        MetaType::Interface {
            name: interface.into_owned(),
            description: doc.map(str::to_owned),
            fields: shared.collect(),
            possible_types: names.iter().cloned().collect(),
            extends: false,
            keys: None,
            visible: None,
            inaccessible: false,
            tags: Vec::new(),
            rust_typename: Some(std::any::type_name::<T>()),
            directive_invocations: Vec::new(),
            requires_scopes: Vec::new(),
        }
    })
}

/// The type of a member that is still in the making: it is its own field that led here. Everything else counts as
/// known, so this goes no further than the member itself.
fn ahead(registry: &Registry, name: &str, member: Register) -> Option<MetaType> {
    let mut aside = Registry { types: registry.types.clone(), ..Registry::default() };
    aside.types.remove(name);
    member(&mut aside);
    aside.types.remove(name)
}

fn bare(qualified: String) -> String {
    qualified.trim_end_matches('!').to_owned()
}
