//! What each service will really run with: asked of its own binary, so that every layer of configuration counts.

use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpListener},
    ops::Deref,
};

use serde::Deserialize;

use super::{Failure, discover::Service, moved};

/// A service and its effective configuration.
#[derive(Debug)]
pub(crate) struct Configured {
    service: Service,
    pub(super) listen: SocketAddr,
    pub(super) admin: Option<SocketAddr>,
    /// The token provider's URL, without a final slash.
    pub(super) issuer: Option<String>,
    /// It takes keys.
    pub(super) takes_keys: bool,
}

impl Deref for Configured {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.service
    }
}

impl Configured {
    /// Where health is answered.
    pub(super) fn health_url(&self) -> String {
        format!("http://{}/health/ready", reachable(self.admin.unwrap_or(self.listen)))
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", reachable(self.listen))
    }
}

/// "All interfaces" is nowhere to connect to.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    address
}

/// The part of `--print-config` that matters here.
#[derive(Deserialize)]
pub(super) struct Printed {
    listen: SocketAddr,
    admin: Option<SocketAddr>,
    #[serde(default)]
    pub(super) auth: Auth,
    #[serde(default)]
    pub(super) upstreams: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) links: BTreeMap<String, String>,
    log: Option<String>,
}

#[derive(Default, Deserialize)]
pub(super) struct Auth {
    pub(super) issuer: Option<String>,
    #[serde(default)]
    pub(super) trusted: BTreeMap<String, String>,
    #[serde(default)]
    schemes: Vec<String>,
    #[serde(default)]
    pub(super) keys: Keys,
}

#[derive(Default, Deserialize)]
pub(super) struct Keys {
    pub(super) url: Option<String>,
}

/// Asks every binary; all that is wrong with any configuration is one failure.
pub(crate) async fn ask(services: Vec<Service>) -> Result<Vec<Configured>, Failure> {
    let answers = futures::future::join_all(services.into_iter().map(ask_one)).await;
    let mut configured = Vec::new();
    let mut failures = Vec::new();
    for answer in answers {
        match answer {
            Ok(service) => configured.push(service),
            Err(failure) => failures.push(failure),
        }
    }
    if !failures.is_empty() {
        return Err(failures.join("\n"));
    }
    let moves = moved::moves(&configured);
    Ok(configured
        .into_iter()
        .map(|(mut service, printed)| {
            let followed = moved::follow(&moves, &printed);
            if let Some(issuer) = followed.iter().find_map(|set| set.strip_prefix("auth.issuer=")) {
                service.issuer = Some(issuer.to_owned());
            }
            service.service.arguments.extend(followed);
            service
        })
        .collect())
}

async fn ask_one(mut service: Service) -> Result<(Configured, Printed), Failure> {
    let mut command = tokio::process::Command::new(&service.binary);
    command.args(&service.arguments).arg("--print-config").current_dir(&service.root).kill_on_drop(true);
    let output = command.stdin(std::process::Stdio::null()).output().await;
    let output = output.map_err(|error| format!("{}: {error}", service.binary.display()))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let printed: Printed = toml::from_str(&text)
        .map_err(|error| format!("{} --print-config is not understood: {error}", service.name))?;
    // A child's output is never a terminal, but it is read on one.
    if printed.log.as_deref() == Some("auto") {
        service.arguments.extend(["--set".to_owned(), "log=text".to_owned()]);
    }
    let issuer = printed.auth.issuer.as_ref().map(|issuer| issuer.trim_end_matches('/').to_owned());
    let takes_keys = printed.auth.schemes.iter().any(|scheme| scheme == "key");
    Ok((Configured { listen: printed.listen, admin: printed.admin, issuer, takes_keys, service }, printed))
}

/// Every port must be free, and wanted by one service only.
pub(super) fn check_ports(services: &[Configured]) -> Result<(), Failure> {
    let mut wanted: BTreeMap<SocketAddr, &str> = BTreeMap::new();
    let mut problems = Vec::new();
    for service in services {
        for (key, address) in [("listen", Some(service.listen)), ("admin", service.admin)] {
            let Some(address) = address.filter(|address| address.port() != 0) else { continue };
            let name = service.name.as_str();
            let reason = match wanted.insert(address, name) {
                Some(other) => format!("is configured for {other} too"),
                None => match TcpListener::bind(address) {
                    Ok(_) => continue,
                    Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
                        "is already taken".to_owned()
                    }
                    Err(error) => format!("cannot be used: {error}"),
                },
            };
            let mut free = address;
            free.set_port(address.port().checked_add(10).unwrap_or(7010));
            let variable = format!("{name}__{key}").replace('-', "_").to_ascii_uppercase();
            problems.push(format!(
                "port {} of {name} {reason} ({address}); stop what listens there, or choose another:\n  \
                 {variable}={free} make run\n  bff dev --set {name}.{key}={free}",
                address.port()
            ));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}
