//! An OpenID provider that does what a test says, and remembers what it was asked.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
};

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use kit::{Call, Fake, Issuer, Place, Reply, Value, json};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use url::Url;

pub const CLIENT: &str = "browser-app";
pub const SECRET: &str = "a secret: with & odd % letters";

/// Lifetimes of access tokens, in seconds: of no use any more at once, or for long.
pub const SPENT: u64 = 0;
pub const LASTING: u64 = 3_600;

/// A provider of one user at a time: whoever `who` says.
#[derive(Clone)]
pub struct Provider {
    pub issuer: Issuer,
    pub state: Arc<State>,
}

pub struct State {
    who: Mutex<&'static str>,
    /// What ID tokens say otherwise; null takes a claim away.
    pub twist: Mutex<Value>,
    /// The lifetime of the access tokens that codes and refresh tokens are worth.
    pub first_lifetime: AtomicU64,
    codes: Mutex<HashMap<String, HashMap<String, String>>>,
    refresh_tokens: Mutex<HashSet<String>>,
    made: AtomicUsize,
    /// Answers at the token endpoint instead of it.
    instead: Mutex<Option<Reply>>,
}

impl Place for Provider {
    fn url(&self) -> String {
        self.issuer.url()
    }
}

impl Provider {
    pub async fn start() -> Self {
        let issuer = Issuer::start().await;
        let state = Arc::new(State {
            who: Mutex::new("us-1"),
            twist: Mutex::new(json!({})),
            first_lifetime: AtomicU64::new(LASTING),
            codes: Mutex::default(),
            refresh_tokens: Mutex::default(),
            made: AtomicUsize::new(0),
            instead: Mutex::default(),
        });
        let provider = Self { issuer, state };
        provider.describe();
        let itself = provider.clone();
        provider.fake().post("/token", move |call| itself.token(call));
        let itself = provider.clone();
        provider.fake().post("/revoke", move |call| itself.take_back(call));
        provider
    }

    pub fn fake(&self) -> &Fake {
        self.issuer.fake()
    }

    /// Its discovery document.
    pub fn describe(&self) {
        let url = self.url();
        self.fake().get("/.well-known/openid-configuration", move |_| {
            json!({
                "issuer": url,
                "authorization_endpoint": format!("{url}/authorize"),
                "token_endpoint": format!("{url}/token"),
                "end_session_endpoint": format!("{url}/bye"),
                "revocation_endpoint": format!("{url}/revoke"),
                "jwks_uri": format!("{url}/jwks.json"),
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
            })
        });
    }

    pub fn is(&self, who: &'static str) {
        *self.state.who.lock() = who;
    }

    /// What the token endpoint answers from now on; none: as ever.
    pub fn instead(&self, reply: Option<Reply>) {
        *self.state.instead.lock() = reply;
    }

    /// How often a refresh token was given to it.
    pub fn refreshes(&self) -> usize {
        let calls = self.fake().calls_of("/token");
        calls.iter().filter(|call| form(call)["grant_type"] == "refresh_token").count()
    }

    /// All refresh tokens are withdrawn.
    pub fn withdraw(&self) {
        self.state.refresh_tokens.lock().clear();
    }

    /// Somebody signs in at `/authorize?…`: where the browser is sent back to.
    pub fn click(&self, location: &str) -> String {
        let url = Url::parse(location).unwrap();
        assert!(location.starts_with(&format!("{}/authorize?", self.url())), "{location}");
        let asked: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(
            (asked["response_type"].as_str(), asked["client_id"].as_str()),
            ("code", CLIENT),
            "{location}"
        );
        assert_eq!(asked["code_challenge_method"], "S256");
        assert!(asked["scope"].split(' ').any(|scope| scope == "openid"), "{location}");
        assert!(asked["state"].len() >= 22 && asked["nonce"].len() >= 22, "{location}");
        let code = format!("code-{}", self.state.made.fetch_add(1, Relaxed));
        let mut back = Url::parse(&asked["redirect_uri"]).unwrap();
        back.query_pairs_mut().extend_pairs([
            ("code", code.as_str()),
            ("state", &asked["state"]),
            ("iss", &self.url()),
        ]);
        self.state.codes.lock().insert(code, asked);
        back.into()
    }

    /// Refresh tokens that are good for something.
    pub fn refresh_tokens(&self) -> Vec<String> {
        self.state.refresh_tokens.lock().iter().cloned().collect()
    }

    /// RFC 7009: what is not known is no failure.
    fn take_back(&self, call: &Call) -> Reply {
        if !is_ours(call) {
            return Reply::json(401, json!({"error": "invalid_client"}));
        }
        self.state.refresh_tokens.lock().remove(&form(call)["token"]);
        Reply::json(200, json!({}))
    }

    fn token(&self, call: &Call) -> Reply {
        if let Some(reply) = self.state.instead.lock().clone() {
            return reply;
        }
        let form = form(call);
        if !is_ours(call) {
            return Reply::json(401, json!({"error": "invalid_client"}));
        }
        let refused =
            |why: &str| Reply::json(400, json!({"error": "invalid_grant", "error_description": why}));
        match form["grant_type"].as_str() {
            "authorization_code" => {
                let Some(asked) = self.state.codes.lock().remove(&form["code"]) else {
                    return refused("no such code");
                };
                let proof = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
                if proof != asked["code_challenge"] || form["redirect_uri"] != asked["redirect_uri"] {
                    return refused("not yours");
                }
                self.tokens(Some(&asked["nonce"]), self.state.first_lifetime.load(Relaxed))
            }
            "refresh_token" if self.state.refresh_tokens.lock().remove(&form["refresh_token"]) => {
                self.tokens(None, LASTING)
            }
            _ => {
                // Used twice: one of two holders has stolen it.
                self.withdraw();
                refused("no such refresh token")
            }
        }
    }

    fn tokens(&self, nonce: Option<&str>, lifetime: u64) -> Reply {
        let number = self.state.made.fetch_add(1, Relaxed);
        let who = *self.state.who.lock();
        let refresh_token = format!("refresh-token-{number}");
        self.state.refresh_tokens.lock().insert(refresh_token.clone());
        let mut claims = json!({
            "aud": CLIENT, "nonce": nonce, "name": "Mika Sato", "plan": format!("plan-{number}"), "sid": format!("sid-of-{who}"),
        });
        for (name, value) in self.state.twist.lock().as_object().into_iter().flatten() {
            claims[name] = value.clone();
        }
        Reply::json(
            200,
            json!({
                "access_token": format!("access-token-{number}"), "token_type": "Bearer", "expires_in": lifetime,
                "refresh_token": refresh_token, "scope": "openid notes", "id_token": self.issuer.token_of("JWT", who, claims),
            }),
        )
    }

    /// What the provider sends to `/auth/backchannel-logout`, but for these claims.
    pub fn logout_token(&self, claims: Value) -> String {
        let number = self.state.made.fetch_add(1, Relaxed);
        let mut all = json!({
            "aud": CLIENT, "jti": format!("jti-{number}"),
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        });
        for (name, value) in claims.as_object().into_iter().flatten() {
            all[name] = value.clone();
        }
        self.issuer.token_of("logout+jwt", "us-1", all)
    }
}

/// Whether the client says who it is (`client_secret_basic`).
fn is_ours(call: &Call) -> bool {
    // RFC 6749, 2.3.1: both are encoded as in forms before they are joined.
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let expected = BASE64_STANDARD.encode(format!("{}:{}", encoded(CLIENT), encoded(SECRET)));
    call.header("authorization") == Some(&format!("Basic {expected}"))
}

pub fn form(call: &Call) -> HashMap<String, String> {
    url::form_urlencoded::parse(&call.body).into_owned().collect()
}
