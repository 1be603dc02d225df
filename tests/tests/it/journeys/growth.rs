//! Larger answers, not more calls: what every registered operation asks of upstreams, with few rows and with many.

use super::{
    house::{House, line, mutate, trace},
    world::Size,
};
use kit::{Process, Value, json, workspace};
use std::fs;

const FEW: Size = Size { tracks: 500, users: 20 };
const MANY: Size = Size { tracks: 4_000, users: 100 };

/// A world, its three BFFs, and what of it the operations are to ask.
struct World {
    /// Its processes live as long as this.
    _house: House,
    bffs: [(&'static str, Process); 3],
    token: String,
    playlist: Value,
    version: Value,
    entry: Value,
    /// Global ids of an artist, an album and a chart, and of many things.
    artist: Value,
    album: Value,
    chart: Value,
    things: Vec<Value>,
    isrcs: Vec<Value>,
    upcs: Vec<Value>,
    rows: usize,
}

impl World {
    /// `rows` is how many of everything the operations ask for, where they may say so.
    async fn start(size: Size, rows: usize) -> Self {
        let house = House::of(size).await;
        let bffs = [
            ("mobile", house.bff("mobile").await),
            ("web", house.bff("web").await),
            ("partner", house.bff("partner").await),
        ];
        let [_, (_, web), (_, partner)] = &bffs;
        let token = house.token("us-1").await;
        let tracks: Vec<_> = (1..=rows).map(|number| format!("tr-{number}")).collect();
        let input = json!({"idempotencyKey": "growth", "title": "Growth", "trackIds": tracks});
        let made = "playlist { id version entries { nodes { id } } }";
        let made = mutate(web, &token, "createPlaylist", "CreatePlaylistInput", input, made).await;
        let made = &made.ok()["createPlaylist"]["playlist"];
        // Those with most rows first.
        let known = "query($rows: Int!) {
            artists(first: 1, orderBy: POPULARITY) { nodes { id albums(first: 1, type: ALBUM) { nodes { id } } } }
            charts(first: 1) { nodes { id } }
            albums(first: $rows) { nodes { id upc } }
            tracks(first: $rows) { nodes { id isrc artist { id } } }
        }";
        let known = partner.query(known).variables(json!({"rows": rows})).await;
        let column = |list: &str, name: &str| -> Vec<Value> {
            let nodes = known.data(list)["nodes"].as_array().unwrap();
            nodes.iter().map(|node| node[name].clone()).collect()
        };
        let artist = &known.ok()["artists"]["nodes"][0];
        let mut things = column("tracks", "id");
        things.extend(column("albums", "id"));
        things.truncate(rows.max(2) - 1);
        things.push(artist["id"].clone());
        Self {
            playlist: made["id"].clone(),
            version: made["version"].clone(),
            entry: made["entries"]["nodes"][0]["id"].clone(),
            artist: artist["id"].clone(),
            album: artist["albums"]["nodes"][0]["id"].clone(),
            chart: known.data("charts.nodes.0.id").clone(),
            things,
            isrcs: column("tracks", "isrc"),
            upcs: column("albums", "upc"),
            _house: house,
            bffs,
            token,
            rows,
        }
    }

    /// What an operation is asked with.
    fn variables(&self, operation: &str) -> Value {
        match operation {
            "mobile/album_screen" => json!({"id": "al-1"}),
            "mobile/artist_screen" => json!({"id": "ar-1"}),
            "mobile/playlist_screen" => json!({"id": self.playlist}),
            "mobile/search_screen" => json!({"term": "a", "kinds": ["TRACK"]}),
            "mobile/set_liked" => {
                json!({"input": {"idempotencyKey": operation, "trackId": "tr-1", "liked": true}})
            }
            "mobile/report_plays" => {
                let report = |number| {
                    json!({"reportId": format!("growth-{number}"), "trackId": format!("tr-{number}"),
                        "playedAt": "2026-09-30T18:30:00Z", "msPlayed": 31_000})
                };
                let reports: Vec<_> = (1..=self.rows).map(report).collect();
                json!({"input": {"idempotencyKey": operation, "reports": reports}})
            }
            "mobile/home_screen" | "mobile/library_screen" | "partner/copy-artists" => json!({}),
            "web/AddComment" => json!({"comment":
                {"idempotencyKey": operation, "trackId": "tr-1", "body": "Ah!", "atMs": 1}}),
            "web/ArtistPage" => json!({"artist": "ar-1"}),
            "web/Browse" => json!({"first": self.rows}),
            "web/MoveEntry" => json!({"edit": {"idempotencyKey": operation, "playlistId": self.playlist,
                "version": self.version, "entryId": self.entry, "position": 9}}),
            "web/PlaylistEditor" => json!({"playlist": self.playlist}),
            "web/Search" => json!({"query": "a", "filter": {"types": ["TRACK"]}}),
            "web/TrackPage" => json!({"path": "/tracks/tr-1"}),
            "partner/artist-profile" => json!({"id": self.artist}),
            "partner/chart" => json!({"id": self.chart}),
            "partner/match-recordings" => json!({"isrcs": self.isrcs, "first": self.rows}),
            "partner/match-releases" => json!({"upcs": self.upcs}),
            "partner/more-tracks" => json!({"id": self.album, "count": self.rows}),
            "partner/new-releases" => json!({"since": "1900-01-01"}),
            "partner/refresh" => json!({"ids": self.things}),
            other => panic!("{other} is new: say here what it is asked with"),
        }
    }

    async fn cost(&self, bff: &str, operation: &str, document: &str) -> Cost {
        let (_, server) = self.bffs.iter().find(|(name, _)| *name == bff).unwrap();
        let variables = self.variables(&format!("{bff}/{operation}"));
        let (traceparent, id) = trace();
        let answer = server.query(document).variables(variables).bearer(&self.token);
        let answer = answer.header("traceparent", &traceparent).await;
        let data = answer.ok().as_object().unwrap();
        assert!(data.values().all(|root| !root.is_null()), "{bff} {operation}: {answer}");
        let line = line(server, &id).await;
        let number = |name: &str| line[name].as_u64().unwrap();
        Cost { bytes: answer.text.len(), calls: number("upstream.calls"), waves: number("upstream.waves") }
    }
}

struct Cost {
    bytes: usize,
    calls: u64,
    waves: u64,
}

/// Branches of a document that come to the same question at the same time share a call; whether they do is a matter of
/// time, so a few calls more or less are no growth. A call for each row would be dozens more.
const MEETINGS: u64 = 3;

#[tokio::test]
async fn no_operation_asks_more_because_there_is_more() {
    let (few, many) = (World::start(FEW, 3).await, World::start(MANY, 60).await);
    let mut table = format!(
        "\n{:<8} {:<18} {:>10} {:>6} {:>6} {:>10} {:>8}\n",
        "bff", "operation", "calls, few", "many", "waves", "bytes, few", "many"
    );
    let mut grown = Vec::new();
    for (bff, operation, document) in operations() {
        let small = few.cost(&bff, &operation, &document).await;
        let large = many.cost(&bff, &operation, &document).await;
        let Cost { bytes, calls, waves } = large;
        table += &format!(
            "{bff:<8} {operation:<18} {:>10} {calls:>6} {waves:>6} {:>10} {bytes:>8}\n",
            small.calls, small.bytes
        );
        if calls > small.calls + MEETINGS {
            grown.push(format!("{bff} {operation}"));
        }
    }
    println!("{table}");
    assert!(grown.is_empty(), "more rows, more calls: {}\n{table}", grown.join(", "));
}

/// BFF, name and document of every registered query and mutation. Each event of a subscription is a request of its own
/// that no client begins; the BFFs' own tests count its calls.
fn operations() -> Vec<(String, String, String)> {
    let mut operations = Vec::new();
    for bff in ["mobile", "web", "partner"] {
        for entry in fs::read_dir(workspace().join("schema").join(bff).join("operations")).unwrap() {
            let path = entry.unwrap().path();
            let document = fs::read_to_string(&path).unwrap();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            if !document.lines().any(|line| line.starts_with("subscription")) {
                operations.push((bff.to_owned(), name, document));
            }
        }
    }
    operations.sort();
    assert!(operations.len() >= 20, "every client has registered some");
    operations
}
