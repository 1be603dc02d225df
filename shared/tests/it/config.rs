//! Layers of configuration, and what a person is told about a wrong one.

use bff::config::{Args, LogFormat, Network, Profile, Secret, Section, Settings, Spec, print, resolve};
use serde::{Deserialize, Serialize};

const TOML: &str = r#"
listen = "127.0.0.1:7001"
admin = "127.0.0.1:8001"
deadline_ms = 2_000
database = "sample.db"
cors = ["https://app.example"]

[upstreams]
first = "http://127.0.0.1:7101"
two-words = "http://127.0.0.1:7102"

[pages]
size = 20
"#;

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Own {
    database: String,
    password: Secret,
    pages: Pages,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Pages {
    size: u32,
    sizes: Vec<u32>,
}

impl Section for Own {
    fn check(&self) -> Vec<String> {
        if self.pages.size > 100 { vec!["`pages.size` is more than 100".to_owned()] } else { Vec::new() }
    }
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Other {
    playground: bool,
}

impl Section for Other {}

fn read(args: &[&str], environment: &[(&str, &str)]) -> Result<(Settings, (Own, Other)), String> {
    read_toml(TOML, args, environment)
}

fn read_toml(
    toml: &'static str,
    set: &[&str],
    environment: &[(&str, &str)],
) -> Result<(Settings, (Own, Other)), String> {
    let args = Args { set: set.iter().map(ToString::to_string).collect(), ..Args::default() };
    let environment = environment.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    resolve(&Spec { service: "sample", toml }, &args, environment).map_err(|problems| problems.to_string())
}

/// The problem lines, without the headline.
fn problems(result: Result<(Settings, (Own, Other)), String>) -> Vec<String> {
    let text = result.map(|_| ()).unwrap_err();
    let mut lines = text.lines().map(|line| line.trim().to_owned());
    let count: usize = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let lines: Vec<String> = lines.collect();
    assert_eq!(lines.len(), count, "{text}");
    lines
}

#[test]
fn each_layer_overrides_the_one_below() {
    let (settings, (own, other)) = read(&[], &[]).unwrap();
    assert_eq!(settings.service, "sample");
    assert_eq!((settings.profile, settings.drain_ms), (Profile::Production, 10_000));
    assert_eq!((settings.deadline_ms, own.database.as_str(), own.pages.size), (2_000, "sample.db", 20));
    assert!(!other.playground);

    let environment =
        [("SAMPLE__DEADLINE_MS", "3000"), ("SAMPLE__PAGES__SIZE", "30"), ("OTHER__LISTEN", "nonsense")];
    let (settings, (own, _)) = read(&[], &environment).unwrap();
    assert_eq!((settings.deadline_ms, own.pages.size), (3_000, 30));

    let (settings, (own, _)) = read(&["deadline_ms=4000"], &environment).unwrap();
    assert_eq!((settings.deadline_ms, own.pages.size), (4_000, 30));
}

#[test]
fn a_file_lies_between_the_built_in_one_and_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("more.toml");
    std::fs::write(&path, "deadline_ms = 5\ndrain_ms = 6\n[upstreams]\nthird = \"http://t\"").unwrap();
    let args = Args { config: vec![path], listen: Some("127.0.0.1:9".to_owned()), ..Args::default() };
    let environment = [("SAMPLE__DRAIN_MS".to_owned(), "7".to_owned())];
    let (settings, _) =
        resolve::<(Own, Other)>(&Spec { service: "sample", toml: TOML }, &args, environment).unwrap();
    assert_eq!((settings.deadline_ms, settings.drain_ms, settings.listen.port()), (5, 7, 9));
    assert_eq!(settings.upstreams.len(), 3);
}

#[test]
fn text_becomes_what_the_field_is() {
    let environment = [
        ("SAMPLE__CORS", "https://a.example, https://b.example"),
        ("SAMPLE__PAGES__SIZES", "1,2,3"),
        ("SAMPLE__ADMIN", ""),
        ("SAMPLE__PLAYGROUND", "true"),
        ("SAMPLE__LOG", "json"),
        ("SAMPLE__PROFILE", "development"),
        ("SAMPLE__UPSTREAMS__TWO_WORDS", "http://elsewhere:1"),
        ("SAMPLE__TRUSTED_PROXIES", "10.0.0.0/8,::1"),
        ("SAMPLE__AUTH__ISSUER", "https://id.example"),
    ];
    let (settings, (own, other)) = read(&[], &environment).unwrap();
    assert_eq!(settings.cors, ["https://a.example", "https://b.example"]);
    assert_eq!(own.pages.sizes, [1, 2, 3]);
    assert_eq!((settings.admin, other.playground, settings.log), (None, true, LogFormat::Json));
    assert_eq!(settings.profile, Profile::Development);
    assert_eq!(settings.upstreams["two-words"].as_str(), "http://elsewhere:1/");
    assert_eq!(settings.trusted_proxies, ["10.0.0.0/8".parse::<Network>().unwrap(), "::1".parse().unwrap()]);
    assert_eq!(settings.auth.issuer.unwrap().as_str(), "https://id.example/");
}

#[test]
fn an_unknown_key_is_an_error_that_suggests_the_right_one() {
    let toml = "listn = \"127.0.0.1:1\"\n\n[pages]\nsizee = 1\n[limits]\nbody = 1\n";
    let environment = [("SAMPLE__DEADLINE", "1"), ("SAMPLE__AUTH__AUDIANCE", "x"), ("SAMPLE__ZEBRA", "x")];
    let problems = problems(read_toml(toml, &["playgroud=true", "auth.zebra.max=1"], &environment));
    let text = problems.join("\n");
    for expected in [
        "sample.toml (built in), line 1: unknown key `listn`; did you mean `listen`?",
        "sample.toml (built in), line 4: unknown key `pages.sizee`; did you mean `pages.size`?",
        "sample.toml (built in), line 6: unknown key `limits.body`; the keys here are `aliases`, `answer_bytes`, `bodies_bytes`, `body_bytes`,",
        "environment variable SAMPLE__AUTH__AUDIANCE: unknown key `auth.audiance`; did you mean `auth.audience`?",
        "environment variable SAMPLE__ZEBRA: unknown key `zebra`; the keys here are `admin`, `auth`,",
        "--set playgroud: unknown key `playgroud`; did you mean `playground`?",
        "--set auth.zebra.max: unknown key `auth.zebra`; the keys here are",
        "environment variable SAMPLE__DEADLINE: unknown key `deadline`; did you mean `deadline_ms`?",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in\n{text}");
    }
    assert_eq!(problems.len(), 8, "{text}");
}

#[test]
fn all_problems_are_told_at_once() {
    let environment =
        [("SAMPLE__DEADLINE_MS", "soon"), ("SAMPLE__PROFILE", "develpment"), ("SAMPLE__PAGES", "7")];
    let set = ["upstreams.first=nowhere", "pages.size=-1", "nonsense", "cors=https://a.example/path"];
    let text = problems(read(&set, &environment)).join("\n");
    for expected in [
        "environment variable SAMPLE__DEADLINE_MS: `deadline_ms`: `soon` is not a whole number of 0 or more",
        "`develpment` is not one of `development`, `production`; did you mean `development`?",
        "--set upstreams.first: `upstreams.first`: `nowhere` is not an http or https URL",
        "--set pages.size: `pages.size`: `-1` is not a whole number of 0 or more",
        "--set nonsense: write it as --set section.key=value",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in\n{text}");
    }
    let text =
        problems(read(&["cors=https://a.example/path", "pages.size=101", "deadline_ms=0"], &[])).join("\n");
    for expected in ["write scheme, host and port only, such as `https://a.example`", "more than 100", "is 0"]
    {
        assert!(text.contains(expected), "{expected:?} is not in\n{text}");
    }
}

#[test]
fn a_section_is_not_a_value() {
    let text = problems(read(&[], &[("SAMPLE__PAGES", "7")])).join("\n");
    assert!(
        text.contains("SAMPLE__PAGES: `pages`: is a section; set one of its keys: `pages.size`"),
        "{text}"
    );
}

#[test]
fn broken_toml_names_its_line() {
    let text = problems(read_toml("deadline_ms = 1\nlisten = \n", &[], &[])).join("\n");
    assert!(text.contains("sample.toml (built in), line 2:"), "{text}");
}

#[test]
fn secrets_are_not_printed() {
    let environment = [("SAMPLE__PASSWORD", "xyzzy"), ("SAMPLE__UPSTREAMS__FIRST", "http://me:plugh@host:1")];
    let (settings, own) = read(&[], &environment).unwrap();
    assert_eq!(own.0.password.expose(), "xyzzy");
    let printed = print(&settings, &own);
    assert!(printed.contains("password = \"(hidden)\""), "{printed}");
    assert!(!printed.contains("xyzzy") && !printed.contains("plugh"), "{printed}");
    assert!(!format!("{own:?}", own = own.0).contains("xyzzy"));
    // What is printed is a configuration again.
    let table: toml::Table = printed.parse().unwrap();
    assert_eq!(table["listen"].as_str(), Some("127.0.0.1:7001"));
    assert_eq!(table["pages"]["size"].as_integer(), Some(20));
}

#[test]
fn a_secret_may_stand_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (one, lines) = (write("one", "xyzzy\n"), write("lines", "a\nb\r\n"));
    let password = |environment: &[(&str, &str)], set: &[&str]| {
        read(set, environment).map(|(_, (own, _))| own.password.expose().to_owned())
    };
    assert_eq!(password(&[("SAMPLE__PASSWORD__FILE", &one)], &[]).unwrap(), "xyzzy");
    // Only the last line break is not part of it.
    assert_eq!(password(&[], &[&format!("password.file={lines}")]).unwrap(), "a\nb");
    // The last word counts, however it is said.
    let both = [("SAMPLE__PASSWORD", "plugh"), ("SAMPLE__PASSWORD__FILE", one.as_str())];
    assert_eq!(password(&both, &[]).unwrap(), "xyzzy");
    assert_eq!(password(&both, &["password=plugh"]).unwrap(), "plugh");
    let file = write("more.toml", &format!("password = {{ file = {one:?} }}"));
    let args = Args { config: vec![file.into()], ..Args::default() };
    let (settings, own) =
        resolve::<(Own, Other)>(&Spec { service: "sample", toml: TOML }, &args, []).unwrap();
    assert_eq!(own.0.password.expose(), "xyzzy");
    assert!(!print(&settings, &own).contains("xyzzy"));
}

#[test]
fn what_is_wrong_with_a_secret_is_said_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("empty"), "\n").unwrap();
    std::fs::write(path("bytes"), b"\xffxyzzy").unwrap();
    for (file, cause) in [("absent", "No such file"), ("empty", "nothing in it"), ("bytes", "UTF-8")] {
        let text = problems(read(&[], &[("SAMPLE__PASSWORD__FILE", &path(file))])).join("\n");
        for expected in ["SAMPLE__PASSWORD", "`password`", &path(file), cause] {
            assert!(text.contains(expected), "{expected:?} is not in\n{text}");
        }
        assert!(!text.contains("xyzzy"), "{text}");
    }
    for toml in [
        "password = 42042",
        "password = { flie = \"42042\" }",
        "password = [42042]",
        "password = 42042.5",
        "password = {}",
    ] {
        let text = problems(read_toml(toml, &[], &[])).join("\n");
        assert!(text.contains("`password`") && text.contains("{ file = \"…\" }"), "{text}");
        assert!(!text.contains("42042"), "{text}");
    }
    let url =
        [("SAMPLE__UPSTREAMS__FIRST", "ftp://me:plugh@host"), ("SAMPLE__AUTH__ISSUER", "me:plugh@host")];
    let text = problems(read(&[], &url)).join("\n");
    assert!(
        text.contains("upstreams.first") && text.contains("auth.issuer") && !text.contains("plugh"),
        "{text}"
    );
}

#[test]
fn networks_contain_what_they_say() {
    let contains =
        |network: &str, address: &str| network.parse::<Network>().unwrap().contains(address.parse().unwrap());
    assert!(contains("10.0.0.0/8", "10.9.8.7") && !contains("10.0.0.0/8", "11.0.0.1"));
    assert!(contains("0.0.0.0/0", "203.0.113.9") && !contains("0.0.0.0/0", "::1"));
    assert!(contains("127.0.0.1", "::ffff:127.0.0.1") && !contains("127.0.0.1", "127.0.0.2"));
    assert!(contains("fd00::/8", "fd12::1") && !contains("fd00::/8", "fe80::1"));
    for wrong in ["10.0.0.0/33", "10.0.0/8", "host", "::/129", ""] {
        assert!(wrong.parse::<Network>().is_err(), "{wrong}");
    }
}
