//! What the people on call see: one line a request, one trace id through every service, metrics per client type.

mod lines;
mod metrics;
mod middleware;
mod record;
mod runtime;
mod span;
mod trace_context;

use std::{io::IsTerminal, sync::Once};

pub use metrics::{
    BreakerState, Counted, DocumentUse, Metrics, OperationType, Outcome, Shared, UpstreamMeters,
    UpstreamOutcome, metrics,
};
pub use middleware::{InParts, TRACE_ID_HEADER, lasting, observe, operation};
pub use record::RequestRecord;
pub(crate) use span::under;
pub use trace_context::{TraceContext, current_traceparent, inject};
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::LogFormat;

/// Starts logging to standard output. `RUST_LOG` decides what is logged (`info` without it); only the first call
/// in a process counts, and a subscriber that is already installed stays.
pub fn init(log: LogFormat, service: &str) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let terminal = std::io::stdout().is_terminal();
        let json = match log {
            LogFormat::Auto => !terminal,
            LogFormat::Json => true,
            LogFormat::Text => false,
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "the convention of no-color.org is about the whole process"
        )]
        let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
        let lines = lines::Lines::new(service, json, colour);
        if tracing_subscriber::registry().with(filter).with(lines).try_init().is_ok() {
            log_panics_of_requests();
        }
    });
}

/// A panic inside a request becomes one log line that carries its trace id; any other panic is reported as usual.
fn log_panics_of_requests() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if RequestRecord::current().is_none() {
            return usual(panic);
        }
        let message = panic.payload_as_str().unwrap_or("(no message)");
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(panic.message = message, panic.location = location, "a request panicked");
    }));
}
