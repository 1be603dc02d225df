//! A backend for one kind of client: a schema, the upstreams it asks, its own configuration; and the program around it.

use super::{
    clients::Clients,
    declared::{Declared, SchemaError, Serving},
    graphiql, http,
    places::Places,
    socket::{self, Sockets},
};
use crate::{
    app::{self, App, Running, Signals},
    auth::{Authenticator, Sessions, internal::Signer},
    config::{self, Profile, Settings, Spec},
    redis::Redis,
    telemetry,
    upstream::{Upstream, Upstreams},
};
use async_graphql::{ObjectType, SubscriptionType};
use axum::{Router, routing};
use clap::{Args as _, Command, FromArgMatches as _};
use std::{process::ExitCode, sync::Arc, time::Duration};

/// A backend for one kind of client.
pub struct Bff {
    spec: Spec,
    example: &'static str,
    upstreams: Vec<Upstream>,
    public_schema: bool,
    schema: Option<Result<Declared, SchemaError>>,
    routes: Router,
}

/// Why a backend does not start; the text names the way out.
#[derive(Debug)]
pub struct StartError(String);

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for StartError {}

impl Bff {
    /// Called `service`, configured by the TOML text that is built into it.
    pub fn new(service: &'static str, toml: &'static str) -> Self {
        Self {
            spec: Spec { service, toml },
            example: "",
            upstreams: Vec::new(),
            public_schema: false,
            schema: None,
            routes: Router::new(),
        }
    }

    /// Its roots. `async_graphql::{EmptyMutation, EmptySubscription}` stand for what it does not have.
    #[must_use]
    pub fn schema<Q, M, S>(self, query: Q, mutation: M, subscription: S) -> Self
    where
        Q: ObjectType + 'static,
        M: ObjectType + 'static,
        S: SubscriptionType + 'static,
    {
        Self { schema: Some(Declared::new(query, mutation, subscription)), ..self }
    }

    /// Whom it asks: each must be found in the configuration.
    #[must_use]
    pub fn upstreams(self, upstreams: &[Upstream]) -> Self {
        Self { upstreams: upstreams.to_vec(), ..self }
    }

    /// The query that GraphiQL opens on.
    #[must_use]
    pub fn example(self, example: &'static str) -> Self {
        Self { example, ..self }
    }

    /// Answers introspection in production too: for a schema that is published anyway.
    #[must_use]
    pub fn public_schema(self) -> Self {
        Self { public_schema: true, ..self }
    }

    /// Serves further paths, behind the same layers.
    #[must_use]
    pub fn routes(self, routes: Router) -> Self {
        Self { routes: self.routes.merge(routes), ..self }
    }

    /// Its configuration's name and built-in text.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The schema in the schema definition language.
    ///
    /// # Errors
    /// It cannot be served.
    pub fn sdl(&self) -> Result<&str, StartError> {
        match &self.schema {
            Some(Ok(schema)) => Ok(schema.sdl()),
            Some(Err(error)) => Err(StartError(format!("{}: {error}", self.spec.service))),
            None => Err(StartError(format!(
                "{}: there is no schema: declare it with Bff::schema",
                self.spec.service
            ))),
        }
    }

    /// Serves, with these settings.
    ///
    /// # Errors
    /// A port is taken, an upstream is not configured, the schema cannot be served.
    pub async fn start(self, settings: Settings) -> Result<Running, StartError> {
        let service = self.spec.service;
        let wrong = |error: &dyn std::fmt::Display| StartError(format!("{service}: {error}"));
        self.sdl()?;
        let Some(Ok(schema)) = self.schema else { return Err(wrong(&"there is no schema")) };
        let signer = Signer::of(&settings).map_err(|error| wrong(&error))?;
        let upstreams = Upstreams::vouched_for(&settings, &self.upstreams, signer.as_ref());
        let upstreams = upstreams.map_err(|error| wrong(&error))?;
        let development = settings.profile == Profile::Development;
        let redis = Redis::new(&settings.redis, &settings.tls, service).map_err(|error| wrong(&error))?;
        let serving =
            Serving { settings: &settings, public_schema: self.public_schema, redis: redis.as_ref() };
        let engine = schema.engine(Arc::new(upstreams), &serving).map_err(|error| wrong(&error))?;
        let authenticator = Authenticator::new(&settings).map_err(|error| wrong(&error))?;
        let patience = Duration::from_millis(settings.deadline_ms);
        let origins: Arc<[String]> = settings.cors.as_slice().into();
        let places = Places::new(&settings.subscriptions);
        let clients = Clients::new(&settings.clients);
        let endpoint = http::Endpoint { engine, patience, origins, places, clients };
        let straight = http::straight(&endpoint);
        let sockets = Sockets::new(&endpoint, authenticator.clone(), &settings);

        let graphql =
            routing::post(http::post).get(http::get).fallback(http::wrong_method).with_state(endpoint);
        let mut router = Router::new()
            .route("/graphql", graphql.clone())
            // A document by its id: `sha256:<hex>`.
            .route("/graphql/{id}", graphql.clone())
            .route("/graphql/stream", graphql)
            .route("/graphql/ws", routing::any(socket::upgrade).with_state(sockets))
            .merge(self.routes);
        if let [problem, ..] = &settings.dev.problems(settings.profile)[..] {
            return Err(wrong(problem));
        }
        if development {
            let explored = graphiql::routes(service, self.example, &settings.dev);
            router = router.merge(explored.map_err(|error| wrong(&error))?);
        }
        let mut app = App::new(settings, router);
        // The paths of sessions look at cookies by themselves: one that is over is no reason to refuse them.
        let sessions = authenticator.sessions().map(Sessions::routes).unwrap_or_default();
        app.open = signer.map(|signer| signer.routes()).unwrap_or_default().merge(sessions);
        app.straight = Some(straight);
        app.authenticator = Some(authenticator);
        app::start(app).await.map_err(|error| StartError(error.to_string()))
    }
}

/// The whole program of a backend: command line, configuration, logs, serving until it is told to stop.
///
/// Without a command it serves; `schema` prints the SDL, `errors` the reference of error codes. Wrong configuration exits with 64, a failed start with 1.
pub async fn serve(bff: Bff) -> ExitCode {
    let command = Command::new(bff.spec.service)
        .about("A GraphQL backend for one kind of client")
        .subcommand(Command::new("schema").about("Print the schema in the schema definition language"))
        .subcommand(
            Command::new("errors").about("Print the reference of error codes, which all backends share"),
        );
    let matches = config::Args::augment_args(command).get_matches();
    if matches.subcommand_matches("schema").is_some() {
        return match bff.sdl() {
            Ok(sdl) => {
                print!("{sdl}");
                ExitCode::SUCCESS
            }
            Err(error) => fail(&error),
        };
    }
    if matches.subcommand_matches("errors").is_some() {
        print!("{}", crate::code::reference());
        return ExitCode::SUCCESS;
    }
    let args = match config::Args::from_arg_matches(&matches) {
        Ok(args) => args,
        Err(error) => error.exit(),
    };
    let settings = match config::load::<()>(&bff.spec, &args) {
        Ok((settings, ())) => settings,
        Err(code) => return code,
    };
    telemetry::init(settings.log, bff.spec.service);
    let signals = Signals::heard();
    match bff.start(settings).await {
        Ok(running) => {
            running.serve_until(signals).await;
            ExitCode::SUCCESS
        }
        Err(error) => fail(&error),
    }
}

fn fail(error: &StartError) -> ExitCode {
    eprintln!("{error}");
    ExitCode::FAILURE
}
