//! mamagang-policy.
