//! The operator's word goes over the BFF's, per upstream; what cannot be meant is an error that says what could.

use bff::config::{Args, Settings, Spec, resolve};

const TOML: &str = "
[upstreams]
catalog = 'http://127.0.0.1:1'
two-words = 'http://127.0.0.1:2'
[resilience.catalog]
timeout_ms = 300
retries = 0
";

fn read(toml: &'static str, environment: &[(&str, &str)]) -> Result<Settings, String> {
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let read = resolve::<()>(&Spec { service: "sample", toml }, &Args::default(), environment);
    read.map(|(settings, ())| settings).map_err(|problems| problems.to_string())
}

#[test]
fn each_key_by_itself_from_any_layer() {
    let environment =
        [("SAMPLE__RESILIENCE__CATALOG__RETRIES", "1"), ("SAMPLE__RESILIENCE__TWO_WORDS__QUEUE", "7")];
    let settings = read(TOML, &environment).unwrap();
    let catalog = &settings.resilience["catalog"];
    assert_eq!((catalog.timeout_ms, catalog.retries, catalog.queue), (Some(300), Some(1), None));
    assert_eq!(settings.resilience["two_words"].queue, Some(7));
    // What is printed is a configuration again.
    let printed = bff::config::print(&settings, &());
    let table: toml::Table = printed.parse().unwrap();
    assert_eq!(table["resilience"]["catalog"]["timeout_ms"].as_integer(), Some(300), "{printed}");
}

#[test]
fn what_cannot_be_meant_says_what_could() {
    for (toml, expected) in [
        (
            "[resilience.catalogue]",
            "`resilience.catalogue`: there is no upstream `catalogue`; did you mean `resilience.catalog`?",
        ),
        ("[resilience.x]", "`resilience.x`: there is no upstream `x`; the upstreams are `catalog`"),
        (
            "[resilience.catalog]\ntimeout = 1",
            "unknown key `resilience.catalog.timeout`; did you mean `resilience.catalog.timeout_ms`?",
        ),
        ("[resilience.catalog]\nretries = 'often'", "`resilience.catalog.retries`"),
        ("[resilience.catalog]\nconcurrency = 0", "`resilience.catalog.concurrency` is 0"),
        ("[resilience.catalog]\nretries = 100", "`resilience.catalog.retries` is more than 3"),
        (
            "[resilience.catalog]\nretry_percent = 200",
            "`resilience.catalog.retry_percent` is a share of a hundred",
        ),
    ] {
        let toml = format!("[upstreams]\ncatalog = 'http://127.0.0.1:1'\n{toml}").leak();
        let problem = read(toml, &[]).unwrap_err();
        assert!(problem.contains(expected), "{expected:?} is not in\n{problem}");
        assert!(problem.contains("1 problem "), "{problem}");
    }
}
