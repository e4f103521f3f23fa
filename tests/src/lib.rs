//! End-to-end tests; see `e2e/` and `cases/`.
