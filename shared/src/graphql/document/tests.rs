use super::{
    verdicts::{PREPARED_BYTES, REFUSED_BYTES},
    *,
};
use crate::config::Limits;

fn documents() -> Documents {
    let schema = Schema::parse_and_validate("type Query { a: Int }", "schema.graphql").unwrap();
    let mut registry = Registry { query_type: String::from("Query"), ..Registry::default() };
    <i32 as async_graphql::OutputType>::create_type_info(&mut registry);
    let guard = Guard::new(Limits::default(), false, &schema, &registry).unwrap();
    Documents::new(schema, Arc::new(registry), guard, None)
}

fn address(nth: u32) -> IpAddr {
    std::net::Ipv4Addr::from_bits(0x0a00_0000 + nth).into()
}

#[test]
fn what_was_prepared_is_kept_within_bounds_and_what_is_too_long_not_at_all() {
    let documents = documents();
    for n in 0..60 {
        // Of many clients: one has a part of it only.
        let client = address(n);
        let _ = documents.get(&format!("{{ a }} # {n} {}", "x".repeat(20_000)), client);
        let _ = documents.get(&format!("{{ b }} # {n} {}", "x".repeat(90_000)), client);
    }
    let (prepared, refused) = documents.known.bytes();
    assert!((1..=PREPARED_BYTES).contains(&prepared) && (1..=REFUSED_BYTES).contains(&refused));
    let long = format!("{{ a }} # {}", "x".repeat(200_000));
    assert!(documents.get(&long, address(0)).is_err() && !documents.known.knows(&long));
}

/// Documents are the same to a cache whatever they are: these are kept without being prepared.
#[test]
fn a_flood_of_documents_does_not_push_out_what_is_asked_for_often() {
    let known = Verdicts::new();
    let ask = |text: &str, verdict: &Result<Arc<Prepared>, Refusals>, client: IpAddr| {
        if known.get(text, client).is_none() {
            known.keep(text, verdict, client);
        }
    };
    let good = Ok(Arc::new(Prepared { operations: Vec::new() }));
    let bad = Err(Arc::new(vec![Refusal { fault: Fault::bad_input("No."), at: None }]));
    let hot: Vec<_> = (0..200).map(|n| format!("query Hot{n} {{ a }}")).collect();
    let often = || {
        for _ in 0..5 {
            hot.iter().for_each(|text| ask(text, &good, address(0)));
        }
    };
    often();
    for n in 0..100_000 {
        // Clients without number, none of which brings much.
        ask(&format!("query Flood{n} {{ a }}"), &good, address(n));
        ask(&format!("query Flood{n} {{ b }}"), &bad, address(n));
        if n % 20_000 == 0 {
            often();
        }
    }
    let (prepared, refused) = known.bytes();
    assert!(prepared > PREPARED_BYTES / 2 && refused > REFUSED_BYTES / 2, "the flood filled both");
    let lost = hot.iter().filter(|text| !known.knows(text)).count();
    assert_eq!(lost, 0, "of {}", hot.len());
}

#[test]
fn operations_are_in_the_order_of_the_document_each_with_its_own_cost() {
    let documents = documents();
    let prepared = documents.get("query Z { a } query A($v: Int) { a @skip(if: $x) }", address(0));
    assert_eq!(prepared.err().map(|refusals| refusals[0].fault.code), Some(Code::GraphqlValidationFailed));
    let prepared = documents.get("query Z { a } query A { b: a } query M { c: a }", address(0)).unwrap();
    let names: Vec<_> =
        prepared.operations.iter().map(|operation| operation.name.as_deref().unwrap()).collect();
    assert_eq!(names, ["Z", "A", "M"]);
}
