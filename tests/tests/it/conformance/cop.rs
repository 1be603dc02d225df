//! The twelve things that graphql-cop looks for, named as it names them. It is no package that could be installed: these
//! are its questions, asked by us of each BFF's production settings.

use kit::{Place, Process, json};
use serde_json::Value;

struct Suspect(Process);

/// What one question found: nothing, or what was given away.
type Found = Option<String>;

impl Suspect {
    async fn start(name: &str, settings: &[(&str, &str)]) -> Self {
        let process = Process::of(name).set("profile", "production");
        Self(settings.iter().fold(process, |process, (key, value)| process.set(key, value)).start().await)
    }

    async fn post(&self, body: Value) -> Value {
        let request = self.0.request(http::Method::POST, "/graphql").json(&body);
        text(request).await.parse().unwrap_or_default()
    }

    async fn ask(&self, document: &str) -> Value {
        self.post(json!({"query": document})).await
    }

    async fn alias_overloading(&self) -> Found {
        let aliases: String = (0..=100).map(|n| format!("alias{n}: __typename ")).collect();
        given(&self.ask(&format!("{{ {aliases} }}")).await, "/data/alias100")
    }

    async fn batch_queries(&self) -> Found {
        let answer = self.post(vec![json!({"query": "{ __typename }"}); 10].into()).await;
        answer.as_array().filter(|answers| answers.len() >= 10).map(|_| "ten answers".to_owned())
    }

    async fn get_based_queries(&self) -> Found {
        let answer = text(self.0.request(http::Method::GET, "/graphql?query={__typename}")).await;
        given(&answer.parse().unwrap_or_default(), "/data/__typename")
    }

    async fn post_based_urlencoded_queries(&self) -> Found {
        let request = self.0.request(http::Method::POST, "/graphql?query={__typename}");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = text(request.body("query=%7B__typename%7D")).await;
        given(&answer.parse().unwrap_or_default(), "/data/__typename")
    }

    async fn tracing(&self) -> Found {
        let mut told = String::new();
        for document in ["{ __typename }", "qwerty cop { abc }"] {
            told += &self.ask(document).await.to_string().to_lowercase();
        }
        ["tracing", "stacktrace", "exception", ".rs:"]
            .iter()
            .find(|word| told.contains(**word))
            .map(|word| (*word).to_owned())
    }

    async fn field_duplication(&self) -> Found {
        given(&self.ask(&format!("{{ {} }}", "__typename ".repeat(500))).await, "/data/__typename")
    }

    async fn field_suggestions(&self) -> Found {
        let mut told = String::new();
        for document in ["{ __schema { directive } }", "{ __typenam }", "query($a: Strin) { __typename }"] {
            told += &self.ask(document).await.to_string();
        }
        told.contains("Did you mean").then_some(told)
    }

    async fn graphiql(&self) -> Found {
        for path in ["/", "/graphiql", "/playground", "/console", "/graphql"] {
            let page = text(self.0.request(http::Method::GET, path).header("accept", "text/html")).await;
            if ["graphiql", "playground"].iter().any(|word| page.to_lowercase().contains(word)) {
                return Some(path.to_owned());
            }
        }
        None
    }

    async fn introspection(&self) -> Found {
        given(&self.ask("{ __schema { types { name } } }").await, "/data/__schema")
    }

    async fn directives_overloading(&self) -> Found {
        let answer = self.ask(&format!("{{ __typename {} }}", "@aa".repeat(10))).await;
        // It counts the errors: one for each directive is work for each.
        answer["errors"]
            .as_array()
            .filter(|errors| errors.len() > 1)
            .map(|told| format!("{} errors", told.len()))
    }

    async fn circular_query_using_introspection(&self) -> Found {
        let inner = (0..4).fold("name".to_owned(), |inner, _| format!("fields {{ type {{ {inner} }} }}"));
        given(&self.ask(&format!("{{ __schema {{ types {{ {inner} }} }} }}")).await, "/data/__schema")
    }

    async fn mutations_over_get(&self) -> Found {
        let request = self.0.request(http::Method::GET, "/graphql?query=mutation{__typename}");
        let answer = text(request.header("graphql-require-preflight", "true")).await;
        given(&answer.parse().unwrap_or_default(), "/data/__typename")
    }
}

async fn text(request: reqwest::RequestBuilder) -> String {
    kit::exchange(request).await.text
}

/// What an answer has there, if it has anything.
fn given(answer: &Value, at: &str) -> Found {
    answer
        .pointer(at)
        .filter(|value| !value.is_null())
        .map(|value| value.to_string().chars().take(80).collect())
}

/// Asks everything, prints a line each, and fails for what was found and is not given away on purpose.
async fn cop(name: &str, settings: &[(&str, &str)], on_purpose: &[&str]) {
    let suspect = Suspect::start(name, settings).await;
    let url = suspect.0.url();
    let findings = [
        ("Alias Overloading", suspect.alias_overloading().await),
        ("Batch Queries", suspect.batch_queries().await),
        ("GET based Queries", suspect.get_based_queries().await),
        ("POST based Queries using urlencoded payloads", suspect.post_based_urlencoded_queries().await),
        ("Tracing / Debug Modes", suspect.tracing().await),
        ("Field Duplication", suspect.field_duplication().await),
        ("Field Suggestions", suspect.field_suggestions().await),
        ("GraphiQL", suspect.graphiql().await),
        ("Introspection", suspect.introspection().await),
        ("Directives Overloading", suspect.directives_overloading().await),
        ("Circular Query using Introspection", suspect.circular_query_using_introspection().await),
        ("Mutation support over GET", suspect.mutations_over_get().await),
    ];
    let mut failed = Vec::new();
    for (check, found) in &findings {
        let verdict = match (found, on_purpose.contains(check)) {
            (None, false) => "ok",
            (Some(_), true) => "on purpose",
            (None, true) => "not there, though it is to be",
            (Some(_), false) => "FOUND",
        };
        println!(
            "{name:<8} {verdict:<11} {check}{}",
            found.as_deref().map(|found| format!(": {found}")).unwrap_or_default()
        );
        if !matches!(verdict, "ok" | "on purpose") {
            failed.push(*check);
        }
    }
    assert!(failed.is_empty(), "{name} at {url}: {failed:?}");
}

#[tokio::test]
async fn mobile_gives_nothing_away() {
    cop("mobile", &[], &[]).await;
}

/// What its registered documents keep away would not hurt it.
#[tokio::test]
async fn mobile_gives_nothing_away_where_any_document_runs() {
    cop("mobile", &[("documents.trusted", "off")], &[]).await;
}

#[tokio::test]
async fn web_gives_nothing_away() {
    cop("web", &[], &[]).await;
}

/// Its clients are strangers who read its schema.
#[tokio::test]
async fn partner_gives_nothing_away_but_its_schema() {
    cop("partner", &[("auth.keys.secret", "of the directory")], &["Introspection"]).await;
}
