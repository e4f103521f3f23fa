//! The service's process: what is set, what is told about it, and how it ends.

pub mod cli;
pub mod clock;
pub mod ids;
pub mod settings;
pub mod shutdown;
pub mod telemetry;
