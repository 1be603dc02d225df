//! How a Redis server is reached: as its URL says, by TLS where that is `rediss`, with the trust that upstreams are asked
//! with.

use std::{fmt, sync::Arc};

use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo,
    aio::MultiplexedConnection as Connection,
};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

use super::Unavailable;
use crate::{
    config::{RedisSettings, TlsSettings},
    upstream::tls,
};

pub(super) enum Way {
    Plain(Client),
    Secure {
        host: String,
        port: u16,
        name: ServerName<'static>,
        tls: TlsConnector,
        greeting: RedisConnectionInfo,
    },
}

impl Way {
    /// Nothing is connected yet.
    ///
    /// # Errors
    /// The URL is none that Redis is reached by, or TLS cannot be set up.
    pub fn new(settings: &RedisSettings, trusted: &TlsSettings) -> Result<Self, String> {
        let url = settings.url.expose();
        // Errors of those who read it may quote it, and there is a password in it.
        let wrong = || settings.wrong_url();
        match Url::parse(url) {
            Ok(mut secure) if secure.scheme() == "rediss" => {
                // The library reads all of it but the scheme: TLS is ours.
                secure.set_scheme("redis").map_err(|()| wrong())?;
                let info = secure.as_str().into_connection_info().map_err(|_| wrong())?;
                let ConnectionAddr::Tcp(host, port) = info.addr().clone() else { return Err(wrong()) };
                let name = ServerName::try_from(host.clone()).map_err(|_| wrong())?;
                let tls = TlsConnector::from(Arc::new(tls::config(trusted)?));
                Ok(Self::Secure { host, port, name, tls, greeting: info.redis_settings().clone() })
            }
            _ => Client::open(url).map(Self::Plain).map_err(|_| wrong()),
        }
    }

    /// Connects and greets. Waits for as long as it takes: whoever asks bounds it.
    pub async fn connect(&self, config: &AsyncConnectionConfig) -> Result<Connection, Unavailable> {
        match self {
            Self::Plain(client) => {
                client.get_multiplexed_async_connection_with_config(config).await.map_err(Unavailable::new)
            }
            Self::Secure { host, port, name, tls, greeting } => {
                let of = |step: &'static str| {
                    move |error: &dyn fmt::Display| Unavailable::new(format_args!("{step}: {error}"))
                };
                let stream = TcpStream::connect((host.as_str(), *port)).await;
                let stream = stream.map_err(|error| of("connecting")(&error))?;
                // As the library has it: a command that is written is sent.
                stream.set_nodelay(true).map_err(|error| of("connecting")(&error))?;
                let stream = tls.connect(name.clone(), stream).await.map_err(|error| of("TLS")(&error))?;
                let connected = Connection::new_with_config(greeting, stream, config.clone()).await;
                let (connection, driver) = connected.map_err(Unavailable::new)?;
                #[expect(
                    clippy::disallowed_methods,
                    reason = "it ends with the connection, which belongs to no request"
                )]
                tokio::spawn(driver);
                Ok(connection)
            }
        }
    }
}
