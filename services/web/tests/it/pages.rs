//! A path becomes a page: head, way, thing.

use crate::world::World;
use kit::{Answer, json};

const PAGE: &str = r#"query ($path: String!) { page(path: $path) {
    title description canonicalPath indexable breadcrumbs { title path } image { src }
    thing { __typename ... on Artist { name } ... on Album { title } ... on Track { title } ... on Playlist { title }
        ... on User { displayName } ... on Genre { name } }
} }"#;

async fn page(world: &World, path: &str) -> Answer {
    world.web.query(PAGE).variables(json!({"path": path})).await
}

#[tokio::test]
async fn a_tracks_page_says_what_it_is_and_where() {
    let world = World::start().await;
    let answer = page(&world, "/tracks/tr-1/whatever?utm_source=mail").await;
    assert_eq!(
        answer.ok()["page"],
        json!({
            "title": "Track 1 by Artist 1 | Bespoke",
            "description": "Track 1 by Artist 1, from Ágætis 1 (4:05). Listen, and read what people say about its moments.",
            "canonicalPath": "/tracks/tr-1/track-1",
            "indexable": true,
            "breadcrumbs": [
                {"title": "Bespoke", "path": "/"},
                {"title": "Artist 1", "path": "/artists/ar-1/artist-1"},
                {"title": "Ágætis 1", "path": "/albums/al-1/%C3%A1g%C3%A6tis-1"},
                {"title": "Track 1", "path": "/tracks/tr-1/track-1"},
            ],
            "image": {"src": "https://img.example/al-1?w=320"},
            "thing": {"__typename": "Track", "title": "Track 1"},
        })
    );
    assert_eq!(world.calls(), [1, 0, 0, 0]);
}

#[tokio::test]
async fn every_kind_of_thing_has_a_page_and_its_path_leads_to_it() {
    let world = World::start().await;
    for (path, kind, title, way) in [
        ("/artists/ar-1", "Artist", "Artist 1 | Bespoke", vec!["Bespoke", "Artist 1"]),
        ("/albums/al-1", "Album", "Ágætis 1 by Artist 1 | Bespoke", vec!["Bespoke", "Artist 1", "Ágætis 1"]),
        (
            "/playlists/pl-1",
            "Playlist",
            "Rainy days by Aiko | Bespoke",
            vec!["Bespoke", "Aiko", "Rainy days"],
        ),
        ("/users/us-1", "User", "Aiko | Bespoke", vec!["Bespoke", "Aiko"]),
        ("/genres/dream-pop", "Genre", "Dream Pop | Bespoke", vec!["Bespoke", "Pop", "Dream Pop"]),
    ] {
        let answer = page(&world, path).await;
        let page = &answer.ok()["page"];
        assert_eq!(page["thing"]["__typename"], kind);
        assert_eq!(page["title"], title);
        let titles =
            page["breadcrumbs"].as_array().unwrap().iter().map(|step| step["title"].as_str().unwrap());
        assert_eq!(titles.collect::<Vec<_>>(), way, "{path}");
        let canonical = page["canonicalPath"].as_str().unwrap();
        assert!(canonical.starts_with(path), "{canonical}");
        assert_eq!(super::pages::page(&world, canonical).await.ok()["page"]["canonicalPath"], canonical);
    }
}

#[tokio::test]
async fn the_home_page_asks_nobody_and_nonsense_is_nowhere() {
    let world = World::start().await;
    assert_eq!(page(&world, "/").await.ok()["page"]["canonicalPath"], "/");
    for path in ["/nowhere", "/artists/a,b", "/artists/../secrets", "//evil.example/x", ""] {
        assert_eq!(page(&world, path).await.ok()["page"], json!(null), "{path}");
    }
    assert_eq!(world.calls(), [0, 0, 0, 0]);
    assert_eq!(page(&world, "/artists/ar-9").await.ok()["page"], json!(null));
}

#[tokio::test]
async fn what_is_not_public_is_not_for_search_engines() {
    let world = World::start().await;
    for path in ["/playlists/pl-2", "/users/us-2"] {
        assert_eq!(page(&world, path).await.ok()["page"]["indexable"], false, "{path}");
    }
}

#[tokio::test]
async fn the_way_there_is_not_worth_the_page() {
    let world = World::start().await;
    world.identity.get("/users", |_| kit::Reply::problem(503, "down"));
    let answer = page(&world, "/playlists/pl-1").await;
    assert_eq!(answer.ok()["page"]["title"], "Rainy days | Bespoke");
}

#[tokio::test]
async fn the_thing_on_a_page_links_on_like_any_other() {
    let world = World::start().await;
    let answer = world
        .web
        .query(r#"{ page(path: "/albums/al-1") { thing { ... on Album { artist { name } tracks { nodes { title } } } } } }"#)
        .await;
    assert_eq!(
        answer.ok()["page"]["thing"],
        json!({"artist": {"name": "Artist 1"}, "tracks": {"nodes": [{"title": "Track 1"}, {"title": "Track 2"}]}})
    );
    assert_eq!(world.calls(), [3, 0, 0, 0]);
}
