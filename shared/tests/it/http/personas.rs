//! GraphiQL in development: one is whom one chooses, and nobody pastes a credential.

use super::world::World;
use bff::config::{self, Args, Persona, Settings, Spec};
use kit::{Fake, Place, Reply, Server, json};

fn personas(settings: &mut Settings, identity: &Fake) {
    let url = |path: &str| Some(format!("{}{path}", identity.url()).parse().unwrap());
    let named = |label: &str| Persona { label: label.to_owned(), ..Persona::default() };
    settings.dev.personas = vec![
        named("Nobody"),
        Persona { url: url("/token?user=us-1"), ..named("Mika") },
        Persona { url: url("/key"), header: "X-Key: {key}".to_owned(), ..named("A client") },
        Persona { url: url("/gone"), ..named("Gone") },
        Persona { login: Some("/auth/login".to_owned()), ..named("Sign in") },
    ];
}

async fn world(identity: &Fake) -> World {
    identity.get("/token", |call| json!({"access_token": format!("for-{}", call.param("user").unwrap())}));
    identity.get("/key", |_| json!({"key": "k-1", "plan": "pro"}));
    identity.get("/gone", |_| Reply::problem(404, "no such user"));
    World::with(|server| server.settings(|settings| personas(settings, identity))).await
}

#[tokio::test]
async fn a_persona_has_its_credential_fetched_when_it_is_chosen() {
    let identity = Fake::start().await;
    let world = world(&identity).await;
    let page = world.bff.get("/graphiql").await;
    assert!(page.text.contains(r#"{"label":"Mika","credential":true}"#), "{}", page.text);
    assert!(page.text.contains(r#"{"label":"Sign in","login":"/auth/login","credential":false}"#));
    assert!(!page.text.contains(&identity.url()) && identity.total() == 0, "the page itself holds none");
    let headers = async |number: usize| world.bff.get(&format!("/graphiql/personas/{number}")).await;
    assert_eq!(headers(0).await.json, json!({"headers": {}}));
    let mika = headers(1).await;
    assert_eq!(mika.json, json!({"headers": {"authorization": "Bearer for-us-1"}}));
    assert_eq!(mika.header("cache-control"), Some("no-store"));
    assert_eq!(headers(2).await.json, json!({"headers": {"x-key": "k-1"}}));
    let gone = headers(3).await;
    assert!(gone.messages()[0].contains("answers 404"), "{gone}");
    assert_eq!(headers(9).await.codes(), ["NOT_FOUND"]);
}

#[tokio::test]
async fn no_persona_is_in_production() {
    let identity = Fake::start().await;
    let bff = bff::Bff::new("door", "").schema(
        super::world::nothing(),
        async_graphql::EmptyMutation,
        async_graphql::EmptySubscription,
    );
    let started = Server::of(bff).production().settings(|settings| personas(settings, &identity)).try_start();
    let refusal = started.await.err().unwrap_or_default();
    assert!(refusal.contains("`dev.personas`") && refusal.contains("production"), "{refusal}");
}

#[test]
fn a_configuration_with_personas_is_refused_in_production_and_says_the_way_out() {
    let spec =
        Spec { service: "door", toml: "[[dev.personas]]\nlabel = 'Mika'\nurl = 'http://127.0.0.1:1/'" };
    let problems = config::resolve::<()>(&spec, &Args::default(), []).unwrap_err().to_string();
    assert!(problems.contains("`dev.personas`") && problems.contains("--profile development"), "{problems}");
    let args = Args { profile: Some("development".to_owned()), ..Args::default() };
    assert!(config::resolve::<()>(&spec, &args, []).is_ok());
    let wrong =
        Spec { service: "door", toml: "[[dev.personas]]\nheader = 'x'\nlogin = 'https://evil.example'" };
    let problems = config::resolve::<()>(&wrong, &args, []).unwrap_err().to_string();
    for named in ["`label`", "`header`", "`login`"] {
        assert!(problems.contains(named), "{problems}");
    }
    let unknown = Spec { service: "door", toml: "[[dev.personas]]\nlabel = 'a'\nlogn = '/'" };
    let problems = config::resolve::<()>(&unknown, &args, []).unwrap_err().to_string();
    assert!(problems.contains("did you mean"), "{problems}");
}
