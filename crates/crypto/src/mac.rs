//! Keyed MACs that find persons and certificates without telling who they are.
//!
//! Each use has its own label in the MAC, so that a name's MAC never equals a number's.

use mamagang_domain::fact::CertificateKey;
use mamagang_domain::identifier::{CertificateNumber, DocumentNumber, DocumentType, PersonName};
use zeroize::Zeroizing;

use crate::fields::fields;
use crate::key_ring::KeyRing;

const NUMBER_LABEL: &[u8] = b"mamagang/mac/document-number";
const NAME_LABEL: &[u8] = b"mamagang/mac/person-name";
const REQUEST_LABEL: &[u8] = b"mamagang/mac/request";
const CERTIFICATE_LABEL: &[u8] = b"mamagang/mac/certificate-number";

/// Bytes of a MAC, whatever the algorithm.
pub const MAC_BYTES: usize = 32;

impl KeyRing {
    /// The MACs of a document's number with the ids of their keys: the current key first, then
    /// each retired one. Rows are written and searched under all of them.
    pub fn mac_number(
        &self,
        document_type: DocumentType,
        number: &DocumentNumber,
    ) -> Vec<(u32, [u8; MAC_BYTES])> {
        let stored_type = document_type.number().to_be_bytes();
        let message = fields(&[NUMBER_LABEL, &stored_type, number.expose().as_bytes()]);
        self.macs(&message)
    }

    /// The MACs of a normalised name on a document, with the ids of their keys, in the order of
    /// [`KeyRing::mac_number`]. The number is part of the message: two persons of one name have
    /// different MACs, so that a stolen database does not show how often a name occurs.
    pub fn mac_name(
        &self,
        number: &DocumentNumber,
        name: &PersonName,
    ) -> Vec<(u32, [u8; MAC_BYTES])> {
        let (number, name) = (number.expose().as_bytes(), name.expose().as_bytes());
        self.macs(&fields(&[NAME_LABEL, number, name]))
    }

    /// The key under which a certificate is recorded: its number's MAC by the current key, cut
    /// to 16 bytes.
    pub fn certificate_key(&self, number: &CertificateNumber) -> CertificateKey {
        let current = self.mac.current();
        let mac = current
            .algorithm
            .mac(&current.secret, &certificate_message(number));
        cut(mac)
    }

    /// The keys under which a certificate may have been recorded, with the ids of the MAC keys:
    /// [`KeyRing::certificate_key`] first, then that of each retired key.
    pub fn certificate_keys(&self, number: &CertificateNumber) -> Vec<(u32, CertificateKey)> {
        self.macs(&certificate_message(number))
            .into_iter()
            .map(|(key_id, mac)| (key_id, cut(mac)))
            .collect()
    }

    /// The MAC of a request's content by the current token key. A plain hash would let the numbers
    /// in it be found by trying them all. Not by a MAC key: those are changed, and a request may be
    /// sent again years later.
    pub fn mac_request(&self, content: &[u8]) -> [u8; MAC_BYTES] {
        let current = self.token.current();
        let message = fields(&[REQUEST_LABEL, content]);
        current.algorithm.mac(&current.secret, &message)
    }

    fn macs(&self, message: &[u8]) -> Vec<(u32, [u8; MAC_BYTES])> {
        self.mac
            .iter()
            .map(|key| (key.id, key.algorithm.mac(&key.secret, message)))
            .collect()
    }
}

fn certificate_message(number: &CertificateNumber) -> Zeroizing<Vec<u8>> {
    fields(&[CERTIFICATE_LABEL, number.expose().as_bytes()])
}

fn cut(mac: [u8; MAC_BYTES]) -> CertificateKey {
    let mut key = [0; 16];
    key.copy_from_slice(&mac[..16]);
    CertificateKey(key)
}

#[cfg(test)]
mod tests {
    use mamagang_domain::date::CivilDate;

    use super::*;
    use crate::algorithm::{MacAlgorithm, Suite};
    use crate::entropy::tests::Counting;
    use crate::key_ring::tests::ring_of;

    fn number(document_type: DocumentType, text: &str) -> DocumentNumber {
        let today = CivilDate::parse("2024-05-20").expect("a date");
        DocumentNumber::parse(document_type, text, today).expect("a valid number")
    }

    fn resident() -> DocumentNumber {
        number(DocumentType::ResidentIdCard, "442000198903149982")
    }

    fn rings() -> [KeyRing; 2] {
        [Suite::INTERNATIONAL, Suite::NATIONAL]
            .map(|suite| KeyRing::generate(suite, &mut Counting(0)).expect("keys"))
    }

    #[test]
    fn the_message_is_the_documented_one() {
        let ring = ring_of(&[("mac", 1, "current", 7)]);
        let mut message = Vec::new();
        for part in [
            &b"mamagang/mac/document-number"[..],
            &[0, 0, 0, 0, 0, 0, 0, 1],
            b"442000198903149982",
        ] {
            message.extend_from_slice(&u32::try_from(part.len()).expect("short").to_be_bytes());
            message.extend_from_slice(part);
        }
        let key = ring.mac.current();
        assert_eq!(key.algorithm, MacAlgorithm::HmacSha256);
        assert_eq!(
            ring.mac_number(DocumentType::ResidentIdCard, &resident()),
            [(1, key.algorithm.mac(&key.secret, &message))]
        );
    }

    #[test]
    fn macs_are_the_same_each_time_and_differ_by_type_number_and_ring() {
        for ring in rings() {
            let mac = ring.mac_number(DocumentType::ResidentIdCard, &resident());
            assert_eq!(
                mac,
                ring.mac_number(DocumentType::ResidentIdCard, &resident())
            );
            assert_ne!(
                mac,
                ring.mac_number(DocumentType::HmtResidencePermit, &resident())
            );
            let other = number(DocumentType::HmtResidencePermit, "810000198801019965");
            assert_ne!(mac, ring.mac_number(DocumentType::ResidentIdCard, &other));
        }
        let [international, national] = rings();
        assert_ne!(
            international.mac_number(DocumentType::ResidentIdCard, &resident()),
            national.mac_number(DocumentType::ResidentIdCard, &resident())
        );
    }

    #[test]
    fn a_name_compares_equal_in_every_normal_spelling() {
        let [ring, _] = rings();
        let mac =
            |text: &str| ring.mac_name(&resident(), &PersonName::parse(text).expect("a name"));
        assert_eq!(mac("阿依努尔·买买提"), mac(" 阿依努尔•买买提 "));
        assert_ne!(mac("王芳"), mac("王方"));
        let namesake = number(DocumentType::ResidentIdCard, "442000199307089965");
        let name = PersonName::parse("王芳").expect("a name");
        assert_ne!(mac("王芳"), ring.mac_name(&namesake, &name));
    }

    #[test]
    fn every_key_gives_a_mac_and_the_current_one_stands_first() {
        let ring = ring_of(&[
            ("mac", 3, "retired", 3),
            ("mac", 8, "current", 8),
            ("mac", 5, "retired", 5),
        ]);
        let name = PersonName::parse("王芳").expect("a name");
        let certificate = CertificateNumber::parse("4420001123004567").expect("a number");
        let ids = |macs: Vec<(u32, [u8; 32])>| macs.into_iter().map(|(id, _)| id).collect();
        let expected = vec![8, 3, 5];
        let number_ids: Vec<u32> = ids(ring.mac_number(DocumentType::ResidentIdCard, &resident()));
        let name_ids: Vec<u32> = ids(ring.mac_name(&resident(), &name));
        assert_eq!(number_ids, expected);
        assert_eq!(name_ids, expected);
        let keys = ring.certificate_keys(&certificate);
        assert_eq!(keys[0], (8, ring.certificate_key(&certificate)));
        assert_eq!(keys.iter().map(|(id, _)| *id).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_mac_stays_the_same_when_its_key_is_retired() {
        let before = ring_of(&[("mac", 3, "current", 3)]);
        let during = ring_of(&[("mac", 4, "current", 4), ("mac", 3, "retired", 3)]);
        let old = before.mac_number(DocumentType::ResidentIdCard, &resident());
        let both = during.mac_number(DocumentType::ResidentIdCard, &resident());
        assert_eq!(both[1], old[0]);
        assert_ne!(both[0].1, old[0].1);
    }

    #[test]
    fn numbers_names_and_certificates_are_kept_apart_by_distinct_labels() {
        assert_ne!(NUMBER_LABEL, NAME_LABEL);
        assert_ne!(NUMBER_LABEL, CERTIFICATE_LABEL);
        assert_ne!(NAME_LABEL, CERTIFICATE_LABEL);
    }

    #[test]
    fn a_requests_mac_depends_on_content_and_key() {
        let [ring, other] = rings();
        assert_eq!(ring.mac_request(b"a"), ring.mac_request(b"a"));
        assert_ne!(ring.mac_request(b"a"), ring.mac_request(b"b"));
        assert_ne!(ring.mac_request(b"a"), other.mac_request(b"a"));
    }

    #[test]
    fn a_certificate_key_is_the_same_each_time_and_differs_by_number() {
        let [ring, _] = rings();
        let one = CertificateNumber::parse("4420001123004567").expect("a number");
        let other = CertificateNumber::parse("4420001123004568").expect("a number");
        assert_eq!(ring.certificate_key(&one), ring.certificate_key(&one));
        assert_ne!(ring.certificate_key(&one), ring.certificate_key(&other));
    }
}
