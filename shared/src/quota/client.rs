//! Whose bucket it is.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use http::{Extensions, HeaderMap, HeaderName};

use crate::{app, auth::Caller};

/// `GraphQL-Cost: report` asks what an operation would cost, and nothing else.
const COST: HeaderName = HeaderName::from_static("graphql-cost");

/// Where a request comes from, and what it wants to know of its price.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    ip: IpAddr,
    /// It wants to know the price, and nothing else.
    pub(crate) only_price: bool,
}

impl Default for Asker {
    fn default() -> Self {
        Self { ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED), only_price: false }
    }
}

impl Asker {
    /// Of a request.
    pub(crate) fn of(headers: &HeaderMap, extensions: &Extensions) -> Self {
        let asker = Self::default();
        let ip = extensions.get::<app::Client>().map_or(asker.ip, |client| client.ip);
        let only_price =
            headers.get(COST).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"report"));
        Self { ip, only_price }
    }
}

/// A client of the service's.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Client {
    /// To whom the credential was given.
    Named(String),
    /// Somebody who is signed in, by nobody's credential in particular.
    Subject(String),
    /// Whoever brings no credential: all of one address, or of one /64.
    Address(IpAddr),
}

impl Client {
    pub fn of(caller: &Caller, asker: Asker) -> Self {
        match (caller.client_id(), caller.subject()) {
            (Some(client), _) => Self::Named(client.to_owned()),
            (None, Some(subject)) => Self::Subject(subject.to_owned()),
            (None, None) => Self::Address(match asker.ip {
                IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
                v4 => v4,
            }),
        }
    }

    pub fn is_address(&self) -> bool {
        matches!(self, Self::Address(_))
    }
}

/// As it stands in a key; no two are the same.
impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(client) => write!(f, "client:{client}"),
            Self::Subject(subject) => write!(f, "subject:{subject}"),
            Self::Address(address) => write!(f, "address:{address}"),
        }
    }
}
