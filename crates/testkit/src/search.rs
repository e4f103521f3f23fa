//! Searching bytes for what they may not hold.

/// Base64 of a text wherever it starts in what is encoded: the characters that do not depend on its neighbours.
pub fn base64_of(bytes: &[u8]) -> Vec<String> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    (0..3_usize)
        .map(|shift| {
            let padded = [&vec![0; shift][..], bytes].concat();
            let bit = |index: usize| padded[index / 8] >> (7 - index % 8) & 1;
            let first = (shift * 8).div_ceil(6);
            let last = padded.len() * 8 / 6;
            let character = |place: usize| {
                let value = (0..6).fold(0, |value, index| value << 1 | bit(place * 6 + index));
                char::from(ALPHABET[usize::from(value)])
            };
            (first..last).map(character).collect()
        })
        .collect()
}

/// Whether bytes hold others anywhere.
pub fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

/// The forms in which a text may stand: plain, in UTF-16, hexadecimal and base64, each by its name.
pub fn forms(secret: &str) -> Vec<(&'static str, Vec<u8>)> {
    let plain = secret.as_bytes().to_vec();
    let hex: String = plain.iter().map(|byte| format!("{byte:02x}")).collect();
    // A few characters of base64 may stand anywhere by chance.
    let encoded = base64_of(&plain).into_iter().filter(|text| text.len() >= 7);
    let mut forms: Vec<_> = encoded.map(|text| ("base64", text.into_bytes())).collect();
    let wide = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let escaped: String = secret
        .chars()
        .map(|letter| match letter.is_ascii() {
            true => letter.to_string(),
            false => format!("\\u{:04x}", u32::from(letter)),
        })
        .collect();
    forms.extend([
        ("hexadecimal", hex.to_uppercase().into_bytes()),
        ("hexadecimal", hex.into_bytes()),
        ("UTF-16", wide),
        ("escaped", escaped.into_bytes()),
        ("plain", plain),
    ]);
    forms
}
