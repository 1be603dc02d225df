//! Values of every kind for variables of every type.

use kit::{Value, json};

/// Types, each with a field that has a place for it.
pub const TYPES: &[(&str, &str)] = &[
    ("Int", "arguments { intArgField(intArg: $v) }"),
    ("Int!", "arguments { nonNullIntArgField(nonNullIntArg: $v) }"),
    ("Int = 5", "arguments { nonNullIntArgField(nonNullIntArg: $v) }"),
    ("Float", "arguments { floatArgField(floatArg: $v) }"),
    ("String", "arguments { stringArgField(stringArg: $v) }"),
    ("ID", "arguments { idArgField(idArg: $v) }"),
    ("Boolean", "arguments { booleanArgField(booleanArg: $v) }"),
    ("Boolean!", "arguments { nonNullBooleanArgField(nonNullBooleanArg: $v) }"),
    ("DogCommand", "arguments { commandArgField(commandArg: $v) }"),
    ("[Boolean]!", "arguments { booleanListArgField(booleanListArg: $v) }"),
    ("[Boolean!]", "arguments { nonNullBooleanListField(nonNullBooleanListArg: $v) }"),
    ("[Boolean!]!", "arguments { nonNullBooleanListField(nonNullBooleanListArg: $v) }"),
    ("[[Int!]!]", "arguments { matrixField(matrix: $v) }"),
    ("ComplexInput", "arguments { complexArgField(complexArg: $v) }"),
    ("ComplexInput = {required: 1}", "arguments { complexArgField(complexArg: $v) }"),
    ("PetBy", "arguments { petArgField(petArg: $v) }"),
    ("PetBy!", "findPet(by: $v)"),
    ("FindDogInput", "findDog(searchBy: $v) { name }"),
    ("JSON", "arguments { anyArgField(anyArg: $v) }"),
];

pub fn all() -> Vec<Value> {
    let mut all = vec![
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(-1),
        json!(1.0),
        json!(1.5),
        json!(-0.0),
        json!(1e2),
        json!(2_147_483_647),
        json!(2_147_483_648i64),
        json!(-2_147_483_648i64),
        json!(-2_147_483_649i64),
        json!(9_007_199_254_740_991i64),
        json!(1e15),
        json!(""),
        json!("text"),
        json!("1"),
        json!("true"),
        json!("SIT"),
        json!("trueHeel"),
        json!("sit"),
        json!([]),
        json!([null]),
        json!([true]),
        json!([true, null, false]),
        json!([1]),
        json!([[1]]),
        json!([[1], [2, 3]]),
        json!([[1], 2]),
        json!([[1], null]),
        json!([[null]]),
        json!([[[1]]]),
        json!(["SIT", 1]),
        json!({}),
        json!({"unknown": 1}),
    ];
    all.extend(complex());
    all
}

fn complex() -> Vec<Value> {
    vec![
        json!({"required": 1}),
        json!({"required": null}),
        json!({"required": "1"}),
        json!({"required": 1, "name": null}),
        json!({"required": 1, "name": 2}),
        json!({"required": 1, "unknown": 1}),
        json!({"required": 1, "counted": null}),
        json!({"required": 1, "counted": 2}),
        json!({"required": 1, "tags": "one"}),
        json!({"required": 1, "tags": ["a", null]}),
        json!({"required": 1, "tags": ["a", "b"]}),
        json!({"required": 1, "inner": {"required": 2}}),
        json!({"required": 1, "inner": {}}),
        json!({"required": 1, "inner": null}),
        json!({"required": 1, "inner": [{"required": 1}]}),
        json!({"required": 1, "inner": {"required": 2, "inner": {"required": 1.5}}}),
        json!({"required": 1, "command": "SIT"}),
        json!({"required": 1, "command": "STAND"}),
        json!({"required": 1, "command": 1}),
        json!({"required": 1, "id": 7}),
        json!({"required": 1, "id": 7.5}),
        json!({"required": 1, "ratio": 1}),
        json!({"required": 1, "ratio": "1"}),
        json!({"required": 1, "flag": "true"}),
        json!({"required": 1, "flag": 0}),
        json!({"name": "a"}),
        json!({"name": null}),
        json!({"number": 1}),
        json!({"number": "1"}),
        json!({"name": "a", "number": 1}),
        json!({"name": "a", "number": null}),
        json!({"name": "a", "owner": "b"}),
    ]
}

/// Documents over `arguments`, and what it answers.
pub fn echoed() -> Vec<(&'static str, Value, Value)> {
    vec![
        (
            "query($v: Int = 5) { arguments { intArgField(intArg: $v) } }",
            json!({}),
            json!({"intArgField": 5}),
        ),
        (
            "query($v: Int = 5) { arguments { intArgField(intArg: $v) } }",
            json!({"v": null}),
            json!({"intArgField": null}),
        ),
        (
            "query($v: Int) { arguments { intArgField(intArg: $v) } }",
            json!({"v": 3.0}),
            json!({"intArgField": 3}),
        ),
        (
            "query($v: ID) { arguments { idArgField(idArg: $v) } }",
            json!({"v": 7}),
            json!({"idArgField": "7"}),
        ),
        ("query($v: ID = 7) { arguments { idArgField(idArg: $v) } }", json!({}), json!({"idArgField": "7"})),
        (
            "query($v: [Boolean] = true) { arguments { booleanListArgField(booleanListArg: $v) } }",
            json!({}),
            json!({"booleanListArgField": 1}),
        ),
        (
            "query($v: [Boolean]!) { arguments { booleanListArgField(booleanListArg: $v) } }",
            json!({"v": false}),
            json!({"booleanListArgField": 1}),
        ),
        (
            "query($v: [[Int!]!]) { arguments { matrixField(matrix: $v) } }",
            json!({"v": 1}),
            json!({"matrixField": 1}),
        ),
        (
            "query($v: ComplexInput = {required: 1, name: \"by default\"}) { arguments { complexArgField(complexArg: $v) } }",
            json!({}),
            json!({"complexArgField": "by default"}),
        ),
        (
            "query($v: Boolean) { arguments { optionalNonNullBooleanArgField(optionalBooleanArg: $v) } }",
            json!({}),
            json!({"optionalNonNullBooleanArgField": false}),
        ),
        (
            "{ arguments { commandArgField(commandArg: trueHeel) } }",
            json!({}),
            json!({"commandArgField": true}),
        ),
    ]
}

/// Values of a `ComplexInput!` called `c`, and what is said of them.
pub fn told() -> Vec<(Value, &'static str)> {
    vec![
        (
            json!({"required": "1"}),
            "Variable \"$c\" got invalid value \"1\" at \"c.required\"; Int cannot represent non-integer value: \"1\"",
        ),
        (
            json!({"required": 1, "inner": {"required": 1, "tags": ["a", 2]}}),
            "Variable \"$c\" got invalid value 2 at \"c.inner.tags[1]\"; String cannot represent a non string value: 2",
        ),
        (
            json!({"required": 1, "nam": 1}),
            "Variable \"$c\" got invalid value {\"nam\":1,\"required\":1}; Field \"nam\" is not defined by type \
             \"ComplexInput\".",
        ),
        (
            json!({}),
            "Variable \"$c\" got invalid value {}; Field \"required\" of required type \"Int!\" was not provided.",
        ),
        (
            json!(null),
            "Variable \"$c\" got invalid value null; Expected non-nullable type \"ComplexInput!\" not to be null.",
        ),
        (
            json!({"required": 3_000_000_000i64}),
            "Variable \"$c\" got invalid value 3000000000 at \"c.required\"; Int cannot represent non 32-bit signed \
             integer value: 3000000000",
        ),
    ]
}
