//! What is asked of every error.

use bff::Code;
use kit::Answer;

/// Each error has a known code, the request's own trace id, and says whether to try again. The codes, in order.
#[track_caller]
pub fn told(answer: &Answer) -> Vec<String> {
    let trace = answer.header("x-trace-id");
    told_in(answer, trace)
}

/// The same where the trace id has no header: over sockets.
#[track_caller]
pub fn told_in(answer: &Answer, trace: Option<&str>) -> Vec<String> {
    assert!(!answer.errors().is_empty(), "no errors: {answer}");
    for error in answer.errors() {
        let extensions = &error["extensions"];
        let name = extensions["code"].as_str().unwrap_or_default();
        let Some(code) = Code::named(name) else { panic!("{name:?} is no code: {answer}") };
        assert_eq!(extensions["retryable"].as_bool(), Some(code.retryable()), "{answer}");
        let id = extensions["traceId"].as_str().unwrap_or_default();
        let is_id = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(is_id && trace.is_none_or(|trace| trace == id), "{trace:?}: {answer}");
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{answer}");
        let places = error["locations"].as_array().map(Vec::as_slice).unwrap_or_default();
        assert!(places.iter().all(|place| place["line"] != 0), "a line that is none: {answer}");
    }
    answer.codes().into_iter().map(str::to_owned).collect()
}
