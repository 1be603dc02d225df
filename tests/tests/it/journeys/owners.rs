//! Nobody sees what is another's, however many ask at once: many callers, each with what its BFF gives or takes, at BFFs that share
//! what they can.

use super::{
    house::{House, mutate},
    world,
};
use futures::future::join_all;
use kit::{Answer, Process, Spawn, Value, json};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use std::collections::BTreeMap;

const CALLERS: usize = 8;
const ROUNDS: usize = 6;

/// With all that requests of different callers may have in common.
fn sharing(spawn: Spawn) -> Spawn {
    let megabyte = "1000000";
    spawn
        .set("cache.rows_bytes", megabyte)
        .set("sharing.operations", "true")
        .set("sharing.answers_bytes", megabyte)
}

struct Caller {
    user: String,
    /// Of the phone.
    token: String,
    /// Of the browser.
    cookie: String,
    secret: Value,
    /// For each track that is asked about: whether this caller likes it.
    likes: Vec<bool>,
}

/// What is asked in a round: who asks, whose they are after, where.
type Asked = (usize, usize, bool);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_sees_what_is_anothers_with_a_phone_or_a_browser() {
    let house = House::start().await;
    // All of somebody's hearts are set in one request, which may take longer than a phone would wait.
    let mobile = sharing(house.front("mobile")).set("deadline_ms", "20000").start().await;
    // Browsers hold no token, and with one they get nowhere. Where they reach it is the loopback.
    let web = sharing(house.front("web")).set("auth.development_schemes", "").set("deadline_ms", "20000");
    let web = web.set("auth.session.public_url", "").start().await;
    let seed = rand::random();
    let mut random = StdRng::seed_from_u64(seed);
    let tracks: Vec<_> = (0..CALLERS + 4).map(|number| format!("tr-{}", 400 + number)).collect();
    let mut callers = Vec::new();
    for number in 0..CALLERS {
        let likes = (0..tracks.len()).map(|_| random.random_bool(0.3)).collect();
        callers.push(settle(&house, &mobile, &web, format!("us-{}", number + 1), &tracks, likes).await);
    }
    assert_eq!(web.query("{ __typename }").bearer(&callers[0].token).await.status, 401);

    for round in 0..ROUNDS {
        let anybody = random.random_range(0..CALLERS);
        let mut asked: Vec<Asked> = (0..CALLERS)
            .flat_map(|caller| (0..3).map(move |_| caller))
            .map(|caller| {
                // Every other round all ask the same with the same variables: what is shared is one operation.
                let of = if round.is_multiple_of(2) { anybody } else { random.random_range(0..CALLERS) };
                (caller, of, random.random_bool(0.5))
            })
            .collect();
        asked.shuffle(&mut random);
        let answers = asked.iter().map(|&(caller, of, by_phone)| {
            let (caller, of) = (&callers[caller], &callers[of]);
            let bff = if by_phone { &mobile } else { &web };
            sees(bff, by_phone, caller, of, &tracks, seed)
        });
        join_all(answers).await;
    }
    // There was something to be had from one another: what is the same for all was shared.
    for bff in [&mobile, &web] {
        let metrics = bff.admin("/metrics").await.text;
        let mut shared = metrics.lines().filter(|line| line.starts_with("graphql_operations_shared_total{"));
        assert!(shared.any(|line| !line.ends_with(" 0")), "{metrics}");
    }
}

/// A caller with a private playlist and hearts as told, signed in with a phone and with a browser.
async fn settle(
    house: &House,
    mobile: &Process,
    web: &Process,
    user: String,
    tracks: &[String],
    likes: Vec<bool>,
) -> Caller {
    let (token, cookie) = (house.token(&user).await, house.session(web, &user).await);
    let hearts = tracks.iter().zip(&likes).map(|(track, liked)| {
        let input = format!("{{idempotencyKey: \"{track}\", trackId: \"{track}\", liked: {liked}}}");
        format!("{}: setLiked(input: {input}) {{ track {{ liked }} }}", track.replace('-', "_"))
    });
    let hearts = hearts.collect::<Vec<_>>().join(" ");
    mobile.query(&format!("mutation {{ {hearts} }}")).bearer(&token).await.ok();
    let input = json!({"idempotencyKey": "secret", "title": format!("Secret of {user}")});
    let made =
        mutate(mobile, &token, "createPlaylist", "CreatePlaylistInput", input, "playlist { id }").await;
    let secret = made.data("createPlaylist.playlist.id").clone();
    Caller { user, token, cookie, secret, likes }
}

/// One caller asks for a playlist of another (or of their own), their own library, and hearts of tracks; and, in an operation
/// of its own, for what is the same for all.
async fn sees(bff: &Process, by_phone: bool, caller: &Caller, of: &Caller, tracks: &[String], seed: u64) {
    let hearts = tracks.iter().enumerate().map(|(index, track)| {
        let field = if by_phone { "liked" } else { "viewerLikes" };
        format!("t{index}: track(id: \"{track}\") {{ id liked: {field} }}")
    });
    let hearts = hearts.collect::<Vec<_>>().join(" ");
    let (parameters, asked) = if by_phone {
        (
            "$secret: ID!",
            "secret: playlistScreen(id: $secret) { title }
             mine: libraryScreen { playlists(first: 50) { nodes { title } } }",
        )
    } else {
        (
            "$secret: ID!, $user: ID!",
            "secret: playlist(id: $secret) { title }
             me: viewer { id }
             mine: viewer { playlists(first: 50) { nodes { title } } }
             theirs: user(id: $user) { playlists(first: 50) { nodes { title } } }",
        )
    };
    let document = format!("query({parameters}) {{ {asked} {hearts} }}");
    let variables = json!({"secret": of.secret, "user": of.user});
    let asking = |document: &str| {
        let query = bff.query(document);
        if by_phone { query.bearer(&caller.token) } else { query.header("cookie", &caller.cookie) }
    };
    let public = format!("{{ track(id: \"{}\") {{ id title }} }}", tracks[0]);
    let (answer, public): (Answer, Answer) =
        tokio::join!(asking(&document).variables(variables), asking(&public));
    public.ok();
    let data = answer.ok();
    let own = caller.user == of.user;
    let says = format!("{} of {} (seed {seed}): {answer}", caller.user, of.user);

    assert_eq!(data["secret"].is_null(), !own, "{says}");
    let titles = |of: &Value| -> Vec<String> {
        let nodes = of["playlists"]["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
        nodes.iter().map(|node| node["title"].as_str().unwrap().to_owned()).collect()
    };
    let secrets =
        |of: &Value| titles(of).into_iter().filter(|title| title.starts_with("Secret")).collect::<Vec<_>>();
    assert_eq!(secrets(&data["mine"]), [format!("Secret of {}", caller.user)], "{says}");
    if !by_phone {
        assert_eq!(data["me"]["id"], caller.user, "{says}");
        assert_eq!(secrets(&data["theirs"]).is_empty(), !own, "{says}");
    }
    for (index, liked) in caller.likes.iter().enumerate() {
        assert_eq!(data[&format!("t{index}")]["liked"], *liked, "{}: {says}", tracks[index]);
    }
}

const PARTNERS: usize = 5;

/// What a partner's credential gives: its plan has a limit that no other's has, and every other may see licensed figures.
fn limit(partner: usize) -> u64 {
    10_000 + 1_000 * partner as u64
}

fn licensed(partner: usize) -> bool {
    partner.is_multiple_of(2)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_partner_sees_or_spends_what_is_anothers_with_a_key_or_a_token() {
    let house = House::start().await;
    let identity = house.service("identity");
    let lines: String = (0..PARTNERS)
        .map(|partner| {
            let scope = if licensed(partner) { "catalog:read charts:read" } else { "catalog:read" };
            let line = json!({"type": "partner", "id": format!("partner-{partner}"), "name": format!("Partner {partner}"),
                "scope": scope, "client_secret": format!("partner-{partner}-secret"), "plan": format!("plan{partner}"),
                "created_at": "2026-01-01T00:00:00Z"});
            format!("{line}\n")
        })
        .collect();
    let file = house.folder().join("partners.jsonl");
    std::fs::write(&file, lines).unwrap();
    let imported = world::import("identity", house.folder(), &[file]);
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    // Rows are kept for all; operations are not shared where each is paid for: with both it would not start. So long a window
    // that nothing comes back while this runs.
    let front = house.front("partner").set("cache.rows_bytes", "1000000");
    let partner = (0..PARTNERS).fold(front, |spawn, partner| {
        spawn
            .set(&format!("quota.plans.plan{partner}.limit"), &limit(partner).to_string())
            .set(&format!("quota.plans.plan{partner}.window_s"), "31536000")
    });
    let partner = partner.start().await;

    let granted = async |client: &str| {
        let request = identity
            .request(http::Method::POST, "/token")
            .basic_auth(client, Some(format!("{client}-secret")))
            .header("content-type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials");
        kit::exchange(request).await.json["access_token"].as_str().unwrap().to_owned()
    };
    let operator = granted("operator").await;
    let mut credentials = Vec::new();
    for number in 0..PARTNERS {
        let path = format!("/partners/partner-{number}/keys");
        let request = identity.request(http::Method::POST, &path).bearer_auth(&operator);
        let issued = kit::exchange(request.json(&json!({"name": "Nightly"}))).await;
        let key = issued.json["key"].as_str().unwrap().to_owned();
        let token = granted(&format!("partner-{number}")).await;
        credentials.push([
            ("authorization", format!("Bearer {key}")),
            ("x-api-key", key),
            ("authorization", format!("Bearer {token}")),
        ]);
    }

    let seed = rand::random();
    let mut random = StdRng::seed_from_u64(seed);
    let document = "{ rateLimit { plan limit } artists(first: 2) { nodes { id exactPopularity } } }";
    let spent = BTreeMap::<usize, u64>::new();
    let spent = std::sync::Mutex::new(spent);
    for _ in 0..ROUNDS {
        let mut asked: Vec<_> = (0..PARTNERS)
            .flat_map(|number| (0..6).map(move |_| number))
            .map(|number| (number, random.random_range(0..3)))
            .collect();
        asked.shuffle(&mut random);
        join_all(asked.iter().map(|&(number, way)| {
            let (partner, spent, (header, value)) = (&partner, &spent, &credentials[number][way]);
            async move {
                let answer = partner.query(document).header(header, value).await;
                let says = format!("p{number} by {header} (seed {seed}): {answer}");
                let data = &answer.json["data"];
                let expected = json!({"plan": format!("plan{number}"), "limit": limit(number)});
                assert_eq!(data["rateLimit"], expected, "{says}");
                assert_eq!(
                    answer.header("ratelimit-limit"),
                    Some(limit(number).to_string().as_str()),
                    "{says}"
                );
                let nodes = data["artists"]["nodes"].as_array().unwrap();
                for node in nodes {
                    assert_eq!(node["exactPopularity"].is_number(), licensed(number), "{says}");
                }
                let codes = if licensed(number) { vec![] } else { vec!["FORBIDDEN"; nodes.len()] };
                assert_eq!(answer.codes(), codes, "{says}");
                let actual = answer.json["extensions"]["cost"]["actual"].as_u64().unwrap();
                *spent.lock().unwrap().entry(number).or_default() += actual;
            }
        }))
        .await;
    }
    // One account each, whichever of its credentials paid, and nobody else's.
    for (number, ways) in credentials.iter().enumerate() {
        let spent = spent.lock().unwrap()[&number];
        for (nth, (header, value)) in ways.iter().enumerate() {
            let answer = partner.query("{ __typename }").header(header, value).await;
            let remaining = answer.json["extensions"]["cost"]["remaining"].as_u64().unwrap();
            assert_eq!(
                remaining,
                limit(number) - spent - (nth as u64 + 1),
                "p{number} (seed {seed}): {answer}"
            );
        }
    }
    // Nobody in particular sees and pays as nobody.
    let answer = partner.query(document).await;
    assert_eq!(answer.json["data"]["rateLimit"]["plan"], "anonymous", "{answer}");
    assert!(answer.json["data"]["artists"]["nodes"][0]["exactPopularity"].is_null(), "{answer}");
}
