//! A BFF that runs in the test's process, on a free port, as its own configuration says.

use super::{Answer, EventStream, Issuer, Parts, Place, Socket, Subscription, Value, json, workspace};
use bff::{
    Bff,
    app::Running as App,
    config::{self, Profile, Settings},
};
use std::{future::IntoFuture, pin::Pin};

/// Where upstreams are that a test does not give: nobody listens at the port that is reserved for multiplexing.
const NOWHERE: &str = "http://127.0.0.1:1";

/// A BFF about to be started.
pub struct Server {
    bff: Bff,
    settings: Settings,
}

/// Starts a BFF with these upstreams, by their names.
#[track_caller]
pub fn start<'a, P: Place + ?Sized + 'a>(
    bff: Bff,
    upstreams: impl IntoIterator<Item = (&'a str, &'a P)>,
) -> impl Future<Output = Running> {
    let server = upstreams.into_iter().fold(Server::of(bff), |server, (name, at)| server.upstream(name, at));
    server.start()
}

impl Server {
    /// With the settings of its own, but on free ports, in the development profile, with nobody to ask.
    #[track_caller]
    pub fn of(bff: Bff) -> Self {
        let args = config::Args {
            listen: Some("127.0.0.1:0".to_owned()),
            admin: Some("127.0.0.1:0".to_owned()),
            profile: Some("development".to_owned()),
            ..config::Args::default()
        };
        let mut settings = match config::resolve::<()>(bff.spec(), &args, []) {
            Ok((settings, ())) => settings,
            Err(problems) => panic!("{problems}"),
        };
        settings.upstreams.values_mut().for_each(|url| *url = parsed(NOWHERE));
        settings.auth.issuer = None;
        settings.auth.keys.url = settings.auth.keys.url.map(|_| parsed(NOWHERE));
        // Tests stand in their packages; the BFF's own settings stand on where `make run` starts it.
        settings.documents.folder = settings.documents.folder.map(|folder| workspace().join(folder));
        settings.drain_ms = 1_000;
        Self { bff, settings }
    }

    /// Where an upstream is.
    #[must_use]
    #[track_caller]
    pub fn upstream(mut self, name: &str, at: &(impl Place + ?Sized)) -> Self {
        self.settings.upstreams.insert(name.to_owned(), parsed(&at.url()));
        self
    }

    /// Whose tokens are accepted.
    #[must_use]
    #[track_caller]
    pub fn issuer(mut self, issuer: &Issuer) -> Self {
        self.settings.auth.issuer = Some(parsed(&issuer.url()));
        self
    }

    /// As it starts by itself: every protection on, and a key to vouch for callers with.
    #[must_use]
    pub fn production(self) -> Self {
        self.settings(|settings| {
            settings.profile = Profile::Production;
            settings.auth.internal.key = Some(super::internal_key());
        })
    }

    /// Changes any setting.
    #[must_use]
    pub fn settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Starts it; it ends when it is dropped.
    pub async fn start(self) -> Running {
        self.try_start().await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Starts it, or says why it does not start.
    pub async fn try_start(self) -> Result<Running, String> {
        let app = self.bff.start(self.settings).await.map_err(|error| error.to_string())?;
        Ok(Running { app, http: http_client() })
    }
}

#[track_caller]
fn parsed(url: &str) -> url::Url {
    #[expect(clippy::expect_used, reason = "a test may panic")]
    url::Url::parse(url).expect("a URL")
}

/// Redirects are answers, not followed.
pub(crate) fn http_client() -> reqwest::Client {
    #[expect(clippy::disallowed_methods, reason = "a test is a client, not a BFF")]
    let builder = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    #[expect(clippy::expect_used, reason = "a test may panic")]
    builder.build().expect("an HTTP client")
}

/// A BFF at work.
pub struct Running {
    app: App,
    http: reqwest::Client,
}

impl Place for Running {
    fn url(&self) -> String {
        self.app.url()
    }
}

impl Running {
    /// A GraphQL request, sent when it is awaited.
    pub fn query(&self, document: &str) -> Query {
        Query::new(self.http.clone(), format!("{}/graphql", self.url()), document)
    }

    /// `GET` of a path, as it is.
    pub async fn get(&self, path: &str) -> Answer {
        exchange(self.http.get(format!("{}{path}", self.url()))).await
    }

    /// `GET` of a path on the admin port: health, metrics.
    #[track_caller]
    pub fn admin(&self, path: &str) -> impl Future<Output = Answer> {
        let admin = self.app.admin.unwrap_or_else(|| panic!("there is no admin port"));
        exchange(self.http.get(format!("http://{admin}{path}")))
    }

    /// Any HTTP request to this server.
    pub fn request(&self, method: http::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url()))
    }

    /// Opens a socket and begins it; `bearer` goes into `connection_init`.
    pub async fn socket(&self, bearer: Option<&str>) -> Socket {
        Socket::open(&self.url(), bearer).await
    }

    /// Opens a socket without a word, with these headers; a refusal is its status.
    pub async fn try_socket(&self, headers: &[(&'static str, &str)]) -> Result<Socket, u16> {
        Socket::try_open(&self.url(), headers).await
    }

    /// The same, where it must be open.
    pub async fn silent_socket(&self) -> Socket {
        Socket::silent(&self.url(), &[]).await
    }

    /// An operation over server-sent events (`POST /graphql/stream`).
    pub async fn events(&self, document: &str, variables: Value, bearer: Option<&str>) -> EventStream {
        let body = json!({"query": document, "variables": variables});
        let request = self.request(http::Method::POST, "/graphql/stream").json(&body);
        EventStream::open(match bearer {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
        .await
    }

    /// A subscription on a socket of its own.
    pub async fn subscribe(&self, document: &str, variables: Value, bearer: Option<&str>) -> Subscription {
        self.socket(bearer).await.subscribe(document, variables).await
    }

    /// Lets requests under way finish, then ends.
    pub async fn shutdown(self) {
        self.app.shutdown().await;
    }
}

/// A GraphQL request in the making.
#[must_use = "it is sent when it is awaited"]
#[derive(Debug)]
pub struct Query {
    http: reqwest::Client,
    url: String,
    body: Value,
    headers: Vec<(String, String)>,
    by_get: bool,
}

impl Query {
    pub(crate) fn new(http: reqwest::Client, url: String, document: &str) -> Self {
        Self { http, url, body: json!({"query": document}), headers: Vec::new(), by_get: false }
    }

    /// By name.
    pub fn variables(mut self, variables: Value) -> Self {
        self.body["variables"] = variables;
        self
    }

    /// Which operation of the document.
    pub fn operation(mut self, name: &str) -> Self {
        self.body["operationName"] = name.into();
        self
    }

    /// In the URL, with the header that no page can make a browser send to a stranger unasked.
    pub fn by_get(self) -> Self {
        Self { by_get: true, ..self }.header("graphql-require-preflight", "true")
    }

    /// As whoever this token was made for.
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends it, accepting this: an answer whose parts are read as they come.
    pub async fn in_parts(self, accept: &str) -> Parts {
        Parts::of(self.header("accept", accept).request()).await
    }

    fn request(self) -> reqwest::RequestBuilder {
        let request = if self.by_get {
            self.http.get(self.in_url())
        } else {
            self.http.post(self.url).json(&self.body)
        };
        self.headers.into_iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    /// Its URL with the request in it: texts as they are, anything else as JSON.
    fn in_url(&self) -> url::Url {
        let mut url = parsed(&self.url);
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let parameters = self.body.as_object().into_iter().flatten().map(|(name, value)| (name, text(value)));
        url.query_pairs_mut().extend_pairs(parameters);
        url
    }
}

impl IntoFuture for Query {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(exchange(self.request()))
    }
}

/// Sends any request.
pub async fn exchange(request: reqwest::RequestBuilder) -> Answer {
    #[expect(clippy::disallowed_methods, reason = "a test is a client, not a BFF")]
    let response = request.send().await.unwrap_or_else(|error| panic!("no answer: {error}"));
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap_or_else(|error| panic!("the answer breaks off: {error}"));
    Answer::new(status, headers, text)
}
