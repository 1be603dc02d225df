//! Giving a refresh token back: who has a copy of it has nothing then (RFC 7009).

use ::http::{HeaderValue, Request, header};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use openidconnect::{AsyncHttpClient, core::CoreClientAuthMethod};
use url::form_urlencoded::{Serializer, byte_serialize};

use super::{Failure, Provider, by_body, discovery::Discovered};

impl Provider {
    /// Nothing is done where the provider names no place for it.
    ///
    /// # Errors
    /// The provider does not take it back, or cannot say so.
    pub async fn withdraw(&self, refresh_token: &str) -> Result<(), Failure> {
        let discovered = self.discovery.current(&self.http).await?;
        let Some(request) = self.withdrawal(&discovered, refresh_token)? else { return Ok(()) };
        let answer = self.http.call(request).await;
        let answer = answer.map_err(|error| Failure::Unavailable(error.to_string()))?;
        if answer.status().is_success() {
            return Ok(());
        }
        // It may quote the token.
        Err(Failure::Refused(format!("the provider answers {}", answer.status())))
    }

    /// By hand: the library's refuses the http of a provider on the loopback, which `auth.issuer` may be.
    fn withdrawal(
        &self,
        discovered: &Discovered,
        refresh_token: &str,
    ) -> Result<Option<openidconnect::HttpRequest>, Failure> {
        let places = &discovered.metadata.additional_metadata().additional_metadata;
        let Some(place) = &places.revocation_endpoint else { return Ok(None) };
        let mut form = Serializer::new(String::new());
        form.append_pair("token", refresh_token).append_pair("token_type_hint", "refresh_token");
        let mut request =
            Request::post(place.as_str()).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let methods = places.revocation_endpoint_auth_methods_supported.as_deref();
        let methods: &[CoreClientAuthMethod] = match methods {
            Some(methods) => methods,
            None => discovered
                .metadata
                .token_endpoint_auth_methods_supported()
                .map_or(&[], |methods| methods.as_slice()),
        };
        match &self.client_secret {
            Some(secret) if !by_body(methods) => {
                // RFC 6749, 2.3.1: both are encoded as in forms before they are joined.
                let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                let pair = format!("{}:{}", encoded(&self.client_id), encoded(secret.secret()));
                let basic = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair)));
                let mut basic = basic.map_err(|error| Failure::Unavailable(error.to_string()))?;
                basic.set_sensitive(true);
                request = request.header(header::AUTHORIZATION, basic);
            }
            secret => {
                form.append_pair("client_id", &self.client_id);
                if let Some(secret) = secret {
                    form.append_pair("client_secret", secret.secret());
                }
            }
        }
        let request = request.body(form.finish().into_bytes());
        request.map(Some).map_err(|error| Failure::Unavailable(error.to_string()))
    }
}
