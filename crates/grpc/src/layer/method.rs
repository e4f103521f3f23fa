//! The methods that exist, so that a path made up by a caller becomes no label of a measurement.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use prost::Message as _;
use prost_types::FileDescriptorSet;

use super::record::Meters;

/// What a method that does not exist is called (OpenTelemetry's RPC conventions).
const OTHER: &str = "_OTHER";
const OURS: &str = "mamagang.";
const HEALTH: &str = "grpc.health.v1.Health/";
const REFLECTION: &str = "grpc.reflection.";

/// A method by its full name, such as `mamagang.v1.LedgerService/PostDeduction`.
#[derive(Clone)]
pub(super) struct Method(Arc<Known>);

struct Known {
    name: Arc<str>,
    is_stream: bool,
    /// What counts its calls that end well, looked up once: by its labels that costs more than the counting.
    answered: OnceLock<Meters>,
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Method").field(&self.0.name).finish()
    }
}

impl Method {
    fn new(name: &str, is_stream: bool) -> Self {
        Self(Arc::new(Known {
            name: Arc::from(name),
            is_stream,
            answered: OnceLock::new(),
        }))
    }

    /// The full name, or `_OTHER`.
    pub(super) fn name(&self) -> &Arc<str> {
        &self.0.name
    }

    /// What counts its calls that end well.
    pub(super) fn answered(&self) -> &OnceLock<Meters> {
        &self.0.answered
    }

    /// Whether it is of this service's own API.
    pub(super) fn is_ours(&self) -> bool {
        self.0.name.starts_with(OURS)
    }

    /// Whether it is a health check.
    pub(super) fn is_health(&self) -> bool {
        self.0.name.starts_with(HEALTH)
    }

    /// Whether it tells what the contract is, which is no secret.
    pub(super) fn is_reflection(&self) -> bool {
        self.0.name.starts_with(REFLECTION)
    }

    /// Whether its answer is a stream of messages.
    pub(super) fn is_stream(&self) -> bool {
        self.0.is_stream
    }
}

/// Every method, by its path.
pub(super) struct Methods {
    by_path: HashMap<String, Method>,
    other: Method,
}

impl Methods {
    /// The methods of the API, of health checks and of reflection.
    pub(super) fn known() -> Self {
        let sets = [
            mamagang_proto::FILE_DESCRIPTOR_SET,
            tonic_health::pb::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
        ];
        let names = sets.into_iter().flat_map(names);
        let by_path = names
            .map(|(name, is_stream)| (format!("/{name}"), Method::new(&name, is_stream)))
            .collect();
        Self {
            by_path,
            other: Method::new(OTHER, false),
        }
    }

    /// The method of a request's path.
    pub(super) fn of_path(&self, path: &str) -> Method {
        self.by_path.get(path).unwrap_or(&self.other).clone()
    }
}

/// Full names, and whether the answer is a stream.
fn names(descriptors: &[u8]) -> Vec<(String, bool)> {
    // The sets are compiled in; a test asserts that they are read.
    let set = FileDescriptorSet::decode(descriptors).unwrap_or_default();
    let mut names = Vec::new();
    for file in &set.file {
        for service in &file.service {
            let methods = service.method.iter();
            names.extend(methods.map(|method| {
                let name = format!("{}.{}/{}", file.package(), service.name(), method.name());
                (name, method.server_streaming())
            }));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_of_the_contract_has_a_line_in_the_permission_matrix() {
        let without: Vec<String> = names(mamagang_proto::FILE_DESCRIPTOR_SET)
            .into_iter()
            .map(|(name, _)| name)
            .filter(|name| name.starts_with(OURS))
            .filter(|name| mamagang_app::authorise::row_of(name).is_none())
            .collect();
        assert!(
            without.is_empty(),
            "give each a line in crates/app/src/authorise/matrix.rs: {without:#?}"
        );
    }

    #[test]
    fn methods_that_exist_have_their_name_and_others_have_none() {
        let methods = Methods::known();
        let name = |path: &str| methods.of_path(path).name().to_string();
        for known in [
            "mamagang.v1.LedgerService/PostDeduction",
            "mamagang.v1.RegistryService/ImportFacts",
            "mamagang.v1.EligibilityService/CheckVatExemption",
            "mamagang.v1.VerificationService/VerifyContract",
            "grpc.health.v1.Health/Check",
            "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        ] {
            assert_eq!(name(&format!("/{known}")), known);
        }
        for unknown in [
            "/",
            "",
            "/mamagang.v1.LedgerService/442000198903149982",
            "/x",
        ] {
            assert_eq!(name(unknown), OTHER);
        }
        assert!(methods.of_path("/grpc.health.v1.Health/Watch").is_health());
        assert!(
            methods
                .of_path("/mamagang.v1.LedgerService/ListEntries")
                .is_ours()
        );
    }
}
