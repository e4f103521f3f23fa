//! The contract suite that every engine runs.
