//! mamagang-proto.
