//! Configuration: defaults in code < the service's TOML < `--config` < environment < command line, read once at boot.
//!
//! A key is declared in exactly one place: a field of a struct that derives `Serialize` and `Deserialize` with
//! `#[serde(default)]`. The reader learns the known keys from the struct itself, so an unknown key, wherever it
//! was set, is an error that names its origin and suggests the right one; all problems are printed at once.
//!
//! ```
//! # use serde::{Deserialize, Serialize};
//! #[derive(Default, Serialize, Deserialize)]
//! #[serde(default)]
//! struct Storage { database: String }
//! impl bff::config::Section for Storage {}
//!
//! let spec = bff::config::Spec { service: "demo", toml: "listen = '127.0.0.1:0'\ndatabase = 'demo.db'" };
//! let args = bff::config::Args::default();
//! let env = [("DEMO__DATABASE".to_owned(), "other.db".to_owned())];
//! let (settings, storage) = bff::config::resolve::<Storage>(&spec, &args, env).unwrap();
//! assert_eq!((settings.listen.port(), storage.database.as_str()), (0, "other.db"));
//! ```

mod auth;
mod clients;
mod decode;
mod dev;
mod documents;
mod internal;
mod keys;
mod network;
mod quota;
mod reader;
mod redis;
mod secret;
mod session;
mod settings;
mod subscriptions;
mod tls;
mod tree;
mod urls;

use std::{fmt, net::SocketAddr, path::PathBuf, process::ExitCode};

pub use auth::{AuthSettings, Scheme};
pub use clients::ClientSettings;
pub use decode::{Decoder, Section};
pub use dev::{DevSettings, Persona};
pub use documents::{DocumentSettings, Trust};
pub use internal::InternalSettings;
pub use keys::KeySettings;
pub use network::Network;
pub use quota::{PlanSettings, QuotaSettings};
pub use redis::RedisSettings;
pub use secret::Secret;
pub use session::SessionSettings;
pub use settings::{
    CacheSettings, Limits, LogFormat, Profile, ResilienceSettings, Settings, SharingSettings,
};
pub use subscriptions::SubscriptionSettings;
pub use tls::TlsSettings;
use tree::{Origin, Tree};

/// What a service brings to its own configuration.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// The service's name; its environment variables start with it (`mobile` reads `MOBILE__LISTEN`).
    pub service: &'static str,
    /// The service's TOML, embedded with `include_str!`, so that the binary runs the same from any directory.
    pub toml: &'static str,
}

// The options every service's command line has; flatten it into a command of one's own with `#[command(flatten)]`. Not a
// doc comment: clap would print it as the description of whatever command this is flattened into.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Args {
    /// Read this TOML file on top of the built-in one (repeatable: each on top of those before)
    #[arg(long, value_name = "FILE")]
    pub config: Vec<PathBuf>,
    /// Set one key, for example `--set limits.body_bytes=1000000` (repeatable)
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    pub set: Vec<String>,
    /// Serve on this address
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// Serve health and metrics on this address
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub admin: Option<String>,
    /// `production` (the default, every protection on) or `development`
    #[arg(long, value_name = "PROFILE")]
    pub profile: Option<String>,
    /// Check the configuration and exit
    #[arg(long)]
    pub check_config: bool,
    /// Print the effective configuration, secrets hidden, and exit
    #[arg(long)]
    pub print_config: bool,
    /// Stop, as on SIGTERM, when standard input is closed: for a supervisor that must not be outlived
    #[arg(long, hide = true)]
    pub stop_with_stdin: bool,
}

/// Everything wrong with a configuration; its text is for the person who has to repair it.
#[derive(Clone, Debug)]
pub struct Problems {
    pub service: String,
    pub problems: Vec<String>,
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len();
        let noun = if count == 1 { "problem" } else { "problems" };
        write!(f, "{}: {count} {noun} in the configuration", self.service)?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for Problems {}

/// EX_USAGE of sysexits(3): what a process answers when its configuration is wrong.
pub const EXIT_USAGE: u8 = 64;

/// Reads the process's environment and `args`; on `Err` the caller has nothing left to do but return the code
/// (64 after printing every problem, 0 after `--check-config` or `--print-config`).
pub fn load<T: Section>(spec: &Spec, args: &Args) -> Result<(Settings, T), ExitCode> {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    let environment = std::env::vars_os()
        .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)));
    match resolve::<T>(spec, args, environment) {
        Err(problems) => {
            eprintln!("{problems}");
            Err(ExitCode::from(EXIT_USAGE))
        }
        Ok((settings, own)) if args.print_config => {
            print!("{}", print(&settings, &own));
            Err(ExitCode::SUCCESS)
        }
        Ok((settings, _)) if args.check_config => {
            println!("{}: the configuration is good", settings.service);
            Err(ExitCode::SUCCESS)
        }
        Ok(loaded) => Ok(loaded),
    }
}

/// [`load`] without a process around it: the environment is what the caller passes.
pub fn resolve<T: Section>(
    spec: &Spec,
    args: &Args,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<(Settings, T), Problems> {
    let mut problems = Vec::new();
    let mut tree = Tree::default();
    tree.overlay_toml(spec.toml, &format!("{}.toml (built in)", spec.service), &mut problems);
    for path in &args.config {
        match std::fs::read_to_string(path) {
            Ok(text) => tree.overlay_toml(&text, &path.display().to_string(), &mut problems),
            Err(error) => problems.push(format!("--config {}: {error}", path.display())),
        }
    }
    tree.overlay_environment(spec.service, environment);
    for (key, value) in
        [("listen", &args.listen), ("admin", &args.admin), ("profile", &args.profile)].into_iter()
    {
        if let Some(value) = value {
            tree.set(&[key], value, Origin::CommandLine(format!("--{key}")));
        }
    }
    for pair in &args.set {
        match pair.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => {
                let path: Vec<&str> = key.trim().split('.').collect();
                tree.set(&path, value, Origin::CommandLine(format!("--set {key}")));
            }
            _ => problems.push(format!("--set {pair}: write it as --set section.key=value")),
        }
    }

    let mut decoder = Decoder::new(tree);
    let (mut settings, own) = <(Settings, T)>::decode(&mut decoder);
    settings.service = spec.service.to_owned();
    settings.stop_with_stdin = args.stop_with_stdin;
    settings.auth.settle(settings.profile);
    problems.extend(decoder.finish());
    if problems.is_empty() {
        problems.extend(settings.check());
        problems.extend(own.check());
    }
    if problems.is_empty() {
        Ok((settings, own))
    } else {
        Err(Problems { service: settings.service, problems })
    }
}

/// The effective configuration as TOML; secrets print themselves as hidden.
pub fn print<T: Section>(settings: &Settings, own: &T) -> String {
    let mut table = toml::Table::new();
    settings.print(&mut table);
    own.print(&mut table);
    toml::to_string(&table).unwrap_or_else(|error| format!("# not printable: {error}\n"))
}

/// The environment variable that sets `key` of `service` (`mobile`, `upstreams.main` → `MOBILE__UPSTREAMS__MAIN`).
pub fn environment_name(service: &str, key: &str) -> String {
    format!("{service}__{}", key.replace('.', "__")).replace('-', "_").to_ascii_uppercase()
}

/// Parses an address for a message or a test; a service's own is `settings.listen`.
pub(crate) fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}
