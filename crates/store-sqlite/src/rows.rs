//! Sets that hold bytes: rows for `json_each`, and beside them all their bytes in one argument, of
//! which each row names its own. JSON could hold bytes as hexadecimal digits only.

use crate::db::Bind;

/// Rows, written one after the other.
#[derive(Debug)]
pub(crate) struct Rows {
    json: String,
    bytes: Vec<u8>,
}

impl Rows {
    pub(crate) fn new() -> Self {
        Self {
            json: String::from("["),
            bytes: Vec::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.json.len() == 1
    }

    /// Begins a row.
    pub(crate) fn row(&mut self) -> &mut Self {
        self.json.push_str(if self.is_empty() { "[" } else { ",[" });
        self
    }

    /// Ends a row.
    pub(crate) fn end(&mut self) {
        self.json.pop();
        self.json.push(']');
    }

    pub(crate) fn int(&mut self, number: i64) -> &mut Self {
        self.json.push_str(&number.to_string());
        self.next()
    }

    pub(crate) fn optional_int(&mut self, number: Option<i64>) -> &mut Self {
        match number {
            Some(number) => self.int(number),
            None => self.null(),
        }
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.json
            .push_str(&serde_json::Value::from(text).to_string());
        self.next()
    }

    /// Text that is written as JSON by itself, such as a code.
    pub(crate) fn code(&mut self, code: &str) -> &mut Self {
        self.json.push('"');
        self.json.push_str(code);
        self.json.push('"');
        self.next()
    }

    /// JSON within JSON.
    pub(crate) fn json(&mut self, json: &str) -> &mut Self {
        self.json.push_str(json);
        self.next()
    }

    /// Bytes as two elements, for `substr(?2, …, …)`: where they begin, and how many they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        let first = self.bytes.len() + 1;
        self.bytes.extend_from_slice(bytes);
        self.json.push_str(&format!("{first},{}", bytes.len()));
        self.next()
    }

    /// The same where there may be none: two absent elements.
    pub(crate) fn optional_bytes(&mut self, bytes: Option<&[u8]>) -> &mut Self {
        match bytes {
            Some(bytes) => self.bytes(bytes),
            None => self.null().null(),
        }
    }

    fn null(&mut self) -> &mut Self {
        self.json.push_str("null");
        self.next()
    }

    fn next(&mut self) -> &mut Self {
        self.json.push(',');
        self
    }

    /// `?1`: the rows, `?2`: their bytes.
    pub(crate) fn binds(mut self) -> [Bind; 2] {
        self.json.push(']');
        [Bind::Text(self.json), Bind::Blob(self.bytes)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_names_its_bytes_and_the_others_stay_as_they_are() {
        let mut rows = Rows::new();
        rows.row().int(-1).bytes(b"ab").text("x\"y").end();
        rows.row()
            .optional_int(None)
            .optional_bytes(None)
            .code("C")
            .end();
        rows.row().json("[[1]]").bytes(b"").bytes(b"c").end();
        let [Bind::Text(json), Bind::Blob(bytes)] = rows.binds() else {
            panic!("other arguments");
        };
        let expected = r#"[[-1,1,2,"x\"y"],[null,null,null,"C"],[[[1]],3,0,3,1]]"#;
        assert_eq!(json, expected);
        assert_eq!(bytes, b"abc");
    }
}
