//! Imports: all of a file or nothing of it, and the same again changes nothing.

use serde_json::{Value, json};

use crate::house::{House, album, artist, genre, import, sample, track, write};

#[tokio::test]
async fn a_bad_line_keeps_nothing_of_its_file_and_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let good = write(folder.path(), "good.jsonl", &[genre("pop", None), artist("ar-1", "A", &["pop"], 1)]);
    let bad = write(
        folder.path(),
        "bad.jsonl",
        &[
            artist("ar-2", "B", &["pop"], 1),
            artist("ar-3", "C", &["polka"], 1),
            artist("ar-4", "D", &["pop"], 1),
        ],
    );
    let never = write(folder.path(), "never.jsonl", &[artist("ar-5", "E", &["pop"], 1)]);
    let output = import(folder.path(), &[&good, &bad, &never]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("bad.jsonl:2: genre_ids: no genre `polka`; import it first"), "{said}");

    let house = House::over(folder).await;
    assert_eq!(house.items("/artists", "id").await, ["ar-1"], "the file before stays, and is settled");
    assert_eq!(house.items("/search?q=a", "id").await, ["ar-1"]);
}

#[test]
fn every_kind_of_fault_has_its_reason() {
    let base =
        [genre("g", None), artist("ar-1", "A", &["g"], 1), album("al-1", "ar-1", "T", "2020-01-01", 1)];
    let with = |mut line: Value, field: &str, value: Value| {
        line[field] = value;
        line
    };
    let an_artist = || artist("ar-9", "N", &["g"], 1);
    let an_album = || album("al-9", "ar-1", "N", "2020-01-01", 1);
    let a_track = || track("tr-9", "al-1", "N", 1, 1);
    let folder = tempfile::tempdir().unwrap();
    let base = write(folder.path(), "base.jsonl", &base);
    assert!(import(folder.path(), &[&base]).status.success());
    for (line, reason) in [
        (json!({"type": "song", "id": "x"}).to_string(), "unknown variant `song`"),
        (json!({"id": "x"}).to_string(), "missing field `type`"),
        ("{\"type\": \"genre\",".to_owned(), "EOF while parsing"),
        ("not json".to_owned(), "expected ident"),
        ("\u{feff}{}".to_owned(), "expected value"),
        (with(an_artist(), "nickname", json!("x")).to_string(), "unknown field `nickname`"),
        (with(an_artist(), "id", json!("a b")).to_string(), "id: `a b` is not of the form"),
        (with(an_artist(), "id", json!("x".repeat(65))).to_string(), "is not of the form"),
        (with(an_artist(), "name", json!(" ")).to_string(), "name: must have 1 to 500 characters"),
        (
            with(an_artist(), "country", json!("Japan")).to_string(),
            "country: `Japan` is not two capital letters",
        ),
        (with(an_artist(), "popularity", json!(1_000_001)).to_string(), "popularity: 1000001 is not between"),
        (with(an_artist(), "popularity", json!(0.5)).to_string(), "invalid type: floating point"),
        (with(an_artist(), "updated_at", json!("today")).to_string(), "`today` is not a time like"),
        (
            with(an_album(), "artist_id", json!("ar-8")).to_string(),
            "artist_id: no artist `ar-8`; import it first",
        ),
        (with(an_album(), "kind", json!("opera")).to_string(), "kind: `opera` is none of"),
        (
            with(an_album(), "released_on", json!("2020-13-01")).to_string(),
            "released_on: `2020-13-01` is not a day",
        ),
        (with(an_album(), "upc", json!("12")).to_string(), "upc: `12` is not 12 to 14 digits"),
        (
            with(a_track(), "album_id", json!("al-8")).to_string(),
            "album_id: no album `al-8`; import it first",
        ),
        (
            with(a_track(), "artist_id", json!("ar-8")).to_string(),
            "artist_id: no artist `ar-8`; import it first",
        ),
        (with(a_track(), "position", json!(0)).to_string(), "position: 0 is not between"),
        (with(a_track(), "isrc", json!("??")).to_string(), "isrc: `??` is not 12 letters and digits"),
        (
            with(genre("h", None), "parent_id", json!("z")).to_string(),
            "parent_id: no genre `z`; import it first",
        ),
    ] {
        let file = folder.path().join("faulty.jsonl");
        std::fs::write(&file, format!("{}\n\n{line}\n", genre("fine", None))).unwrap();
        let output = import(folder.path(), &[&file]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{line}");
        assert!(said.contains("faulty.jsonl:3: ") && said.contains(reason), "{line}: {said}");
    }
    let missing = folder.path().join("missing.jsonl");
    let output = import(folder.path(), &[&missing]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("missing.jsonl: No such file"));
}

#[tokio::test]
async fn importing_again_changes_nothing_and_changes_arrive() {
    let house = House::with(&sample()).await;
    let paths = [
        "/artists",
        "/albums",
        "/tracks",
        "/charts",
        "/chart-entries?chart_ids=top-global",
        "/search?q=b&facets=true",
    ];
    let mut before = Vec::new();
    for path in paths {
        before.push(house.get(path).await);
    }
    let mut lines = sample();
    let file = write(house.folder(), "again.jsonl", &lines);
    assert!(import(house.folder(), &[&file]).status.success());
    for (path, before) in paths.iter().zip(&before) {
        assert_eq!(&house.get(path).await, before, "{path}");
    }

    lines[3]["name"] = json!("Björk Guðmundsdóttir");
    let file = write(house.folder(), "changed.jsonl", &lines);
    assert!(import(house.folder(), &[&file]).status.success());
    assert_eq!(house.items("/albums?ids=al-1", "artist_name").await, ["Björk Guðmundsdóttir"]);
    assert_eq!(house.items("/search?q=gudmunds&types=artist", "id").await, ["ar-1"]);
}

#[tokio::test]
async fn a_cycle_of_genres_does_no_harm() {
    let lines =
        vec![genre("a", None), genre("b", Some("a")), genre("a", Some("b")), artist("ar-1", "A", &["a"], 1)];
    let house = House::with(&lines).await;
    assert_eq!(house.items("/artists?genre=b", "id").await, ["ar-1"]);
}

#[test]
fn the_format_is_in_the_help() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_catalog"))
        .args(["import", "--help"])
        .output()
        .unwrap();
    let help = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(help.contains("\"type\": \"artist\"") && help.contains("One\ntransaction per file"), "{help}");
}
