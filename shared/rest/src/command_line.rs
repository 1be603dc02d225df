//! A service's command line: serves, prints its OpenAPI document, or imports.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bff::{
    app::Signals,
    config::{Args, Section},
};
use clap::{CommandFactory, FromArgMatches};
use serde::{Deserialize, Serialize};

use crate::db::Db;
use crate::openapi;
use crate::service::{BoxError, Service, Settings};

/// The key that every service with a database has.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Storage {
    /// The database file; `.run/<service>.db` when empty.
    database: String,
}

impl Section for Storage {}

#[derive(clap::Parser)]
struct CommandLine {
    #[command(flatten)]
    args: Args,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Print the OpenAPI document
    Openapi,
    /// Load JSON Lines, one transaction per file
    Import {
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

/// The whole `main` of a service: serves, or does what the command line says instead.
pub async fn main<C: Section + Clone + Send + Sync + 'static>(service: Service<C>) -> ExitCode {
    let CommandLine { args, command } = command_line(&service);
    let (common, (storage, config)) = match bff::config::load::<(Storage, C)>(&service.spec, &args) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let database = match storage.database.as_str() {
        "" => PathBuf::from(format!(".run/{}.db", service.spec.service)),
        file => PathBuf::from(file),
    };
    let outcome = match command {
        Some(Command::Openapi) => print_document(&service),
        Some(Command::Import { files }) => import_command(&service, &database, files).await,
        None => run(&service, Settings { common, database, config }).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The derived command, under the service's own name, with its import format or without its import.
fn command_line<C>(service: &Service<C>) -> CommandLine {
    let mut command = CommandLine::command().name(service.spec.service);
    command = match &service.importer {
        Some(importer) => command.mut_subcommand("import", |import| import.after_long_help(importer.format)),
        None => command.mut_subcommand("import", |import| import.hide(true)),
    };
    CommandLine::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
}

fn print_document<C>(service: &Service<C>) -> Result<(), BoxError> {
    println!("{}", openapi::complete((service.document)()).to_pretty_json()?);
    Ok(())
}

async fn import_command<C>(service: &Service<C>, file: &Path, files: Vec<PathBuf>) -> Result<(), BoxError> {
    let Some(importer) = &service.importer else {
        return Err(format!("{} has nothing to import", service.spec.service).into());
    };
    let db = Db::open(file, service.migrations, service.durability).await?;
    let outcome = (importer.import)(db.clone(), files).await;
    db.close().await;
    outcome?;
    Ok(())
}

async fn run<C>(service: &Service<C>, settings: Settings<C>) -> Result<(), BoxError>
where
    C: Section + Clone + Send + Sync + 'static,
{
    bff::telemetry::init(settings.common.log, service.spec.service);
    let signals = Signals::heard();
    let running = service.start(settings).await?;
    running.app.serve_until(signals).await;
    running.db.close().await;
    Ok(())
}
