//! Where a request really came from: the peer, or what a trusted proxy says about it.

use std::net::{IpAddr, SocketAddr};

use axum::extract::Request;
use http::{HeaderMap, header::FORWARDED};

use crate::config::Network;

/// The client's address, and whether it speaks TLS; in every request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    pub ip: IpAddr,
    pub secure: bool,
}

/// Notes the client in the request's extensions. Before anything that may want to know where a caller comes from.
pub(super) fn identify(peer: SocketAddr, trusted: &[Network], request: &mut Request) -> Client {
    let client = Client::behind(peer.ip().to_canonical(), request.headers(), trusted);
    request.extensions_mut().insert(client);
    client
}

impl Client {
    /// Follows the chain of proxies from the peer backwards for as long as each hop is trusted.
    fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> Self {
        let is_trusted = |ip: IpAddr| trusted.iter().any(|network| network.contains(ip));
        let mut client = Self { ip: peer, secure: false };
        if !is_trusted(peer) {
            return client;
        }
        for hop in hops(headers).into_iter().rev() {
            client.secure = hop.secure;
            // An obfuscated or unknown hop (RFC 7239, section 6) ends what can be known.
            let Some(ip) = hop.ip else { break };
            client.ip = ip;
            if !is_trusted(ip) {
                break;
            }
        }
        client
    }
}

#[derive(Clone, Copy)]
struct Hop {
    ip: Option<IpAddr>,
    secure: bool,
}

/// The hops as the proxies noted them, nearest last: `Forwarded` (RFC 7239) or, without one, `X-Forwarded-*`.
fn hops(headers: &HeaderMap) -> Vec<Hop> {
    let elements = |name: &str| -> Vec<String> {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).map(|element| element.trim().to_owned()).collect()
    };
    if headers.contains_key(FORWARDED) {
        let forwarded = elements(FORWARDED.as_str());
        return forwarded
            .iter()
            .map(|element| {
                let parameter = |wanted: &str| {
                    element.split(';').filter_map(|pair| pair.split_once('=')).find_map(|(name, value)| {
                        name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().trim_matches('"'))
                    })
                };
                let secure = parameter("proto").is_some_and(|proto| proto.eq_ignore_ascii_case("https"));
                Hop { ip: parameter("for").and_then(address), secure }
            })
            .collect();
    }
    // One value of X-Forwarded-Proto usually stands for the whole chain.
    let secure =
        elements("x-forwarded-proto").last().is_some_and(|proto| proto.eq_ignore_ascii_case("https"));
    elements("x-forwarded-for").iter().map(|element| Hop { ip: address(element), secure }).collect()
}

/// `192.0.2.1`, `192.0.2.1:47011`, `2001:db8::1`, `[2001:db8::1]:47011`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let ip = bare.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()));
    ip.ok().map(|ip| ip.to_canonical())
}
