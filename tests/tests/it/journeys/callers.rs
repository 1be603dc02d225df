//! Who may see what, across processes: wrong tokens are refused everywhere, and nobody sees what is another's.

use super::house::{House, mutate};
use futures::future::join_all;
use kit::{Front, Issuer, Process, Value, json};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};

/// Tokens that a BFF must not accept, by what is wrong with them.
async fn wrong_tokens(issuer: &Issuer) -> Vec<(&'static str, String)> {
    let good = issuer.token("us-1");
    let [header, claims, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("{good}") };
    let other = issuer.token("us-2");
    let others_claims = other.split('.').nth(1).unwrap();
    let forger = Issuer::start().await;
    let unsigned = "eyJhbGciOiJub25lIiwia2lkIjoia2l0In0";
    vec![
        ("expired", issuer.token_with("us-1", json!({"exp": 1_700_000_000}))),
        ("for another audience", issuer.token_with("us-1", json!({"aud": "somebody-else"}))),
        ("for no audience", issuer.token_with("us-1", json!({"aud": null}))),
        ("of another issuer", issuer.token_with("us-1", json!({"iss": "https://issuer.example"}))),
        ("without an end", issuer.token_with("us-1", json!({"exp": null}))),
        ("not yet valid", issuer.token_with("us-1", json!({"nbf": 4_000_000_000_u64}))),
        // It says of itself all that a good one says, down to the key's name.
        ("forged", forger.token_with("us-1", json!({"iss": kit::Place::url(issuer)}))),
        ("with somebody else's claims", format!("{header}.{others_claims}.{signature}")),
        ("unsigned", format!("{unsigned}.{claims}.")),
        ("cut off", format!("{header}.{claims}")),
        ("nonsense", "nonsense".to_owned()),
    ]
}

/// The same of a REST service, which takes nothing but internal tokens for itself.
async fn wrong_internal_tokens(name: &str, front: &Front, issuer: &Issuer) -> Vec<(&'static str, String)> {
    let good = front.token(name, "us-1", json!({}));
    let [header, claims, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("{good}") };
    let others = front.token(name, "us-2", json!({}));
    let others_claims = others.split('.').nth(1).unwrap();
    let stranger = Front::stranger().await;
    let of_a_user = json!({"sub": "us-1", "scope": "library activity"});
    vec![
        (
            "of a user, as the provider gave it",
            issuer.token_with("us-1", json!({"scope": "library activity"})),
        ),
        ("of a user for this service", issuer.token_with("us-1", json!({"aud": name}))),
        ("for another service", front.token("another", "us-1", json!({}))),
        ("for all users of the provider", front.token("bespoke", "us-1", json!({}))),
        ("of somebody whom nobody trusts", front.token(name, "us-1", json!({"iss": "another"}))),
        ("forged", stranger.token(name, "us-1", json!({}))),
        ("expired", front.token(name, "us-1", json!({"exp": 1_700_000_000}))),
        ("without an end", front.token(name, "us-1", json!({"exp": null}))),
        ("not yet valid", front.token(name, "us-1", json!({"nbf": 4_000_000_000_u64}))),
        ("of another type", front.sign("at+jwt", name, of_a_user.clone())),
        ("of no type", front.sign("", name, of_a_user)),
        ("in another service's name", front.token(name, "mobile", json!({"service": true}))),
        ("with somebody else's claims", format!("{header}.{others_claims}.{signature}")),
        ("unsigned", format!("eyJhbGciOiJub25lIiwidHlwIjoiaW50ZXJuYWwrand0In0.{claims}.")),
        ("cut off", format!("{header}.{claims}")),
        ("nonsense", "nonsense".to_owned()),
    ]
}

#[tokio::test]
async fn wrong_tokens_are_refused_by_every_process() {
    let (issuer, front) = (Issuer::start().await, Front::start().await);
    let folder = tempfile::tempdir().unwrap();
    let mut servers = Vec::new();
    for (name, path) in [
        ("mobile", "/graphql?query={__typename}"),
        ("web", "/graphql?query={__typename}"),
        ("partner", "/graphql?query={__typename}"),
        ("catalog", "/genres"),
        ("identity", "/users?ids=us-1"),
        ("library", "/likes"),
        ("activity", "/me/recent"),
    ] {
        let spawn = Process::of(name);
        let spawn = if path.starts_with("/graphql") {
            spawn.issuer(&issuer)
        } else {
            let database = super::world::database(name, folder.path());
            // It is told of the provider, too: that makes no difference to whom it trusts.
            let spawn = if name == "identity" { spawn } else { spawn.issuer(&issuer) };
            spawn.set("database", &database).trusts(Front::NAME, &front)
        };
        servers.push((name, path, spawn.start().await));
    }
    for (name, path, server) in &servers {
        let ask = async |token: &str| {
            let request = server.request(http::Method::GET, path).bearer_auth(token);
            let request = request.header("graphql-require-preflight", "true");
            #[expect(clippy::disallowed_methods, reason = "a test is a client, not a BFF")]
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.headers().contains_key("www-authenticate"))
        };
        let scope = json!({"scope": "library activity"});
        let (good, wrong) = if path.starts_with("/graphql") {
            (issuer.token_with("us-1", scope), wrong_tokens(&issuer).await)
        } else {
            (front.token(name, "us-1", scope), wrong_internal_tokens(name, &front, &issuer).await)
        };
        assert_eq!(ask(&good).await.0, 200, "{name} takes a good token");
        for (wrong, token) in wrong {
            assert_eq!(ask(&token).await, (401, true), "{name}: a token {wrong}");
            if path.starts_with("/graphql") {
                let begun = server.socket(Some(&token)).await.receive().await.unwrap_or_default();
                assert_ne!(begun["type"], "connection_ack", "{name}: a socket, a token {wrong}");
            }
        }
        let lines = server.lines().join("\n");
        assert!(!lines.contains("eyJ"), "{name} logs no token:\n{lines}");
    }
}

const CALLERS: usize = 8;
const ROUNDS: usize = 5;

struct Caller {
    user: String,
    token: String,
    secret: Value,
    /// For each track that is asked about: whether this caller likes it.
    likes: Vec<bool>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_sees_what_is_anothers_however_many_ask_at_once() {
    let house = House::start().await;
    // All of somebody's hearts are set in one request, which may take longer than a phone would wait.
    let mobile = house.front("mobile").set("deadline_ms", "20000").start().await;
    let web = house.bff("web").await;
    let seed = rand::random();
    let mut random = StdRng::seed_from_u64(seed);
    let tracks: Vec<_> = (0..CALLERS + 4).map(|number| format!("tr-{}", 400 + number)).collect();
    let mut callers = Vec::new();
    for number in 0..CALLERS {
        let likes = (0..tracks.len()).map(|_| random.random_bool(0.3)).collect();
        callers.push(settle(&house, &mobile, format!("us-{}", number + 1), &tracks, likes).await);
    }

    for _ in 0..ROUNDS {
        let mut asked: Vec<(usize, usize, bool)> = (0..CALLERS)
            .flat_map(|caller| (0..3).map(move |_| caller))
            .map(|caller| (caller, random.random_range(0..CALLERS), random.random_bool(0.5)))
            .collect();
        asked.shuffle(&mut random);
        let answers = asked.iter().map(|&(caller, of, by_phone)| {
            let (caller, of) = (&callers[caller], &callers[of]);
            let bff = if by_phone { &mobile } else { &web };
            sees(bff, by_phone, caller, of, &tracks, seed)
        });
        join_all(answers).await;
    }
}

/// A caller with a private playlist and hearts as told.
async fn settle(
    house: &House,
    mobile: &Process,
    user: String,
    tracks: &[String],
    likes: Vec<bool>,
) -> Caller {
    let token = house.token(&user).await;
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
    Caller { user, token, secret, likes }
}

/// One caller asks for a playlist of another (or of their own), their own library, and hearts of tracks.
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
             mine: viewer { playlists(first: 50) { nodes { title } } }
             theirs: user(id: $user) { playlists(first: 50) { nodes { title } } }",
        )
    };
    let document = format!("query({parameters}) {{ {asked} {hearts} }}");
    let variables = json!({"secret": of.secret, "user": of.user});
    let answer = bff.query(&document).variables(variables).bearer(&caller.token).await;
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
        assert_eq!(secrets(&data["theirs"]).is_empty(), !own, "{says}");
    }
    for (index, liked) in caller.likes.iter().enumerate() {
        assert_eq!(data[&format!("t{index}")]["liked"], *liked, "{}: {says}", tracks[index]);
    }
}
