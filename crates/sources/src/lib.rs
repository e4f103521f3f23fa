//! Outside sources of a person's status: the registers of unemployment and poverty.
//!
//! No public interface of them is known, so two shapes are served: lists that an office draws every
//! night ([`ListSource`]), and a gateway that is asked person by person with signed requests
//! ([`GatewaySource`]). What a source says is handed on as it stands, with the day as of which it
//! says so; what follows from it is decided in the domain. A source that cannot be asked is told as
//! such and never taken for a no.

mod gateway;
mod list;
mod settings;
mod sign;
mod source;

pub use gateway::{Breaker, GatewayOptions, GatewaySource, World};
pub use list::{List, ListSource, Twice};
pub use settings::{GatewaySettings, ListKind, ListSettings, SettingsProblem, SourceSettings};
pub use sign::{HeaderNames, SignedDigest, SignedHeaders, Signer};
pub use source::{Answer, PersonKey, Question, Report, Sources, StatusSource, Unreachable};
