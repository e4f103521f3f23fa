//! The in-memory model of the store, against which every engine is compared.
