//! The page to explore a schema with: GraphiQL, opening on an example of this client.

use axum::response::Html;

/// The page, with the service's name and its example query in place.
pub fn page(service: &str, example: &str) -> Html<String> {
    let quoted = |text: &str| {
        // Inside a script: JSON, in which no `</script>` can stand.
        serde_json::to_string(text).unwrap_or_default().replace('<', "\\u003c")
    };
    let title = service.replace(['<', '&'], "");
    Html(
        include_str!("graphiql.html")
            .replace("{{title}}", &title)
            .replace("\"{{example}}\"", &quoted(example)),
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_example_cannot_leave_its_place() {
        let page = super::page("x<y", "{ a(s: \"</script>\") }").0;
        assert!(!page.contains("\"</script>\\\""));
        assert!(page.contains("\\u003c/script>"));
    }
}
