//! A request as GraphQL over HTTP has it (§4 of its specification).

use serde::Deserialize;
use std::borrow::Cow;

/// A GraphQL request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GraphqlRequest<'a> {
    /// The document.
    #[serde(borrow)]
    pub query: Cow<'a, str>,
    /// Which operation of it.
    #[serde(default, borrow)]
    pub operation_name: Option<Cow<'a, str>>,
    /// By name, uncoerced.
    #[serde(default)]
    pub variables: Option<serde_json::Map<String, serde_json::Value>>,
}
