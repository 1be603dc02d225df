//! Users and demo partners; the first users are the personas that examples and tests speak of.

use std::io;
use std::path::Path;

use serde_json::json;

use super::EPOCH;
use super::catalog::{language_of, person};
use super::chance::Chance;
use super::lines::Lines;

/// name, country, locale, plan, public profile, bio
const PERSONAS: &[(&str, &str, &str, &str, bool, &str)] = &[
    ("Mika Sato", "JP", "ja-JP", "premium", true, "Records on the shelf, trains at night."),
    ("Jonas Weber", "DE", "de-DE", "free", true, "Listens on the way to work."),
    ("Chloé Lefèvre", "FR", "fr-FR", "family", true, "Three children, one account."),
    ("Aisha Okafor", "GB", "en-GB", "premium", true, "Writes about music."),
    ("Дарья Белова", "KZ", "ru-RU", "premium", true, "Собираю пластинки."),
    ("Sam Quiet", "US", "en-US", "free", false, "Keeps to themselves."),
    ("New Listener", "US", "en-US", "free", true, ""),
];

/// The number of the persona who has nothing yet: no playlist, no like, no play.
pub const NEWCOMER: u32 = 7;

pub fn write(folder: &Path, users: u32) -> io::Result<u32> {
    let mut chance = Chance::of("identity");
    let mut lines = Lines::create(folder, "1-users.jsonl")?;
    for number in 1..=users {
        let persona = PERSONAS.get(number as usize - 1);
        let language = language_of(number);
        let (name, _) = person(&mut chance, language);
        let country = chance.pick(language.places).0;
        let plan = *chance.pick(&[&"free", &"free", &"free", &"premium", &"premium", &"family"]);
        let joined = EPOCH.seconds_before(chance.within(40, 2_000) * 86_400 + chance.below(86_400));
        let public = !chance.percent(8);
        let (name, country, locale, plan, public, bio) = match persona {
            Some(&(name, country, locale, plan, public, bio)) => {
                (name.to_owned(), country, locale.to_owned(), plan, public, bio)
            }
            None => (name, country, format!("{}-{country}", language.code), plan, public, ""),
        };
        lines.write(json!({
            "type": "user", "id": format!("us-{number}"), "display_name": name, "email": format!("us-{number}@example.com"),
            "country": country, "locale": locale, "plan": plan, "public": public, "bio": bio,
            "avatar_seed": chance.below(1_000_000), "joined_at": joined.to_string(),
        }))?;
    }
    lines.finish()?;

    let mut partners = Lines::create(folder, "2-partners.jsonl")?;
    for (id, name, scope, plan) in [
        ("demo-partner", "Demo Partner", "catalog:read", "basic"),
        ("radio-aurora", "Radio Aurora", "catalog:read charts:read", "pro"),
        // Who issues keys and takes them back.
        ("operator", "Operator", "keys:manage", "internal"),
    ] {
        // A secret that everybody may know: it opens a demo, and `import` keeps only its hash.
        partners.write(json!({
            "type": "partner", "id": id, "name": name, "scope": scope, "client_secret": format!("{id}-secret"),
            "plan": plan,
            "created_at": EPOCH.seconds_before(86_400).to_string(),
        }))?;
    }
    partners.finish()?;
    Ok(users)
}
