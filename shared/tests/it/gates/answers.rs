//! What old and new apps are answered.

use super::world::World;
use kit::{Value, json};

/// As apps see colours before 2.3, before 3, and since.
const STEPS: [(&str, &str, &str); 3] =
    [("2.2.9", "RED", "RED"), ("2.9", "INFRARED", "INFRARED"), ("3.0", "INFRARED", "TERAHERTZ")];

#[tokio::test]
async fn an_app_is_told_no_value_that_it_does_not_know() {
    let world = World::start().await;
    for (version, infrared, terahertz) in STEPS {
        for (document, data) in [
            (
                "{ thing(id: \"t1\") { colour colours frame { colour } painted(grey: false) grey: painted(grey: true) } }",
                json!({"thing": {
                    "colour": terahertz, "colours": ["RED", null, infrared, terahertz], "frame": {"colour": infrared},
                    "painted": terahertz, "grey": "GREY",
                }}),
            ),
            ("{ thing(id: \"t1\") { told name } }", json!({"thing": {"told": [terahertz], "name": "Thing t1"}})),
            (
                "{ thing(id: \"t1\") { parts { colour __typename } } }",
                json!({"thing": {"parts": [{"colour": terahertz, "__typename": "Part"}]}}),
            ),
            (
                "{ colour colours }",
                json!({"colour": terahertz, "colours": [["GREY", infrared], [terahertz]]}),
            ),
            ("{ told(id: \"t1\") }", json!({"told": [terahertz]})),
            (
                "query ($no: Boolean = false) { thing(id: \"t1\") { ...A ... on Thing { c: colour } ...A @include(if: $no) } }
                 fragment A on Thing { colour frame { ...B } } fragment B on Frame { colour }",
                json!({"thing": {"colour": terahertz, "frame": {"colour": infrared}, "c": terahertz}}),
            ),
            (
                "{ thing(id: \"t1\") { ...C } } fragment C on Thing { frame { ...D } } fragment D on Frame { colour }",
                json!({"thing": {"frame": {"colour": infrared}}}),
            ),
            ("mutation { look(id: \"t1\") { colour } }", json!({"look": {"colour": terahertz}})),
            (
                "{ items { name ... on Tin { colour } } }",
                json!({"items": [{"name": "Jam"}, {"name": "Tea", "colour": infrared}]}),
            ),
        ] {
            let answer = world.query(version, document).await;
            assert_eq!(answer.ok(), &data, "{version}: {document}");
        }
    }
}

#[tokio::test]
async fn which_version_an_app_is_of() {
    let world = World::start().await;
    let document = "{ thing(id: \"t1\") { colour rating } }";
    let seen = async |app: &str, version: &str| {
        let answer = world.query_of(app, version, document).await;
        (answer.data("thing.colour").clone(), answer.data("thing.rating").clone())
    };
    for (version, colour, rating) in [
        ("0", "RED", 0),
        ("2.2.99", "RED", 0),
        ("v2.2-beta", "RED", 0),
        ("2.3", "INFRARED", 5),
        ("2.3.0", "INFRARED", 5),
        ("2.3-beta.1", "INFRARED", 5),
        ("2.10", "INFRARED", 5),
        ("3", "TERAHERTZ", 5),
        ("10.1", "TERAHERTZ", 5),
        // Whoever does not say it is served as ever.
        ("", "TERAHERTZ", 5),
        ("beta", "TERAHERTZ", 5),
    ] {
        assert_eq!(seen("ios", version).await, (json!(colour), json!(rating)), "{version}");
    }
    assert_eq!(seen("android", "1").await, (json!("TERAHERTZ"), json!(5)), "no app of ours");
    let nobody = world.bff.query(document).await;
    assert_eq!(nobody.data("thing.colour"), "TERAHERTZ");
    let unversioned = world.bff.query(document).header("graphql-client-name", "ios").await;
    assert_eq!(unversioned.data("thing.colour"), "TERAHERTZ");
    let apollos = world.bff.query(document).header("apollographql-client-name", "ios");
    assert_eq!(apollos.header("apollographql-client-version", "2.3").await.data("thing.colour"), "INFRARED");
}

#[tokio::test]
async fn a_field_that_is_not_there_yet_has_its_fallback() {
    let world = World::start().await;
    let document = "{ thing(id: \"t1\") { stock rating label best n: name } }";
    for (version, data) in [
        ("2", json!({"stock": null, "rating": 0, "label": "none", "best": "RED", "n": "Thing t1"})),
        ("2.3", json!({"stock": 7, "rating": 5, "label": "fine", "best": "INFRARED", "n": "Thing t1"})),
        ("3", json!({"stock": 7, "rating": 5, "label": "fine", "best": "TERAHERTZ", "n": "Thing t1"})),
    ] {
        assert_eq!(world.query(version, document).await.ok()["thing"], data, "{version}");
    }
    // Also through an interface.
    let document = "{ items { name stock ... on Jar { again: stock } } }";
    let old = world.query("2", document).await;
    assert_eq!(
        old.ok()["items"],
        json!([{"name": "Jam", "stock": null, "again": null}, {"name": "Tea", "stock": null}])
    );
    assert_eq!(world.query("2.3", document).await.data("items.1.stock"), 6);
    assert_eq!(world.query("2", "{ items { stock } }").await.data("items.1.stock"), &Value::Null);
}

#[tokio::test]
async fn nothing_is_asked_for_what_is_not_there_yet_and_nobody_guards_it() {
    let world = World::start().await;
    let document = "query ($more: Boolean!) { thing(id: \"t1\") {
        secret newParts { colour } maker { name } ... @include(if: $more) { again: maker { name } }
    } }";
    let ask = |version: &str, more: bool| world.query(version, document).variables(json!({"more": more}));
    let old = ask("2.2", true).await;
    assert_eq!(old.ok()["thing"], json!({"secret": null, "newParts": [], "maker": null, "again": null}));
    assert_eq!((world.shop.count("/things"), world.shop.total()), (1, 1));
    assert_eq!(ask("2.2", false).await.ok()["thing"], json!({"secret": null, "newParts": [], "maker": null}));
    let new = ask("2.3", true).await;
    assert_eq!(new.codes(), ["FORBIDDEN"]);
    let data = json!({
        "secret": null, "newParts": [{"colour": "INFRARED"}], "maker": {"name": "Ada"}, "again": {"name": "Ada"},
    });
    assert_eq!(new.json["data"]["thing"], data);
    assert_eq!((world.shop.count("/parts"), world.shop.count("/makers")), (1, 1));
}

#[tokio::test]
async fn a_root_that_is_not_there_yet_is_not_run() {
    let world = World::start().await;
    for (document, old, new) in [
        (
            "{ a: newThing(id: \"t1\") { name } newThing(id: \"t2\") { id } }",
            json!({"a": null, "newThing": null}),
            json!({"a": {"name": "Thing t1"}, "newThing": {"id": "t2"}}),
        ),
        ("{ count }", json!({"count": -1}), json!({"count": 3})),
        (
            "query ($id: ID = \"t1\", $no: Boolean = false) {
                count @skip(if: $no) n: count @include(if: $no) newThing(id: $id) { id } __typename
            }",
            json!({"count": -1, "newThing": null, "__typename": "Query"}),
            json!({"count": 3, "newThing": {"id": "t1"}, "__typename": "Query"}),
        ),
        (
            "{ __type(name: \"Maker\") { name } count newThing(id: \"t1\") { id } }",
            json!({"__type": {"name": "Maker"}, "count": -1, "newThing": null}),
            json!({"__type": {"name": "Maker"}, "count": 3, "newThing": {"id": "t1"}}),
        ),
    ] {
        world.shop.clear();
        assert_eq!(world.query("2", document).await.ok(), &old, "{document}");
        assert_eq!(world.shop.total(), 0, "{document}");
        assert_eq!(world.query("3", document).await.ok(), &new, "{document}");
    }
}

#[tokio::test]
async fn several_operations_of_a_document_are_each_told_apart() {
    let world = World::start().await;
    let document =
        "query Plain { thing(id: \"t1\") { name } } query Gated { thing(id: \"t1\") { name colour } }";
    let named = async |version: &str, name: &str| -> Value {
        world.query(version, document).operation(name).await.ok()["thing"].clone()
    };
    assert_eq!(named("2", "Plain").await, json!({"name": "Thing t1"}));
    assert_eq!(named("2", "Gated").await, json!({"name": "Thing t1", "colour": "RED"}));
    assert_eq!(named("3", "Gated").await, json!({"name": "Thing t1", "colour": "TERAHERTZ"}));
}
