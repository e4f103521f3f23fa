//! The algorithms that a key file may choose, behind two functions each.
//!
//! The SM algorithms come from unaudited libraries: their vectors are tested here, and no
//! conformity is claimed.

use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, AesGcm};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sm3::Sm3;
use sm4::Sm4;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// SM4 (GB/T 32907) in the Galois/counter mode, as RFC 8998 has it.
type Sm4Gcm = AesGcm<Sm4, U12>;

/// Bytes of a nonce, of either cipher.
pub(crate) const NONCE_BYTES: usize = 12;
/// Bytes that either cipher adds to the plaintext.
pub(crate) const TAG_BYTES: usize = 16;

/// A keyed MAC of 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MacAlgorithm {
    /// HMAC (RFC 2104) with SHA-256.
    HmacSha256,
    /// HMAC with SM3 (GB/T 32905).
    HmacSm3,
}

/// An authenticated cipher with a nonce of 12 bytes and a tag of 16.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CipherAlgorithm {
    /// AES-256 in the Galois/counter mode (NIST SP 800-38D).
    Aes256Gcm = 1,
    /// SM4 in the Galois/counter mode (RFC 8998).
    Sm4Gcm = 2,
}

/// A signature that anybody with the public key can verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// Ed25519 (RFC 8032).
    Ed25519,
}

impl SignatureAlgorithm {
    /// The name in a key file and beside a signature.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
        }
    }

    /// The algorithm with a name, or `None`.
    pub fn from_name(name: &str) -> Option<Self> {
        (name == Self::Ed25519.name()).then_some(Self::Ed25519)
    }

    /// Bytes of a secret key.
    pub const fn key_bytes(self) -> usize {
        32
    }
}

/// The algorithms of a new key file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Suite {
    /// Of the MAC and token keys.
    pub mac: MacAlgorithm,
    /// Of the wrapping key, and of the persons' keys made under it.
    pub cipher: CipherAlgorithm,
}

impl Suite {
    /// HMAC-SHA-256 and AES-256-GCM.
    pub const INTERNATIONAL: Self = Self {
        mac: MacAlgorithm::HmacSha256,
        cipher: CipherAlgorithm::Aes256Gcm,
    };
    /// HMAC-SM3 and SM4-GCM.
    pub const NATIONAL: Self = Self {
        mac: MacAlgorithm::HmacSm3,
        cipher: CipherAlgorithm::Sm4Gcm,
    };
}

impl Default for Suite {
    fn default() -> Self {
        Self::INTERNATIONAL
    }
}

impl MacAlgorithm {
    /// All.
    pub const ALL: [Self; 2] = [Self::HmacSha256, Self::HmacSm3];

    /// The name in a key file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HmacSha256 => "hmac-sha256",
            Self::HmacSm3 => "hmac-sm3",
        }
    }

    /// The algorithm with a name, or `None`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// Bytes of a key: those of the digest.
    pub const fn key_bytes(self) -> usize {
        32
    }

    /// The MAC of a message.
    pub(crate) fn mac(self, secret: &Secret, message: &[u8]) -> [u8; 32] {
        match self {
            Self::HmacSha256 => keyed::<Hmac<Sha256>>(secret, message)
                .finalize()
                .into_bytes()
                .into(),
            Self::HmacSm3 => keyed::<Hmac<Sm3>>(secret, message)
                .finalize()
                .into_bytes()
                .into(),
        }
    }

    /// Whether a MAC, or the first bytes of one, is that of a message; in constant time.
    ///
    /// An empty one never is.
    pub(crate) fn verify(self, secret: &Secret, message: &[u8], tag: &[u8]) -> bool {
        match self {
            Self::HmacSha256 => keyed::<Hmac<Sha256>>(secret, message)
                .verify_truncated_left(tag)
                .is_ok(),
            Self::HmacSm3 => keyed::<Hmac<Sm3>>(secret, message)
                .verify_truncated_left(tag)
                .is_ok(),
        }
    }
}

fn keyed<M: Mac + KeyInit>(secret: &Secret, message: &[u8]) -> M {
    <M as KeyInit>::new_from_slice(secret.expose())
        .expect("HMAC takes keys of every length")
        .chain_update(message)
}

impl CipherAlgorithm {
    /// All, in stored order.
    pub const ALL: [Self; 2] = [Self::Aes256Gcm, Self::Sm4Gcm];

    /// The name in a key file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aes256Gcm => "aes-256-gcm",
            Self::Sm4Gcm => "sm4-gcm",
        }
    }

    /// The algorithm with a name, or `None`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// The number in the header of sealed bytes.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The algorithm with a number, or `None`.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.number() == number)
    }

    /// Bytes of a key.
    pub const fn key_bytes(self) -> usize {
        match self {
            Self::Aes256Gcm => 32,
            Self::Sm4Gcm => 16,
        }
    }

    /// Ciphertext and tag; `None` when the key has another cipher's length.
    pub(crate) fn seal(
        self,
        secret: &Secret,
        nonce: &[u8; NONCE_BYTES],
        aad: &[u8],
        plain: &[u8],
    ) -> Option<Vec<u8>> {
        let payload = Payload { msg: plain, aad };
        match self {
            Self::Aes256Gcm => cipher::<Aes256Gcm>(secret)?.encrypt(nonce.into(), payload),
            Self::Sm4Gcm => cipher::<Sm4Gcm>(secret)?.encrypt(nonce.into(), payload),
        }
        .ok()
    }

    /// The plaintext; `None` when key, nonce, data or place are not those it was sealed with.
    pub(crate) fn open(
        self,
        secret: &Secret,
        nonce: &[u8; NONCE_BYTES],
        aad: &[u8],
        sealed: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let payload = Payload { msg: sealed, aad };
        match self {
            Self::Aes256Gcm => cipher::<Aes256Gcm>(secret)?.decrypt(nonce.into(), payload),
            Self::Sm4Gcm => cipher::<Sm4Gcm>(secret)?.decrypt(nonce.into(), payload),
        }
        .ok()
        .map(Zeroizing::new)
    }
}

fn cipher<C: KeyInit>(secret: &Secret) -> Option<C> {
    C::new_from_slice(secret.expose()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        hex::decode(text).expect("hexadecimal")
    }

    fn secret(bytes: Vec<u8>) -> Secret {
        Secret::new(Zeroizing::new(bytes))
    }

    fn check_mac(algorithm: MacAlgorithm, key: Vec<u8>, message: &[u8], expected: &str) {
        let key = secret(key);
        let tag = algorithm.mac(&key, message);
        assert_eq!(hex::encode(tag), expected);
        assert!(algorithm.verify(&key, message, &tag));
    }

    #[test]
    fn hmac_sha256_gives_the_vectors_of_rfc_4231() {
        let case = |key, message: &[u8], expected| {
            check_mac(MacAlgorithm::HmacSha256, key, message, expected);
        };
        case(
            vec![0x0b; 20],
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        );
        case(
            b"Jefe".to_vec(),
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        );
        case(
            vec![0xaa; 20],
            &[0xdd; 50],
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
        );
        case(
            (1..=25).collect(),
            &[0xcd; 50],
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
        );
        case(
            vec![0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        );
    }

    #[test]
    fn sm3_gives_the_vector_of_gb_t_32905() {
        use sm3::Digest;
        assert_eq!(
            hex::encode(Sm3::digest(b"abc")),
            "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
        );
    }

    /// The first is GM/T 0042's; all were computed with OpenSSL 3.0 too.
    #[test]
    fn hmac_sm3_gives_the_vectors_of_another_implementation() {
        let case = |key, message: &[u8], expected| {
            check_mac(MacAlgorithm::HmacSm3, key, message, expected);
        };
        let message = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
        case(
            (1..=32).collect(),
            &message.repeat(2),
            "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a",
        );
        case(
            (1..=37).collect(),
            &[0xcd; 50],
            "220bf579ded555393f0159f66c99877822a3ecf610d1552154b41d44b94db3ae",
        );
        case(
            vec![0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "b4fd844e13342002f0b2e0690ea7741f1497d993a70494cea601e657bedf67a0",
        );
    }

    #[test]
    fn a_mac_of_another_message_or_key_is_refused() {
        for algorithm in MacAlgorithm::ALL {
            let key = secret(vec![7; 32]);
            let tag = algorithm.mac(&key, b"message");
            assert!(algorithm.verify(&key, b"message", &tag[..16]));
            assert!(!algorithm.verify(&key, b"massage", &tag));
            assert!(!algorithm.verify(&secret(vec![8; 32]), b"message", &tag));
            assert!(!algorithm.verify(&key, b"message", b""));
            assert!(!algorithm.verify(&key, b"message", &[0; 33]));
        }
    }

    fn check_cipher(cipher: CipherAlgorithm, vector: [&str; 6]) {
        let [key, nonce, aad, plain, sealed, tag] = vector.map(bytes);
        let key = secret(key);
        let nonce = nonce.try_into().expect("12 bytes");
        let expected = [sealed, tag].concat();
        assert_eq!(
            cipher.seal(&key, &nonce, &aad, &plain),
            Some(expected.clone())
        );
        let opened = cipher.open(&key, &nonce, &aad, &expected).expect("opens");
        assert_eq!(*opened, plain);
    }

    #[test]
    fn sm4_gcm_gives_the_vector_of_rfc_8998() {
        check_cipher(
            CipherAlgorithm::Sm4Gcm,
            [
                "0123456789abcdeffedcba9876543210",
                "00001234567800000000abcd",
                "feedfacedeadbeeffeedfacedeadbeefabaddad2",
                "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd\
                 eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa",
                "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735\
                 d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d",
                "83de3541e4c2b58177e065a9bf7b62ec",
            ],
        );
    }

    #[test]
    fn aes_256_gcm_gives_case_16_of_its_authors() {
        check_cipher(
            CipherAlgorithm::Aes256Gcm,
            [
                "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
                "cafebabefacedbaddecaf888",
                "feedfacedeadbeeffeedfacedeadbeefabaddad2",
                "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
                 1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
                "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
                 8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
                "76fc6ece0f4e1768cddf8853bb2d551b",
            ],
        );
    }

    #[test]
    fn a_key_of_the_other_cipher_is_refused() {
        for cipher in CipherAlgorithm::ALL {
            for length in [0, 15, 16, 17, 31, 32, 33] {
                let sealed = cipher.seal(&secret(vec![1; length]), &[0; 12], b"", b"plain");
                assert_eq!(sealed.is_some(), length == cipher.key_bytes());
            }
        }
    }

    #[test]
    fn algorithms_are_found_by_the_name_and_number_they_are_written_with() {
        for mac in MacAlgorithm::ALL {
            assert_eq!(MacAlgorithm::from_name(mac.name()), Some(mac));
        }
        for cipher in CipherAlgorithm::ALL {
            assert_eq!(CipherAlgorithm::from_name(cipher.name()), Some(cipher));
            assert_eq!(CipherAlgorithm::from_number(cipher.number()), Some(cipher));
        }
        assert_eq!(MacAlgorithm::from_name("md5"), None);
        assert_eq!(CipherAlgorithm::from_name("AES-256-GCM"), None);
        assert_eq!(CipherAlgorithm::from_number(0), None);
        assert_eq!(CipherAlgorithm::from_number(3), None);
        assert_eq!(CipherAlgorithm::Sm4Gcm.number(), 2);
    }
}
