//! TLS to those whom we ask: whose certificates are trusted.

use crate::config::TlsSettings;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use std::sync::Arc;

/// The system's authorities and those of `tls.ca_file`. TLS 1.2 and 1.3, by `ring`.
///
/// # Errors
/// Names the file and what is wrong with it.
pub(crate) fn config(settings: &TlsSettings) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::warn!(error = %error, "some of the system's certificates cannot be read");
    }
    // An authority that cannot be read is one less that is trusted.
    roots.add_parsable_certificates(system.certs);
    if let Some(file) = &settings.ca_file {
        let wrong = |cause: &dyn std::fmt::Display| {
            format!("`tls.ca_file`: {} cannot be used: {cause}", file.display())
        };
        let mut found = false;
        for certificate in CertificateDer::pem_file_iter(file).map_err(|error| wrong(&error))? {
            let certificate = certificate.map_err(|error| wrong(&error))?;
            roots.add(certificate).map_err(|error| wrong(&error))?;
            found = true;
        }
        if !found {
            return Err(wrong(
                &"there is no certificate in it; it is to have PEM blocks `BEGIN CERTIFICATE`",
            ));
        }
    }
    if roots.is_empty() {
        return Err("a URL wants TLS, and the system has no certificates of authorities: install them \
             (`ca-certificates`), or name a PEM file in `tls.ca_file`"
            .to_owned());
    }
    trusting(roots)
}

/// Nobody is trusted: for who is asked by http.
///
/// # Errors
/// TLS cannot be set up.
pub(crate) fn nobody() -> Result<ClientConfig, String> {
    trusting(RootCertStore::empty())
}

fn trusting(roots: RootCertStore) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| format!("TLS cannot be set up: {error}"))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
