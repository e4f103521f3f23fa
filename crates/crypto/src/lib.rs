//! mamagang-crypto.
