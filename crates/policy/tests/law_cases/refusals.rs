//! Which of two refusals is told.
