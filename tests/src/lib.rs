//! Tests of the whole: `app/` calls the use cases, `e2e/` the service over gRPC, `cases/` holds the
//! law cases as data, `model/` the independent model of the sample city.
