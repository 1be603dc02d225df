//! What cannot hold is said before anything starts; what can stands in the schema.

use super::world::{Colour, Mutation, Query, SHOP, Subscription, ThingById};
use async_graphql::{EmptyMutation, EmptySubscription, Enum, ID, Object, ObjectType, Subscription as Events};
use bff::{Ask, Bff, Deferrable, IntoAsk, One, Since, entity, question};
use futures::{Stream, stream};
use kit::Server;

fn refusal(query: impl ObjectType + 'static) -> String {
    let bff = Bff::new("paints", "").schema(query, EmptyMutation, EmptySubscription);
    bff.sdl().unwrap_err().to_string()
}

/// Queries with one root that is gated in some way.
macro_rules! queries {
    ($($name:ident: $type:ty = $value:expr, since $version:literal, $fallback:literal;)*) => {$(
        struct $name;

        #[Object(name = "Query")]
        impl $name {
            #[graphql(directive = Since::apply($version, $fallback))]
            async fn it(&self) -> $type {
                $value
            }
        }
    )*};
}

queries! {
    NoVersion: Option<i32> = None, since "soon", "null";
    NoLiteral: Option<i32> = None, since "2", "two words";
    NullNever: i32 = 1, since "2", "null";
    NoInt: i32 = 1, since "2", "2147483648";
    NoBoolean: bool = true, since "2", "\"true\"";
    NoText: String = String::new(), since "2", "grey";
    NoList: Vec<i32> = Vec::new(), since "2", "1";
    NoItem: Vec<i32> = Vec::new(), since "2", "[1, null]";
    NoObject: Ask<ThingById, One> = ThingById(ID::from("t1")).ask(), since "2", "{id: \"t1\"}";
    NeverNull: Ask<ThingById, One> = ThingById(ID::from("t1")).ask(), since "2", "null";
    NoValue: Option<Colour> = None, since "2", "BLUE";
    NewValue: Option<Colour> = None, since "2.3", "INFRARED";
}

/// Enums with a value that is gated in some way.
macro_rules! enums {
    ($($query:ident, $name:ident: since $version:literal, $fallback:literal;)*) => {$(
        #[derive(Enum, Clone, Copy, PartialEq, Eq)]
        enum $name {
            Old,
            #[graphql(directive = Since::apply("3", "OLD"))]
            New,
            #[graphql(directive = Since::apply($version, $fallback))]
            Odd,
        }

        struct $query;

        #[Object(name = "Query")]
        impl $query {
            async fn all(&self) -> [$name; 3] {
                [$name::Old, $name::New, $name::Odd]
            }
        }
    )*};
}

enums! {
    OfItself, Itself: since "2", "ODD";
    OfNone, NoneOfIts: since "2", "BLUE";
    OfNull, Null: since "2", "null";
    OfText, Text: since "2", "\"OLD\"";
    OfNewer, Newer: since "2.3", "NEW";
    OfSame, Same: since "3.0", "NEW";
}

#[test]
fn a_gate_that_cannot_hold_is_refused_with_the_way_out() {
    for (told, names) in [
        (refusal(NoVersion), ["`Query.it` is @since(version: \"soon\")", "no version; write"]),
        (refusal(NoLiteral), ["`Query.it`", "`two words` is no GraphQL literal: write"]),
        (refusal(NullNever), ["`Query.it: Int!`", "is `null`, which `Int!` may not be; give it"]),
        (refusal(NoInt), ["`Query.it: Int!`", "`2147483648` is no `Int`"]),
        (refusal(NoBoolean), ["`Query.it: Boolean!`", "`\"true\"` is no `Boolean`"]),
        (refusal(NoText), ["`Query.it: String!`", "write it as a text: `\"grey\"`"]),
        (refusal(NoList), ["`Query.it: [Int!]!`", "write a list, such as `[]`"]),
        (refusal(NoItem), ["`Query.it: [Int!]!`", "is `null`, which `Int!` may not be"]),
        (refusal(NoObject), ["`Query.it: Thing!`", "let it be null"]),
        (refusal(NeverNull), ["`Query.it: Thing!`", "which `Thing!` may not be"]),
        (refusal(NoValue), ["`Query.it: Colour`", "is no `Colour`; name one of `GREY`, `RED`"]),
        (refusal(NewValue), ["`Query.it: Colour`", "`INFRARED` is itself not there before 2.3"]),
        (refusal(OfItself), ["`Itself.ODD`", "`ODD` is itself not there before 2, "]),
        (refusal(OfNone), ["`NoneOfIts.ODD`", "`BLUE` is no `NoneOfIts`; name one of `OLD`"]),
        (refusal(OfNull), ["`Null.ODD`", "is no `Null`; name one of `OLD`"]),
        (refusal(OfText), ["`Text.ODD`", "`\"OLD\"` is no `Text`; name one of `OLD`"]),
        (
            refusal(OfNewer),
            ["`Newer.ODD`", "not there before 3, so an older app would meet it; name one of `OLD`"],
        ),
        (refusal(OfSame), ["`Same.ODD`", "not there before 3, so"]),
    ] {
        assert!(names.iter().all(|name| told.contains(name)), "{names:?}: {told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    }
}

struct NewMutation;

#[Object(name = "Mutation")]
impl NewMutation {
    #[graphql(directive = Since::apply("2", "null"))]
    async fn press(&self) -> Option<bool> {
        None
    }
}

struct NewEvents;

#[Events(name = "Subscription")]
impl NewEvents {
    #[graphql(directive = Since::apply("2", "0"))]
    async fn ticks(&self) -> impl Stream<Item = i32> {
        stream::empty()
    }
}

#[tokio::test]
async fn a_change_or_a_stream_is_not_left_out_without_a_word() {
    let bff = Bff::new("paints", "").upstreams(&[SHOP]).schema(Query, NewMutation, NewEvents);
    let told = Server::of(bff).upstream("shop", "http://127.0.0.1:1").try_start().await.err().unwrap();
    for place in ["`Mutation.press` cannot be @since", "`Subscription.ticks` cannot be @since"] {
        assert!(told.contains(place), "{told}");
    }
}

/// One member has it later than the other.
#[entity(interface("name"))]
#[serde(tag = "type", rename_all = "lowercase")]
enum Either {
    Early(Early),
    Late(Late),
}

#[entity]
struct Early {
    #[graphql(directive = Since::apply("2", "null"))]
    name: Option<String>,
}

#[entity]
struct Late {
    #[graphql(directive = Since::apply("3", "null"))]
    name: Option<String>,
}

#[question(upstream = SHOP, get = "/either", row = Either, many, public, all_fields)]
struct AllOfEither {}

struct OfEither;

#[Object(name = "Query")]
impl OfEither {
    async fn all(&self) -> Ask<AllOfEither> {
        AllOfEither {}.ask()
    }
}

#[test]
fn a_field_of_an_interface_is_there_in_all_its_members_or_in_none() {
    let told = refusal(OfEither);
    assert!(told.contains("`Either.name` is not @since the same version"), "{told}");
    assert!(told.contains("Early, Late"), "{told}");
}

#[test]
fn the_schema_tells_its_gates() {
    let bff = Bff::new("paints", "").schema(Deferrable(Query), Mutation, Subscription);
    let sdl = bff.sdl().unwrap();
    for line in [
        "directive @since(version: String!, fallback: SinceFallback) on FIELD_DEFINITION | ENUM_VALUE",
        "scalar SinceFallback",
        "\tINFRARED @since(version: \"2.3\", fallback: RED)",
        "\tstock: Int @since(version: \"2.3\", fallback: null)",
        "\tlabel: String! @since(version: \"2.3\", fallback: \"none\")",
        "\tnewParts: [Part!] @since(version: \"2.3\", fallback: [])",
        "\tcount: Int! @since(version: \"3\", fallback: -1)",
    ] {
        assert!(sdl.lines().any(|known| known == line), "{line}\n{sdl}");
    }
    let plain = Bff::new("paints", "").schema(OfThing, EmptyMutation, EmptySubscription);
    assert!(!plain.sdl().unwrap().contains("SinceFallback"));
}

struct OfThing;

#[Object(name = "Query")]
impl OfThing {
    async fn one(&self) -> i32 {
        1
    }
}
