//! mamagang-grpc.
