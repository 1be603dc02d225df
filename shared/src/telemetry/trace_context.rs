//! W3C Trace Context: taken from the caller, continued, passed on to every upstream.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::RequestRecord;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The specification asks that at least 512 characters be propagated; more is dropped whole.
const TRACESTATE_MAX: usize = 512;

/// Where a request stands in its trace: <https://www.w3.org/TR/trace-context/>.
#[derive(Clone, PartialEq, Eq)]
pub struct TraceContext {
    pub trace_id: [u8; 16],
    /// This process's own span, the parent of every call it makes for the request.
    pub span_id: [u8; 8],
    /// The caller's span, when the trace began before us.
    pub parent_id: Option<[u8; 8]>,
    pub sampled: bool,
    /// Vendors' data, passed on untouched.
    pub state: Option<HeaderValue>,
}

impl TraceContext {
    /// A new trace that begins here.
    pub fn start() -> Self {
        Self { trace_id: random(), span_id: random(), parent_id: None, sampled: true, state: None }
    }

    /// Continues the caller's trace in a span of our own, or starts one when there is none or it is malformed.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let mut parents = headers.get_all(TRACEPARENT).iter();
        let (Some(parent), None) = (parents.next().and_then(|value| value.to_str().ok()), parents.next())
        else {
            return Self::start();
        };
        let Some(mut context) = Self::parse(parent) else { return Self::start() };
        context.parent_id = Some(context.span_id);
        context.span_id = random();
        let states: Vec<&[u8]> = headers.get_all(TRACESTATE).iter().map(HeaderValue::as_bytes).collect();
        let state = states.join(&b","[..]);
        if !state.is_empty() && state.len() <= TRACESTATE_MAX {
            context.state = HeaderValue::from_bytes(&state).ok();
        }
        context
    }

    /// Reads a `traceparent`. A version newer than ours may have more to say after what we understand.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().splitn(5, '-');
        let version: [u8; 1] = hex(parts.next()?)?;
        let trace_id: [u8; 16] = hex(parts.next()?)?;
        let span_id: [u8; 8] = hex(parts.next()?)?;
        let flags: [u8; 1] = hex(parts.next()?)?;
        let more = parts.next().is_some();
        let good = version != [0xff] && (version != [0] || !more) && trace_id != [0; 16] && span_id != [0; 8];
        good.then_some(Self { trace_id, span_id, parent_id: None, sampled: flags[0] & 1 == 1, state: None })
    }

    /// 32 lower-case hexadecimal digits.
    pub fn trace_id_hex(&self) -> String {
        Hex::<32>::of(&self.trace_id).as_str().to_owned()
    }

    /// The same, as a header's value.
    pub fn trace_id_header(&self) -> HeaderValue {
        let digits = Hex::<32>::of(&self.trace_id);
        HeaderValue::from_str(digits.as_str()).unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    /// The header for an outgoing call.
    pub fn traceparent(&self) -> HeaderValue {
        let flags = if self.sampled { "01" } else { "00" };
        let (trace, span) = (Hex::<32>::of(&self.trace_id), Hex::<16>::of(&self.span_id));
        let text = ["00", trace.as_str(), span.as_str(), flags].join("-");
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

impl fmt::Debug for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceContext({}-{})", Hex::<32>::of(&self.trace_id), Hex::<16>::of(&self.span_id))
    }
}

/// The `traceparent` for a call made now; `None` outside of a request.
pub fn current_traceparent() -> Option<HeaderValue> {
    RequestRecord::with_current(|record| record.trace().traceparent())
}

/// Puts `traceparent` and `tracestate` of the current request on an outgoing call.
pub fn inject(headers: &mut HeaderMap) {
    RequestRecord::with_current(|record| {
        headers.insert(TRACEPARENT, record.trace().traceparent());
        if let Some(state) = &record.trace().state {
            headers.insert(TRACESTATE, state.clone());
        }
    });
}

/// Bytes as `N` lower-case hexadecimal digits: every request writes some.
struct Hex<const N: usize>([u8; N]);

impl<const N: usize> Hex<N> {
    fn of(bytes: &[u8]) -> Self {
        const DIGITS: [u8; 16] = *b"0123456789abcdef";
        let mut digits = [b'0'; N];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
            pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
        Self(digits)
    }

    fn as_str(&self) -> &str {
        // Digits, always: the check cannot fail.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl<const N: usize> fmt::Display for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Exactly `N` bytes of lower-case digits; the specification forbids upper case.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    if text.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

/// Random bytes that are not all zero, which the specification reserves.
fn random<const N: usize>() -> [u8; N] {
    let mut bytes: [u8; N] = std::array::from_fn(|_| 0);
    rand::Rng::fill(&mut rand::rng(), &mut bytes[..]);
    bytes[N - 1] |= 1;
    bytes
}
