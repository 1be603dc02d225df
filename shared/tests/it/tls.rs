//! Upstreams behind TLS: asked if their certificate is right, and not at all if it is not.

use async_graphql::{EmptyMutation, EmptySubscription, Object};
use bff::{Ask, Bff, ContextExt as _, IntoAsk, Upstream, entity, question};
use kit::{Authority, Fake, Issuer, Running, Server, json};

const VAULT: Upstream = Upstream::named("vault").retries(0);

#[entity]
struct Thing {
    name: String,
}

#[question(upstream = VAULT, get = "/thing", row = Thing, single, public)]
struct TheThing {}

struct Query;

#[Object]
impl Query {
    async fn thing(&self) -> Ask<TheThing> {
        TheThing {}.ask()
    }
    async fn me(&self, ctx: &async_graphql::Context<'_>) -> Option<String> {
        ctx.request().unwrap().caller().subject().map(str::to_owned)
    }
}

fn server(at: &Fake) -> Server {
    let bff = Bff::new("guarded", "").upstreams(&[VAULT]).schema(Query, EmptyMutation, EmptySubscription);
    Server::of(bff).upstream("vault", at)
}

async fn trusting(authority: &Authority, at: &Fake) -> Running {
    let file = authority.file().to_owned();
    server(at).settings(|settings| settings.tls.ca_file = Some(file)).start().await
}

async fn vault(authority: &Authority, name: &str) -> Fake {
    let fake = Fake::secure(authority, name).await;
    fake.get("/thing", |_| json!({"name": "Gold"}));
    fake
}

const ASKED: &str = "{ thing { name } }";

#[tokio::test]
async fn an_upstream_whose_certificate_is_right_is_asked() {
    let authority = Authority::new();
    let vault = vault(&authority, "127.0.0.1").await;
    let bff = trusting(&authority, &vault).await;
    assert_eq!(bff.query(ASKED).await.ok(), &json!({"thing": {"name": "Gold"}}));
    assert_eq!(vault.calls()[0].service().as_deref(), Some("guarded"));
}

#[tokio::test]
async fn an_upstream_of_another_name_or_of_an_unknown_authority_is_told_nothing() {
    let (known, unknown) = (Authority::new(), Authority::new());
    let others = [vault(&known, "elsewhere.example").await, vault(&unknown, "127.0.0.1").await];
    for other in &others {
        let answer = trusting(&known, other).await.query(ASKED).await;
        assert_eq!((answer.data("thing"), answer.codes()), (&json!(null), vec!["UPSTREAM_UNAVAILABLE"]));
        for word in ["ertificate", "ssuer", "127.0.0.1"] {
            assert!(!answer.text.contains(word), "{answer}");
        }
        assert_eq!(other.total(), 0);
    }
    // Nor is one whose authority only the setting would name.
    let answer = server(&vault(&known, "127.0.0.1").await).start().await.query(ASKED).await;
    assert_eq!(answer.codes(), ["UPSTREAM_UNAVAILABLE"]);
}

#[tokio::test]
async fn a_file_without_certificates_is_named() {
    let authority = Authority::new();
    let vault = vault(&authority, "127.0.0.1").await;
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    for file in [empty, folder.path().join("absent.pem")] {
        let refused = server(&vault).settings(|settings| settings.tls.ca_file = Some(file.clone()));
        let refused = refused.try_start().await.err().unwrap();
        assert!(refused.contains("`tls.ca_file`") && refused.contains(file.to_str().unwrap()), "{refused}");
    }
}

#[tokio::test]
async fn a_provider_whose_certificate_is_right_is_believed_and_no_other() {
    let (known, unknown) = (Authority::new(), Authority::new());
    let vault = vault(&known, "127.0.0.1").await;
    let right = Issuer::secure(&known, "127.0.0.1").await;
    let wrong =
        [Issuer::secure(&known, "elsewhere.example").await, Issuer::secure(&unknown, "127.0.0.1").await];
    let file = known.file().to_owned();
    let behind = async |issuer: &Issuer| {
        let file = file.clone();
        server(&vault).issuer(issuer).settings(|settings| settings.tls.ca_file = Some(file)).start().await
    };
    let bff = behind(&right).await;
    let answer = bff.query("{ me }").bearer(&right.token("us-1")).await;
    assert_eq!(answer.ok(), &json!({"me": "us-1"}));
    for issuer in &wrong {
        let answer = behind(issuer).await.query("{ me }").bearer(&issuer.token("us-1")).await;
        assert_eq!((answer.status, answer.codes()), (503, vec!["AUTHENTICATION_UNAVAILABLE"]), "{answer}");
        assert_eq!(issuer.fake().total(), 0);
    }
}
