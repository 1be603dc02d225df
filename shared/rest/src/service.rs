//! A service from its parts: command line, settings, database, routes, listener. The only place that meets the shared
//! crate's serving, configuration, telemetry and token verification.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use futures::future::BoxFuture;
use http::{Method, Uri};
use serde::de::DeserializeOwned;
use sqlx::migrate::Migrator;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::db::{Db, Durability, OpenError};
use crate::import::{self, Import, ImportError};
use crate::{Problem, openapi};

type BoxError = Box<dyn Error + Send + Sync>;
type Routes<C> = Box<dyn Fn(Context<C>) -> BoxFuture<'static, Result<Router, BoxError>> + Send + Sync>;
type ImportFiles = fn(Db, Vec<PathBuf>) -> BoxFuture<'static, Result<u64, ImportError>>;
type Settle = fn(Db) -> BoxFuture<'static, Result<(), sqlx::Error>>;

/// The declaration of a service; `C` is its own section of the settings.
pub struct Service<C = NoConfig> {
    name: &'static str,
    port: u16,
    migrations: &'static Migrator,
    durability: Durability,
    document: fn() -> utoipa::openapi::OpenApi,
    routes: Routes<C>,
    importer: Option<Importer>,
}

struct Importer {
    format: &'static str,
    import: ImportFiles,
    settle: Settle,
}

/// For services without settings of their own.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoConfig {}

/// What a service's routes are made from.
pub struct Context<C = NoConfig> {
    pub db: Db,
    pub config: Arc<C>,
    /// Where the service is reachable, e.g. `http://127.0.0.1:7102`.
    pub base_url: String,
    /// Conveniences for development (and only there) may be mounted.
    pub development: bool,
}

impl<C: DeserializeOwned + Default + Send + Sync + 'static> Service<C> {
    /// `port` is where it listens (on the loopback) unless configured otherwise.
    pub fn new<F, R>(
        name: &'static str,
        port: u16,
        migrations: &'static Migrator,
        document: fn() -> utoipa::openapi::OpenApi,
        routes: F,
    ) -> Self
    where
        F: Fn(Context<C>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Router, BoxError>> + Send + 'static,
    {
        Self {
            name,
            port,
            migrations,
            durability: Durability::PowerLoss,
            document,
            routes: Box::new(move |context| Box::pin(routes(context))),
            importer: None,
        }
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

/// Settings of one running service.
#[derive(Clone, Debug)]
pub struct Settings<C = NoConfig> {
    pub listen: SocketAddr,
    pub database: PathBuf,
    pub development: bool,
    pub config: C,
}

impl<C: Default> Settings<C> {
    /// A free port and a database in `folder`: what tests start with.
    pub fn for_test(folder: &std::path::Path) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            database: folder.join("test.db"),
            development: true,
            config: C::default(),
        }
    }
}

/// A service that is up.
pub struct Running {
    pub addr: SocketAddr,
    pub db: Db,
    stop: watch::Sender<bool>,
    served: tokio::task::JoinHandle<std::io::Result<()>>,
}

/// Why a service did not come up.
#[derive(Debug)]
pub struct StartError(String);

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for StartError {}

impl From<OpenError> for StartError {
    fn from(error: OpenError) -> Self {
        Self(error.to_string())
    }
}

impl<C: DeserializeOwned + Default + Send + Sync + 'static> Service<C> {
    /// Opens the database, binds, serves.
    pub async fn start(&self, settings: Settings<C>) -> Result<Running, StartError> {
        let db = Db::open(&settings.database, self.migrations, self.durability).await?;
        if let Some(importer) = &self.importer {
            (importer.settle)(db.clone()).await.map_err(|e| StartError(e.to_string()))?;
        }
        let listener = TcpListener::bind(settings.listen).await.map_err(|e| {
            StartError(format!("cannot listen on {}: {e}; choose another with --listen", settings.listen))
        })?;
        let addr = listener.local_addr().map_err(|e| StartError(e.to_string()))?;
        let context = Context {
            db: db.clone(),
            config: Arc::new(settings.config),
            base_url: format!("http://{addr}"),
            development: settings.development,
        };
        let routes = (self.routes)(context).await.map_err(|e| StartError(e.to_string()))?;
        let app = self.complete(routes, &db)?;
        let (stop, mut stopped) = watch::channel(false);
        let served = tokio::spawn(async move {
            let stopped = async move {
                let _ = stopped.changed().await;
            };
            axum::serve(listener, app).with_graceful_shutdown(stopped).await
        });
        tracing::info!(http.addr = %addr, "listening");
        Ok(Running { addr, db, stop, served })
    }

    /// Everything a service answers besides its own routes.
    fn complete(&self, routes: Router, db: &Db) -> Result<Router, StartError> {
        let document =
            openapi::complete((self.document)()).to_json().map_err(|e| StartError(e.to_string()))?;
        let json = [(http::header::CONTENT_TYPE, "application/json")];
        let db = db.clone();
        Ok(routes
            .route("/openapi.json", get(move || async move { (json, document) }))
            .route("/health/live", get(|| async {}))
            .route("/health/ready", get(move || async move { db.check().await }))
            .fallback(
                |uri: Uri| async move { Problem::not_found(format!("no resource at `{}`", uri.path())) },
            )
            .method_not_allowed_fallback(|method: Method, uri: Uri| async move {
                Problem::method_not_allowed(format!("`{}` does not take {method}", uri.path()))
            }))
    }
}

impl Running {
    /// Stops taking requests, lets those under way finish (at most 5 s), closes the database.
    pub async fn shutdown(self) {
        self.db.end_streams();
        let _ = self.stop.send(true);
        let _ = tokio::time::timeout(Duration::from_secs(5), self.served).await;
        self.db.close().await;
    }
}

/// The whole `main` of a service.
pub async fn main<C: DeserializeOwned + Default + Send + Sync + 'static>(service: Service<C>) -> ExitCode {
    let matches = command(&service).get_matches();
    let settings = Settings {
        listen: *matches.get_one("listen").unwrap_or(&SocketAddr::from(([127, 0, 0, 1], service.port))),
        database: matches
            .get_one("database")
            .cloned()
            .unwrap_or_else(|| PathBuf::from(format!(".run/{}.db", service.name))),
        development: matches.get_one::<String>("profile").is_some_and(|profile| profile == "development"),
        config: C::default(),
    };
    let outcome = match matches.subcommand() {
        Some(("openapi", _)) => print_document(&service),
        Some(("import", arguments)) => {
            let files = arguments.get_many::<PathBuf>("FILE").unwrap_or_default().cloned().collect();
            import_command(&service, &settings, files).await
        }
        _ => serve(&service, settings).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", service.name);
            ExitCode::FAILURE
        }
    }
}

fn command<C>(service: &Service<C>) -> clap::Command {
    use clap::{Arg, Command, value_parser};
    let mut command = Command::new(service.name)
        .arg(Arg::new("listen").long("listen").value_parser(value_parser!(SocketAddr)).global(true))
        .arg(Arg::new("database").long("database").value_parser(value_parser!(PathBuf)).global(true))
        .arg(Arg::new("profile").long("profile").value_parser(["production", "development"]).global(true))
        .subcommand(Command::new("serve").about("Serves (the default)"))
        .subcommand(Command::new("openapi").about("Prints the OpenAPI document"));
    if let Some(importer) = &service.importer {
        command = command.subcommand(
            Command::new("import")
                .about("Loads JSON Lines, one transaction per file")
                .after_long_help(importer.format)
                .arg(Arg::new("FILE").required(true).num_args(1..).value_parser(value_parser!(PathBuf))),
        );
    }
    command
}

fn print_document<C>(service: &Service<C>) -> Result<(), BoxError> {
    println!("{}", openapi::complete((service.document)()).to_pretty_json()?);
    Ok(())
}

async fn import_command<C>(
    service: &Service<C>,
    settings: &Settings<C>,
    files: Vec<PathBuf>,
) -> Result<(), BoxError> {
    let Some(importer) = &service.importer else { return Err("this service imports nothing".into()) };
    let db = Db::open(&settings.database, service.migrations, service.durability).await?;
    let outcome = (importer.import)(db.clone(), files).await;
    db.close().await;
    outcome?;
    Ok(())
}

async fn serve<C: DeserializeOwned + Default + Send + Sync + 'static>(
    service: &Service<C>,
    settings: Settings<C>,
) -> Result<(), BoxError> {
    let running = service.start(settings).await?;
    tokio::signal::ctrl_c().await?;
    running.shutdown().await;
    Ok(())
}
