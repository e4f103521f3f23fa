//! mamagang-http.
