//! A served thing: its layer stack, its listeners, its health, its end.

mod client;
mod compression;
mod descriptors;
mod errors;
mod health;
mod intake;
mod listener;
mod signals;
mod stack;
mod straight;

use std::{
    fmt,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::Router;
pub use client::Client;
pub use errors::ErrorBody;
pub use health::ReadyCheck;
pub use signals::Signals;
pub use stack::{Deadline, Draining};
use stack::{Layers, Paths};
pub use straight::Straight;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use crate::{
    auth::Authenticator,
    config::{Settings, environment_name},
};

/// What is to be served. Start from [`App::new`] and change what differs.
pub struct App {
    pub settings: Settings,
    /// What callers reach, through the whole layer stack.
    pub public: Router,
    /// Of `public`, what nearly all requests are for.
    pub straight: Option<Straight>,
    /// What callers reach without the token check: routes that read `Authorization` in a way of their own, such as
    /// a token endpoint that takes client credentials. Every other layer is around them too.
    pub open: Router,
    /// What the people on call reach beside health and metrics; without an admin address it is served nowhere.
    pub admin_extra: Router,
    /// What must be well before traffic is welcome.
    pub ready: Vec<ReadyCheck>,
    /// The shape of the errors that the layers themselves answer.
    pub errors: ErrorBody,
    /// Replaces what `settings.auth` describes.
    pub authenticator: Option<Authenticator>,
}

impl App {
    pub fn new(settings: Settings, public: Router) -> Self {
        let errors = ErrorBody::GraphQl;
        Self {
            settings,
            public,
            straight: None,
            open: Router::new(),
            admin_extra: Router::new(),
            ready: Vec::new(),
            errors,
            authenticator: None,
        }
    }
}

/// Why a server did not start; the text names the way out.
#[derive(Debug)]
pub enum StartError {
    Bind { service: String, key: &'static str, address: SocketAddr, error: std::io::Error },
    Client { service: String, error: String },
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bind { service, key, address, error } => {
                let variable = environment_name(service, key);
                let mut other = *address;
                other.set_port(address.port().checked_add(10).unwrap_or(7010));
                match error.kind() {
                    std::io::ErrorKind::AddrInUse => {
                        write!(f, "{service}: port {} is already taken ({address})", address.port())?;
                    }
                    _ => write!(f, "{service}: cannot listen on {address}: {error}")?,
                }
                write!(f, "; choose another with {variable}={other} or --{key} {other}")
            }
            Self::Client { service, error } => {
                write!(f, "{service}: the HTTP client does not start: {error}")
            }
        }
    }
}

impl std::error::Error for StartError {}

/// A server at work. Dropping it ends it at once; [`Running::shutdown`] lets requests finish.
pub struct Running {
    /// Where callers connect, the port being the one really bound.
    pub addr: SocketAddr,
    /// Where health and metrics answer.
    pub admin: Option<SocketAddr>,
    drain_lead: Duration,
    drain: Duration,
    stop_with_stdin: bool,
    draining: Arc<AtomicBool>,
    stop_public: CancellationToken,
    stop_admin: CancellationToken,
    public_task: AbortOnDropHandle<()>,
    admin_task: Option<AbortOnDropHandle<()>>,
}

/// Binds the addresses and serves. Logs one line, `listening`, with `http.addr` and `admin.addr`.
pub async fn start(app: App) -> Result<Running, StartError> {
    let App { settings, public, straight, open, admin_extra, ready, errors, authenticator } = app;
    let service = settings.service.clone();
    descriptors::enough_for(settings.limits.connections);
    let bind = async |key, address| {
        let bound = listener::bind(address).await;
        bound.map_err(|error| StartError::Bind { service: service.clone(), key, address, error })
    };
    let (public_listener, addr) = bind("listen", settings.listen).await?;
    let admin_listener = match settings.admin {
        Some(address) => Some(bind("admin", address).await?),
        None => None,
    };
    let authenticator = match authenticator {
        Some(authenticator) => authenticator,
        None => Authenticator::new(&settings)
            .map_err(|error| StartError::Client { service: service.clone(), error: error.to_string() })?,
    };

    let draining = Arc::new(AtomicBool::new(false));
    let (stop_public, stop_admin) = (CancellationToken::new(), CancellationToken::new());
    let health = health::router(ready, Arc::clone(&draining));
    let layers = Layers::new(&settings, errors, authenticator, Draining::new(stop_public.clone()));
    let mut public = layers.around(public, straight, open);
    if admin_listener.is_none() {
        public.router = public.router.merge(health.clone());
    }

    let drain = Duration::from_millis(settings.drain_ms);
    let serve = |listener, paths, stop: &CancellationToken| {
        let terms = listener::Terms {
            limits: settings.limits.clone(),
            trusted: settings.trusted_proxies.clone(),
            errors,
            drain,
        };
        let serving = listener::serve(listener, paths, stop.clone(), terms);
        #[expect(clippy::disallowed_methods, reason = "a listener belongs to no request")]
        AbortOnDropHandle::new(tokio::spawn(serving))
    };
    let public_task = serve(public_listener, public, &stop_public);
    let (admin, admin_task) = match admin_listener {
        Some((listener, addr)) => {
            let router = health.merge(health::metrics_router()).merge(admin_extra);
            (Some(addr), Some(serve(listener, Paths::from(router), &stop_admin)))
        }
        None => (None, None),
    };
    tracing::info!(
        http.addr = %addr,
        admin.addr = admin.map(tracing::field::display),
        profile = ?settings.profile,
        "listening"
    );
    let stop_with_stdin = settings.stop_with_stdin;
    Ok(Running {
        addr,
        admin,
        drain_lead: settings.drain_lead(),
        drain,
        stop_with_stdin,
        draining,
        stop_public,
        stop_admin,
        public_task,
        admin_task,
    })
}

impl Running {
    /// Where callers connect, as a URL without a final slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Not ready from now on; for `drain_lead_ms` all else goes on, until whoever sends traffic has noticed. Then stops
    /// accepting, lets requests under way finish for at most `drain_ms`, and ends.
    pub async fn shutdown(self) {
        self.draining.store(true, Relaxed);
        let Self { drain_lead, drain, .. } = self;
        tracing::info!(
            drain_lead_ms = drain_lead.as_millis() as u64,
            drain_ms = drain.as_millis() as u64,
            "draining"
        );
        tokio::time::sleep(drain_lead).await;
        self.stop_public.cancel();
        // The listener keeps its own time; an error can only be its panic, which has been reported.
        let _ = self.public_task.await;
        self.stop_admin.cancel();
        if let Some(admin) = self.admin_task {
            let _ = tokio::time::timeout(Duration::from_secs(1), admin).await;
        }
        tracing::info!("stopped");
    }

    /// Serves until one of the signals, or the end of standard input where `stop_with_stdin` says so, then shuts down; a
    /// second signal ends it at once.
    pub async fn serve_until(self, mut signals: Signals) {
        let stdin_closed = stdin_closed(self.stop_with_stdin);
        tokio::select! {
            () = signals.next() => {}
            () = stdin_closed => {}
        }
        tokio::select! {
            () = self.shutdown() => {}
            () = signals.next() => tracing::warn!("second signal: not waiting for requests under way"),
        }
    }
}

/// Waits for the end of standard input, if that is to count.
async fn stdin_closed(counts: bool) {
    if !counts {
        return std::future::pending().await;
    }
    let (closed, waiting) = tokio::sync::oneshot::channel();
    // A thread of its own: a read of standard input cannot be cancelled, and must not keep the runtime from ending.
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        let _ = closed.send(());
    });
    let _ = waiting.await;
}
