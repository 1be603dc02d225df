//! Settings that cannot work are refused at start, with a way out.

use bff::config::{Args, Problems, Spec, print, resolve};

const GOOD: &str = "
profile = 'production'
[auth]
schemes = ['session']
issuer = 'https://login.example'
[auth.session]
client_id = 'web'
client_secret = 'hunter2-hunter2'
public_url = 'https://app.example'
keys = ['0123456789abcdefghijklmnopqrstuv']
";

fn problems(change: &'static str) -> String {
    let spec = Spec { service: "door", toml: GOOD };
    let args = Args { set: change.split('\n').map(str::to_owned).collect(), ..Args::default() };
    match resolve::<()>(&spec, &args, []) {
        Ok(_) => String::new(),
        Err(Problems { problems, .. }) => problems.join("\n"),
    }
}

#[test]
fn each_impossible_setting_is_named_with_the_way_out() {
    assert_eq!(problems("deadline_ms=1000"), "");
    for (change, key, way_out) in [
        ("auth.issuer=", "`auth.issuer`", "provider's URL"),
        ("auth.session.client_id=", "`auth.session.client_id`", "registered"),
        ("auth.session.scopes=profile", "`auth.session.scopes`", "add it"),
        ("auth.session.public_url=", "`auth.session.public_url`", "https://app.example"),
        ("auth.session.public_url=http://app.example", "`auth.session.public_url`", "https"),
        ("auth.session.public_url=https://app.example/x", "`auth.session.public_url`", "host and port only"),
        ("auth.session.keys=short", "`auth.session.keys`", "openssl rand"),
        ("auth.session.idle_s=0", "`auth.session.idle_s`", "positive"),
        ("auth.session.idle_s=2000000", "`auth.session.idle_s`", "`auth.session.absolute_s`"),
        ("auth.session.after_login=//evil.example", "`auth.session.after_login`", "such as `/`"),
        ("auth.session.after_logout=https://evil.example", "`auth.session.after_logout`", "such as `/`"),
        ("redis.url=redis://127.0.0.1\nauth.session.keys=", "`auth.session.keys`", "openssl rand"),
    ] {
        let told = problems(change);
        assert!(told.contains(key) && told.contains(way_out), "{change}: {told}");
        assert_eq!(told.lines().count(), 1, "{change}: {told}");
    }
}

#[test]
fn secrets_are_not_printed() {
    let spec = Spec { service: "door", toml: GOOD };
    let (settings, own) = resolve::<()>(&spec, &Args::default(), []).unwrap();
    let printed = format!("{} {settings:?}", print(&settings, &own));
    assert!(
        printed.contains("client_id") && !printed.contains("hunter2") && !printed.contains("0123456789abc")
    );
}
