//! Asks those whom auth depends on: who publishes keys, signs in, or knows which keys there are. They are no upstreams:
//! nobody's request has begun, and the credentials sent to them are this service's own.

use std::{error::Error, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use url::Url;

use crate::{config::TlsSettings, upstream::tls};

/// Bounded in time and bytes, and going nowhere else: a redirect would carry what is sent, or bring what is believed, to
/// or from a place that nobody has named. Cheap to clone.
#[derive(Clone)]
pub(super) struct Fetcher {
    http: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    timeout: Duration,
}

impl Fetcher {
    /// For who is at that URL and at those that it names. Where that is http, the system's certificates are not even read.
    ///
    /// # Errors
    /// Names what TLS lacks, and the way out.
    pub fn new(url: &Url, tls: &TlsSettings, timeout: Duration) -> Result<Self, String> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(timeout));
        connector.enforce_http(false);
        let secure = url.scheme() == "https";
        let trusted = if secure { tls::config(tls) } else { tls::nobody() };
        let trusted = trusted.map_err(|error| error.to_string())?;
        let schemes = HttpsConnectorBuilder::new().with_tls_config(trusted);
        // Who is asked in safety is never asked otherwise.
        let schemes = if secure { schemes.https_only() } else { schemes.https_or_http() };
        #[expect(clippy::disallowed_methods, reason = "these are no upstreams: see above")]
        let mut http = Client::builder(TokioExecutor::new());
        http.pool_timer(TokioTimer::new()).pool_idle_timeout(Duration::from_secs(30));
        let http = http.build(schemes.enable_http1().wrap_connector(connector));
        Ok(Self { http, timeout })
    }

    /// The whole answer, whatever its status.
    ///
    /// # Errors
    /// There is none in time, or it is longer than that: why, without a word of what was asked.
    pub async fn exchange(&self, request: Request<Bytes>, most: usize) -> Result<Response<Bytes>, String> {
        let exchange = async {
            let response = self.http.request(request.map(Full::new)).await;
            let (head, body) = response.map_err(|error| root_cause(&error))?.into_parts();
            let body = Limited::new(body, most).collect().await.map_err(|error| {
                match error.is::<LengthLimitError>() {
                    true => format!("the answer is longer than {most} bytes"),
                    false => root_cause(&*error),
                }
            })?;
            Ok(Response::from_parts(head, body.to_bytes()))
        };
        let late = |_| format!("there was no answer within {} ms", self.timeout.as_millis());
        tokio::time::timeout(self.timeout, exchange).await.map_err(late)?
    }
}

fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
