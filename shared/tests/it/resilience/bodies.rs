//! A body is read no further than allowed, whatever its coding; a redirect is not followed.

use super::{
    sick::{Sick, Symptom, header, rows},
    world::{World, whole},
};
use flate2::{Compression, write::GzEncoder};
use kit::Place;
use std::io::Write;

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// What the operating system holds on the way is a few MB; what we would hold is not there to be measured then.
#[tokio::test]
async fn of_200_mb_only_the_first_are_taken() {
    for announced in [true, false] {
        let world = World::with(Default::default()).await;
        world.sick.has(Symptom::Floods { bytes: 200 << 20, announced });
        for _ in 0..3 {
            let answer = world.ask().await;
            assert!(!whole(&world, &answer));
            assert_eq!(answer.codes(), ["UPSTREAM_BAD_RESPONSE"]);
        }
        let written = world.sick.written();
        assert!(written < 3 * (16 << 20), "announced {announced}: {written} bytes were taken");
    }
}

#[tokio::test]
async fn what_nobody_asked_to_be_compressed_is_read_all_the_same() {
    let world = World::with(Default::default()).await;
    for coding in ["gzip", "x-gzip", "GZIP"] {
        world.sick.has_by(move |_, head| {
            assert_eq!(header(head, "accept-encoding"), None);
            Symptom::Encodes(coding, gzip(rows(head).as_bytes()))
        });
        assert!(whole(&world, &world.ask().await), "{coding}");
    }
    world.sick.has_by(|_, head| Symptom::Encodes("identity", rows(head).into_bytes()));
    assert!(whole(&world, &world.ask().await));
}

#[tokio::test]
async fn what_is_small_until_it_is_unpacked_is_too_long() {
    let world = World::with(Default::default()).await;
    world.sick.has_by(|_, head| {
        // Good rows, and then nothing for eight times the limit.
        let bomb = gzip(&[rows(head).as_bytes(), &vec![b' '; 8 << 20]].concat());
        assert!(bomb.len() < 1 << 20, "it would be refused as it is");
        Symptom::Encodes("gzip", bomb)
    });
    let answer = world.ask().await;
    assert!(!whole(&world, &answer));
    assert_eq!(answer.codes(), ["UPSTREAM_BAD_RESPONSE"]);
}

#[tokio::test]
async fn what_cannot_be_unpacked_is_a_bad_response() {
    let world = World::with(Default::default()).await;
    for (coding, body) in
        [("br", &b"x"[..]), ("gzip, gzip", b"x"), ("gzip", b"this is not gzip"), ("gzip", b"")]
    {
        world.sick.has(Symptom::Encodes(coding, body.to_vec()));
        let answer = world.ask().await;
        assert!(!whole(&world, &answer), "{coding}");
        assert_eq!(answer.codes(), ["UPSTREAM_BAD_RESPONSE"], "{coding}");
    }
}

#[tokio::test]
async fn nobody_is_sent_elsewhere() {
    let elsewhere = Sick::start().await;
    let world = World::with(Default::default()).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("location: {}/things?ids=s\r\n", elsewhere.url());
        world.sick.has(Symptom::Answers(status, location));
        let answer = world.ask().await;
        assert!(!whole(&world, &answer));
        assert_eq!(answer.codes(), ["UPSTREAM_BAD_RESPONSE"]);
    }
    assert_eq!(elsewhere.requests(), 0);
}
