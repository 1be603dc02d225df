//! Everything that a run writes, searched for every secret that it was given: real processes that log all they can, asked
//! for all that goes well and all that goes wrong.

use super::{
    house::operation,
    world::{self, SMALL},
};
use kit::{Answer, Front, Issuer, Place, Process, Spawn, json};
use std::process::{Command, Stdio};

/// What must be nowhere, by its name.
type Marks = Vec<(&'static str, String)>;

/// At the level at which libraries tell everything.
fn talkative(spawn: Spawn) -> Spawn {
    spawn.env("RUST_LOG", "trace")
}

#[track_caller]
fn none_is_in(text: &str, marks: &Marks, place: &str) {
    for (name, mark) in marks {
        if let Some(at) = text.find(mark.as_str()) {
            let from = text[..at].rfind('\n').map_or(0, |line| line + 1);
            panic!("{name} is in {place}: {}", text[from..].lines().next().unwrap_or_default());
        }
    }
}

fn shown(answer: &Answer) -> String {
    format!("{} {:?} {}", answer.status, answer.headers, answer.text)
}

/// The parts of a token: whoever has the claims knows who it is, whoever has the signature can be them.
fn of_a_token(name: &'static str, token: &str, marks: &mut Marks) {
    marks.extend(token.split('.').skip(1).map(|part| (name, part.to_owned())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_in_anything_that_a_run_writes() {
    let folder = tempfile::tempdir().unwrap();
    world::copy(SMALL, folder.path());
    let (issuer, front) = (Issuer::start().await, Front::stranger().await);
    let mut marks: Marks = vec![
        ("the password of a Redis", "mark-of-redis-c4f1".to_owned()),
        ("the password of an upstream", "mark-of-upstream-77b0".to_owned()),
        ("the secret of the directory", "mark-of-directory-19ae-0123456789abcdef".to_owned()),
        ("a client's secret", "mark-of-client-5d2c".to_owned()),
        ("a client's secret in a header", "bWFyay1vZi1oZWFkZXI".to_owned()),
        ("a cookie", "mark-of-cookie-e6e9".to_owned()),
        ("a user's nonsense for a token", "mark-of-nonsense-8f3d".to_owned()),
    ];
    let mark = |index: usize, marks: &Marks| marks[index].1.clone();
    let key = front.key().expose().to_owned();
    let line = key.lines().nth(1).unwrap();
    // Its first half says that it is a key on that curve.
    marks.push(("the key that vouches for callers", line[line.len() - 40..].to_owned()));
    let key_file = folder.path().join("internal.pem");
    std::fs::write(&key_file, &key).unwrap();

    let scope = json!({"scope": "library activity", "plan": "premium"});
    let good = issuer.token_with("us-1", scope.clone());
    let expired = issuer.token_with("us-1", json!({"exp": 1_700_000_000}));
    let forged = Issuer::start().await.token_with("us-1", json!({"iss": issuer.url()}));
    for (name, token) in [("a good token", &good), ("an expired one", &expired), ("a forged one", &forged)] {
        of_a_token(name, token, &mut marks);
    }

    let database = |name: &str| world::database(name, folder.path());
    let service = |name: &str| {
        let spawn = talkative(Process::of(name)).set("database", &database(name));
        let spawn = spawn.env("IDENTITY__KEY_DIRECTORY_SECRET", "mark-of-directory-19ae-0123456789abcdef");
        ["mobile", "web"].into_iter().fold(spawn, |spawn, bff| spawn.trusts(bff, &front))
    };
    let identity = service("identity").start().await;
    let library = service("library").start().await;
    let catalog = service("catalog").trusts("partner", &front).start().await;
    let mobile = talkative(Process::of("mobile"))
        .issuer(&issuer)
        .upstream("identity", &identity)
        .upstream("library", &library)
        .upstream("catalog", &catalog)
        // Nobody is there.
        .upstream("activity", &format!("http://service:{}@127.0.0.1:1", mark(1, &marks)))
        .env("MOBILE__AUTH__INTERNAL__KEY", "")
        .env("MOBILE__AUTH__INTERNAL__KEY__FILE", &key_file.display().to_string())
        .env("MOBILE__REDIS__URL", &format!("redis://:{}@127.0.0.1:1", mark(0, &marks)))
        .start()
        .await;

    let mut answers = String::new();
    let mut note = |answer: Answer| answers.push_str(&shown(&answer));
    // What goes well, and what a dead upstream leaves of it.
    let home = mobile.query(&operation("mobile", "home_screen")).bearer(&good);
    note(home.header("cookie", &format!("a={}", mark(5, &marks))).await);
    let library_screen = mobile.query(&operation("mobile", "library_screen")).bearer(&good).await;
    assert!(library_screen.errors().is_empty(), "{library_screen}");
    note(library_screen);
    let input = json!({"input": {"idempotencyKey": "k", "trackId": "tr-1", "liked": true}});
    note(mobile.query(&operation("mobile", "set_liked")).variables(input).bearer(&good).await);
    note(mobile.query("{ nothing }").bearer(&good).await);
    // What does not.
    for token in [&expired, &forged, &mark(6, &marks)] {
        let refused = mobile.query("{ __typename }").bearer(token).await;
        assert_eq!(refused.status, 401);
        note(refused);
        let begun = mobile.socket(Some(token)).await.receive().await.unwrap_or_default();
        none_is_in(&begun.to_string(), &marks, "what a socket says");
        note(library.get("/likes").await);
        note(kit::exchange(library.request(http::Method::GET, "/likes").bearer_auth(token)).await);
        note(kit::exchange(identity.request(http::Method::GET, "/me").bearer_auth(token)).await);
    }
    let mut subscription = mobile
        .subscribe("subscription { playlistChanged(id: \"pl-1\") { id } }", json!({}), Some(&good))
        .await;
    subscription.socket().try_silence().await;
    // A user's own token has no business at a service.
    note(kit::exchange(library.request(http::Method::GET, "/likes").bearer_auth(&good)).await);
    let form =
        format!("grant_type=client_credentials&client_id=demo-partner&client_secret={}", mark(3, &marks));
    let token = || {
        identity
            .request(http::Method::POST, "/token")
            .header("content-type", "application/x-www-form-urlencoded")
    };
    note(kit::exchange(token().body(form)).await);
    let basic =
        token().basic_auth("demo-partner", Some("mark-of-header")).body("grant_type=client_credentials");
    note(kit::exchange(basic).await);
    let directory = identity.request(http::Method::GET, "/keys?ids=bk_00000000");
    let directory = directory.bearer_auth(mark(2, &marks));
    note(kit::exchange(directory).await);
    for process in [&identity, &library, &catalog, &mobile] {
        for path in ["/metrics", "/health/ready", "/health/live"] {
            note(process.admin(path).await);
        }
    }
    note(mobile.get("/.well-known/jwks.json").await);
    note(mobile.get("/graphiql").await);
    drop(subscription);

    // The provider's tokens are seen by the client alone, and these were made by it in this run.
    none_is_in(&answers, &marks, "an answer");
    for (name, process) in
        [("identity", &identity), ("library", &library), ("catalog", &catalog), ("mobile", &mobile)]
    {
        let lines = process.lines().join("\n");
        assert!(
            lines.contains("\"level\":\"TRACE\"") || lines.contains("\"level\":\"DEBUG\""),
            "{name} is not talkative"
        );
        none_is_in(&lines, &marks, &format!("the log of {name}"));
        // Tokens that were signed on the way: none of them is written down either.
        assert!(!lines.contains("eyJ"), "a token is in the log of {name}");
    }
}

/// Runs a binary to its end: its exit code, and all that it says.
fn run(name: &str, args: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut command = Command::new(kit::binary(name));
    command.args(args).env("RUST_LOG", "trace").current_dir(kit::workspace()).stdin(Stdio::null());
    let output = command.envs(environment.iter().copied()).output().unwrap();
    let text =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.code(), text)
}

#[test]
fn no_secret_is_in_what_is_said_of_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, "mark-of-file\n").unwrap();
    let file = file.display().to_string();
    let marks: Marks = ["mark-of-key", "mark-of-redis", "mark-of-url", "mark-of-file"]
        .map(|mark| ("a secret", mark.to_owned()))
        .into();
    let good = [
        ("MOBILE__AUTH__INTERNAL__KEY", "mark-of-key"),
        ("MOBILE__REDIS__URL", "redis://:mark-of-redis@127.0.0.1"),
        ("MOBILE__UPSTREAMS__ACTIVITY", "http://a:mark-of-url@127.0.0.1:1"),
    ];
    let (code, printed) = run("mobile", &["--print-config"], &good);
    assert_eq!(code, Some(0), "{printed}");
    assert!(printed.contains("(hidden)") && printed.contains("hidden@127.0.0.1"), "{printed}");
    none_is_in(&printed, &marks, "the printed configuration");

    // No key at all, a wrong one, one that is not there.
    let free = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
    let (code, refused) = run("mobile", &free, &[]);
    assert!(code == Some(1) && refused.contains("MOBILE__AUTH__INTERNAL__KEY__FILE"), "{refused}");
    for environment in [&good[..1], &[("MOBILE__AUTH__INTERNAL__KEY__FILE", file.as_str())]] {
        let (code, refused) = run("mobile", &free, environment);
        assert!(
            code == Some(1) && refused.contains("`auth.internal.key` has no private key in it"),
            "{refused}"
        );
        none_is_in(&refused, &marks, "what is said of a wrong key");
    }
    for wrong in [
        ("MOBILE__AUTH__INTERNAL__KEY__FILE", "/nowhere/key"),
        ("MOBILE__AUTH__INTERNAL__KEY__FIEL", "mark-of-key"),
        ("MOBILE__UPSTREAMS__ACTIVITY", "htp://a:mark-of-url@127.0.0.1:1"),
        ("MOBILE__REDIS__URL", "http://:mark-of-redis@127.0.0.1"),
    ] {
        let (code, refused) = run("mobile", &["--check-config"], &[wrong]);
        assert_eq!(code, Some(64), "{wrong:?}: {refused}");
        none_is_in(&refused, &marks, "what is said of a wrong configuration");
    }
}
