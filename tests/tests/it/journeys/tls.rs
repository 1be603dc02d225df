//! An upstream behind TLS, and what whoever is on call reads of one whose certificate is not right.

use kit::{Authority, Fake, Process, json};

#[tokio::test]
async fn a_certificate_that_is_not_right_is_named_in_the_log() {
    let (known, unknown) = (Authority::new(), Authority::new());
    let good = Fake::secure(&known, "127.0.0.1").await;
    let genre = json!({"id": "dub", "name": "Dub", "parent_id": null, "cursor": "dub", "artist_count": 1,
        "album_count": 1, "track_count": 1});
    good.table("/genres", &[("ids", "id")], json!([genre]));
    let of_another = Fake::secure(&unknown, "127.0.0.1").await;
    let elsewhere = Fake::secure(&known, "elsewhere.example").await;
    let partner = async |catalog: &Fake| {
        let file = known.file().display().to_string();
        let partner = Process::of("partner").set("tls.ca_file", &file).upstream("catalog", catalog);
        partner.start().await
    };
    let asked = "{ genres(first: 1) { nodes { name } } }";
    partner(&good).await.query(asked).await.ok();
    for (catalog, word) in [(&of_another, "UnknownIssuer"), (&elsewhere, "elsewhere.example")] {
        let partner = partner(catalog).await;
        assert_eq!(partner.query(asked).await.codes(), ["UPSTREAM_UNAVAILABLE"]);
        let failed = |line: &kit::Value| line["message"] == "an upstream call failed";
        let line = partner.until_logged("that a call failed", failed).await;
        let told = line["upstream.error"].as_str().unwrap();
        assert!(told.contains("certificate") && told.contains(word), "{line}");
    }
}
