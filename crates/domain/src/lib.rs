//! mamagang-domain.
