//! A service that listens elsewhere than its own TOML says takes those along who look for it there: whoever moves one
//! port need not know who else names it.

use std::net::SocketAddr;

use super::config::{Configured, Printed};

/// Where a service's own TOML says that it listens, and where it will.
pub(super) struct Move {
    from: String,
    to: String,
}

/// All services that were moved.
pub(super) fn moves(services: &[(Configured, Printed)]) -> Vec<Move> {
    services
        .iter()
        .filter_map(|(service, _)| {
            let text = std::fs::read_to_string(service.folder.join(format!("{}.toml", service.name))).ok()?;
            let own: toml::Table = toml::from_str(&text).ok()?;
            let own: SocketAddr = own.get("listen")?.as_str()?.parse().ok()?;
            (own != service.listen).then(|| Move { from: format!("http://{own}"), to: service.url() })
        })
        .collect()
}

/// `--set` for each URL of this service that names an address somebody moved away from. A URL that was set to anything
/// else stays as it was set.
pub(super) fn follow(moves: &[Move], printed: &Printed) -> Vec<String> {
    let upstreams = printed.upstreams.iter().map(|(name, url)| (format!("upstreams.{name}"), url));
    let links = printed.links.iter().map(|(name, url)| (format!("links.{name}"), url));
    let keys = printed.auth.keys.url.iter().map(|url| ("auth.keys.url".to_owned(), url));
    let issuer = printed.auth.issuer.iter().map(|url| ("auth.issuer".to_owned(), url));
    let trusted = printed.auth.trusted.iter().map(|(name, url)| (format!("auth.trusted.{name}"), url));
    upstreams
        .chain(links)
        .chain(trusted)
        .chain(issuer)
        .chain(keys)
        .filter_map(|(key, url)| {
            let moved = moves.iter().find(|moved| {
                url.strip_prefix(&moved.from).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })?;
            let rest = url.strip_prefix(&moved.from).unwrap_or_default();
            let rest = if rest == "/" { "" } else { rest };
            Some(["--set".to_owned(), format!("{key}={}{rest}", moved.to)])
        })
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_a_moved_service_follow_and_no_others() {
        let printed: Printed = toml::from_str(
            "listen = '127.0.0.1:1'\n[upstreams]\na = 'http://127.0.0.1:7101/'\nb = 'http://127.0.0.1:71011/'\n\
             [links]\nart = 'http://127.0.0.1:7101/art'\n[auth]\nissuer = 'http://127.0.0.1:7102'\n[auth.trusted]\nfront = 'http://127.0.0.1:7101/jwks'",
        )
        .unwrap();
        let moves = [Move { from: "http://127.0.0.1:7101".into(), to: "http://127.0.0.1:9".into() }];
        assert_eq!(
            follow(&moves, &printed),
            [
                "--set",
                "upstreams.a=http://127.0.0.1:9",
                "--set",
                "links.art=http://127.0.0.1:9/art",
                "--set",
                "auth.trusted.front=http://127.0.0.1:9/jwks"
            ]
        );
    }
}
