//! Everything that a run writes, searched for every secret that it was given: real processes that log all they can, asked
//! for all that goes well and all that goes wrong.

use super::{
    house::operation,
    world::{self, SMALL},
};
use kit::{Answer, Fake, Front, Issuer, Place, Process, RedisServer, Reply, Spawn, json};
use std::{
    process::{Command, Stdio},
    sync::{Arc, Mutex},
};

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

/// A provider that gives out what is to be nowhere, and quotes in its refusals all that it was sent, as some do. The nonce of the
/// login under way is told by the test.
fn indiscreet(issuer: &Issuer, marks: &Marks) -> Arc<Mutex<String>> {
    let url = issuer.url();
    issuer.fake().get("/.well-known/openid-configuration", move |_| {
        json!({
            "issuer": url, "authorization_endpoint": format!("{url}/authorize"), "token_endpoint": format!("{url}/token"),
            "end_session_endpoint": format!("{url}/bye"), "revocation_endpoint": format!("{url}/revoke"),
            "jwks_uri": format!("{url}/jwks.json"), "response_types_supported": ["code"],
            "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        })
    });
    let quoting = |call: &kit::Call| {
        let sent: Vec<_> = url::form_urlencoded::parse(&call.body).into_owned().collect();
        Reply::json(400, json!({"error": "invalid_grant", "error_description": format!("not so: {sent:?}")}))
    };
    issuer.fake().post("/revoke", quoting);
    let nonce = Arc::new(Mutex::new(String::new()));
    let ([access_token, refresh_token], of_login, issuer_itself) =
        ([0, 1].map(|at: usize| marks[at].1.clone()), nonce.clone(), issuer.clone());
    issuer.fake().post("/token", move |call| {
        let body = String::from_utf8_lossy(&call.body);
        if !body.contains("code=a-good-code") && !body.contains("grant_type=refresh_token") {
            return quoting(call);
        }
        let claims = json!({"aud": "web", "nonce": *of_login.lock().unwrap()});
        Reply::json(
            200,
            json!({
                // Of no use a moment later: the next request renews it.
                "access_token": access_token, "token_type": "Bearer", "expires_in": 0, "refresh_token": refresh_token,
                "id_token": issuer_itself.token_of("JWT", "us-1", claims),
            }),
        )
    });
    nonce
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_of_a_browsers_session_is_in_anything_that_a_run_writes() {
    let mut marks: Marks = vec![
        ("an access token", "mark-of-access-token-2f81".to_owned()),
        ("a refresh token", "mark-of-refresh-token-90ac".to_owned()),
        ("a code", "a-good-code-b6d4".to_owned()),
        ("a wrong code", "a-wrong-code-11e7".to_owned()),
        ("web's secret at the provider", "mark-of-web-at-the-provider-35cd".to_owned()),
        ("a session key", "mark-of-session-key-7a02-0123456789abcdef".to_owned()),
        ("a session key that was", "mark-of-old-session-key-e8f1-0123456789ab".to_owned()),
        ("the password of a Redis", "mark-of-redis-4be9".to_owned()),
    ];
    let mark = |name: &str, marks: &Marks| {
        marks.iter().find(|(known, _)| *known == name).map(|(_, mark)| mark.clone()).unwrap()
    };
    let redis = RedisServer::locked(&mark("the password of a Redis", &marks)).await;
    let (issuer, front, upstream) = (Issuer::start().await, Front::stranger().await, Fake::start().await);
    let nonce = indiscreet(&issuer, &marks);
    upstream.get("/me", |_| json!({"id": "us-1", "email": "m@example.com", "locale": "ja", "plan": "premium", "display_name": "Mika"}));
    let key = front.key().expose().to_owned();
    let line = key.lines().nth(1).unwrap();
    marks.push(("the key that vouches for callers", line[line.len() - 40..].to_owned()));
    let web = talkative(Process::of("web"))
        .issuer(&issuer)
        .upstream("catalog", &upstream)
        .upstream("identity", &upstream)
        .upstream("library", &upstream)
        .upstream("activity", "http://127.0.0.1:1")
        .env("WEB__AUTH__INTERNAL__KEY", &key)
        .env("WEB__AUTH__SESSION__CLIENT_SECRET", &mark("web's secret at the provider", &marks))
        .env(
            "WEB__AUTH__SESSION__KEYS",
            &[mark("a session key", &marks), mark("a session key that was", &marks)].join(","),
        )
        .env("WEB__REDIS__URL", &redis.url())
        .start()
        .await;

    let cookies = |answer: &Answer| -> Vec<String> {
        let all = answer.headers.get_all("set-cookie").iter();
        all.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap().to_owned()).collect()
    };
    // Everything that is answered; a cookie and its login are for the browser alone, which is who asks here.
    let answers = Mutex::new(String::new());
    let note = |answer: &Answer| answers.lock().unwrap().push_str(&shown(answer));
    let ask = async |method, path: &str, cookie: &str| {
        let request = web.request(method, path).header("cookie", cookie);
        let answer = kit::exchange(request.header("graphql-require-preflight", "true")).await;
        note(&answer);
        answer
    };
    let sign_in = async |code: &str| {
        let login = ask(http::Method::GET, "/auth/login?returnTo=/home", "").await;
        assert_eq!(login.status, 303, "{login}");
        let location = url::Url::parse(login.headers["location"].to_str().unwrap()).unwrap();
        let parameter = |wanted: &str| {
            location
                .query_pairs()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value.into_owned())
                .unwrap()
        };
        *nonce.lock().unwrap() = parameter("nonce");
        let path = format!("/auth/callback?code={code}&state={}", parameter("state"));
        let begun = cookies(&login).join("; ");
        (begun.clone(), ask(http::Method::GET, &path, &begun).await)
    };
    let (first, refused) = sign_in(&mark("a wrong code", &marks)).await;
    assert_eq!(refused.codes(), ["SIGN_IN_FAILED"], "{refused}");
    let (second, signed_in) = sign_in(&mark("a code", &marks)).await;
    assert_eq!(signed_in.headers["location"], "/home", "{signed_in}");
    let cookie =
        cookies(&signed_in).into_iter().find(|cookie| cookie.starts_with("__Host-web-session=")).unwrap();
    let value = |cookie: &str| cookie.split_once('=').unwrap().1.to_owned();
    let of_browser = vec![
        ("a session's cookie", value(&cookie)),
        ("a login's cookie", value(&first)),
        ("another login's cookie", value(&second)),
    ];

    // What goes well: it renews its tokens, asks as whom it is, listens, is somebody.
    let me = web.query("{ viewer { id email } }").header("cookie", &cookie).await;
    note(&me);
    assert_eq!(me.data("viewer.id"), "us-1", "{me}");
    assert!(issuer.fake().calls_of("/token").len() > 2, "tokens were not renewed");
    note(&web.query("{ artist(id: \"ar-1\") { name } nothing }").header("cookie", &cookie).await);
    assert_eq!(ask(http::Method::GET, "/auth/session", &cookie).await.json["subject"], "us-1");
    // What does not: a cookie that is none, a token that no provider gave, a code that comes twice, Redis gone.
    let wrong =
        web.query("{ viewer { id } }").header("cookie", "__Host-web-session=mark-of-nobody-6c3e").await;
    assert_eq!(wrong.codes(), ["SESSION_EXPIRED"], "{wrong}");
    note(&web.query("{ viewer { id } }").bearer(&mark("an access token", &marks)).await);
    let code = format!("/auth/callback?code={}&state=x", mark("a code", &marks));
    assert_eq!(ask(http::Method::GET, &code, &second).await.codes(), ["SIGN_IN_FAILED"]);
    let form = format!("logout_token={}", mark("a refresh token", &marks));
    let told = web.request(http::Method::POST, "/auth/backchannel-logout").body(form);
    note(&kit::exchange(told.header("content-type", "application/x-www-form-urlencoded")).await);
    let kept = redis.dump().await;
    assert!(kept.contains("web:"), "nothing is in Redis: {kept}");
    let out = kit::exchange(
        web.request(http::Method::POST, "/auth/logout")
            .header("cookie", &cookie)
            .header("graphql-require-preflight", "true"),
    )
    .await;
    assert_eq!(out.json["signedIn"], false, "{out}");
    issuer.fake().until_called("/revoke", 1).await;
    web.until_logged("that a refresh token was not taken back", |line| {
        line["message"].as_str().is_some_and(|said| said.contains("did not take a refresh token back"))
    })
    .await;
    for path in ["/metrics", "/health/ready"] {
        note(&web.admin(path).await);
    }

    none_is_in(&answers.lock().unwrap(), &marks, "an answer");
    none_is_in(&kept, &marks, "Redis");
    none_is_in(&kept, &of_browser, "Redis");
    let lines = web.lines().join("\n");
    assert!(lines.contains("\"level\":\"TRACE\"") || lines.contains("\"level\":\"DEBUG\""), "not talkative");
    none_is_in(&lines, &marks, "the log of web");
    none_is_in(&lines, &of_browser, "the log of web");
    assert!(!lines.contains("mark-of-nobody") && !lines.contains("eyJ"), "a cookie or a token is in the log");
    // Services behind it: headers (with them what traces carry), paths and bodies.
    for call in upstream.calls() {
        let told = format!("{} {:?} {:?}", call.url(), call.headers, call.body);
        none_is_in(&told, &marks, "what an upstream is told");
        none_is_in(&told, &of_browser, "what an upstream is told");
    }
    // They are compared with something: this is where they belong.
    let sent =
        issuer.fake().calls_of("/token").iter().map(|call| format!("{:?}", call.body)).collect::<String>();
    assert!(sent.contains(&mark("web's secret at the provider", &marks)), "{sent}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_of_a_partner_is_in_anything_that_a_run_writes() {
    let folder = tempfile::tempdir().unwrap();
    world::copy(SMALL, folder.path());
    let mut marks: Marks = vec![
        ("the password of a Redis", "mark-of-redis-81d0".to_owned()),
        ("the secret of the directory", "mark-of-directory-6602-0123456789abcdef".to_owned()),
        ("a partner's secret", "radio-aurora-secret".to_owned()),
    ];
    let redis = RedisServer::locked(&marks[0].1).await;
    let spawn =
        talkative(Process::of("identity")).set("database", &world::database("identity", folder.path()));
    let identity = spawn.env("IDENTITY__KEY_DIRECTORY_SECRET", &marks[1].1).start().await;
    let issued = identity.get("/dev/key?plan=pro").await.json["key"].as_str().unwrap().to_owned();
    let strange = "bk_7gq20x4m_bWFyay1vZi1zdHJhbmdlci1rZXktMDEyMzQ1Njc4OTA".to_owned();
    marks.extend([&issued, &strange].map(|key| ("a key, past what it is found by", key[12..].to_owned())));
    let partner = talkative(Process::of("partner"))
        .issuer(&identity)
        .upstream("catalog", "http://127.0.0.1:1")
        .set("auth.keys.url", &format!("{}/keys", identity.url()))
        .env("PARTNER__AUTH__KEYS__SECRET", &marks[1].1)
        .env("PARTNER__REDIS__URL", &redis.url())
        .start()
        .await;
    let form = "grant_type=client_credentials&scope=charts:read";
    let token = identity.request(http::Method::POST, "/token").basic_auth("radio-aurora", Some(&marks[2].1));
    let token = token.header("content-type", "application/x-www-form-urlencoded").body(form);
    let token = kit::exchange(token).await.json["access_token"].as_str().unwrap().to_owned();
    of_a_token("a token for credentials", &token, &mut marks);

    let mut answers = String::new();
    let asked = "{ artists(first: 1) { nodes { exactPopularity } } rateLimit { remaining } }";
    for (credential, status) in [(&issued, 200), (&token, 200), (&strange, 401)] {
        for header in ["authorization", "x-api-key"] {
            let value =
                if header == "x-api-key" { credential.clone() } else { format!("Bearer {credential}") };
            let answer = partner.query(asked).header(header, &value).await;
            // A token is no key.
            let expected = if header == "x-api-key" && credential == &token { 401 } else { status };
            assert_eq!(answer.status, expected, "{header}: {answer}");
            answers.push_str(&shown(&answer));
            let begun = partner.socket(Some(credential)).await.receive().await.unwrap_or_default();
            answers.push_str(&begun.to_string());
        }
    }
    for process in [&identity, &partner] {
        answers.push_str(&shown(&process.admin("/metrics").await));
    }
    none_is_in(&answers, &marks, "an answer");
    none_is_in(&redis.dump().await, &marks, "Redis");
    for (name, process) in [("identity", &identity), ("partner", &partner)] {
        let lines = process.lines().join("\n");
        none_is_in(&lines, &marks, &format!("the log of {name}"));
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

    let all = [
        ("WEB__AUTH__SESSION__CLIENT_SECRET", "mark-of-client-secret"),
        (
            "WEB__AUTH__SESSION__KEYS",
            "mark-of-session-key-0123456789abcdef,mark-of-older-key-0123456789abcdefgh",
        ),
        ("WEB__REDIS__URL", "rediss://user:mark-of-redis@127.0.0.1"),
        ("WEB__AUTH__INTERNAL__KEY", "mark-of-key"),
    ];
    let of_web: Marks = vec![("a secret", "mark-of-".to_owned())];
    let (code, printed) = run("web", &["--print-config", "--profile", "development"], &all);
    assert_eq!(code, Some(0), "{printed}");
    none_is_in(&printed, &of_web, "the printed configuration");
    // Each alone is wrong: too short, of another kind, of a file that is not there.
    for wrong in [
        ("WEB__AUTH__SESSION__KEYS", "mark-of-short"),
        ("WEB__AUTH__SESSION__CLIENT_SECRETS", "mark-of-client-secret"),
        ("WEB__REDIS__URL", "rediss://:mark-of-redis@"),
        ("WEB__REDIS__URL", "rediss://:mark-of-redis@host#insecure"),
    ] {
        let (code, refused) = run("web", &["--check-config", "--profile", "development"], &[wrong]);
        assert_eq!(code, Some(64), "{wrong:?}: {refused}");
        none_is_in(&refused, &of_web, "what is said of a wrong configuration");
    }

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
