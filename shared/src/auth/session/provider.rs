//! The OpenID provider, as a client of it: where to send browsers, what their codes are worth, whether they still stand.

mod claims;
mod discovery;
mod http;
mod logout_token;
mod revocation;

use std::time::{Duration, SystemTime};

use openidconnect::{
    AccessTokenHash, AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields, LogoutRequest, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, RedirectUrl, RefreshToken, RequestTokenError,
    Scope, StandardErrorResponse, StandardTokenResponse, TokenResponse,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod, CoreErrorResponseType,
        CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
        CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
    },
};
use url::Url;

pub use self::{claims::Who, logout_token::Ended};
use self::{
    claims::{Extra, Identity},
    discovery::{Discovered, Discovery},
    http::Http,
    logout_token::LogoutTokens,
};
use crate::config::{AuthSettings, SessionSettings, TlsSettings};

/// Signatures that count: made with a key that only the provider has.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 8] = [
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
];

type Tokens = StandardTokenResponse<
    IdTokenFields<
        Extra,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;
type Refusal = StandardErrorResponse<CoreErrorResponseType>;
type Client = openidconnect::Client<
    Extra,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    Refusal,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Why the provider did not do it; the text is for the log, and bears no token.
#[derive(Clone, Debug)]
pub enum Failure {
    /// It is down, slow, or talks nonsense: another time it may do it.
    Unavailable(String),
    /// It says no.
    Refused(String),
    /// What it says cannot be believed.
    Untrusted(String),
}

impl Failure {
    pub fn reason(&self) -> &str {
        let (Self::Unavailable(reason) | Self::Refused(reason) | Self::Untrusted(reason)) = self;
        reason
    }
}

/// What a browser takes to the provider, and what it must bring back.
pub struct Departure {
    pub url: Url,
    pub state: String,
    pub nonce: String,
    pub verifier: String,
}

/// What somebody's code or refresh token was worth.
pub struct Granted {
    pub refresh_token: Option<String>,
    pub lifetime: Option<Duration>,
    /// What the access token may be used for; None: what was asked for.
    pub scope: Option<String>,
}

/// A provider.
pub struct Provider {
    discovery: Discovery,
    http: Http,
    client_id: ClientId,
    client_secret: Option<ClientSecret>,
    scopes: Vec<Scope>,
    /// By which the provider's clock and ours may differ.
    skew: Duration,
    logout_tokens: LogoutTokens,
}

impl Provider {
    /// Nothing is fetched yet. None, if there is no issuer.
    ///
    /// # Errors
    /// The HTTP client cannot be made.
    pub fn new(
        auth: &AuthSettings,
        tls: &TlsSettings,
        session: &SessionSettings,
    ) -> Result<Option<Self>, String> {
        let Some(issuer) = auth.issuer.clone() else { return Ok(None) };
        let timeout = Duration::from_millis(session.provider_timeout_ms);
        let http = Http::new(&issuer, tls, timeout)?;
        let secret = session.client_secret.expose();
        Ok(Some(Self {
            logout_tokens: LogoutTokens::new(auth, tls, &issuer, &session.client_id)?,
            discovery: Discovery::new(issuer, auth, timeout),
            http,
            client_id: ClientId::new(session.client_id.clone()),
            client_secret: (!secret.is_empty()).then(|| ClientSecret::new(secret.to_owned())),
            // The library asks for `openid` by itself.
            scopes: session
                .scopes
                .iter()
                .filter(|scope| *scope != "openid")
                .cloned()
                .map(Scope::new)
                .collect(),
            skew: Duration::from_secs(auth.skew_s),
        }))
    }

    /// Where to send a browser to sign in.
    ///
    /// # Errors
    /// The provider does not say.
    pub async fn departure(&self, redirect_uri: &str) -> Result<Departure, Failure> {
        let discovered = self.discovery.current(&self.http).await?;
        let client = self.client(&discovered, Some(redirect_uri))?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(self.scopes.iter().cloned())
            .set_pkce_challenge(challenge)
            .url();
        let (state, nonce) = (state.into_secret(), nonce.secret().clone());
        Ok(Departure { url, state, nonce, verifier: verifier.into_secret() })
    }

    /// Who came back with this code, by an ID token that was made for this login.
    ///
    /// # Errors
    /// The code is not worth anything, or the ID token is not to be believed.
    pub async fn arrival(
        &self,
        code: String,
        verifier: String,
        nonce: String,
        redirect_uri: &str,
    ) -> Result<(Who, Granted), Failure> {
        let discovered = self.discovery.current(&self.http).await?;
        let client = self.client(&discovered, Some(redirect_uri))?;
        let request = client
            .exchange_code(AuthorizationCode::new(code.clone()))
            .map_err(|_| no_token_endpoint())?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.clone()));
        let tokens = request.request_async(&self.http).await;
        let tokens = tokens.map_err(|error| self.refused(error, &[&code, &verifier]))?;
        let who = self.who(&discovered, &tokens, Some(Nonce::new(nonce))).await?;
        let who = who.ok_or_else(|| Failure::Untrusted("the provider gave no ID token".to_owned()))?;
        Ok((who, granted(&tokens)))
    }

    /// New tokens for a refresh token; with them whatever an ID token says, if one is given.
    ///
    /// # Errors
    /// The session is over for the provider, or the provider cannot say.
    pub async fn renewal(&self, refresh_token: &str) -> Result<(Option<Who>, Granted), Failure> {
        let discovered = self.discovery.current(&self.http).await?;
        let client = self.client(&discovered, None)?;
        let token = RefreshToken::new(refresh_token.to_owned());
        let request = client.exchange_refresh_token(&token).map_err(|_| no_token_endpoint())?;
        let tokens = request.request_async(&self.http).await;
        let tokens = tokens.map_err(|error| self.refused(error, &[refresh_token]))?;
        Ok((self.who(&discovered, &tokens, None).await?, granted(&tokens)))
    }

    /// Where to send a browser to end the provider's own session; None, if it has no such place.
    ///
    /// # Errors
    /// The provider does not say.
    pub async fn goodbye(&self, id_token: &str, back_to: &str) -> Result<Option<Url>, Failure> {
        let discovered = self.discovery.current(&self.http).await?;
        let Some(place) = discovered.metadata.additional_metadata().end_session_endpoint.clone() else {
            return Ok(None);
        };
        let back_to = PostLogoutRedirectUrl::new(back_to.to_owned());
        let back_to = back_to.map_err(|error| Failure::Untrusted(error.to_string()))?;
        let mut request = LogoutRequest::from(place)
            .set_client_id(self.client_id.clone())
            .set_post_logout_redirect_uri(back_to);
        // It was checked when it came.
        if let Ok(hint) = id_token.parse::<Identity>() {
            request = request.set_id_token_hint(&hint);
        }
        Ok(Some(request.http_get_url()))
    }

    /// Whose sessions the provider says are over, if it is the provider who says it.
    ///
    /// # Errors
    /// It is not to be believed, or cannot be checked now.
    pub async fn ended(&self, logout_token: &str) -> Result<Ended, Failure> {
        self.logout_tokens.ended(logout_token).await
    }

    /// Whether this is its name; a URL is the same with and without its final slash.
    pub fn is(&self, issuer: &str) -> bool {
        self.discovery.is(issuer)
    }

    fn client(&self, discovered: &Discovered, redirect_uri: Option<&str>) -> Result<Client, Failure> {
        let metadata = discovered.metadata.clone();
        let by_body = metadata.token_endpoint_auth_methods_supported().is_some_and(|known| by_body(known));
        let mut client =
            Client::from_provider_metadata(metadata, self.client_id.clone(), self.client_secret.clone());
        if by_body {
            client = client.set_auth_type(AuthType::RequestBody);
        }
        match redirect_uri {
            None => Ok(client),
            Some(uri) => {
                let uri = RedirectUrl::new(uri.to_owned());
                Ok(client.set_redirect_uri(uri.map_err(|error| Failure::Untrusted(error.to_string()))?))
            }
        }
    }

    /// What the ID token says, checked: signature, issuer, audience, times, nonce, and that the access token is its own.
    /// Keys that are not known are looked for once more.
    async fn who(
        &self,
        discovered: &Discovered,
        tokens: &Tokens,
        nonce: Option<Nonce>,
    ) -> Result<Option<Who>, Failure> {
        let Some(token) = tokens.id_token() else { return Ok(None) };
        match self.checked(discovered, tokens, token, nonce.as_ref()) {
            Ok(who) => Ok(Some(who)),
            Err(reason) => match self.discovery.newer_than(discovered, &self.http).await {
                Some(newer) => {
                    self.checked(&newer, tokens, token, nonce.as_ref()).map(Some).map_err(Failure::Untrusted)
                }
                None => Err(Failure::Untrusted(reason)),
            },
        }
    }

    fn checked(
        &self,
        discovered: &Discovered,
        tokens: &Tokens,
        token: &Identity,
        nonce: Option<&Nonce>,
    ) -> Result<Who, String> {
        let client = self.client(discovered, None).map_err(|failure| failure.reason().to_owned())?;
        // The one time that is checked is its end.
        let skew = self.skew;
        let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS).set_time_fn(move || {
            SystemTime::now().checked_sub(skew).unwrap_or(SystemTime::UNIX_EPOCH).into()
        });
        let claims = match nonce {
            Some(nonce) => token.claims(&verifier, nonce),
            // One that comes with a renewal need not have one (OpenID Connect Core, 12.2).
            None => token.claims(&verifier, |_: Option<&Nonce>| Ok(())),
        };
        let claims = claims.map_err(|error| format!("the ID token: {error}"))?;
        if let Some(expected) = claims.access_token_hash() {
            let algorithm = token.signing_alg().map_err(|error| error.to_string())?;
            let key = token.signing_key(&verifier).map_err(|error| error.to_string())?;
            let actual = AccessTokenHash::from_token(tokens.access_token(), algorithm, key);
            if actual.map_err(|error| error.to_string())? != *expected {
                return Err("the ID token came with another access token than its own".to_owned());
            }
        }
        Ok(Who::of(claims, token))
    }

    /// Why there are no tokens. Some providers quote in their words what they were sent; ours do without.
    fn refused(&self, error: RequestTokenError<http::HttpError, Refusal>, sent: &[&str]) -> Failure {
        match error {
            RequestTokenError::ServerResponse(refusal) => {
                let mut reason = format!("the provider says: {refusal}");
                let secret = self.client_secret.as_ref().map(|secret| secret.secret().as_str());
                for sent in sent.iter().copied().chain(secret).filter(|sent| !sent.is_empty()) {
                    reason = reason.replace(sent, "(hidden)");
                }
                match refusal.error() {
                    CoreErrorResponseType::InvalidGrant => Failure::Refused(reason),
                    // Whatever is wrong between the two of us is not the fault of who is signed in.
                    _ => Failure::Unavailable(reason),
                }
            }
            RequestTokenError::Request(error) => Failure::Unavailable(error.to_string()),
            RequestTokenError::Parse(..) => Failure::Unavailable(
                "the provider's token endpoint answered something that is no answer".to_owned(),
            ),
            RequestTokenError::Other(reason) => Failure::Unavailable(reason),
        }
    }
}

/// Whether a client's secret is sent in the form. `client_secret_basic` is what all must know; some know the other alone, and
/// say so.
fn by_body(methods: &[CoreClientAuthMethod]) -> bool {
    methods.contains(&CoreClientAuthMethod::ClientSecretPost)
        && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
}

fn granted(tokens: &Tokens) -> Granted {
    let scope =
        tokens.scopes().map(|scopes| scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" "));
    Granted {
        refresh_token: tokens.refresh_token().map(|token| token.secret().clone()),
        lifetime: tokens.expires_in(),
        scope,
    }
}

fn no_token_endpoint() -> Failure {
    Failure::Unavailable("the provider's discovery document has no token_endpoint".to_owned())
}
