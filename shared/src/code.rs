//! The stable codes of errors, each once: what it means, whose fault it is, whether to try again, and the way out.

use crate::telemetry::Outcome;
use http::StatusCode;

/// Who has to change something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whose {
    /// Whoever sent the request.
    Caller,
    /// A service behind this one.
    Upstream,
    /// This server.
    Ours,
}

/// Everything that is known of a code.
struct Entry {
    name: &'static str,
    meaning: &'static [&'static str],
    whose: Whose,
    retryable: bool,
    status: Option<u16>,
    way_out: &'static str,
}

/// One line a code: `Variant "CODE" whose, retryable or not, HTTP status or none: "the way out"`, under its meaning.
macro_rules! codes {
    ($($(#[doc = $meaning:literal])+ $variant:ident $name:literal $whose:ident, $again:ident, $status:tt: $way_out:literal;)+) => {
        /// Stable codes: `extensions.code` of an error. `schema/errors.md` is written from this list.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        pub enum Code {
            $($(#[doc = $meaning])+ $variant,)+
        }

        impl Code {
            /// All of them, in the order of the reference page.
            pub const ALL: &'static [Code] = &[$(Code::$variant),+];

            const fn entry(self) -> &'static Entry {
                match self {
                    $(Code::$variant => &Entry {
                        name: $name,
                        meaning: &[$($meaning),+],
                        whose: Whose::$whose,
                        retryable: codes!(@again $again),
                        status: codes!(@status $status),
                        way_out: $way_out,
                    },)+
                }
            }

            /// The code that is written so.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Code::$variant),)+
                    _ => None,
                }
            }
        }
    };
    (@again again) => { true };
    (@again once) => { false };
    (@status none) => { None };
    (@status $status:literal) => { Some($status) };
}

codes! {
    /// The document is not GraphQL.
    GraphqlParseFailed "GRAPHQL_PARSE_FAILED" Caller, once, 400: "Correct the document at the error's location.";
    /// The document does not fit the schema.
    GraphqlValidationFailed "GRAPHQL_VALIDATION_FAILED" Caller, once, 400: "Correct the document at the error's location; the published schema says what there is.";
    /// The schema is not told by this server.
    IntrospectionDisabled "INTROSPECTION_DISABLED" Caller, once, 400: "Read the published schema instead.";
    /// The answer would be longer than this server writes.
    DocumentTooComplex "DOCUMENT_TOO_COMPLEX" Caller, once, 400: "Ask for fewer items, or for less of each.";
    /// The document has more bytes than this server takes.
    DocumentLimitExceeded "DOCUMENT_LIMIT_EXCEEDED" Caller, once, 400: "Ask for less at once; send long texts as variables.";
    /// The document has more tokens than this server takes.
    TokenLimitExceeded "TOKEN_LIMIT_EXCEEDED" Caller, once, 400: "Ask for less at once; send long lists as variables.";
    /// The document selects more fields than this server takes, its fragments spread out.
    SelectionLimitExceeded "SELECTION_LIMIT_EXCEEDED" Caller, once, 400: "Ask for less at once.";
    /// The operation has more aliases than this server takes, its fragments followed.
    AliasLimitExceeded "ALIAS_LIMIT_EXCEEDED" Caller, once, 400: "Split it into several operations.";
    /// The operation has more directives than this server takes, its fragments followed.
    DirectiveLimitExceeded "DIRECTIVE_LIMIT_EXCEEDED" Caller, once, 400: "Leave some out, or put fields of one condition into one fragment.";
    /// The operation has more root fields than this server takes.
    RootFieldLimitExceeded "ROOT_FIELD_LIMIT_EXCEEDED" Caller, once, 400: "Split it into several operations.";
    /// More items of a list are asked for than are given at once.
    PageLimitExceeded "PAGE_LIMIT_EXCEEDED" Caller, once, 400: "Ask for fewer with `first`, `last` or `limit`, and page.";
    /// Selections are nested deeper than this server takes.
    DepthLimitExceeded "DEPTH_LIMIT_EXCEEDED" Caller, once, 400: "Ask for less at once, or begin at a root that is closer to what is wanted.";
    /// The operation may cost more than this server spends on one.
    CostLimitExceeded "COST_LIMIT_EXCEEDED" Caller, once, 400: "Ask for fewer fields, or for shorter lists with a smaller `first`.";
    /// An argument or a variable has a value that cannot be.
    BadUserInput "BAD_USER_INPUT" Caller, once, 400: "Correct the value; the message says what it may be.";
    /// The request is not what GraphQL over HTTP sends.
    BadRequest "BAD_REQUEST" Caller, once, 400: "Send a JSON object with `query` and, where needed, `variables` and `operationName`.";
    /// Several requests came as one.
    BatchingDisabled "BATCHING_DISABLED" Caller, once, 400: "Send each by itself, or select all in one operation.";
    /// The document of this id or hash is not known here.
    PersistedQueryNotFound "PERSISTED_QUERY_NOT_FOUND" Caller, once, 400: "Send the document's text once along with its hash.";
    /// Only documents that were registered are served, and this is none of them.
    PersistedQueryNotInList "PERSISTED_QUERY_NOT_IN_LIST" Caller, once, 400: "Register the operation before the client that sends it is released.";
    /// Documents are neither registered nor kept by their hash here.
    PersistedQueryNotSupported "PERSISTED_QUERY_NOT_SUPPORTED" Caller, once, 400: "Send the document's text; leave its hash out from now on.";
    /// The client is older than this server still serves.
    ClientVersionUnsupported "CLIENT_VERSION_UNSUPPORTED" Caller, once, 426: "Update the client; the message says where.";
    /// The caller asked more often, or for more, than it may in this time.
    RateLimited "RATE_LIMITED" Caller, again, 429: "Wait for `retryAfter` seconds, then ask again.";
    /// Nobody is signed in, and somebody must be.
    Unauthenticated "UNAUTHENTICATED" Caller, once, 401: "Sign in, and send the access token in `Authorization`.";
    /// The token or key was good, and is not any more.
    TokenExpired "TOKEN_EXPIRED" Caller, once, 401: "Get a new token or key, and ask again.";
    /// The request's credential is not accepted: it is not told why.
    TokenInvalid "TOKEN_INVALID" Caller, once, 401: "Sign in again. The server's log says what is wrong with the credential, under the `traceId`.";
    /// The session has ended: by logout, by idling, by age, or because the provider does not stand by it any more.
    SessionExpired "SESSION_EXPIRED" Caller, once, 401: "Send the browser to `/auth/login`; without the cookie, which has been cleared, requests are anonymous.";
    /// Nobody was signed in: the browser came back with something else than it left with, or the provider refused.
    SignInFailed "SIGN_IN_FAILED" Caller, once, 400: "Begin again, at `/auth/login`.";
    /// The caller may not do this.
    Forbidden "FORBIDDEN" Caller, once, 403: "Ask as somebody who may, or leave the field out.";
    /// A page of any site could have made a browser send this.
    CsrfPrevented "CSRF_PREVENTED" Caller, once, 403: "Send the header `GraphQL-Require-Preflight: true`.";
    /// Pages of this origin may not call this server.
    OriginNotAllowed "ORIGIN_NOT_ALLOWED" Caller, once, 403: "Call it from its own host, or have the origin added to `cors` in its configuration.";
    /// A thing that a mutation names does not exist; or nothing is served at this path.
    NotFound "NOT_FOUND" Caller, once, 404: "Read again: it may be gone. (A query answers null for what does not exist, without an error.)";
    /// Somebody else was first.
    Conflict "CONFLICT" Caller, once, none: "Read again and decide anew.";
    /// The path is served, but not under this HTTP method.
    MethodNotAllowed "METHOD_NOT_ALLOWED" Caller, once, 405: "Use a method that `Allow` names.";
    /// None of the media types that are accepted can be answered.
    NotAcceptable "NOT_ACCEPTABLE" Caller, once, 406: "Accept `application/graphql-response+json` or `application/json`.";
    /// What is served here is a WebSocket.
    UpgradeRequired "UPGRADE_REQUIRED" Caller, once, 426: "Connect with a WebSocket, and with the subprotocol `graphql-transport-ws`.";
    /// More has happened than the client read in time, and some of it is gone.
    TooSlow "TOO_SLOW" Caller, again, none: "Subscribe again, and read anew what is shown.";
    /// The request's body is longer than this server takes.
    PayloadTooLarge "PAYLOAD_TOO_LARGE" Caller, once, 413: "Send less at once.";
    /// The request's URL is longer than this server takes.
    UrlTooLong "URL_TOO_LONG" Caller, once, 414: "Send a long query with POST, or by its registered id.";
    /// The request's headers are longer or more than this server takes.
    HeadersTooLarge "HEADERS_TOO_LARGE" Caller, once, 431: "Send fewer or shorter headers; cookies are the usual culprits.";
    /// The request's head or body did not come in time.
    RequestTimeout "REQUEST_TIMEOUT" Caller, again, 408: "Send the request in one go.";
    /// There are as many connections from this address as one may have.
    TooManyConnections "TOO_MANY_CONNECTIONS" Caller, again, 429: "Send requests over the connections that are open. A proxy is to be named in `trusted_proxies`.";
    /// The request's body is encoded in a way that is not read here.
    UnsupportedContentEncoding "UNSUPPORTED_CONTENT_ENCODING" Caller, once, 415: "Encode the body as `Accept-Encoding` says, or not at all.";
    /// The request's body is of a kind that is not read here.
    UnsupportedMediaType "UNSUPPORTED_MEDIA_TYPE" Caller, once, 415: "Send JSON in UTF-8, with `Content-Type: application/json`.";
    /// Who calls cannot be found out just now: the provider of tokens' keys does not answer.
    AuthenticationUnavailable "AUTHENTICATION_UNAVAILABLE" Upstream, again, 503: "Wait a few seconds (`retryAfter`), then ask again.";
    /// A service behind this one did not answer, or said that it cannot.
    UpstreamUnavailable "UPSTREAM_UNAVAILABLE" Upstream, again, none: "Show what did arrive; ask again in a while (`retryAfter`, where it is told).";
    /// A service behind this one answered something that cannot be understood.
    UpstreamBadResponse "UPSTREAM_BAD_RESPONSE" Upstream, once, none: "Show what did arrive; report it with its `traceId`.";
    /// The time for this request is over.
    DeadlineExceeded "DEADLINE_EXCEEDED" Upstream, again, 504: "Show what did arrive; ask again, for less at once.";
    /// As much is under way here as there is room for.
    Overloaded "OVERLOADED" Ours, again, 503: "Wait a second (`retryAfter`), then ask again.";
    /// Something went wrong in this server, and its log says what.
    InternalServerError "INTERNAL_SERVER_ERROR" Ours, once, 500: "Report it with its `traceId`.";
}

impl Code {
    /// As it stands in `extensions.code`.
    pub const fn as_str(self) -> &'static str {
        self.entry().name
    }

    /// What it means, in a sentence.
    pub fn meaning(self) -> String {
        self.entry().meaning.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
    }

    /// Who has to change something.
    pub const fn whose(self) -> Whose {
        self.entry().whose
    }

    /// The same request may succeed later as it is: `extensions.retryable`.
    pub const fn retryable(self) -> bool {
        self.entry().retryable
    }

    /// The status of a response, where the request as a whole is refused with this code; none for those that are only
    /// found at a field.
    pub fn status(self) -> Option<StatusCode> {
        StatusCode::from_u16(self.entry().status?).ok()
    }

    /// What to do about it.
    pub const fn way_out(self) -> &'static str {
        self.entry().way_out
    }

    /// What the people on call count it as.
    pub fn outcome(self) -> Outcome {
        match (self, self.whose()) {
            (Code::DeadlineExceeded, _) => Outcome::Timeout,
            (_, Whose::Caller) => Outcome::CallerError,
            (_, Whose::Upstream) => Outcome::UpstreamError,
            (_, Whose::Ours) => Outcome::InternalError,
        }
    }
}

/// The reference page, in Markdown: `schema/errors.md`, which `make schema` writes.
pub fn reference() -> String {
    let mut page = String::from(OPENING);
    for code in Code::ALL {
        let whose = match code.whose() {
            Whose::Caller => "caller",
            Whose::Upstream => "upstream",
            Whose::Ours => "server",
        };
        let again = if code.retryable() { "yes" } else { "no" };
        let status = code.status().map_or("—".to_owned(), |status| status.as_u16().to_string());
        let (name, meaning, way_out) = (code.as_str(), code.meaning(), code.way_out());
        page.push_str(&format!("| `{name}` | {meaning} | {whose} | {again} | {status} | {way_out} |\n"));
    }
    page
}

const OPENING: &str = "\
# Errors

Written by `make schema` from `shared/src/code.rs`. Every error of every response has `extensions` with

* `code`: one of these, for good. A code is never renamed and never means something else;
* `traceId`: of the very request, as in `X-Trace-Id` and in the log. Quote it when you report an error;
* `retryable`: whether the same request may succeed later as it is. A mutation is repeated with the same idempotency key;
* `retryAfter`, where it is known: after so many seconds.

Below, *status* is that of a response which refuses the whole request with this code. (As `application/json`, what would be 400
is 200, as GraphQL over HTTP has it.) An operation that ran is answered with 200 whatever became of its fields: a field
that failed is null, and its error has the field's `path`. A thing that does not exist is null without an error.

| code | what it means | whose fault | retryable | status | the way out |
| --- | --- | --- | --- | --- | --- |
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_by_its_name_and_no_two_have_the_same() {
        for code in Code::ALL {
            assert_eq!(Code::named(code.as_str()), Some(*code));
            let meaning = code.meaning();
            assert!(meaning.ends_with('.') && code.way_out().ends_with(['.', ')']), "{meaning}");
        }
        assert_eq!(Code::named("NO_SUCH_CODE"), None);
    }
}
