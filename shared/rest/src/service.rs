//! A service from its parts: settings, database, routes, listener. The place that meets the shared crate's serving.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use bff::app::{App, ErrorBody, ReadyCheck};
use bff::auth::Authenticator;
use bff::config::{Profile, Section, Spec};
use futures::future::BoxFuture;
use http::{Method, Uri};
use serde::{Deserialize, Serialize};
use sqlx::migrate::Migrator;

use crate::db::{Db, Durability, OpenError};
use crate::import::{self, Import, ImportError};
use crate::{Problem, openapi};

pub type BoxError = Box<dyn Error + Send + Sync>;
type Build<C> = Box<dyn Fn(Context<C>) -> BoxFuture<'static, Result<Routes, BoxError>> + Send + Sync>;
type ImportFiles = fn(Db, Vec<PathBuf>) -> BoxFuture<'static, Result<u64, ImportError>>;
type Settle = fn(Db) -> BoxFuture<'static, Result<(), sqlx::Error>>;

/// The declaration of a service; `C` is its own part of the configuration, beside what every service has.
pub struct Service<C = NoConfig> {
    pub(crate) spec: Spec,
    pub(crate) migrations: &'static Migrator,
    pub(crate) durability: Durability,
    pub(crate) document: fn() -> utoipa::openapi::OpenApi,
    build: Build<C>,
    pub(crate) importer: Option<Importer>,
}

pub(crate) struct Importer {
    pub(crate) format: &'static str,
    pub(crate) import: ImportFiles,
    settle: Settle,
}

/// For services without keys of their own.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NoConfig {}

impl Section for NoConfig {}

/// What a service's routes are made from.
pub struct Context<C = NoConfig> {
    pub db: Db,
    /// The service's own part of the configuration.
    pub config: Arc<C>,
    /// The common part.
    pub settings: bff::config::Settings,
    /// Where the service listens, e.g. `http://127.0.0.1:7102`.
    pub base_url: String,
    /// Conveniences for development (and only there) may be mounted.
    pub development: bool,
}

/// What a service serves. A plain router will do.
pub struct Routes {
    router: Router,
    open: Router,
}

impl Routes {
    /// Adds routes without the token check: those that read `Authorization` in a way of their own, such as a token
    /// endpoint that takes client credentials.
    pub fn open(mut self, router: Router) -> Self {
        self.open = self.open.merge(router);
        self
    }
}

impl From<Router> for Routes {
    fn from(router: Router) -> Self {
        Self { router, open: Router::new() }
    }
}

impl<C: Section + Clone + Send + Sync + 'static> Service<C> {
    /// `toml` is the service's configuration file, embedded with `include_str!`.
    pub fn new<F, R, T>(
        name: &'static str,
        toml: &'static str,
        migrations: &'static Migrator,
        document: fn() -> utoipa::openapi::OpenApi,
        routes: F,
    ) -> Self
    where
        F: Fn(Context<C>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<T, BoxError>> + Send + 'static,
        T: Into<Routes>,
    {
        let build: Build<C> = Box::new(move |context| {
            let routes = routes(context);
            Box::pin(async move { Ok(routes.await?.into()) })
        });
        let spec = Spec { service: name, toml };
        Self { spec, migrations, durability: Durability::PowerLoss, document, build, importer: None }
    }

    /// The default is [`Durability::PowerLoss`].
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Adds `import FILE…` to the command line.
    pub fn import<I: Import>(mut self) -> Self {
        self.importer = Some(Importer {
            format: I::FORMAT,
            import: |db, files| Box::pin(async move { import::import_files::<I>(&db, &files).await }),
            settle: |db| Box::pin(async move { import::settle::<I>(&db).await }),
        });
        self
    }
}

/// Everything that is set about one running service.
#[derive(Clone, Debug)]
pub struct Settings<C = NoConfig> {
    pub common: bff::config::Settings,
    pub database: PathBuf,
    pub config: C,
}

impl<C: Default> Settings<C> {
    /// Free ports, profile development, and a database in `folder`: what tests start with.
    pub fn for_test(folder: &Path) -> Self {
        Self {
            common: bff::config::Settings::ephemeral("test"),
            database: folder.join("test.db"),
            config: C::default(),
        }
    }
}

/// A service that is up.
pub struct Running {
    pub addr: SocketAddr,
    pub db: Db,
    pub(crate) app: bff::app::Running,
}

impl Running {
    /// Where callers connect, as a URL without a final slash.
    pub fn url(&self) -> String {
        self.app.url()
    }

    /// Lets requests under way finish, within bounds, and closes the database.
    pub async fn shutdown(self) {
        self.app.shutdown().await;
        self.db.close().await;
    }
}

/// Why a service did not come up; the text names the way out.
#[derive(Debug)]
pub enum StartError {
    Database(OpenError),
    Derived(sqlx::Error),
    Routes(BoxError),
    Serve(bff::app::StartError),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(error) => error.fmt(f),
            Self::Derived(error) => write!(f, "an interrupted import could not be completed: {error}"),
            Self::Routes(error) => error.fmt(f),
            Self::Serve(error) => error.fmt(f),
        }
    }
}

impl Error for StartError {}

impl<C: Section + Clone + Send + Sync + 'static> Service<C> {
    /// Opens the database, builds the routes, serves.
    pub async fn start(&self, mut settings: Settings<C>) -> Result<Running, StartError> {
        settings.common.service = self.spec.service.to_owned();
        let authenticator = Authenticator::behind_others(&settings.common);
        let authenticator = authenticator.map_err(|error| StartError::Routes(error.into()))?;
        let db = Db::open(&settings.database, self.migrations, self.durability)
            .await
            .map_err(StartError::Database)?;
        if let Some(importer) = &self.importer {
            (importer.settle)(db.clone()).await.map_err(StartError::Derived)?;
        }
        if settings.common.listen.port() != 0 {
            return self.serve(&settings, authenticator, db).await;
        }
        // Routes may need to know their own address, so a free port is chosen before they are built. Somebody else may
        // take it in between; then another one is chosen.
        let any = settings.common.listen;
        let mut attempts = 0;
        loop {
            attempts += 1;
            if let Ok(free) = TcpListener::bind(any).and_then(|listener| listener.local_addr()) {
                settings.common.listen = free;
            }
            match self.serve(&settings, authenticator.clone(), db.clone()).await {
                Err(StartError::Serve(bff::app::StartError::Bind { key: "listen", .. })) if attempts < 10 => {
                }
                outcome => return outcome,
            }
        }
    }

    async fn serve(
        &self,
        settings: &Settings<C>,
        authenticator: Authenticator,
        db: Db,
    ) -> Result<Running, StartError> {
        let context = Context {
            db: db.clone(),
            config: Arc::new(settings.config.clone()),
            settings: settings.common.clone(),
            base_url: format!("http://{}", settings.common.listen),
            development: settings.common.profile == Profile::Development,
        };
        let routes = (self.build)(context).await.map_err(StartError::Routes)?;
        let mut app = App::new(settings.common.clone(), self.complete(routes.router)?);
        app.open = routes.open;
        app.errors = ErrorBody::Problem;
        app.authenticator = Some(authenticator);
        app.ready = vec![database_check(db.clone())];
        let app = bff::app::start(app).await.map_err(StartError::Serve)?;
        Ok(Running { addr: app.addr, db, app })
    }

    /// What every service answers besides its own routes.
    fn complete(&self, routes: Router) -> Result<Router, StartError> {
        let document =
            openapi::complete((self.document)()).to_json().map_err(|e| StartError::Routes(e.into()))?;
        let json = [(http::header::CONTENT_TYPE, "application/json")];
        Ok(routes
            .route("/openapi.json", get(move || async move { (json, document) }))
            .method_not_allowed_fallback(|method: Method, uri: Uri| async move {
                Problem::method_not_allowed(format!("`{}` does not take {method}", uri.path()))
            }))
    }
}

fn database_check(db: Db) -> ReadyCheck {
    ReadyCheck::new("database", move || {
        let db = db.clone();
        async move { db.check().await.map_err(|problem| problem.to_string()) }
    })
}
