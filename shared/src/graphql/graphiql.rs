//! The page to explore a schema with: GraphiQL, opening on an example of this client, as whom one likes.

mod personas;

use crate::config::DevSettings;
use axum::{Router, response::Html, routing};
use personas::Choice;
use serde::Serialize;

/// The page at `/graphiql`, with the service's name and its example query in place, and the credentials of those whom one
/// can be there.
///
/// # Errors
/// The client that fetches credentials cannot be made.
pub fn routes(service: &str, example: &str, settings: &DevSettings) -> Result<Router, reqwest::Error> {
    let choices: Vec<_> = settings.personas.iter().map(Choice::of).collect();
    let page = page(service, example, &choices);
    let page = routing::get(move || std::future::ready(page.clone()));
    Ok(Router::new().route("/graphiql", page).merge(personas::routes(&settings.personas)?))
}

fn page(service: &str, example: &str, choices: &[Choice<'_>]) -> Html<String> {
    let title = service.replace(['<', '&'], "");
    Html(
        include_str!("graphiql.html")
            .replace("{{title}}", &title)
            .replace("\"{{personas}}\"", &in_script(&choices))
            .replace("\"{{example}}\"", &in_script(&example)),
    )
}

/// Inside a script: JSON, in which no `</script>` can stand.
fn in_script(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default().replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_example_cannot_leave_its_place() {
        let page = super::page("x<y", "{ a(s: \"</script>\") }", &[]).0;
        assert!(!page.contains("\"</script>\\\""));
        assert!(page.contains("\\u003c/script>"));
    }
}
