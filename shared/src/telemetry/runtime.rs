//! What the runtime knows of itself: how many tasks have not ended. What leaks, grows.

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::gauge::ConstGauge,
};

/// Asked when metrics are: the runtime keeps the number anyway. Outside of a runtime there is nothing to tell.
#[derive(Debug)]
pub(super) struct Tasks;

impl Collector for Tasks {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return Ok(()) };
        let alive = ConstGauge::new(i64::try_from(runtime.metrics().num_alive_tasks()).unwrap_or(i64::MAX));
        let help = "Tasks of the runtime that have not ended: connections, streams, background work";
        let metric = encoder.encode_descriptor("runtime_tasks_alive", help, None, alive.metric_type())?;
        alive.encode(metric)
    }
}
