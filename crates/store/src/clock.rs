//! Time as an argument.

/// Tells the time. The wall clock in production, a manual one in tests and the sandbox.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Microseconds since 1970-01-01T00:00Z.
    fn now_micros(&self) -> i64;
}
