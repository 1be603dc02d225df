//! Whom a service believes: in production it does not start believing nobody.

use bff::config::Profile;
use rest::Settings;

use crate::notes;

#[tokio::test]
async fn production_does_not_start_trusting_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings::for_test(folder.path());
    settings.common.profile = Profile::Production;
    settings.common.drain_lead_ms = Some(0);
    let refused = notes::service().start(settings.clone()).await.err().unwrap().to_string();
    for word in ["`auth.trusted`", "--set auth.trusted.", "NOTES__AUTH__TRUSTED__", "--profile development"] {
        assert!(refused.contains(word), "{word}: {refused}");
    }
    assert!(!settings.database.exists(), "nothing was touched");

    let keys = "https://backend.example/.well-known/jwks.json".parse().unwrap();
    settings.common.auth.trusted.insert("backend".to_owned(), keys);
    notes::service().start(settings).await.unwrap().shutdown().await;
    // In development it does: everybody is nobody there, until somebody is named.
    let settings = Settings::for_test(folder.path());
    notes::service().start(settings).await.unwrap().shutdown().await;
}
