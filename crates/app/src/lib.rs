//! mamagang-app.
